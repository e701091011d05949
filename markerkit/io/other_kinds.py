"""Tables of another kind than protein tables, recognized by their header and refused by what they are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from markerkit.core.errors import InputError, shown
from markerkit.io.affinity import INSTEAD
from markerkit.io.dialects import plain
from markerkit.io.tabular import Table

_MOSTLY = 0.5
_TOP = 6  # rows that may belong to a header of several lines
_LONGEST_PEPTIDE = 60  # residues; what is longer on the median is the sequence of a protein
_PROTEIN_TABLE = (
    "give the protein table, such as proteinGroups.txt, report.pg_matrix.tsv or the Proteins export"
)
_READ_PEPTIDES = f"{_PROTEIN_TABLE}, or read the peptides with `mk.read_peptides`"

# Columns that only tables of one level have: PSM tables of Proteome Discoverer, FragPipe (psm.tsv),
# Sage, Mascot and Percolator; transitions of Skyline, OpenSWATH and MSstats; precursors of DIA-NN,
# Spectronaut, AlphaDIA and directLFQ; peptides of MaxQuant, FragPipe, MetaMorpheus and others.
_LEVELS = {
    "spectra (PSMs)": (
        "first scan", "scan number", "scannr", "scan num", "spectrum", "spectrum file", "psm id", "spec id", "spectrum id",
        "pep scan title", "ms ms scan number", "scan", "scans", "spectrum title",
    ),
    "fragments (transitions)": (
        "fragment ion", "product mz", "f frg ion", "aggr fragment annotation", "transition group id",
        "fragment annotation", "transition name",
    ),
    "precursors": (
        "precursor id", "precursor charge", "eg precursor id", "fg id", "fg charge", "precursor idx", "mod seq charge hash",
        "fg labeled sequence", "precursor mz", "precursor m z", "feature id mz", "ion",
    ),
    "peptides": (
        "stripped sequence", "modified sequence", "annotated sequence", "peptide sequence", "eg modified peptide",
        "eg modified sequence", "pep stripped sequence", "pep grouping key", "pep seq", "peptide modified sequence",
        "base sequence", "full sequence", "full peptide name", "modified peptide", "psm ambiguity", "peptidoform",
        "peptide group", "peptide", "sequence", "peptides", "pep sequence", "naked sequence",
    ),
}  # fmt: skip
_SITES = (
    "localization prob",
    "sequence window",
    "positions within proteins",
    "site localization",
    "phospho site probabilities",
)
#: names that other tables have as well: the cells must be sequences or names of ions
_COMMON = frozenset({"peptide", "sequence", "peptides", "ion", "scan", "scans", "spectrum", "peptidegroup"})
_SEQUENCE = re.compile(
    r"[A-Za-z_.\-\[\](){}:+*|0-9/ ]*[ACDEFGHIKLMNPQRSTVWY]{3,}[A-Za-z_.\-\[\](){}:+*|0-9/ ]*"
)


_RESIDUES = re.compile(r"[ACDEFGHIKLMNPQRSTVWY]{7,}")
_NEARLY_ALL = 0.9
_FEW_PEPTIDES = 10


@dataclass(frozen=True)
class _Kind:
    """A kind of table: what it is called, the folded columns that tell it, what to give instead.

    `together`: all of them are there; `either`: one of them is.
    """

    what: str
    instead: str
    together: frozenset[str] = frozenset()
    either: frozenset[str] = frozenset()


_SHEET = "give it as the sample sheet (--samples), and the protein table as the matrix"
_OF_A_DATABASE = "markerkit needs the abundances that you measured, one column per sample"
_KINDS = (
    _Kind("a table of an affinity assay, Olink", INSTEAD,
          either=frozenset({"npx", "olink id", "olinkid", "ext npx", "extnpx", "pcnormalizednpx", "qc warning", "assay warning", "olink"})),
    _Kind("a table of an affinity assay, Olink", INSTEAD, together=frozenset({"uniprot", "assay", "panel"})),
    _Kind("a table of an affinity assay, SomaScan", INSTEAD,
          either=frozenset({"seqid", "seq id", "somaid", "soma id", "aptname", "somamer id", "somamer", "hybcontrolnormscale", "rowcheck", "targetfullname"})),
    _Kind("a table of an affinity assay, NULISA", INSTEAD, either=frozenset({"npq", "alamartargetid"})),
    _Kind("a sample sheet (SDRF)", _SHEET, either=frozenset({"comment data file", "characteristics organism"})),
    _Kind("a download of ExoCarta or Vesiclepedia", _OF_A_DATABASE, together=frozenset({"content type", "experiment id"})),
    _Kind("a list of the studies in ExoCarta or Vesiclepedia", _OF_A_DATABASE,
          together=frozenset({"experiment id", "pubmed id"})),
    _Kind("a list of proteins by how often vesicle databases name them", _OF_A_DATABASE,
          either=frozenset({"number of times identified", "identification number"})),
    _Kind("a download of the Human Protein Atlas", _OF_A_DATABASE,
          either=frozenset({"rna tissue specificity", "subcellular main location", "ntpm"})),
    _Kind("a download of UniProt", _OF_A_DATABASE, together=frozenset({"entry", "reviewed"})),
    _Kind("a network of interactions (STRING)", _OF_A_DATABASE, together=frozenset({"node1", "node2"})),
    _Kind("a result table of a gene-set enrichment", _OF_A_DATABASE, together=frozenset({"term", "overlap"})),
    _Kind("a result table of a gene-set enrichment", _OF_A_DATABASE, either=frozenset({"nes", "generatio"})),
    _Kind("a summary of runs (DIA-NN report.stats.tsv)", _PROTEIN_TABLE,
          together=frozenset({"precursors identified", "proteins identified"})),
    _Kind("a summary of runs (MaxQuant summary.txt)", _PROTEIN_TABLE,
          together=frozenset({"ms ms identified", "peptide sequences identified"})),
)  # fmt: skip
#: column names and cells that only affinity assays have: SomaScan aptamers, Olink assays
_SEQ_COLUMN = re.compile(r"seq[._\- ]?\d{3,5}[._\-]\d{1,3}", re.IGNORECASE)
_OLINK_ASSAY = re.compile(r"OID\d{5}")


def refuse_gene_sets(path: object) -> None:
    """Refuse a file of gene sets by its extension.

    Raises
    ------
    InputError
        A GMT file.
    """
    if isinstance(path, str | Path) and Path(path).suffix.lower() in {".gmt", ".gmx", ".grp"}:
        raise InputError(
            f"the matrix {Path(path).name!r} is a file of gene sets (GMT), not a protein table; give it as marker sets "
            "(`--markers`, `mk.load_markers(extra=...)`), and the protein table as the matrix."
        )


def refuse_other_kinds(table: Table) -> None:
    """Refuse tables of peptides, spectra, sites, affinity assays, databases and samples, by what they are.

    Raises
    ------
    InputError
        A table of another kind.
    """
    named = {plain(c): c for c in reversed(table.frame.columns)}
    for kind in _KINDS:
        marks = sorted(kind.either & named.keys()) or sorted(
            kind.together if kind.together <= named.keys() else ()
        )
        if marks:
            raise _refusal(table, kind.what, f"column {shown(named[marks[0]])}", kind.instead)
    _refuse_affinity_names(table)
    squeezed = {name.replace(" ", ""): column for name, column in named.items()}
    site = next((squeezed[s] for m in _SITES if (s := m.replace(" ", "")) in squeezed), None)
    if site is not None:
        raise _refusal(table, "a table of modification sites", f"column {shown(site)}", _PROTEIN_TABLE)
    marked = {
        column: level
        for level, marks_of_level in _LEVELS.items()
        for mark in marks_of_level
        if (column := squeezed.get(mark.replace(" ", ""))) and _is_of_level(table, column, mark)
    }
    # a column of ions that is empty says nothing of the level
    filled = next((c for c in marked if table.frame[c].notna().any()), next(iter(marked), None))
    if filled is not None:
        raise _peptide_refusal(table, marked[filled], filled)
    _refuse_headers_of_several_lines(table)
    nameless = next((c for c in table.frame.columns if _is_all_peptides(table, c)), None)
    if nameless is not None:
        raise _peptide_refusal(table, "peptides", nameless)


def _is_of_level(table: Table, column: str, mark: str) -> bool:
    """Say whether a column is what its name says: names that protein tables have too need the cells to agree."""
    if mark.replace(" ", "") not in _COMMON:
        return True
    if column not in table.texts or (given := table.words(column)).empty:
        return False
    if mark in {"ion", "scan", "scans", "spectrum"}:
        return True
    sequences = (
        given.str.fullmatch(_SEQUENCE).mean() >= _MOSTLY and given.str.upper().eq(given).mean() >= _MOSTLY / 2
    )
    return bool(sequences and given.str.len().median() <= _LONGEST_PEPTIDE)


def _is_all_peptides(table: Table, column: str) -> bool:
    """Say whether a column holds peptides whatever it is called: residues alone, too many for symbols of genes."""
    if column not in table.texts:
        return False
    given = table.words(column)
    if len(given) < _FEW_PEPTIDES or given.str.fullmatch(_RESIDUES).mean() < _NEARLY_ALL:
        return False
    return bool(given.nunique() >= _FEW_PEPTIDES and given.str.len().median() <= _LONGEST_PEPTIDE)


def _peptide_refusal(table: Table, level: str, column: str) -> InputError:
    cells = table.frame[column].dropna()
    cell = f", first cell {str(cells.iloc[0])[:40]!r}" if len(cells) else ""
    instead = _READ_PEPTIDES if level in {"peptides", "precursors"} else _PROTEIN_TABLE
    what = f"a report of precursors, peptides or spectra, here of {level}"
    return _refusal(table, what, f"column {shown(column)}{cell}", instead)


def _refusal(table: Table, what: str, evidence: str, instead: str) -> InputError:
    return InputError(f"the matrix {table.name!r} is {what} ({evidence}), not a protein table; {instead}.")


def _refuse_affinity_names(table: Table) -> None:
    """Refuse tables whose columns or rows are aptamers or Olink assays."""
    columns = [str(c) for c in table.frame.columns]
    aptamers = [c for c in columns if _SEQ_COLUMN.match(c)]
    if len(aptamers) > 1:
        raise _refusal(
            table, "a table of an affinity assay, SomaScan", f"column {shown(aptamers[0])}", INSTEAD
        )
    assays = [c for c in columns if _OLINK_ASSAY.search(c)]
    if len(assays) > 1:
        raise _refusal(table, "a table of an affinity assay, Olink", f"column {shown(assays[0])}", INSTEAD)
    for column in columns:
        if column not in table.texts:
            continue
        given = table.words(column)
        for pattern, maker in ((_SEQ_COLUMN, "SomaScan"), (_OLINK_ASSAY, "Olink")):
            if len(given) and given.str.match(pattern).mean() >= _MOSTLY:
                evidence = f"column {shown(column)}, first cell {shown(given.iloc[0])}"
                raise _refusal(table, f"a table of an affinity assay, {maker}", evidence, INSTEAD)


def _refuse_headers_of_several_lines(table: Table) -> None:
    """Refuse exports whose header spans several lines, by the words in the first rows."""
    header = {plain(c) for c in table.frame.columns}
    top = {plain(str(v)) for v in table.frame.iloc[:_TOP].to_numpy().ravel()}
    if {"npx", "npx data", "olinkid"} & (header | top):
        raise _refusal(table, "a table of an affinity assay, Olink", "'NPX' in its first rows", INSTEAD)
    if {"normalized abundance", "raw abundance"} <= header | top:
        ions = ", of peptide ions" if {"charge", "sequence"} <= top else ""
        instead = _READ_PEPTIDES if ions else "keep the third line as the header and one column per sample"
        raise InputError(
            f"the matrix {table.name!r} is an export of Progenesis{ions} with a header of three lines, not a protein table with one "
            f"column per sample; {instead}."
        )
