"""What the page shows: its steps, and the parts that depend on what was read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path

from htmltools import Tag, TagAttrs, TagChild, TagList
from shiny import ui

from markerkit import __version__
from markerkit.app.study import DESCRIBE, Sheet
from markerkit.app.words import COMPARATORS, KINDS, READING, STEPS
from markerkit.study.context import CONTEXT_KEYS
from markerkit.study.contrast import FLUIDS

STATIC = Path(__file__).parent / "static"
#: keys of the context that the step of the comparison asks
ASKED_BEFORE = ("fluid", "condition")
_NONE = {"": "none"}


def page() -> Tag:
    """Whole page; every step is a tab."""
    # the version keeps a browser from showing a new page in the style of an older one
    head = ui.head_content(
        ui.tags.link(rel="stylesheet", href=f"static/app.css?{__version__}"),
        ui.tags.script(src=f"static/app.js?{__version__}"),
        ui.tags.link(rel="icon", href="data:,"),
        ui.tags.meta(name="viewport", content="width=device-width, initial-scale=1"),
    )
    steps = [_table_step(), _sheet_step(), _compare_step(), _study_step(), _run_step()]
    return ui.page_fluid(
        head,
        ui.tags.header(ui.h1("markerkit"), ui.span(__version__), ui.input_dark_mode(id="dark", aria_label="dark or light")),
        ui.tags.main(ui.navset_pill(*steps, id="step")),
        ui.tags.footer(ui.p("Runs on this computer only: no file and no number leaves it.", class_="help mt-4")),
        title="markerkit",
        lang="en",
    )  # fmt: skip


def _step(key: str, *content: TagChild, onward: str = "") -> ui._navs.NavPanel:
    title, todo = STEPS[key]
    keys = list(STEPS)
    back = keys[keys.index(key) - 1] if key != keys[0] else ""
    buttons = [
        ui.input_action_button(f"back_{key}", f"Back to {STEPS[back][0]}", class_="btn-outline-secondary") if back else None,
        ui.input_action_button(f"next_{key}", onward, class_="btn-primary") if onward else None,
    ]  # fmt: skip
    return ui.nav_panel(
        title,
        ui.h2(title, id=f"head_{key}", tabindex="-1"),
        ui.p(todo, class_="next"),
        *content,
        ui.div(*buttons, class_="buttons"),
        value=key,
    )


def _wrong(key: str) -> Tag:
    """Place of what went wrong in a step; it is read aloud when it appears."""
    return ui.div(ui.output_ui(f"wrong_{key}"), role="alert")


def _table_step() -> ui._navs.NavPanel:
    kinds = "MaxQuant, DIA-NN, FragPipe, Spectronaut, Proteome Discoverer and others, or any table with one column per sample"
    wrong = ui.tags.details(
        ui.tags.summary("Something was read wrongly?"),
        *[_choice(f"read_{key}", label, choices) for key, (label, choices) in READING.items()],
        ui.input_action_button("read_again", "Read again"),
    )
    return _step(
        "table",
        ui.input_file("table", "Protein table", button_label="Choose a file"),
        ui.p(f"{kinds}: text, XLSX or Parquet.", class_="help"),
        wrong,
        ui.div(ui.output_ui("reading"), role="status"),
        _wrong("table"),
        ui.output_ui("found"),
        onward="Next: samples",
    )


def _choice(key: str, label: str, choices: Sequence[str]) -> Tag:
    if not choices:
        return ui.input_text(key, label, "auto")
    return ui.input_select(key, label, list(choices))


def facts_table(found: Mapping[str, list[Sequence[str]]]) -> TagList:
    """Show what was read and why, with the warnings of the library."""
    rows = [
        ui.tags.tr(ui.tags.th(what, scope="row"), ui.tags.td(value), ui.tags.td(why))
        for what, value, why in found["facts"]
    ]
    heads = [ui.tags.th(text, scope="col") for text in ("What", "Read as", "Why")]
    notes = [ui.tags.li(note) for note in found["warnings"]]
    return TagList(
        ui.h3("What was read, and why", id="head_found", tabindex="-1"),
        ui.div(ui.tags.table(ui.tags.thead(ui.tags.tr(*heads)), ui.tags.tbody(*rows), class_="facts"), class_="scroll", role="region", aria_label="what was read", tabindex="0"),
        ui.h3("Look at these") if notes else None,
        ui.tags.ul(*notes, class_="notes") if notes else None,
        ui.p("If this is right, go on to the samples.", class_="next"),
    )  # fmt: skip


def _sheet_step() -> ui._navs.NavPanel:
    more = ui.tags.details(
        ui.tags.summary("A sheet that you have, or more columns"),
        ui.input_file("sheet_file", "Sample sheet: TSV, CSV, XLSX or SDRF", button_label="Choose a sheet"),
        ui.input_text("column", "Name of a new column, such as donor, role, fraction or particles"),
        ui.input_action_button("add_column", "Add the column"),
        ui.p(
            "role: blank or medium, for procedural blanks and unconditioned medium. fraction and order: of a gradient or column. "
            "particles, volume_ul, protein_ug: amounts.",
            class_="help mt-2",
        ),
    )
    return _step(
        "samples",
        ui.output_ui("sheet_help"),
        ui.output_ui("sheet"),
        more,
        ui.div(ui.output_ui("reading_sheet"), role="status"),
        _wrong("sheet"),
        onward="Next: comparison",
    )


def sheet_table(sheet: Sheet, guesses: Mapping[str, Sequence[str]], version: int) -> Tag:
    """Sample sheet as a table of fields, each with a name of its own."""
    heads = [ui.tags.th(text, scope="col") for text in ("use", "sample", *sheet.columns)]
    rows = []
    for i, (sample, cells) in enumerate(sheet.rows.items()):
        hints = guesses.get(sample) or [""] * len(cells)
        hints = [*hints, *[""] * (len(cells) - len(hints))]
        use: TagAttrs = {"checked": ""} if sample not in sheet.left_out else {}
        fields = [
            ui.tags.td(
                ui.tags.input(
                    type="text", value=cell, placeholder=hint, class_="form-control", aria_label=f"{column} of {sample}",
                    list=f"levels_{j}", autocomplete="off", spellcheck="false",
                )
            )
            for j, (column, cell, hint) in enumerate(zip(sheet.columns, cells, hints, strict=True))
        ]  # fmt: skip
        box = ui.tags.input(use, type="checkbox", aria_label=f"use {sample}", id=f"use-{version}-{i}")
        rows.append(ui.tags.tr(ui.tags.td(box), ui.tags.th(sample, scope="row"), *fields))
    lists = [
        _offers(j, [cells[j] for g in (guesses, sheet.rows) for cells in g.values() if j < len(cells)])
        for j in range(len(sheet.columns))
    ]
    table = ui.tags.table(
        ui.tags.thead(ui.tags.tr(*heads)), ui.tags.tbody(*rows), id="sheet-table", data_version=str(version)
    )
    return ui.div(table, *lists, class_="scroll tall")


def _offers(column: int, entries: Sequence[str]) -> Tag:
    offers = [ui.tags.option(value=entry) for entry in dict.fromkeys(entries) if entry]
    return ui.tags.datalist(*offers, id=f"levels_{column}")


def sheet_help(*, suggested: bool) -> TagList:
    """Say how the sample sheet is filled in."""
    ways = "Type, or paste a block of cells from a spreadsheet. Samples of one group have the same condition; untick what is to be left out."
    if not suggested:
        return TagList(ui.p(ways))
    return TagList(
        ui.p(ways, " The gray entries are what the names of the samples suggest."),
        ui.input_action_button("suggest", "Take the suggestions"),
    )


def _compare_step() -> ui._navs.NavPanel:
    return _step("compare", ui.output_ui("comparison"), _wrong("compare"), onward="Next: study")


def comparison_form(sheet: Sheet) -> TagList:
    """Fields of the comparison, on the columns that are filled in."""
    columns = sheet.filled()
    first = "condition" if "condition" in columns else next(iter(columns), "")
    offered = {c: c for c in columns}
    return TagList(
        ui.input_radio_buttons("kind", "What is compared", KINDS if columns else {DESCRIBE: KINDS[DESCRIBE]}),
        ui.input_select("condition", "Column of the groups", offered or _NONE, selected=first or None),
        ui.output_ui("groups"),
        ui.input_select("comparator", "What the control is", COMPARATORS),
        _help("Only against a control that is not vesicles (lysate, biofluid, soluble) can it be said that the case is vesicles."),
        ui.input_select("paired_by", "Pairs: column of the donor, patient or culture", _NONE | offered),
        _help("Where a donor gave a sample to both groups, the comparison is made within donors. Numbers that begin anew in each group are no pairs."),
        ui.input_select("collapse_by", "Technical replicates: column of the biological sample", _NONE | offered),
        _help("Samples of one group that share an entry of this column, such as two injections of one preparation, count once."),
        ui.input_select("batch", "Batch: column of the run, plate or day", _NONE | offered),
        _help("Only where every batch holds samples of both groups."),
        ui.input_select("fluid", sentence(CONTEXT_KEYS["fluid"].meaning), {"": "not stated"} | {f: f for f in FLUIDS}),
        _help(f"{sentence(CONTEXT_KEYS['fluid'].why)}."),
    )  # fmt: skip


def group_fields(levels: Sequence[str], *, with_case: bool) -> TagList:
    """Fields of the groups that are compared."""
    offered = {"": "choose"} | {level: level for level in levels}
    return TagList(
        ui.input_select("case", "Case: the preparation", offered) if with_case else None,
        ui.input_select("control", "Control: what it is compared with", offered),
    )


def _study_step() -> ui._navs.NavPanel:
    parts: list[Tag] = []
    for part, keys in groupby(CONTEXT_KEYS, key=lambda k: CONTEXT_KEYS[k].part):
        fields = [_context_field(key) for key in keys if key not in ASKED_BEFORE]
        parts.append(ui.tags.details(ui.tags.summary(part), *fields, **{"open": ""} if not parts else {}))
    return _step("study", *parts, _wrong("study"), onward="Next: result")


def _context_field(key: str) -> TagList:
    known = CONTEXT_KEYS[key]
    words = ("yes", "no") if known.kind is bool else known.values
    label = sentence(known.meaning)
    field = (
        ui.input_select(f"context_{key}", label, {"": "not stated"} | {w: w for w in words})
        if words
        else ui.input_text(f"context_{key}", label, placeholder=known.allowed if known.kind is float else "")
    )
    return TagList(field, _help(f"Why: {known.why}. In the context file: {key}."))


def _run_step() -> ui._navs.NavPanel:
    return _step(
        "run",
        ui.div(
            ui.input_action_button("start", "Start the assessment", class_="btn-primary"),
            ui.input_action_button("stop", "Stop", class_="btn-outline-secondary"),
            class_="buttons",
        ),
        _wrong("run"),
        ui.div(ui.output_ui("progress"), role="status"),
        ui.output_ui("result"),
        ui.output_ui("plan"),
    )


def command_box(command: str) -> TagList:
    """Show the equivalent command, to be copied."""
    return TagList(
        ui.h3("The same on the command line"),
        ui.tags.pre(command, class_="command", id="command", tabindex="0", aria_label="command"),
        ui.tags.button("Copy the command", type="button", class_="btn btn-outline-secondary", data_copy="command"),
        ui.p("It runs where the table, samples.tsv and context.toml are; the download holds the last two.", class_="help mt-2"),
    )  # fmt: skip


def progress_list(stages: Sequence[str], notes: Sequence[str], verdicts: Sequence[str]) -> Tag:
    """Say how far the run is; verdicts are there before the report is drawn."""
    done = [ui.tags.li(stage) for stage in stages]
    return ui.div(
        ui.p("Running. Leave this page open; it may stay in the background.", class_="next"),
        ui.tags.ol(*done),
        ui.tags.progress(max="4", value=str(max(len(stages) - 1, 0)), aria_label="steps done"),
        ui.tags.pre("\n".join(verdicts), class_="command verdicts", tabindex="0", aria_label="verdicts")
        if verdicts
        else None,
        ui.tags.details(ui.tags.summary(f"Notes ({len(notes)})"), ui.tags.ul(*map(ui.tags.li, notes)))
        if notes
        else None,
    )


def result_box(report: str, everything: str) -> TagList:
    """Show the report, and what can be taken home."""
    return TagList(
        ui.h3("Report", id="head_report", tabindex="-1"),
        ui.div(
            ui.a(
                "Download everything (zip)",
                href=everything,
                class_="btn btn-primary",
                download="",
                target="_blank",
            ),
            ui.a(
                "Open the report in a tab of its own",
                href=report,
                class_="btn btn-outline-secondary",
                target="_blank",
            ),
            class_="buttons",
        ),
        ui.tags.iframe(
            src=report, title="report", class_="report", sandbox="allow-scripts allow-downloads allow-popups"
        ),
    )


def message(text: str, *more: TagChild) -> Tag:
    """Say what went wrong, in the sentence of the library."""
    return ui.div(sentence(text), *more, class_="message")


def sentence(text: str) -> str:
    """Begin with a capital letter.

    >>> sentence("isolation method")
    'Isolation method'
    """
    return text[:1].upper() + text[1:]


def _help(text: str) -> Tag:
    return ui.p(text, class_="help")
