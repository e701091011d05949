"""Readers, sample sheets and the scale guard."""

import gzip
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import markerkit as mk
from markerkit import InputError, MarkerkitWarning
from markerkit.sample_sheet import sample_template

DATA = Path(__file__).parents[2] / "shared" / "data"
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
        [["P08962", "P08962", "CD63_HUMAN", "CD63", "", "2.6e6", ""]],
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
    with pytest.warns(MarkerkitWarning, match="1 rows repeat the name"):
        exp = mk.read_proteins(path)
    assert list(exp.values.columns) == ["P1", "P1 (2)", "B", "row 4"]


def test_missing_words_are_missing(tmp_path):
    path = write(
        tmp_path / "m.tsv", ("gene", "x", "y"), [("A", "Filtered", 2e6), ("B", "NA", "-"), ("C", 5e6, "#N/A")]
    )
    values = mk.read_proteins(path).values
    assert values.isna().sum().sum() == 4


# ---- sheets ----------------------------------------------------------------------


def test_sheet_names_match_without_path_case_and_ending(tmp_path):
    path = wide(tmp_path)
    names = ("D:\\x\\EV_1.raw", "ev_2.mzML", "cell_1")
    with pytest.warns(MarkerkitWarning, match="1 columns of the matrix are not in the sample sheet"):
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
    "long_report": (b"Precursor.Id\tGenes\ta\nx\tA\t1e6\n", "precursors or peptides"),
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
        mk.read_proteins(path, samples=sheet(tmp_path, header=("who", "group")))


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
}


@pytest.mark.data
@pytest.mark.skipif(not DATA.is_dir(), reason="the folder of real data sets is not here")
@pytest.mark.filterwarnings("ignore::markerkit._checks.MarkerkitWarning")
@pytest.mark.parametrize("name", MATRICES)
def test_real_matrices(name):
    shape, scale = MATRICES[name]
    organism = "mouse" if "mouse" in name else "human"
    exp = mk.read_proteins(DATA / name / "matrix.tsv", samples=DATA / name / "samples.tsv", organism=organism)
    assert exp.values.shape == shape
    assert exp.scale == scale
    assert "group" in exp.samples.columns


@pytest.mark.data
@pytest.mark.skipif(not DATA.is_dir(), reason="the folder of real data sets is not here")
@pytest.mark.parametrize("name", VENDOR)
def test_real_vendor_tables(name):
    software, quantity, shape = VENDOR[name]
    exp = mk.read_proteins(DATA / "parsers" / name)
    assert (exp.history[0]["software"], exp.history[0]["quantity"]) == (software, quantity)
    assert exp.values.shape == shape
    assert exp.scale == "raw"
