"""Readers, sample sheets and the scale guard."""

import gzip
import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import markerkit as mk
from markerkit import InputError, MarkerkitWarning
from markerkit.io.dialects import plain
from markerkit.io.sample_sheet import sample_template
from markerkit.io.vendor_dialects import DIALECTS
from tests.io.tables import SAMPLES, matrix

DATA = Path(__file__).parents[3] / "shared" / "data"
ROWS = [("P08962", "CD63"), ("P60033", "CD81"), ("Q99816", "TSG101"), ("P02768", "ALB")]


def write(path, header, rows, sep="\t"):
    path.write_text("\n".join(sep.join(map(str, r)) for r in [header, *rows]) + "\n", encoding="utf-8")
    return path


def wide(tmp_path, name="m.tsv", sep="\t", values=lambda i, j: 1e6 * (i + 1) + j):
    rows = [(a, g, *(values(i, j) for j in range(4))) for i, (a, g) in enumerate(ROWS)]
    return write(tmp_path / name, ("protein_id", "gene", "ev_1", "ev_2", "cell_1", "cell_2"), rows, sep)


def sheet(tmp_path, names=("ev_1", "ev_2", "cell_1", "cell_2"), header=("sample", "group")):
    return write(tmp_path / "s.tsv", header, [(n, n.split("_")[0]) for n in names])


# ---- dialects --------------------------------------------------------------------


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_a_dialect_names_its_columns_as_they_are_compared(dialect):
    """An unfolded name, such as `PG.Genes`, would never be found."""
    parts = ("signature", "either", "accession", "gene", "annotation", "contaminant", "decoy", "peptides", "description",
             "length", "tagged")  # fmt: skip
    named = {name for part in parts for name in getattr(dialect, part)} | {dialect.after, dialect.before}
    assert {n: plain(n) for n in named if n != plain(n)} == {}, "write plain(name)"
    assert all("s" in re.compile(p).groupindex for p in dialect.quantities.values() if p)
    assert list(DIALECTS)[-1] == "table"


def test_maxquant(tmp_path):
    header = ["Protein IDs", "Majority protein IDs", "Gene names", "Fasta headers", "Razor + unique peptides", "Intensity",
              "Intensity a", "Intensity b", "LFQ intensity a", "LFQ intensity b", "iBAQ", "iBAQ peptides", "iBAQ a", "iBAQ b",
              "Only identified by site", "Reverse", "Potential contaminant"]  # fmt: skip
    rows = [
        [
            "P08962;X",
            "P08962",
            "CD63",
            ">sp|P08962|CD63_HUMAN",
            5,
            30,
            10,
            20,
            1e6,
            0,
            9,
            3,
            100,
            200,
            "",
            "",
            "",
        ],
        ["CON__P02769", "CON__P02769", "", "", 9, 30, 10, 20, 3e6, 4e6, 9, 3, 5, 6, "", "", "+"],
        ["REV__Q1", "REV__Q1", "", "", 1, 30, 10, 20, 1e5, 1e5, 9, 3, 7, 8, "", "+", ""],
    ]
    path = write(tmp_path / "proteinGroups.txt", header, rows)
    exp = mk.read_proteins(path)
    assert exp.history[0]["software"] == "maxquant"
    assert exp.history[0]["quantity"] == "lfq"
    assert list(exp.samples.index) == ["a", "b"]
    assert exp.values.loc["a", "P08962"] == 1e6
    assert np.isnan(exp.values.loc["b", "P08962"])
    assert exp.history[0]["n_zero_to_missing"] == 1
    assert list(exp.proteins["is_contaminant"]) == [False, True, False]
    assert list(exp.proteins["is_decoy"]) == [False, False, True]
    assert exp.proteins["n_peptides"].tolist() == [5, 9, 1]
    assert exp.proteins["species"].iloc[0] == "Homo sapiens"
    assert mk.read_proteins(path, quantity="ibaq").values.loc["b", "CON__P02769"] == 6
    assert mk.read_proteins(path, quantity="intensity").values.loc["b"].tolist() == [20, 20, 20]
    with pytest.raises(
        InputError, match=r"no quantity 'maxlfq'.*here there is 'lfq', 'intensity' and 'ibaq'"
    ):
        mk.read_proteins(path, quantity="maxlfq")


def test_diann_takes_run_names_from_paths(tmp_path):
    header = ["Protein.Group", "Protein.Ids", "Protein.Names", "Genes", "First.Protein.Description",
              "D:\\raw\\ev_1.mzML", "D:\\raw\\cell_1.raw"]  # fmt: skip
    path = write(
        tmp_path / "report.pg_matrix.tsv",
        header,
        [["P08962", "P08962", "CD63_HUMAN", "CD63", "", "2.6e6", "1.1e6"]],
    )
    exp = mk.read_proteins(path)
    assert exp.history[0]["software"] == "diann"
    assert list(exp.samples.index) == ["ev_1", "cell_1"]


def test_fragpipe_prefers_maxlfq(tmp_path):
    header = ["Protein", "Protein ID", "Entry Name", "Gene", "Organism", "Combined Total Peptides", "a Spectral Count",
              "a Intensity", "b Intensity", "a MaxLFQ Intensity", "b MaxLFQ Intensity", "Indistinguishable Proteins"]  # fmt: skip
    rows = [
        [
            "sp|P08962|CD63_HUMAN",
            "P08962",
            "CD63_HUMAN",
            "CD63",
            "Homo sapiens",
            4,
            7,
            1e6,
            2e6,
            3e6,
            4e6,
            "",
        ],
        ["contam_sp|P00761|TRYP_PIG", "P00761", "TRYP_PIG", "", "Sus scrofa", 4, 7, 1e6, 2e6, 3e6, 4e6, ""],
    ]
    path = write(tmp_path / "combined_protein.tsv", header, rows)
    exp = mk.read_proteins(path)
    assert (exp.history[0]["software"], exp.history[0]["quantity"]) == ("fragpipe", "maxlfq")
    assert exp.values.loc["a"].tolist() == [3e6, 3e6]
    assert list(exp.proteins["is_contaminant"]) == [False, True]
    assert mk.read_proteins(path, quantity="intensity").values.loc["b"].tolist() == [2e6, 2e6]


def diann_report(tmp_path, changes=()):
    """Three groups in two runs, two precursors each; `changes` are (row, column, value)."""
    rows = [
        {"Run": run, "Protein.Group": group, "Genes": gene, "PG.MaxLFQ": (i + 1) * 1e5 * (j + 1), "PG.Quantity": 7e4,
         "Precursor.Id": f"AAK{k}", "Q.Value": 0.001, "Global.PG.Q.Value": 0.001, "PG.Q.Value": 0.02, "RT": 3.2}
        for i, (group, gene) in enumerate([("P08962", "CD63"), ("P60033", "CD81"), ("Cont_P02769", "ALB")])
        for j, run in enumerate(["ev_1", "gene"])
        for k in range(2)
    ]  # fmt: skip
    frame = pd.DataFrame(rows)
    for row, column, value in changes:
        frame.loc[row, column] = value
    path = tmp_path / "report.tsv"
    frame.to_csv(path, sep="\t", index=False)
    return path, frame


def test_diann_main_report(tmp_path):
    path, frame = diann_report(tmp_path, [(6, "Q.Value", 0.02), (7, "PG.Q.Value", 0.06)])
    exp = mk.read_proteins(path)
    assert (exp.history[0]["software"], exp.history[0]["quantity"]) == ("diann", "maxlfq")
    assert (exp.history[0]["report_rows"], exp.history[0]["report_rows_used"]) == (12, 10)
    assert "PG.Q.Value <= 0.05" in exp.history[0]["report_limits"]
    assert list(exp.samples.index) == ["ev_1", "gene"]
    assert list(exp.proteins["gene"]) == ["CD63", "CD81", "ALB"]
    assert list(exp.proteins["is_contaminant"]) == [False, False, True]
    assert exp.values.loc["ev_1"].tolist() == [1e5, 2e5, 3e5]
    assert exp.values.loc["gene", "P08962"] == 2e5
    assert np.isnan(exp.values.loc["gene", "P60033"])  # both of its rows are beyond a limit
    assert mk.read_proteins(path, quantity="intensity").values.loc["ev_1"].tolist() == [7e4] * 3
    parquet = tmp_path / "report.parquet"
    frame.to_parquet(parquet)
    pd.testing.assert_frame_equal(mk.read_proteins(parquet).values, exp.values)
    with pytest.raises(InputError, match="no quantity 'ibaq'"):
        mk.read_proteins(path, quantity="ibaq")


def test_reports_that_contradict_themselves_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"different values \(100000 and 200000 for 'P08962'\)"):
        mk.read_proteins(diann_report(tmp_path, [(0, "PG.MaxLFQ", 2e5)])[0])
    with pytest.raises(InputError, match=r"no row within Q.Value <= 0.01"):
        mk.read_proteins(diann_report(tmp_path, [(slice(None), "Q.Value", 0.5)])[0])
    path, frame = diann_report(tmp_path)
    frame.assign(**{"Q.Value": "high"}).to_csv(path, sep="\t", index=False)
    with pytest.raises(InputError, match="text where a number belongs: 'high'"):
        mk.read_proteins(path)


def test_spectronaut_long_and_pivot(tmp_path):
    header = ["R.FileName", "PG.ProteinGroups", "PG.Genes", "PG.Quantity", "PG.Qvalue", "EG.ModifiedPeptide", "EG.IsDecoy", "EG.Qvalue"]  # fmt: skip
    rows = [
        ("ev_1", "P08962;P1", "CD63", "1200,5", 0, "_AAK_", "False", 0),
        ("ev_1", "P08962;P1", "CD63", "1200,5", 0, "_CCK_", "False", 0),
        ("cell_1", "P08962;P1", "CD63", "60,25", 0, "_AAK_", "False", 0),
        ("cell_1", "P02768", "ALB", "9000,0", 0, "_DDK_", "True", 0),
        ("ev_1", "P02768", "ALB", "8000,0", "0,2", "_DDK_", "False", 0),
        ("cell_1", "P60033", "CD81", "70,0", "0,001", "_EEK_", "False", 0),
    ]
    exp = mk.read_proteins(write(tmp_path / "report.tsv", header, rows))
    assert exp.history[0]["software"] == "spectronaut"
    assert exp.values["P08962;P1"].tolist() == [1200.5, 60.25]
    assert list(exp.values.columns) == ["P08962;P1", "P60033"]
    header = ["PG.ProteinGroups", "PG.Genes", "PG.NrOfStrippedSequencesIdentified", "[1] ev_1.raw.PG.Quantity", "[2] cell_1.raw.PG.Quantity",
              "[1] ev_1.raw.PG.IBAQ", "[2] cell_1.raw.PG.IBAQ"]  # fmt: skip
    path = write(
        tmp_path / "pivot.tsv",
        header,
        [("P08962", "CD63", 3, 1200.5, "Filtered", 5, 6), ("P1", "A", 2, 9e4, 8e4, 1, 2)],
    )
    exp = mk.read_proteins(path)
    assert list(exp.samples.index) == ["ev_1", "cell_1"]
    assert exp.values.loc["ev_1"].tolist() == [1200.5, 9e4]
    assert mk.read_proteins(path, quantity="ibaq").values.loc["cell_1"].tolist() == [6, 2]


def test_proteome_discoverer(tmp_path):
    header = ["Checked", "Master", "Accession", "Description", "Contaminant", "# Peptides", "Gene Symbol", "Abundance Ratio: (EV) / (Cell)",
              "Abundances (Grouped): EV", "Abundances (Normalized): F1: Sample, EV", "Abundances (Normalized): F2: Sample, Cell",
              "Abundance: F1: Sample, EV", "Abundance: F2: Sample, Cell", "Found in Sample: [S1] F1: Sample, EV"]  # fmt: skip
    rows = [
        ("False", "IsMasterProtein", "P08962", "CD63 antigen OS=Homo sapiens OX=9606 GN=CD63", "False", 4, "CD63", 2, 1, 11, 12, 1e6, 2e6, "High"),
        ("False", "IsMasterProtein", "P00761", "Trypsin OS=Sus scrofa OX=9823", "True", 4, "", 2, 1, 13, 14, "", 4e6, "High"),
    ]  # fmt: skip
    path = write(tmp_path / "proteins.txt", header, rows)
    exp = mk.read_proteins(path)
    assert (exp.history[0]["software"], exp.history[0]["quantity"]) == ("proteome_discoverer", "abundance")
    assert list(exp.samples.index) == ["F1: Sample, EV", "F2: Sample, Cell"]
    assert exp.values.loc["F2: Sample, Cell"].tolist() == [2e6, 4e6]
    assert list(exp.proteins["is_contaminant"]) == [False, True]
    assert list(exp.proteins["species"]) == ["Homo sapiens", "Sus scrofa"]
    assert mk.read_proteins(path, quantity="normalized").values.loc["F1: Sample, EV"].tolist() == [11, 13]
    plain = write(
        tmp_path / "t.tsv",
        ("Accession", "Description", "Gene Symbol", "ev", "cell"),
        [("P1", "x", "A", 1e6, 2e6)],
    )
    assert mk.read_proteins(plain).history[0]["software"] == "table"


def test_tmt_integrator_leaves_the_reference_out(tmp_path):
    header = (
        "Index",
        "NumberPSM",
        "Gene",
        "MaxPepProb",
        "Protein",
        "ProteinID",
        "ReferenceIntensity",
        "ev",
        "cell",
    )
    path = write(tmp_path / "abundance_protein_MD.tsv", header, [("P08962", 9, "CD63", 1, "sp|P08962|CD63_HUMAN", "P08962", 21.2, 22.5, 20.1)])  # fmt: skip
    exp = mk.read_proteins(path)
    assert list(exp.samples.index) == ["ev", "cell"]
    assert (exp.scale, exp.proteins["gene"].iloc[0]) == ("log2", "CD63")


def test_cut_cells_of_maxquant_site_columns_are_empty(tmp_path):
    header = "Protein IDs\tMajority protein IDs\tIntensity a\tIntensity b\tOxidation (M) site IDs\tOxidation (M) site positions"
    path = tmp_path / "proteinGroups.txt"
    path.write_text(f"{header}\nP1\tP1\t1e6\t2e6\nP2\tP2\t3e6\t4e6\t5\t6\n")
    assert mk.read_proteins(path).values.loc["b"].tolist() == [2e6, 4e6]
    path.write_text(f"{header}\nP1\tP1\t1e6\nP2\tP2\t3e6\t4e6\t5\t6\n")
    with pytest.raises(InputError, match="line 2 has 3 cells, the header has 6"):
        mk.read_proteins(path)


def test_a_sample_once_where_it_stands_raw_and_normalized(tmp_path):
    path = write(
        tmp_path / "p.csv",
        ("", "a_LFQ", "b_LFQ", "a", "b"),
        [("sp|P08962|CD63_HUMAN", 1e6, 2e6, 3e6, 4e6)],
        ",",
    )
    assert mk.read_proteins(path).values.loc["a"].tolist() == [1e6]


def test_sdrf_repeats_its_columns(tmp_path):
    header = (
        "source name",
        "characteristics[disease]",
        "comment[modification parameters]",
        "comment[modification parameters]",
        "comment[data file]",
    )
    rows = [
        (f"s{i}", "none", "NT=Oxidation", "NT=Acetyl", f"{n}.raw")
        for i, n in enumerate(("ev_1", "ev_2", "cell_1", "cell_2"))
    ]
    exp = mk.read_proteins(wide(tmp_path), samples=write(tmp_path / "x.sdrf.tsv", header, rows))
    assert list(exp.samples["disease"]) == ["none"] * 4


@pytest.mark.parametrize(("name", "sep"), [("m.tsv", "\t"), ("m.csv", ","), ("m.txt", ";")])
def test_plain_tables(tmp_path, name, sep):
    exp = mk.read_proteins(wide(tmp_path, name, sep), samples=sheet(tmp_path))
    assert exp.values.shape == (4, 4)
    assert list(exp.samples["group"]) == ["ev", "ev", "cell", "cell"]
    assert exp.scale == "raw"


def test_decimal_comma_gzip_and_workbook(tmp_path):
    path = wide(tmp_path, "m.csv", ";", lambda i, j: f"{20 + i},{5 + j}")
    exp = mk.read_proteins(path)
    assert exp.values.loc["ev_1", "P08962"] == 20.5
    assert exp.scale == "log2"
    zipped = tmp_path / "m.tsv.gz"
    zipped.write_bytes(gzip.compress(wide(tmp_path).read_bytes()))
    assert mk.read_proteins(zipped).values.shape == (4, 4)
    book = tmp_path / "m.xlsx"
    pd.read_csv(wide(tmp_path), sep="\t").to_excel(book, index=False)
    pd.testing.assert_frame_equal(mk.read_proteins(book).values, mk.read_proteins(wide(tmp_path)).values)


def test_rows_keep_a_name_each(tmp_path):
    rows = [("P1", "A", 10, 2000), ("P1", "A", 20, 3000), ("", "B", 30, 4000), ("", "", 40, 5000)]
    path = write(tmp_path / "m.tsv", ("protein_id", "gene", "x", "y"), rows)
    with pytest.warns(MarkerkitWarning, match="1 row repeats the name"):
        exp = mk.read_proteins(path)
    assert list(exp.values.columns) == ["P1", "P1 (2)", "B", "row 4"]


def test_missing_words_are_missing(tmp_path):
    path = write(
        tmp_path / "m.tsv", ("gene", "x", "y"), [("A", "Filtered", 2e6), ("B", "NA", "-"), ("C", 5e6, "#N/A")]
    )
    values = mk.read_proteins(path).values
    assert values.isna().sum().sum() == 4


def test_anndata_round_trip_and_file(tmp_path):
    anndata = pytest.importorskip("anndata", reason="the extra 'anndata' is not installed")
    exp = mk.read_proteins(wide(tmp_path), samples=sheet(tmp_path))
    adata = exp.to_anndata()
    back = mk.Experiment.from_anndata(adata)
    pd.testing.assert_frame_equal(back.values, exp.values)
    pd.testing.assert_frame_equal(back.samples.astype(str), exp.samples.astype(str))
    assert (back.scale, back.organism, back.history) == (exp.scale, exp.organism, exp.history)
    adata.layers["half"] = adata.X / 2
    path = tmp_path / "m.h5ad"
    adata.write_h5ad(path)
    found = mk.read_proteins(path)
    np.testing.assert_array_equal(found.values.to_numpy(), exp.values.to_numpy())
    assert list(found.samples["group"]) == ["ev", "ev", "cell", "cell"]
    assert list(found.proteins["gene"]) == list(exp.proteins["gene"])
    assert (mk.read_proteins(path, quantity="half").values.to_numpy() * 2 == exp.values.to_numpy()).all()
    with pytest.raises(InputError, match="does not state its 'scale' and 'organism'"):
        mk.Experiment.from_anndata(anndata.AnnData(exp.values))


def test_hdf5_by_another_name_is_named(tmp_path):
    path = tmp_path / "m.tsv"
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    with pytest.raises(InputError, match=r"must end in \.h5ad"):
        mk.read_proteins(path)


# ---- sheets ----------------------------------------------------------------------


def test_sheet_names_match_without_path_case_and_ending(tmp_path):
    path = wide(tmp_path)
    names = ("D:\\x\\EV_1.raw", "ev_2.mzML", "cell_1")
    with pytest.warns(MarkerkitWarning, match="1 column of the matrix is not in the sample sheet"):
        exp = mk.read_proteins(path, samples=sheet(tmp_path, names))
    assert list(exp.samples.index) == list(names)
    assert exp.history[0]["not_in_sheet"] == ["cell_2"]


def test_template_round_trip(tmp_path):
    exp = mk.read_proteins(wide(tmp_path))
    template = sample_template(exp)
    assert list(template["sample"]) == ["ev_1", "ev_2", "cell_1", "cell_2"]
    assert list(template["condition (guess)"]) == ["ev", "ev", "cell", "cell"]
    path = tmp_path / "filled.tsv"
    template.assign(condition=template["condition (guess)"]).to_csv(path, sep="\t", index=False)
    assert list(mk.read_proteins(wide(tmp_path), samples=path).samples["condition"]) == [
        "ev",
        "ev",
        "cell",
        "cell",
    ]


# ---- bad input -------------------------------------------------------------------

BAD_FILES = {
    "empty": (b"", "is empty"),
    "blank": (b"\n \n", "is empty"),
    "binary": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(200), "binary file"),
    "old_excel": (b"\xd0\xcf\x11\xe0" + bytes(300), "old Excel file"),
    "zip": (b"PK\x03\x04" + b"nonsense" * 20, "zip archive"),
    "broken_gzip": (b"\x1f\x8b\x08nonsense", "broken gzip"),
    "web_page": (b"<!DOCTYPE html><html><body>404</body></html>", "web page"),
    "header_only": (b"protein_id\tgene\ta\tb\n", "header only"),
    "one_column": (b"protein\nP1\nP2\n", "one column only"),
    "ragged": (b"protein_id\tgene\ta\tb\nP1\tA\t1\t2\nP2\tB\t1\n", "line 3 has 3 cells, the header has 4"),
    "duplicate": (b"protein_id\tgene\ta\ta\nP1\tA\t1\t2\n", "repeats the column 'a'"),
    "text": (
        b"protein_id\tgene\ta\tb\nP1\tA\t1e6\toops\nP2\tB\t2e6\t3e6\n",
        "'oops' in column 'b', row 'P1'",
    ),
    "infinite": (
        b"protein_id\tgene\ta\tb\nP1\tA\t1e6\tinf\nP2\tB\t2e6\t3e6\n",
        "infinite value in column 'b', row 'P1'",
    ),
    "no_samples": (b"protein_id\tgene\tdescription\nP1\tA\tx\n", "no sample columns"),
    "no_ids": (b"a\tb\n1e6\t2e6\n", "no protein or gene column"),
    "no_values": (b"protein_id\tgene\ta\tb\nP1\tA\t0\t\n", "holds no value"),
    "long_report": (b"Precursor.Id\tGenes\ta\nx\tA\t1e6\n", "precursors, peptides or spectra"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_bad_files_get_one_clear_line(tmp_path, case):
    content, message = BAD_FILES[case]
    path = tmp_path / f"{case}.tsv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        mk.read_proteins(path)


def test_missing_file_folder_and_words(tmp_path):
    with pytest.raises(InputError, match="there is no matrix"):
        mk.read_proteins(tmp_path / "nope.tsv")
    with pytest.raises(InputError, match="is a folder"):
        mk.read_proteins(tmp_path)
    path = wide(tmp_path)
    with pytest.raises(InputError, match=r"`software` must be one of .*Did you mean 'maxquant'"):
        mk.read_proteins(path, software="maxqant")
    with pytest.raises(InputError, match="`organism` must be one of"):
        mk.read_proteins(path, organism="yeast")
    with pytest.raises(InputError, match="does not look like maxquant"):
        mk.read_proteins(path, software="maxquant")
    with pytest.raises(InputError, match="no sample of the sheet"):
        mk.read_proteins(path, samples=sheet(tmp_path, ("q_1", "q_2")))
    with pytest.raises(InputError, match="names the sample 'ev_1' twice"):
        mk.read_proteins(path, samples=sheet(tmp_path, ("ev_1", "ev_1")))
    with pytest.raises(InputError, match="no sample column"):
        mk.read_proteins(path, samples=sheet(tmp_path, ("q_1", "q_2"), header=("who", "group")))


@pytest.mark.parametrize(
    ("value", "declared", "found"),
    [
        (lambda i, j: 1e6 * (i + 1), "auto", "raw"),
        (lambda i, j: 20 + i + j / 10, "auto", "log2"),
        (lambda i, j: (i - 1.5) / 3 + j / 10, "auto", "ratio"),
    ],
)
def test_scale_is_told(tmp_path, value, declared, found):
    assert mk.read_proteins(wide(tmp_path, values=value), scale=declared).scale == found


def test_scale_guard(tmp_path):
    with pytest.raises(InputError, match="declared log2 but holds"):
        mk.read_proteins(wide(tmp_path), scale="log2")
    with pytest.raises(InputError, match="declared raw but holds the negative value"):
        mk.read_proteins(wide(tmp_path, values=lambda i, j: i - 2.5), scale="raw")
    with pytest.raises(InputError, match="neither raw nor log"):
        mk.read_proteins(wide(tmp_path, values=lambda i, j: -1 if i == 0 else 1e6))
    with pytest.warns(MarkerkitWarning, match="look like logarithms"):
        mk.read_proteins(wide(tmp_path, values=lambda i, j: 21 + i), scale="raw")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.binary(max_size=400),
        st.text(max_size=400).map(str.encode),
        st.lists(
            st.lists(
                st.sampled_from(["gene", "a", "1", "2e6", "", "x;y", "-3", "inf", '"', "NaN", "é"]),
                min_size=1,
                max_size=5,
            ),
            max_size=6,
        ).map(lambda rows: "\n".join("\t".join(r) for r in rows).encode()),
    )
)
def test_anything_gives_an_experiment_or_an_input_error(tmp_path, content):
    path = tmp_path / "fuzz.tsv"
    path.write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MarkerkitWarning)
        try:
            exp = mk.read_proteins(path)
        except InputError as error:
            message = str(error)
            exp = None
        assert exp is None or exp.n_samples >= 1
        assert exp is not None or message


# ---- real tables -----------------------------------------------------------------

MATRICES = {
    "magnet_ev_vs_plasma": ((6, 4675), "raw"),
    "bv2_mouse_ev_vs_cell": ((32, 1606), "log2"),
    "wallis_ms1_senescence_ev": ((6, 569), "log2"),
    "wallis_ms2_sec_fractions": ((9, 1038), "log2"),
    "plasma_ev_isolation_meta_pnnl": ((105, 4611), "raw"),
    "tanzer_u937_cells": ((43, 4968), "log2"),
    "breast_cellline_exosomes_maxquant": ((12, 866), "raw"),
    "magnet_adpd_plasma_ev": ((48, 2343), "raw"),
    "c2c12_mouse_elv_bovine_contam": ((6, 660), "raw"),
    "tb_serum_exosome_tmt": ((20, 301), "raw"),
    "inspiration4_plasma_evp": ((24, 1443), "raw"),
    "ibd_colon_ev_metaproteome": ((18, 2886), "raw"),
}
VENDOR = {
    "maxquant/protdata_proteinGroups.txt": ("maxquant", "lfq", (2, 271)),
    "maxquant/proDA_bapII_drosophila_proteinGroups.txt": ("maxquant", "lfq", (36, 122)),
    "maxquant/msstats_mq_pg.csv": ("maxquant", "lfq", (15, 5)),
    "fragpipe/protdata_combined_protein.tsv": ("fragpipe", "maxlfq", (6, 7687)),
    "fragpipe/alphapeptstats_combined_proteins.tsv": ("fragpipe", "razor", (20, 10)),
    "diann/protdata_report.pg_matrix.tsv": ("diann", "maxlfq", (20, 10)),
    "diann/scpviz_test_diann_prot.tsv": ("diann", "maxlfq", (5, 3700)),
    "diann/proteobench_diann19_report.tsv": ("diann", "maxlfq", (6, 208)),
    "maxquant/alphapeptstats_proteinGroups_go.txt": ("maxquant", "lfq", (10, 882)),
    "spectronaut/alphapeptstats_results.tsv": ("spectronaut", "quantity", (1, 33)),
    "spectronaut/msstats_spectronaut_input.csv": ("spectronaut", "quantity", (6, 1)),
    "alphapept/results_proteins.csv": ("table", "table", (2, 3781)),
    "skyline/prism_example_proteins.parquet": ("table", "table", (12, 80)),
}
OTHER_KINDS = {
    "openms/msstats_openms_input.csv": "precursors, peptides or spectra",
    "proteome_discoverer/msstats_pd_input.csv": "precursors, peptides or spectra",
    "proteome_discoverer/proteobench_PeptideGroups_trimmed.txt": "precursors, peptides or spectra",
    "sage/proteobench_sage_lfq.tsv": "precursors, peptides or spectra",
    "skyline/msstats_skyline_input.csv": "precursors, peptides or spectra",
    "progenesis/msstats_progenesis_input.csv": "Progenesis",
    "mztab/alphapeptstats_test.mztab": "mzTab",
    "affinity/olink_covid_serum_npx_level.csv": "affinity assay",
    "affinity/somascan_example_data10.adat": "affinity assay",
    "affinity/olinkanalyze_npx_data1.xlsx": "affinity assay, Olink .'NPX Data' in its first rows",
    "sdrf/PXD020207.sdrf.tsv": "sample sheet",
    "diann/alphapeptstats_report_final.pg_matrix.tsv": "line 2 has 24 cells, the header has 25",
    "diann/msstats_diann_input.tsv": "different values",
}


@pytest.mark.data
@pytest.mark.skipif(not DATA.is_dir(), reason="the folder of real data sets is not here")
@pytest.mark.filterwarnings("ignore::markerkit.core.errors.MarkerkitWarning")
@pytest.mark.parametrize("name", MATRICES)
def test_real_matrices(name):
    shape, scale = MATRICES[name]
    organism = "mouse" if "mouse" in name else "human"
    exp = mk.read_proteins(DATA / name / "matrix.tsv", samples=DATA / name / "samples.tsv", organism=organism)
    assert exp.values.shape == shape
    assert exp.scale == scale
    assert "group" in exp.samples.columns


def totals(frame: pd.DataFrame, factor: float = 1.0) -> pd.DataFrame:
    """Row of the sums of all samples."""
    sums = frame[SAMPLES].sum() * factor
    return pd.DataFrame([{"Accession": "Total", "Gene": "Total", **sums}])


@pytest.mark.parametrize("last", [True, False])
def test_a_row_of_totals_is_no_protein(last):
    frame = matrix()
    rows = [frame, totals(frame)][:: 1 if last else -1]
    with pytest.raises(
        InputError, match=r"the row 'Total' of the matrix 'frame' is the sum of all other rows"
    ):
        mk.read_proteins(pd.concat(rows, ignore_index=True))
    # a protein may be as much as all others, but not to the thousandth in every sample
    near = pd.concat([frame, totals(frame, 1.002)], ignore_index=True)
    assert mk.read_proteins(near).values.shape == (6, len(frame) + 1)


def test_rows_that_hold_nothing_are_no_proteins(tmp_path):
    frame = matrix()
    frame.to_csv(tmp_path / "plain.csv", index=False)
    lines = (tmp_path / "plain.csv").read_text().splitlines()
    empty = "," * lines[0].count(",")
    (tmp_path / "m.csv").write_text("\n".join([*lines[:50], empty, *lines[50:], empty, empty]) + "\n")
    found, expected = (mk.read_proteins(tmp_path / f) for f in ("m.csv", "plain.csv"))
    pd.testing.assert_frame_equal(found.values, expected.values)
    pd.testing.assert_frame_equal(found.proteins, expected.proteins)


@pytest.mark.data
@pytest.mark.skipif(not DATA.is_dir(), reason="the folder of real data sets is not here")
@pytest.mark.parametrize("name", VENDOR)
def test_real_vendor_tables(name):
    software, quantity, shape = VENDOR[name]
    exp = mk.read_proteins(DATA / "parsers" / name)
    assert (exp.history[0]["software"], exp.history[0]["quantity"]) == (software, quantity)
    assert exp.values.shape == shape
    assert exp.scale == "raw"


@pytest.mark.data
@pytest.mark.skipif(not DATA.is_dir(), reason="the folder of real data sets is not here")
@pytest.mark.parametrize("name", OTHER_KINDS)
def test_real_tables_of_other_kinds_are_named(name):
    with pytest.raises(InputError, match=OTHER_KINDS[name]):
        mk.read_proteins(DATA / "parsers" / name)
