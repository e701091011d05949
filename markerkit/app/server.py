"""What the page does, step by step; every tab of the browser has its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from traceback import format_exception
from typing import Any

from htmltools import Tag, TagList
from shiny import App, Inputs, Outputs, Session, reactive, render, ui
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from markerkit.app import page
from markerkit.app.study import ONE, RESULTS, VERSUS, Comparison, Study, context_of
from markerkit.app.tab import FAULT, RunError, Tab
from markerkit.app.words import READING, STEPS
from markerkit.core.errors import InputError
from markerkit.study.context import CONTEXT_KEYS

_KEYS = list(STEPS)
_FIRST = "First choose a table, in step 1."
#: seconds between two looks at a running process
_OFTEN = 0.4


def app() -> App:
    """Build the app, without an address yet."""
    return App(page.page(), server, static_assets={"/static": page.STATIC})


def server(inputs: Inputs, outputs: Outputs, session: Session) -> None:
    """Serve one tab."""
    del outputs  # outputs name themselves
    tab = Tab()
    session.on_ended(tab.close)
    _walk(inputs, session)
    _read(inputs, session, tab)
    _fill_in_sheet(inputs, session, tab)
    _compare(inputs, session, tab)
    _assess(inputs, session, tab)


async def _show(session: Session, step: str) -> None:
    ui.update_navset("step", selected=step, session=session)
    await session.send_custom_message("show", {"id": f"head_{step}"})


def _walk(inputs: Inputs, session: Session) -> None:
    """Go back, or on from steps that nothing is asked of."""
    ways = {f"back_{key}": _KEYS[at - 1] for at, key in enumerate(_KEYS) if at} | {"next_table": "samples"}

    def connect(button: str, step: str) -> None:
        @reactive.effect
        @reactive.event(inputs[button])
        async def _() -> None:
            await _show(session, step)

    for button, step in ways.items():
        connect(button, step)


# ---- 1 table -------------------------------------------------------------------


def _read(inputs: Inputs, session: Session, tab: Tab) -> None:
    """Read what was dropped, in a process of its own."""

    @reactive.extended_task
    async def task(table: str, samples: str, options: Mapping[str, str]) -> dict[str, Any]:
        return {"table": table, "options": options} | await tab.read(table, samples, options)

    def ask(sheet: str = "") -> None:
        if inputs.table():
            options = {key: str(inputs[f"read_{key}"]()).strip() or "auto" for key in READING}
            task.invoke(tab.keep(inputs.table()[0]), sheet, options)

    @reactive.effect
    @reactive.event(inputs.table, inputs.read_again)
    def _() -> None:
        tab.forget()
        ask()

    @reactive.effect
    @reactive.event(inputs.sheet_file)
    def _() -> None:
        ask(tab.keep(inputs.sheet_file()[0]))

    @reactive.effect
    @reactive.event(task.status)  # nothing else, or it would take an older sheet again
    async def _() -> None:
        if task.status() == "success":
            tab.take(task.result())
            at = "head_samples" if inputs.step() == "samples" else "head_found"
            await session.send_custom_message("show", {"id": at})

    _say_what_was_read(session, tab, task)


def _say_what_was_read(session: Session, tab: Tab, task: reactive.ExtendedTask[Any, dict[str, Any]]) -> None:
    def waiting() -> Tag | None:
        return (
            ui.p("Reading the table; a large one takes a minute.", class_="next")
            if task.status() == "running"
            else None
        )

    @render.ui
    def reading() -> Tag | None:
        return waiting()

    @render.ui
    def reading_sheet() -> Tag | None:
        return waiting()

    @render.ui
    def wrong_table() -> Tag | None:
        return _failed(session, task)

    @render.ui
    def wrong_sheet() -> Tag | None:
        return _failed(session, task)

    @render.ui
    def found() -> TagList | None:
        what = tab.found()
        return page.facts_table(what) if what else None


def _failed(session: Session, task: reactive.ExtendedTask[Any, Any]) -> Tag | None:
    """Say why a task failed; the traceback of a fault can be taken home."""
    if task.status() != "error":
        return None
    error = task.error()
    traceback = error.traceback if isinstance(error, RunError) else "".join(format_exception(error))
    if not traceback:
        return page.message(str(error))

    def content(_: Request) -> Response:
        headers = {"Content-Disposition": "attachment; filename=markerkit_fault.txt"}
        return PlainTextResponse(traceback, headers=headers)

    link = ui.a(
        "Download the traceback", href=session.dynamic_route("fault", content), download="", target="_blank"
    )
    return page.message(FAULT, ui.br(), link)


# ---- 2 samples -----------------------------------------------------------------


def _fill_in_sheet(inputs: Inputs, session: Session, tab: Tab) -> None:
    """Show the sample sheet, and keep what is filled in."""

    @reactive.effect
    @reactive.event(inputs.sheet)
    def _() -> None:
        tab.fill_in(inputs.sheet())

    @reactive.effect
    @reactive.event(inputs.suggest)
    def _() -> None:
        tab.take_suggestions()

    @reactive.effect
    @reactive.event(inputs.add_column)
    def _() -> None:
        tab.add_column(str(inputs.column()).strip())

    @reactive.effect
    @reactive.event(inputs.next_samples)
    async def _() -> None:
        tab.lay_out(tab.sheet)  # the next step offers what is filled in
        await _show(session, "compare")

    @render.ui
    def sheet_help() -> TagList | Tag:
        found = tab.found()
        if not found:
            return ui.p(_FIRST)
        suggested = any(any(cells) for cells in found["guesses"].values())
        return page.sheet_help(suggested=suggested)

    @render.ui
    def sheet() -> Tag | None:
        version, found = tab.version(), tab.found()
        return page.sheet_table(tab.sheet, found["guesses"], version) if found else None


# ---- 3 comparison and 4 study --------------------------------------------------


def _compare(inputs: Inputs, session: Session, tab: Tab) -> None:
    """Take the comparison and the context, and say what is wrong in them."""
    wrong: dict[str, reactive.Value[str]] = {key: reactive.Value("") for key in ("compare", "study")}

    async def go_on(key: str, step: str) -> None:
        try:
            tab.say(_study(inputs, tab))
        except InputError as error:
            wrong[key].set(str(error))
            return
        wrong[key].set("")
        await _show(session, step)

    @reactive.effect
    @reactive.event(inputs.next_compare)
    async def _() -> None:
        await go_on("compare", "study")

    @reactive.effect
    @reactive.event(inputs.next_study)
    async def _() -> None:
        await go_on("study", "run")

    @render.ui
    def wrong_compare() -> Tag | None:
        return page.message(wrong["compare"]()) if wrong["compare"]() else None

    @render.ui
    def wrong_study() -> Tag | None:
        return page.message(wrong["study"]()) if wrong["study"]() else None

    @render.ui
    def comparison() -> TagList | Tag:
        tab.version()
        return page.comparison_form(tab.sheet) if tab.found() else ui.p(_FIRST)

    @render.ui
    def groups() -> TagList | None:
        kind = inputs.kind()
        levels = tab.sheet.levels(str(inputs.condition()))
        return page.group_fields(levels, with_case=kind == ONE) if kind in {ONE, VERSUS} else None


def _study(inputs: Inputs, tab: Tab) -> Study:
    """Everything that was said so far.

    Raises
    ------
    InputError
        A comparison without its groups, an entry of the context that is refused; no table.
    """
    said = tab.said()
    if said is None:
        raise InputError(_FIRST)
    comparison = Comparison(**{f.name: _entry(inputs, f.name) for f in fields(Comparison)})
    comparison.words()  # refuses what is incomplete
    texts = {key: _entry(inputs, f"context_{key}") for key in CONTEXT_KEYS if key not in page.ASKED_BEFORE}
    return replace(said, sheet=tab.sheet, comparison=comparison, context=context_of(texts))


def _entry(inputs: Inputs, key: str) -> str:
    """Entry of a field; empty where the page does not show it."""
    return str(inputs[key]() or "") if key in inputs else ""


# ---- 5 result ------------------------------------------------------------------


def _assess(inputs: Inputs, session: Session, tab: Tab) -> None:
    """Run the assessment in a process of its own, and say how far it is."""

    @reactive.extended_task
    async def task(study: Study) -> Study:
        await tab.assess(study)
        return study

    @reactive.effect
    @reactive.event(inputs.start)
    def _() -> None:
        study = tab.said()
        if study is not None and task.status() != "running":
            task.invoke(study)

    @reactive.effect
    @reactive.event(inputs.stop)
    def _() -> None:
        if task.status() == "running":
            tab.stop()

    _say_how_far(session, tab, task)


def _say_how_far(session: Session, tab: Tab, task: reactive.ExtendedTask[Any, Study]) -> None:
    def done() -> bool:
        return bool(task.status() == "success" and tab.study() == task.result())

    @render.ui
    def plan() -> TagList | Tag:
        study = tab.study()
        return page.command_box(study.command()) if study else ui.p(_FIRST)

    @render.ui
    def wrong_run() -> Tag | None:
        return _failed(session, task)

    @reactive.poll(
        tab.spoken, _OFTEN
    )  # laid out anew at a new line only, for those who have the page read aloud
    def how_far() -> tuple[list[str], list[str], list[str]]:
        return tab.progress()

    @render.ui
    def progress() -> Tag | None:
        if task.status() == "running":
            return page.progress_list(*how_far())
        if not done():
            return None
        return ui.p(
            "Done. Read the report below, and download everything before you close this page.", class_="next"
        )

    @render.ui
    def result() -> TagList | Tag | None:
        if task.status() == "success" and not done():
            return ui.p("Something was changed since the last report: start again.", class_="next")
        return _result(session, tab, task.result()) if done() else None


def _result(session: Session, tab: Tab, study: Study) -> TagList:
    """Show the report, with what can be taken home."""

    def report(_: Request) -> Response:
        return FileResponse(tab.folder / RESULTS / "report.html")

    def everything(_: Request) -> Response:
        path = tab.archive(study)
        return FileResponse(path, filename=path.name)

    return page.result_box(
        session.dynamic_route("report", report), session.dynamic_route("everything", everything)
    )
