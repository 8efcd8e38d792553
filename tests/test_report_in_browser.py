"""The report as a person sees it: in a real browser, at two widths, with nothing fetched and nothing broken."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from detector.config import Config, Logs
from detector.nightly import Night, nightly

ROOT = Path(__file__).parent.parent
CHROMIUM = shutil.which("chromium")

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed")


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    """The founding night of the sample."""
    config = Config(logs=Logs(paths=(ROOT / "sample_logs" / "plain",)))
    as_of = datetime(2026, 11, 1, 2, tzinfo=UTC)
    return nightly(config, state=tmp_path_factory.mktemp("browser") / "state", as_of=as_of, talk=lambda _: None)


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    """Debian's Chromium, driven by Playwright, which brings none of its own."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.mark.parametrize("width", [390, 1200])
def test_report_and_brief_render_without_errors_requests_or_sideways_scrolling(
    night: Night, browser: object, width: int
) -> None:
    brief = next(night.report.parents[2].glob("incidents/INC-*/brief.html"))
    for page_path in (night.report, brief):
        page = browser.new_page(viewport={"width": width, "height": 900})  # type: ignore[attr-defined]
        problems: list[str] = []
        page.on("console", lambda message, seen=problems: seen.append(message.text))
        page.on("pageerror", lambda error, seen=problems: seen.append(str(error)))
        page.on(
            "request", lambda r, seen=problems: None if r.url.startswith(("file:", "data:")) else seen.append(r.url)
        )
        page.goto(page_path.as_uri())
        assert "3,539" in page.locator("h1").inner_text()
        assert page.locator("h1").count() == 1
        assert page.locator("script").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert problems == []
        page.close()


def test_every_link_of_the_report_leads_to_a_file_that_exists(night: Night, browser: object) -> None:
    page = browser.new_page()  # type: ignore[attr-defined]
    page.goto(night.report.as_uri())
    links = [str(a) for a in page.eval_on_selector_all("a[href]", "links => links.map(a => a.getAttribute('href'))")]
    assert any(link.endswith("brief.html") for link in links)
    for link in links:
        assert link.startswith("#") or (night.report.parent / link).exists(), link
