"""Set tests on a differential abundance."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit._checks import InputError, MarkerkitWarning, one_of
from markerkit.markers import MarkerCatalog
from markerkit.results import TABLES, DifferentialAbundance, Enrichment
from markerkit.stats import set_tests
from markerkit.stats.fdr import bh
from markerkit.stats.set_tests import Members, SetStatistics, SetTest

Method = Callable[[SetStatistics, Members, float | None], SetTest]

#: name -> test
METHODS: dict[str, Method] = {
    "camera": lambda s, m, rho: set_tests.camera(s, m, correlation=rho),
    "fry": lambda s, m, _rho: set_tests.fry(s, m),
}
_FEW_PROTEINS = 500


def enrich(
    da: DifferentialAbundance,
    markers: MarkerCatalog | Mapping[str, Iterable[str]],
    *,
    method: str = "camera",
    min_measured: int = 3,
    inter_protein_cor: float | None = None,
) -> Enrichment:
    """Test the positive members of every set.

    Parameters
    ----------
    da
        Differential abundance; its contrasts are tested.
    markers
        Catalogue, or a mapping of set names to genes.
    method
        ``"camera"``: do the members change more than the other proteins
        (competitive, the correlation between them estimated)? ``"fry"``: do
        they change at all (self-contained)?
    min_measured
        Fewest members that must be testable.
    inter_protein_cor
        Preset correlation for camera in place of the estimate.

    Returns
    -------
    Enrichment
        A row a contrast and set, no set left out. The false discovery rate
        holds over the sets and contrasts of the call.

    Raises
    ------
    InputError
        An unknown method, a preset correlation for fry or outside -1 to 1, a
        differential abundance without its fit.
    """
    one_of("method", method, list(METHODS))
    if inter_protein_cor is not None and (method != "camera" or not -1 <= inter_protein_cor <= 1):
        raise InputError(
            f"`inter_protein_cor` is for camera and lies between -1 and 1; got {inter_protein_cor!r}."
        )
    if da.fit is None or da.moderated is None:
        raise InputError(
            "this differential abundance was read without its fit; run differential_abundance again."
        )
    sets = _sets(markers)
    tables = []
    for name, vector in da.contrasts.items():
        statistics, usable = set_tests.set_statistics(da.fit, da.moderated, np.asarray(vector, dtype=float))
        tables.append(
            _test(da, sets, name, statistics, usable, METHODS[method], inter_protein_cor, min_measured)
        )
    table = pd.concat(tables, ignore_index=True)
    table["padj"] = bh(table["pvalue"].to_numpy(float))
    table["padj_mixed"] = bh(table["pvalue_mixed"].to_numpy(float))
    params = {"method": method, "min_measured": min_measured, "inter_protein_cor": inter_protein_cor}
    return Enrichment(
        TABLES["enrichment"].conform(table.assign(method=method)), params | {"family": "sets x contrasts"}
    )


def _sets(markers: MarkerCatalog | Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    if isinstance(markers, MarkerCatalog):
        return {name: markers[name].positive for name in markers}
    return {str(name): list(dict.fromkeys(genes)) for name, genes in markers.items()}


def _test(
    da: DifferentialAbundance,
    sets: Mapping[str, list[str]],
    name: str,
    statistics: SetStatistics,
    usable: npt.NDArray[np.bool_],
    method: Method,
    preset: float | None,
    min_measured: int,
) -> pd.DataFrame:
    genes, position = _representatives(da, usable)
    if len(statistics.t) < _FEW_PROTEINS:
        warnings.warn(
            f"the background of the set tests holds {len(statistics.t)} proteins: under {_FEW_PROTEINS} a competitive "
            "test compares sets with each other rather than with a proteome",
            MarkerkitWarning,
            stacklevel=4,
        )
    at = {k: np.sort(position[np.isin(genes, v)]) for k, v in sets.items()}
    testable = [k for k, v in at.items() if len(v) >= min_measured]
    found = method(statistics, [at[k] for k in testable], preset)
    effect = da.table.loc[(da.table["contrast"] == name).to_numpy(), "log2_fc"].to_numpy(float)[usable]
    rows = []
    for k, members in at.items():
        row: dict[str, object] = {
            "contrast": name,
            "set": k,
            "n_set": len(sets[k]),
            "n_measured": len(members),
        }
        if k in testable:
            i = testable.index(k)
            outside = np.ones(len(effect), dtype=bool)
            outside[members] = False
            shift = effect[members].mean() - (effect[outside].mean() if outside.any() else np.nan)
            row |= {
                "direction": "up" if found.statistic[i] > 0 else "down",
                "log2_fc": shift,
                "correlation": found.correlation[i],
                "statistic": found.statistic[i],
                "df": found.df[i],
                "pvalue": found.pvalue[i],
                "pvalue_mixed": found.pvalue_mixed[i],
                "leading_edge": _leading_edge(
                    statistics, members, genes, position, up=found.statistic[i] > 0
                ),
                "status": "tested",
            }
        else:
            reason = f"{len(members)} of at least {min_measured} members measured with an error"
            row |= {"status": "too few measured", "reason": reason, "pvalue": np.nan, "pvalue_mixed": np.nan}
        rows.append(row)
    return pd.DataFrame(rows)


def _representatives(
    da: DifferentialAbundance, usable: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.str_], npt.NDArray[np.intp]]:
    """Genes and the position, among the usable proteins, of the group that stands for each."""
    if da.fit is None:  # pragma: no cover - enrich has looked
        raise AssertionError
    order = pd.DataFrame(
        {
            "gene": da.proteins["gene"].to_numpy()[usable],
            "n": da.fit.n_obs[usable],
            "mean": da.fit.mean[usable],
            "at": np.arange(int(usable.sum())),
        }
    )
    order = order[order["gene"] != ""].sort_values(["n", "mean"], ascending=False, kind="stable")
    best = order.drop_duplicates("gene").sort_values("at")
    return best["gene"].to_numpy(dtype=str), best["at"].to_numpy()


def _leading_edge(
    statistics: SetStatistics,
    members: npt.NDArray[np.intp],
    genes: npt.NDArray[np.str_],
    position: npt.NDArray[np.intp],
    *,
    up: bool,
) -> str:
    """Members beyond the median of all proteins in the set's direction, strongest first."""
    sign = 1.0 if up else -1.0
    t = sign * statistics.t
    driving = members[t[members] > np.median(t)]
    name = dict(zip(position.tolist(), genes.tolist(), strict=True))
    return ";".join(name[int(i)] for i in driving[np.argsort(-t[driving], kind="stable")])
