"""An assessment in a notebook: the answer with badges, one figure, and what is missing."""

from __future__ import annotations

import base64
import html
import io
from typing import TYPE_CHECKING

from markerkit.assessment.headline import shown_classes
from markerkit.core.rich import badge_table, ev_markers_html, list_html
from markerkit.core.vocabulary import VerdictWord

if TYPE_CHECKING:
    from markerkit.assessment.result import Assessment
    from markerkit.study.contrast import Contrast

_MOST_GROUPS = 12
_MOST_CONTRASTS = 6
_MOST_GAPS = 4
#: dots per inch: sharp on a screen at the width of a notebook, and below 200 kB
_DPI = 110


def assessment_html(result: Assessment) -> str:
    """Write the answer of an assessment: what is in the tube, a block per contrast, a figure, what is missing."""
    contrasts = result.contrasts[:_MOST_CONTRASTS]
    tube = ev_markers_html(result.composition.ev_markers.table, most=_MOST_GROUPS)
    blocks = ["<h4>What is in the tube</h4>", tube, *(_contrast(result, c) for c in contrasts)]
    if len(result.contrasts) > len(contrasts):
        blocks.append(
            f"<p>{len(result.contrasts) - len(contrasts)} more contrasts: see <code>overview</code></p>"
        )
    return "".join([*blocks, _figure(result), list_html("What is missing", result.gaps()[:_MOST_GAPS])])


def _contrast(result: Assessment, contrast: Contrast) -> str:
    """One sentence, the classes with their verdicts, and the sources that are higher."""
    table = result.class_rows(contrast).set_index("class")
    rules = [r for r in shown_classes(result.data.criteria, result.data.context) if r.key in table.index]
    rows = [(r.title, *table.loc[r.key, ["verdict", "explanation"]].astype(str)) for r in rules]
    higher = result.sources_called(contrast.name, VerdictWord.HIGHER)
    sources = (
        "" if result.like_control(contrast.name) else f"<p>sources higher: {', '.join(higher) or 'none'}</p>"
    )
    return (
        f"<h4>{html.escape(contrast.name)}</h4><p>{html.escape(result.headline(contrast))}</p>"
        + badge_table(rows, ("vesicle class", "verdict", "why"))
        + sources
    )


def _figure(result: Assessment) -> str:
    """Verdicts of one contrast, the overview of several, or the composition without any; nothing if it cannot be drawn."""
    from markerkit.figures._dispatch import assessment_figures

    count = len(result.contrasts)
    name = "composition" if not count else "overview" if count > 1 else "forest"
    if count == 1 and result.contrasts[0].asks_identity:
        name = "identity_summary"
    drawn = assessment_figures(result.tables, names=[name])
    if name not in drawn:
        return ""
    page = io.BytesIO()
    drawn[name].savefig(page, format="png", dpi=_DPI)
    picture = base64.b64encode(page.getvalue()).decode("ascii")
    style = "max-width:100%;background:#ffffff"
    text = name.replace("_", " ")
    return f'<p><img alt="{text}, as the table says it" style="{style}" src="data:image/png;base64,{picture}"></p>'
