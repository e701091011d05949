"""read_peptides: the layouts of search engines, rows of one sequence, and what is no peptide table."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit import InputError, MarkerkitWarning
from markerkit.io.dialects import plain
from markerkit.io.peptide_dialects import LONG, PEPTIDE_DIALECTS, PEPTIDES, PRECURSOR_COLUMNS
from markerkit.io.peptide_rows import stripped

SHARED = Path(__file__).parents[3] / "shared"
PARSERS = SHARED / "data" / "parsers"


def shared(path):
    file = SHARED / path
    if not file.exists():
        pytest.skip("the folder of real tables is not beside this checkout")
    return file


def write(path, header, rows, sep="\t"):
    path.write_text("\n".join(sep.join(map(str, r)) for r in [header, *rows]) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("dialect", [*PEPTIDE_DIALECTS, PEPTIDES], ids=lambda d: d.columns.hint[:30])
def test_a_layout_names_its_columns_as_they_are_compared(dialect):
    """An unfolded name, such as `PG.Genes`, would never be found."""
    own = (
        "proteins",
        "leading",
        "unique",
        "start",
        "end",
        "positions",
        "before",
        "after",
        "flanked",
        "species",
    )
    layout = ("signature", "either", "accession", "gene", "annotation", "contaminant", "decoy")
    named = {n for p in own for n in getattr(dialect, p)} | {
        n for p in layout for n in getattr(dialect.columns, p)
    }
    assert {n: plain(n) for n in named if n != plain(n)} == {}, "write plain(name)"


def test_long_reports_name_their_columns_as_they_are_compared():
    names = {n for r in LONG.values() for q in r.quantities.values() for n in q}
    names |= {n for pair in PRECURSOR_COLUMNS.values() for part in pair for n in part}
    assert {n for n in names if n != plain(n)} == set()


@pytest.mark.parametrize(
    ("written", "sequence"),
    [
        ("PEPTIDEK", "PEPTIDEK"),
        ("_PEPT(Phospho (STY))IDEK_", "PEPTIDEK"),
        ("_[Acetyl (Protein N-term)]M[Oxidation (M)]AK_.3", "MAK"),
        ("(UniMod:1)AC(UniMod:4)K2", "ACK"),
        ("AADNNIPTK2", "AADNNIPTK"),
        ("n[42.0106]AC[57.0215]K", "ACK"),
        ("AC[+57.0216]DK", "ACDK"),
        ("K.AM+15.9949AK.-", "AMAK"),
        ("[K].nQmTK.[R]", "NQMTK"),
        ("[K];[R].AAK.[A];[-]", "AAK"),
        ("PEPT0K", "PEPT0K"),
    ],
)
def test_a_sequence_is_stripped(written, sequence):
    assert stripped(written) == sequence


# ---- layouts ------------------------------------------------------------------------


def maxquant(tmp_path, rows=(), more=()):
    header = ["Sequence", "N-term cleavage window", "C-term cleavage window", "Amino acid before", "Last amino acid", "Amino acid after",
              "Proteins", "Leading razor protein", "Start position", "End position", "Gene names", "Unique (Groups)",
              "Unique (Proteins)", "Charges", "Intensity", "Intensity a", "Intensity b", "LFQ intensity a", "LFQ intensity b",
              "Reverse", "Potential contaminant", *more]  # fmt: skip
    rows = rows or [
        ["LVNELTEFAK", "", "", "D", "K", "T", "P02768;CON__P02769", "P02768", 66, 75, "ALB",
         "no", "no", "2;3", 3e6, 1e6, 2e6, 1.1e6, 2.2e6, "", "+"],
        ["AEFVEVTK", "", "", "K", "K", "L", "CON__P02769", "CON__P02769", 249, 256, "", "yes", "yes", "2", 3e5, 0, 3e5, 0, 3e4, "", "+"],
        ["KTVEAELA", "", "", "R", "A", "_", "", "REV__P1", "", "", "", "yes", "yes", "2", 9e4, 4e4, 5e4, 4e4, 5e4, "+", ""],
    ]  # fmt: skip
    return write(tmp_path / "peptides.txt", header, rows)


def test_maxquant(tmp_path):
    table = mk.read_peptides(maxquant(tmp_path))
    peptides = table.peptides
    assert list(table.samples.index) == ["a", "b"]
    assert table.values["LVNELTEFAK"].tolist() == [1e6, 2e6]
    assert np.isnan(table.values.loc["a", "AEFVEVTK"])
    assert peptides["leading"].tolist() == ["P02768", "CON__P02769", "REV__P1"]
    assert peptides["is_unique"].tolist() == [False, True, True]
    assert peptides["is_contaminant"].tolist() == [True, True, False]
    assert peptides["is_decoy"].tolist() == [False, False, True]
    assert peptides["species"].tolist() == ["Homo sapiens;Bos taurus", "Bos taurus", ""]
    assert peptides["start"].tolist()[:2] == [66, 249]
    assert peptides["before"].tolist() == ["D", "K", "R"]
    assert peptides["after"].tolist() == ["T", "L", "-"]
    read = table.history[0]
    assert (read["software"], read["quantity"], read["n_zero_to_missing"]) == ("maxquant", "intensity", 1)
    assert read["lists_all_proteins"] is True
    lfq = mk.read_peptides(maxquant(tmp_path), quantity="lfq")
    assert lfq.values["LVNELTEFAK"].tolist() == [1.1e6, 2.2e6]


def windows(tmp_path, sequence, first, last):
    """Residues before and after a peptide, of MaxQuant's cleavage windows; D and S stand in the columns of one residue."""
    row = [
        sequence,
        first,
        last,
        "D",
        "R",
        "S",
        "P1",
        "P1",
        30,
        45,
        "",
        "yes",
        "yes",
        "2",
        3000,
        1000,
        2000,
        1,
        2,
        "",
        "",
    ]
    found = mk.read_peptides(maxquant(tmp_path, [row])).peptides.iloc[0]
    return found["before"], found["after"]


@pytest.mark.parametrize(
    ("sequence", "window", "before"),
    [
        ("GVKAAAAAAAAAAAAR", "AAAAAAAAAAADEVDGVKAAAAAAAAAAAA", "AAAAAAAAAAADEVD"),
        (
            "GVKR",
            "LLLLLLLLLLLDEVDGVKRTTTTTTTTTTT",
            "LLLLLLLLLLLDEVD",
        ),  # the window goes beyond a short peptide
        ("GVKAAAAAAAAAAAAR", "EDELDEVDGVKAAAAA", "EDELDEVD"),  # 8 residues on each side
        ("GVKAAAAAAAAAAAAR", "____________MEDGVKAAAAAAAAAAAA", "-MED"),  # near the beginning of the protein
        ("GVKAAAAAAAAAAAAR", "_______________GVKAAAAAAAAAAAA", "-"),
        (
            "GVKAAAAAAAAAAAAR",
            "AAAAAAAAAAADEVDTTTTTTTTTTTTTTT",
            "D",
        ),  # of another site: the column of one residue counts
        ("GVKAAAAAAAAAAAAR", "______________________________", "D"),  # not written
        ("GVKAAAAAAAAAAAAR", "", "D"),
    ],
)
def test_maxquant_windows_before_a_peptide(tmp_path, sequence, window, before):
    assert windows(tmp_path, sequence, window, "") == (before, "S")


@pytest.mark.parametrize(
    ("window", "after"),
    [
        ("GVKAAAAAAAAAAAR"[-15:] + "TGTTTTTTTTTTTTT", "TGTTTTTTTTTTTTT"),
        ("AAAAAAAR" + "TGTTTTTT", "TGTTTTTT"),
        ("AAAAAAAR" + "TG______", "TG-"),  # near the end of the protein
        ("AAAAAAAR" + "________", "-"),
        ("AAAAAAAK" + "TGTTTTTT", "S"),  # of another site
        ("________________", "S"),
    ],
)
def test_maxquant_windows_after_a_peptide(tmp_path, window, after):
    assert windows(tmp_path, "GVKAAAAAAAAAAAR", "", window) == ("D", after)


def test_maxquant_tmt(tmp_path):
    header = ["Sequence", "Proteins", "Leading razor protein", "Reporter intensity corrected 1", "Reporter intensity corrected 1 p1",
              "Reporter intensity corrected 2 p1", "Reporter intensity 1 p1", "Intensity", "Intensity p1"]  # fmt: skip
    table = mk.read_peptides(write(tmp_path / "p.txt", header, [["AAAK", "P1", "P1", 9, 1, 2, 7, 50, 50]]))
    assert table.values["AAAK"].to_dict() == {"1 p1": 1, "2 p1": 2}
    assert table.history[0]["quantity"] == "reporter"


def test_fragpipe_combined(tmp_path):
    header = ["Peptide Sequence", "Prev AA", "Next AA", "Start", "End", "Peptide Length", "Charges", "Protein", "Protein ID",
              "Entry Name", "Gene", "Protein Description", "Mapped Genes", "Mapped Proteins", "ev_1 Spectral Count",
              "cell_1 Spectral Count", "ev_1 Intensity", "cell_1 Intensity", "ev_1 MaxLFQ Intensity", "cell_1 MaxLFQ Intensity",
              "ev_1 Match Type"]  # fmt: skip
    rows = [
        ["LVNELTEFAK", "K", "T", 66, 75, 10, "2, 3", "sp|P02768|ALBU_HUMAN", "P02768", "ALBU_HUMAN", "ALB", "Albumin", "",
         "contam_sp|P02769|ALBU_BOVIN, rev_sp|P1|X_HUMAN", 1, 1, 5e6, 0, 4e6, 0, "MS/MS"],
        ["AAAAD", "K", "-", 5, 9, 5, "2", "sp|P08962|CD63_HUMAN", "P08962", "CD63_HUMAN", "CD63", "CD63", "", "", 1, 1, 1e6, 2e6, 1e6,
         2e6, "MS/MS"],
    ]  # fmt: skip
    table = mk.read_peptides(write(tmp_path / "combined_peptide.tsv", header, rows))
    assert list(table.samples.index) == ["ev_1", "cell_1"]
    assert table.values["AAAAD"].tolist() == [1e6, 2e6]
    peptides = table.peptides
    assert peptides["leading"].tolist() == ["sp|P02768|ALBU_HUMAN", "sp|P08962|CD63_HUMAN"]
    assert peptides["is_unique"].tolist() == [False, True]
    assert not peptides["is_decoy"].any(), "a decoy that happens to hold the peptide makes it none"
    assert peptides["species"].tolist() == ["Homo sapiens;Bos taurus", "Homo sapiens"]
    assert peptides["after"].tolist() == ["T", ""], (
        "a lone - is a missing cell: the end of the protein is not known"
    )
    assert table.history[0]["software"] == "fragpipe"
    assert mk.read_peptides(tmp_path / "combined_peptide.tsv", quantity="maxlfq").values.iloc[0, 0] == 4e6


def test_fragpipe_peptide_of_one_sample(tmp_path):
    header = ["Peptide", "Prev AA", "Next AA", "Peptide Length", "Protein Start", "Protein End", "Charges", "Probability",
              "Spectral Count", "Intensity", "Assigned Modifications", "Observed Modifications", "Protein", "Protein ID", "Entry Name",
              "Gene", "Protein Description", "Mapped Genes", "Mapped Proteins"]  # fmt: skip
    row = [
        "AAAAD",
        "K",
        "G",
        5,
        5,
        9,
        "2",
        0.99,
        3,
        7e5,
        "",
        "",
        "sp|P08962|CD63_HUMAN",
        "P08962",
        "CD63_HUMAN",
        "CD63",
        "",
        "",
        "",
    ]
    table = mk.read_peptides(write(tmp_path / "peptide.tsv", header, [row]))
    assert table.values.to_numpy().tolist() == [[7e5]]
    assert table.peptides[["start", "end", "gene"]].iloc[0].tolist() == [5, 9, "CD63"]


DIANN = ["Protein.Group", "Protein.Ids", "Protein.Names", "Genes", "First.Protein.Description", "Proteotypic", "Stripped.Sequence",
         "Modified.Sequence", "Precursor.Charge", "Precursor.Id"]  # fmt: skip


def test_diann_matrix_sums_precursors(tmp_path):
    cd63 = ["P08962", "P08962", "CD63_HUMAN", "CD63", "", 1, "AVCK", "AVC(UniMod:4)K"]
    cd81 = ["P60033", "P60033;P02769", "CD81_HUMAN", "CD81", "", 0, "DDDK", "DDDK"]
    rows = [
        [*cd63, 2, "AVC(UniMod:4)K2", 10e3, ""],
        [*cd63, 3, "AVC(UniMod:4)K3", 5e3, 7e3],
        [*cd81, 2, "DDDK2", 1e3, 2e3],
    ]
    path = write(tmp_path / "report.pr_matrix.tsv", [*DIANN, r"D:\raw\ev_1.raw", r"D:\raw\cell_1.raw"], rows)
    table = mk.read_peptides(path)
    assert list(table.samples.index) == ["ev_1", "cell_1"]
    assert table.values["AVCK"].tolist() == [15e3, 7e3]
    assert table.peptides["is_unique"].tolist() == [True, False]
    assert table.peptides["proteins"].tolist() == ["P08962", "P60033;P02769"]
    assert table.history[0]["n_rows"] == 3


def report(q=0.005):
    header = [
        "Run",
        *DIANN,
        "Q.Value",
        "PG.Q.Value",
        "Global.PG.Q.Value",
        "Precursor.Quantity",
        "Precursor.Normalised",
        "PG.MaxLFQ",
    ]
    cd63 = ["P08962", "P08962", "CD63_HUMAN", "CD63", "", 1, "AVCK", "AVCK"]
    cd81 = ["P60033", "P60033", "CD81_HUMAN", "CD81", "", 1, "DDDK", "DDDK"]
    rows = []
    for run, factor in (("ev_1", 1e3), ("cell_1", 2e3)):
        for charge, value in ((2, 10 * factor), (3, 5 * factor)):
            rows.append([run, *cd63, charge, f"AVCK{charge}", 0.001, 0.01, 0.001, value, 1.1 * value, 99.0])
        rows.append([run, *cd81, 2, "DDDK2", q, 0.01, 0.001, 3e3, 3.3e3, 9.0])
    return pd.DataFrame(rows, columns=header)


@pytest.mark.parametrize("kind", ["tsv", "parquet"])
def test_diann_main_report(tmp_path, kind):
    path = tmp_path / f"report.{kind}"
    if kind == "tsv":
        report().to_csv(path, sep="\t", index=False)
    else:
        pytest.importorskip("pyarrow")
        report().assign(RT=1.0).to_parquet(path)
    table = mk.read_peptides(path)
    assert table.values.to_dict("list") == {"AVCK": [15e3, 30e3], "DDDK": [3e3, 3e3]}
    assert table.peptides["gene"].tolist() == ["CD63", "CD81"]
    read = table.history[0]
    assert (read["software"], read["quantity"], read["report_rows"]) == ("diann", "intensity", 6)
    assert "Q.Value <= 0.01" in read["report_limits"]
    assert mk.read_peptides(path, quantity="normalized").values["AVCK"].tolist() == pytest.approx(
        [16.5e3, 33e3]
    )


@pytest.mark.parametrize(("q", "kept"), [(0.0099, ["AVCK", "DDDK"]), (0.0101, ["AVCK"])])
def test_diann_limits_are_those_of_proteins(q, kept):
    assert list(mk.read_peptides(report(q)).values.columns) == kept


def test_diann_without_precursor_names(tmp_path):
    table = mk.read_peptides(report().drop(columns="Precursor.Id"))
    assert table.values["AVCK"].tolist() == [15e3, 30e3]
    with pytest.raises(InputError, match="does not tell its precursors apart; export 'precursor id'"):
        mk.read_peptides(report().drop(columns=["Precursor.Id", "Precursor.Charge"]))


def test_spectronaut_pivot(tmp_path):
    header = ["PG.ProteinGroups", "PG.Genes", "PG.Organisms", "PEP.StrippedSequence", "PEP.AllOccurringProteinAccessions",
              "PEP.IsProteinGroupSpecific", "EG.PrecursorId", "[1] ev_1.raw.PEP.Quantity", "[2] cell_1.raw.PEP.Quantity",
              "[1] ev_1.raw.EG.TotalQuantity (Settings)", "[2] cell_1.raw.EG.TotalQuantity (Settings)"]  # fmt: skip
    rows = [
        ["P08962", "CD63", "Homo sapiens", "AVCK", "P08962", "True", "_AVCK_.2", 15e3, 7e3, 10e3, "Filtered"],
        ["P08962", "CD63", "Homo sapiens", "AVCK", "P08962", "True", "_AVCK_.3", 15e3, 7e3, 5e3, 7e3],
        ["P60033", "CD81", "Homo sapiens", "DDDK", "P60033;P02769", "False", "_DDDK_.2", 1e3, 2e3, 1e3, 2e3],
    ]
    path = write(tmp_path / "pivot.tsv", header, rows)
    table = mk.read_peptides(path)
    assert list(table.samples.index) == ["ev_1", "cell_1"]
    assert table.values["AVCK"].tolist() == [15e3, 7e3]
    assert table.peptides["is_unique"].tolist() == [True, False]
    assert table.history[0]["quantity"] == "precursor"
    with pytest.warns(
        MarkerkitWarning, match="1 row of pivot.tsv repeats the sequence and all values of another row"
    ):
        peptide = mk.read_peptides(path, quantity="peptide")
    assert peptide.values["AVCK"].tolist() == [15e3, 7e3], (
        "the quantity of a peptide is written beside each of its precursors"
    )


def test_spectronaut_report_of_peptides():
    rows = [
        [run, "P08962", "CD63", "AVCK", precursor, 0.001, value]
        for run, value in (("ev_1", 4.0), ("cell_1", 8.0))
        for precursor in ("_AVCK_.2", "_AVCK_.3")
    ]
    header = [
        "R.FileName",
        "PG.ProteinGroups",
        "PG.Genes",
        "PEP.StrippedSequence",
        "EG.PrecursorId",
        "EG.Qvalue",
        "PEP.Quantity",
    ]
    table = mk.read_peptides(pd.DataFrame(rows, columns=header))
    assert table.values["AVCK"].tolist() == [4, 8], "one value a run, whatever the number of precursors"
    assert table.history[0]["lists_all_proteins"] is False


def test_proteome_discoverer(tmp_path):
    header = ["Annotated Sequence", "Modifications", "# Protein Groups", "Master Protein Accessions", "Positions in Master Proteins",
              "Protein Accessions", "Contaminant", "Abundances (Grouped): EV", "Abundance: F1: Sample, EV", "Abundance: F2: Sample, cell",
              "Abundances (Normalized): F1: Sample, EV", "Abundances (Normalized): F2: Sample, cell"]  # fmt: skip
    rows = [
        ["[R].nMGGK.[S]", "", 1, "P08962", "P08962 [326-330]", "P08962", "False", 9, 1, 2, 5, 6],
        [
            "[R].NMGGK.[S]",
            "1xOxidation [M2]",
            1,
            "P08962",
            "P08962 [326-330]",
            "P08962",
            "False",
            9,
            10,
            "",
            5,
            6,
        ],
        [
            "[K];[D].AAVK.[-];[A]",
            "",
            2,
            "P02769; P02768",
            "P02769 [5-8]; P02768 [5-8]",
            "P02769; P02768",
            "True",
            9,
            3,
            4,
            5,
            6,
        ],
    ]
    table = mk.read_peptides(write(tmp_path / "PeptideGroups.txt", header, rows))
    assert list(table.samples.index) == ["F1: Sample, EV", "F2: Sample, cell"]
    assert table.values["NMGGK"].tolist() == [11, 2]
    peptides = table.peptides
    assert peptides["start"].tolist() == [326, 5]
    assert peptides["is_unique"].tolist() == [True, False]
    assert peptides["leading"].tolist()[0] == "P08962"
    assert peptides["species"].tolist()[1] == "Bos taurus;Homo sapiens"
    assert peptides["before"].tolist() == ["R", "K"], "of several proteins, the end that trypsin explains"
    assert peptides["after"].tolist() == ["S", "-"]


def test_peaks(tmp_path):
    header = ["Protein Accession", "Peptide", "Unique", "-10lgP", "Mass", "Length", "ppm", "m/z", "RT", "Area EV_1", "Area cell_1",
              "Fraction", "Scan", "#Feature", "Start", "End", "PTM"]  # fmt: skip
    tail = [1, 99, 2, 5, 9, "Carbamidomethylation"]
    rows = [
        ["P08962|CD63_HUMAN", "D.AC(+57.02)DEK.S", "N", 40.1, 900.1, 5, 1.2, 451.1, 20.0, 1e6, 2e6, *tail],
        ["P60033|CD81_HUMAN", "D.AC(+57.02)DEK.S", "N", 40.1, 900.1, 5, 1.2, 451.1, 20.0, 1e6, 2e6, *tail],
        ["P60033|CD81_HUMAN", "K.VVK.-", "Y", 30.1, 800.1, 3, 1.2, 401.1, 21.0, 3e6, "", *tail],
    ]
    with pytest.warns(
        MarkerkitWarning, match="1 row of protein-peptides.csv repeats the sequence and all values"
    ):
        table = mk.read_peptides(write(tmp_path / "protein-peptides.csv", header, rows, sep=","))
    assert list(table.samples.index) == ["EV_1", "cell_1"]
    assert table.values["ACDEK"].tolist() == [1e6, 2e6]
    peptides = table.peptides
    assert peptides["proteins"].tolist() == ["P08962|CD63_HUMAN;P60033|CD81_HUMAN", "P60033|CD81_HUMAN"]
    assert peptides["leading"].tolist() == ["P60033|CD81_HUMAN"] * 2
    assert peptides["before"].tolist() == ["D", "K"]
    assert peptides["after"].tolist() == ["S", "-"]


def wide(**columns):
    base = {
        "sequence": ["AAAK", "CCCR"],
        "protein": ["P08962", "P60033;P02769"],
        "ev_1": [8e6, 1e5],
        "cell_1": [1e6, 0],
    }
    return pd.DataFrame(base | columns)


def test_any_wide_table(tmp_path):
    table = mk.read_peptides(wide(charge=[2, 3], gene=["CD63", "CD81"]))
    assert table.values.to_dict("list")["AAAK"] == [8e6, 1e6]
    assert np.isnan(table.values.loc["cell_1", "CCCR"])
    assert list(table.samples.index) == ["ev_1", "cell_1"]
    assert table.peptides["gene"].tolist() == ["CD63", "CD81"]
    assert table.history[0]["lists_all_proteins"] is False
    wide().to_csv(tmp_path / "p.csv", index=False)
    assert mk.read_peptides(tmp_path / "p.csv").values.equals(mk.read_peptides(wide()).values)


def test_a_sample_sheet_chooses_and_orders(tmp_path):
    sheet = pd.DataFrame({"sample": ["CELL_1.raw", "ev_1"], "fraction": ["lysate", "EV"]})
    with pytest.warns(
        MarkerkitWarning,
        match="1 column of the peptide table is not in the sample sheet and is left out: 'other_1'",
    ):
        table = mk.read_peptides(wide(other_1=[1e5, 2e5]), samples=sheet)
    assert list(table.samples.index) == ["CELL_1.raw", "ev_1"]
    assert table.samples["fraction"].tolist() == ["lysate", "EV"]
    assert table.values["AAAK"].tolist() == [1e6, 8e6]
    assert table.history[0]["not_in_sheet"] == ["other_1"]
    assert "left out" in table.history[0]["warnings"][0]


# ---- rows of one sequence -----------------------------------------------------------


def test_rows_of_one_sequence_are_summed_on_the_linear_scale():
    raw = mk.read_peptides(wide(sequence=["AAAK", "AAA(ac)K"], cell_1=[3e5, np.nan]))
    assert raw.values["AAAK"].tolist() == [8.1e6, 3e5]
    assert raw.peptides["proteins"].tolist() == ["P08962;P60033;P02769"]
    assert raw.peptides["is_unique"].tolist() == [True], "one group holds the only peptide of all three"
    logs = mk.read_peptides(wide(sequence=["AAAK", "AAAK"], ev_1=[20.0, 20.0], cell_1=[22.0, np.nan]))
    assert logs.scale == "log2"
    assert logs.values["AAAK"].tolist() == [21.0, 22.0]
    with pytest.raises(InputError, match="several rows of one sequence with ratios, which cannot be summed"):
        mk.read_peptides(wide(sequence=["AAAK", "AAAK"], ev_1=[-1.0, 1.0], cell_1=[0.5, -0.5]))


def test_a_row_listed_again_for_another_protein_counts_once():
    twice = pd.concat([wide(), wide(protein=["P60033", "P08962"]).iloc[:1]])
    with pytest.warns(MarkerkitWarning, match="1 row of frame repeats the sequence and all values"):
        table = mk.read_peptides(twice.reset_index(drop=True))
    assert table.values["AAAK"].tolist() == [8e6, 1e6]
    assert table.peptides.loc["AAAK", "proteins"] == "P08962;P60033"
    assert table.history[0]["n_repeated_rows"] == 1


# ---- what is refused ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frame", "options", "words"),
    [
        (pd.DataFrame({"Protein IDs": ["P1"], "Majority protein IDs": ["P1"], "Intensity a": [1.0]}), {},
         "is a table of proteins .column 'Protein IDs'. without sequences of peptides; read it with read_proteins"),
        (pd.DataFrame({"gene": ["CD63"], "peptides": [4], "ev": [1e6]}), {}, "is a table of proteins .column 'gene'."),
        (pd.DataFrame({"x": ["AAAK"], "ev": [1e6]}), {}, "has no column of sequences; name it 'sequence'"),
        (wide().drop(columns="protein"), {}, "has no column of the proteins that hold each peptide; name it 'protein'"),
        (wide(ev_1=["8e6", "many"]), {}, "peptide table 'frame' holds text where a number belongs: 'many' in column 'ev_1', row 'CCCR'"),
        (wide(ev_1=[np.inf, 1.0]), {}, "holds an infinite value in column 'ev_1'"),
        (wide(sequence=["AAAK", ""]), {}, "has no sequence in row 3 of column 'sequence'"),
        (wide(sequence=["CD63 antigen", "CD81-like (x) y"]), {}, "holds no sequences of amino acids but 'CD63 ANTIGEN'"),
        (wide(cell_1=[0, 0]), {}, "no value at all in sample 'cell_1'"),
        (wide(**{"Raw file": ["a", "b"]}), {}, "one row per spectrum or identification .column 'Raw file'.*give peptides.txt"),
        (wide(Spectrum=["a", "b"]), {}, "give combined_peptide.tsv or peptide.tsv"),
        (wide(**{"Ratio H/L a": [1.0, 2.0]}), {}, "is of a SILAC experiment .column 'Ratio H/L a'."),
        (wide(**{"Intensity": 9e6, "Protein": "P1", "Mapped Proteins": "", "plex-126": 1e5}), {},
         "holds the channels of a multiplexed experiment .'plex-126'. beside their sum"),
        (pd.DataFrame({"Sequence": ["AAAK"], "Proteins": ["P1"], "Leading razor protein": ["P1"], "Mass": [900.1], "Intensity": [1e6]}), {},
         "has no sample columns; maxquant needs the columns 'Sequence'"),
        (pd.DataFrame({"Annotated Sequence": ["[K].AAAK.[A]"], "Master Protein Accessions": ["P1"], "# PSMs": [4]}), {},
         "has no sample columns; proteome_discoverer needs"),
        (pd.DataFrame({"Peptide Sequence": ["AAAK"], "Protein": ["P1"], "Mapped Proteins": [""], "a Spectral Count": [4]}), {},
         "has no sample columns; fragpipe needs"),
        (pd.DataFrame({"PEP.StrippedSequence": ["AAAK"], "PG.ProteinGroups": ["P1"], "[1] a.raw.EG.Qvalue": [0.01]}), {},
         "has no sample columns; spectronaut needs"),
        (wide(), {"software": "maxquant"}, "does not look like maxquant: it lacks the columns 'Sequence'"),
        (wide(), {"software": "mascot"}, "`software` must be one of"),
        (wide(), {"quantity": "lfq"}, "has no quantity 'lfq'"),
        (wide(ev_1=[-5.0, 1.0]), {"scale": "raw"}, "was declared raw but holds the negative value -5"),
    ],
)  # fmt: skip
def test_what_is_no_peptide_table(frame, options, words):
    with pytest.raises(InputError, match=words):
        mk.read_peptides(frame, **options)


def test_signs_that_are_no_amino_acids_are_told():
    with pytest.warns(
        MarkerkitWarning, match="1 of 2 sequences in frame hold signs that are no amino acids, such as 'AA0K'"
    ):
        table = mk.read_peptides(wide(sequence=["AA0K", "CCCR"]))
    assert list(table.values.columns) == ["AA0K", "CCCR"]


# ---- real tables ----------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:40 of 40 sequences")
def test_a_real_header_of_maxquant_peptides():
    table = mk.read_peptides(shared("cases/54_peptides_txt/peptides.txt"))
    assert (table.n_samples, table.n_peptides) == (4, 40)
    assert table.values.loc["EV_D1", "PEPT2K"] == 1308550
    assert table.peptides.loc["PEPT0K", ["leading", "gene"]].tolist() == ["P02768", "ALB"]
    assert np.isnan(table.values.loc["EV_D1", "PEPT0K"])


@pytest.mark.parametrize(
    ("file", "software", "n_samples", "n_peptides"),
    [
        ("proteome_discoverer/proteobench_PeptideGroups_trimmed.txt", "proteome_discoverer", 6, 731),
        ("diann/proteobench_diann19_report.tsv", "diann", 6, 213),
        ("diann/msstats_diann_input.tsv", "diann", 6, 28),
        ("spectronaut/msstats_spectronaut_input.csv", "spectronaut", 6, 17),
        ("spectronaut/alphapeptstats_results.tsv", "spectronaut", 1, 80),
        ("sage/proteobench_sage_lfq.tsv", "table", 6, 1553),
    ],
)
def test_real_exports(file, software, n_samples, n_peptides):
    table = mk.read_peptides(shared(f"data/parsers/{file}"))
    assert (table.history[0]["software"], table.n_samples, table.n_peptides) == (
        software,
        n_samples,
        n_peptides,
    )
    assert table.peptides["sequence"].str.fullmatch("[A-Z]+").all()
    assert mk.rollup(table).n_proteins >= 1


def test_values_of_a_real_peptide_groups_export():
    table = mk.read_peptides(shared("data/parsers/proteome_discoverer/proteobench_PeptideGroups_trimmed.txt"))
    shared_peptide = table.peptides.loc["FTASAGIQVVGDDLTVTNPK"]
    assert shared_peptide[["species", "leading", "before", "after"]].tolist() == [
        "Bos taurus;Homo sapiens",
        "ENOA_HUMAN",
        "K",
        "R",
    ]
    assert not shared_peptide["is_unique"]


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("maxquant/protdata_proteinGroups.txt", "is a table of proteins .column 'Protein IDs'."),
        ("fragpipe/protdata_combined_protein.tsv", "is a table of proteins .column 'Protein'."),
        ("diann/protdata_report.pg_matrix.tsv", "is a table of proteins .column 'Protein.Group'."),
        (
            "proteome_discoverer/msstats_pd_input.csv",
            "one row per spectrum or identification .column 'First.Scan'.*Peptide Groups",
        ),
        ("openms/msstats_openms_input.csv", "one row per spectrum or identification .column 'FragmentIon'."),
    ],
)
def test_real_tables_of_another_kind(file, words):
    with pytest.raises(InputError, match=words):
        mk.read_peptides(shared(f"data/parsers/{file}"))


def test_of_several_quantities_of_any_program_one_is_read() -> None:
    """Counts beside intensities are no samples of their own."""
    rng = np.random.default_rng(8)
    table = {"sequence": ["AFGPELR", "LVNELTEK", "YLYEIAR"] * 4, "protein": ["P02768"] * 12}
    table["sequence"] = [s + "G" * i for i, s in enumerate(table["sequence"])]
    counts = {f"{x} Spectral Count": rng.integers(1, 9, 12) for x in ("ev_a", "ev_b", "cell_a")}
    amounts = {f"{x} Intensity": rng.lognormal(14, 2, 12) for x in ("ev_a", "ev_b", "cell_a")}
    with pytest.warns(MarkerkitWarning, match="spectral counts, taken was intensity"):
        read = mk.read_peptides(pd.DataFrame(table | counts | amounts))
    assert list(read.samples.index) == list(amounts)
    np.testing.assert_allclose(read.values.to_numpy(), list(amounts.values()))
