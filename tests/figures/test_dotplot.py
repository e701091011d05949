"""Dot plot of set tests, and the running score of one set."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.text import Text

from markerkit import figures
from markerkit.core.errors import InputError
from markerkit.figures._dotplot import _diameter, _face, term
from tests.figures.test_figures import CONTRAST, enrichment_table


def _words(ax: Axes) -> str:
    return " | ".join(t.get_text() for t in ax.get_figure(root=True).findobj(Text))  # type: ignore[union-attr]


def _library(method: str = "ora") -> pd.DataFrame:
    return pd.DataFrame({
        "contrast": CONTRAST, "set": ["GOCC_ER_LUMEN", "GOBP_EXOCYTOSIS", "REACTOME_MRNA_SPLICING", "untested"], "method": method,
        "direction": ["down", "up", "up", ""], "pvalue": [1e-6, 1e-3, 0.2, np.nan], "padj": [4e-6, 2e-3, 0.2, np.nan],
        "n_hits": [8, 5, 2, 0], "n_measured": [10, 20, 40, 1], "leading_edge": ["A;B", "C", "", ""],
    })  # fmt: skip


def test_dots_are_the_hits_of_the_sets_with_the_smallest_p() -> None:
    ax = figures.dotplot(_library())
    dots = [line for line in ax.lines if line.get_label() == "_dot"]
    assert [float(d.get_xdata()[0]) for d in dots] == pytest.approx([0.25, 0.05, 0.8])  # up first, each by p
    assert [to_hex(d.get_markerfacecolor()) for d in dots] == [to_hex(_face(r)) for r in (2e-3, 0.2, 4e-6)]
    assert dots[2].get_markersize() > dots[0].get_markersize() > dots[1].get_markersize()
    text = _words(ax)
    assert all(
        w in text
        for w in ("Higher in EV", "Higher in Cell", "ER lumen", "mRNA splicing", "hits / members measured")
    )
    assert "ora" in text
    assert "untested" not in text
    assert figures.lint(ax) == []


def test_other_tests_show_their_leading_edge_and_the_first_of_all_tested() -> None:
    ax = figures.dotplot(_library("camera"), most=2)
    dots = [line for line in ax.lines if line.get_label() == "_dot"]
    assert [float(d.get_xdata()[0]) for d in dots] == pytest.approx([1 / 20, 2 / 10])
    assert "camera: the first 2 of 3 sets tested" in _words(ax)


def test_a_test_without_a_false_discovery_rate_shows_its_p() -> None:
    text = _words(figures.dotplot(_library("gsea").assign(padj=np.nan)))
    assert "p ≤ 0.001" in text
    assert "FDR" not in text


def test_levels_of_the_false_discovery_rate_are_shades_and_area_counts_proteins() -> None:
    shades = [to_hex(_face(r)) for r in (0.0, 0.001, 0.005, 0.05, 0.051)]
    assert shades[0] == shades[1]
    assert len(set(shades)) == 4
    assert shades[-1] == "#ffffff"
    counts = np.array([1.0, 4.0])
    one, four = (_diameter(c, counts) - _diameter(0, counts) for c in counts)
    assert four == pytest.approx(2 * one)


def test_a_test_is_named_where_there_are_several() -> None:
    with pytest.raises(InputError, match="2 set tests: 'camera' and 'fry'"):
        figures.dotplot(enrichment_table())
    with pytest.raises(InputError, match="Did you mean 'camera'"):
        figures.dotplot(enrichment_table(), method="kamera")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("GOBP_DNA_REPAIR", "DNA repair"),
        ("HALLMARK_APOPTOSIS", "Apoptosis"),
        ("go_mine", "go_mine"),
        ("GO", "GO"),
    ],
)
def test_names_of_public_libraries_are_written_in_words(name: str, words: str) -> None:
    assert term(name) == words


def running_table(n: int = 200, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    score = np.sort(rng.normal(size=n))[::-1]
    member = np.isin(np.arange(n), [2, 5, 9, 30, 120])
    step = np.abs(score) * member
    running = np.cumsum(step / step.sum() - ~member / (~member).sum())
    es = running[np.argmax(np.abs(running))]
    return pd.DataFrame({
        "contrast": CONTRAST, "set": "exosome", "rank": np.arange(1, n + 1), "gene": [f"G{i}" for i in range(n)], "score": score,
        "member": member, "running_score": running, "es": es, "nes": 1.8, "pvalue": 0.0031,
    })  # fmt: skip


@pytest.mark.parametrize("options", [{}, {"width": 183}, {"title": "Vesicles"}])
def test_the_running_score_names_its_null(options: dict[str, object]) -> None:
    table = running_table()
    ax = figures.running_score(table, **options)  # type: ignore[arg-type]
    (curve,) = [line for line in ax.lines if line.get_label() == "_running"]
    np.testing.assert_allclose(curve.get_ydata(), table["running_score"])
    (strokes,) = [c for c in ax.collections if c.get_label() == "_members"]
    assert sorted(s[0][0] for s in strokes.get_segments()) == [3, 6, 10, 31, 121]
    text = _words(ax)
    assert "Exosome (5 measured)" in text
    assert "NES 1.8, p = 0.0031 (p: genes sampled, not samples)" in text
    assert figures.lint(ax) == []


def test_the_running_score_takes_axes_shuffled_rows_and_rows_from_a_file() -> None:
    table = running_table()
    shuffled = table.sample(frac=1, random_state=1).astype({"member": str})
    page = figures.new_figure(183, 80)
    ax = page.add_axes((0.1, 0.2, 0.3, 0.6))
    assert figures.running_score(shuffled, ax=ax) is ax
    (curve,) = [line for line in ax.lines if line.get_label() == "_running"]
    np.testing.assert_allclose(curve.get_ydata(), table["running_score"])


def test_a_set_is_named_where_there_are_several_and_one_without_a_score_says_so() -> None:
    two = pd.concat([running_table(), running_table().assign(set="other")])
    with pytest.raises(InputError, match="2 sets: 'exosome' and 'other'"):
        figures.running_score(two)
    assert "other (5 measured)" in _words(figures.running_score(two, name="other"))
    silent = figures.running_score(running_table().assign(running_score=np.nan))
    assert "the set has no score" in _words(silent)
    assert figures.lint(silent) == []
