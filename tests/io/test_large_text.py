"""Text tables beyond the size from which they are read by a path in memory: the same cells as small ones."""

from __future__ import annotations

import warnings

import pandas as pd
import pytest

import markerkit as mk
from markerkit.io import delimited


@pytest.mark.skipif(not delimited._PATHS_IN_MEMORY, reason="this system has no paths of files in memory")
@pytest.mark.parametrize(("largest_small", "by_path"), [(0, True), (1, False)])
def test_cells_are_the_same(monkeypatch: pytest.MonkeyPatch, largest_small: int, by_path: bool) -> None:
    """Below a comment, with text that is no ASCII, a quoted cell and missing values."""
    rows = [f'"GENE;{i}"\tß\t{i + 1}.5\t\t{i}e3\n' for i in range(60)]
    data = ("# Größe\ngene\tnote\tA_1\tA_2\tB_1\n" + "".join(rows)).encode()
    monkeypatch.setattr(delimited, "_LARGE", len(data) + largest_small)
    opened: list[object] = []
    read_csv = pd.read_csv

    def watched(file: object, **how: object) -> pd.DataFrame:
        opened.append(file)
        return read_csv(file, **how)

    monkeypatch.setattr(pd, "read_csv", watched)
    frame, _ = delimited.read_text(data, "t.tsv", "matrix", pick=None, as_text=False)
    assert {isinstance(file, str) for file in opened} == {by_path}
    expected = {
        "gene": [f"GENE;{i}" for i in range(60)],
        "note": ["ß"] * 60,
        "A_1": [i + 1.5 for i in range(60)],
        "A_2": [float("nan")] * 60,
        "B_1": [1000.0 * i for i in range(60)],
    }
    pd.testing.assert_frame_equal(frame, pd.DataFrame(expected), check_dtype=False, check_column_type=False)


def outcome(
    monkeypatch: pytest.MonkeyPatch, text: str, *, large: bool
) -> tuple[pd.DataFrame | str, list[str]]:
    """What is read of a text that counts as large or small: its cells or what is wrong with it, and the warnings."""
    monkeypatch.setattr(delimited, "_LARGE", 0 if large else len(text) + 1)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            found, _ = delimited.read_text(text.encode(), "t.tsv", "matrix", pick=None, as_text=False)
        except mk.InputError as error:
            return str(error), []
    return found, [str(w.message) for w in seen]


HEADER = "gene\tA_1\tB_1\n"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (HEADER + "007\t1\t2\n010\t3\t4\n", True),
        (HEADER + "1e5\t1\t2\nCD9\t3\t4\n", True),
        (HEADER + "TRUE\t1\t2\nFALSE\t3\t4\n", True),
        (HEADER + "\t1\t2\n\t3\t4\n", True),
        (HEADER + "CD9\tx\t2\nCD63\t3\t4\n", True),
        ("gene\tA_1\tB_1\tC_1\nCD9\t1,50\t2,25\t3,5\nCD63\t3,125\t4,5\t1,0\n", True),
        (HEADER + "CD9\t1\t2\t\nCD63\t3\t4\t\n", True),
        ("A_1\tB_1\nCD9\t1\t2\nCD63\t3\t4\n", True),
        (HEADER + '"CD9"\t1\t2\nCD63\t3\t4\n', True),
        (HEADER + "CD9\t1\t2\n\t\t\nCD63\t3\t4\n\t\t\n", True),
        (HEADER + "CD9\t1\t2\nCD63\t3\nCD81\t5\t6\n", False),
        (HEADER + "CD9\t1\t2\nCD63\t3\t4\t5\nCD81\t5\t6\n", False),
        (HEADER + "CD9\t1\t2\nCD63\t3\nCD81\t5\t6\t7\n", False),
        (HEADER, False),
    ],
)
def test_large_and_small_are_read_alike(monkeypatch: pytest.MonkeyPatch, text: str, read: bool) -> None:
    """Identifiers stay as written, rows of another width are refused by the same words, and nothing is said twice."""
    small, large = (outcome(monkeypatch, text, large=large) for large in (False, True))
    assert isinstance(small[0], pd.DataFrame) == read
    if isinstance(small[0], pd.DataFrame):
        assert isinstance(large[0], pd.DataFrame), large[0]
        pd.testing.assert_frame_equal(large[0].astype(object), small[0].astype(object))
    else:
        assert large[0] == small[0]
    assert large[1] == small[1]


def test_a_gene_column_of_numbers_and_words_in_parts_is_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of a large table that hold numbers alone do not lose the zeros before them."""
    names = [f"{i:07d}" for i in range(40_000)] + [f"GENE{i}" for i in range(40_000)]
    text = "gene\tA_1\tB_1\n" + "".join(f"{name}\t1.5\t2.5\n" for name in names)
    found, _ = outcome(monkeypatch, text, large=True)
    assert isinstance(found, pd.DataFrame)
    assert found["gene"].tolist() == names
