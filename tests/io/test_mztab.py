"""The protein section of mzTab files."""

import builtins

import numpy as np
import pytest

import markerkit as mk
from markerkit import InputError

MTD = """COM\tmade for a test
MTD\tmzTab-version\t1.0.0
MTD\tmzTab-mode\tComplete
MTD\tmzTab-type\tQuantification
MTD\tms_run[1]-location\tfile:///data/ev.mzML
MTD\tms_run[2]-location\tfile:///data/cell.mzML
MTD\tassay[1]-ms_run_ref\tms_run[1]
MTD\tassay[2]-ms_run_ref\tms_run[2]
MTD\tstudy_variable[1]-description\tvesicles
MTD\tstudy_variable[2]-description\tcells
"""
PRH = "PRH\taccession\tdescription\ttaxid\tspecies\tprotein_abundance_assay[1]\tprotein_abundance_assay[2]\tprotein_abundance_study_variable[1]\tprotein_abundance_stdev_study_variable[1]\tprotein_abundance_study_variable[2]\n"
PRT = """PRT\tP08962\tCD63 antigen GN=CD63\t9606\tHomo sapiens\t2000000\t500000\t2100000\t7\t510000
PRT\tsp|P02769|ALBU_BOVIN\tAlbumin\t9913\tBos taurus\tnull\t4000000\tnull\tnull\t4100000
"""


def write(tmp_path, text):
    path = tmp_path / "x.mzTab"
    path.write_text(text)
    return path


def test_assays_are_samples_called_after_their_runs(tmp_path):
    pytest.importorskip("pyteomics", reason="the extra 'mztab' is not installed")
    path = write(tmp_path, MTD + "\n" + PRH + PRT)
    exp = mk.read_proteins(path, scale="raw")
    assert (exp.history[0]["software"], exp.history[0]["quantity"]) == ("mztab", "assay")
    assert list(exp.samples.index) == ["ev", "cell"]
    np.testing.assert_array_equal(exp.values, [[2e6, np.nan], [5e5, 4e6]])
    assert list(exp.proteins["gene"]) == ["CD63", ""]
    assert list(exp.proteins["species"]) == ["Homo sapiens", "Bos taurus"]
    studies = mk.read_proteins(path, scale="raw", quantity="study variable")
    assert list(studies.samples.index) == ["vesicles", "cells"]
    np.testing.assert_array_equal(studies.values, [[2.1e6, np.nan], [5.1e5, 4.1e6]])


def test_names_that_repeat_give_way_to_numbers(tmp_path):
    pytest.importorskip("pyteomics", reason="the extra 'mztab' is not installed")
    exp = mk.read_proteins(
        write(tmp_path, MTD.replace("ms_run[2]\n", "ms_run[1]\n") + "\n" + PRH + PRT), scale="raw"
    )
    assert list(exp.samples.index) == ["assay[1]", "assay[2]"]


def test_a_file_without_abundances_is_refused_by_its_type(tmp_path):
    pytest.importorskip("pyteomics", reason="the extra 'mztab' is not installed")
    text = (
        MTD.replace("Quantification", "Identification")
        + "\nPRH\taccession\tdescription\nPRT\tP08962\tCD63 antigen\n"
    )
    with pytest.raises(InputError, match=r"mzTab file \(Identification\) without abundances of proteins"):
        mk.read_proteins(write(tmp_path, text))


def test_without_pyteomics_the_message_says_what_to_install(tmp_path, monkeypatch):
    plain = builtins.__import__

    def without(name, *rest):
        if name.startswith("pyteomics"):
            raise ImportError(name)
        return plain(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError, match="mzTab file, which needs pyteomics; run: pip install pyteomics"):
        mk.read_proteins(write(tmp_path, MTD + "\n" + PRH + PRT))


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        (
            "\t4000000\tnull",
            "\tnull",
            r"ragged: line 14 \(PRT\) has 9 cells, the header of its section has 10",
        ),
        ("\t4100000\n", "\t4100000\t5\n", r"line 14 \(PRT\) has 11 cells"),
        ("\ttaxid\t", "\taccession\t", "repeats the column 'accession'"),
    ],
)
def test_sections_that_are_damaged(tmp_path, old, new, match):
    pytest.importorskip("pyteomics", reason="the extra 'mztab' is not installed")
    text = MTD + "\n" + PRH + PRT
    assert text.count(old) == 1
    with pytest.raises(InputError, match=match):
        mk.read_proteins(write(tmp_path, text.replace(old, new)), scale="raw")


def test_a_description_is_not_needed(tmp_path):
    pytest.importorskip("pyteomics", reason="the extra 'mztab' is not installed")
    text = MTD + "\n" + PRH.replace("\tdescription", "\tother") + PRT
    exp = mk.read_proteins(write(tmp_path, text), scale="raw")
    np.testing.assert_array_equal(exp.values, [[2e6, np.nan], [5e5, 4e6]])
