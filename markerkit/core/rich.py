"""Pieces of the HTML that Jupyter shows: badges of verdicts, tables and lists."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    import pandas as pd

    from markerkit.core.experiment import Experiment


class Badge(NamedTuple):
    """How a word is shown: a sign before it, ink, paper and the line around it."""

    sign: str
    ink: str
    paper: str
    line: str = "solid"


_GREEN, _RED, _BLUE, _VIOLET, _GREY = "#00664f", "#8f3300", "#00558a", "#4b3a86", "#555555"
_WHITE, _PALE = "#ffffff", "#f4f4f4"
_UNKNOWN = Badge("", "#333333", _PALE)
#: Each badge brings its own paper, so that it reads the same on a light and on a dark page; the word and its sign say
#: all that the color says.
BADGES: Final[dict[str, Badge]] = {
    "compatible": Badge("✓", _WHITE, _GREEN),
    "not compatible": Badge("✕", _WHITE, _RED),
    "unresolved": Badge("?", _WHITE, _GREY),
    "not assessable": Badge("–", "#333333", _PALE, "dashed"),
    "higher": Badge("↑", _WHITE, _BLUE),
    "similar": Badge("≈", _WHITE, _GREY),
    "lower": Badge("↓", _WHITE, _VIOLET),
    "strong": Badge("●●●", _WHITE, _GREEN),
    "moderate": Badge("●●○", _WHITE, _GREEN),
    "weak": Badge("●○○", _WHITE, _GREY),
    "none": Badge("○○○", _WHITE, _RED),
}


def badge(word: str) -> str:
    """Write a verdict, or another word of few, as a badge.

    >>> "✓ compatible</span>" in badge("compatible")
    True
    """
    look = BADGES.get(word, _UNKNOWN)
    style = (
        f"display:inline-block;padding:1px 8px;border-radius:9px;border:1px {look.line} {look.ink};"
        f"background:{look.paper};color:{look.ink};font-size:90%;font-weight:600;white-space:nowrap"
    )
    return f'<span style="{style}">{html.escape(f"{look.sign} {word}".strip())}</span>'


def badge_table(rows: Iterable[Sequence[str]], columns: Sequence[str], *, of_words: int = 1) -> str:
    """Write rows of text as a table whose column `of_words` holds badges."""
    left = 'style="text-align:left;vertical-align:top"'
    head = "".join(f"<th {left}>{html.escape(c)}</th>" for c in columns)
    lines = [
        "".join(
            f"<td {left}>{badge(cell) if i == of_words else html.escape(cell)}</td>"
            for i, cell in enumerate(row)
        )
        for row in rows
    ]
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def frame_html(table: pd.DataFrame, *, most: int = 200) -> str:
    """Write the first rows of a table, and how many there are."""
    head = table.head(most)
    more = f"<p>first {most} of {len(table)} rows</p>" if len(table) > most else ""
    return f"{head.to_html(index=False, na_rep='', float_format=lambda v: f'{v:.3g}')}{more}"


def folded(title: str, content: str) -> str:
    """Hide content behind a line that opens it."""
    return f"<details><summary>{html.escape(title)}</summary>{content}</details>"


def list_html(title: str, items: Iterable[str]) -> str:
    """Write a list under its title; nothing without items."""
    cells = "".join(f"<li>{html.escape(i)}</li>" for i in items)
    return f"<p><b>{html.escape(title)}</b></p><ul>{cells}</ul>" if cells else ""


def experiment_html(exp: Experiment, missing: str) -> str:
    """Write what an experiment holds; `missing` says how much of it is missing or imputed."""
    samples, proteins = exp.samples, exp.proteins
    flags: Mapping[str, str] = {"is_contaminant": "contaminants", "is_decoy": "decoys"}
    counts = [f"{int(proteins[c].astype(bool).sum())} {word} flagged" for c, word in flags.items()]
    if exp.approximate:
        counts.append("shares of signal are approximate: logarithmic or imputed input")
    return (
        f"<p><b>Experiment</b>: {exp.n_samples} samples &times; {exp.n_proteins} protein groups, "
        f"{exp.scale} scale, {exp.organism}, {missing}</p>"
        + list_html("Proteins", counts)
        + list_html("Sample columns", [f"{c}: {samples[c].nunique()} levels" for c in samples.columns])
        + list_html("History", [str(h.get("verb", "")) for h in exp.history])
    )


def result_html(title: str, table: pd.DataFrame, shown: Sequence[str] | None) -> str:
    """Write the table of a result: the columns `shown` first, `verdict` as a badge, then all behind a line."""
    head = f"<h4>{html.escape(title)}</h4>"
    if shown is None or table.empty:
        return head + frame_html(table)
    rows = table[list(shown)].astype(str).itertuples(index=False, name=None)
    names = [c.replace("_", " ") for c in shown]
    whole = folded(f"all {len(table.columns)} columns", frame_html(table))
    return head + badge_table(rows, names, of_words=list(shown).index("verdict")) + whole


def ev_markers_html(table: pd.DataFrame, *, most: int) -> str:
    """Write what every group holds, or every sample where there are no groups."""
    groups = table[table["level"] == "group"]
    chosen = groups if len(groups) else table
    rows = chosen.head(most)[["name", "word", "summary"]].astype(str).itertuples(index=False, name=None)
    more = f"<p>first {most} of {len(chosen)}</p>" if len(chosen) > most else ""
    return badge_table(rows, ("group" if len(groups) else "sample", "EV markers", "in words")) + more


def composition_html(shares: pd.DataFrame, ev_markers: pd.DataFrame, *, most: int = 24) -> str:
    """Write what is in the tube, then the share of every component behind a line."""
    answer = ev_markers_html(ev_markers, most=most) if len(ev_markers) else ""
    whole = folded(f"share of every component ({len(shares)} rows)", frame_html(shares))
    return f"<h4>Composition</h4>{answer}{whole}"
