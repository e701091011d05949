"""Peptide ends after aspartate that trypsin does not make: traces of caspases, beside what chance would give."""

from __future__ import annotations

from dataclasses import astuple, dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.core.peptides import PeptideTable
from markerkit.results import CaspaseEnds
from markerkit.tables.registry import PEPTIDE_TABLES

Array = npt.NDArray[np.float64]

#: residues after the cut of the strict rule: small ones, and asparagine
SMALL = frozenset("GSATN")
_TRYPSIN = frozenset("KR")
_MOSTLY = 0.5  # share of ends that are not after K or R from which the digest was not one by trypsin
_FEW = 20  # ends below which a share of them is uncertain

_NO_CONTEXT = "the table does not give the residue before each peptide"
_TRYPTIC = "no end that trypsin does not make: the search allowed fully tryptic peptides only"
_NO_DIGEST = "most ends are not after K or R: not a digest by trypsin, or peptides that were there before it"
_NO_AFTER = "the residue after each peptide is not given, so that ends at the end of a protein cannot be determined: ends before peptides alone"


def caspase_ends(table: PeptideTable) -> CaspaseEnds:
    """Count the peptide ends that lie after aspartate, as the cuts of caspases do.

    Caspases cut after aspartate; caspase-3 and -7, the executioners of apoptosis, prefer DxxD before
    the cut and a small residue after it. A digest by trypsin makes ends after K and R; a search that
    allows semi-tryptic peptides finds other ends as well, among them those that proteases of the
    cells made. More ends after D than chance gives point at caspases, and so at dying cells; granzyme B cuts
    there too, and handling and acid break proteins. The table is read beside the context of the study and is never a verdict.

    Parameters
    ----------
    table
        Peptide table with ``before`` (MaxQuant's cleavage windows or `Amino acid before`, FragPipe's
        `Prev AA`, the annotated sequence of Proteome Discoverer) and ``after``.

    Returns
    -------
    CaspaseEnds
        Table `caspase_ends`, one row per sample; ``not assessable`` where the table does not give the
        residues before the peptides, or has no end other than after K or R.

    Notes
    -----
    An end counts where it lies inside the protein and the residue before the cut is not K or R. No
    ends are those at the ends of a protein and before residue 2 after an initiator methionine; a
    peptide after M whose place is unknown is left out. Rules, with ``|`` for the cut and x for any
    residue: ``D|x``, and the strict ``DxxD|[GSATN]``, judged where the five residues are known.
    The comparison is the frequency of D among the residues, K and R left out, of the peptides of
    the sample: a protease without preference cuts after D as often.

    References
    ----------
    Motif CLV_C14_Caspase3-7 of the Eukaryotic Linear Motif resource (elm.eu.org); Mahrus et al. 2008, doi:10.1016/j.cell.2008.08.012; Crawford and Wells 2011,
    doi:10.1146/annurev-biochem-061809-121639; Crawford et al. 2013 (DegraBase),
    doi:10.1074/mcp.O112.024372.

    Examples
    --------
    >>> peptides = pd.DataFrame({"sequence": ["GVDK", "AADEVD"], "before": ["DEVD", "K"], "after": ["A", "G"]})
    >>> peptides.index = peptides["sequence"]
    >>> values = pd.DataFrame(1.0, index=["ev"], columns=peptides.index)
    >>> found = caspase_ends(PeptideTable(values, peptides=peptides)).table
    >>> found[["n_ends", "n_after_aspartate", "n_caspase_like"]].to_dict("records")
    [{'n_ends': 2, 'n_after_aspartate': 2, 'n_caspase_like': 2}]
    """
    spec = PEPTIDE_TABLES["caspase_ends"]
    peptides = table.peptides
    own = table.targets & ~peptides["is_contaminant"].to_numpy(dtype=bool)
    peptides, measured = peptides.loc[own], table.measured[:, own]
    rows = pd.DataFrame({"sample": table.samples.index, "n_peptides": measured.sum(axis=1)})
    ends = _ends(peptides)
    reason = _why_not(peptides, ends)
    if reason:
        return CaspaseEnds(spec.conform(rows.assign(status="not assessable", reason=reason)))
    counts = pd.DataFrame(measured.astype(int) @ ends.counts, columns=list(_Counts.__annotations__))
    n, after = counts["n_ends"].to_numpy(dtype=float), counts["n_after_aspartate"].to_numpy(dtype=float)
    aspartate, others = (measured @ ends.residues).T
    share, expected = _over(after, n), _over(aspartate, others)
    caution = [] if (peptides["after"] != "").any() else [_NO_AFTER]
    rows = rows.join(counts).assign(
        share=share,
        expected_share=expected,
        ratio=_over(share, expected),
        status=np.where(n > 0, "assessed", "not assessable"),
        reason=[_words(int(k), caution) for k in n],
    )
    return CaspaseEnds(spec.conform(rows))


def _over(a: Array, b: Array) -> Array:
    return np.asarray(np.divide(a, b, out=np.full(len(a), np.nan), where=b > 0))


def _words(n: int, caution: list[str]) -> str:
    if n == 0:
        return "no end other than after K or R in this sample"
    few = [f"fewer than {_FEW} ends: the share is uncertain"] if n < _FEW else []
    return "; ".join([*few, *caution])


@dataclass
class _Counts:
    """What the ends of one peptide count as; the fields are columns of the table."""

    n_semi_tryptic: int = 0
    n_ends: int = 0
    n_after_aspartate: int = 0
    n_before_proline: int = 0
    n_caspase_like: int = 0
    n_motif_known: int = 0
    n_after_glutamate: int = 0


@dataclass(frozen=True)
class _Ends:
    """Ends of every peptide.

    Attributes
    ----------
    counts
        Shape (peptides, fields of `_Counts`).
    residues
        Numbers of D, and of all residues but K and R, shape (peptides, 2).
    n_known
        Ends inside a protein of which the residue before the cut is known.
    """

    counts: npt.NDArray[np.int_]
    residues: Array
    n_known: int


def _ends(peptides: pd.DataFrame) -> _Ends:
    counts, n_known = [], 0
    columns = ("sequence", "before", "after", "start")
    for sequence, before, after, start in zip(*(peptides[c] for c in columns), strict=True):
        sides = [
            cut for cut in (_cut_before(sequence, before, start), _cut_after(sequence, before, after)) if cut
        ]
        n_known += len(sides)
        counts.append(astuple(_counted([cut for cut in sides if cut[0][-1] not in _TRYPSIN])))
    residues = [(s.count("D"), sum(r not in _TRYPSIN for r in s)) for s in peptides["sequence"]]
    return _Ends(np.array(counts, dtype=int), np.array(residues, dtype=float), n_known)


def _cut_before(sequence: str, before: str, start: float) -> tuple[str, str] | None:
    """Residues before and after the cut that made the beginning of a peptide; nothing where there was none."""
    if before in {"", "-"} or before[-1] == "-":
        return None
    if before[-1] == "M" and not start > 2:  # initiator methionine, or a place that is not known
        return None
    return before, sequence[0]


def _cut_after(sequence: str, before: str, after: str) -> tuple[str, str] | None:
    """Residues before and after the cut that made the end of a peptide; nothing at the end of a protein."""
    if not after or after[0] == "-":
        return None
    return before + sequence, after[0]


def _counted(cuts: list[tuple[str, str]]) -> _Counts:
    """Count the ends that trypsin does not make."""
    found = _Counts(n_semi_tryptic=int(bool(cuts)), n_ends=len(cuts))
    for left, right in cuts:
        found.n_after_glutamate += left[-1] == "E"
        if left[-1] != "D":
            continue
        found.n_after_aspartate += 1
        found.n_before_proline += right == "P"
        known = len(left) >= 4 and left[-4:].isalpha()
        found.n_motif_known += known
        found.n_caspase_like += known and left[-4] == "D" and right in SMALL
    return found


def _why_not(peptides: pd.DataFrame, ends: _Ends) -> str:
    """Say why the ends of a table cannot be assessed; empty where they can."""
    if (peptides["before"] == "").all():
        return _NO_CONTEXT
    n = int(ends.counts[:, list(_Counts.__annotations__).index("n_ends")].sum())
    if n == 0:
        return _TRYPTIC
    return _NO_DIGEST if n > _MOSTLY * ends.n_known else ""
