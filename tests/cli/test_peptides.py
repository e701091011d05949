"""The command `markerkit peptides`: what it writes and prints, and what it refuses."""

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit.cli.main import main
from markerkit.tables.registry import PEPTIDE_TABLES


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame(
        {
            "sequence": ["AAAK", "CCCR", "AEFVEVTK", "GAAK"],
            "protein": ["P08962", "P08962", "P02769", "P60033"],
            "gene": ["CD63", "CD63", "", "CD81"],
            "before": ["K", "R", "K", "D"],
            "after": ["S", "T", "G", "A"],
            "ev_1": [1e6, 3e6, 5e5, 1e5],
            "cell_1": [1e5, 3e5, np.nan, 1e6],
        }
    )
    frame.to_csv("peptides.tsv", sep="\t", index=False)
    return tmp_path


FILES = ["proteins.tsv", "proteins_bovine_peptides.tsv", "proteins_caspase_ends.tsv"]


def test_writes_the_protein_table_and_both_tables(here, capsys):
    assert main(["peptides", "peptides.tsv", "--out", "proteins.tsv"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert sorted(p.name for p in here.iterdir()) == ["peptides.tsv", *FILES]
    bovine = pd.read_csv("proteins_bovine_peptides.tsv", sep="\t")
    assert list(bovine.columns) == PEPTIDE_TABLES["bovine_peptides"].names
    assert bovine["n_bovine_unique"].tolist() == [1, 0]
    ends = pd.read_csv("proteins_caspase_ends.tsv", sep="\t")
    assert ends["n_after_aspartate"].tolist() == [1, 1]
    assert out.startswith("bovine_peptides\nsample\t")
    assert "\ncaspase_ends\nsample\t" in out
    assert out.endswith("4 peptides, 3 protein groups in 2 samples: proteins.tsv\n")
    exp = mk.read_proteins("proteins.tsv")
    assert list(exp.samples.index) == ["ev_1", "cell_1"]
    assert exp.values["P08962"].tolist() == pytest.approx([4e6, 4e5])
    assert np.isnan(exp.values.loc["cell_1", "P02769"])
    assert exp.proteins["gene"].tolist() == ["CD63", "", "CD81"]
    assert exp.proteins.loc["P02769", "species"] == "Bos taurus"


def test_a_table_is_replaced_only_where_asked_for(here, capsys):
    words = ["peptides", "peptides.tsv", "--out", "proteins.tsv", "--quiet"]
    (here / FILES[1]).write_text("something else\n")
    assert main(words) == 2
    assert "is there already" in capsys.readouterr().err
    assert not (here / "proteins.tsv").exists(), "nothing is written where one of the tables cannot be"
    assert main([*words, "--overwrite"]) == 2
    assert "is another kind of file" in capsys.readouterr().err
    (here / FILES[1]).unlink()
    assert main(words) == 0
    assert main(words) == 2
    assert main([*words, "--overwrite", "--method", "sum"]) == 0
    assert pd.read_csv("proteins.tsv", sep="\t")["ev_1"].tolist() == [4e6, 5e5, 1e5]


def test_a_sample_sheet_chooses_and_options_reach_the_roll_up(here, capsys):
    (here / "s.tsv").write_text("sample\tfraction\nev_1\tEV\n")
    words = [
        "peptides",
        "peptides.tsv",
        "--out",
        "proteins.tsv",
        "--samples",
        "s.tsv",
        "--peptides",
        "unique",
    ]
    assert main(words) == 0
    assert capsys.readouterr().err == (
        "note: 1 column of the peptide table is not in the sample sheet and is left out: 'cell_1'\n"
    )
    assert [c for c in pd.read_csv("proteins.tsv", sep="\t") if c.endswith("_1")] == ["ev_1"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["peptides.tsv", "--out", "proteins.xlsx"], "peptides writes TSV"),
        (["peptides.tsv", "--out", "proteins.tsv", "--method", "mean"], "`method` must be one of"),
        (["peptides.tsv", "--out", "proteins.tsv", "--peptides", "all"], "`peptides` must be one of"),
        (["nowhere.tsv", "--out", "proteins.tsv"], "there is no peptide table 'nowhere.tsv'"),
        (["peptides.tsv", "--out", "nowhere/proteins.tsv"], "there is no folder 'nowhere'"),
        (["genes.tsv", "--out", "proteins.tsv"], "is a table of proteins"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(here, capsys, words, message):
    (here / "genes.tsv").write_text("gene\tev_1\tcell_1\nCD63\t1e6\t2e6\n")
    before = sorted(p.name for p in here.iterdir())
    assert main(["peptides", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("markerkit: error: ")
    assert message in err
    assert "Traceback" not in err
    assert sorted(p.name for p in here.iterdir()) == before
