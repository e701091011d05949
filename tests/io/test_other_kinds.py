"""Tables that are no protein table are refused by what they are, with the cell that tells it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit import InputError
from tests.io.tables import ACCESSIONS, SAMPLES, SYMBOLS, N, amounts, between, matrix, proteins, whole

SHARED = Path(__file__).parents[3] / "shared"
PEPTIDES = [f"{'ACDEFGHILMNPQSTVWY'[i % 18]}{'LSAV'[i % 4]}PEPTIDE{'KR'[i % 2]}" for i in range(N)]


def refused(table: pd.DataFrame | Path, message: str, **options) -> None:
    with pytest.raises(InputError, match=message):
        mk.read_proteins(table, **options)


# ---- results ----------------------------------------------------------------------

CHANGE, P = between(-2, 2), between(0, 1)
RESULTS = {
    "limma": {"logFC": CHANGE, "AveExpr": between(18, 25), "t": between(-3, 3), "P.Value": P, "adj.P.Val": P, "B": between(-6, 3)},
    "DESeq2": {"baseMean": between(1, 1e5), "log2FoldChange": CHANGE, "lfcSE": P, "stat": CHANGE, "pvalue": P, "padj": P},
    "edgeR": {"logFC": CHANGE, "logCPM": between(2, 9), "LR": P, "PValue": P, "FDR": P},
    "MSstats": {"Label": "EV vs lysate", "log2FC": CHANGE, "SE": P, "Tvalue": CHANGE, "DF": 10, "pvalue": P, "adj.pvalue": P,
                "MissingPercentage": P, "ImputationPercentage": P},
    "Perseus": {"N: Student's T-test Difference EV_lysate": CHANGE, "N: -Log Student's T-test p-value EV_lysate": P,
                "C: Student's T-test Significant EV_lysate": "+"},
    "FragPipe-Analyst": {"EV_vs_lysate_log2 fold change": CHANGE, "EV_vs_lysate_p.val": P, "EV_vs_lysate_p.adj": P,
                         "EV_vs_lysate_significant": CHANGE > 1, "significant": CHANGE > 1, "num_NAs": whole(0, 4)},
    "DEP": {"EV_vs_lysate_p.val": P, "EV_vs_lysate_p.adj": P, "EV_vs_lysate_ratio": CHANGE, "significant": CHANGE > 1,
            "EV_centered": CHANGE, "lysate_centered": CHANGE},
    "Spectronaut": {"Comparison (group1/group2)": "EV / lysate", "Valid": True, "# of Ratios": whole(1, 50), "AVG Log2 Ratio": CHANGE,
                    "Absolute AVG Log2 Ratio": P, "Pvalue": P, "Qvalue": P, "# Unique Total Peptides": whole(1, 30)},
    "prolfqua": {"contrast": "EV_vs_lysate", "avgAbd": between(18, 25), "diff": CHANGE, "FDR": P, "statistic": CHANGE,
                 "std.error": P, "df": 7.0, "p.value": P, "conf.low": CHANGE, "conf.high": CHANGE},
    "by hand": {"EV/lysate": CHANGE, "p value": P},
    "one column": {"log2 fold change": CHANGE},
    "a letter": {"FC": between(0, 4), "P": P},
    "a ratio and a letter": {"Ratio EV/lysate": between(0, 4), "p": P},
}  # fmt: skip


@pytest.mark.parametrize("program", RESULTS)
def test_results_of_a_test(program) -> None:
    refused(
        proteins(**RESULTS[program]), "'frame' is a result table.*column .*give the table that was tested"
    )


def test_results_of_several_contrasts_are_no_long_table() -> None:
    one = proteins(**RESULTS["MSstats"])
    refused(pd.concat([one, one.assign(Label="EV vs plasma")]), "is a result table")


def test_group_means_beside_a_p_value_are_read() -> None:
    frame = proteins(EV=between(1e5, 1e7), Lysate=between(1e5, 1e7, seed=9), **{"p value": P})
    with pytest.warns(mk.MarkerkitWarning, match=r"'p value' \(a result of a test"):
        assert list(mk.read_proteins(frame).values.index) == ["EV", "Lysate"]


def test_ratios_alone() -> None:
    refused(
        proteins(**{"Ratio EV1": P, "Ratio EV2": P}),
        "ratios alone.*name the columns of ratios in the sample sheet",
    )


# ---- another shape -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("run", "value"), [("Sample", "Intensity"), ("variable", "value"), ("replicate", "LogIntensities")]
)
def test_a_long_table_is_refused_with_the_way_to_turn_it(run, value) -> None:
    names = [1, 2, 3, 4] if run == "replicate" else SAMPLES
    frame = matrix([str(n) for n in names])
    long = frame.melt(id_vars=["Accession", "Gene"], var_name=run, value_name=value)
    long[run] = long[run].astype(int) if run == "replicate" else long[run]
    refused(long, rf"is a long table.*has {len(names)} rows.*one for each {run!r}")
    call = f"table.pivot(index='Accession', columns={run!r}, values={value!r}).reset_index()"
    with pytest.raises(InputError) as error:
        mk.read_proteins(long)
    assert call in str(error.value)
    turned = eval(call, {"table": long})
    exp = mk.read_proteins(turned.rename(columns=lambda c: f"s{c}" if c != "Accession" else c))
    np.testing.assert_allclose(
        exp.values.loc[f"s{names[1]}"].reindex(frame["Accession"]), frame[str(names[1])]
    )


def test_a_long_table_that_repeats_runs() -> None:
    long = matrix().melt(id_vars=["Accession", "Gene"], var_name="Sample", value_name="Intensity")
    refused(
        pd.concat([long, long], ignore_index=True), "is a long table.*has 12 rows.*some run more than once"
    )


def test_a_table_with_some_genes_twice_is_no_long_one() -> None:
    frame = matrix().assign(Gene=SYMBOLS[: N // 2] * 2).drop(columns="Accession")
    with pytest.warns(mk.MarkerkitWarning, match="50 rows repeat"):
        assert mk.read_proteins(frame).n_samples == 6


@pytest.mark.parametrize(
    "names", [SYMBOLS, ACCESSIONS, [s.capitalize() for s in SYMBOLS]], ids=["symbols", "accessions", "mouse"]
)
@pytest.mark.parametrize(("n_proteins", "n_samples"), [(60, 6), (8, 6), (6, 30)])
def test_samples_in_rows(names, n_proteins, n_samples) -> None:
    samples = [f"donor{i}" for i in range(n_samples)]
    turned = amounts(samples).T.iloc[:, :n_proteins].set_axis(names[:n_proteins], axis=1)
    refused(
        turned.rename_axis("sample").reset_index(),
        "'frame' is transposed: its column 'sample' holds 'donor0'.*transpose it",
    )
    refused(turned.assign(group="a").rename_axis("sample").reset_index(), "is transposed")


@pytest.mark.parametrize(("n", "in_rows"), [(5, True), (4, False)])
def test_samples_in_rows_told_by_the_name_of_their_column(n, in_rows) -> None:
    """Short symbols, such as CD63, may be names of samples."""
    short = ["CD63", "CD9", "CD81", "IL6", "C3"][:n]
    turned = pd.DataFrame({"SampleID": [f"S{i}" for i in range(20)]})
    turned = turned.join(amounts(short).iloc[:20])
    if in_rows:
        refused(turned, "'frame' is transposed: its column 'SampleID' holds 'S0', 'S1'")
        refused(turned.assign(arm="a"), "is transposed")
    else:
        assert list(mk.read_proteins(turned).values.index) == short
    named = turned.assign(protein=[f"prot_{i}" for i in range(20)])
    assert list(mk.read_proteins(named).values.index) == short


def test_samples_in_rows_told_by_the_sheet() -> None:
    turned = (
        amounts(SAMPLES).T.set_axis([f"prot{i}" for i in range(N)], axis=1).rename_axis("who").reset_index()
    )
    refused(turned, "is transposed.*column 'who'", samples=pd.DataFrame({"sample": SAMPLES[:4]}))


def test_columns_called_as_proteins_are_samples_where_the_rows_are_proteins() -> None:
    names = ["CD9", "CD63", "CD81", "EPCAM", "ITGB1", "ALB"]
    assert list(mk.read_proteins(matrix(names)).values.index) == names


def test_samples_against_samples() -> None:
    refused(
        amounts(SAMPLES).corr().rename_axis("x").reset_index(), "compares samples with samples.*correlations"
    )


SHEETS = {
    "ours": {"sample": SAMPLES, "condition": ["EV"] * 3 + ["lysate"] * 3},
    "no level": {"run": SAMPLES, "nef": ["+", "-"] * 3},
    "LFQ-Analyst": {"label": SAMPLES, "condition": ["EV"] * 3 + ["lysate"] * 3, "replicate": [1, 2, 3] * 2},
    "FragPipe": {"file": [f"/d/{s}.raw" for s in SAMPLES], "sample": SAMPLES, "sample_name": SAMPLES, "condition": "EV", "replicate": 1},
    "MaxQuant": {"Name": SAMPLES, "Fraction": 1, "Experiment": SAMPLES},
    "MSstats": {"Run": SAMPLES, "Condition": "EV", "BioReplicate": range(6)},
    "donors like symbols": {"sample": SAMPLES, "donor": ["D1", "F2", "C3", "C5", "F8", "S100"], "age": [61, 70, 55, 81, 49, 66]},
    "no name for samples": {"patient": [f"P{i}" for i in range(6)], "sex": ["f", "m"] * 3, "age": [61, 70, 55, 81, 49, 66]},
    "R": {"Unnamed: 0": SAMPLES, "Group": "EV", "batch": [1, 1, 2, 2, 3, 3]},
}  # fmt: skip


@pytest.mark.parametrize("kind", SHEETS)
def test_a_sample_sheet_given_as_the_matrix(kind) -> None:
    refused(
        pd.DataFrame(SHEETS[kind]), r"is a sample sheet \(column .*give it as the sample sheet \(--samples\)"
    )


def test_a_matrix_with_a_column_called_group_is_no_sheet() -> None:
    own = pd.DataFrame({"name": [f"orf{i}" for i in range(N)], "group": "x"}).join(amounts(SAMPLES))
    assert list(mk.read_proteins(own).values.index) == SAMPLES


def test_identifiers_and_marks_without_amounts() -> None:
    refused(
        proteins(),
        "no sample columns: it is a list of identifiers without amounts; found 'Accession' and 'Gene'",
    )
    refused(proteins(Length=whole(90, 900)), "without amounts \\(of numbers there is only 'Length'\\)")
    refused(
        proteins(**{s: whole(0, 2, seed=i) > 0 for i, s in enumerate(SAMPLES)}),
        "True and False, which shows what was detected",
    )


@pytest.mark.parametrize("text", ["SET\tna\tCD63\tCD81\nSET2\tna\tALB\n", "SET\tna\tCD63\n"])
def test_a_file_of_gene_sets(tmp_path, text) -> None:
    path = tmp_path / "sets.gmt"
    path.write_text(text, encoding="utf-8")
    refused(path, r"'sets.gmt' is a file of gene sets \(GMT\).*--markers")


# ---- other kinds -------------------------------------------------------------------------

A, G = ACCESSIONS, SYMBOLS
KINDS = {
    "MaxQuant peptides.txt": ({"Sequence": PEPTIDES, "Missed cleavages": 0, "Proteins": A, "Leading razor protein": A, "Charges": "2;3"}, "of peptides .*'Sequence'.*mk.read_peptides"),
    "MaxQuant evidence.txt": ({"Sequence": PEPTIDES, "Modified sequence": [f"_{p}_" for p in PEPTIDES], "Proteins": A, "Raw file": "a", "Charge": 2}, "of peptides"),
    "MaxQuant modificationSpecificPeptides.txt": ({"Sequence": PEPTIDES, "Modifications": "Unmodified", "Mass": between(800, 3000), "Proteins": A}, "of peptides"),
    "MaxQuant sites": ({"Proteins": A, "Positions within proteins": "12", "Localization prob": P, "Amino acid": "S"}, "modification sites"),
    "MaxQuant summary": ({"Raw file": A, "MS/MS Identified": whole(1, 9), "Peptide Sequences Identified": whole(1, 9)}, "summary of runs"),
    "FragPipe combined_peptide": ({"Peptide Sequence": PEPTIDES, "Prev AA": "K", "Charges": "2", "Protein": A, "Protein ID": A, "Entry Name": "x", "Gene": G}, "of peptides .*'Peptide Sequence'"),
    "FragPipe combined_ion": ({"Peptide Sequence": PEPTIDES, "Modified Sequence": PEPTIDES, "M/Z": P, "Charge": 2, "Protein": A}, "of peptides"),
    "FragPipe psm": ({"Spectrum": "a.1.1.2", "Spectrum File": "x.pep.xml", "Peptide": PEPTIDES, "Charge": 2, "Protein": A}, r"of spectra \(PSMs\)"),
    "DIA-NN pr_matrix": ({"Protein.Group": A, "Protein.Names": "x", "Genes": G, "Stripped.Sequence": PEPTIDES, "Precursor.Charge": 2, "Precursor.Id": PEPTIDES}, "of precursors .*'Precursor.Id'.*read_peptides"),
    "DIA-NN stats": ({"File.Name": A, "Precursors.Identified": whole(1, 9), "Proteins.Identified": whole(1, 9)}, "summary of runs"),
    "PD PeptideGroups for R": ({"AnnotatedSequence": [f"[K].{p}.[A]" for p in PEPTIDES], "MasterProteinAccessions": A}, "of peptides"),
    "PD PSMs": ({"Annotated Sequence": PEPTIDES, "First Scan": whole(1, 9999), "Master Protein Accessions": A}, r"of spectra \(PSMs\) .*'First Scan'"),
    "Spectronaut peptides": ({"PG.ProteinGroups": A, "PG.Genes": G, "PEP.StrippedSequence": PEPTIDES}, "of peptides"),
    "Spectronaut precursors": ({"PG.ProteinGroups": A, "EG.PrecursorId": PEPTIDES}, "of precursors"),
    "Sage lfq": ({"peptide": PEPTIDES, "charge": 2, "proteins": A, "q_value": P, "spectral_angle": P}, "of peptides .*'peptide'"),
    "directLFQ ions": ({"protein": A, "ion": [f"_{p}_2+" for p in PEPTIDES]}, "of precursors .*'ion'"),
    "Skyline transitions": ({"Protein": A, "Peptide Modified Sequence": PEPTIDES, "Fragment Ion": "y5"}, r"of fragments \(transitions\)"),
    "MSstats of OpenMS": ({"ProteinName": A, "PeptideSequence": PEPTIDES, "PrecursorCharge": 2, "FragmentIon": np.nan, "ProductCharge": 0, "Run": 1}, "of precursors .*'PrecursorCharge'"),
    "peptides under another name": ({"accession": A, "clean": [f"{p}GG" for p in PEPTIDES]}, "of peptides .*'clean', first cell 'ALPEPTIDEKGG'"),
    "Olink long": ({"SampleID": "a", "OlinkID": "OID20001", "UniProt": A, "Assay": G, "Panel": "Inflammation", "QC_Warning": "Pass", "NPX": P}, "affinity assay, Olink"),
    "Olink without NPX": ({"UniProt": A, "Assay": G, "Panel": "Inflammation", "LOD": P}, "affinity assay, Olink"),
    "Olink by QC": ({"SampleID": A, "QC_Warning": "Pass", "Plate ID": 1}, "affinity assay, Olink"),
    "Olink assays in rows": ({"assay_id": [f"OID{20000 + i}" for i in range(N)], "gene": G}, "affinity assay, Olink .*'assay_id', first cell 'OID20000'"),
    "SomaScan wide": ({"SeqId": [f"{2000 + i}-3" for i in range(N)], "Target": G, "UniProt": A, "EntrezGeneSymbol": G}, "affinity assay, SomaScan"),
    "SomaScan aptamers in rows": ({"X": [f"seq.{2000 + i}.3" for i in range(N)]}, "affinity assay, SomaScan"),
    "SDRF": ({"source name": A, "characteristics[organism]": "Homo sapiens", "comment[data file]": "a.raw"}, r"sample sheet \(SDRF\)"),
    "ExoCarta": ({"CONTENT ID": whole(1, 9), "CONTENT TYPE": "protein", "ENTREZ GENE ID": whole(1, 999), "GENE SYMBOL": G, "EXPERIMENT ID": whole(1, 9)}, "download of ExoCarta or Vesiclepedia"),
    "Vesiclepedia top 100": ({"GENE SYMBOL": G, "NUMBER OF TIMES IDENTIFIED": whole(1, 999)}, "how often vesicle databases name them"),
    "UniProt": ({"Entry": A, "Reviewed": "reviewed", "Entry Name": "x", "Gene Names": G, "Length": whole(9, 99)}, "download of UniProt"),
    "Human Protein Atlas": ({"Gene": G, "Uniprot": A, "RNA tissue specificity": "x"}, "Human Protein Atlas"),
    "enrichment": ({"Term": G, "Overlap": "3/20", "P-value": P, "Adjusted P-value": P}, "gene-set enrichment"),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_other_kinds_are_named(kind) -> None:
    columns, message = KINDS[kind]
    refused(pd.DataFrame(columns).join(amounts(SAMPLES)), message)


@pytest.mark.parametrize("prefix", ["seq.{}.{}", "OID{}{}"])
def test_affinity_assays_with_samples_in_rows(prefix) -> None:
    frame = amounts([f"s{i}" for i in range(8)]).T.iloc[:, :20]
    frame.columns = [prefix.format(2001 + i, i % 10) for i in range(20)]
    refused(frame.rename_axis("SampleId").reset_index(), "affinity assay")


@pytest.mark.parametrize(("residues", "of_proteins"), [(61, True), (60, False)])
def test_protein_tables_may_have_columns_called_as_those_of_peptides(residues, of_proteins) -> None:
    """Peptide counts, lists of peptides and whole sequences of proteins are no mark of a peptide table."""
    lists = [f"{p};{p[::-1]}" for p in PEPTIDES]
    frame = matrix().assign(Peptides=whole(1, 40), Peptide=lists, Sequence=("MKWVTFISLL" * 7)[:residues])
    if of_proteins:
        assert list(mk.read_proteins(frame).values.index) == SAMPLES
    else:
        refused(frame, "of peptides .*'Sequence'")


def test_q_values_of_identifications_are_no_results() -> None:
    frame = proteins(**{"Exp. q-value: Combined": P, "Protein FDR": P}).join(amounts(["EV_1"]))
    assert list(mk.read_proteins(frame).values.index) == ["EV_1"]
    refused(frame.assign(**{"log2 fold change": CHANGE}), "is a result table")


# ---- real files -----------------------------------------------------------------------------

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the folder of real data sets is not here")
VENDOR = {
    "openms/msstats_openms_input.csv": "of precursors",
    "proteome_discoverer/msstats_pd_input.csv": r"of spectra \(PSMs\)",
    "proteome_discoverer/proteobench_PeptideGroups_trimmed.txt": "of peptides",
    "sage/proteobench_sage_lfq.tsv": "of peptides",
    "skyline/msstats_skyline_input.csv": "of fragments",
    "progenesis/msstats_progenesis_input.csv": "an export of Progenesis, of peptide ions",
    "affinity/olink_covid_serum_npx_level.csv": "affinity assay, Olink",
    "affinity/somascan_example_data10.adat": "affinity assay",
    "sdrf/PXD001487.sdrf.tsv": r"sample sheet \(SDRF\)",
    "sdrf/PXD015578.sdrf.tsv": r"sample sheet \(SDRF\)",
    "sdrf/PXD020207.sdrf.tsv": r"sample sheet \(SDRF\)",
}
DATABASES = {
    "exocarta/EXOCARTA_PROTEIN_MRNA_DETAILS_5_2024_06_18.csv": "download of ExoCarta or Vesiclepedia",
    "exocarta/exocarta_experiments.txt": "list of the studies in ExoCarta or Vesiclepedia",
    "exocarta/ExoCarta_top100_protein_details_6.txt": "how often vesicle databases name them",
    "exocarta/EXOCARTA_5_uniprot_idmapping_2024_06_18.csv": "download of UniProt",
    "evpedia/evpedia.csv": "how often vesicle databases name them",
    "subcellular/HPA_subcell_location_Mitochondria.tsv": "Human Protein Atlas",
    "ibivu_curated/VPEC_all.csv": "list of identifiers without amounts",
}
CASES = {
    "19_long_tidy/long.csv": "is a long table.*columns='Run', values='LogIntensities'",
    "20_transposed/t.csv": "is transposed",
    "21_de_results_as_matrix/DEP_results.csv": "is a result table",
    "44_right_or_refused/somascan_wide.csv": "affinity assay, SomaScan",
    "51_affinity_wide/olink_wide.csv": "affinity assay, Olink",
    "54_peptides_txt/peptides.txt": "of peptides.*'PEPT0K'",
    "43_gene_set_files/mouse.gmt": "a file of gene sets",
    "34_sheet_column_precedence/experiment_annotation.tsv": "is a sample sheet",
    "34_sheet_column_precedence/lfqanalyst.txt": "is a sample sheet",
    "17_levels_that_are_missing_words/s.tsv": "is a sample sheet",
}
FILES = (
    {f"data/parsers/{k}": v for k, v in VENDOR.items()}
    | {f"data/databases/{k}": v for k, v in DATABASES.items()}
    | {f"cases/{k}": v for k, v in CASES.items()}
)


@pytest.mark.data
@needs_shared
@pytest.mark.filterwarnings("ignore::markerkit.core.errors.MarkerkitWarning")
@pytest.mark.parametrize("name", FILES)
def test_real_files_of_other_kinds(name) -> None:
    refused(SHARED / name, FILES[name])


@pytest.mark.data
@needs_shared
def test_a_transposed_file_of_anndata() -> None:
    pytest.importorskip("anndata", reason="the extra 'anndata' is not installed")
    refused(SHARED / "cases/29_anndata_variants/transposed.h5ad", "is transposed")


DONORS = [*(f"EV_D{i}" for i in range(1, 7)), *(f"lysate_D{i}" for i in range(1, 7))]
READ = {
    "03_rowname_column/gene_only.csv": (DONORS, "", "ALB"),
    "03_rowname_column/matrix.csv": (DONORS, "P02768", "ALB"),
    "03_rowname_column/matrix_r.tsv": (DONORS, "P02768", "ALB"),
    "03_rowname_column/report.pg_matrix.csv": (DONORS, "P02768", "ALB"),
    "04_log2_rowname_no_sheet/log2.csv": (DONORS, "P02768", "ALB"),
    "11_peaks_proteins/proteins.csv": (["EV_1", "EV_2", "LYS_1", "LYS_2"], "P02768|ALB_HUMAN", "ALB"),
    **{
        f"31_r_rownames_gene_symbols/{n}.csv": (DONORS, "", "ALB")
        for n in (
            "Entrez",
            "ID",
            "PG.Genes",
            "Protein_is_gene",
            "T_gene",
            "X_genes",
            "proteinname",
            "rownames_genes",
        )
    },
    "31_r_rownames_gene_symbols/mixed.csv": (DONORS, "P02768", "ALB"),
    "31_r_rownames_gene_symbols/rownames_acc.csv": (DONORS, "P02768", ""),
    "44_right_or_refused/directlfq_idx.tsv": ([d for d in DONORS if d[-1] in "123"], "P02768", ""),
    "52_feature_id_symbols_zeros/merged_log2.csv": (
        [f"PXDA_{d}" for d in DONORS if d[-1] in "123"],
        "",
        "ALB",
    ),
}


@pytest.mark.data
@needs_shared
@pytest.mark.filterwarnings("ignore::markerkit.core.errors.MarkerkitWarning")
@pytest.mark.parametrize("name", READ)
def test_real_files_whose_samples_and_identifiers_are_found_by_content(name) -> None:
    samples, accession, gene = READ[name]
    exp = mk.read_proteins(SHARED / "cases" / name)
    assert [s.removesuffix(" Area") for s in exp.values.index] == samples
    assert (exp.proteins["accession"].iloc[0], exp.proteins["gene"].iloc[0]) == (accession, gene)


@pytest.mark.data
@needs_shared
def test_one_run_three_times() -> None:
    with pytest.warns(
        mk.MarkerkitWarning, match="'EV_D1', 'EV_D2' and 'EV_D3' hold the same value in every protein"
    ):
        mk.read_proteins(SHARED / "cases/47_identical_sample_columns/m.tsv")


@pytest.mark.data
@needs_shared
@pytest.mark.parametrize(("name", "samples"), [("m.tsv", [*DONORS, "blank_1"]), ("m_nd.tsv", DONORS)])
def test_samples_that_hold_words_mostly(name, samples) -> None:
    with pytest.warns(mk.MarkerkitWarning, match="say that nothing was measured"):
        exp = mk.read_proteins(SHARED / "cases/18_blank_column_mostly_words" / name)
    assert list(exp.values.index) == samples


# ---- exports of Olink with a header of several lines ---------------------------------------

NPX = [
    ["Project 1", "NPX Manager 2.1"],
    ["NPX data"],
    ["Panel", "Olink INFLAMMATION", "Olink INFLAMMATION"],
    ["Assay", "IL8", "VEGFA"],
    ["Uniprot ID", "P10145", "P15692"],
    ["OlinkID", "OID00471", "OID00472"],
    *([f"sample {i}", f"{5 + i / 7:.4f}", f"{9 - i / 9:.4f}"] for i in range(12)),
]


@pytest.mark.parametrize("sep", ["\t", ";", ","])
@pytest.mark.parametrize("padded", [True, False])
def test_wide_text_of_olink(tmp_path, sep, padded) -> None:
    rows = [[*r, *[""] * (3 - len(r))] if padded else r for r in NPX]
    (tmp_path / "npx.csv").write_text("\n".join(sep.join(r) for r in rows) + "\n")
    refused(
        tmp_path / "npx.csv", r"affinity assay, Olink \('(?:NPX data|Olink INFLAMMATION)' in its first rows\)"
    )


def test_wide_workbook_of_olink(tmp_path) -> None:
    pd.DataFrame([[*r, *[""] * (3 - len(r))] for r in NPX]).to_excel(
        tmp_path / "npx.xlsx", index=False, header=False
    )
    refused(tmp_path / "npx.xlsx", r"affinity assay, Olink \('NPX data' in its first rows\)")


def test_titles_of_other_tables_are_no_olink(tmp_path) -> None:
    lines = matrix().to_csv(sep="\t", index=False)
    (tmp_path / "m.tsv").write_text("Proteins measured beside Olink Explore\n" + lines)
    refused(tmp_path / "m.tsv", "does not begin with its header")
