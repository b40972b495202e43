"""`/docs`: the OpenAPI document for people. Script and style come from here, and the page loads nothing else."""

from importlib.resources import files

from fastapi import APIRouter, Response

from app.errors import NotFound

router = APIRouter(include_in_schema=False)

POLICY = (
    "default-src 'none'; connect-src 'self'; img-src 'self' data:; script-src 'self'; style-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
"""What the page may load; the icons of the style are in the style itself."""

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Nove: API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="api"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
# Without `validatorUrl` Swagger UI would show the document to a service elsewhere.
_START = 'SwaggerUIBundle({url: "/openapi.json", dom_id: "#api", deepLinking: true, validatorUrl: null});\n'

_SWAGGER = files("fastapi_offline") / "static"
_KINDS = {"swagger-ui.css": "text/css", "swagger-ui-bundle.js": "text/javascript", "start.js": "text/javascript"}


@router.get("/docs")
async def page() -> Response:
    """The page."""
    return Response(_PAGE, media_type="text/html")


@router.get("/docs/{name}")
async def part(name: str) -> Response:
    """What the page loads."""
    if name not in _KINDS:
        raise NotFound("There is nothing at this address. `/docs` lists the addresses there are.")
    content = _START.encode() if name == "start.js" else (_SWAGGER / name).read_bytes()
    return Response(content, headers={"Cache-Control": "public, max-age=3600"}, media_type=_KINDS[name])
