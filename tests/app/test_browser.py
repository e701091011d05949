"""The app in a real browser: from the table of a search program to the downloaded report."""

import http.client
import io
import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("shiny", reason="the extra 'app' is not installed")
pytest.importorskip("playwright", reason="playwright is not installed")

from playwright import sync_api as playwright

from tests.app.vendor_files import write_diann, write_maxquant

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.slow,  # `make test-app` runs them beside the quick tests
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]
PATIENCE = 280_000  # ms; a busy machine

DROP = """([text, name]) => {
  const data = new DataTransfer();
  data.items.add(new File([text], name));
  const zone = document.querySelector("#table").closest(".input-group");
  for (const kind of ["dragenter", "dragover", "drop"])
    zone.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
}"""

PAINTED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The app; gives its address and the folder in which it keeps temporary files."""
    temporary = tmp_path_factory.mktemp("temporary")
    program = f"import sys, tempfile; tempfile.tempdir = {str(temporary)!r}; from markerkit.cli.main import main; sys.exit(main())"
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", program, "app", "--no-browser"],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stderr.readline()
        found = re.search(r"http://(127\.0\.0\.1:\d+)", line)
        assert found, line + process.stderr.read()
        yield found[1], temporary
    finally:
        process.send_signal(signal.SIGTERM)
        rest = process.communicate()[1]
    assert process.wait(timeout=30) == 128 + signal.SIGTERM, rest
    assert rest == "markerkit: ended by SIGTERM\n"
    assert list(temporary.iterdir()) == [], "temporary files were left behind"


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as started:
        yield started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])


@pytest.fixture
def opened(server, browser):
    """Open a page of the app; whatever it asks for elsewhere, and every error of its scripts, fails the test."""
    address, _ = server
    problems, contexts = [], []

    def watch(request):
        if not request.url.startswith((f"http://{address}/", "data:", "blob:")):
            problems.append(request.url)

    def open_page():
        context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark")
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("request", watch)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(f"http://{address}")
        page.wait_for_function("window.Shiny && Shiny.shinyapp && Shiny.shinyapp.isConnected()")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert problems == []


def read(page, path):
    page.locator("#table").set_input_files(path)
    page.locator("#head_found").wait_for()


def go(page, name):
    """Click a button; first scroll to it, and wait until that is painted.

    The report is a frame of its own process: a click in the same moment as the scrolling, faster than any hand, is
    still given to the report where that stood before.
    """
    button = page.get_by_role("button", name=name, exact=True)
    button.scroll_into_view_if_needed()
    page.evaluate(PAINTED)
    button.click()


def finished(page):
    """Wait for the report; what is said in its place fails the test."""
    said = page.locator("#wrong_run .message")
    page.locator("iframe.report").or_(said).first.wait_for()
    assert said.count() == 0, said.inner_text()


def downloaded(page):
    finished(page)
    assert page.frame_locator("iframe.report").locator("h1").inner_text().startswith("Identity and purity")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download everything").click()
    return zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes()))


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_diann_from_drop_to_report(opened, tmp_path):
    page = opened()
    table = write_diann(tmp_path)
    page.evaluate(DROP, [table.read_text(encoding="utf-8"), table.name])
    page.locator("#head_found").wait_for()
    assert "diann" in page.locator(".facts").inner_text()
    go(page, "Next: samples")
    go(page, "Take the suggestions")
    playwright.expect(page.get_by_label("condition of EV_D1")).to_have_value("EV", timeout=PATIENCE)
    page.get_by_label("use lysate_D3").uncheck()
    go(page, "Next: comparison")
    page.get_by_label("Two groups").check()
    go(page, "Next: study")
    page.get_by_text("Choose the control, the group that the others are compared with.").wait_for()
    page.get_by_label("Case:").select_option("EV")
    page.get_by_label("Control:").select_option("lysate")
    page.get_by_label("What the control is").select_option("lysate")
    go(page, "Next: study")
    page.get_by_label("The case samples are vesicle preparations").select_option("yes")
    go(page, "Next: result")
    go(page, "Start the assessment")
    with downloaded(page) as archive:
        names = archive.namelist()
        archive.extractall(tmp_path)
        record = json.loads(archive.read("results/summary.json"))
        sheet = archive.read("samples.tsv").decode()
        command = archive.read("command.txt").decode()
        context = archive.read("context.toml").decode()
    assert {"results/report.html", "results/tables.xlsx", "results/methods.md"} <= set(names)
    assert sheet.splitlines()[0] == "sample\tcondition\treplicate"
    assert "lysate_D3" not in sheet
    assert context == "vesicles = true\n"
    assert command.strip() == page.locator("#command").inner_text()
    assert "EV vs lysate" in json.dumps(record)
    of_app = contents(tmp_path / "results")
    shutil.rmtree(tmp_path / "results")
    again = [sys.executable, "-m", *shlex.split(command)]
    assert subprocess.run(again, cwd=tmp_path, capture_output=True).returncode == 0
    assert contents(tmp_path / "results") == of_app
    go(page, "Back to 4 Study")
    page.get_by_label("The case samples are vesicle preparations").select_option("no")
    go(page, "Next: result")
    page.get_by_text("Something was changed since the last report").wait_for()
    assert page.locator("iframe.report").count() == 0


class Keyboard:
    """A user without a mouse."""

    FOCUSED = """() => { const e = document.activeElement;
      const label = e.labels && e.labels.length ? e.labels[0].innerText : "";
      return [e.getAttribute("aria-label"), label, e.innerText, e.value].filter(x => x).join(" | "); }"""

    def __init__(self, page):
        self.page = page

    def to(self, name, *keys):
        """Press Tab until the element with that name has the focus, then the keys."""
        for _ in range(80):
            self.page.keyboard.press("Tab")
            if name in self.page.evaluate(self.FOCUSED):
                for key in keys:
                    self.page.keyboard.press(key)
                return
        pytest.fail(f"no Tab leads to {name!r}")

    def at(self, heading):
        """Wait until a step is shown and its heading has the focus."""
        self.page.wait_for_function("text => document.activeElement.innerText === text", arg=heading)


def test_maxquant_by_keyboard_alone(opened, tmp_path):
    page = opened()
    user = Keyboard(page)
    with page.expect_file_chooser() as chooser:
        user.to("Protein table", "Enter")
    chooser.value.set_files(write_maxquant(tmp_path))
    user.at("What was read, and why")
    assert "maxquant" in page.locator(".facts").inner_text()
    user.to("Next: samples", "Enter")
    user.at("2 Samples")
    user.to("condition of EV_D1")
    for word in ("EV", "EV", "EV", "cells", "cells", "cells"):
        page.keyboard.type(word)
        page.keyboard.press("Escape")  # closes the list of suggestions
        page.keyboard.press("Enter")
    user.to("Next: comparison", "Enter")
    user.at("3 Comparison")
    user.to("Nothing: describe", "ArrowDown")
    page.get_by_label("Case: the preparation").wait_for()  # the page is drawn anew after every choice
    page.keyboard.press("ArrowDown")
    page.get_by_label("Case: the preparation").wait_for(state="detached")
    page.get_by_label("Control: what").wait_for()
    user.to("Control: what", "c")  # one key: a pause between two would begin another word
    playwright.expect(page.get_by_label("Control: what")).to_have_value("cells", timeout=PATIENCE)
    user.to("Next: study", "Enter")
    user.at("4 Study")
    user.to("Next: result", "Enter")
    user.at("5 Result")
    assert "--contrast vs:cells" in page.locator("#command").inner_text()
    user.to("Start the assessment", "Enter")
    finished(page)
    with page.expect_download() as download:
        user.to("Download everything", "Enter")
    assert zipfile.is_zipfile(download.value.path())


def test_two_tabs_do_not_mix(opened, server, tmp_path):
    _, temporary = server
    (own,) = temporary.glob(".app.markerkit-*")
    first, second = opened(), opened()
    read(first, write_maxquant(tmp_path))
    read(second, write_diann(tmp_path))
    go(first, "Next: samples")
    first.get_by_label("condition of EV_D1").fill("mine")
    go(second, "Next: samples")
    second.get_by_label("condition of EV_D1").wait_for()
    assert second.get_by_label("condition of EV_D1").input_value() == ""
    for page, text in ((first, "maxquant"), (second, "diann")):
        page.get_by_role("tab", name="1 Table").click()
        assert text in page.locator(".facts").inner_text()
    files = {frozenset(p.name for p in tab.iterdir()) for tab in own.glob("tab_*")}
    assert files == {frozenset({"proteinGroups.txt"}), frozenset({"report.pg_matrix.tsv"})}
    first.close()
    for _ in range(100):
        if len(list(own.glob("tab_*"))) == 1:
            break
        second.wait_for_timeout(100)
    assert [p.name for tab in own.glob("tab_*") for p in tab.iterdir()] == ["report.pg_matrix.tsv"]


def test_a_refused_table_shows_the_sentence_of_the_library(opened, tmp_path):
    page = opened()
    table = tmp_path / "sets.gmt"
    table.write_text("SET_A\tnote\tCD63\tCD81\tCD9\nSET_B\tnote\tALB\tAPOA1\n", encoding="utf-8")
    page.locator("#table").set_input_files(table)
    alert = page.locator("#wrong_table .message")
    alert.wait_for()
    assert "gene set" in alert.inner_text()
    assert page.get_by_role("link", name="Download the traceback").count() == 0


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 200), ({"Host": "evil.example"}, 403), ({"Origin": "http://evil.example"}, 403)],
)
def test_foreign_host_and_origin_are_refused(server, headers, status):
    connection = http.client.HTTPConnection(server[0], timeout=60)
    connection.request("GET", "/", headers=headers)
    response = connection.getresponse()
    assert response.status == status
    assert b"markerkit" in response.read() or status == 403
    connection.close()
