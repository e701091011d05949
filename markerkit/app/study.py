"""What was filled in, as files and as the words of the command line."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PureWindowsPath
from typing import Any

import pandas as pd

from markerkit.core.errors import InputError
from markerkit.io.files import write_text
from markerkit.study.context import CONTEXT_KEYS, read_context, write_context
from markerkit.tables.spec import to_tsv

SHEET, CONTEXT, RESULTS = "samples.tsv", "context.toml", "results"
DESCRIBE, ONE, VERSUS, EVERY = "describe", "one", "versus", "every"


@dataclass(frozen=True)
class Sheet:
    """Sample sheet as it is filled in.

    Parameters
    ----------
    columns
        Columns beside the name of the sample.
    rows
        Sample -> its cells.
    left_out
        Samples that are not used.
    """

    columns: tuple[str, ...]
    rows: Mapping[str, tuple[str, ...]]
    left_out: frozenset[str] = frozenset()

    def frame(self) -> pd.DataFrame:
        """Take the samples that are used, with the columns in which something is filled in."""
        kept = {name: cells for name, cells in self.rows.items() if name not in self.left_out}
        table = pd.DataFrame.from_dict(kept, orient="index", columns=list(self.columns), dtype=object)
        return table.loc[:, [bool(table[c].str.strip().any()) for c in table.columns]]

    def filled(self) -> list[str]:
        """Columns in which something is filled in."""
        return list(self.frame().columns)

    def levels(self, column: str) -> list[str]:
        """Entries of a column in the order of their names."""
        frame = self.frame()
        return sorted({v.strip() for v in frame[column]} - {""}) if column in frame.columns else []


@dataclass(frozen=True)
class Comparison:
    """What is compared; the fields are those of :class:`markerkit.Contrast`, empty where nothing is chosen."""

    kind: str = DESCRIBE
    condition: str = ""
    case: str = ""
    control: str = ""
    comparator: str = ""
    paired_by: str = ""
    collapse_by: str = ""
    fluid: str = ""
    batch: str = ""

    def words(self) -> list[str]:
        """Options of the command line.

        Raises
        ------
        InputError
            A comparison without its groups.
        """
        if self.kind != DESCRIBE and not self.condition:
            raise InputError(
                "a comparison needs groups: fill in a column of the sample sheet, and choose it."
            )
        if self.kind in {ONE, VERSUS} and not self.control:
            raise InputError("choose the control, the group that the others are compared with.")
        if self.kind == ONE and not self.case:
            raise InputError("choose the group that is compared with the control.")
        if self.kind == ONE and self.case == self.control:
            raise InputError(f"case and control are both {self.case!r}; choose two groups.")
        named = {
            ONE: ["--case", self.case, "--control", self.control],
            VERSUS: ["--contrast", f"vs:{self.control}"],
            EVERY: ["--contrast", "all"],
        }.get(self.kind, [])
        given = {"--condition": self.condition, "--collapse-by": self.collapse_by, "--fluid": self.fluid}
        if named:
            given |= {"--paired-by": self.paired_by, "--batch": self.batch, "--comparator": self.comparator}
        options = [word for option, value in given.items() if value for word in (option, value)]
        return [*named, *options]


@dataclass(frozen=True)
class Study:
    """A table with everything that was said of it."""

    table: str
    reading: Mapping[str, str] = field(default_factory=dict)
    sheet: Sheet | None = None
    comparison: Comparison = Comparison()
    context: Mapping[str, Any] = field(default_factory=dict)

    def words(self) -> list[str]:
        """Words of the command line after ``markerkit``, which is run in the folder of the files."""
        words = ["assess", self.table if not self.table.startswith("-") else f"./{self.table}"]
        words += ["--samples", SHEET] if self.sheet and not self.sheet.frame().empty else []
        words += self.comparison.words()
        words += ["--context", CONTEXT] if self.context else []
        usual = {"software": "auto", "quantity": "auto", "scale": "auto", "organism": "human"}
        changed = {k: v for k, v in self.reading.items() if v != usual[k]}
        words += [word for key, value in changed.items() for word in (f"--{key}", value)]
        return [*words, "--out", RESULTS]

    def command(self) -> str:
        """Write the command as it is typed."""
        return f"markerkit {shlex.join(self.words())}"

    def write(self, folder: Path) -> None:
        """Write the sample sheet and the context beside the table."""
        if self.sheet is not None:
            write_text(folder / SHEET, to_tsv(self.sheet.frame().rename_axis("sample").reset_index()))
        if self.context:
            write_text(folder / CONTEXT, write_context(self.context))


def context_of(texts: Mapping[str, str]) -> dict[str, Any]:
    """Turn the entries of the form into a context.

    Parameters
    ----------
    texts
        Key -> what was filled in, empty where nothing was.

    Raises
    ------
    InputError
        An entry that :func:`markerkit.study.context.read_context` refuses.

    Examples
    --------
    >>> context_of({"vesicles": "yes", "viability_percent": " 95", "isolation": ""})
    {'vesicles': True, 'viability_percent': 95.0}
    """
    given = {key: text.strip() for key, text in texts.items() if text.strip()}
    return read_context({key: _value(CONTEXT_KEYS[key].kind, text) for key, text in given.items()})


def _value(kind: type, text: str) -> bool | float | str:
    if kind is bool:
        return {"yes": True, "no": False}.get(text, text)
    try:
        return float(text.replace(",", ".")) if kind is float else text
    except ValueError:
        return text


def file_name(given: str, taken: Sequence[str] = (SHEET, CONTEXT, RESULTS)) -> str:
    r"""Name under which a file is kept: that of the user, without folders and what a file system refuses.

    >>> file_name("proteinGroups.txt"), file_name("../../etc/pass\twd"), file_name(r"C:\data\a.tsv"), file_name("samples.tsv")
    ('proteinGroups.txt', 'pass_wd', 'a.tsv', 'table_samples.tsv')
    """
    name = PureWindowsPath(given.replace("\x00", "")).name
    name = "".join(c if c.isprintable() and c not in '<>:"|?*' else "_" for c in name).strip(". ")[-120:]
    return f"table_{name}" if not name or name.lower() in taken else name
