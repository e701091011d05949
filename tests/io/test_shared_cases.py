"""Inputs of kinds that were once misread, from the files to the values, beside those that other tests hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit import Contrast, InputError, MarkerkitWarning

CASES = Path(__file__).parents[3] / "shared" / "cases"
pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not CASES.is_dir(), reason="the folder of misread inputs is not beside this checkout"),
    pytest.mark.filterwarnings("ignore::markerkit.core.errors.MarkerkitWarning"),
]
DONORS = [f"{g}_D{i}" for g in ("EV", "lysate") for i in range(1, 7)]
LEVELS = ["EV"] * 6 + ["lysate"] * 6


def text_of(name: str, *changes: tuple[str, str]) -> str:
    """Text of a file after some replacements (patterns)."""
    text = (CASES / name).read_text()
    for pattern, new in changes:
        text = re.sub(pattern, new, text, flags=re.MULTILINE)
    return text


MADE: dict[str, Callable[[], str]] = {
    "15_leading_zero_sample_names/m2.tsv": lambda: text_of(
        "15_leading_zero_sample_names/m.tsv", (r"\t10\t11$", "\t07\t08")
    ),
    "15_leading_zero_sample_names/s2.tsv": lambda: text_of(
        "15_leading_zero_sample_names/s.tsv", (r"^10", "07"), (r"^11", "08")
    ),
    "20_transposed/t2.csv": lambda: text_of("20_transposed/t.csv", (r"^sample,", "Run,")),
    "24_other_species/zebrafish.tsv": lambda: re.sub(
        r"(?<=\t)[A-Z]\w*(?=\t\S*\d)", lambda m: m[0].lower(), text_of("24_other_species/dog.tsv", ("_CANLF", "_DANRE"))
    ),
    "24_other_species/cow.tsv": lambda: text_of("24_other_species/pig.tsv", ("_PIG", "_BOVIN")),
    "31_r_rownames_gene_symbols/write_table.txt": lambda: text_of(
        "31_r_rownames_gene_symbols/X_genes.csv", (r"\AX,", "")
    ),
    "38_excel_csv_variants/thousands_narrow.csv": lambda: text_of(
        "38_excel_csv_variants/thousands_comma.csv", (r"(?<=\d),(?=\d{3})", "\u202f")
    ),
    "46_accession_pipe_entry/combined_protein.tsv": lambda: text_of(
        "48_maxlfq_all_zero/combined_protein.tsv", (r"^sp\|(\w+)\|", r"\1|")
    ),
}  # fmt: skip


def path_of(name: str, folder: Path) -> Path:
    """Path of a file of the folder, or of one made of it."""
    if name not in MADE:
        return CASES / name
    path = folder / Path(name).name
    path.write_text(MADE[name](), encoding="utf-8")
    return path


def read(name: str, folder: Path, sheet: str = "", **options: str) -> mk.Experiment:
    samples = path_of(f"{name.split('/')[0]}/{sheet}", folder) if sheet else None
    return mk.read_proteins(path_of(name, folder), samples=samples, **options)


#: file, sample sheet -> samples, their number where the names say nothing; genes mapped; a gene and its first two values
READ = {
    ("14_semicolon_header_commas/Proteins_semicolon.csv", ""): (6, 40, "ALB", [170301.0, 93156.2]),
    ("15_leading_zero_sample_names/m2.tsv", "s2.tsv"): (["01", "02", "03", "09", "07", "08"], 40, "CD81", [77560500, 4951690]),
    ("17_levels_that_are_missing_words/m.tsv", "s.tsv"): (DONORS, 40, "CD81", [77560500, 4951690]),
    ("18_blank_column_mostly_words/m.tsv", ""): ([*DONORS, "blank_1"], 40, "CD81", [77560500, 4951690]),
    ("31_r_rownames_gene_symbols/write_table.txt", ""): (DONORS, 60, "CD81", [77560500, 4951690]),
    ("33_diann_reports/gene_order.tsv", ""): (DONORS, 3, "PHPT1", None),
    ("38_excel_csv_variants/thousands_narrow.csv", ""): (DONORS, 40, "CD81", [77560500, 4951690]),
    ("44_right_or_refused/directlfq.tsv", ""): (6, 40, "CD81", [77560500, 4951690]),
    ("46_accession_pipe_entry/combined_protein.tsv", ""): (["EV_D1", "EV_D2", "lysate_D1", "lysate_D2"], 30, "CD81", [77560500, 4951690]),
}  # fmt: skip


@pytest.mark.parametrize(("name", "sheet"), READ)
def test_tables_are_read_and_mapped(tmp_path, name, sheet) -> None:
    samples, n_genes, gene, values = READ[name, sheet]
    exp = mk.harmonize_ids(read(name, tmp_path, sheet))
    assert (len(exp.samples) if isinstance(samples, int) else list(exp.values.index)) == samples
    assert int((exp.proteins["gene"] != "").sum()) == n_genes
    found = exp.values.loc[:, (exp.proteins["gene"] == gene).to_numpy()].iloc[:, 0].dropna()
    assert values is None or found.tolist()[:2] == values


#: file, sample sheet -> the cause that the refusal names
REFUSED = {
    ("20_transposed/t2.csv", ""): "is transposed: its column 'Run' holds 'EV_D1', 'EV_D2'",
    ("24_other_species/zebrafish.tsv", ""): "look like Danio rerio",
    ("24_other_species/cow.tsv", ""): "look like Bos taurus: 60 of 60 entry names end in _BOVIN",
    ("25_other_id_types/entrez.tsv", ""): "has no protein or gene column.*'Entrez Gene ID'",
    ("33_diann_reports/same_base.tsv", "s.tsv"): "no sample of the sheet 's.tsv' is a column of the matrix",
}


@pytest.mark.parametrize(("name", "sheet"), REFUSED)
def test_tables_are_refused_by_their_cause(tmp_path, name, sheet) -> None:
    with pytest.raises(InputError, match=REFUSED[name, sheet]):
        mk.harmonize_ids(read(name, tmp_path, sheet))


# ---- what a contrast makes of them -------------------------------------------------------


def changes(exp: mk.Experiment, case: str = "EV", control: str = "lysate", **options: object) -> pd.Series:
    """Log2 fold change of every gene."""
    exp = mk.harmonize_ids(exp)
    raw = mk.log2(exp) if exp.scale == "raw" else exp
    table = mk.differential_abundance(raw, Contrast("condition", case, control, **options)).table
    return table.set_index("gene")["log2_fc"]


def sheet_of(**columns: object) -> pd.DataFrame:
    return pd.DataFrame({"sample": DONORS, "condition": LEVELS, **columns})


@pytest.mark.parametrize(
    "name",
    [
        "05_log2_zero_missing/log2p1.tsv",
        "06_log10/log10.tsv",
        "39_imputed_and_constant/log2_zero.tsv",
        "39_imputed_and_constant/log2_minus1.tsv",
    ],
)
def test_fold_changes_are_those_of_the_raw_table(name) -> None:
    raw = changes(mk.read_proteins(CASES / "44_right_or_refused/m.tsv", samples=sheet_of()))
    found = changes(mk.read_proteins(CASES / name, samples=sheet_of()))
    np.testing.assert_allclose(found[raw.index], raw, atol=2e-3)
    assert found[["CD63", "CD81"]].round(2).tolist() == [1.77, 1.24]


def test_levels_that_are_numbers_or_words_for_missing_make_no_difference() -> None:
    path = CASES / "44_right_or_refused/m.tsv"
    batch = [1, 1, 1, 2, 2, 2] * 2
    words = sheet_of(batch=[f"b{b}" for b in batch])
    plain = changes(mk.read_proteins(path, samples=words), batch="batch")
    for case, control in (("1", "0"), ("+", "-"), ("drugX", "None")):
        levels = [case] * 6 + [control] * 6
        exp = mk.read_proteins(path, samples=sheet_of(batch=batch).assign(condition=levels))
        pd.testing.assert_series_equal(changes(exp, case, control, batch="batch"), plain)


def test_levels_0_and_1_beside_an_empty_row(tmp_path) -> None:
    sheet = tmp_path / "s.tsv"
    sheet_of().assign(condition=["1"] * 6 + ["0"] * 5 + [""]).to_csv(sheet, sep="\t", index=False)
    exp = mk.read_proteins(CASES / "17_levels_that_are_missing_words/m.tsv", samples=sheet)
    assert exp.samples["condition"].tolist()[:11] == ["1"] * 6 + ["0"] * 5
    assert changes(exp, "1", "0").notna().any()


@pytest.mark.parametrize(("n_case", "n_control"), [(2, 2), (2, 6)])
def test_few_samples_an_empty_group_and_constant_rows(n_case, n_control) -> None:
    names = [*DONORS[:n_case], *DONORS[6 : 6 + n_control]]
    table = pd.read_csv(CASES / "44_right_or_refused/m.tsv", sep="\t")[["protein_id", "gene", *names]]
    table.loc[table["gene"] == "CD9", names[:n_case]] = np.nan
    table.loc[table["gene"] == "APOA1", names] = 1e6
    sheet = sheet_of().set_index("sample").loc[names].reset_index()
    exp = mk.harmonize_ids(mk.read_proteins(table, samples=sheet))
    found = mk.differential_abundance(mk.log2(exp), Contrast("condition", "EV", "lysate")).table.set_index(
        "gene"
    )
    logs = np.log2(table.set_index("gene")[names])
    expected = logs[names[:n_case]].mean(axis=1) - logs[names[n_case:]].mean(axis=1)
    tested = found.index[found["status"] == "tested"]
    np.testing.assert_allclose(found.loc[tested, "log2_fc"], expected[tested], atol=1e-9)
    assert "CD9" not in tested
    assert (found.loc[tested, "pvalue"] > 0).all()


def test_a_copy_of_a_run_is_named_before_it_counts() -> None:
    with pytest.warns(MarkerkitWarning, match="one run, 3 times. They are no replicates"):
        exp = mk.read_proteins(CASES / "47_identical_sample_columns/m.tsv", samples=sheet_of())
    assert any("one run, 3 times" in w for w in exp.history[0]["warnings"])


@pytest.mark.slow  # one sample of a group: tests/test_bad_input.py and tests/identity/test_change.py
def test_one_sample_against_three_is_not_assessable_and_says_why() -> None:
    names = [DONORS[0], *DONORS[6:9]]
    sheet = sheet_of().set_index("sample").loc[names].reset_index()
    table = pd.read_csv(CASES / "44_right_or_refused/m.tsv", sep="\t")[["protein_id", "gene", *names]]
    exp = mk.harmonize_ids(mk.read_proteins(table, samples=sheet))
    why = "no replicates: EV has 1 sample, 2 or more are needed"
    declared = mk.assess(exp, Contrast("condition", "EV", "lysate", comparator="lysate"))
    undeclared = mk.assess(exp, Contrast("condition", "EV", "lysate"))
    for found, table in ((declared, declared.identity.table), (undeclared, undeclared.comparison.table)):
        assert set(table["verdict"]) == {"not assessable"}
        assert set(table["reason"]) == {why}
        assert len(table) == 6
        # vesicles of dying cells are not on the first screen without a context that speaks of them
        assert str(found).count(f"not assessable  {why}") == 3
        assert "compatible" not in str(found)


def test_four_hundred_samples_have_the_fold_changes_of_pandas() -> None:
    """Samples made from those of the table, 200 a group, some values missing."""
    rng = np.random.default_rng(55)
    table = pd.read_csv(CASES / "44_right_or_refused/m.tsv", sep="\t")
    many = {
        f"{level}_{i:03d}": table[f"{level}_D{i % 6 + 1}"] * np.exp(rng.normal(0, 0.3, len(table)))
        for level in ("EV", "lysate")
        for i in range(200)
    }
    values = pd.DataFrame(many).mask(rng.random((len(table), 400)) < 0.1)
    sheet = pd.DataFrame({"sample": list(many), "condition": ["EV"] * 200 + ["lysate"] * 200})
    found = changes(
        mk.read_proteins(pd.concat([table[["protein_id", "gene"]], values], axis=1), samples=sheet)
    )
    logs = np.log2(values.set_axis(table["gene"]))
    expected = logs.iloc[:, :200].mean(axis=1) - logs.iloc[:, 200:].mean(axis=1)
    assert len(found) == 40
    np.testing.assert_allclose(found, expected[found.index], atol=1e-9)
