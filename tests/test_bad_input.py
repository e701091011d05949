"""Bad input at the command line: exit 2, a first line that says it all, nothing left behind."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit.cli.main import main
from markerkit.simulation.examples import write_example

# a refusal while another process waits to draw: test_confounded_batch in tests/cli/test_main.py
pytestmark = pytest.mark.usefixtures("one_process")

ASK = ("--condition", "fraction", "--case", "EV", "--control", "lysate")
PAIRED = (*ASK, "--paired-by", "donor", "--comparator", "lysate")


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """Frames of a matrix and its sheet, as text, that the cases spoil; every third protein: enough for a run."""
    paths = write_example(tmp_path_factory.mktemp("example"))
    matrix, sheet = (pd.read_csv(p, sep="\t", dtype=str, keep_default_na=False) for p in paths)
    return matrix.iloc[::3].reset_index(drop=True), sheet


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def text(frame, sep="\t"):
    return frame.to_csv(sep=sep, index=False)


def refused(capsys, words, here):
    """First line of the error of a run that must fail, leave nothing and print nothing else."""
    before = {p: p.stat().st_mtime_ns for p in here.rglob("*")}
    assert main([*words]) == 2
    out, err = capsys.readouterr()
    after = {p: p.stat().st_mtime_ns for p in here.rglob("*")}
    assert after == before, "something was left behind or changed"
    assert out == ""
    assert "Traceback" not in err
    lines = [line for line in err.splitlines() if line.startswith("markerkit: error: ")]
    assert len(lines) == 1
    first = lines[0].removeprefix("markerkit: error: ")
    assert 20 < len(first) < 700, "one line says what is wrong, what was found and what to do"
    return first


# ---- files ------------------------------------------------------------------------

FILES = {
    "missing": (None, "there is no matrix 'm.tsv'"),
    "empty": (b"", "is empty"),
    "blank lines": (b"\n\n  \n", "is empty"),
    "binary": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(300), "is a binary file"),
    "web page": (b"<!DOCTYPE html>\n<html><head></head><body>Login</body></html>", "is a web page"),
    "header only": (b"protein_id\tgene\tEV_1\tlysate_1\n", "has a header only"),
    "ragged": (
        b"protein_id\tgene\tEV_1\tlysate_1\nP1\tA\t1e6\t2e6\nP2\tB\t1e6\n",
        "line 3 has 3 cells, the header has 4",
    ),
    "too long a row": (
        b"protein_id\tgene\tEV_1\tlysate_1\nP1\tA\t1e6\t2e6\t3e6\n",
        "line 2 has 5 cells, the header has 4",
    ),
    "duplicate sample": (b"protein_id\tgene\tEV_1\tEV_1\nP1\tA\t1e6\t2e6\n", "repeats the column 'EV_1'"),
    "values under no name": (
        b"protein_id\tgene\tEV_1\t\nP1\tA\t1e6\t2e6\n",
        "has values under no name (column 4)",
    ),
    "NUL bytes": (b"protein_id\tgene\tEV_1\nP1\tA\t1\x00\x00e6\n", "is a binary file"),
    "UTF-16 without a mark": ("protein_id\tgene\tEV_1\nP1\tA\t1e6\n".encode("utf-16-le"), "is a binary file"),
    "thousands separators or decimal commas": (
        b'protein_id\tgene\tEV_1\tlysate_1\nP1\tA\t"1,234"\t"2,345"\nP2\tB\t"9,100"\t"8,000"\n',
        "writes numbers such as '1,234' (column 'EV_1'), which may stand for 1234 or for 1.234",
    ),
    "JSON": (b'{"protein": ["P1"], "EV_1": [1e6]}', "is JSON"),
    "mzTab": (b"COM\tx\nMTD\tmzTab-version\t1.0.0\n", "is an mzTab file"),
    "broken Parquet": (b"PAR1" + b"x" * 60, "is a broken Parquet file"),
    "peptides": (
        b"Peptide\tProteins\tEV_1\nAAK\tP1\t1e6\n",
        "is a report of precursors, peptides or spectra",
    ),
    "affinity assay": (b"SampleID,UniProt,Assay,NPX\ns1,P1,A,2.2\n", "is a table of an affinity assay"),
    "all zero": (b"protein_id\tgene\tEV_1\tlysate_1\nP1\tA\t0\t0\nP2\tB\t0\t\n", "holds no value"),
    "numbers no instrument counts": (
        b"protein_id\tgene\tEV_1\tlysate_1\nP1\tA\t1e6\t1e308\nP2\tB\t1e6\t1e6\n",
        "holds 1e+308",
    ),
}


@pytest.mark.parametrize("case", FILES)
def test_files(here, capsys, case):
    content, message = FILES[case]
    if content is not None:
        (here / "m.tsv").write_bytes(content)
    assert message in refused(capsys, ["assess", "m.tsv", *ASK, "--out", "r"], here)


def spoiled(case, matrix, sheet):
    """Matrix and sheet with one fault."""
    matrix, sheet = matrix.copy(), sheet.copy()
    columns = [c for c in matrix.columns if c in set(sheet["sample"])]
    if case == "text in a number cell":
        matrix.loc[7, columns[2]] = "saturated"
    elif case == "infinite value":
        matrix.loc[3, columns[1]] = "inf"
    elif case == "negative raw":
        matrix.loc[3, columns[1]] = "-1"
    elif case == "sheet that matches nothing":
        sheet["sample"] = [f"run{i}" for i in range(len(sheet))]
    elif case == "sample twice in the sheet":
        sheet.loc[1, "sample"] = sheet.loc[0, "sample"]
    elif case == "no sample column":
        sheet = sheet.rename(columns={"sample": "who"}).assign(who=[f"x{i}" for i in range(len(sheet))])
    elif case == "nameless sample":
        sheet.loc[2, "sample"] = ""
    elif case == "no condition given to a sample":
        sheet.loc[2, "fraction"] = ""
        sheet.loc[3, "donor"] = ""
    elif case == "batch confounded":
        sheet["lab"] = "lab_" + sheet["fraction"]
    elif case == "missing batch":
        sheet["lab"] = [f"lab{i % 2}" for i in range(len(sheet))]
        sheet.loc[0, "lab"] = ""
    elif case == "pairs that never meet":
        sheet["donor"] = sheet["sample"]
    return matrix, sheet


STUDIES = {
    "text in a number cell": (PAIRED, "holds text where a number belongs: 'saturated' in column"),
    "infinite value": (PAIRED, "holds an infinite value in column"),
    "negative raw": ((*PAIRED, "--scale", "raw"), "was declared raw but holds the negative value -1"),
    "sheet that matches nothing": (PAIRED, "no sample of the sheet 's.tsv' is a column of the matrix"),
    "sample twice in the sheet": (PAIRED, "names the sample"),
    "no sample column": (PAIRED, "has no sample column; call it 'sample'"),
    "nameless sample": (PAIRED, "has a row without a sample name"),
    "batch confounded": ((*ASK, "--batch", "lab"), "is confounded with 'lab'"),
    "missing batch": ((*ASK, "--batch", "lab"), "lab"),
    "pairs that never meet": (PAIRED, "donor"),
}


@pytest.mark.parametrize("case", STUDIES)
def test_studies(here, capsys, example, case):
    words, message = STUDIES[case]
    for name, frame in zip(("m.tsv", "s.tsv"), spoiled(case, *example), strict=True):
        (here / name).write_text(text(frame))
    found = refused(capsys, ["assess", "m.tsv", "--samples", "s.tsv", *words, "--out", "r"], here)
    assert message in found


WORDS = {
    "absent condition column": (("--condition", "arm", "--case", "EV", "--control", "lysate"), "no column 'arm'"),
    "absent level": (("--condition", "fraction", "--case", "EVs", "--control", "lysate"), "no level 'EVs'"),
    "absent pair column": ((*ASK, "--paired-by", "patient"), "no column 'patient'"),
    "absent batch column": ((*ASK, "--batch", "day"), "no column 'day'"),
    "absent replicate column": ((*ASK, "--collapse-by", "run"), "no column 'run'"),
    "case is control": (("--condition", "fraction", "--case", "EV", "--control", "EV"), "case and control are both"),
    "raw declared log2": ((*ASK, "--scale", "log2"), "was declared log2 but holds"),
    "unknown organism": ((*ASK, "--organism", "fly"), "`organism` must be one of 'human', 'mouse' or 'rat'"),
    "unknown software": ((*ASK, "--software", "maxqant"), "Did you mean 'maxquant'?"),
    "other software": ((*ASK, "--software", "spectronaut"), "does not look like spectronaut"),
    "unknown quantity": ((*ASK, "--quantity", "ibaq"), "has no quantity 'ibaq'"),
    "unknown marker file": ((*ASK, "--markers", "mine.gmt"), "mine.gmt"),
    "marker file that is a picture": ((*ASK, "--markers", "picture.gmt"), "picture.gmt"),
    "unknown context": ((*ASK, "--context", "c.toml"), "c.toml"),
    "case without control": (("--condition", "fraction", "--case", "EV"), "control"),
    "contrast without condition": (("--contrast", "EV:lysate"), "condition"),
    "output is a file": ((*ASK, "--out", "m.tsv"), "is there already"),
    "output below a file": ((*ASK, "--out", "m.tsv/r"), "cannot be written"),
}  # fmt: skip


@pytest.mark.parametrize("case", WORDS)
def test_words(here, capsys, example, case):
    words, message = WORDS[case]
    for name, frame in zip(("m.tsv", "s.tsv"), example, strict=True):
        (here / name).write_text(text(frame))
    (here / "picture.gmt").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    assert message in refused(capsys, ["assess", "m.tsv", "--samples", "s.tsv", *words], here)


def test_column_named_like_a_formula_is_a_name(here, example):
    """A hostile formula can reach the design as the name of a column only; there it is a name and nothing more."""
    matrix, sheet = example
    hostile = "__import__('os').system('touch pwned')"
    (here / "m.tsv").write_text(text(matrix))
    (here / "s.tsv").write_text(text(sheet.rename(columns={"donor": hostile})))
    result = assessed(paired_by=hostile)
    assert len(result.identity.table)
    assert not (here / "pwned").exists()
    with pytest.raises(mk.InputError, match="formula"):
        mk.differential_abundance(
            result.experiment.pipe(mk.log2), f"~ fraction + {hostile}", contrast=("fraction", "EV", "lysate")
        )
    assert not (here / "pwned").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_unwritable_output(here, capsys, example):
    (here / "m.tsv").write_text(text(example[0]))
    (here / "locked").mkdir(mode=0o500)
    assert "no right to write" in refused(capsys, ["assess", "m.tsv", "--out", "locked/r"], here)


# ---- odd, but not bad ---------------------------------------------------------------


def assessed(**options):
    contrast = mk.Contrast("fraction", "EV", "lysate", comparator="lysate", **options)
    markers = mk.load_markers()
    exp = mk.read_proteins("m.tsv", samples="s.tsv").pipe(mk.harmonize_ids, markers)
    return mk.assess(exp, contrast, markers)


def test_one_sample_a_group_gives_what_can_be_given(here, example):
    matrix, sheet = example
    (here / "m.tsv").write_text(text(matrix))
    (here / "s.tsv").write_text(text(sheet.groupby("fraction").head(1)))
    with pytest.warns(mk.MarkerkitWarning, match="left out"):
        result = assessed()
    table = result.identity.table
    assert set(table["verdict"]) == {"not assessable"}
    assert table["reason"].str.contains("no replicates|not stated").all()
    assert len(result.purity.shares.table)
    assert any("replicates" in gap for gap in result.gaps())


SHEETS = {
    "trailing spaces": lambda frame: text(frame.map(lambda v: f"{v}  ")).encode(),
    "byte order mark": lambda frame: text(frame).encode("utf-8-sig"),
    "UTF-16": lambda frame: text(frame).encode("utf-16"),
    "semicolons and line ends of DOS": lambda frame: text(frame, ";").replace("\n", "\r\n").encode(),
}


@pytest.mark.parametrize("case", SHEETS)
def test_sheets_of_spreadsheet_programs_are_read(here, example, case):
    matrix, sheet = example
    (here / "m.tsv").write_text(text(matrix))
    (here / "s.tsv").write_bytes(SHEETS[case](sheet))
    exp = mk.read_proteins("m.tsv", samples="s.tsv")
    assert list(exp.samples.index) == list(sheet["sample"])
    assert list(exp.samples["fraction"]) == list(sheet["fraction"])


def test_decimal_commas_are_numbers(here, example):
    matrix, sheet = example
    (here / "m.tsv").write_text(text(matrix))
    columns = [c for c in matrix.columns if c in set(sheet["sample"])]
    commas = matrix.assign(**{c: matrix[c].str.replace(".", ",", regex=False) for c in columns})
    for sep in ("\t", ";"):
        (here / "c.tsv").write_text(text(commas, sep))
        expected, found = mk.read_proteins("m.tsv").values, mk.read_proteins("c.tsv").values
        np.testing.assert_allclose(found.to_numpy(), expected.to_numpy(), rtol=1e-12)


def test_title_above_the_header_of_a_workbook_is_refused(here, capsys, example):
    matrix, _ = example
    rows = [
        ["Supplementary table 3", *[None] * (matrix.shape[1] - 1)],
        list(matrix.columns),
        *matrix.to_numpy(),
    ]
    pd.DataFrame(rows).to_excel("m.xlsx", index=False, header=False)
    assert "remove titles and merged cells" in refused(capsys, ["assess", "m.xlsx", "--out", "r"], here)


def test_sample_without_a_value_is_refused_when_asked_for(here, capsys, example):
    matrix, sheet = example
    lost = sheet["sample"].iloc[0]
    (here / "m.tsv").write_text(text(matrix.assign(**{lost: ""})))
    (here / "s.tsv").write_text(text(sheet))
    with pytest.warns(mk.MarkerkitWarning, match=f"no value at all in sample '{lost}'"):
        mk.read_proteins("m.tsv")
    words = ["assess", "m.tsv", "--samples", "s.tsv", *ASK, "--out", "r"]
    assert f"no value at all in sample '{lost}'" in refused(capsys, words, here)


@pytest.mark.parametrize("constant", ["1", "-5"])
def test_presence_calls_in_place_of_intensities_are_refused(here, capsys, example, constant):
    """A table of 0 and 1 says what was seen; a zero is a missing value, so every value left is alike."""
    matrix, sheet = example
    samples = list(sheet["sample"])
    called = matrix.assign(**{s: np.where(np.arange(len(matrix)) % 3 == 0, "0", constant) for s in samples})
    (here / "m.tsv").write_text(text(called))
    (here / "s.tsv").write_text(text(sheet))
    words = ["assess", "m.tsv", "--samples", "s.tsv", *ASK, "--out", "r"]
    first = refused(capsys, words, here)
    assert f"every value of the matrix 'm.tsv' is {constant}" in first
    assert "export the intensities" in first


def test_the_program_itself_exits_2():
    """Once as a process: the codes of the other tests are those of `main`."""
    code = "from markerkit.cli.main import main; import sys; sys.exit(main(['assess', 'nope.tsv']))"
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("markerkit: error: there is no matrix 'nope.tsv'")
