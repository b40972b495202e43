"""The page in a real browser: nothing is refused by its own policy, nothing fetched from elsewhere, it fits a phone."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, async_playwright

from app import shops
from app.demo.serving import serving
from tests.api.conftest import Service
from tests.building import World
from tests.pages.test_tracking import NOWHERE, on_its_way, path_of
from tests.pages.test_view import HOSTILE

CHROMIUM = Path("/usr/bin/chromium")
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
BRAND = {"colour": "#7a1f3d", "website": "https://bottega.example", "logo_url": "https://bottega.example/logo.png"}
WATCH = """
window.refused = [];
document.addEventListener("securitypolicyviolation", event => window.refused.push(event.violatedDirective));
"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"needs Debian's Chromium at {CHROMIUM}"),
]


@pytest.fixture
def database_kind() -> str:
    """One kind is enough: the browser does not see it."""
    return "sqlite"


@pytest.fixture
async def phone(tmp_path: Path) -> AsyncIterator[BrowserContext]:
    """A browser as wide as a small phone, with a profile of its own."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch_persistent_context(
            tmp_path / "profile",
            executable_path=CHROMIUM,
            args=QUIET,
            viewport={"width": 360, "height": 740},
        )
        await browser.add_init_script(WATCH)
        yield browser
        await browser.close()


@pytest.mark.parametrize("page_of", ["parcel", "hostile parcel", "nothing"])
async def test_a_page_keeps_to_itself_and_fits(phone: BrowserContext, service: Service, page_of: str) -> None:
    text = "".join(HOSTILE) if page_of == "hostile parcel" else "Tazza blu"
    shop = await service.shop(name=text)
    async with service.database.transaction() as db:
        world = World(service.installation, await shops.change(db, shop, brand=BRAND))
    order = {"reference": text[:90], "items": [{"name": text[:290], "quantity": 2}]}
    path = NOWHERE if page_of == "nothing" else path_of(world, await on_its_way(world, order=order))
    tab, asked, dialogs, complaints = await phone.new_page(), [], [], []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("dialog", lambda dialog: dialogs.append(dialog.message))
    tab.on("console", lambda message: complaints.append(message.text))

    async with serving(service.app) as address:
        await tab.goto(address + path)
        refused = await tab.evaluate("window.refused")
        width = await tab.evaluate("document.documentElement.scrollWidth")
        painted = await tab.evaluate("getComputedStyle(document.querySelector('.card')).borderRadius")
        headings = await tab.locator("h1").count()

    assert [url for url in asked if not url.startswith(("data:", address))] == []
    assert asked[0] == address + path
    assert (refused, dialogs) == ([], [])
    assert [each for each in complaints if "404" not in each] == []
    assert (width, painted, headings) == (360, "16px", 1)
