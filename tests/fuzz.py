"""Damaged copies of valid files, drawn at random: what was changed in each, and what reading it may give.

A `Seed` is a small valid file of one program. `mutant` draws a change of it and knows which values the change can
reach: all others must be read as before, or the file must be refused in one line. `faults` reads a mutant and names
what is wrong with the outcome.
"""

from __future__ import annotations

import csv
import gzip
import io
import math
import re
import time
import traceback
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

import markerkit as mk
from markerkit import InputError, MarkerkitWarning

NAN = math.nan
LONGEST_MESSAGE = 1000
LONGEST_SECONDS = 10.0
GENES = (
    "CD63",
    "CD81",
    "CD9",
    "TSG101",
    "PDCD6IP",
    "SDCBP",
    "FLOT1",
    "ALB",
    "CANX",
    "GAPDH",
    "HSPA8",
    "APOB",
)
IDS = ("P08962", "P60033", "P21926", "Q99816", "Q8WUM4", "O00560", "O75955", "P02768", "P27824", "P04406", "P11142",
       "P04114")  # fmt: skip
SAMPLES = ("ev_a", "ev_b", "cell_a", "blank_a")
#: what a cell of numbers is replaced by, and the values that it may then have; refusal is always allowed
TOKENS: tuple[tuple[str, tuple[float, ...]], ...] = (
    ("", (NAN,)), ("NA", (NAN,)), ("n.d.", (NAN,)), ("Filtered", (NAN,)), ("#N/A", (NAN,)), ("NaN", (NAN,)), ("null", (NAN,)),
    ("-", (NAN,)), ("0", (NAN, 0)), ("-0", (NAN, 0)), ("0.0", (NAN, 0)), ("#DIV/0!", (NAN,)), ("#REF!", (NAN,)), ("<LOD", (NAN,)),
    ("inf", ()), ("-inf", (NAN,)), ("Infinity", ()), ("1e400", ()), ("-1e400", ()), ("1e300", (1e300,)), ("1e29", (1e29,)),
    ("-5", (-5,)), ("-1e9", (-1e9,)), ("+5", (5,)), (".5", (0.5,)), ("5.", (5,)), ("1E+06", (1e6,)), ("1e-320", (1e-320, NAN)),
    ("oops", ()), ("12/03/2021", ()), ("2021-03-12", ()), ("3-Sep", ()), ("2021-03-12 00:00:00", ()), ("TRUE", ()), ("False", ()),
    ("1_000", ()), ("0x1A", ()), ("1e", ()), ("e5", ()), ("1d5", (1e5,)), ("5%", ()), ("~5", ()), (">5", ()), ("1 2", ()),
    ("1 000 000", (1e6,)), ("1\u00a0000\u00a0000", (1e6,)), ("1'000", (1000,)), ("1.2.3", ()), ("--5", ()), ("5-", ()),
    ("1e5e5", ()), ("nan(5)", ()), ("NaN%", ()), ("<b>1</b>", ()), ("</td><script>alert(1)</script>", ()), ("=1+1", ()),
    ("'5", ()), ("(5)", (-5,)), ("$5", ()), ("5 kDa", ()), ("\u00b5", ()), ("\u0663", (3,)), ("\uff11\uff12", (12,)),
    ("\U0001f600", ()), ("\u202e5", ()), ("\ufeff5", (5,)), ("\u20035", (5,)), ("5\u200b", (5,)), ("\u22125", (-5,)),
    ("5\u2028", (5,)), ("5\x85", (5,)), ("5\x0b", (5,)), ("5\x0c", (5,)), ("5\x1a", ()), ("\x00", ()), ("5\x00", ()), ("\x1b[31m5", ()),
    ("9" * 30, (1e30,)), ("9" * 400, ()), ("a" * 10_000, ()), ("[" * 10_000, ()), ('{"a":[[[1]]]}', ()), ("1|2", ()), ("1/2", ()),
)  # fmt: skip
#: the same with signs that part cells or quote them; only as text, where they may end the cell
BREAKING = ('"', '""', '"5', '5"', "1;2", "1,2", "1\t2", "1\n2", "1\r2", "'", '"1\n2"', '"a"b"', '1,234,567', "1.234.567,5", "\\", "\\t")  # fmt: skip
HEADERS = ("", " ", "NA", "0", "1", "gene", "Gene", "protein_id", "sample", "Unnamed: 0", "Unnamed: 5", "ev_a", "x" * 5000,
           "<b>x</b>", "a,b;c", "\u05e9\u05dc", "\U0001f600", "run:ev_a", "Intensity", "ev_a.1", "Score", "nan", "None", "index",
           '"', "#x", "%s", "{x}", "\\d", "(?P<s>", "NPX", "MTD")  # fmt: skip


@dataclass(frozen=True)
class Seed:
    """A valid file.

    `head` stands above the header of the table (mzTab), `peptides` says that its rows are peptides. `names` are the columns that give a row its name (a change of one can rename the protein), `cells` the place of
    each value in the grid (row 0 is the header), `per_cell` the other columns of a long report that decide whether
    its row counts.
    """

    name: str
    grid: list[list[str]]
    names: frozenset[int]
    cells: dict[tuple[int, int], tuple[str, str]]
    form: str = "\t"
    per_cell: frozenset[int] = frozenset()
    sheet: list[list[str]] | None = None
    head: str = ""
    peptides: bool = False

    @property
    def columns(self) -> list[int]:
        return sorted({c for _, c in self.cells})

    @property
    def samples(self) -> list[str]:
        return list(dict.fromkeys(s for _, s in self.cells.values()))

    def truth(self) -> pd.DataFrame:
        """The values as they are written, samples x proteins; missing where no number above 0 is."""
        found: dict[str, dict[str, float]] = {s: {} for s in self.samples}
        for (row, column), (protein, sample) in self.cells.items():
            cell = self.grid[row][column].replace(",", ".")
            found[sample][protein] = NAN if cell in ("", "0", "Filtered", "null") else float(cell)
        return pd.DataFrame(found).T

    @property
    def long(self) -> bool:
        return bool(self.per_cell)


@dataclass
class Mutant:
    """A changed copy of a seed, and what the change can reach."""

    seed: Seed
    grid: list[list[str]]
    sheet: list[list[str]] | None
    how: list[str] = field(default_factory=list)
    form: str = "\t"
    encoding: str = "utf-8"
    line_ends: tuple[str, ...] = ("\n",)
    quoted: bool = False
    packed: Callable[[bytes], bytes] | None = None
    cells: set[tuple[str, str]] = field(default_factory=set)
    proteins: set[str] = field(default_factory=set)
    samples: set[str] = field(default_factory=set)
    sheet_rows: set[str] = field(default_factory=set)
    may_be: dict[tuple[str, str], tuple[float, ...]] = field(default_factory=dict)
    to_name: set[str] = field(default_factory=set)  # columns that may not be left out without a word
    same: bool = True  # the change means nothing: the file is to be read, not refused
    anything: bool = False  # the change may reach every value; only the manner of a refusal is judged
    renamed: bool = (
        False  # samples and proteins may have other names; values are judged where the names are known
    )


# ---- seeds -----------------------------------------------------------------------


def _number(rng: np.random.Generator, *, log: bool) -> str:
    # natural logarithms of abundances are no larger than 22, so that 26 can only be log2
    value = rng.normal(26, 2.5) if log else 2 ** rng.normal(24, 3)
    return f"{value:.4f}" if log else f"{value:.6g}"


def _wide(
    name: str,
    head: list[str],
    left: Callable[[int], list[str]],
    columns: list[str],
    *,
    named: set[int],
    protein: Callable[[int], str] = lambda i: IDS[i],
    missing: str = "",
    samples: tuple[str, ...] = SAMPLES,
    extra: list[list[str]] | None = None,
    log: bool = False,
    form: str = "\t",
    comma: bool = False,
    right: list[str] | None = None,
) -> Seed:
    """Build a table with a row per protein; `extra` are other quantities (columns) written beside the values."""
    rng = np.random.default_rng(len(name))
    grid = [[*head, *(c for names in extra or [] for c in names), *columns, *(right or [])]]
    cells = {}
    for i in range(len(GENES)):
        row = left(i) + [_number(rng, log=log) for names in extra or [] for _ in names]
        for sample in samples:
            cells[i + 1, len(row)] = (protein(i), sample)
            row.append(missing if rng.random() < 0.12 else _number(rng, log=log))
        grid.append([c.replace(".", ",") if comma and k >= len(head) else c for k, c in enumerate(row)])
        grid[-1] += [""] * len(right or [])
    return Seed(name, grid, frozenset(named), cells, form)


def _long(
    name: str,
    header: list[str],
    row: Callable[[int, str, str, int], list[str]],
    value: int,
    per_cell: set[int],
) -> Seed:
    """Build a report with two precursors per protein and run."""
    rng = np.random.default_rng(len(name))
    grid, cells = [header], {}
    for i, accession in enumerate(IDS):
        for sample in SAMPLES:
            number = _number(rng, log=False)
            for k in range(2):
                cells[len(grid), value] = (accession, sample)
                grid.append(row(i, sample, number, k))
    return Seed(name, grid, frozenset(), cells, "\t", frozenset(per_cell))


def seeds() -> list[Seed]:
    """One valid file of every layout and form."""
    plain = _wide("plain", ["protein_id", "gene"], lambda i: [IDS[i], GENES[i]], list(SAMPLES), named={0})
    log = _wide(
        "plain log2",
        ["gene"],
        lambda i: [GENES[i]],
        list(SAMPLES),
        named={0},
        protein=lambda i: GENES[i],
        log=True,
    )
    comma = _wide("decimal comma", ["protein_id", "gene"], lambda i: [IDS[i], GENES[i]], list(SAMPLES), named={0}, form=";",
                  comma=True, log=True)  # fmt: skip
    found = [plain, log, comma, *_wide_reports(), *_long_reports()]
    for name, form in (
        ("csv", ","),
        ("semicolon", ";"),
        ("xlsx", "xlsx"),
        ("parquet", "parquet"),
        ("gzip", "gz"),
    ):
        found.append(replace(plain, name=f"plain {name}", form=form))
    found += [*([_mztab()] if find_spec("pyteomics") else []), *_peptide_tables()]  # the extra `mztab`
    return [replace(s, sheet=_sheet(s)) for s in found]


def _sheet(seed: Seed) -> list[list[str]]:
    return [["sample", "fraction", "donor"], *([x, *_group(x)] for x in seed.samples)]


def _group(sample: str) -> list[str]:
    """Fraction and donor of a sample, as its name says."""
    return sample.split(" ")[-1].split("_")


def _wide_reports() -> list[Seed]:
    s = SAMPLES
    return [
        _wide("maxquant", ["Protein IDs", "Majority protein IDs", "Gene names", "Fasta headers", "Razor + unique peptides", "Intensity"],
              lambda i: [f"{IDS[i]};X{i}", IDS[i], GENES[i], f">sp|{IDS[i]}|{GENES[i]}_HUMAN OS=Homo sapiens GN={GENES[i]}", str(3 + i), "9e9"],
              [f"LFQ intensity {x}" for x in s], named={0, 1}, missing="0", extra=[[f"Intensity {x}" for x in s]],
              right=["Only identified by site", "Reverse", "Potential contaminant"]),
        _wide("diann", ["Protein.Group", "Protein.Ids", "Protein.Names", "Genes", "First.Protein.Description"],
              lambda i: [IDS[i], IDS[i], f"{GENES[i]}_HUMAN", GENES[i], f"Protein {i}, a long name"],
              [rf"D:\raw\{x}.raw" for x in s], named={0}),
        _wide("fragpipe", ["Protein", "Protein ID", "Entry Name", "Gene", "Organism", "Combined Total Peptides"],
              lambda i: [f"sp|{IDS[i]}|{GENES[i]}_HUMAN", IDS[i], f"{GENES[i]}_HUMAN", GENES[i], "Homo sapiens", str(2 + i)],
              [f"{x} MaxLFQ Intensity" for x in s], named={0, 1}, missing="0",
              extra=[[f"{x} Spectral Count" for x in s], [f"{x} Intensity" for x in s]], right=["Indistinguishable Proteins"]),
        _wide("tmt integrator", ["Index", "NumberPSM", "Gene", "MaxPepProb", "Protein", "ProteinID", "ReferenceIntensity"],
              lambda i: [IDS[i], str(4 + i), GENES[i], "0.99", f"sp|{IDS[i]}|{GENES[i]}_HUMAN", IDS[i], "21.5"],
              list(s), named={0, 4, 5}, log=True),
        _wide("spectronaut pivot", ["PG.ProteinGroups", "PG.Genes", "PG.ProteinDescriptions", "PG.NrOfStrippedSequencesIdentified"],
              lambda i: [f"{IDS[i]};Q{i}", GENES[i], f"Protein {i}", str(2 + i)],
              [f"[{k + 1}] {x}.raw.PG.Quantity" for k, x in enumerate(s)], named={0}, protein=lambda i: f"{IDS[i]};Q{i}", missing="Filtered",
              right=[f"[{k + 1}] {x}.raw.PG.IBAQ" for k, x in enumerate(s)]),
        _wide("proteome discoverer", ["Checked", "Master", "Accession", "Description", "Contaminant", "# Peptides", "Gene Symbol"],
              lambda i: ["False", "IsMasterProtein", IDS[i], f"{GENES[i]} OS=Homo sapiens OX=9606 GN={GENES[i]}", "False", str(4 + i), GENES[i]],
              [f"Abundance: F{k + 1}: Sample, {x}" for k, x in enumerate(s)], named={2},
              samples=tuple(f"F{k + 1}: Sample, {x}" for k, x in enumerate(s)), extra=[[f"Abundances (Normalized): F{k + 1}: Sample, {x}" for k, x in enumerate(s)]],
              right=["Found in Sample: [S1] F1: Sample"]),
    ]  # fmt: skip


def _long_reports() -> list[Seed]:
    return [
        _long("diann report", ["Run", "Protein.Group", "Genes", "Precursor.Id", "Q.Value", "Global.PG.Q.Value", "PG.Q.Value", "PG.MaxLFQ", "RT"],
              lambda i, run, v, k: [run, IDS[i], GENES[i], f"AAK{i}{k}", "0.001", "0.002", "0.02", v, "31.5"], 7, {0, 1, 4, 5, 6}),
        _long("spectronaut report", ["R.FileName", "PG.ProteinGroups", "PG.Genes", "PG.Qvalue", "EG.ModifiedPeptide", "EG.IsDecoy", "EG.Qvalue", "PG.Quantity"],
              lambda i, run, v, k: [run, IDS[i], GENES[i], "0.001", f"_AAK{k}_", "False", "0.001", v], 7, {0, 1, 3, 5, 6}),
    ]  # fmt: skip


def _mztab() -> Seed:
    """Build the metadata and the protein section of an mzTab file."""
    lines = [("mzTab-version", "1.0.0"), ("mzTab-mode", "Complete"), ("mzTab-type", "Quantification")]
    for k, x in enumerate(SAMPLES, 1):
        lines += [
            (f"ms_run[{k}]-location", f"file:///data/{x}.mzML"),
            (f"assay[{k}]-ms_run_ref", f"ms_run[{k}]"),
        ]
    table = _wide(
        "mztab",
        ["PRH", "accession", "description", "taxid", "species"],
        lambda i: ["PRT", IDS[i], f"Protein {i} GN={GENES[i]}", "9606", "Homo sapiens"],
        [f"protein_abundance_assay[{k}]" for k in range(1, 5)],
        named={0, 1},
        missing="null",
    )
    return replace(table, head="".join(f"MTD\t{key}\t{value}\n" for key, value in lines) + "\n")


_PEPTIDES = ("AFGPELR", "LVNELTEK", "YLYEIAR", "DDNPNLPR", "QTALVELVK", "AEFAEVSK", "FQNALLVR", "VPQVSTPTLVEVSR", "SLHTLFGDK",
             "ETYGEMADCCAK", "NECFLQHK", "TYETTLEK")  # fmt: skip


def _peptide_tables() -> list[Seed]:
    s = SAMPLES
    tables = [
        _wide("peptides", ["sequence", "protein", "gene"], lambda i: [_PEPTIDES[i], IDS[i], GENES[i]], list(s), named={0},
              protein=lambda i: _PEPTIDES[i]),
        _wide("maxquant peptides", ["Sequence", "Proteins", "Leading razor protein", "Gene names", "Intensity"],
              lambda i: [_PEPTIDES[i], f"{IDS[i]};X{i}", IDS[i], GENES[i], "9e9"], [f"Intensity {x}" for x in s], named={0},
              protein=lambda i: _PEPTIDES[i], missing="0", right=["Reverse", "Potential contaminant"]),
        _wide("fragpipe peptides", ["Peptide Sequence", "Prev AA", "Next AA", "Start", "End", "Protein", "Protein ID", "Gene"],
              lambda i: [_PEPTIDES[i], "K", "A", str(10 + i), str(20 + i), f"sp|{IDS[i]}|{GENES[i]}_HUMAN", IDS[i], GENES[i]],
              [f"{x} Intensity" for x in s], named={0}, protein=lambda i: _PEPTIDES[i], missing="0",
              extra=[[f"{x} Spectral Count" for x in s]], right=["Mapped Proteins"]),
    ]  # fmt: skip
    return [replace(t, peptides=True) for t in tables]


# ---- changes of the grid -----------------------------------------------------------


def _reach(m: Mutant, row: int, column: int) -> None:
    """Note what a changed cell reaches."""
    if row == 0:
        m.renamed = True
        m.samples |= {s for (_, c), (_, s) in m.seed.cells.items() if c == column}
    elif (row, column) in m.seed.cells:
        m.cells.add(m.seed.cells[row, column])
    elif column in m.seed.per_cell:
        m.cells.add(m.seed.cells[row, m.seed.columns[0]])
    elif column in m.seed.names:
        m.proteins |= {m.seed.cells[row, c][0] for c in m.seed.columns}


def _place(m: Mutant, rng: np.random.Generator, *, numbers: bool) -> tuple[int, int]:
    if numbers:
        return list(m.seed.cells)[rng.integers(len(m.seed.cells))]
    return int(rng.integers(1, len(m.grid))), int(rng.integers(len(m.grid[0])))


def number_cell(m: Mutant, rng: np.random.Generator) -> None:
    """Replace a number by something else."""
    row, column = _place(m, rng, numbers=True)
    token, allowed = TOKENS[rng.integers(len(TOKENS))]
    m.grid[row][column] = token
    _reach(m, row, column)
    # the two rows of a long report stand for one value, which then is that of the other; a workbook holds no
    # control characters
    if not m.seed.long and not (m.form == "xlsx" and re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", token)):
        m.may_be[m.seed.cells[row, column]] = allowed
    m.how.append(f"cell {row},{column} = {token[:30]!r}")


def any_cell(m: Mutant, rng: np.random.Generator) -> None:
    """Replace any cell, names and flags too, by words and signs."""
    row, column = _place(m, rng, numbers=False)
    token = str(
        rng.choice(
            [t for t, _ in TOKENS] + list(BREAKING)
            if m.form not in ("xlsx", "parquet")
            else [t for t, _ in TOKENS]
        )
    )
    m.grid[row][column] = token
    _reach(m, row, column)
    if any(sign in token for sign in '\t\n\r"') or m.form in token:  # the cells beside may shift
        for c in range(len(m.grid[0])):
            _reach(m, row, c)
    m.how.append(f"cell {row},{column} = {token[:30]!r}")


def column_of_words(m: Mutant, rng: np.random.Generator) -> None:
    """Replace every number of a column by one token."""
    column = int(rng.choice(m.seed.columns))
    token = TOKENS[rng.integers(len(TOKENS))][0]
    for row in range(1, len(m.grid)):
        m.grid[row][column] = token
        _reach(m, row, column)
    m.samples |= {s for (_, c), (_, s) in m.seed.cells.items() if c == column}
    m.how.append(f"column {column} = {token[:30]!r}")


def mostly_words(m: Mutant, rng: np.random.Generator) -> None:
    """Replace most numbers of a column: it stays a sample, or a message names it."""
    column = int(rng.choice(m.seed.columns))
    token = str(rng.choice(["oops", "ND", "<LOD", "n.d.", "#DIV/0!", "not found", "LOQ", "?"]))
    rows = rng.choice(
        np.arange(1, len(m.grid)), size=int(len(m.grid) * rng.uniform(0.5, 0.85)), replace=False
    )
    for row in rows:
        m.grid[row][column] = token
        _reach(m, row, column)
    m.to_name.add(m.grid[0][column])
    m.how.append(f"{len(rows)} cells of column {column} = {token!r}")


def header_cell(m: Mutant, rng: np.random.Generator) -> None:
    """Replace or edit a name of a column."""
    column = int(rng.integers(len(m.grid[0])))
    old = m.grid[0][column]
    edits = [*HEADERS, old.upper(), old.lower(), f" {old} ", f"\ufeff{old}", f'"{old}"', old[:-1], old + "x", old.replace(".", " "),
             old.replace(" ", "_"), old.replace("e", "\u0435")]  # fmt: skip
    m.grid[0][column] = edits[rng.integers(len(edits))]
    _reach(m, 0, column)
    m.samples |= {m.grid[0][column]} & {*m.seed.samples}  # now the name of another column
    m.how.append(f"header {column} {old!r} = {m.grid[0][column][:30]!r}")


def drop_column(m: Mutant, rng: np.random.Generator) -> None:
    """Leave out a column."""
    column = int(rng.integers(len(m.grid[0])))
    _reach(m, 0, column)
    name = m.grid[0][column]
    m.grid = [row[:column] + row[column + 1 :] for row in m.grid]
    m.how.append(f"without column {name!r}")


def double_column(m: Mutant, rng: np.random.Generator) -> None:
    """Write a column twice, under its own or another name."""
    column = int(rng.integers(len(m.grid[0])))
    name = str(rng.choice([m.grid[0][column], m.grid[0][column] + ".1", m.grid[0][column] + "_2"]))
    m.grid = [[*row, name if i == 0 else row[column]] for i, row in enumerate(m.grid)]
    m.how.append(f"column {column} again as {name!r}")


def move_column(m: Mutant, rng: np.random.Generator) -> None:
    """Exchange two columns with their names: nothing changes but the order.

    The first column of an mzTab file says what each line is, so that it has its place.
    """
    first = int(bool(m.seed.head))
    a, b = (first + int(i) for i in rng.choice(len(m.grid[0]) - first, 2, replace=False))
    for row in m.grid:
        row[a], row[b] = row[b], row[a]
    m.renamed = not {a, b} <= set(m.seed.columns)
    m.how.append(f"columns {a} and {b} exchanged")


def drop_row(m: Mutant, rng: np.random.Generator) -> None:
    """Leave out a row."""
    row = int(rng.integers(1, len(m.grid)))
    for column in range(len(m.grid[0])):
        _reach(m, row, column)
    m.proteins |= {m.seed.cells[row, c][0] for c in m.seed.columns} if not m.seed.long else set()
    del m.grid[row]
    m.how.append(f"without row {row}")


def double_row(m: Mutant, rng: np.random.Generator) -> None:
    """Write a row twice: the first of the two is as it was."""
    row = int(rng.integers(1, len(m.grid)))
    m.grid.append(list(m.grid[row]))
    m.how.append(f"row {row} again")


def move_row(m: Mutant, rng: np.random.Generator) -> None:
    """Exchange two rows: nothing changes but the order."""
    a, b = (int(i) for i in rng.choice(np.arange(1, len(m.grid)), 2, replace=False))
    m.grid[a], m.grid[b] = m.grid[b], m.grid[a]
    m.how.append(f"rows {a} and {b} exchanged")


def ragged_row(m: Mutant, rng: np.random.Generator) -> None:
    """Cut a row or write cells after its end."""
    row = int(rng.integers(1, len(m.grid)))
    for column in range(len(m.grid[0])):
        _reach(m, row, column)
    cut = int(rng.integers(-3, 4)) or 1
    m.grid[row] = m.grid[row][:cut] if cut < 0 else m.grid[row] + ["5"] * cut
    m.how.append(f"row {row} {cut:+d} cells")


def other_rows(m: Mutant, rng: np.random.Generator) -> None:
    """Put rows between the others that are no proteins: empty, a title, a comment, the header again."""
    width = len(m.grid[0])
    row = [
        [""] * width,
        ["Total"] + [""] * (width - 1),
        ["# made by hand"],
        ["Protein report"],
        list(m.grid[0]),
        [""],
    ][rng.integers(6)]
    at = int(rng.choice([0, 1, len(m.grid) // 2, len(m.grid)]))
    m.grid.insert(at, list(row))
    m.how.append(f"row {row[:2]} put in at {at}")


def many_columns(m: Mutant, rng: np.random.Generator) -> None:
    """Write many more columns: of numbers, empty, without a name."""
    n = int(rng.choice([50, 400]))
    kind = rng.integers(3)
    for i, row in enumerate(m.grid):
        row += (
            [f"more_{k}" if kind < 2 else "" for k in range(n)]
            if i == 0
            else ["7e6" if kind == 0 else ""] * n
        )
    m.how.append(f"{n} more columns, kind {kind}")


def long_cell(m: Mutant, rng: np.random.Generator) -> None:
    """Write a very long text into a cell that is no number."""
    columns = [c for c in range(len(m.grid[0])) if c not in m.seed.columns]
    row, column = int(rng.integers(1, len(m.grid))), int(rng.choice(columns))
    m.grid[row][column] = str(rng.choice(["x", "P1;", "((", "&lt;", "a b "])) * int(
        rng.choice([500, 3_000, 30_000], p=[0.5, 0.45, 0.05])
    )
    m.grid[row][column] = m.grid[row][column][:32_000] if m.form == "xlsx" else m.grid[row][column]
    _reach(m, row, column)
    m.how.append(f"long cell {row},{column} {m.grid[row][column][:8]!r}")


#: these leave the meaning as it is
HARMLESS = (move_row, move_column, double_row)
GRID = (number_cell, number_cell, number_cell, any_cell, any_cell, column_of_words, mostly_words, header_cell, header_cell, drop_column,
        double_column, move_column, drop_row, double_row, move_row, ragged_row, other_rows, many_columns, long_cell)  # fmt: skip


# ---- changes of the sample sheet ------------------------------------------------------


def sheet_cell(m: Mutant, rng: np.random.Generator) -> None:
    """Replace a cell of the sample sheet."""
    assert m.sheet is not None
    row, column = int(rng.integers(len(m.sheet))), int(rng.integers(3))
    token = str(rng.choice([t for t, _ in TOKENS if "\n" not in t] + list(HEADERS)))
    if row == 0:
        m.sheet_rows |= set(m.seed.samples)
    else:
        m.sheet_rows.add(m.seed.samples[row - 1])
    if column == 0:
        m.samples |= set(m.seed.samples) if row == 0 else {m.seed.samples[row - 1]}
    m.sheet[row][column] = token
    m.how.append(f"sheet {row},{column} = {token[:30]!r}")


def sheet_row(m: Mutant, rng: np.random.Generator) -> None:
    """Leave out, repeat, cut or exchange rows of the sample sheet."""
    assert m.sheet is not None
    row, kind = int(rng.integers(1, len(m.sheet))), int(rng.integers(4))
    name = m.sheet[row][0]
    if kind == 0:
        del m.sheet[row]
    elif kind == 1:
        m.sheet.append(list(m.sheet[row]))
    elif kind == 2:
        m.sheet[row] = m.sheet[row][: int(rng.integers(1, 3))]
    else:
        m.sheet[1], m.sheet[row] = m.sheet[row], m.sheet[1]
    if kind in (0, 2):
        m.samples.add(name)
        m.sheet_rows.add(name)
    m.how.append(f"sheet row {row}, kind {kind}")


SHEET = (sheet_cell, sheet_cell, sheet_row)


# ---- writing, and changes of the bytes -------------------------------------------------


def other_writing(m: Mutant, rng: np.random.Generator) -> None:
    """Write the same table in another way."""
    if m.form in ("xlsx", "parquet") or m.seed.head:
        return
    kind, pick = int(rng.integers(4 if m.form == "gz" else 7)), int(rng.integers(6))
    if kind == 0:
        m.encoding = str(rng.choice(["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252"]))
    elif kind == 1:
        m.line_ends = [("\r\n",), ("\r",), ("\n", "\r\n"), ("\n", "\r", "\r\n"), ("\n\n",), (" \n",)][pick]
    elif kind == 2:
        m.quoted = True
    elif kind == 3:
        m.form = str(rng.choice(["\t", ",", ";", "|", " ", ":"]))
    elif kind == 4:
        m.packed = [gzip.compress, lambda b: gzip.compress(gzip.compress(b)), _zipped][pick % 3]
        pick %= 3
    elif kind == 5:
        m.packed = [lambda b: b"\n\n" + b, lambda b: b + b"\n\n\n", lambda b: b + b"\x1a", lambda b: b.rstrip(b"\n"),
                    lambda b: b"# a comment\n" + b, lambda b: b"sep=;\n" + b][pick]  # fmt: skip
    else:
        m.quoted, m.line_ends = True, ("\r\n",)
    m.same &= (
        m.form in "\t,;gz"
        and m.encoding not in ("utf-16-le", "utf-32")
        and not (kind == 4 and pick > 0)
        and not (kind == 5 and pick in (2, 5))
    )
    m.how.append(f"written {m.form!r} {m.encoding} {m.line_ends} quoted={m.quoted} kind {kind}")


def _zipped(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("table.tsv", data)
    return buffer.getvalue()


# each gives the new bytes and the stretch of the old ones that the change reaches
_Change = tuple[bytes, int, int]


def _flip(data: bytes, rng: np.random.Generator) -> _Change:
    at = int(rng.integers(len(data)))
    return data[:at] + bytes([int(rng.integers(256))]) + data[at + 1 :], at, at + 1


def _cut(data: bytes, rng: np.random.Generator) -> _Change:
    at = int(rng.integers(len(data)))
    return data[:at], at, len(data)


def _repeat(data: bytes, rng: np.random.Generator) -> _Change:
    a, b = sorted(int(i) for i in rng.integers(len(data), size=2))
    return data[:b] + data[a:b] + data[b:], a, b + 1


def _remove(data: bytes, rng: np.random.Generator) -> _Change:
    a = int(rng.integers(len(data)))
    b = min(len(data), a + int(rng.integers(1, 30)))
    return data[:a] + data[b:], a, b


def _noise(data: bytes, rng: np.random.Generator) -> _Change:
    at = int(rng.integers(len(data)))
    return data[:at] + rng.bytes(int(rng.integers(1, 60))) + data[at:], at, at + 1


BYTES = (_flip, _flip, _cut, _repeat, _remove, _noise)


def change_bytes(m: Mutant, data: bytes, rng: np.random.Generator) -> bytes:
    """Damage the bytes: of a text, the rows that are reached; of a packed file with checksums, none is read wrongly."""
    change = BYTES[rng.integers(len(BYTES))]
    found, start, end = change(data, rng)
    m.how.append(f"{change.__name__.strip('_')} {start}:{end}")
    if m.form == "parquet":  # has no checksum
        m.anything = True
    elif m.form not in ("xlsx", "gz"):
        above = m.seed.head.count("\n")
        first, last = (data.count(b"\n", 0, at) - above for at in (max(0, start - 1), end + 1))
        m.anything = first <= 0
        for row in range(max(1, first), min(last + 1, len(m.grid))):
            for column in range(len(m.grid[0])):
                _reach(m, row, column)
            m.proteins |= set() if m.seed.long else {m.seed.cells[row, c][0] for c in m.seed.columns}
    return found


def _text(m: Mutant) -> str:
    lines, sep = [], "\t" if m.form == "gz" else m.form
    for row in m.grid:
        buffer = io.StringIO()
        if m.quoted:
            csv.writer(buffer, delimiter=sep, quoting=csv.QUOTE_ALL, lineterminator="").writerow(row)
        elif m.form != m.seed.form:
            csv.writer(buffer, delimiter=sep, lineterminator="").writerow(row)
        else:  # as it is, breaking signs included
            buffer.write(sep.join(row))
        lines.append(buffer.getvalue())
    ends = m.line_ends
    return m.seed.head + "".join(line + ends[i % len(ends)] for i, line in enumerate(lines))


def content(m: Mutant) -> bytes:
    """The bytes of the file."""
    if m.form == "xlsx":
        data = _workbook(m.grid)
    elif m.form == "parquet":
        data = _parquet(m.grid)
    else:
        data = _text(m).encode(m.encoding, errors="replace")
        data = gzip.compress(data, mtime=0) if m.form == "gz" else data
    return m.packed(data) if m.packed is not None else data


def _typed(cell: str) -> object:
    try:
        return float(cell) if math.isfinite(float(cell)) and "_" not in cell else cell
    except ValueError:
        return cell or None


def _workbook(grid: list[list[str]]) -> bytes:
    from openpyxl import Workbook
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    book, buffer = Workbook(write_only=True), io.BytesIO()
    sheet = book.create_sheet()
    for i, row in enumerate(grid):
        sheet.append(
            [
                ILLEGAL_CHARACTERS_RE.sub("", c) if i == 0 else _typed(ILLEGAL_CHARACTERS_RE.sub("", c))
                for c in row
            ]
        )
    book.save(buffer)
    return buffer.getvalue()


def _parquet(grid: list[list[str]]) -> bytes:
    import pyarrow as pa
    from pyarrow import parquet

    width = len(grid[0])
    rows = [[*row[:width], *([""] * (width - len(row)))] for row in grid[1:]]
    columns = []
    for cells in zip(*rows, strict=True):
        typed = [_typed(c) for c in cells]
        numbers = all(isinstance(c, float) or c is None for c in typed)
        columns.append(pa.array(typed, pa.float64()) if numbers else pa.array(cells, pa.string()))
    buffer = io.BytesIO()
    parquet.write_table(pa.Table.from_arrays(columns, names=grid[0]), buffer)
    return buffer.getvalue()


# ---- drawing and judging ------------------------------------------------------------------


def mutant(number: int, choice: list[Seed]) -> tuple[Mutant, bytes, bytes | None]:
    """Draw the mutant of this number: what was changed, the bytes of the table, those of the sheet where one is given."""
    rng = np.random.default_rng([number, 20])
    seed = choice[number % len(choice)]
    with_sheet = rng.random() < 0.35
    m = Mutant(
        seed,
        [list(r) for r in seed.grid],
        [list(r) for r in seed.sheet or []] if with_sheet else None,
        form=seed.form,
    )
    kind = rng.random()
    if with_sheet and kind < 0.4:
        SHEET[rng.integers(len(SHEET))](m, rng)
        m.same = False
    elif kind < 0.8:
        change = GRID[rng.integers(len(GRID))]
        change(m, rng)
        m.same = change in HARMLESS
        if rng.random() < 0.25:
            other_writing(m, rng)
    elif kind < 0.88:
        other_writing(m, rng)
    data = content(m)
    if kind >= 0.88:
        data, m.same = change_bytes(m, data, rng), False
    if m.sheet is None:
        return m, data, None
    sep = (
        str(rng.choice(["\t", ",", ";"]))
        if not any("," in cell or ";" in cell for row in m.sheet for cell in row)
        else "\t"
    )
    return m, data, "".join(sep.join(row) + "\n" for row in m.sheet).encode(errors="replace")


def read(seed: Seed, path: Path, sheet: Path | None = None) -> mk.Experiment | mk.PeptideTable:
    """Read a file as what its seed holds."""
    return mk.read_peptides(path, samples=sheet) if seed.peptides else mk.read_proteins(path, samples=sheet)


def ending(seed: Seed) -> str:
    """Ending of the name of a seed's file."""
    return {"xlsx": ".xlsx", "parquet": ".parquet", "gz": ".tsv.gz", "\t": ".tsv"}.get(seed.form, ".csv")


def faults(m: Mutant, data: bytes, sheet: bytes | None, folder: Path, truth: pd.DataFrame) -> list[str]:
    """Read a mutant; what is wrong with the outcome, in words (nothing where all is right)."""
    path = folder / f"table{ending(m.seed)}"
    path.write_bytes(data)
    sheet_path = None
    if sheet is not None:
        sheet_path = folder / "samples.tsv"
        sheet_path.write_bytes(sheet)
    start = time.perf_counter()
    exp: mk.Experiment | mk.PeptideTable | None = None
    found: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            exp = read(m.seed, path, sheet_path)
        except InputError as error:
            found += _of_message("refusal", str(error))
            found += [f"refuses what means the same: {str(error)[:150]}"] if m.same else []
        except Exception as error:  # noqa: BLE001 - that there is none is what is tested
            last = traceback.extract_tb(error.__traceback__)[-1]
            found.append(
                f"raises {type(error).__name__} ({str(error)[:100]}) in {Path(last.filename).name}:{last.name}"
            )
    seconds = time.perf_counter() - start
    for warning in caught:
        if issubclass(warning.category, MarkerkitWarning):
            found += _of_message("warning", str(warning.message))
        else:
            found.append(f"warns {warning.category.__name__} ({str(warning.message)[:100]})")
    if seconds > LONGEST_SECONDS:
        found.append(f"takes {seconds:.0f} s")
    if exp is not None and not m.anything:
        found += _of_values(m, exp, truth) + _of_sheet(m, exp)
        found += _of_columns(m, exp, "\n".join(str(w.message) for w in caught))
    return found


def _of_message(what: str, text: str) -> list[str]:
    found = [f"{what} of {len(text)} characters: {text[:60]!r}"] if len(text) > LONGEST_MESSAGE else []
    lines = len(text.splitlines())
    return [*found, f"{what} of {lines} lines: {text[:60]!r}"] if lines > 1 else found


def _same(a: float, b: float) -> bool:
    return (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, rel_tol=1e-9)


def _reached(m: Mutant, protein: str, sample: str) -> bool:
    return (protein, sample) in m.cells or protein in m.proteins or sample in m.samples


def _of_values(m: Mutant, exp: mk.Experiment, truth: pd.DataFrame) -> list[str]:
    found = []
    values = exp.values
    named = {s for (_, c), (_, s) in m.seed.cells.items() if m.seed.grid[0][c] in m.to_name}
    kept = truth.notna() & pd.DataFrame(
        [[not _reached(m, str(p), str(s)) for p in truth.columns] for s in truth.index],
        truth.index,
        truth.columns,
    )
    lost = [s for s in truth.index if s not in values.index and s not in named and kept.loc[s].any()]
    if lost and not m.renamed:
        found.append(f"loses sample {lost[0]!r}")
    gone = [p for p in truth.columns if p not in values.columns and kept[p].any()]
    if gone and not m.renamed:
        found.append(f"loses protein {gone[0]!r}")
    shared = truth.index.intersection(values.index), truth.columns.intersection(values.columns)
    before, after = truth.loc[shared].to_numpy(), values.loc[shared].to_numpy()
    for i, sample in enumerate(shared[0]):
        for k, protein in enumerate(shared[1]):
            cell, was, now = (str(protein), str(sample)), float(before[i, k]), float(after[i, k])
            if not _reached(m, *cell) and not _same(was, now):
                return [*found, f"reads {now:g} for {was:g} in an unchanged cell"]
            if cell in m.may_be and not any(_same(now, v) for v in m.may_be[cell]):
                found.append(f"reads {now:g} for the changed cell")
    return found


def _of_columns(m: Mutant, exp: mk.Experiment, said: str) -> list[str]:
    """Name columns that are neither read nor spoken of."""
    samples = {m.seed.cells[1, c][1]: m.seed.grid[0][c] for c in m.seed.columns} if not m.seed.long else {}
    lost = [
        s
        for s, c in samples.items()
        if c in m.to_name and s not in exp.samples.index and s not in said and c not in said
    ]
    return [f"loses sample {s!r} without a word" for s in lost]


def _of_sheet(m: Mutant, exp: mk.Experiment) -> list[str]:
    """Compare what the sample sheet says of the samples whose rows were not changed."""
    if m.sheet is None or m.sheet_rows or "fraction" not in exp.samples:
        return []
    wrong = [
        s
        for s in exp.samples.index
        if s in m.seed.samples and exp.samples.loc[s, "fraction"] != _group(str(s))[0]
    ]
    return [f"gives sample {wrong[0]!r} the annotation of another"] if wrong else []
