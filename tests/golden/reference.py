"""Reference tables: how they are written, read and compared.

They are a tripwire and not a proof: what makes the numbers right is tested elsewhere, against reference
implementations, published examples and simulated truth. These tables hold what the code gave when those tests passed,
so that a change of any number or word is seen within a second, and seen where it is.

An intended change is written by ``python -m tests.golden --write``; the difference of the files is then what has
changed for the users, and is read as such.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

FOLDER = Path(__file__).parent / "tables"
DIGITS = 9
RELATIVE = 1e-8
SCALED = 1e-10  # of the largest number of a column
ZERO = 1e-12  # what rounding may leave of a zero

Tables = Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """Something that is computed and compared.

    Parameters
    ----------
    file
        Name of the file of reference tables, without suffix.
    name
        Of the case.
    make
        Computes its tables: name -> frame, array, number or text.
    tolerance
        Relative; larger where an iteration or a sampling ends the computation.
    """

    file: str
    name: str
    make: Callable[[], Tables]
    tolerance: float

    def __str__(self) -> str:
        return f"{self.file}-{self.name}"


CASES: list[Case] = []


def case(file: str, *, tolerance: float = RELATIVE) -> Callable[[Callable[[], Tables]], Callable[[], Tables]]:
    """Register a function that computes tables, under its name."""

    def register(make: Callable[[], Tables]) -> Callable[[], Tables]:
        CASES.append(Case(file, make.__name__, make, tolerance))
        return make

    return register


def plain(table: Any) -> dict[str, list[Any]]:
    """Columns of a table as JSON holds them; row names first."""
    if isinstance(table, pd.Series):
        table = table.to_frame("value")
    elif not isinstance(table, pd.DataFrame):
        array = np.asarray(table)
        table = pd.DataFrame(array.reshape(len(array), -1) if array.ndim else array.reshape(1, 1))
    rows = [str(r) for r in table.index]
    found = {"row": rows} if rows != [str(i) for i in range(len(rows))] else {}
    for i, name in enumerate(table.columns):
        found[str(name)] = [_cell(v) for v in table.iloc[:, i].tolist()]
    return found


def _cell(value: Any) -> Any:
    """Number, truth or text; NaN is None, an infinite number a text."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, float | int | np.number):
        number = float(value)
        if np.isnan(number):
            return None
        if not np.isfinite(number):
            return str(number)
        short = float(f"{number:.{DIGITS}g}")
        return int(short) if short.is_integer() and abs(short) < 1e9 else short
    return None if value is pd.NA or value is pd.NaT else str(value)


def differences(expected: Mapping[str, Any], found: Mapping[str, Any], tolerance: float) -> list[str]:
    """Say which table, row and column differ, and how."""
    if list(expected) != list(found):
        return [f"tables {list(found)}, expected {list(expected)}"]
    out: list[str] = []
    for table, columns in expected.items():
        if list(columns) != list(found[table]):
            out.append(f"{table}: columns {list(found[table])}, expected {list(columns)}")
            continue
        for column, cells in columns.items():
            out += _of_column(f"{table}, column {column}", cells, found[table][column], tolerance, columns)
    return out


def _of_column(
    where: str, expected: list[Any], found: list[Any], tolerance: float, columns: Mapping[str, list[Any]]
) -> list[str]:
    if len(expected) != len(found):
        return [f"{where}: {len(found)} rows, expected {len(expected)}"]
    numbers = [abs(x) for x in expected if _is_number(x)]
    least = SCALED * max(numbers, default=0.0) + ZERO
    names = columns.get("row", list(range(len(expected))))
    return [
        f"{where}, row {names[i]}: {b!r}, expected {a!r}"
        for i, (a, b) in enumerate(zip(expected, found, strict=True))
        if not (abs(a - b) <= least + tolerance * abs(a) if _is_number(a) and _is_number(b) else _same(a, b))
    ]


def _is_number(value: Any) -> bool:
    return isinstance(value, float | int) and not isinstance(value, bool)


def _same(a: Any, b: Any) -> bool:
    return type(a) is type(b) and bool(a == b)


@cache
def read(file: str) -> dict[str, Any]:
    """Cases of a file of reference tables."""
    with (FOLDER / f"{file}.json").open(encoding="utf-8") as text:
        cases = json.load(text)["cases"]
    return {
        name: {t: {c: _unpacked(v) for c, v in columns.items()} for t, columns in tables.items()}
        for name, tables in cases.items()
    }


def _packed(cells: list[Any]) -> Any:
    """Write a column of one value once."""
    same = len(cells) > 2 and all(_same(cells[0], c) for c in cells)
    return {"all": cells[0], "rows": len(cells)} if same else cells


def _unpacked(cells: Any) -> list[Any]:
    return [cells["all"]] * cells["rows"] if isinstance(cells, dict) else list(cells)


def text_of(about: str, cases: Mapping[str, Mapping[str, Mapping[str, list[Any]]]]) -> str:
    """One line a column, so that a difference of two files names what changed."""

    def items(level: str, things: Mapping[str, str]) -> str:
        return "{\n" + ",\n".join(f"{level}{json.dumps(k)}: {v}" for k, v in things.items()) + "\n}"

    written = {
        name: items(
            "",
            {t: items("", {c: json.dumps(_packed(v)) for c, v in cols.items()}) for t, cols in found.items()},
        )
        for name, found in cases.items()
    }
    return items("", {"about": json.dumps(about), "cases": items("", written)}) + "\n"
