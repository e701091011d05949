"""How a table of the output is declared, brought into its form and written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

Kind = Literal["str", "float", "int", "bool"]


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Parameters
    ----------
    name
        Name, as in the files.
    kind
        Kind of its values.
    description
        Its meaning and unit.
    """

    name: str
    kind: Kind
    description: str


#: the last columns of every table with one row per set
SET_LEVEL = (
    Column("n_set", "int", "members of the set"),
    Column("n_measured", "int", "members measured in this study"),
    Column("status", "str", "whether the row could be computed: `tested`, `too few measured`, ..."),
    Column("reason", "str", "the rule that decided, or why the row could not be computed"),
)


@dataclass(frozen=True)
class TableSpec:
    """A table of the output contract."""

    name: str
    description: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> list[str]:
        """Column names in order."""
        return [c.name for c in self.columns]

    def conform(self, table: pd.DataFrame | Mapping[str, Any]) -> pd.DataFrame:
        """Return the columns of this table in order and in their kinds; absent ones become missing.

        Parameters
        ----------
        table
            Any frame whose columns all belong to this table, or its columns as
            arrays of one length, text without missing values.

        Raises
        ------
        ValueError
            A column that the registry does not know (a bug, not bad input).
        """
        unknown = [c for c in table if c not in self.names]
        if unknown:
            message = f"table {self.name!r} has undeclared columns {unknown}"
            raise ValueError(message)
        if isinstance(table, pd.DataFrame):
            columns = {c.name: _as_kind(table.get(c.name), c.kind, table.index) for c in self.columns}
            return pd.DataFrame(columns, columns=self.names, index=table.index).reset_index(drop=True)
        n = len(next(iter(table.values())))
        return pd.DataFrame({c.name: _of_kind(table.get(c.name), c.kind, n) for c in self.columns})

    def empty(self) -> pd.DataFrame:
        """Return the table without rows: its header."""
        return _header(self).copy()


@cache
def _header(spec: TableSpec) -> pd.DataFrame:
    return spec.conform(pd.DataFrame())


_PANDAS_KIND: dict[Kind, Any] = {"str": object, "float": float, "int": "Int64", "bool": "boolean"}


def stack_columns(tables: Sequence[Mapping[str, npt.NDArray[Any]]]) -> dict[str, npt.NDArray[Any]]:
    """Stack tables that are mappings of columns to arrays; all have the columns of the first."""
    if len(tables) == 1:
        return dict(tables[0])
    return {k: np.concatenate([t[k] for t in tables]) for k in tables[0]}


def _of_kind(values: Any, kind: Kind, n: int) -> Any:
    """Column of an array, or of what is missing, in a form at whose kind pandas does not guess."""
    if values is None:
        values = np.full(n, "" if kind == "str" else np.nan, dtype=object if kind == "str" else float)
    if kind == "str":
        return pd.Index(values, dtype=object)
    return np.asarray(values, dtype=float) if kind == "float" else pd.array(values, dtype=_PANDAS_KIND[kind])


def _as_kind(column: pd.Series | None, kind: Kind, index: pd.Index) -> pd.Series:
    if column is None:
        column = pd.Series([None] * len(index), index=index, dtype=object)
    if kind == "str":
        values = (
            column.to_numpy(dtype=object, na_value="") if column.isna().any() else column.to_numpy(object)
        )
        return pd.Series(values, index=index, dtype=object)
    typed: pd.Series = column.astype(_PANDAS_KIND[kind])
    return typed


def concat_rows(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Concatenate the tables that have rows."""
    filled = [t for t in tables if len(t)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()


#: what a spreadsheet may run as a formula: text behind = or @, a name or a call behind + or -, also in wide letters; not
#: numbers, and not a sign alone as in +/+
_FORMULA = re.compile(r"\s*(?:[=@＝＠]|[+\-＋－][\s+\-]*(?:[^\W\d]|[\"'(=@]|.*(?:[|!]|\w\()))")
_FORMULA_BEGINS = "=@+-＝＠＋－"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def text_cell(text: str) -> str:
    r"""Write a text as a cell of a text table: one line, and no formula to a spreadsheet.

    What a spreadsheet would run as a formula gets an apostrophe before it, with which a spreadsheet marks text. The readers
    of markerkit take it off again, see :func:`text_of_cell`.

    >>> [text_cell(t) for t in ("CD63", "-2", "+/+", "=1+1", "-cmd|' /C calc'!A0", "a\tb")]
    ['CD63', '-2', '+/+', "'=1+1", "'-cmd|' /C calc'!A0", 'a b']
    """
    if _CONTROL.search(text):
        text = " ".join(_CONTROL.sub(" ", text).split())
    return f"'{text}" if _FORMULA.match(text) else text


def text_of_cell(text: str) -> str:
    """Take the apostrophe off that :func:`text_cell` writes.

    >>> text_of_cell("'=1+1"), text_of_cell("'CD63")
    ('=1+1', "'CD63")
    """
    return text[1:] if text[:1] == "'" and _FORMULA.match(text, 1) else text


def to_tsv(table: pd.DataFrame) -> str:
    r"""Write a table as TSV text: fixed float format, ``\n`` line ends, missing as nothing, texts as :func:`text_cell`.

    >>> to_tsv(pd.DataFrame({"a": [1.0, float("nan")], "b": ["x", "y"]}))
    'a\tb\n1\tx\n\ty\n'
    """
    clean = table.copy()
    for name in clean.columns:
        text = pd.api.types.is_object_dtype(clean[name]) or pd.api.types.is_string_dtype(clean[name])
        if text and not _of_plain_cells(clean[name]):
            clean[name] = clean[name].map(_cell)
    clean.columns = clean.columns.map(_cell)
    return str(clean.to_csv(sep="\t", index=False, float_format="%.10g", na_rep="", lineterminator="\n"))


def _of_plain_cells(column: pd.Series) -> bool:
    """Whether a column holds texts alone, with nothing that :func:`text_cell` would change: most need not be gone through."""
    if pd.api.types.infer_dtype(column, skipna=False) != "string":
        return False
    whole = "".join(column.tolist())
    return not _CONTROL.search(whole) and not any(c in whole for c in _FORMULA_BEGINS)


def _cell(value: object) -> object:
    return text_cell(value) if isinstance(value, str) else value
