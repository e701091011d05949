"""What the columns of a table look like: what their names say, what their values are, which of them are alike."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit.io.cells import as_numbers, cell_counts, of_words
from markerkit.io.dialects import plain

_MOSTLY = 0.5  # share of cells that are numbers in a column of numbers; stray texts are reported later
_LOG_LARGEST = 64.0  # larger values are linear: they are compared on the log scale
_NEAR, _FAR = 2.0, 4.0  # distance between two centers, in spreads: columns without, and with, a common name
_NUMBERED = re.compile(r"(.*?)[ _.\-]?(?:rep\w*[ _.\-]?)?\d+")  # a name, and the number of a replicate
_LEAST_PARTS = 2  # samples of which a column may be the mean
_SAME, _NEARLY_ALL = 1e-2, 0.9  # difference, and share of rows, by which a column is the mean of others
_MANY = 20  # one value in fewer cells may be chance
_LARGEST_COUNT = 1e5  # whole numbers below may be counts of something else than ions
_NARROWEST = 0.5  # least spread, log10 or log2 units, so that columns of few values are not held apart


class Word(StrEnum):
    """What the name of a column says that it holds."""

    RESULT = "a result of a test or a comparison"
    RATIO = "a ratio"
    SUMMARY = "a mean, a sum or a deviation of several samples"
    ANNOTATION = "a description of the protein"


_RESULT = re.compile(
    r"\b[pq] ?val(ue)?s?\b|\bp ?adj(usted)?\b|\badj(usted)? ?[pq]\b|\badj ?p ?val(ue)?s?\b|\bfdr\b|\blog(10)? ?p( ?val\w*)?\b"
    r"|\bsignificant\b|\blog ?2? ?fc\b|\bl[2f]fc\b|\b(log ?2? ?)?fold ?changes?\b|\bdifference\b|\btstat\w*\b"
    r"|\bt ?(value|test|statistic)\b|\bz ?scores?\b|\blfcse\b|\bbasemean\b|\baveexpr\b|\blogcpm\b|\bcentered\b"
    r"|\bodds( ratio)?\b|\beffect size\b|\bcohens? d\b|\bvs\b|\bversus\b|\bbenjamini\w*\b|\bbonferroni\b|\banova\b"
    r"|\bconf (low|high)\b|\b(lower|upper) ci\b|\b[pq]value\w*"
)
#: names that are those of results beside others of them
_RESULT_NAMES = frozenset(
    {"p", "t", "b", "f", "lr", "se", "df", "z", "es", "nes", "stat", "statistic", "diff", "fc", "sca t", "ci l", "ci r",
     "sigma", "avgabd", "missingpercentage", "imputationpercentage", "log2"}
)  # fmt: skip
_RATIO = re.compile(r"\bratios?\b")
_SUMMARY = re.compile(r"\b(mean|average|avg|median|grouped|sd|stdev|std dev|sem|cv|rsd|geomean)\b")
_TOTALS = frozenset(
    {"total", "sum", "combined", "summed", "overall", "max", "maximum", "min", "minimum", "unique", "razor"}
)
_OF_ALL = _TOTALS | {
    "intensity",
    "intensities",
    "area",
    "abundance",
    "lfq",
    "quantity",
    "ibaq",
    "signal",
    "of",
    "all",
    "samples",
}
_ANNOTATION = re.compile(
    r"\bscores?\b|\bmass\b|\bmw\b|\bkda\b|\bmol(ecular)? ?w(eigh)?t\b|\bcoverages?\b|\blengths?\b|\bpeptides?\b|\bpsms?\b|\bspectra\b"
    r"|\bspectrum\b|\b(calc )?pi\b|\bcharges?\b|\brank\b|\bprobability\b|\bconfidence\b|\bpositions?\b|\bchromosome\b|\btax ?id\b"
    r"|\btaxonomy\b|\bentrez\w*\b|\bhgnc\b|\bgene ?id\b|\b10 ?lgp\b|\bsignificance\b|\bresidues\b|\bmissed cleavages\b|\bpubmed\b"
    r"|\b(number|no|nr|n|num) (of )?(times|unique|proteins?|genes?|identifications?|na|nas|missing|valid|razor|observations?)\b"
    r"|^(unique|start|end|strand|chr|order|category|cluster|module|from|to|age|original row)$|\b(hits|sites|articles|occurrences)\b|\bnum nas\b|\bunique sequences?\b|\bvalid values\b|\bmissing values\b|\bpercent\b|\byear\b|\bretention time\b|\bm z\b"
)
#: quantities of proteins by the word in the name of their columns, the best for amounts first
_QUANTITIES = {
    "LFQ": r"(?:max ?)?lfq(?: intensity)?",
    "abundance": r"abundances?",
    "area": r"(?:peak )?areas?",
    "intensity": r"intensity|intensities",
    "quantity": r"quantity|quant",
    "top 3": r"(?:top|hi) ?3",
    "iBAQ": r"ibaq",
    "NSAF": r"nsaf|saf",
    "emPAI": r"empai",
    "spectral counts": r"(?:total |unique )?spectr(?:al|um) counts?|spc|counts?",
}
_QUANTITY = {name: re.compile(rf"\b(?:{pattern})\b") for name, pattern in _QUANTITIES.items()}
_NORMALIZED = re.compile(r"\b(normali[sz]ed|norm|scaled)\b")
#: what a column beside one without the word was made of
_DERIVED = re.compile(
    r"\b(normali[sz]ed|norm|scaled|log ?2|log ?10|log|ln|imputed|corrected|vsn|quantile|centered)\b"
)
_SAMPLE_WORDS = re.compile(
    r"(s|l|m)?evs?|exo\w*|mvs?|abs|ctrl\w*|controls?|con|blanks?|qc\w*|pool\w*|ref\w*|lys\w*|cells?|cl|wcl|plasma|serum|csf|urine"
    r"|milk|medium|media|cm|sn|sup\w*|sec|uc|wt|ko|kd|oe|dmso|pbs|treat\w*|untreated|vehicle|mock|samples?|rep\w*|donor|patient"
    r"|pt|fraction|day|tmt\w*|channel|12[6-9][nc]?|13[0-5][nc]?|vesicles?|exosomes?|homogenate|input|eluate|flowthrough"
)


@dataclass(frozen=True)
class Profile:
    """Values of a column, from rows all over the table.

    Attributes
    ----------
    name
        As the table writes it.
    kind
        ``"numbers"``, ``"words"`` (fewer than half of the cells are numbers),
        ``"flags"`` (True and False) or ``"empty"``.
    any_number
        Some cell is a number.
    distinct
        Different words of the cells that are none.
    n
        Measured values: neither missing nor 0.
    quartiles
        Of the measured values; smallest, lower quartile, median, upper quartile, largest.
    whole
        Whole numbers only.
    """

    name: str
    kind: str
    any_number: bool = False
    distinct: int = 0
    n: int = 0
    quartiles: tuple[float, float, float, float, float] = (0.0, 0.0, 0.0, 0.0, 0.0)
    whole: bool = True

    @property
    def smallest(self) -> float:
        """Smallest measured value."""
        return self.quartiles[0]

    @property
    def median(self) -> float:
        """Median of the measured values."""
        return self.quartiles[2]

    @property
    def largest(self) -> float:
        """Largest measured value."""
        return self.quartiles[4]


def profiles(frame: pd.DataFrame) -> dict[str, Profile]:
    """Look at the columns of a table: give some of its rows, from all over it."""
    kinds = list(zip(frame.columns, frame.dtypes, strict=True))
    flags = {c for c, kind in kinds if pd.api.types.is_bool_dtype(kind)}
    texts = {c for c, kind in kinds if of_words(kind)}
    numbers = [c for c, _ in kinds if c not in flags and c not in texts]
    found = dict(zip(numbers, _of_numbers(frame[numbers]), strict=True))
    others = {c: Profile(c, "flags") if c in flags else _of_text(frame[c]) for c in (*flags, *texts)}
    return {c: found.get(c) or others[c] for c, _ in kinds}


def _of_numbers(frame: pd.DataFrame) -> list[Profile]:
    """Profiles of columns of numbers, in one pass."""
    values = frame.to_numpy(dtype=float, na_value=np.nan)
    names, empty = [str(c) for c in frame.columns], np.isnan(values).all(axis=0)
    values = np.where(np.isfinite(values) & (values != 0), values, np.nan)
    n = np.count_nonzero(~np.isnan(values), axis=0)
    whole = ((values == np.round(values)) | np.isnan(values)).all(axis=0)
    quartiles = np.zeros((len(names), 5))
    if (n > 0).any():
        with np.errstate(over="ignore"):
            quartiles[n > 0] = _quartiles(values[:, n > 0], n[n > 0]).T
    return [
        Profile(name, "empty")
        if empty[i]
        else Profile(
            name,
            "numbers",
            any_number=True,
            n=int(n[i]),
            quartiles=tuple(quartiles[i].tolist()),
            whole=bool(whole[i]),
        )
        for i, name in enumerate(names)
    ]


def _quartiles(values: npt.NDArray[np.float64], n: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    """Quartiles of the `n` measured values of every column, 5 x columns: those of :func:`numpy.percentile`."""
    ordered = np.sort(values, axis=0)
    at = np.linspace(0, 1, 5)[:, None] * (n - 1)
    low = np.floor(at).astype(int)
    below, above = (np.take_along_axis(ordered, i, axis=0) for i in (low, np.minimum(low + 1, n - 1)))
    return np.asarray(below + (above - below) * (at - low))


def _of_text(cells: pd.Series) -> Profile:
    """Profile of a column of words, some of which may be numbers."""
    name = str(cells.name)
    given = cells.dropna()
    if given.empty:
        return Profile(name, "empty")
    counts = cell_counts(given)
    numbers = as_numbers(given)
    # a word such as ND says that there would be a number
    mostly = counts.numbers > 0 and counts.numbers >= _MOSTLY * (counts.numbers + counts.other)
    measured = _of_numbers(numbers.to_frame())[0]
    return replace(
        measured,
        name=name,
        kind="numbers" if mostly else "words",
        any_number=counts.numbers > 0,
        distinct=int(given[numbers.isna()].nunique()),
    )


def word_of(name: str) -> Word | None:
    """Say what a name says that its column holds, where that is no sample.

    >>> word_of("EV_vs_lysate_p.val"), word_of("Mean EV"), word_of("EV_1")
    (<Word.RESULT: 'a result of a test or a comparison'>, <Word.SUMMARY: 'a mean, a sum or a deviation of several samples'>, None)
    """
    folded = plain(name)
    if _RESULT.search(folded):
        return Word.RESULT
    if _RATIO.search(folded):
        return Word.RATIO
    words = set(folded.split())
    if _ANNOTATION.search(folded):
        return Word.ANNOTATION
    return Word.SUMMARY if _SUMMARY.search(folded) or (words & _TOTALS and words <= _OF_ALL) else None


def is_result_name(name: str) -> bool:
    """Say whether a name is one that results have beside p-values, such as ``t`` and ``B``."""
    return plain(name) in _RESULT_NAMES


def is_probability(column: Profile) -> bool:
    """Say whether a column is one of p-values by its one letter and its values."""
    return plain(column.name) in {"p", "q"} and column.smallest >= 0 and column.largest <= 1


def is_confidence(name: str) -> bool:
    """Say whether a name may be that of an identification's q-value or false discovery rate."""
    return re.search(r"\bq ?val|\bfdr\b", plain(name)) is not None


def quantity_of(name: str) -> tuple[str, str]:
    """Quantity that a name states, and what is left of the name: the sample.

    >>> quantity_of("EV_1 Area"), quantity_of("LFQ.intensity.EV_1"), quantity_of("EV_1")
    (('area', 'ev 1'), ('LFQ', 'ev 1'), ('', 'ev 1'))
    """
    folded = plain(name)
    for quantity, pattern in _QUANTITY.items():
        if pattern.search(folded):
            rest = plain(_NORMALIZED.sub(" ", pattern.sub(" ", folded)))
            normalized = "normalized " if _NORMALIZED.search(folded) else ""
            return f"{normalized}{quantity}", rest
    return "", folded


def derived(names: list[str]) -> list[str]:
    """Columns that were made of another one, such as ``EV_1_log2`` beside ``EV_1``.

    >>> derived(["EV_1", "EV_1_log2", "norm_EV_2"])
    ['EV_1_log2']
    """
    folded = {n: plain(n) for n in names}
    whole = set(folded.values())
    return [n for n, f in folded.items() if _DERIVED.search(f) and plain(_DERIVED.sub(" ", f)) in whole]


def preference(quantity: str) -> int:
    """Rank of a quantity, the lower the better; what a program normalized comes after what it measured."""
    base = quantity.removeprefix("normalized ")
    rank = list(_QUANTITIES).index(base)
    return 2 * rank + (base != quantity)


def names_a_sample(name: str) -> bool:
    """Say whether a word of a name is one by which samples are called, such as EV, lysate or blank."""
    return any(
        _SAMPLE_WORDS.fullmatch(word)
        for part in plain(name).split()
        for word in (part, part.rstrip("0123456789"))
    )


def families(names: list[str]) -> list[list[str]]:
    """Group names by what they share: the same words around a number, the same first or the same last word.

    >>> families(["EV_1", "EV_2", "lysate_1", "Mass"])
    [['EV_1', 'EV_2', 'lysate_1'], ['Mass']]
    """
    parent = {n: n for n in names}

    def root(name: str) -> str:
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    first_with: dict[tuple[str, str], str] = {}
    for name in names:
        for key in _shared_parts(name):
            parent[root(name)] = root(first_with.setdefault(key, name))
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(root(name), []).append(name)
    return sorted(found.values(), key=lambda family: -len(family))


def template(name: str) -> str:
    """Name with every number as ``#``.

    >>> template("EV_D12")
    'ev_d#'
    """
    return re.sub(r"\d+", "#", name.casefold())


def _shared_parts(name: str) -> list[tuple[str, str]]:
    words = plain(name).split() or [""]
    parts = [("first", words[0]), ("last", words[-1])] if len(words) > 1 else []
    stem = words[0].rstrip("0123456789")
    if stem != words[0] and stem:
        parts.append(("first", stem))
    return [*parts, ("template", template(name))]


def sums_up(frame: pd.DataFrame, names: list[str]) -> dict[str, list[str]]:
    """Columns that are the mean, the median or the sum of others: ``ctrl`` of ``ctrl_1`` and ``ctrl_2``.

    Parameters
    ----------
    frame
        Rows of the table.
    names
        Columns of numbers.

    Returns
    -------
    Column -> those that it sums up.
    """
    parts: dict[str, list[str]] = {}
    for name in names:
        if stem := _NUMBERED.fullmatch(name):
            parts.setdefault(stem[1], []).append(name)
    several = {c: parts[c] for c in names if len(parts.get(c, ())) >= _LEAST_PARTS}
    return {c: of for c, of in several.items() if _is_total(frame[c], frame[of])}


def _is_total(column: pd.Series, parts: pd.DataFrame) -> bool:
    whole = as_numbers(column)
    block = parts.apply(as_numbers)
    for total in (block.mean(axis=1), block.median(axis=1), block.sum(axis=1)):
        both = whole.notna() & total.notna() & (whole != 0)
        if both.any() and np.isclose(whole[both], total[both], rtol=_SAME).mean() >= _NEARLY_ALL:
            return True
    return False


class Likeness:
    """How near the values of columns are to those of columns that are samples.

    Parameters
    ----------
    core
        Columns taken to be samples.
    """

    def __init__(self, core: list[Profile]) -> None:
        measured = [p for p in core if p.n]
        smallest, largest = (
            min((p.smallest for p in measured), default=0.0),
            max((p.largest for p in measured), default=0.0),
        )
        self._log = smallest > 0 and largest > _LOG_LARGEST
        self._negative = smallest < 0
        self._whole = all(p.whole for p in core)
        self._counts = self._whole and largest < _LARGEST_COUNT
        centers = [self._scaled(p.median) for p in measured] or [0.0]
        self._low, self._high = min(centers), max(centers)
        spreads = [self._scaled(p.quartiles[3]) - self._scaled(p.quartiles[1]) for p in measured] or [0.0]
        self._spread = max(float(np.median(spreads)), _NARROWEST)

    def holds(self, column: Profile, *, named: bool) -> bool:
        """Say whether a column is alike; one whose name is that of a sample may lie further away, as blanks do."""
        if not column.n:
            return named
        if not self._fits_kind(column):
            return False
        if column.n >= _MANY and column.smallest == column.largest:
            return False
        center = self._scaled(column.median)
        far = (_FAR if named else _NEAR) * self._spread
        return self._low - far <= center <= self._high + far

    def _fits_kind(self, column: Profile) -> bool:
        """Tell counts from amounts, and p-values from differences."""
        if self._negative:
            return column.smallest < 0 or column.largest > 1
        # a value below 0 may be one of a low logarithm or a wrong one; a quarter of them is a difference
        if column.quartiles[1] < 0 or (self._counts and not column.whole):
            return False
        return self._log or self._whole or not column.whole

    def _scaled(self, value: float) -> float:
        """Value as columns are compared: raw ones as logarithms; quartiles stay quartiles."""
        if not self._log:
            return value
        return math.log10(value) if value > 0 else -math.inf
