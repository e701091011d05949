"""Results: each has a table of the registry, a figure or the name of one, and can be saved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from markerkit import results
from markerkit.core.errors import InputError
from markerkit.figures._dispatch import PLOTS
from markerkit.purity import series_results
from markerkit.results import Result
from markerkit.tables.registry import DETECTABLE, PEPTIDE_TABLES, TABLES

SPECS = {**TABLES, **PEPTIDE_TABLES, DETECTABLE.name: DETECTABLE}
KINDS = [
    k
    for module in (results, series_results)
    for k in vars(module).values()
    if isinstance(k, type) and issubclass(k, Result) and k is not Result
]
NESTED = [
    (results.Identity, "markers", results.MarkersUsed),
    (results.Purity, "markers", results.MarkersUsed),
    (results.Purity, "shares", results.SourceShares),
    (results.Purity, "contamination_fraction", results.ContaminationFraction),
    (results.Quality, "blanks", results.Blanks),
    (results.FractionProfiles, "pools", results.FractionPools),
    (results.Amounts, "changes", results.AmountChanges),
]


def empty(kind: type[Result]) -> Result:
    return kind(SPECS[kind.table_name].empty())


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    plt.close("all")


def test_every_table_has_one_kind_of_result() -> None:
    assert sorted(k.table_name for k in KINDS) == sorted(SPECS)


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.__name__)
def test_plot_draws_or_names_the_figure(kind: type[Result]) -> None:
    """A result without a figure must not fall back on the line plots of pandas."""
    if kind.table_name in PLOTS:
        assert isinstance(empty(kind).plot(), Axes | Figure)
    else:
        with pytest.raises(InputError, match=rf"{kind.__name__} has no figure of its own; .*\w"):
            empty(kind).plot()


@pytest.mark.parametrize(
    ("kind", "function", "options"),
    [
        (results.Purity, "forest", "'contrast'.*'width'"),
        (results.DifferentialAbundance, "volcano", "'label'.*'max_labels'"),
    ],
)
def test_plot_refuses_an_unknown_option_and_lists_the_known(
    kind: type[Result], function: str, options: str
) -> None:
    with pytest.raises(TypeError, match=rf"'color'; markerkit.figures.{function} takes .*{options}"):
        empty(kind).plot(color="red")


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.__name__)
def test_saves_and_shows_its_table(kind: type[Result], tmp_path: Path) -> None:
    result = empty(kind)
    path = result.save(tmp_path / "table.tsv")
    assert path.read_text().rstrip("\n").split("\t") == SPECS[kind.table_name].names
    assert list(tmp_path.iterdir()) == [path]
    assert kind.__name__ in result._repr_html_()
    assert kind.__name__ in repr(result)


def test_save_refuses_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no folder"):
        empty(results.Evidence).save(tmp_path / "absent" / "table.tsv")


@pytest.mark.parametrize(("kind", "name", "part"), NESTED)
def test_parts_of_a_result_are_results(kind: type[Result], name: str, part: type[Result]) -> None:
    held = getattr(empty(kind), name)
    assert type(held) is part
    pd.testing.assert_frame_equal(held.table, SPECS[part.table_name].empty())
    assert getattr(empty(kind), name) is not held


def test_html_shows_the_first_rows_and_says_so() -> None:
    table = SPECS["coverage"].conform(pd.DataFrame({"set": [f"<s{i}>" for i in range(201)]}))
    text = results.Coverage(table)._repr_html_()
    assert "first 200 of 201 rows" in text
    assert "&lt;s199&gt;" in text
    assert "s200" not in text
