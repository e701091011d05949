"""Sample sheets: reading, matching to the matrix, a template to fill in."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import pandas as pd

from markerkit.core.errors import InputError, MarkerkitWarning, counted, listed, shown, suggestion
from markerkit.core.experiment import Experiment
from markerkit.io.dialects import ONE_SAMPLE, plain
from markerkit.io.sample_guess import guessed
from markerkit.io.tabular import as_table

SAMPLE_COLUMNS = (
    "sample", "samples", "sample name", "sample id", "sampleid", "samplename", "run", "raw file", "rawfile", "file",
    "file name", "filename", "comment data file", "source name", "name", "label",
)  # fmt: skip
#: end of the name of a column that was guessed from the names of the samples
GUESS = " (guess)"
_ENDINGS = re.compile(r"(?:\.(?:raw|mzml|d|wiff2?|wiff\.scan|dia|htrms|mzxml|mgf|mzml\.gz))+$", re.IGNORECASE)
#: beginnings of a path: a drive, a root, a network share, the present folder, a web address
_PATH = re.compile(r"[A-Za-z]:[\\/]|[\\/~]|\.{1,2}[\\/]|\w+://")
#: an isobaric channel (TMT 126 to 135, iTRAQ 113 to 121), perhaps behind its file and before words of the study
_CHANNEL = re.compile(
    r"(?:(f\d+)[ _.,:-]+)?(?:i?t(?:mt|raq)\w*[-_ ])?(11[3-9]|121|12[6-9][nc]?d?|13[0-5][nc]?d?)(?:(?:, |\.\.).*)?"
)
_CHANNEL_COLUMNS = frozenset(
    {"channel", "tmt channel", "tmt label", "itraq channel", "reporter ion", "label", "tag"}
)
_FILE = re.compile(r"F\d+")
_ENOUGH = (
    0.5  # share of the rows that a column named as sample columns are must match to come before other columns
)


def short_name(name: str) -> str:
    r"""Take a run's base name: without instrument ending, and without folder where the name is a path.

    A slash alone does not make a path: it may be part of the name of a sample.

    >>> short_name(r"D:\data\run_01.mzML"), short_name("data/run_01.raw"), short_name("EV/CD9")
    ('run_01', 'run_01', 'EV/CD9')
    """
    text = str(name)
    stem = _ENDINGS.sub("", text)
    return (_base(stem) if stem != text or _PATH.match(text) else text) or text


def _base(name: str) -> str:
    return PurePosixPath(name.replace("\\", "/")).name


@dataclass(frozen=True)
class SampleSheet:
    """A sample sheet as read, before it is known which of its columns holds the sample names.

    Parameters
    ----------
    frame
        The sheet, all cells as text where it came from a file.
    name, sha256
        File name and digest of the file.
    indexed
        The first column was the index of a frame.
    written
        The sheet came from a file, so that a column of numbers still is text.
    """

    frame: pd.DataFrame
    name: str
    sha256: str
    indexed: bool
    written: bool

    def on(self, matrix: Iterable[str]) -> pd.DataFrame:
        """Sheet on its sample names: on the column whose cells are the names of the matrix.

        Parameters
        ----------
        matrix
            Names that the matrix may have for its samples.

        Returns
        -------
        One row per sample; the index holds the names as the sheet writes them. Where no column matches, it is
        the one that is named as sample columns are.

        Raises
        ------
        InputError
            No sample column, two of them that contradict each other, a sample that is there twice or has no name.

        Warns
        -----
        MarkerkitWarning
            The samples are matched by another column than its name says.
        """
        matrix = list(dict.fromkeys(matrix))
        both = self._of_file_and_channel(matrix)
        if both is not None:
            return both.on(matrix)
        column = self._sample_column(matrix)
        names = self.frame[column].astype(str).str.strip()
        _check_names(names, self.frame[column].isna(), f"the sample sheet {self.name!r}")
        # SDRF columns are named by the text in their brackets
        sheet = self.frame.drop(columns=column).rename(columns=lambda c: re.sub(r"^.*\[(.+)\]$", r"\1", c))
        sheet = sheet.loc[:, ~sheet.columns.duplicated()]
        sheet = sheet.rename(columns={"sample": "sheet_sample"})  # the index is called sample
        for name in sheet.columns:
            if not pd.api.types.is_numeric_dtype(sheet[name]):
                text = sheet[name].astype(object).map(lambda v: v.strip() if isinstance(v, str) else v)
                sheet[name] = _typed(text) if self.written else text
        return sheet.set_axis(pd.Index(names.to_numpy(dtype=object), name="sample"))

    def _of_file_and_channel(self, matrix: list[str]) -> SampleSheet | None:
        """Sheet whose columns of files and channels became one, F1: 127N, where only both together name a sample."""
        channel = self._channel_column()
        file = next((c for c in self.frame.columns if all(map(_FILE.fullmatch, self._cells(c)))), None)
        if channel is None or file is None or None not in _hits(self._cells(channel), matrix):
            return None
        both = [f"{f}: {c}" for f, c in zip(self._cells(file), self._cells(channel), strict=True)]
        if None in _hits(both, matrix):
            return None
        frame = self.frame.drop(columns=channel).assign(**{channel: both})
        return replace(self, frame=frame)

    def _channel_column(self) -> str | None:
        return next((str(c) for c in self.frame.columns if plain(str(c)) in _CHANNEL_COLUMNS), None)

    def _refuse_channels_of_several_files(self, matrix: list[str]) -> None:
        """Refuse channels alone where the matrix has them of several files."""
        column = self._channel_column()
        wanted = {_keys(cell)[-1] for cell in self._cells(column)} - {""} if column is not None else set()
        found = [name for name in matrix if _keys(name)[-1] in wanted and _FILE.match(name)]
        if len(found) > len(wanted):
            raise InputError(
                f"the column {shown(column)} of the sample sheet {self.name!r} names channels that several files of the matrix have "
                f"({listed(found, limit=4)}); add a column of the files (F1), or write the channels as 'F1: 126'."
            )

    def _sample_column(self, matrix: list[str]) -> str:
        """Column that matches the names of the matrix, before others one that is named as sample columns are."""
        if not len(self.frame.columns):
            raise InputError(
                f"the sample sheet {self.name!r} has no column with a name and a value; give one row per sample, with its name in "
                "the column 'sample'."
            )
        hits = {str(c): _hits(self._cells(c), matrix) for c in self.frame.columns}
        matched = {c: len(set(found) - {None}) for c, found in hits.items()}
        named = self._named()
        usual = max(named, key=lambda c: matched[c], default=None)
        if usual is not None and matched[usual] >= _ENOUGH * len(self.frame):
            best = [c for c in named if matched[c] == matched[usual]]
        else:
            most = max(matched.values())
            best = [c for c in hits if matched[c] == most > 0]
            best = [c for c in named if c in best] or best
        if not best:
            self._refuse_channels_of_several_files(matrix)
        if not best and not named:
            raise InputError(
                f"the sample sheet {self.name!r} has no sample column; call it 'sample'. Compared with the matrix "
                f"({listed(matrix, limit=4)}): {listed(self.frame.columns, limit=20)}."
            )
        self._refuse_contradiction(best, hits)
        chosen = (best or named)[0]
        if best and chosen != next(iter(named), None):
            renamed = "; its column `sample` is called `sheet_sample`" if "sample" in hits else ""
            warnings.warn(
                f"the samples of {self.name} are matched to the matrix by the column {shown(chosen)}, which holds "
                f"{matched[chosen]} of its sample names{renamed}",
                MarkerkitWarning,
                stacklevel=5,
            )
        return chosen

    def _cells(self, column: str) -> list[str]:
        return ["" if pd.isna(v) else str(v).strip() for v in self.frame[column]]

    def _named(self) -> list[str]:
        """Columns that are named as sample columns are, the usual names first; else the index of a frame."""
        folded = {plain(c): str(c) for c in reversed(self.frame.columns)}
        found = [folded[c] for c in SAMPLE_COLUMNS if c in folded]
        return found or ([str(self.frame.columns[0])] if self.indexed else [])

    def _refuse_contradiction(self, columns: list[str], hits: dict[str, list[str | None]]) -> None:
        """Refuse two columns that match equally well but give a row different samples of the matrix."""
        for other in columns[1:]:
            for i, (a, b) in enumerate(zip(hits[columns[0]], hits[other], strict=True)):
                if a != b:
                    raise InputError(
                        f"the columns {shown(columns[0])} and {shown(other)} of the sample sheet {self.name!r} both hold names of samples of "
                        f"the matrix, but different ones in row {i + 1} ({shown(a)} and {shown(b)}); leave one of them out."
                    )


def read_sheet(path: str | Path | pd.DataFrame) -> SampleSheet:
    """Read a sample sheet.

    Parameters
    ----------
    path
        TSV, CSV, XLSX or SDRF, or a frame. The sample column is called ``sample``, ``run``, ``raw file`` or
        the like, or holds the names of the matrix; a frame without one holds the names in its index.

    Returns
    -------
    SampleSheet

    Raises
    ------
    InputError
        See :func:`markerkit.io.tabular.as_table`.
    """
    table = as_table(path, what="sample sheet", as_text=True)
    frame = isinstance(path, pd.DataFrame)
    indexed = isinstance(path, pd.DataFrame) and not isinstance(path.index, pd.RangeIndex)
    rows = table.frame.loc[:, ~table.frame.columns.duplicated()].dropna(how="all")
    return SampleSheet(rows, table.name, table.sha256, indexed, written=not frame)


def _typed(text: pd.Series) -> pd.Series:
    """Turn a column into numbers where every cell is one in its usual form; ``01`` and ``1.10`` are names.

    A comma is a decimal sign where no cell has a point, unless all cells may be written with a thousands comma.
    """
    given = text.dropna()
    if not any("." in v for v in given) and not all(re.fullmatch(r"-?\d{1,3},\d{3}", v) for v in given):
        text = text.str.replace(",", ".") if all(map(_is_usual_number, given.str.replace(",", "."))) else text
    if given.empty or not all(map(_is_usual_number, text.dropna())):
        return text
    numbers = pd.to_numeric(text)
    levels = given.nunique()
    # one number in two forms, 1 and 1.0; or two levels beside an empty cell, which would turn 1 into 1.0
    if numbers.nunique() < levels or (levels <= 2 and len(given) < len(text)):
        return text
    return numbers


def _is_usual_number(text: str) -> bool:
    """Say whether a text is what a program writes for the number that it reads as.

    >>> [_is_usual_number(t) for t in ("1", "1.5", "45.0", "01", "1.10", "1E1", "inf")]
    [True, True, True, False, False, False, False]
    """
    if re.fullmatch(r"-?[\d.]+(?:e-?\d+)?", text) is None:
        return False
    try:
        return text in {str(int(float(text))), repr(float(text))}
    except (ValueError, OverflowError):
        return False


def _check_names(names: pd.Series, empty: pd.Series, what: str) -> None:
    if empty.any():
        raise InputError(f"{what} has a row without a sample name; fill in {shown(names.name)}.")
    doubled = names[names.duplicated()].unique()
    if len(doubled):
        raise InputError(
            f"{what} names the sample {listed(doubled)} twice (column {shown(names.name)}); keep one row each."
        )


def names_in_header(columns: Sequence[str], patterns: Iterable[str]) -> list[str]:
    """Names that a matrix may have for its samples: its columns, and the samples in them.

    Parameters
    ----------
    columns
        Columns of the matrix.
    patterns
        Patterns of sample columns, see :class:`markerkit.io.dialects.Dialect`; empty ones are passed over.

    Examples
    --------
    >>> names_in_header(["gene", "Intensity a"], [r"Intensity (?P<s>.+)", ""])
    ['gene', 'Intensity a', 'a']
    """
    found = [re.fullmatch(p, c, re.IGNORECASE) for p in patterns if p for c in columns]
    inner = [(m["s"] or ONE_SAMPLE).strip() for m in found if m]
    return [*columns, *dict.fromkeys(inner)]


def _hits(given: Sequence[str], matrix: Sequence[str]) -> list[str | None]:
    """Matrix name of every given name: exactly, else by base name without regard to case; None where there is none."""
    exact = set(matrix)
    near: list[dict[str, list[str]]] = [{}, {}, {}, {}]
    for name in exact:
        for key, found in zip(_keys(name), near, strict=True):
            found.setdefault(key, []).append(name)
    hits: list[str | None] = []
    for name in given:
        close = next((f[key] for key, f in zip(_keys(name), near, strict=True) if key and key in f), [])
        hits.append(name if name in exact else close[0] if name and len(close) == 1 else None)
    return hits


def _keys(name: str) -> tuple[str, ...]:
    """Names under which a sample is looked for, the nearest first.

    The last are those of Proteome Discoverer: a file or a channel of a file, and a channel.

    >>> _keys("F1: 127N, Sample")[2:], _keys("F1: Sample, EV")[2:], _keys("TMT-127N")[3:]
    (('f1: 127n', '127n'), ('f1', ''), ('127n',))
    """
    short = short_name(name).casefold()
    channel = _CHANNEL.fullmatch(short)
    if channel is None:
        return short, _base(short), re.sub(r"^(f\d+): .*", r"\1", short), ""
    return short, _base(short), f"{channel[1]}: {channel[2]}" if channel[1] else "", channel[2]


def match_samples(sheet: Sequence[str], matrix: Sequence[str], *, name: str) -> dict[str, str]:
    """Match sheet samples to matrix columns: exactly, else by base name without regard to case.

    Parameters
    ----------
    sheet, matrix
        Names.
    name
        File of the sheet, for the messages.

    Returns
    -------
    Matrix column -> sheet sample, in the order of the sheet.

    Raises
    ------
    InputError
        Nothing matches.
    """
    found: dict[str, str] = {}
    for sample, hit in zip(sheet, _hits(sheet, matrix), strict=True):
        if hit is not None and hit not in found:
            found[hit] = sample
    lost = [s for s in sheet if s not in found.values()]
    if not found:
        raise InputError(
            f"no sample of the sheet {name!r} is a column of the matrix: the sheet has {listed(sheet, limit=4)}, the matrix "
            f"{listed(matrix, limit=4)}.{suggestion(sheet[0], matrix)} `markerkit samples MATRIX` writes a sheet that fits."
        )
    if lost:
        warnings.warn(
            counted(
                len(lost),
                "sample of the sheet is not in the matrix and is left out: ",
                "samples of the sheet are not in the matrix and are left out: ",
            )
            + listed(lost, limit=6),
            MarkerkitWarning,
            stacklevel=4,
        )
    return found


def columns_in_sheet(
    columns: dict[str, str], sheet: pd.DataFrame, *, name: str, what: str = "matrix"
) -> tuple[dict[str, str], list[str]]:
    """Columns that the sheet names, in its order and under its names; samples that it does not name.

    Parameters
    ----------
    columns
        Column -> sample.
    sheet
        On its sample names.
    name
        File of the sheet, for the messages.
    what
        What the columns are of, for the messages.

    Warns
    -----
    MarkerkitWarning
        Columns that are left out.
    """
    # a sheet may name the whole columns (LFQ intensity EV_1) in place of the samples in them (EV_1)
    whole = set(sheet.index) <= set(columns)
    given = {columns[s] if whole else s: s for s in sheet.index}
    matched = match_samples(list(given), list(columns.values()), name=name)
    matched = {sample: given[s] for sample, s in matched.items()}
    column_of = {sample: column for column, sample in columns.items()}
    left_out = [sample for sample in columns.values() if sample not in matched]
    if left_out:
        warnings.warn(
            counted(
                len(left_out),
                f"column of the {what} is not in the sample sheet and is left out: ",
                f"columns of the {what} are not in the sample sheet and are left out: ",
            )
            + listed(left_out, limit=6),
            MarkerkitWarning,
            stacklevel=3,
        )
    return {column_of[sample]: as_written for sample, as_written in matched.items()}, left_out


def sample_template(exp: Experiment) -> pd.DataFrame:
    """Write a sample sheet to fill in, with guesses marked as guesses.

    Parameters
    ----------
    exp
        Experiment.

    Returns
    -------
    Columns ``sample`` (exact names), ``condition`` (empty, to fill in), ``condition (guess)``,
    ``replicate (guess)`` and, where names hold a second number or letter, ``technical (guess)``; see
    :func:`markerkit.io.sample_guess.guessed`.
    """
    names = [str(s) for s in exp.samples.index]
    guesses = pd.DataFrame(guessed(names)).add_suffix(GUESS)
    if not guesses.iloc[:, -1].any():
        guesses = guesses.iloc[:, :-1]
    return pd.DataFrame({"sample": names, "condition": ""}).join(guesses)
