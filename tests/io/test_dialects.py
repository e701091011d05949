"""One small table of every layout: its samples, values, software, quantity and identifiers."""

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit import InputError, MarkerkitWarning
from markerkit.io.vendor_dialects import DIALECTS

MQ = {"Protein IDs": "P08962;P1", "Majority protein IDs": "P08962", "Gene names": "CD63"}
FP = {"Protein": "P08962|CD63_HUMAN", "Protein ID": "P08962", "Entry Name": "CD63_HUMAN", "Gene": "CD63", "Organism": "Homo sapiens"}  # fmt: skip
PD = {"Accession": "P08962", "Description": "CD63 antigen OS=Homo sapiens OX=9606 GN=CD63 PE=1 SV=2"}
SN = {"PG.ProteinGroups": "P08962", "PG.Genes": "CD63", "PG.Qvalue": 0.001}
TWO = {"ev": 2e6, "cell": 5e5}  # what most tables hold in the samples `ev` and `cell`
#: layout -> cells by column, software, quantity, value of each sample
TABLES = {
    # ---- MaxQuant
    "lfq before intensity and ibaq": (
        MQ | {"Intensity": 9e6, "Intensity ev": 1e6, "Intensity cell": 8e6, "iBAQ": 3e5, "iBAQ peptides": 7, "iBAQ ev": 2e5, "iBAQ cell": 1e5,
              "LFQ intensity ev": 2e6, "LFQ intensity cell": 5e5, "MS/MS count ev": 3, "MS/MS count cell": 2, "MS/MS count": 5},
        "maxquant", "lfq", TWO,
    ),
    "without the sum over samples": (
        MQ | {"Intensity": 9e6, "Intensity ev": 2e6, "Intensity cell": 5e5}, "maxquant", "intensity", TWO,
    ),
    "trimmed to ids": ({"Protein IDs": "P08962", "Gene names": "CD63", "LFQ intensity ev": 2e6, "LFQ intensity cell": 5e5}, "maxquant", "lfq", TWO),
    "trimmed to other names": ({"UniProt": "P08962", "Gene": "CD63", "LFQ intensity ev": 2e6, "LFQ intensity cell": 5e5, "score": 3}, "maxquant", "lfq", TWO),
    "names of R": (
        {"Protein.IDs": "P08962", "Majority.protein.IDs": "P08962", "Gene.names": "CD63", "Intensity.ev": 9e6, "Intensity.cell": 9e6,
         "LFQ.intensity.ev": 2e6, "LFQ.intensity.cell": 5e5},
        "maxquant", "lfq", TWO,
    ),
    "clean names": (
        {"protein_ids": "P08962", "majority_protein_ids": "P08962", "gene_names": "CD63", "lfq_intensity_ev": 2e6, "lfq_intensity_cell": 5e5},
        "maxquant", "lfq", TWO,
    ),
    "silac, several runs": (
        MQ | {"Ratio H/L a": 0.25, "Ratio H/L normalized a": 1.0, "Ratio H/L count a": 4, "Intensity": 3.6e6, "Intensity L": 3e6, "Intensity H": 6e5, "Intensity a": 2.5e6,
              "Intensity L a": 2e6, "Intensity H a": 5e5, "Intensity b": 1.1e6, "Intensity L b": 1e6, "Intensity H b": 1e5},
        "maxquant", "intensity", {"L a": 2e6, "H a": 5e5, "L b": 1e6, "H b": 1e5},
    ),
    "silac, one run": (
        MQ | {"Ratio H/L": 0.25, "Intensity": 2.5e6, "Intensity L": 2e6, "Intensity H": 5e5}, "maxquant", "intensity", {"L": 2e6, "H": 5e5},
    ),
    "silac, three labels, ratios cut": (
        MQ | {"Intensity L": 2e6, "Intensity M": 1e6, "Intensity H": 5e5, "Intensity x": 3.5e6, "Intensity L x": 2e6, "Intensity M x": 1e6, "Intensity H x": 5e5},
        "maxquant", "intensity", {"L x": 2e6, "M x": 1e6, "H x": 5e5},
    ),
    "silac, LFQ of the channels": (
        MQ | {"Ratio H/L a": 0.25, "Intensity L a": 9e6, "Intensity H a": 9e6, "LFQ intensity L a": 2e6, "LFQ intensity H a": 5e5},
        "maxquant", "lfq", {"L a": 2e6, "H a": 5e5},
    ),
    "label-free runs that look like labels": (
        # L and H are doses here: L is no sum, because it is not the sum of L 2
        MQ | {"LFQ intensity L": 2e6, "LFQ intensity L 2": 7e5, "LFQ intensity H": 5e5, "LFQ intensity H 2": 6e5},
        "maxquant", "lfq", {"L": 2e6, "L 2": 7e5, "H": 5e5, "H 2": 6e5},
    ),
    "tmt, one plex": (
        MQ | {"Reporter intensity corrected 1": 2e6, "Reporter intensity corrected 2": 5e5, "Reporter intensity 1": 9e6, "Reporter intensity 2": 9e6,
              "Reporter intensity count 1": 3, "Reporter intensity count 2": 3, "Intensity": 9e9},
        "maxquant", "reporter", {"1": 2e6, "2": 5e5},
    ),
    "tmt, several plexes": (
        MQ | {"Reporter intensity corrected 1": 3e6, "Reporter intensity corrected 2": 5e5, "Intensity": 9e9, "Intensity p1": 8e9, "Intensity p2": 1e9,
              "Reporter intensity corrected 1 p1": 2e6, "Reporter intensity corrected 2 p1": 4e5, "Reporter intensity corrected 1 p2": 1e6, "Reporter intensity corrected 2 p2": 1e5,
              "Reporter intensity 1 p1": 7e6, "Reporter intensity count 1 p1": 2},
        "maxquant", "reporter", {"1 p1": 2e6, "2 p1": 4e5, "1 p2": 1e6, "2 p2": 1e5},
    ),
    "tmt, older version": (
        MQ | {"Reporter intensity 0": 2e6, "Reporter intensity 1": 5e5, "Reporter intensity not corrected 0": 9e6, "Reporter intensity not corrected 1": 9e6,
              "Reporter intensity count 0": 2, "Reporter intensity count 1": 2, "Intensity": 9e9},
        "maxquant", "reporter intensity", {"0": 2e6, "1": 5e5},
    ),
    "tmt, older version, several plexes, names of R": (
        {"Protein.IDs": "P08962", "Gene.names": "CD63", "Reporter.intensity.0": 3e6, "Reporter.intensity.0.a": 2e6, "Reporter.intensity.0.b": 1e6,
         "Reporter.intensity.not.corrected.0.a": 9e6, "Reporter.intensity.not.corrected.0.b": 9e6},
        "maxquant", "reporter intensity", {"0.a": 2e6, "0.b": 1e6},
    ),
    # ---- DIA-NN and AlphaDIA
    "pg_matrix": (
        {"Protein.Group": "P08962", "Protein.Ids": "P08962;P1", "Protein.Names": "CD63_HUMAN", "Genes": "CD63", "First.Protein.Description": "CD63 antigen",
         "N.Sequences": 4, "N.Proteotypic.Sequences": 3, r"D:\raw\ev.raw": 2e6, "/raw/cell.mzML": 5e5},
        "diann", "maxlfq", TWO,
    ),
    "pg_matrix without Protein.Ids": ({"Protein.Group": "P08962", "Protein.Names": "CD63_HUMAN", "Genes": "CD63", "ev.d": 2e6, "cell.dia": 5e5}, "diann", "maxlfq", TWO),
    "gg_matrix": ({"Genes": "CD63", "N.Sequences": 4, "N.Proteotypic.Sequences": 3, "ev.raw": 2e6, "cell.raw": 5e5}, "diann", "maxlfq", TWO),
    "AlphaDIA": ({"pg": "P08962;P1", "ev": 2e6, "cell": 5e5}, "alphadia", "intensity", TWO),
    # ---- FragPipe
    "combined_protein": (
        FP | {"Combined Total Peptides": 3, "Combined Spectral Count": 9, "Combined Total Spectral Count": 9, "ev Spectral Count": 7, "cell Spectral Count": 2,
              "ev Unique Spectral Count": 6, "ev Total Spectral Count": 8, "ev Intensity": 1e6, "cell Intensity": 9e6, "ev MaxLFQ Intensity": 2e6, "cell MaxLFQ Intensity": 5e5,
              "ev MaxLFQ Unique Intensity": 9e6, "ev MaxLFQ Total Intensity": 9e6, "Indistinguishable Proteins": ""},
        "fragpipe", "maxlfq", TWO,
    ),
    "combined_protein without MaxLFQ": (
        FP | {"Combined Intensity": 9e9, "ev Intensity": 2e6, "cell Intensity": 5e5, "ev Unique Intensity": 9e6, "cell Unique Intensity": 9e6, "ev Total Intensity": 9e6, "cell Total Intensity": 9e6},
        "fragpipe", "intensity", TWO,
    ),
    "combined_protein, samples called total": (
        FP | {"EV_Total Intensity": 2e6, "EV_Unique Intensity": 5e5}, "fragpipe", "intensity", {"EV_Total": 2e6, "EV_Unique": 5e5},
    ),
    "combined_protein, early": (
        {"Protein Group": 1, "SubGroup": "a", "Protein": "sp|P08962|CD63_HUMAN", "Protein ID": "P08962", "Gene Names": "CD63", "Unique Stripped Peptides": 3,
         "Summarized Total Spectral Count": 9, "ev Razor Spectral Count": 4, "ev Total Intensity": 9e6, "cell Total Intensity": 9e6, "ev Razor Intensity": 2e6, "cell Razor Intensity": 5e5},
        "fragpipe", "razor", TWO,
    ),
    "combined_protein, names of R": (
        {"Protein": "sp|P08962|CD63_HUMAN", "Protein.ID": "P08962", "Gene": "CD63", "ev.Intensity": 9e6, "ev.MaxLFQ.Intensity": 2e6, "cell.MaxLFQ.Intensity": 5e5},
        "fragpipe", "maxlfq", TWO,
    ),
    "combined_protein, counts alone": (
        FP | {"Combined Spectral Count": 2500, "ev Spectral Count": 2000, "cell Spectral Count": 500, "ev Unique Spectral Count": 9}, "fragpipe", "spectral counts",
        {"ev": 2000, "cell": 500},
    ),
    "protein.tsv of one sample": (
        FP | {"Length": 238, "Coverage": 20.1, "Protein Probability": 1.0, "Total Peptides": 5, "Unique Peptides": 4, "Razor Peptides": 5, "Total Spectral Count": 9,
              "Unique Spectral Count": 8, "Razor Spectral Count": 9, "Total Intensity": 9e6, "Unique Intensity": 8e6, "Razor Intensity": 2e6,
              "Razor Assigned Modifications": "", "Razor Observed Modifications": "", "Indistinguishable Proteins": ""},
        "fragpipe", "razor", {"sample": 2e6},
    ),
    "protein.tsv of one plex": (
        FP | {"Total Peptides": 5, "Razor Peptides": 5, "Total Intensity": 9e6, "Unique Intensity": 8e6, "Razor Intensity": 9e6, "Indistinguishable Proteins": "", "ev": 2e6, "cell": 5e5},
        "fragpipe", "channel", TWO,
    ),
    "protein.tsv of one plex, channels named in an annotation file": (
        FP | {"Razor Intensity": 9e6, "Razor Assigned Modifications": "", "Indistinguishable Proteins": "", "channel_126": 2e6, "channel_127N": 5e5}, "fragpipe", "channel",
        {"channel_126": 2e6, "channel_127N": 5e5},
    ),
    "protein.tsv of one plex, unnamed channels": (
        FP | {"Razor Intensity": 9e6, "Indistinguishable Proteins": "", "Channel 126": 2e6, "Channel 127N": 5e5}, "fragpipe", "reporter", {"126": 2e6, "127N": 5e5},
    ),
    "TMT-Integrator": (
        {"Index": "P08962", "NumberPSM": 9, "Gene": "CD63", "MaxPepProb": 1.0, "Protein": "sp|P08962|CD63_HUMAN", "Protein ID": "P08962", "Indistinguishable Proteins": "",
         "ReferenceIntensity": 21.2, "ev": 22.5, "cell": 20.5},
        "tmt_integrator", "abundance", {"ev": 22.5, "cell": 20.5},
    ),
    # ---- Spectronaut
    "pivot": (SN | {"[1] ev.raw.PG.Quantity": 2e6, "[2] cell.raw.PG.Quantity": 5e5, "[1] ev.raw.PG.RunEvidenceCount": 3, "[1] ev.raw.PG.Qvalue": 0.0, "[1] ev.raw.PG.IBAQ": 7e4,
                    "[1] ev.raw.PG.NrOfStrippedSequencesIdentified": 3}, "spectronaut", "quantity", TWO),
    "pivot with UniProt ids": ({"PG.UniProtIds": "P08962", "PG.Genes": "CD63", "[1] ev.PG.Quantity": 2e6, "[2] cell.PG.Quantity": 5e5, "[1] ev.PG.Qvalue": 0.5}, "spectronaut", "quantity", TWO),
    "pivot of MS2": (SN | {"[1] ev.raw.PG.MS2Quantity": 2e6, "[2] cell.raw.PG.MS2Quantity": 5e5, "[1] ev.raw.PG.MS1Quantity": 9e6, "[2] cell.raw.PG.MS1Quantity": 9e6}, "spectronaut", "ms2 quantity", TWO),
    "pivot of MS1": (SN | {"[1] ev.raw.PG.MS1Quantity": 2e6, "[2] cell.raw.PG.MS1Quantity": 5e5}, "spectronaut", "ms1 quantity", TWO),
    "pivot of logarithms": (SN | {"[1] ev.raw.PG.Log2Quantity": 20.5, "[2] cell.raw.PG.Log2Quantity": 18.5}, "spectronaut", "log2 quantity", {"ev": 20.5, "cell": 18.5}),
    "pivot, names of R": (SN | {"X.1..ev.raw.PG.Quantity": 2e6, "X2..cell.raw.PG.Quantity": 5e5, "X.1..ev.raw.PG.RunEvidenceCount": 3}, "spectronaut", "quantity", TWO),
    "pivot without numbers": (SN | {"ev.d.PG.Quantity": 2e6, "cell.d.PG.Quantity": 5e5}, "spectronaut", "quantity", TWO),
    # ---- Proteome Discoverer
    "abundance before normalized and grouped": (
        PD | {"Contaminant": "False", "# Peptides": 4, "# AAs": 238, "Gene Symbol": "CD63", "Abundance Ratio: (EV) / (cell)": 4.0, "Abundances (Grouped): EV": 7e6, "Abundances (Scaled): F1: Sample": 120,
              "Abundances Count: F1: Sample": 3, "Abundances (Normalized): F1: Sample, EV": 9e6, "Abundances (Normalized): F2: Sample, cell": 9e6,
              "Abundance: F1: Sample, EV": 2e6, "Abundance: F2: Sample, cell": 5e5, "Found in Sample: [S1] F1: Sample, EV": "High"},
        "proteome_discoverer", "abundance", {"F1: Sample, EV": 2e6, "F2: Sample, cell": 5e5},
    ),
    "normalized alone": (
        PD | {"Abundances (Grouped): EV": 7e6, "Abundances (Normalized): F1: Sample": 2e6, "Abundances (Normalized): F2: Sample": 5e5},
        "proteome_discoverer", "normalized", {"F1: Sample": 2e6, "F2: Sample": 5e5},
    ),
    "renamed samples": (PD | {"Abundance: ev": 2e6, "Abundance: cell": 5e5, "Abundances (Grouped): EV": 7e6}, "proteome_discoverer", "abundance", TWO),
    "renamed samples, normalized": (PD | {"Abundances (Normalized): ev": 2e6, "Abundances (Normalized): cell": 5e5}, "proteome_discoverer", "normalized", TWO),
    "tmt of Proteome Discoverer": (
        PD | {"Abundance: F1: 126, Sample": 2e6, "Abundance: F1: 127N, Sample": 5e5}, "proteome_discoverer", "abundance", {"F1: 126, Sample": 2e6, "F1: 127N, Sample": 5e5},
    ),
    "R-friendly headers": (
        PD | {"Sum PEP Score": 5.0, "Number of Peptides": 4, "Abundance Ratio EV Lysate": 4.0, "Abundances Grouped EV": 7e6, "Abundance F1 Sample EV": 2e6, "Abundance F2 Sample Lysate": 5e5,
              "Abundances Normalized F1 Sample EV": 9e6},
        "proteome_discoverer", "abundance", {"F1 Sample EV": 2e6, "F2 Sample Lysate": 5e5},
    ),
    "R-friendly headers read by R": (
        PD | {"Abundances.Grouped.EV": 7e6, "Abundances.Normalized.F1.Sample.EV": 2e6, "Abundances.Normalized.F2.Sample.cell": 5e5}, "proteome_discoverer", "normalized",
        {"F1.Sample.EV": 2e6, "F2.Sample.cell": 5e5},
    ),
    "headers read by R": (
        PD | {"Abundances..Grouped...EV": 7e6, "Abundance..F1..Sample": 2e6, "Abundance..F2..Sample": 5e5}, "proteome_discoverer", "abundance", {"F1..Sample": 2e6, "F2..Sample": 5e5},
    ),
    "headers in one word": (PD | {"AbundanceRatioEVcell": 4.0, "AbundanceF1SampleEV": 2e6, "AbundanceF2SampleCell": 5e5}, "proteome_discoverer", "abundance", {"F1SampleEV": 2e6, "F2SampleCell": 5e5}),
    "version 1.4, one sample": (PD | {"Score": 90.1, "Coverage": 20.0, "# Peptides": 4, "# PSMs": 9, "Area": 2e6, "# AAs": 238, "MW [kDa]": 25.6, "calc. pI": 8.0}, "proteome_discoverer", "area", {"sample": 2e6}),
    "version 1.4, several samples": (
        PD | {"Score A1": 90.1, "Coverage A1": 20.0, "# Peptides A1": 4, "# PSM A1": 9, "Area A1": 2e6, "Area B1": 5e5, "# AAs": 238, "MW [kDa]": 25.6, "calc. pI": 8.0},
        "proteome_discoverer", "area", {"A1": 2e6, "B1": 5e5},
    ),
    # ---- others
    "PEAKS": (
        {"Protein Group": 1, "Protein ID": 3550, "Accession": "P08962|CD63_HUMAN", "Significance": 20, "Coverage (%)": 30.0, "#Peptides": 5, "#Unique": 4, "PTM": "", "ev Area": 2e6, "cell Area": 5e5,
         "Sample Profile (Ratio)": "1.00:0.25", "EV Area": 7e6, "Cell Area": 7e5, "Group Profile (Ratio)": "1.00:0.25", "Avg. Mass": 25637, "Description": "CD63 antigen OS=Homo sapiens GN=CD63 PE=1"},
        "peaks", "area", TWO,
    ),
    "PEAKS X": (
        {"Protein Group": 1, "Accession": "P08962|CD63_HUMAN", "-10lgP": 200.5, "Coverage (%)": 30.0, "Coverage (%) ev": 30.0, "Area ev": 2e6, "Area cell": 5e5, "#Spec ev": 4, "#Spec cell": 2,
         "Description": "CD63 antigen OS=Homo sapiens GN=CD63"},
        "peaks", "area", TWO,
    ),
    "Proline": (
        {"protein_set_id": 12, "accession": "CD63_HUMAN", "description": "CD63 antigen OS=Homo sapiens GN=CD63", "#sequences": 4, "psm_count_ev": 3, "psm_count_cell": 1, "raw_abundance_ev": 2e6, "raw_abundance_cell": 5e5,
         "abundance_ev": 9e6, "abundance_cell": 9e6},
        "proline", "raw abundance", TWO,
    ),
    "FlashLFQ": ({"Protein Groups": "P08962", "Gene Name": "CD63", "Organism": "Homo sapiens", "Intensity_ev": 2e6, "Intensity_cell": 5e5}, "flashlfq", "intensity", TWO),
    "Skyline": (
        {"Protein": "sp|P08962|CD63_HUMAN", "Protein Description": "CD63 antigen OS=Homo sapiens GN=CD63", "Protein Gene": "CD63", "ev Sum Normalized Area": 2e6, "cell Sum NormalizedArea": 5e5},
        "skyline", "sum of normalized areas", TWO,
    ),
    "Skyline, abundances of proteins": ({"Protein": "sp|P08962|CD63_HUMAN", "ProteinGene": "CD63", "ev ProteinAbundance": 2e6, "cell Protein Abundance": 5e5}, "skyline", "protein abundance", TWO),
    "MS-DAP": (
        {"protein_id": "P08962", "fasta_headers": "sp|P08962|CD63_HUMAN CD63 antigen OS=Homo sapiens GN=CD63", "gene_symbols_or_id": "CD63", "unique peptides": 4, "sample: ev": 20.5, "sample: cell": 18.5},
        "msdap", "abundance", {"ev": 20.5, "cell": 18.5},
    ),
    "MS-DAP, samples by their names": (
        {"protein_id": "P08962", "fasta_headers": "sp|P08962|CD63_HUMAN CD63 antigen", "gene_symbols_or_id": "CD63", "ev": 20.5, "cell": 18.5}, "table", "table", {"ev": 20.5, "cell": 18.5},
    ),
    "directLFQ": ({"protein": "P08962", "ev": 2e6, "cell": 5e5}, "table", "table", TWO),
}  # fmt: skip


def cell(value, row):
    """What stands in another row under the same header: other identifiers, other numbers, the same texts."""
    if isinstance(value, str):
        return value.replace("P08962", f"P0896{(2 + row) % 10}").replace("CD63", f"CD{63 + row}")
    if isinstance(value, int):
        return value + row
    return value * (1 + row / 4) if value >= 100 else value + row / 4 * (value != 0)


def read(cells, **options):
    """Read a table of ten rows that begins with the given one, from a frame."""
    frame = pd.DataFrame({c: [cell(v, row) for row in range(10)] for c, v in cells.items()})
    return mk.read_proteins(frame, **options)


@pytest.mark.filterwarnings("ignore::markerkit.core.errors.MarkerkitWarning")
@pytest.mark.parametrize("name", TABLES)
def test_a_layout_is_read_as_its_software_writes_it(name):
    cells, software, quantity, values = TABLES[name]
    exp = read(cells, scale="log2" if max(values.values()) < 100 else "raw")
    assert (exp.history[0]["software"], exp.history[0]["quantity"]) == (software, quantity)
    assert list(exp.samples.index) == list(values)
    np.testing.assert_array_equal(exp.values.iloc[:, 0], list(values.values()))
    accession = exp.proteins["accession"].iloc[0]
    assert accession == "" if name == "gg_matrix" else "P08962" in accession or accession == "CD63_HUMAN"
    if name not in {"directLFQ", "AlphaDIA"}:
        assert exp.proteins["gene"].iloc[0] == "CD63"


def test_every_software_has_a_table():
    assert {d.name for d in DIALECTS.values()} == {software for _, software, _, _ in TABLES.values()}


@pytest.mark.filterwarnings("ignore::markerkit.core.errors.MarkerkitWarning")
@pytest.mark.parametrize(
    ("name", "quantity", "values"),
    [
        ("lfq before intensity and ibaq", "ibaq", {"ev": 2e5, "cell": 1e5}),
        ("lfq before intensity and ibaq", "spectral counts", {"ev": 3, "cell": 2}),
        ("tmt, several plexes", "intensity", {"p1": 8e9, "p2": 1e9}),
        ("tmt, one plex", "reporter intensity", {"1": 9e6, "2": 9e6}),
        ("combined_protein", "intensity", {"ev": 1e6, "cell": 9e6}),
        ("combined_protein", "spectral counts", {"ev": 7, "cell": 2}),
        ("combined_protein", "unique spectral counts", {"ev": 6}),
        ("protein.tsv of one sample", "total", {"sample": 9e6}),
        ("protein.tsv of one sample", "razor spectral counts", {"sample": 9}),
        ("pivot", "ibaq", {"ev": 7e4}),
        ("abundance before normalized and grouped", "normalized", {"F1: Sample, EV": 9e6, "F2: Sample, cell": 9e6}),
        ("PEAKS X", "spectral counts", {"ev": 4, "cell": 2}),
        ("Proline", "abundance", {"ev": 9e6, "cell": 9e6}),
    ],
)  # fmt: skip
def test_another_quantity_is_read_by_its_name(name, quantity, values):
    exp = read(TABLES[name][0], quantity=quantity, scale="raw")
    assert exp.history[0]["quantity"] == quantity
    assert exp.values.iloc[:, 0].to_dict() == values


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("silac, several runs", "SILAC data: the 4 columns of one label and one run are the samples; .*'Intensity L', 'Intensity H', 'Intensity a' and 'Intensity b'"),
        ("tmt, several plexes", "TMT or iTRAQ data: the 4 columns of one channel and one run are the samples; .*'Reporter intensity corrected 1' and 'Reporter intensity corrected 2'"),
    ],
)  # fmt: skip
def test_columns_of_sums_are_named(name, said):
    with pytest.warns(MarkerkitWarning, match=said):
        read(TABLES[name][0])


def test_means_of_groups_are_named():
    with pytest.warns(MarkerkitWarning, match="the columns 'EV Area' and 'Cell Area' hold means of groups"):
        read(TABLES["PEAKS"][0])


def test_the_ms1_intensity_of_a_plex_is_said_to_add_up_its_channels():
    with pytest.warns(
        MarkerkitWarning, match="'intensity' adds up all channels: a sample here is a whole run"
    ):
        read(TABLES["tmt, several plexes"][0], quantity="intensity")


@pytest.mark.parametrize("total", [0.992, 0.985])
def test_a_label_alone_is_a_sum_where_it_adds_up(total):
    """Without ratio columns the values decide: within 1 % of the sum of its runs."""
    cells = MQ | {
        "Intensity L": total * 3e6,
        "Intensity L a": 2e6,
        "Intensity H a": 5e5,
        "Intensity L b": 1e6,
    }
    if total > 0.99:
        with pytest.warns(MarkerkitWarning, match="left out: 'Intensity L'$"):
            exp = read(cells)
        assert list(exp.samples.index) == ["L a", "H a", "L b"]
    else:
        assert list(read(cells).samples.index) == ["L", "L a", "H a", "L b"]


def test_perseus_names_its_main_columns(tmp_path):
    """Columns of numbers that are not main, such as a score, are no samples, whatever they are called."""
    path = tmp_path / "perseus.txt"
    head = [
        "ev\tcell\tdose\tT: Majority protein IDs\tT: Gene names",
        "#!{Type}E\tE\tN\tT\tT",
        "#!{C:Group}EV\tlysate\t\t\t",
    ]
    rows = [
        f"{18.5 + 1.3 * i:.3f}\t{17.25 + 1.1 * i:.3f}\t{22.5 + i / 5:.3f}\tP0896{i}\tCD{60 + i}"
        for i in range(10)
    ]
    path.write_text("\n".join([*head, *rows]) + "\n")
    exp = mk.read_proteins(path, scale="log2")
    assert list(exp.samples.index) == ["ev", "cell"]
    assert exp.values["P08960"].tolist() == [18.5, 17.25]
    assert list(exp.proteins["gene"])[:2] == ["CD60", "CD61"]


def test_types_of_perseus_in_a_workbook(tmp_path):
    """A workbook and a frame hold the rows of types as cells."""
    rows = [
        [18.5 + 1.3 * i, 17.25 + 1.1 * i if i else None, 22.5 + i, f"P0896{i}", f"CD{60 + i}"]
        for i in range(10)
    ]
    types = [["#!{Type}E", "E", "N", "T", "T"], ["#!{C:Group}EV", "lysate", "", "", ""]]
    frame = pd.DataFrame([*types, *rows], columns=["ev", "cell", "dose", "T: Protein IDs", "T: Gene names"])
    frame.to_excel(tmp_path / "p.xlsx", index=False)
    for source in (frame, tmp_path / "p.xlsx"):
        exp = mk.read_proteins(source, scale="log2")
        assert list(exp.samples.index) == ["ev", "cell"]
        assert list(exp.values.columns) == [f"P0896{i}" for i in range(10)]
        assert exp.values.loc["ev"].tolist() == pytest.approx([18.5 + 1.3 * i for i in range(10)])
        assert exp.values.loc["cell"].isna().tolist() == [True] + [False] * 9


# ---- quantities that hold nothing ------------------------------------------------


def test_an_empty_quantity_gives_way_to_the_next():
    cells = FP | {
        "ev Intensity": 2e6,
        "cell Intensity": 5e5,
        "ev MaxLFQ Intensity": 0.0,
        "cell MaxLFQ Intensity": 0.0,
    }
    with pytest.warns(
        MarkerkitWarning,
        match="the quantity 'maxlfq' of frame is 0 or empty in every row; 'intensity' is read instead",
    ):
        exp = read(cells)
    assert exp.history[0]["quantity"] == "intensity"
    assert exp.values.iloc[:, 0].to_dict() == TWO
    with pytest.raises(
        InputError,
        match=r"quantity 'maxlfq' of the matrix 'frame' is 0 or empty in every row; here there is 'intensity'",
    ):
        read(cells, quantity="maxlfq")
    one_value = cells | {"cell MaxLFQ Intensity": 3.0}
    with pytest.warns(MarkerkitWarning, match="no value at all in sample 'ev'"):
        assert read(one_value, scale="raw").history[0]["quantity"] == "maxlfq"
    with pytest.raises(InputError, match="holds no value"):
        read(FP | {"ev Intensity": 0.0, "ev MaxLFQ Intensity": np.nan})


def test_lfq_columns_of_zeros():
    cells = MQ | {
        "Intensity ev": 2e6,
        "Intensity cell": 5e5,
        "LFQ intensity ev": 0.0,
        "LFQ intensity cell": 0.0,
    }
    with pytest.warns(MarkerkitWarning, match="'lfq' of frame is 0 or empty"):
        assert read(cells).values.iloc[:, 0].to_dict() == TWO


def test_a_quantity_that_is_not_there_names_those_that_are():
    with pytest.raises(
        InputError, match=r"no quantity 'top3'; fragpipe tables hold .*, here there is 'maxlfq', 'intensity'"
    ):
        read(TABLES["combined_protein"][0], quantity="top3")


def test_means_of_groups_are_no_samples():
    for names in (
        ("Abundances (Grouped): EV", "Abundances (Grouped): cell"),
        ("Abundances Grouped EV", "Abundances Grouped cell"),
    ):
        with pytest.raises(
            InputError, match=r"no sample columns.*'Abundances \(Grouped\)' are means of groups"
        ):
            read(PD | dict.fromkeys(names, 2e6))


def test_the_sum_over_samples_is_no_sample():
    with pytest.raises(
        InputError, match=r"no sample columns; maxquant needs .*'Intensity' alone is the sum over all samples"
    ):
        read(MQ | {"Intensity": 9e6})


def test_a_sample_without_a_name_is_called_sample_in_a_sheet_too():
    cells = TABLES["protein.tsv of one sample"][0]
    exp = read(cells, samples=pd.DataFrame({"sample": ["sample"], "fraction": ["EV"]}))
    assert exp.samples["fraction"].to_dict() == {"sample": "EV"}


def test_clean_names_are_found_by_a_sheet():
    sheet = pd.DataFrame({"sample": ["cell", "ev"], "fraction": ["lysate", "EV"]})
    exp = read(TABLES["clean names"][0], samples=sheet)
    assert exp.samples["fraction"].to_dict() == {"cell": "lysate", "ev": "EV"}
    assert exp.values.iloc[:, 0].tolist() == [5e5, 2e6]


def test_software_by_name():
    cells = TABLES["gg_matrix"][0]
    assert read(cells, software="diann").history[0]["software"] == "diann"
    with pytest.raises(
        InputError, match=r"does not look like peaks: it lacks the columns 'Accession' and '\.\.\. Area'"
    ):
        read(cells, software="peaks")
    with pytest.raises(InputError, match="does not look like msstats"):
        read(cells, software="msstats")
