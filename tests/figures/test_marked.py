"""What a user labels is there, or is named."""

from __future__ import annotations

import pandas as pd
import pytest

import markerkit as mk
from markerkit import InputError, MarkerkitWarning
from markerkit.figures._marked import check_label


def test_genes_given_one_by_one_are_named_where_they_are_not_there() -> None:
    genes = pd.Series(["CD63", "CD9;CD81"])
    with pytest.warns(MarkerkitWarning, match="`label`: 'XYZ' not among the genes of the table"):
        check_label({"labeled": ["CD63", "XYZ", "cd9"]}, genes)
    check_label({"labeled": ["CD63"]}, genes)  # a warning would be an error
    check_label({"exosome": ["XYZ"]}, genes)  # of a set some are never measured; the key counts them


def test_more_sets_than_a_key_holds_are_refused(example_assessment) -> None:
    with pytest.raises(InputError, match=r"names \d+ sets, and the key holds 24; choose some"):
        example_assessment.differential_abundance.plot(label=mk.load_markers())
    with pytest.warns(MarkerkitWarning, match="'NOTAGENE' not among"):
        example_assessment.differential_abundance.plot(label=["CD63", "NOTAGENE"])
