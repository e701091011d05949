"""The command line: exit codes, one clear line, no folder left behind."""

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
import markerkit.report
from markerkit.catalog.files import read_orthologs
from markerkit.catalog.load import reference_folder
from markerkit.cli.contrasts import read_contrasts, read_study_context
from markerkit.cli.main import _parser, main
from markerkit.sets.scoring import SCORES
from markerkit.simulation.examples import write_example
from tests.faults import write


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    return write_example(tmp_path_factory.mktemp("example"))


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


ASK = ["--condition", "fraction", "--case", "EV", "--control", "lysate"]


def refused(capsys, words, here):
    before = sorted(p.name for p in here.iterdir())
    assert main(words) == 2
    out, err = capsys.readouterr()
    first = next(line for line in err.splitlines() if line.startswith("markerkit: error: "))
    assert "Traceback" not in err
    assert out == ""
    assert sorted(p.name for p in here.iterdir()) == before, "something was left behind"
    return first


@pytest.mark.usefixtures("one_figure")
@pytest.mark.usefixtures("one_figure")
def test_demo_writes_the_contract(here, capsys):
    write(here / "markerkit_demo", "earlier")
    assert main(["demo", "--quiet"]) == 2
    assert "is there already" in capsys.readouterr().err
    assert main(["demo", "--quiet", "--overwrite"]) == 0
    out, err = capsys.readouterr()
    assert "EV vs lysate" in out
    assert "largest gaps" in out
    assert out.rstrip().splitlines()[-1].startswith("results: ")
    assert (here / "markerkit_demo" / "tables" / "identity.tsv").is_file()
    assert [p.name for p in here.iterdir()] == ["markerkit_demo"]
    assert err == "" or "note" not in err


def asked(words, exp):
    """The contrasts that the options of `assess` give, without running it."""
    parsed = _parser().parse_args(["assess", "m.tsv", *words])
    return [(c.name, c.comparator, c.fluid, c.paired_by) for c in read_contrasts(parsed, exp)]


@cache
def several():
    exp = mk.load_example()
    arm = [a if f == "EV" else f for a, f in zip(["SEC", "UC"] * 6, exp.samples["fraction"], strict=True)]
    return mk.Experiment(exp.values, exp.samples.assign(arm=arm), exp.proteins, history=exp.history)


ARM = ["--condition", "arm"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--contrast", "SEC:lysate@lysate", "--contrast", "SEC:UC@ev"],
         [("SEC vs lysate", "lysate"), ("SEC vs UC", "ev")]),
        (["--contrast", "SEC:lysate", "--contrast", "SEC:UC@ev", "--comparator", "lysate"],
         [("SEC vs lysate", "lysate"), ("SEC vs UC", "ev")]),
        (["--contrast", "all"], [("SEC vs UC", None), ("SEC vs lysate", None), ("UC vs lysate", None)]),
        (["--contrast", "vs:lysate@lysate"], [("SEC vs lysate", "lysate"), ("UC vs lysate", "lysate")]),
        (["--contrast", "vs:lysate", "--comparator", "lysate", "--contrast", "SEC:UC@ev"],
         [("SEC vs lysate", "lysate"), ("UC vs lysate", "lysate"), ("SEC vs UC", "ev")]),
        (["--case", "SEC", "--control", "UC", "--comparator", "ev"], [("SEC vs UC", "ev")]),
    ],
)  # fmt: skip
def test_contrasts_of_the_command_line(words, expected):
    found = asked([*ARM, *words, "--fluid", "culture", "--paired-by", "donor"], several())
    assert found == [(name, kind, "culture", "donor") for name, kind in expected]


def test_levels_that_hold_the_signs_of_contrasts():
    """A level is a level, whatever it looks like."""
    exp = mk.load_example()
    names = {"EV": "a:b", "lysate": "vs:ctrl@ev"}
    odd = mk.Experiment(
        exp.values,
        exp.samples.assign(arm=exp.samples["fraction"].map(names)),
        exp.proteins,
        history=exp.history,
    )
    assert asked([*ARM, "--contrast", "a:b:vs:ctrl@ev"], odd) == [("a:b vs vs:ctrl@ev", None, None, None)]
    assert asked([*ARM, "--contrast", "a:b:vs:ctrl@ev@lysate"], odd)[0][1] == "lysate"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--contrast", "SEC:UC"], "a contrast needs --condition"),
        ([*ARM, "--case", "SEC"], "--case is given without --control"),
        ([*ARM, "--control", "SEC"], "--control is given without --case"),
        ([*ARM, "--case", "SEC", "--control", "UC", "--contrast", "SEC:UC"], "either --contrast or --case"),
        ([*ARM, "--contrast", "SEC"], "a contrast is written case:control or case:control@comparator"),
        ([*ARM, "--contrast", "SEC:UC@cells"], "`comparator` must be one of"),
        ([*ARM, "--contrast", "vs:EV"], "`arm` has no level 'EV'"),
        (["--condition", "nope", "--contrast", "all"], "no column 'nope'"),
    ],
)
def test_words_that_are_no_contrast(words, message):
    with pytest.raises(mk.InputError, match=message):
        asked(words, several())


def test_options_of_a_contrast_without_one_are_said_to_be_idle():
    with pytest.warns(mk.MarkerkitWarning, match="--batch, --comparator without a contrast changes nothing"):
        assert asked(["--comparator", "lysate", "--batch", "donor"], several()) == []


def test_without_a_contrast_the_groups_and_the_fluid_are_metadata():
    parsed = _parser().parse_args(["assess", "m.tsv", *ARM, "--fluid", "plasma"])
    assert read_study_context(parsed, with_contrasts=False) == {"condition": "arm", "fluid": "plasma"}
    assert read_study_context(parsed, with_contrasts=True) == {}


@pytest.mark.usefixtures("one_figure")
def test_verdicts_come_first_with_titles(here, example, capsys, monkeypatch):
    """What is in the tube, the headline and the verdicts are on stdout before the report; sources have their titles."""
    seen = []

    def look(_found, folder, **options):
        seen.append((capsys.readouterr(), options))
        return folder

    monkeypatch.setattr("markerkit.report.write_report", look)
    matrix, sheet = map(str, example)
    words = [
        "assess",
        matrix,
        "--samples",
        sheet,
        "--condition",
        "fraction",
        "--contrast",
        "EV:lysate@lysate",
    ]
    assert main([*words, "--paired-by", "donor", "--out", "r", "--no-figures"]) == 0
    (((before, err), options),) = seen
    assert "markerkit: assessing" in err
    assert "contamination fraction: at most" in before
    assert (options["figures"], options["process"]) == (False, None)
    assert before.startswith("what is in the tube\n  EV (6 samples): EV markers strong (")
    tube, _, contrast = before.partition("\nEV vs lysate\n")
    assert "\n  lysate (6 samples): EV markers " in tube
    headline, verdicts = contrast.split("\n", 1)
    assert headline.startswith("  EV against lysate: EV material, its markers ")
    assert verdicts.startswith("  EV material")
    assert "sources higher: Lipoproteins, Keratin and skin\n" in before
    assert "ER and Golgi" in before
    assert "er_golgi" not in before
    assert "largest gaps" in before
    assert capsys.readouterr().out == "results: r\n"


@pytest.mark.usefixtures("one_figure")
@pytest.mark.slow
def test_without_comparator_and_sheet(here, example, capsys):
    assert main(["assess", str(example[0]), "--out", "r", "--quiet"]) == 0
    assert "results: " in capsys.readouterr().out


def test_sample_sheet_template(here, example, capsys):
    assert main(["samples", str(example[0])]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split("\t")[0] == "sample"
    assert len(lines) > 2
    assert main(["samples", str(example[0]), "--out", "sheet.tsv"]) == 0
    assert (here / "sheet.tsv").read_text().splitlines() == lines
    assert "is there already" in refused(capsys, ["samples", str(example[0]), "--out", "sheet.tsv"], here)


def test_sets(here, capsys):
    assert main(["sets", "list"]) == 0
    assert "exosome" in capsys.readouterr().out
    assert main(["sets", "show", "exosome", "--organism", "mouse"]) == 0
    assert "Cd63" in capsys.readouterr().out
    for kind in ("gmt", "tsv", "json"):
        assert main(["sets", "export", "--format", kind, "--out", f"sets.{kind}"]) == 0
        assert "CD63" in (here / f"sets.{kind}").read_text()
    assert "Did you mean 'exosome'" in refused(capsys, ["sets", "show", "exosomes"], here)


def test_sets_of_the_user(here, capsys):
    (here / "a.gmt").write_text("mine\tnote\tCD63\tCD81\n")
    (here / "b.gmt").write_text("mine\tnote\tCD63\tCD9\n")
    assert main(["sets", "diff", "a.gmt", "b.gmt"]) == 0
    out = capsys.readouterr().out
    assert "CD9\tpositive\tadded" in out
    assert "CD81\tpositive\tremoved" in out
    assert main(["sets", "validate", "a.gmt"]) == 0
    capsys.readouterr()
    assert main(["sets", "overlap"]) == 0
    assert capsys.readouterr().out.startswith("set\t")
    (here / "bad.toml").write_text("id = 'x'\n")
    assert main(["sets", "validate", "bad.toml"]) == 2
    assert "correct the rows listed above" in capsys.readouterr().err
    assert main(["sets", "diff", "a.gmt", "nope.gmt"]) == 2


@pytest.mark.usefixtures("one_process")
def test_bad_words_exit_2(here, example, capsys):
    header, *rows = example[0].read_text(encoding="utf-8").splitlines()
    (here / "few.tsv").write_text("\n".join([header, *rows[::8], ""]), encoding="utf-8")
    matrix, sheet = "few.tsv", str(example[1])
    base = ["assess", matrix, "--samples", sheet]
    cases = [
        (["assess", "nope.tsv"], "there is no matrix"),
        ([*base, "--condition", "nope", "--case", "a", "--control", "b"], "no column 'nope'"),
        ([*base, "--condition", "fraction", "--case", "EVs", "--control", "lysate"], "no level 'EVs'"),
        ([*base, "--condition", "fraction", "--case", "EV", "--control", "EV"], "case and control are both"),
        ([*base, *ASK, "--paired-by", "nope"], "no column 'nope'"),
        ([*base, *ASK, "--batch", "nope"], "no column 'nope'"),
        ([*base, *ASK, "--comparator", "cells"], "`comparator` must be one of"),
        ([*base, *ASK, "--fluid", "beer"], "`fluid` must be one of"),
        ([*base, *ASK, "--scale", "log2"], "declared log2 but holds"),
        ([*base, *ASK, "--scale", "linear"], "`scale` must be one of"),
        ([*base, *ASK, "--software", "excel"], "`software` must be one of"),
        ([*base, *ASK, "--organism", "fly"], "`organism` must be one of"),
        ([*base, *ASK, "--quantity", "ibaq"], "no quantity 'ibaq'"),
        ([*base, *ASK, "--markers", "nope.gmt"], "nope.gmt"),
        ([*base, *ASK, "--context", "nope.toml"], "no context file"),
        ([*base, *ASK, "--samples", matrix], "sample"),
        ([*base, "--condition", "fraction", "--contrast", "EV"], "case:control"),
        ([*base, *ASK, "--seed", "-1"], "`seed` is a whole number, 0 or more; got -1"),
        ([*base, *ASK, "--null-check", "-3"], "`null_check` counts data sets"),
        ([*base, *ASK, "--shares", "size"], "`shares` must be one of"),
        ([*base, *ASK, "--missing", "impute"], "`missing` must be one of 'measured' or 'combined'"),
        ([*base, *ASK, "--min-values", "0"], "`min_values` counts values in a group, 1 or more; got 0"),
        ([*base, *ASK, "--lfc", "-1"], "`lfc` is an absolute log2 effect, 0 or more"),
        ([*base, *ASK, "--lfc", "1", "--missing", "combined"], "`lfc` is a least effect"),
        (["assess", matrix, "--out", sheet], "is there already"),
        (["assess", matrix, "--out", sheet, "--overwrite"], "will not be replaced"),
        (["assess", matrix, "--out", f"{sheet}/sub"], "cannot be written"),
    ]
    for words, message in cases:
        assert message in refused(capsys, words, here), words


def test_confounded_batch(here, example, capsys):
    matrix, sheet = example
    text = [line.split("\t") for line in sheet.read_text().splitlines()]
    at = text[0].index("fraction")
    grown = [[*text[0], "lab"], *[[*r, f"lab_{r[at]}"] for r in text[1:]]]
    path = here / "s.tsv"
    path.write_text("\n".join("\t".join(r) for r in grown))
    words = ["assess", str(matrix), "--samples", str(path), *ASK, "--batch", "lab"]
    assert "confounded with 'lab'" in refused(capsys, words, here)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_unwritable_output(here, example, capsys):
    locked = here / "locked"
    locked.mkdir(mode=0o500)
    assert "cannot be written" in refused(capsys, ["assess", str(example[0]), "--out", "locked/r"], here)


def test_a_reader_that_goes_away_is_no_error(here):
    code = "from markerkit.cli.main import main; import sys; sys.exit(main(['sets', 'export', '--format', 'json']))"
    root = str(Path(__file__).parents[2])
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": root},
    )
    process.stdout.close()
    assert b"Traceback" not in process.stderr.read()
    process.stderr.close()
    process.wait()


@pytest.mark.usefixtures("one_figure")
@pytest.mark.slow
def test_assess_a_rat(here, example, capsys):
    """The human example under the names of the rat: symbols, and `sp|...|..._RAT` where an accession is known."""
    matrix, sheet = example
    partner = {r["human_gene"]: r for r in reversed(read_orthologs(reference_folder())) if r["rat_gene"]}
    table = pd.read_csv(matrix, sep="\t", dtype=str, keep_default_na=False)
    gene = next(c for c in table.columns if table[c].isin(["CD63"]).any())
    first = table.columns[0]
    rat = table[gene].map(lambda g: partner.get(g, {}).get("rat_gene", g[:1] + g[1:].lower()))
    known = table[gene].map(lambda g: partner.get(g, {}).get("rat_accession", ""))
    names = [
        f"sp|{a}|{g.upper()}_RAT" if a else f"unknown{i}"
        for i, (a, g) in enumerate(zip(known, rat, strict=True))
    ]
    table.assign(**{first: names, gene: rat}).to_csv(here / "rat.tsv", sep="\t", index=False)
    words = ["assess", "rat.tsv", "--organism", "rat", "--samples", str(sheet), *ASK, "--paired-by", "donor"]
    assert main([*words, "--comparator", "lysate", "--out", "r", "--quiet"]) == 0
    out, _ = capsys.readouterr()
    assert "EV vs lysate" in out
    identity = pd.read_csv(here / "r" / "tables" / "identity.tsv", sep="\t").set_index("class")["verdict"]
    assert identity["exosome"] == "compatible"
    coverage = pd.read_csv(here / "r" / "tables" / "coverage.tsv", sep="\t")
    assert "Cd63" in coverage.loc[coverage["set"] == "exosome", "measured"].iloc[0].split(";")


def test_overlap_is_drawn_and_two_versions_are_compared(here, capsys):
    words = ["sets", "overlap", "--sets", "exosome", "pan_ev", "--organism", "rat"]
    assert main([*words, "--figure", "o.png"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "set\texosome\tpan_ev"
    assert (here / "o.png").stat().st_size > 5000
    assert main([*words, "--figure", "o.png"]) == 2
    assert "is there already" in capsys.readouterr().err
    assert main([*words, "--figure", "o.gif"]) == 2
    capsys.readouterr()
    assert main(["sets", "diff", str(reference_folder()), str(reference_folder())]) == 0
    assert capsys.readouterr().out.splitlines() == ["set\tgene\trole\tchange\tfield\told\tnew"]


@pytest.mark.parametrize("method", SCORES)
def test_score_writes_what_the_verb_gives(here, example, capsys, method):
    matrix, sheet = map(str, example)
    assert main(["score", matrix, "--samples", sheet, "--method", method, "--out", "s.tsv"]) == 0
    out, err = capsys.readouterr()
    markers = mk.load_markers()
    exp = mk.read_proteins(matrix, samples=sheet).pipe(mk.harmonize_ids, markers).pipe(mk.log2)
    result = mk.score_samples(exp, markers, method=method)
    result.save("expected.tsv")
    assert (here / "s.tsv").read_bytes() == (here / "expected.tsv").read_bytes()
    lines = out.splitlines()
    assert lines[0] == f"{exp.n_samples} samples, {len(markers)} sets, {method}"
    assert lines[-1] == "scores: s.tsv"
    never = result.table.groupby("set")["score"].count().loc[lambda n: n == 0].index
    (not_scored,) = [line for line in lines if "not scored" in line]
    assert f"{len(never)} not scored, fewer than 3 members measured" in not_scored
    assert set(not_scored.partition(": ")[2].split(", ")) == set(never)
    assert "markerkit: scoring" in err
    assert sorted(p.name for p in here.iterdir()) == ["expected.tsv", "s.tsv"]


def test_score_replaces_scores_only_and_only_when_asked(here, example, capsys):
    words = ["score", str(example[0]), "--quiet", "--out"]
    assert main([*words, "s.tsv"]) == 0
    assert capsys.readouterr().err == ""
    before = (here / "s.tsv").read_bytes()
    assert "is there already; choose another or pass --overwrite" in refused(capsys, [*words, "s.tsv"], here)
    assert main([*words, "s.tsv", "--overwrite", "--method", "ssgsea"]) == 0
    capsys.readouterr()
    assert (here / "s.tsv").read_bytes() != before
    kept = here / "m.tsv"
    kept.write_bytes(example[0].read_bytes())
    found = refused(capsys, ["score", "m.tsv", "--out", "m.tsv", "--overwrite"], here)
    assert "another kind of file and will not be replaced" in found
    assert kept.read_bytes() == example[0].read_bytes()


def test_score_of_own_markers_and_a_log_matrix(here, example, capsys):
    (here / "a.gmt").write_text("mine\tnote\tCD63\tCD81\tCD9\tTSG101\n")
    table = pd.read_csv(example[0], sep="\t")
    numbers = table.select_dtypes("number").columns
    table[numbers] = np.log2(table[numbers].where(table[numbers] > 0))
    table.to_csv(here / "log.tsv", sep="\t", index=False)
    for matrix, out in ((str(example[0]), "raw_scores.tsv"), ("log.tsv", "log_scores.tsv")):
        assert main(["score", matrix, "--markers", "a.gmt", "--out", out, "--quiet"]) == 0
    first, second = (pd.read_csv(here / f"{k}_scores.tsv", sep="\t") for k in ("raw", "log"))
    pd.testing.assert_frame_equal(first, second)
    assert first.loc[first["set"] == "mine", "score"].notna().any()


def test_score_refuses_bad_words(here, example, capsys):
    matrix, sheet = map(str, example)
    base = ["score", matrix, "--samples", sheet, "--out", "s.tsv"]
    cases = [
        (["score", "nope.tsv", "--out", "s.tsv"], "there is no matrix"),
        ([*base, "--method", "gsva"], "`method` must be one of"),
        ([*base, "--samples", "nope.tsv"], "nope.tsv"),
        ([*base, "--markers", "nope.gmt"], "nope.gmt"),
        ([*base, "--organism", "fly"], "`organism` must be one of"),
        ([*base, "--organism", "mouse"], "mouse"),
        ([*base, "--software", "excel"], "`software` must be one of"),
        ([*base, "--quantity", "ibaq"], "no quantity 'ibaq'"),
        ([*base, "--scale", "log2"], "declared log2 but holds"),
        ([*base, "--out", "s.csv"], "let the name of the output end in '.tsv'"),
        ([*base, "--out", "no/s.tsv"], "there is no folder 'no'"),
        ([*base, "--out", f"{sheet}/s.tsv"], "there is no folder"),
        ([*base, "--out", str(here), "--overwrite"], "will not be replaced"),
    ]
    for words, message in cases:
        assert message in refused(capsys, words, here), words
    with pytest.raises(SystemExit) as stop:
        main(["score", matrix])
    assert stop.value.code == 2


def test_every_option_of_assess_has_its_help(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["assess", "--help"])
    assert stop.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "every pair of levels; or vs:Y, every level against Y" in text
    assert "software that wrote the matrix (default: detected from its header)" in text


def test_context_writes_a_template(here, capsys):
    assert main(["context"]) == 0
    printed = capsys.readouterr().out
    assert "# electron_microscopy = " in printed
    assert main(["context", "--out", "context.toml"]) == 0
    assert (here / "context.toml").read_text(encoding="utf-8") == printed
    assert main(["context", "--out", "context.toml"]) == 2
