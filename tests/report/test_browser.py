"""The report in a real browser, with the network off."""

import html as escapes
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

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


def chromium(tmp_path, *words):
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
             "--disable-background-networking", "--disable-component-update", "--host-resolver-rules=MAP * ~NOTFOUND",
             f"--user-data-dir={tmp_path / 'profile'}"]  # fmt: skip
    return subprocess.run([CHROMIUM, *flags, *words], capture_output=True, timeout=180, check=False)


@pytest.fixture
def report(nasty_folder):
    return nasty_folder / "report.html"


def test_tables_sort_and_filter_dark_mode_and_no_error(report, tmp_path):
    page = report.read_text(encoding="utf-8")
    page = page.replace("<head>", f"<head>{WATCH}", 1).replace("</body>", f"{WALK}</body>")
    watched = tmp_path / "watched.html"
    watched.write_text(page, encoding="utf-8")
    found = chromium(tmp_path, "--virtual-time-budget=5000", "--dump-dom", watched.as_uri()).stdout.decode()
    (raw,) = re.findall(r'data-out="([^"]*)"', found)
    out = json.loads(escapes.unescape(raw))
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
def test_plots_are_explored_by_keyboard(report, tmp_path, kind):
    page = report.read_text(encoding="utf-8")
    page = page.replace("<head>", f"<head>{WATCH}", 1).replace(
        "</body>", EXPLORE.replace("KIND", kind) + "</body>"
    )
    watched = tmp_path / "watched.html"
    watched.write_text(page, encoding="utf-8")
    found = chromium(tmp_path, "--virtual-time-budget=5000", "--dump-dom", watched.as_uri()).stdout.decode()
    (raw,) = re.findall(r'data-out="([^"]*)"', found)
    out = json.loads(escapes.unescape(raw))
    assert out["problems"] == []
    assert (out["reached"], out["canvas"], out["drawn"], out["expanded"]) == (True, True, True, "true")
    assert out["found"] != out["all"]
    assert out["first"].startswith("CD63")
    assert out["selected"] == "Selected (1): CD63"
    assert out["cleared"] == ""


def test_prints_to_pdf(report, tmp_path):
    pdf = tmp_path / "report.pdf"
    chromium(tmp_path, f"--print-to-pdf={pdf}", "--no-pdf-header-footer", report.as_uri())
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
def test_axe_finds_no_serious_violation(report, tmp_path, theme):
    run = f"""<script>document.documentElement.dataset.theme = "{theme}";
    document.querySelectorAll("details").forEach((d, i) => {{ if (i < 3) d.open = true; }});
    setTimeout(() => axe.run(document, {{resultTypes: ["violations"]}}).then(r => {{
      document.documentElement.dataset.out = JSON.stringify(r.violations.map(v => [v.impact, v.id, v.nodes[0].html]));
    }}), 300);</script>"""
    page = report.read_text(encoding="utf-8").replace("</body>", f"{run}</body>")
    page = page.replace("<head>", f"<head><script>{AXE.read_text(encoding='utf-8')}</script>", 1)
    watched = tmp_path / "axe.html"
    watched.write_text(page, encoding="utf-8")
    found = chromium(tmp_path, "--virtual-time-budget=60000", "--dump-dom", watched.as_uri()).stdout.decode()
    (raw,) = re.findall(r'data-out="([^"]*)"', found)
    violations = json.loads(escapes.unescape(raw))
    assert [v for v in violations if v[0] in {"serious", "critical"}] == []
