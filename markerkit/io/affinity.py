"""Words that exports of affinity assays have above their columns, in a header of several lines."""

from __future__ import annotations

import re
from collections.abc import Iterable

from markerkit.core.errors import InputError

#: what to give in place of a table of an affinity assay
INSTEAD = (
    "markerkit needs the abundances of all proteins of a sample by mass spectrometry, one column per sample"
)
#: rows that may stand above the values
TITLES = 8
_OLINK = re.compile(r"NPX(?: data)?|OlinkID|Olink [A-Z].*", re.IGNORECASE)


def refuse_olink(cells: Iterable[object], name: str, what: str) -> None:
    """Refuse an export of Olink by the words in its first rows.

    Parameters
    ----------
    cells
        Cells of the first rows.
    name, what
        File and what it is, for the message.

    Raises
    ------
    InputError
        A cell that only exports of Olink have.
    """
    word = next((text for c in cells if _OLINK.fullmatch(text := str(c).strip(' "'))), None)
    if word is not None:
        raise InputError(
            f"the {what} {name!r} is a table of an affinity assay, Olink ({word!r} in its first rows), not a protein table; "
            f"{INSTEAD}."
        )
