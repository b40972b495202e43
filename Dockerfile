# Nove in a container: `docker build -t nove .`, then compose.yaml, or alone on a SQLite file:
#   docker run -p 8000:8000 -v nove:/nove/var nove
FROM python:3.11.14-slim-bookworm AS build
WORKDIR /build
COPY .requirements/build.txt .requirements/service.txt ./
RUN pip install --no-cache-dir --require-hashes -r build.txt \
 && python -m venv --without-pip /nove/venv \
 && pip --python /nove/venv/bin/python install --no-cache-dir --require-hashes -r service.txt
COPY pyproject.toml README.md LICENSE ./
COPY app app
COPY carriers carriers
COPY migrations migrations
RUN pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir wheels . \
 && pip --python /nove/venv/bin/python install --no-cache-dir --no-deps wheels/*.whl

FROM python:3.11.14-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /nove --no-create-home nove \
 && install --directory --owner=nove --mode=700 /nove/var
COPY --from=build /nove/venv /nove/venv
ENV PATH=/nove/venv/bin:$PATH PYTHONUNBUFFERED=1 NOVE_LOG_FORMAT=json
WORKDIR /nove
USER nove
VOLUME /nove/var
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
ENTRYPOINT ["nove"]
CMD ["serve", "--host", "0.0.0.0"]
