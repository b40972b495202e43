"""The running service of the API's tests, here for what it keeps."""

from tests.api.conftest import client, installation, service, settings, shop

__all__ = ["client", "installation", "service", "settings", "shop"]
