"""Real exports, counted a second time with plain pandas, and inputs of kinds that were once misread."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit import MarkerkitWarning

pytestmark = pytest.mark.data


def read(path, **options):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", MarkerkitWarning)
        exp = mk.read_proteins(path, **options)
    return exp, " | ".join(str(w.message) for w in caught)


def counted(exp):
    """Samples, rows, measured values, and their sum."""
    return (
        *exp.values.shape,
        int(exp.values.notna().to_numpy().sum()),
        float(np.nansum(exp.values.to_numpy())),
    )


def plain_count(path, columns, *, sep="\t", header=0):
    """Count the columns that fit a pattern without the package: columns, rows, numbers other than 0, their sum."""
    frame = (
        pd.read_excel(path, header=header)
        if path.suffix == ".xlsx"
        else pd.read_csv(path, sep=sep, dtype=str, encoding="utf-8-sig")
    )
    values = frame[[c for c in frame.columns if re.fullmatch(columns, c)]].apply(
        pd.to_numeric, errors="coerce"
    )
    measured = values.where(values != 0)
    return (
        measured.shape[1],
        measured.shape[0],
        int(measured.notna().to_numpy().sum()),
        float(np.nansum(measured.to_numpy())),
    )


#: file -> pattern of its sample columns, separator, software, samples
WIDE = {
    "parsers/maxquant/alphapeptstats_proteinGroups_go.txt": (r"LFQ intensity .+", "\t", "maxquant", 10),
    "parsers/maxquant/msstats_mq_pg.csv": (r"LFQ\.intensity\..+", ",", "maxquant", 15),
    "parsers/maxquant/msstats_tmt_mq_pg.csv": (r"Reporter\.intensity\.corrected\.\d\.M.+", ",", "maxquant", 150),
    "parsers/maxquant/proDA_bapII_drosophila_proteinGroups.txt": (r"LFQ\.intensity\..+", "\t", "maxquant", 36),
    "parsers/maxquant/protdata_proteinGroups.txt": (r"LFQ intensity .+", "\t", "maxquant", 2),
    "parsers/fragpipe/alphapeptstats_combined_proteins.tsv": (r"S\d+ Razor Intensity", "\t", "fragpipe", 20),
    "parsers/fragpipe/protdata_combined_protein.tsv": (r"IDH.+ MaxLFQ Intensity", "\t", "fragpipe", 6),
    "parsers/fragpipe/tmt_integrator_abundance_protein_MD.tsv": (r"C3[LN]-.+", "\t", "tmt_integrator", 24),
    "parsers/diann/protdata_report.pg_matrix.tsv": (r"S\d+", "\t", "diann", 20),
    "parsers/diann/scpviz_test_diann_prot.tsv": (r".+\.mzML", "\t", "diann", 5),
    "parsers/alphapept/results_proteins.csv": (r"[AB]_LFQ", ",", "table", 2),
    "breast_cellline_exosomes_maxquant/original_filtered_protein_groups.csv": (r"LFQ intensity .+", ",", "maxquant", 12),
    "tb_serum_exosome_tmt/original_tuberculosis_protein_intensities.csv": (r"Reporter intensity corrected \d+ Pat.+", ",", "maxquant", 20),
    "magnet_ev_vs_plasma/original_EV_and_Plasma_Protein_Total_Areas.csv": (r".+ Sum NormalizedArea", ",", "skyline", 6),
    "magnet_adpd_plasma_ev/original_EV_ADPD_Protein_Total_Areas.csv": (r".+ Sum Normalized Area", ",", "skyline", 48),
}  # fmt: skip


@pytest.mark.parametrize("name", WIDE)
def test_wide_exports_hold_what_a_plain_count_finds(shared_data, name):
    columns, sep, software, n_samples = WIDE[name]
    exp, _ = read(shared_data / name)
    expected = plain_count(shared_data / name, columns, sep=sep)
    assert exp.history[0]["software"] == software
    assert counted(exp)[:3] == expected[:3]
    assert counted(exp)[3] == pytest.approx(expected[3], rel=1e-12)
    assert expected[0] == n_samples


def test_a_workbook_of_perseus_holds_what_a_plain_count_finds(shared_data):
    path = shared_data / "bv2_mouse_ev_vs_cell/original_Perseus_cell_vs_exo_normalized.xlsx"
    exp, _ = read(path, organism="mouse", scale="log2")
    frame = pd.read_excel(path)
    main = [c for c, letter in frame.iloc[0].items() if str(letter).removeprefix("#!{Type}") == "E"]
    rows = frame[~frame.iloc[:, 0].astype(str).str.startswith("#!")]
    values = rows[main].apply(pd.to_numeric)
    assert counted(exp)[:3] == (len(main), len(rows), int(values.notna().to_numpy().sum()))
    assert counted(exp)[3] == pytest.approx(float(np.nansum(values.to_numpy())), rel=1e-12)


def test_a_report_of_diann_holds_what_a_plain_count_finds(shared_data):
    path = shared_data / "parsers/diann/proteobench_diann19_report.tsv"
    exp, _ = read(path)
    frame = pd.read_csv(path, sep="\t")
    one_percent = ["Q.Value", "Global.Q.Value", "Lib.Q.Value", "Global.PG.Q.Value", "Lib.PG.Q.Value"]
    kept = frame[(frame[one_percent] <= 0.01).all(axis=1) & (frame["PG.Q.Value"] <= 0.05)]
    each = kept.groupby(["Run", "Protein.Group"])["PG.MaxLFQ"].max()
    each = each[each > 0]
    assert counted(exp)[0] == frame["Run"].nunique()
    assert counted(exp)[1:3] == (kept["Protein.Group"].nunique(), len(each))
    assert counted(exp)[3] == pytest.approx(each.sum(), rel=1e-12)


@pytest.mark.parametrize(
    "name", ["spectronaut/alphapeptstats_results.tsv", "spectronaut/msstats_spectronaut_input.csv"]
)
def test_a_report_of_spectronaut_holds_what_a_plain_count_finds(shared_data, name):
    path = shared_data / "parsers" / name
    exp, _ = read(path)
    frame = pd.read_csv(path, sep="\t" if name.endswith("tsv") else ",")
    kept = frame[(frame["EG.Qvalue"] <= 0.01) & (frame["PG.Qvalue"] <= 0.01)]
    if "PG.QValue (Run-Wise)" in frame:
        kept = kept[kept["PG.QValue (Run-Wise)"] <= 0.05]
    each = kept.groupby(["R.FileName", "PG.ProteinGroups"])["PG.Quantity"].max()
    assert counted(exp)[:3] == (frame["R.FileName"].nunique(), kept["PG.ProteinGroups"].nunique(), len(each))
    assert counted(exp)[3] == pytest.approx(each.sum(), rel=1e-12)


def test_a_parquet_of_prism_holds_what_a_plain_count_finds(shared_data):
    path = shared_data / "parsers/skyline/prism_example_proteins.parquet"
    exp, _ = read(path)
    frame = pd.read_parquet(path)
    values = frame[[c for c in frame.columns if "__@__" in c]]
    assert counted(exp)[:3] == (
        values.shape[1],
        len(values),
        int((values.notna() & (values != 0)).to_numpy().sum()),
    )
    assert counted(exp)[3] == pytest.approx(float(np.nansum(values.to_numpy())), rel=1e-12)


def test_an_mztab_file_holds_what_a_plain_count_finds(shared_data):
    pytest.importorskip("pyteomics", reason="the extra 'mztab' is not installed")
    path = shared_data / "parsers/mztab/protdata_SILAC_SQ.mzTab"
    exp, _ = read(path)
    lines = [line.rstrip("\n").split("\t") for line in path.read_text().splitlines()]
    header = next(cells for cells in lines if cells[0] == "PRH")
    wanted = [
        i for i, cell in enumerate(header) if re.fullmatch(r"protein_abundance_study_variable\[\d\]", cell)
    ]
    values = [[float(cells[i]) for i in wanted] for cells in lines if cells[0] == "PRT"]
    assert exp.history[0]["quantity"] == "study variable"
    np.testing.assert_allclose(exp.values.to_numpy().T, values)


# ---- inputs of kinds that were once misread --------------------------------------


@pytest.fixture(scope="module")
def cases(shared_data):
    folder = shared_data.parent / "cases"
    if not folder.is_dir():
        pytest.skip("the folder of misread inputs is not beside this checkout")
    return folder


#: file -> software, quantity, shape, sample columns of the file, what is said
READ = {
    "01_mq_silac/proteinGroups.txt": ("maxquant", "intensity", (8, 40), r"Intensity [LH] .+", "SILAC"),
    "02_mq_tmt_experiments/proteinGroups.txt": ("maxquant", "reporter", (12, 40), r"Reporter intensity corrected \d plex[AB]", "TMT"),
    "08_pd_r_friendly/Proteins.txt": ("proteome_discoverer", "abundance", (8, 40), r"Abundance F\d Sample .+", ""),
    "11_peaks_proteins/proteins.csv": ("peaks", "area", (4, 40), r".+ Area", ""),
    "12_fragpipe_protein_tsv/protein.tsv": ("fragpipe", "razor", (1, 40), r"Razor Intensity", ""),
    "32_spectronaut_pivots/ms2quantity.tsv": ("spectronaut", "ms2 quantity", (8, 40), r".+PG\.MS2Quantity", ""),
    "32_spectronaut_pivots/r_names.tsv": ("spectronaut", "quantity", (8, 40), r".+PG\.Quantity", ""),
    "33_diann_reports/report.gg_matrix.tsv": ("diann", "maxlfq", (8, 40), r"D:.+", ""),
    "33_diann_reports/same_base.tsv": ("diann", "maxlfq", (8, 40), r"D:.+", ""),
    "33_diann_reports/nogenes.tsv": ("diann", "maxlfq", (8, 40), r"D:.+", ""),
    "44_right_or_refused/combined_protein_578.tsv": ("fragpipe", "maxlfq", (6, 40), r"(EV|lysate)_D\d MaxLFQ Intensity", ""),
    "44_right_or_refused/combined_protein_2exp.tsv": ("fragpipe", "intensity", (6, 40), r"(EV|lysate)_D\d Intensity", ""),
    "44_right_or_refused/pg_new.tsv": ("diann", "maxlfq", (6, 40), r"/data/.+", ""),
    "44_right_or_refused/cont_inside.tsv": ("diann", "maxlfq", (6, 40), r"/data/.+", ""),
    "44_right_or_refused/crap.tsv": ("diann", "maxlfq", (6, 40), r"/data/.+", ""),
    "44_right_or_refused/directlfq.tsv": ("table", "table", (6, 40), r"(EV|lysate)_D\d", ""),
    "44_right_or_refused/msdap_protein_abundance.tsv": ("msdap", "abundance", (6, 40), r"sample: .+", ""),
    "46_accession_pipe_entry/peaks_like.csv": ("peaks", "area", (12, 8), r".+ Area", ""),
    "48_maxlfq_all_zero/combined_protein.tsv": ("fragpipe", "intensity", (4, 30), r"(EV|lysate)_D\d Intensity", "'maxlfq' of combined_protein.tsv is 0 or empty"),
    "49_mq_old_reporter/proteinGroups.txt": ("maxquant", "reporter intensity", (4, 30), r"Reporter intensity \d", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_an_input_that_was_misread_is_read(cases, name):
    software, quantity, shape, columns, said = READ[name]
    exp, notes = read(cases / name)
    assert (exp.history[0]["software"], exp.history[0]["quantity"]) == (software, quantity)
    assert exp.values.shape == shape
    expected = plain_count(cases / name, columns, sep="," if name.endswith("csv") else "\t")
    assert counted(exp)[:3] == expected[:3]
    assert counted(exp)[3] == pytest.approx(expected[3], rel=1e-12)
    assert (said in notes) if said else not notes


def test_a_named_software_reads_the_same(cases):
    path = cases / "08_pd_r_friendly/Proteins.txt"
    assert read(path, software="proteome_discoverer")[0].values.equals(read(path)[0].values)
    path = cases / "02_mq_tmt_experiments/proteinGroups.txt"
    assert read(path, quantity="reporter")[0].values.equals(read(path)[0].values)


@pytest.mark.parametrize("name", ["perseus.txt", "perseus_type_only.txt"])
def test_rows_of_types_of_perseus_are_no_proteins(cases, name):
    exp, _ = read(cases / "22_perseus_type_row" / name)
    lines = [line.split("\t") for line in (cases / "22_perseus_type_row" / name).read_text().splitlines()]
    body = [[float(cell) for cell in cells[:12]] for cells in lines[1:] if not cells[0].startswith("#!")]
    assert (exp.history[0]["software"], exp.scale) == ("maxquant", "log2")
    np.testing.assert_array_equal(exp.values.to_numpy().T, body)


def test_decimal_commas_of_spectronaut(cases):
    pivot, _ = read(cases / "32_spectronaut_pivots/eu.csv")
    long, _ = read(cases / "32_spectronaut_pivots/long_comma.tsv")
    assert pivot.values.shape == long.values.shape == (8, 40)
    pd.testing.assert_frame_equal(pivot.values, long.values.loc[pivot.values.index])


def test_levels_of_msstats_are_read_by_run(cases):
    path = cases / "19_long_tidy/msstats_ProteinLevelData.csv"
    exp, _ = read(path)
    wide = pd.read_csv(path).pivot_table(index="originalRUN", columns="Protein", values="LogIntensities")
    assert exp.values.shape == (12, 40)
    assert exp.scale == "log2"
    np.testing.assert_array_equal(exp.values[list(wide.columns)].loc[list(wide.index)], wide)


def test_channels_of_plexdia_are_samples(cases):
    path = cases / "33_diann_reports/plexdia.tsv"
    exp, _ = read(path)
    frame = pd.read_csv(path, sep="\t")
    assert list(exp.samples.index) == ["2024_ev_01 L", "2024_ev_01 H", "2024_ev_02 L", "2024_ev_02 H"]
    assert counted(exp)[2] == len(frame)
    assert counted(exp)[3] == pytest.approx(frame["PG.MaxLFQ"].sum(), rel=1e-12)


def test_tags_of_twenty_databases_are_seen(cases):
    exp, _ = read(cases / "27_contaminant_decoy_prefixes/c.tsv")
    assert exp.proteins["is_contaminant"].tolist() == [True] * 20 + [False] * 40
    assert exp.proteins["is_decoy"].tolist() == [False] * 20 + [True] * 15 + [False] * 25
    for name in ("cont_inside.tsv", "crap.tsv"):
        assert read(cases / "44_right_or_refused" / name)[0].proteins["is_contaminant"].all()
