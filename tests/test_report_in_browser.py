"""The report site as people see it: in a real browser, on desk and telephone, light, dark and printed, by eye, keyboard
and screen reader; with nothing fetched and nothing broken.

axe-core looks for what keeps people out. It comes from the npm registry when the tests run, is held to its hash, and
stays in `.tools/`; without npm or the registry that one test is skipped.
"""

import base64
import hashlib
import io
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from test_report_index import acknowledged, index, night, thousand

from detector.documents import render_index

ROOT = Path(__file__).parent.parent
PICTURE = ROOT / ".github" / "report.png"
CHROMIUM = shutil.which("chromium")
NPM = shutil.which("npm")
AXE = "axe-core-4.10.3.tgz"
AXE_SHA512 = "Xm7bpRXnDSX2YE2YFfBk2FnF0ep6tmG7xPh8iHee8MIcrgq762Nkce856dYtJYLkuIoYZvGfTs/PbZhideTcEg=="
WIDTHS = {"desk": 1200, "telephone": 390}

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed")


@pytest.fixture(scope="module")
def pages(sample_state: Path) -> dict[str, Path]:
    """Index, report and brief of the founding night."""
    (brief,) = sample_state.glob("incidents/INC-*/brief.html")
    reports = sample_state / "reports"
    return {"index": reports / "index.html", "report": reports / "2026-11-01" / "report.html", "brief": brief}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's Chromium, driven by Playwright, which brings none of its own; what it keeps, it keeps in the project."""
    from playwright.sync_api import sync_playwright

    kept = {name: str(ROOT / ".tools" / "chromium") for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME")}
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"], env=os.environ | kept)
        yield chromium
        chromium.close()


@pytest.fixture
def look(browser: Any) -> Iterator[Any]:
    """Opens a page; nothing may have been said on the console or asked of the network by the end."""
    problems: list[str] = []
    opened = []

    def open_page(path: Path, width: int = 1200, scheme: str = "light", media: str = "screen") -> Any:
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        opened.append(page)
        page.emulate_media(media=media, color_scheme=scheme)
        page.on("console", lambda message: problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", lambda r: None if r.url.startswith(("file:", "data:")) else problems.append(r.url))
        page.goto(path.as_uri())
        return page

    yield open_page
    for page in opened:
        page.close()
    assert problems == []


@pytest.fixture(scope="module")
def axe() -> str:
    """The program that looks for barriers, as it was when its hash was written down here."""
    kept = ROOT / ".tools" / AXE
    if not kept.exists():
        if NPM is None:
            pytest.skip("npm, which fetches axe-core, is not installed")
        kept.parent.mkdir(exist_ok=True)
        name, _, version = AXE.removesuffix(".tgz").rpartition("-")
        command = [NPM, "pack", f"{name}@{version}", "--silent", "--pack-destination", str(kept.parent)]
        command += ["--cache", str(kept.parent / "npm-cache")]
        try:
            subprocess.run(command, cwd=kept.parent, check=True, capture_output=True, timeout=60)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            pytest.skip("the npm registry cannot be reached")
    assert base64.b64encode(hashlib.sha512(kept.read_bytes()).digest()).decode() == AXE_SHA512
    with tarfile.open(kept) as archive:
        member = archive.extractfile("package/axe.min.js")
        assert member is not None
        return member.read().decode()


@pytest.mark.parametrize("name", ["index", "report", "brief"])
def test_a_page_fits_desk_and_telephone_in_light_and_dark(pages: dict[str, Path], look: Any, name: str) -> None:
    grounds = set()
    for width, scheme in ((1200, "light"), (390, "dark"), (320, "light")):
        page = look(pages[name], width, scheme)
        assert "3,539" in page.locator("main, body").first.inner_text()
        assert page.locator("h1").count() == 1
        assert page.locator("script").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        grounds.add((scheme, page.evaluate("getComputedStyle(document.body).backgroundColor")))
        for svg in page.locator("svg:visible").all()[:1]:
            assert svg.bounding_box()["width"] > 0.7 * min(width, 832)
        page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, "with every table open"
    assert len(grounds) == 2


@pytest.mark.parametrize("width", [1280, 1024, 700, 390])
def test_how_far_people_are_is_one_unbroken_word(look: Any, tmp_path: Path, width: int) -> None:
    (tmp_path / "index.html").write_text(index(night(cases=(acknowledged(),))), encoding="utf-8")
    page = look(tmp_path / "index.html", width)
    lines = """cell => {
      const word = document.createRange()
      word.selectNodeContents(cell)
      return [cell.innerText, word.getClientRects().length]
    }"""
    assert page.locator("td[data-label='People say']").evaluate(lines) == ["acknowledged", 1]
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_on_a_telephone_no_address_and_no_time_of_a_person_is_broken(pages: dict[str, Path], look: Any) -> None:
    page = look(pages["brief"], 390)
    cells = page.eval_on_selector_all(".people tbody th, .people tbody td", "all => all.map(each => each.clientHeight)")
    assert len(cells) == 51 * 6
    assert max(cells) < 1.5 * min(cells)


def test_on_a_telephone_the_first_screen_of_a_brief_tells_who_how_many_and_why(
    pages: dict[str, Path], look: Any
) -> None:
    """On 390 by 844 points, before anybody scrolls."""
    page = look(pages["brief"], 390)
    why = page.locator(".why")
    assert why.inner_text() == (
        "Most likely cause: a loop that mails the same people again and again; nobody has confirmed it. "
        "What speaks for it"
    )
    assert "51 people" in page.locator("h1").inner_text()
    assert why.evaluate("each => each.getBoundingClientRect().bottom") < 0.5 * 844


def test_the_readmes_picture_is_of_the_report_as_it_is_now(pages: dict[str, Path], look: Any) -> None:
    """ACCEPT=1 takes it anew. The words to be seen in it are kept in the file, for its pixels depend on fonts."""
    page = look(pages["report"], 1000)
    page.set_viewport_size({"width": 1000, "height": 1190})
    words = "\n".join(page.locator("h1, .lede, header .note, .figures, .facts").all_inner_texts())
    if os.environ.get("ACCEPT") == "1":
        kept = PngInfo()
        kept.add_itxt("Description", words)
        with Image.open(io.BytesIO(page.screenshot())) as taken:
            taken.convert("RGB").save(PICTURE, optimize=True, pnginfo=kept)
    with Image.open(PICTURE) as picture:
        assert picture.info["Description"] == words
    assert "18:05:44 UTC, 3 s after the first extra copy" in words


def test_a_thousand_incidents_fit_a_telephone_and_are_there_at_once(look: Any, tmp_path: Path) -> None:
    index = tmp_path / "index.html"
    index.write_text(render_index(*thousand()).content, encoding="utf-8")
    page = look(index, 390, "dark")
    assert page.evaluate("performance.timing.domContentLoadedEventEnd - performance.timing.navigationStart") < 5_000
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    assert page.locator("a[href$='brief.html']").count() >= 1_000
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_every_link_of_the_site_leads_to_a_file_or_a_part_that_exists(pages: dict[str, Path], look: Any) -> None:
    """From the index to whatever can be reached, each page once."""
    ids: dict[Path, set[str]] = {}
    linked: set[tuple[str, Path, str]] = set()
    waiting = [pages["index"].resolve()]
    page = look(waiting[0])
    while waiting:
        path = waiting.pop()
        page.goto(path.as_uri())
        ids[path] = set(page.eval_on_selector_all("[id]", "all => all.map(each => each.id)"))
        for href in page.eval_on_selector_all("a[href]", "all => all.map(each => each.getAttribute('href'))"):
            link = urlparse(href)
            assert not link.scheme and not link.netloc, href
            target = (path.parent / unquote(link.path)).resolve() if link.path else path
            assert target.is_file(), f"{path.name} links {href}"
            linked.add((path.name, target, link.fragment))
            if target not in ids and target not in waiting:
                waiting.append(target)
    assert [link for link in linked if link[2] and link[2] not in ids[link[1]]] == []
    assert ids.keys() == {path.resolve() for path in pages.values()}


def test_a_page_can_be_used_with_the_keyboard_alone(pages: dict[str, Path], look: Any) -> None:
    """Tab goes to each link and to each table's handle, shows where it is, and Enter opens the table."""
    page = look(pages["brief"])
    stops = []
    for _ in range(40):
        page.keyboard.press("Tab")
        stop = page.evaluate("[document.activeElement.tagName, getComputedStyle(document.activeElement).outlineStyle]")
        if stop[0] == "BODY":
            break
        stops.append(stop)
        if stop[0] == "SUMMARY":
            page.keyboard.press("Enter")
    assert stops[0][0] == "A"
    assert [name for name, _ in stops].count("SUMMARY") == page.locator("details").count() == 4
    assert {outline for _, outline in stops} == {"solid"}
    assert page.locator("details[open]").count() == 4


@pytest.mark.parametrize("name", ["index", "report", "brief"])
def test_on_paper_there_is_what_is_worth_paper(pages: dict[str, Path], look: Any, name: str) -> None:
    """Tables that are closed on the screen are printed, but for those of many columns; links to click are not."""
    page = look(pages[name], 700, "dark", "print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator("nav:visible, summary:visible, .go:visible").count() == 0
    first = page.locator("details:not(.aside) table").first
    assert first.is_visible()
    assert page.locator(".broad:visible").count() == 0
    assert page.locator(".wide:visible").count() == page.locator(".wide").count()
    assert page.evaluate("document.documentElement.scrollWidth") <= 700


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["index", "report", "brief"])
def test_axe_finds_nothing_that_keeps_anybody_out(
    pages: dict[str, Path], look: Any, axe: str, name: str, scheme: str
) -> None:
    page = look(pages[name], 390 if scheme == "dark" else 1200, scheme)
    page.evaluate("document.querySelectorAll('details:not(.aside)').forEach(each => { each.open = true })")
    page.evaluate(axe)
    found = page.evaluate("axe.run().then(result => result.violations)")
    told = [(each["id"], each["impact"], each["nodes"][0]["html"][:120]) for each in found]
    assert told == []
