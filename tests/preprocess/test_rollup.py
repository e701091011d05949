"""Roll-up of peptides to proteins: the profile, its level, shared peptides, and what follows from it."""

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit import InputError, MarkerkitWarning

SAMPLES = ["ev_1", "ev_2", "cell_1", "cell_2"]


def table(columns, proteins, *, scale="raw", **annotation):
    values = pd.DataFrame(columns, index=SAMPLES, dtype=float)
    peptides = pd.DataFrame({"proteins": proteins, **annotation}, index=values.columns)
    return mk.PeptideTable(values, peptides=peptides, scale=scale)


ADDITIVE = {"AAAK": [1, 2, 4, 8], "CCCK": [10, 20, 40, 80], "DDDK": [5, 10, 20, 40]}


def test_the_profile_keeps_fold_changes_and_the_level_the_summed_intensity():
    exp = mk.rollup(table(ADDITIVE, ["P08962"] * 3))
    assert exp.scale == "raw"
    assert exp.values["P08962"].tolist() == pytest.approx([16, 32, 64, 128])


def test_a_missing_peptide_lowers_the_sum_but_not_the_profile():
    gap = ADDITIVE | {"CCCK": [10, np.nan, 40, 80]}
    polished, summed = (
        mk.rollup(table(gap, ["P1"] * 3), method=m).values["P1"] for m in ("median_polish", "sum")
    )
    assert polished["ev_2"] / polished["ev_1"] == pytest.approx(2)
    assert polished.sum() == pytest.approx(16 + 12 + 64 + 128), "the level is that of what was measured"
    assert summed.tolist() == pytest.approx([16, 12, 64, 128])


def test_an_outlying_peptide_does_not_shift_the_profile():
    spike = ADDITIVE | {"DDDK": [5, 10, 20, 4000]}
    values = mk.rollup(table(spike, ["P1"] * 3)).values["P1"]
    assert (values["cell_2"] / values["ev_1"]) == pytest.approx(8)


def test_zeros_are_missing_and_a_sample_without_peptides_has_no_value():
    values = mk.rollup(table({"AAAK": [1, 0, 4, 8], "CCCK": [2, 0, 8, 16]}, ["P1", "P1"])).values["P1"]
    assert np.isnan(values["ev_2"])
    assert values.drop("ev_2").tolist() == pytest.approx([3, 12, 24])
    summed = mk.rollup(table({"AAAK": [1, 0, 4, 8]}, ["P1"]), method="sum").values["P1"]
    assert np.isnan(summed["ev_2"])


def test_scales_stay_what_they_were():
    logs = {k: np.log2(v) for k, v in ADDITIVE.items()}
    log = mk.rollup(table(logs, ["P1"] * 3, scale="log2"))
    assert log.scale == "log2"
    assert log.values["P1"].tolist() == pytest.approx([4, 5, 6, 7])
    summed = mk.rollup(table(logs, ["P1"] * 3, scale="log2"), method="sum")
    assert summed.values["P1"].tolist() == pytest.approx([4, 5, 6, 7])
    ratio = mk.rollup(table({"A": [-1, 0, 1, 2], "C": [-1.5, -0.5, 0.5, 1.5]}, ["P1", "P1"], scale="ratio"))
    assert ratio.values["P1"].tolist() == pytest.approx([-1.25, -0.25, 0.75, 1.75])
    with pytest.raises(InputError, match="ratios cannot be summed"):
        mk.rollup(table({"A": [-1, 0, 1, 2]}, ["P1"], scale="ratio"), method="sum")


SHARED = {"AAAK": [1, 2, 3, 4], "CCCK": [1, 2, 3, 4], "DDDK": [8, 8, 8, 8], "EEEK": [5, 5, 5, 5]}
HOLDERS = ["P1", "P1", "P1;P2", "P2"]


def test_shared_peptides_count_for_the_razor_protein_or_not_at_all():
    razor = mk.rollup(table(SHARED, HOLDERS), method="sum")
    assert razor.values["P1"].tolist() == [10, 12, 14, 16]
    assert razor.values["P2"].tolist() == [5, 5, 5, 5]
    assert razor.proteins["n_peptides"].tolist() == [3, 1]
    assert razor.proteins["n_unique_peptides"].tolist() == [2, 1]
    unique = mk.rollup(table(SHARED, HOLDERS), method="sum", peptides="unique")
    assert unique.values["P1"].tolist() == [2, 4, 6, 8]
    assert unique.proteins["n_peptides"].tolist() == [2, 1]
    step = unique.history[-1]
    assert (step["verb"], step["method"], step["peptides"]) == ("rollup", "sum", "unique")
    assert (step["n_peptides_used"], step["n_left_out"], step["n_shared"]) == (3, 1, 0)
    assert razor.history[-1]["n_shared"] == 1


def test_decoys_are_left_out_and_contaminants_flagged():
    exp = mk.rollup(
        table(
            SHARED,
            ["P1", "CON__P04264", "REV__P9", "P1"],
            is_decoy=[False, False, True, False],
            is_contaminant=[True, True, False, False],
        )
    )
    assert exp.proteins["is_contaminant"].to_dict() == {"P1": False, "CON__P04264": True}
    assert exp.history[-1]["n_decoys"] == 1


def test_what_the_proteins_say_of_themselves():
    groups = ["P02768", "X1;X2", "X3", "X3"]
    stated = ["", "Homo sapiens", "Homo sapiens", "Bos taurus"]
    exp = mk.rollup(table(SHARED, groups, leading=groups, is_unique=True, species=stated))
    proteins = exp.proteins
    assert proteins.index.tolist() == ["P02768", "X1;X2", "X3"]
    assert proteins["accession"].tolist() == ["P02768", "X1;X2", "X3"]
    assert proteins["species"].tolist() == ["Homo sapiens", "Homo sapiens", ""], (
        "peptides that contradict each other tell none"
    )
    assert proteins["gene"].tolist() == ["", "", ""]
    assert not proteins["is_decoy"].any()
    unknown = mk.rollup(table({"AAAK": [1.0] * 4}, ["X1;P02769"], leading=["X1;P02769"], is_unique=[True]))
    assert unknown.proteins["species"].tolist() == [""], "the leading protein decides"
    assert exp.history[-1]["rule"].startswith("every peptide counts for its leading")


def test_a_gene_comes_from_a_unique_peptide():
    exp = mk.rollup(table(SHARED, HOLDERS, gene=["", "CD63", "CD63;CD81", "CD81"]))
    assert exp.proteins["gene"].tolist() == ["CD63", "CD81"]
    shared_first = mk.rollup(table({"A": [1] * 4, "C": [1] * 4}, ["P1;P2", "P1"], gene=["CD63;CD81", "CD63"]))
    assert shared_first.proteins["gene"].tolist() == ["CD63"]


def test_the_share_of_bovine_unique_peptides():
    exp = mk.rollup(
        table(SHARED, ["P02769", "P02769", "P02769;P02768", "P08962"]),
    )
    share = exp.proteins["bovine_unique_share"]
    assert share["P02769"] == pytest.approx((10 + 10) / (10 + 10 + 32))
    assert np.isnan(share["P08962"]), "no bovine sequence in the group"
    shared_only = mk.rollup(
        table({"A": [1] * 4}, ["EF1A1_BOVIN;EF1A1_HUMAN"], leading=["EF1A1_BOVIN"], is_unique=[False])
    )
    assert shared_only.proteins["bovine_unique_share"].tolist() == [0.0]
    assert shared_only.proteins["species"].tolist() == ["Bos taurus"]
    ratio = mk.rollup(table({"A": [0.5] * 4}, ["P02769"], scale="ratio"))
    assert ratio.proteins["bovine_unique_share"].isna().all()


@pytest.mark.parametrize(
    ("options", "proteins", "words"),
    [
        ({"method": "mean"}, HOLDERS, "`method` must be one of 'median_polish' or 'sum'"),
        ({"peptides": "all"}, HOLDERS, "`peptides` must be one of 'razor' or 'unique'"),
        (
            {"peptides": "unique"},
            ["A;B", "B;C", "C;D", "D;A"],
            "none of the 4 peptides is of one protein group only",
        ),
    ],
)
def test_what_it_refuses(options, proteins, words):
    with pytest.raises(InputError, match=words):
        mk.rollup(table(SHARED, proteins), **options)


def test_peptides_without_a_protein_are_left_out_and_told():
    with pytest.warns(
        MarkerkitWarning, match="1 of 4 peptides have no protein and are left out, such as 'CCCK'"
    ):
        exp = mk.rollup(table(SHARED, ["P1", "", "P1", "P1"]), method="sum")
    assert exp.values["P1"].tolist() == [14, 15, 16, 17]
    assert exp.history[-1]["n_left_out"] == 1
    assert "have no protein" in exp.history[-1]["warnings"][0]
    nothing = table({"AAAK": [1.0] * 4, "CCCK": [1.0] * 4}, ["", ""])
    with (
        pytest.warns(MarkerkitWarning),
        pytest.raises(InputError, match="none of the 2 peptides is measured, of a protein"),
    ):
        mk.rollup(nothing)


def peptides_of(exp, rng):
    """Peptide table of an experiment: 1 to 5 peptides a protein, with levels, noise and gaps of their own."""
    values = exp.logged().values
    n = rng.integers(1, 6, values.shape[1])
    wide = values.iloc[:, np.repeat(np.arange(values.shape[1]), n)]
    noise = rng.normal(0, 0.1, wide.shape) + rng.normal(0, 1.5, wide.shape[1])
    names = [f"PEPTIDE{'ACDEFGHI'[k]}{i}" for i, m in enumerate(n) for k in range(m)]
    proteins = exp.proteins.iloc[np.repeat(np.arange(values.shape[1]), n)].set_axis(names)
    names_of_groups = np.repeat(exp.proteins.index.to_numpy(), n)
    peptides = pd.DataFrame({"proteins": names_of_groups, "gene": proteins["gene"]})
    measured = (wide + noise).mask(rng.random(wide.shape) < 0.1).set_axis(names, axis=1)
    return mk.PeptideTable(measured, exp.samples, peptides, scale="log2"), n


def test_fold_changes_come_back_and_deqms_uses_the_counts():
    exp = mk.load_example()
    exp = exp.select(proteins=exp.values.columns[:300])
    peptides, n = peptides_of(exp, np.random.default_rng(3))
    rolled = mk.rollup(peptides)
    index = exp.proteins.index
    assert rolled.proteins.loc[index, "n_peptides"].to_numpy() == pytest.approx(n)
    effects = []
    for e in (exp.logged(), rolled):
        values = e.values
        group = e.samples["fraction"]
        effects.append(values[group == "EV"].mean() - values[group == "lysate"].mean())
    true, found = effects[0], effects[1].loc[index]
    both = true.notna() & found.notna() & (n >= 3)
    assert np.corrcoef(true[both], found[both])[0, 1] > 0.99
    assert (found - true)[both].median() == pytest.approx(0, abs=0.02)
    fitted = mk.differential_abundance(
        rolled, "~ fraction", contrast=("fraction", "EV", "lysate"), method="deqms"
    )
    assert fitted.table["pvalue"].notna().mean() > 0.9


def test_the_history_keeps_what_was_read():
    frame = pd.DataFrame(
        {"sequence": ["AAAK", "CCCK"], "protein": ["P1", "P2"], "ev": [1e6, 2e6], "cell": [3e6, 4e6]}
    )
    exp = mk.rollup(mk.read_peptides(frame))
    assert [h["verb"] for h in exp.history] == ["read_peptides", "rollup"]
    assert exp.provenance["software"] == "table"
    assert exp.provenance["scale"] == "raw"
    assert not exp.has_verb("log2")
