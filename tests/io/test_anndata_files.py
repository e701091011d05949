"""AnnData and MuData: which values are read, at which scale, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import markerkit as mk
from markerkit.core.errors import InputError, MarkerkitWarning

anndata = pytest.importorskip("anndata", reason="the extra 'anndata' is not installed")
pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore:.*names are not unique:UserWarning"),
]

GENES = [*(f"GENE{i}" for i in range(28)), "CD63", "ALB"]
SAMPLES = ["ev_1", "ev_2", "cell_1", "cell_2"]


def amounts() -> np.ndarray:
    rng = np.random.default_rng(1)
    x = np.exp2(23 + 2.3 * rng.normal(size=30) + 0.5 * rng.normal(size=(4, 30)))
    x[0, :3] = 0.0
    return x


def adata(x=None, **more):
    obs = pd.DataFrame({"fraction": ["EV", "EV", "lysate", "lysate"]}, index=SAMPLES)
    var = pd.DataFrame({"gene": GENES}, index=[f"P{i:05d}" for i in range(30)])
    return anndata.AnnData(X=x, obs=obs, var=var, **more)


def saved(data, folder, name="m.h5ad"):
    data.write_h5ad(folder / name)
    return folder / name


@pytest.mark.parametrize(
    ("uns", "write", "found"),
    [
        ({"base": None}, np.log1p, "log1p"),
        ({}, np.log1p, "log1p"),
        ({"base": 2}, lambda x: np.log2(x + 1), "log2p1"),
        ({"base": 10}, lambda x: np.log10(x + 1), "log10p1"),
    ],
)
def test_log1p_is_taken_back(tmp_path, uns, write, found):
    path = saved(adata(write(amounts()), uns={"log1p": uns}), tmp_path)
    with pytest.warns(MarkerkitWarning, match="3 zeros among logarithms"):
        exp = mk.read_proteins(path)
    assert (exp.scale, exp.provenance["scale_found"]) == ("log2", found)
    assert exp.provenance["scale_evidence"] == "stated by uns['log1p']"
    with np.errstate(divide="ignore"):
        logs = np.log2(amounts())
    np.testing.assert_allclose(exp.values, np.where(np.isinf(logs), np.nan, logs), rtol=1e-6)


def test_log1p_that_the_values_contradict(tmp_path):
    path = saved(adata(amounts(), uns={"log1p": {}}), tmp_path)
    with pytest.warns(
        MarkerkitWarning, match=r"states in uns\['log1p'\] that it holds ln\(x \+ 1\), but its values"
    ):
        assert mk.read_proteins(path).scale == "raw"


def test_log1p_is_that_of_x_only(tmp_path):
    path = saved(adata(np.log1p(amounts()), uns={"log1p": {}}, layers={"raw": amounts()}), tmp_path)
    exp = mk.read_proteins(path, quantity="raw")
    assert (exp.scale, exp.provenance["n_zero_to_missing"]) == ("raw", 3)


def test_scale_of_a_saved_experiment(tmp_path):
    logs = pd.DataFrame(14 + np.log10(amounts() + 1), index=SAMPLES, columns=GENES)
    exp = mk.Experiment(logs, scale="log2")
    path = saved(exp.to_anndata(), tmp_path)
    back = mk.read_proteins(path)
    assert (back.scale, back.provenance["scale_evidence"]) == ("log2", "stated by uns['markerkit']")
    np.testing.assert_allclose(back.values, logs)


def test_the_only_layer_is_read(tmp_path):
    exp = mk.read_proteins(saved(adata(layers={"intensity": amounts()}), tmp_path))
    assert exp.provenance["quantity"] == "intensity"
    np.testing.assert_array_equal(exp.values.fillna(0), amounts())


def test_several_layers_and_no_x(tmp_path):
    path = saved(adata(layers={"a": amounts(), "b": 2 * amounts()}), tmp_path)
    for quantity in ("auto", "c"):
        with pytest.raises(InputError, match="holds no X but the layers 'a' and 'b'; say which"):
            mk.read_proteins(path, quantity=quantity)
    np.testing.assert_array_equal(mk.read_proteins(path, quantity="b").values.fillna(0), 2 * amounts())
    with pytest.raises(InputError, match="X is empty and there is no layer"):
        mk.read_proteins(saved(adata(), tmp_path, "empty.h5ad"))


@pytest.mark.parametrize("axis", ["obs", "var"])
def test_names_that_repeat_are_named(tmp_path, axis):
    data = adata(amounts())
    names = ["twice", "twice", *getattr(data, f"{axis}_names")[2:]]
    setattr(data, f"{axis}_names", names)
    with pytest.raises(InputError, match=rf"\({axis}\) name 'twice'"):
        mk.read_proteins(saved(data, tmp_path))


def test_a_transposed_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="transposed"):
        mk.read_proteins(saved(anndata.AnnData(X=amounts().T, obs=adata().var, var=adata().obs), tmp_path))


def test_sparse_whole_and_single_precision(tmp_path):
    sparse = pytest.importorskip("scipy.sparse")
    whole = np.round(amounts() / 1e4)
    for x in (sparse.csr_matrix(whole), whole.astype(int), whole.astype("float32")):
        exp = mk.read_proteins(saved(adata(x), tmp_path))
        np.testing.assert_array_equal(exp.values.fillna(0), whole)
        assert exp.scale == "raw"


def test_a_column_that_is_called_index(tmp_path):
    data = adata(amounts())
    data.var["index"] = 1
    exp = mk.read_proteins(saved(data, tmp_path))
    assert list(exp.values.columns) == list(data.var_names)


# ---- MuData ----------------------------------------------------------------------


def mudata(folder, **modalities):
    h5py = pytest.importorskip("h5py")
    path = folder / "m.h5mu"
    with h5py.File(path, "w") as file:
        mods = file.create_group("mod")
        for name, data in modalities.items():
            anndata.io.write_elem(mods, name, data)
        shared = pd.DataFrame({"batch": [1, 1, 2, 2], "prot:n": 0}, index=SAMPLES)
        anndata.io.write_elem(file, "obs", shared)
    return path


def test_the_proteins_of_mudata(tmp_path):
    rna = adata(np.ones((4, 30)))
    path = mudata(tmp_path, rna=rna, prot=adata(amounts(), layers={"half": amounts() / 2}))
    exp = mk.read_proteins(path)
    assert (exp.provenance["quantity"], list(exp.samples.columns)) == ("prot", ["fraction", "batch"])
    np.testing.assert_array_equal(exp.values.fillna(0), amounts())
    half = mk.read_proteins(path, quantity="prot/half")
    np.testing.assert_array_equal(half.values.fillna(0), amounts() / 2)


def test_modalities_are_asked_for(tmp_path):
    path = mudata(tmp_path, rna=adata(np.ones((4, 30))), ms=adata(amounts()))
    with pytest.raises(
        InputError, match="holds the modalities 'ms' and 'rna'; say which to read: quantity='ms'"
    ):
        mk.read_proteins(path)
    np.testing.assert_array_equal(mk.read_proteins(path, quantity="ms").values.fillna(0), amounts())


# ---- objects ---------------------------------------------------------------------


def test_objects_follow_the_same_rules(tmp_path):
    logged = adata(np.log1p(amounts()), uns={"log1p": {"base": None}})
    for scale in (None, "log2"):
        with pytest.raises(InputError, match=r"states in uns\['log1p'\] that X is log1p"):
            mk.Experiment.from_anndata(logged, scale=scale, organism="human")
    with pytest.raises(InputError, match="holds no X; its layers are 'a'"):
        mk.Experiment.from_anndata(adata(layers={"a": amounts()}), scale="raw", organism="human")
    with pytest.raises(InputError, match="value above 64 on the log2 scale"):
        mk.Experiment.from_anndata(adata(amounts()), scale="log2", organism="human")
    backed = anndata.read_h5ad(saved(adata(amounts()), tmp_path), backed="r")
    exp = mk.Experiment.from_anndata(backed, scale="raw", organism="human")
    np.testing.assert_array_equal(exp.values.fillna(0), amounts())  # zeros of raw values are missing


@pytest.mark.parametrize("name", ["sparse", "int", "raw_zeros", "cat", "vcat", "alphapepttools", "noX"])
def test_public_variants(shared_data, name):
    exp = mk.read_proteins(shared_data.parent / "cases" / "29_anndata_variants" / f"{name}.h5ad")
    assert (exp.values.shape, exp.scale, round(exp.missing, 3)) == ((12, 60), "raw", 0.139)


def test_an_experiment_comes_back_from_a_file_as_it_was(tmp_path):
    """AnnData makes categories of texts when it writes; a grouping by gene would then count genes that are not there."""
    exp = mk.impute(mk.log2(mk.load_example()), seed=1)
    back = mk.Experiment.from_anndata(anndata.read_h5ad(saved(exp.to_anndata(), tmp_path)))
    assert back.history == exp.history
    assert (back.scale, back.organism, back.n_imputed) == (exp.scale, exp.organism, exp.n_imputed)
    assert not [c for c, kind in back.proteins.dtypes.items() if kind == "category"]
    pd.testing.assert_frame_equal(back.proteins.astype(str), exp.proteins.astype(str), check_index_type=False)
    pd.testing.assert_frame_equal(back.values, exp.values, check_index_type=False, check_column_type=False)
