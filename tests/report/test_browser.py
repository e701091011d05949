"""The report in a real browser, with the network off."""

import base64
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from markerkit.report import _html
from markerkit.report._figures import Drawn

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
    pytest.mark.filterwarnings("ignore:the background of the set tests"),
]

WATCH = """<script>window.problems = [];
window.addEventListener("error", e => problems.push(String(e.message)));
window.addEventListener("securitypolicyviolation", e => problems.push("CSP " + e.violatedDirective));
console.error = (...a) => problems.push(a.join(" "));</script>"""

WALK = """<script>
const out = {};
const details = document.querySelector('details[data-table="id_mapping"]');
details.open = true;
setTimeout(() => {
  const q = s => details.querySelector(s), all = s => Array.from(details.querySelectorAll(s));
  out.rows = all("tbody tr").length;
  const head = all("th").find(t => t.textContent === "protein");
  head.querySelector("button").click();
  out.sort1 = head.getAttribute("aria-sort"); out.first1 = q("tbody td").textContent;
  head.querySelector("button").click();
  out.sort2 = head.getAttribute("aria-sort"); out.first2 = q("tbody td").textContent;
  const search = q("input[type=search]"); search.value = "CD63"; search.dispatchEvent(new Event("input"));
  out.found = all("tbody tr").map(r => r.children[0].textContent);
  search.value = "alert"; search.dispatchEvent(new Event("input"));
  out.nasty = all("tbody tr").map(r => r.children[0].textContent);
  const paper = () => getComputedStyle(document.body).backgroundColor;
  out.light = paper(); document.getElementById("theme").click(); out.dark = paper();
  out.alerts = window.alerted || 0;
  out.problems = window.problems;
  document.documentElement.dataset.out = JSON.stringify(out);
}, 200);
window.alert = () => { window.alerted = (window.alerted || 0) + 1; };
</script>"""


FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update", "--host-resolver-rules=MAP * ~NOTFOUND"]  # fmt: skip


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as started:
        yield started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)


def walked(browser, file, head, body):
    """Open a page with scripts added to it, and return what they leave behind when they have ended."""
    text = file.read_text(encoding="utf-8")
    watched = file.with_name("watched.html")
    watched.write_text(
        text.replace("<head>", f"<head>{head}", 1).replace("</body>", f"{body}</body>"), encoding="utf-8"
    )
    page = browser.new_page()
    try:
        page.goto(watched.as_uri(), timeout=120_000)
        page.locator("html[data-out]").wait_for(state="attached", timeout=120_000)
        return json.loads(page.evaluate("document.documentElement.dataset.out"))
    finally:
        page.close()
        watched.unlink()


@pytest.fixture
def report(nasty_folder, tmp_path):
    return Path(shutil.copy(nasty_folder / "report.html", tmp_path))


def test_tables_sort_and_filter_dark_mode_and_no_error(browser, report):
    out = walked(browser, report, WATCH, WALK)
    assert out["problems"] == []
    assert out["alerts"] == 0
    assert out["rows"] == 50
    assert (out["sort1"], out["sort2"]) == ("ascending", "descending")
    assert out["first1"] != out["first2"]
    assert out["found"] == ["CD63"]
    assert "<script>alert(1)</script>" in out["nasty"]
    assert out["light"] != out["dark"]


EXPLORE = """<script>
const out = {};
const button = document.querySelector('button[data-plot="KIND"]'), figure = button.closest("figure");
button.focus(); out.reached = document.activeElement === button; button.click();
setTimeout(() => {
  const canvas = figure.querySelector("canvas"), search = figure.querySelector("input[type=search]");
  const status = () => figure.querySelector(".status").textContent, press = key => canvas.dispatchEvent(new KeyboardEvent("keydown", {key}));
  out.expanded = button.getAttribute("aria-expanded");
  out.drawn = canvas.width > 200 && canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some(v => v > 0);
  out.all = status();
  search.value = "cd63"; search.dispatchEvent(new Event("input")); out.found = status();
  canvas.focus(); out.canvas = document.activeElement === canvas;
  press("ArrowRight"); out.first = status(); press("Enter"); out.selected = figure.querySelector(".explore p:last-child").textContent;
  press("Escape"); out.cleared = figure.querySelector(".explore p:last-child").textContent;
  out.problems = window.problems;
  document.documentElement.dataset.out = JSON.stringify(out);
}, 1500);
</script>"""


@pytest.mark.parametrize("kind", ["volcano", "marker_heatmap"])
def test_plots_are_explored_by_keyboard(browser, report, kind):
    out = walked(browser, report, WATCH, EXPLORE.replace("KIND", kind))
    assert out["problems"] == []
    assert (out["reached"], out["canvas"], out["drawn"], out["expanded"]) == (True, True, True, "true")
    assert out["found"] != out["all"]
    assert out["first"].startswith("CD63")
    assert out["selected"] == "Selected (1): CD63"
    assert out["cleared"] == ""


SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="72pt" height="36pt"><text y="20">&#8722;1.5</text></svg>'
)


@pytest.mark.parametrize(("most", "packed"), [(len(SVG), False), (len(SVG) - 1, True)])
def test_figures_beyond_the_limit_are_packed_and_the_page_unpacks_them(
    browser, compared, tmp_path, monkeypatch, most, packed
):
    monkeypatch.setattr(_html, "_MOST_PLAIN", most)
    drawn = Drawn(
        compared.contrasts[0].name, "volcano", "Differential abundance", "All of it.", SVG, "volcano"
    )
    text = _html.html_report(compared, [drawn], {})
    src = f"data:image/svg+xml;base64,{base64.b64encode(SVG).decode()}"
    assert (src in text, "<noscript><p>Without" in text) == (not packed, packed)
    (tmp_path / "report.html").write_text(text.replace("<head>", f"<head>{WATCH}", 1), encoding="utf-8")
    page = browser.new_page()
    page.goto((tmp_path / "report.html").as_uri())
    page.wait_for_selector("html[data-figures=yes]", state="attached")
    image = page.locator("figure.volcano img")
    assert image.get_attribute("src") == src
    assert image.evaluate("e => e.decode().then(() => e.naturalWidth)") == 96
    assert page.evaluate("window.problems") == []
    page.close()


def test_a_table_too_long_for_the_page_is_named_there(browser, compared, tmp_path, monkeypatch):
    monkeypatch.setattr("markerkit.report._long.MOST_ROWS", len(compared.coverage.table) - 1)
    (tmp_path / "report.html").write_text(_html.html_report(compared, [], {}), encoding="utf-8")
    page = browser.new_page()
    page.goto((tmp_path / "report.html").as_uri())
    for name, shown in (
        ("coverage", "rows are too many to show; they are in tables/coverage.tsv"),
        ("design", "Search"),
    ):
        table = page.locator(f'details[data-table="{name}"]')
        table.locator("summary").click()
        table.locator(".body", has_text=shown).wait_for()
    page.close()


def test_on_a_telephone_the_text_on_a_source_has_the_whole_width(browser, report):
    page = browser.new_page(viewport={"width": 390, "height": 844})
    try:
        page.goto(report.as_uri(), timeout=120_000)
        cells = page.locator("table.shares tbody td:last-child").evaluate_all(
            "all => all.filter(c => c.offsetParent).map(c => [c.offsetWidth, c.parentElement.offsetWidth])"
        )
        assert cells
        assert all(own >= 0.95 * row for own, row in cells)
        assert page.evaluate("document.documentElement.scrollWidth") == 390
    finally:
        page.close()


def test_prints_to_pdf(report, tmp_path):
    pdf = tmp_path / "report.pdf"
    subprocess.run(
        [CHROMIUM, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", f"--print-to-pdf={pdf}", "--no-pdf-header-footer", report.as_uri()],
        capture_output=True, timeout=180, check=False,
    )  # fmt: skip
    content = pdf.read_bytes()
    assert content.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", content)) > 2


AXE = next(
    (
        folder / "node_modules" / "axe-core" / "axe.min.js"
        for folder in Path(__file__).parents
        if (folder / "node_modules" / "axe-core" / "axe.min.js").is_file()
    ),
    None,
)


@pytest.mark.skipif(AXE is None, reason="axe-core is not in a node_modules folder (npm install axe-core)")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_serious_violation(browser, report, theme):
    run = f"""<script>document.documentElement.dataset.theme = "{theme}";
    document.querySelectorAll("details").forEach((d, i) => {{ if (i < 3) d.open = true; }});
    setTimeout(() => axe.run(document, {{resultTypes: ["violations"]}}).then(r => {{
      document.documentElement.dataset.out = JSON.stringify(r.violations.map(v => [v.impact, v.id, v.nodes[0].html]));
    }}), 300);</script>"""
    violations = walked(browser, report, f"<script>{AXE.read_text(encoding='utf-8')}</script>", run)
    assert [v for v in violations if v[0] in {"serious", "critical"}] == []
