"""Where every figure stands in the report: beside the text that it proves."""

from __future__ import annotations

from typing import Final

#: sections of the page that hold figures, each with its figures in order
PLACES: Final[dict[str, tuple[str, ...]]] = {
    "study": ("overview", "ranking", "fraction_profiles"),
    "tube": ("composition",),
    "shares": ("source_shares",),
    "classes": ("identity_summary", "forest", "volcano"),
    "purity": ("contamination_fraction",),
    "sensitivity": ("sensitivity",),
    "proteins": ("heatmap", "enrichment"),
    "markers": ("marker_heatmap", "misev_heatmap", "marker_plot", "rank_abundance"),
    "values": ("pca", "sample_values", "group_values", "replicate_correlation", "missing_by_intensity"),
    "samples": ("qc_card",),
}

#: figures of samples, groups or marker sets: the same for every contrast, and drawn once where there are several
OF_SAMPLES: Final = tuple(
    name for place in ("tube", "shares", "markers", "values", "samples") for name in PLACES[place]
)

_PLACE_OF: Final = {name: place for place, names in PLACES.items() for name in names}


def place_of(name: str) -> str:
    """Name the section in which a figure stands.

    Parameters
    ----------
    name
        Of the figure.

    Returns
    -------
    str
        A key of :data:`PLACES`; ``more`` for a figure that no section names.

    Examples
    --------
    >>> place_of("enrichment")
    'proteins'
    """
    return _PLACE_OF.get(name, "more")
