"""What a worker without API answers: whether it lives and can work, and what it has done.

Apart from `app.main`, so that such a process need not hold the whole API.
"""

from fastapi import FastAPI

from app.api import health
from app.api.around import UNTRACED, surround
from app.installation import Installation


def probes(installation: Installation) -> FastAPI:
    """The application of an opened installation."""
    app = FastAPI(title="Nove, worker", docs_url=None, redoc_url=None, openapi_url=None, telemetry=UNTRACED)
    app.router.routes.extend(health.router.routes)
    return surround(app, installation, health.router.routes)
