"""The composed page: panels, letters, and what is left out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from markerkit import figures
from markerkit.assessment.result import Assessment
from markerkit.core.errors import InputError
from tests.figures.test_figures import CONTRAST, _tables


def _heads(figure: Figure) -> list[str]:
    found = [t for t in figure.findobj(Text) if t.get_fontsize() == 8 and t.get_text()[1:2] == " "]
    return [t.get_text() for t in sorted(found, key=lambda t: t.get_text())]


def test_a_page_of_an_assessment_has_six_panels_and_is_fit_to_print(example_assessment: Assessment) -> None:
    figure = figures.summary(example_assessment)
    assert [h[2:] for h in _heads(figure)] == [
        "Composition", "Signal like the control", "Identity and purity", "Differential abundance",
        "EV markers in every sample", "Principal components",
    ]  # fmt: skip
    assert "".join(h[0] for h in _heads(figure)) == "abcdef"
    assert figure.get_figwidth() * 25.4 == pytest.approx(183)
    assert figure.get_figheight() * 25.4 <= 247.001
    assert figures.lint(figure) == []


def test_what_has_no_number_is_left_out_and_the_letters_go_on() -> None:
    tables = _tables()
    tables["contamination_fraction"] = tables["contamination_fraction"].assign(fraction=np.nan)
    for name in ("marker_values", "pca"):
        tables[name] = tables[name].iloc[:0]
    heads = _heads(figures.summary(tables))
    assert heads == ["a Composition", "b Identity and purity", "c Differential abundance"]


def test_a_contrast_is_named_where_there_are_several() -> None:
    tables = _tables((CONTRAST, "UC vs SEC"))
    with pytest.raises(InputError, match="2 contrasts; name one"):
        figures.summary(tables)
    with pytest.raises(InputError, match="no contrast 'A vs B'"):
        figures.summary(tables, "A vs B")
    with pytest.raises(InputError, match="nothing to draw"):
        figures.summary({"purity": pd.DataFrame()})


def test_tables_of_the_figures_are_those_of_a_contrast(example_assessment: Assessment) -> None:
    tables = example_assessment.figure_tables()
    assert {*example_assessment.tables, "marker_values", "significant_values"} == set(tables)
    assert tables["significant_values"]["group"].nunique() == 2
    with pytest.raises(InputError, match="`contrast` must be one of"):
        example_assessment.figure_tables("A vs B")
