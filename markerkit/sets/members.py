"""Independent markers of a set: what counts once."""

from __future__ import annotations

import pandas as pd


def independent_markers(members: pd.DataFrame) -> pd.Series:
    """Independent marker of each member: its complex, or else its gene, or else its accession.

    Members of one complex rise and fall together, so that a complex counts once.

    Parameters
    ----------
    members
        Rows of a catalogue with ``complex``, ``gene`` and ``accession``.
    """
    marker = members["complex"].where(members["complex"] != "", members["gene"])
    return marker.where(marker != "", members["accession"])
