"""Long reports: channels, quantities of zeros, protein levels of MSstats, protein groups of quantms."""

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit import InputError, MarkerkitWarning

GROUPS = [(f"P0896{i}", f"CD{60 + i}") for i in range(4)]


def diann(runs=("ev", "cell"), channels=("",), **columns):
    """Report of four protein groups with one precursor each; a value is 1e5 (group + 1) (run + 1) (10 for the second channel)."""
    rows = [
        {"Run": run, "Channel": channel, "Precursor.Id": f"AAK{i}", "Protein.Group": group, "Genes": gene, "PG.MaxLFQ": 1e5 * (i + 1) * (j + 1) * 10**k,
         "Q.Value": 0.001, "Global.PG.Q.Value": 0.001, "PG.Q.Value": 0.01} | columns
        for i, (group, gene) in enumerate(GROUPS)
        for j, run in enumerate(runs)
        for k, channel in enumerate(channels)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_a_run_with_channels_holds_a_sample_each():
    exp = mk.read_proteins(diann(channels=("L", "H")), scale="raw")
    assert list(exp.samples.index) == ["ev L", "ev H", "cell L", "cell H"]
    assert exp.values.loc["ev L"].tolist() == [1e5, 2e5, 3e5, 4e5]
    assert exp.values.loc["cell H"].tolist() == [2e6, 4e6, 6e6, 8e6]
    assert list(exp.proteins["gene"]) == [gene for _, gene in GROUPS]


@pytest.mark.parametrize("empty", ["", None, np.nan])
def test_a_run_without_channels_keeps_its_name(empty):
    exp = mk.read_proteins(diann(channels=(empty,)), scale="raw")
    assert list(exp.samples.index) == ["ev", "cell"]


def test_rows_of_a_channel_are_cut_by_its_own_q_value():
    frame = diann(channels=("L", "H"), **{"Channel.Q.Value": 0.5})
    frame.loc[frame["Channel"] == "H", "Channel.Q.Value"] = [0.51, *[0.4] * 7]
    exp = mk.read_proteins(frame, scale="raw")
    assert np.isnan(exp.values.loc["ev H", "P08960"])
    assert exp.values.notna().to_numpy().sum() == 15
    assert "Channel.Q.Value <= 0.5" in exp.history[0]["report_limits"]
    # without channels it says nothing
    plain = mk.read_proteins(diann(**{"Channel.Q.Value": 1.0}), scale="raw")
    assert plain.values.notna().to_numpy().all()


def test_channels_of_one_quantity_are_said_to_be_alike():
    frame = diann(channels=("L", "H"))
    frame["PG.MaxLFQ"] = frame.groupby(["Run", "Protein.Group"])["PG.MaxLFQ"].transform("min")
    with pytest.warns(MarkerkitWarning, match="the channels 'ev L' and 'ev H' hold the same values"):
        mk.read_proteins(frame, scale="raw")
    frame.loc[1, "PG.MaxLFQ"] *= 1.5  # one group differs in the first run, none in the second
    with pytest.warns(MarkerkitWarning, match="the channels 'cell L' and 'cell H' hold the same values"):
        mk.read_proteins(frame, scale="raw")


def test_a_report_of_the_first_pass_is_named():
    zero = diann(**{"PG.MaxLFQ": 0.0})
    with pytest.raises(
        InputError, match=r"no value but 0 in 'PG.MaxLFQ': DIA-NN writes 0 in the report of the first pass"
    ):
        mk.read_proteins(zero)
    with pytest.warns(MarkerkitWarning, match=r"report of the first pass .*\. PG.Quantity is read instead"):
        exp = mk.read_proteins(zero.assign(**{"PG.Quantity": 7e4}), scale="raw")
    assert exp.history[0]["quantity"] == "intensity"
    assert (exp.values == 7e4).to_numpy().all()
    with pytest.raises(InputError, match="first pass"):
        mk.read_proteins(zero.assign(**{"PG.Quantity": 7e4}), quantity="maxlfq")
    one = zero.copy()
    one.loc[0, "PG.MaxLFQ"] = 5e5
    with pytest.warns(MarkerkitWarning, match="no value at all in sample 'cell'"):
        assert mk.read_proteins(one, scale="raw").values.loc["ev", "P08960"] == 5e5


def test_normalized_quantities_of_diann_are_spelled_as_it_does():
    frame = diann().rename(columns={"PG.MaxLFQ": "PG.Normalised"}).assign(**{"PG.Quantity": 7e4})
    exp = mk.read_proteins(frame, scale="raw")
    assert exp.history[0]["quantity"] == "normalized"
    assert exp.values.loc["ev"].tolist() == [1e5, 2e5, 3e5, 4e5]


@pytest.mark.parametrize(
    ("column", "quantity"),
    [("PG.Quantity", "quantity"), ("PG.MS2Quantity", "ms2 quantity"), ("PG.MS1Quantity", "ms1 quantity"), ("PG.IBAQ", "ibaq")],
)  # fmt: skip
@pytest.mark.parametrize("ids", ["PG.ProteinGroups", "PG.ProteinAccessions", "PG.UniProtIds"])
def test_long_spectronaut_reports(column, quantity, ids):
    rows = [
        {"R.FileName": run, ids: group, "PG.Genes": gene, column: 1e5 * (i + 1) * (j + 1), "PG.Qvalue": 0.01, "EG.Qvalue": 0.01 + 0.001 * (i == 3)}
        for i, (group, gene) in enumerate(GROUPS)
        for j, run in enumerate(("ev", "cell"))
    ]  # fmt: skip
    exp = mk.read_proteins(pd.DataFrame(rows), scale="raw")
    assert (exp.history[0]["software"], exp.history[0]["quantity"]) == ("spectronaut", quantity)
    assert exp.values.loc["cell"].tolist() == [
        2e5,
        4e5,
        6e5,
    ]  # the fourth is beyond the limit of its precursors


def test_protein_levels_of_msstats():
    rows = [
        {"RUN": j + 1, "Protein": group, "LogIntensities": 20.5 + i - j if (i, j) != (3, 1) else np.nan, "originalRUN": run, "GROUP": run, "SUBJECT": 1,
         "TotalGroupMeasurements": 9, "NumMeasuredFeature": 3, "MissingPercentage": 0.1, "more50missing": False, "NumImputedFeature": 0}
        for i, (group, _) in enumerate(GROUPS)
        for j, run in enumerate(("ev", "cell"))
    ]  # fmt: skip
    exp = mk.read_proteins(pd.DataFrame(rows), scale="log2")
    assert (exp.history[0]["software"], exp.history[0]["quantity"]) == ("msstats", "log intensities")
    assert exp.values.loc["ev"].tolist() == [20.5, 21.5, 22.5, 23.5]
    assert exp.values.loc["cell"].tolist()[:3] == [19.5, 20.5, 21.5]
    assert np.isnan(exp.values.loc["cell", "P08963"])
    without = pd.DataFrame(rows).drop(columns="originalRUN")
    assert list(mk.read_proteins(without, scale="log2").samples.index) == ["1", "2"]


def test_protein_levels_of_msstats_with_isobaric_labels():
    rows = [
        {"Mixture": "m1", "TechRepMixture": 1, "Run": "1_1", "Channel": channel, "Protein": group, "Abundance": 15.5 + i + k, "BioReplicate": f"b{k}", "Condition": "ev"}
        for i, (group, _) in enumerate(GROUPS)
        for k, channel in enumerate(("126", "127N"))
    ]  # fmt: skip
    exp = mk.read_proteins(pd.DataFrame(rows), scale="log2")
    assert exp.history[0]["software"] == "msstats"
    assert list(exp.samples.index) == ["1_1 126", "1_1 127N"]
    assert exp.values.loc["1_1 127N"].tolist() == [16.5, 17.5, 18.5, 19.5]


def quantms(label):
    return pd.DataFrame(
        [
            {"pg_accessions": [group, "P1"], "gg_names": [gene], "run_file_name": run, "global_qvalue": 0.001 if i < 3 else 0.02, "is_decoy": int(i == 2),
             "intensities": [{"label": name, "intensity": 1e5 * (i + 1) * (j + 1) * 10**k} for k, name in enumerate(label)]}
            for i, (group, gene) in enumerate(GROUPS)
            for j, run in enumerate(("ev", "cell"))
        ]
    )  # fmt: skip


def test_protein_groups_of_quantms(tmp_path):
    path = tmp_path / "x.pg.parquet"
    quantms(["LFQ"]).to_parquet(path)
    exp = mk.read_proteins(path, scale="raw")
    assert exp.history[0]["software"] == "quantms"
    assert list(exp.samples.index) == ["ev", "cell"]
    # the third group is a decoy, the fourth beyond the limit of its q-value
    assert list(exp.values.columns) == ["P08960;P1", "P08961;P1"]
    assert exp.values.loc["cell"].tolist() == [2e5, 4e5]
    assert list(exp.proteins["gene"]) == ["CD60", "CD61"]
    labeled = mk.read_proteins(quantms(["TMT126", "TMT127N"]), scale="raw")
    assert list(labeled.samples.index) == ["ev TMT126", "ev TMT127N", "cell TMT126", "cell TMT127N"]
    assert labeled.values.loc["cell TMT127N"].tolist() == [2e6, 4e6]
