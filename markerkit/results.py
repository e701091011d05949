"""Results: frozen tidy tables, and the registry that declares every table."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from markerkit._checks import InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from markerkit.stats.ebayes import Moderated
    from markerkit.stats.linear import LinearFit


class Column(NamedTuple):
    """A column of a table: its name, kind (``str``, ``float``, ``int``, ``bool``) and meaning."""

    name: str
    kind: str
    description: str


@dataclass(frozen=True)
class TableSpec:
    """A table of the output contract."""

    name: str
    description: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> list[str]:
        """Column names in order."""
        return [c.name for c in self.columns]

    def conform(self, table: pd.DataFrame | Mapping[str, Any]) -> pd.DataFrame:
        """Return the columns of this table in order and in their kinds; absent ones become missing.

        Parameters
        ----------
        table
            Any frame whose columns all belong to this table, or its columns as
            arrays of one length, text without missing values.

        Raises
        ------
        ValueError
            A column that the registry does not know (a bug, not bad input).
        """
        unknown = [c for c in table if c not in self.names]
        if unknown:
            message = f"table {self.name!r} has undeclared columns {unknown}"
            raise ValueError(message)
        if isinstance(table, pd.DataFrame):
            columns = {c.name: _as_kind(table.get(c.name), c.kind, table.index) for c in self.columns}
            return pd.DataFrame(columns, columns=self.names, index=table.index).reset_index(drop=True)
        n = len(next(iter(table.values())))
        return pd.DataFrame({c.name: _of_kind(table.get(c.name), c.kind, n) for c in self.columns})

    def empty(self) -> pd.DataFrame:
        """Return the table without rows: its header."""
        return _header(self).copy()


@cache
def _header(spec: TableSpec) -> pd.DataFrame:
    return spec.conform(pd.DataFrame())


_PANDAS_KIND: dict[str, Any] = {"str": object, "float": float, "int": "Int64", "bool": "boolean"}


def stack_columns(tables: Sequence[Mapping[str, npt.NDArray[Any]]]) -> dict[str, npt.NDArray[Any]]:
    """Stack tables that are mappings of columns to arrays; all have the columns of the first."""
    if len(tables) == 1:
        return dict(tables[0])
    return {k: np.concatenate([t[k] for t in tables]) for k in tables[0]}


def _of_kind(values: Any, kind: str, n: int) -> Any:
    """Column of an array, or of what is missing, in a form at whose kind pandas does not guess."""
    if values is None:
        values = np.full(n, "" if kind == "str" else np.nan, dtype=object if kind == "str" else float)
    if kind == "str":
        return pd.Index(values, dtype=object)
    return np.asarray(values, dtype=float) if kind == "float" else pd.array(values, dtype=_PANDAS_KIND[kind])


def _as_kind(column: pd.Series | None, kind: str, index: pd.Index) -> pd.Series:
    if column is None:
        column = pd.Series([None] * len(index), index=index, dtype=object)
    if kind == "str":
        values = (
            column.to_numpy(dtype=object, na_value="") if column.isna().any() else column.to_numpy(object)
        )
        return pd.Series(values, index=index, dtype=object)
    typed: pd.Series = column.astype(_PANDAS_KIND[kind])
    return typed


def _c(text: str) -> tuple[Column, ...]:
    columns = []
    for line in filter(None, text.splitlines()):
        name, kind, description = (part.strip() for part in line.split("|", 2))
        columns.append(Column(name, kind, description))
    return tuple(columns)


_SET_LEVEL = """
n_set|int|members of the set
n_measured|int|members measured in this study
status|str|`tested`, `too few measured`, ... : whether the row could be computed
reason|str|the rule that decided, or why the row could not be computed
"""

TABLES: dict[str, TableSpec] = {
    spec.name: spec
    for spec in (
        TableSpec(
            "identity",
            "Verdict on every vesicle class in every contrast.",
            _c(
                """
contrast|str|name of the contrast, `case vs control`
class|str|vesicle class
operational_name|str|name by size, without a claim of biogenesis
verdict|str|`compatible`, `not compatible`, `unresolved` or `not assessable`
reason|str|the rule that decided
explanation|str|the same in a sentence
log2_fc|float|set effect theta: weighted mean log2 fold change of the votes minus that of the background
se|float|standard error of theta, samples and markers
df|float|Satterthwaite degrees of freedom
ci_low|float|lower end of the 90 % interval: 0 is excluded by a one-sided test at 5 %
ci_high|float|upper end of the 90 % interval
n_votes|int|votes counted: one a gene, one a complex
weight_measured|float|share of the set's weight that was measured
n_set|int|positive members of the set
n_measured|int|positive members measured
negatives_log2_fc|float|set effect of the class's negative markers
negatives_ci_low|float|its lower end
negatives_ci_high|float|its upper end
negatives_n_votes|int|its votes
rival|str|the class it is told apart from worst
margin|float|effect of the markers only in this class minus those only in the rival, log2
margin_ci_low|float|lower end of the margin's interval
margin_ci_high|float|upper end of the margin's interval
bounded_log2_fc|float|set effect with on/off proteins counted at their bound
bounded_ci_low|float|its lower end
bounded_ci_high|float|its upper end
smallest_detectable|float|effect that 80 % of studies like this one would call, log2
settle|str|what would settle it
status|str|`assessed` or `not assessed`
"""
            ),
        ),
        TableSpec(
            "purity",
            "Verdict on every contamination source in every contrast.",
            _c(
                """
contrast|str|name of the contrast, `case vs control`
source|str|contamination source
verdict|str|`raised`, `not raised` or `not assessable`
explanation|str|the same in a sentence
log2_fc|float|set effect theta of the source's markers over the background
se|float|standard error of theta
df|float|Satterthwaite degrees of freedom
ci_low|float|lower end of the 95 % interval
ci_high|float|upper end of the 95 % interval
smallest_detectable|float|effect that 80 % of studies like this one would call raised, log2
n_votes|int|votes counted
per_ev|str|`cleaner`, `dirtier` or `same`: the source per unit of EV signal
per_ev_log2_fc|float|theta of the source minus theta of the EV layer
per_ev_ci_low|float|its lower end
per_ev_ci_high|float|its upper end
bounded_log2_fc|float|set effect with on/off proteins counted at their bound
bounded_ci_low|float|its lower end
bounded_ci_high|float|its upper end
settle|str|what would settle it
"""
                + _SET_LEVEL
            ),
        ),
        TableSpec(
            "evidence",
            "Every reason for and against every class in every contrast.",
            _c(
                """
contrast|str|name of the contrast, or empty for the whole study
class|str|vesicle class
topic|str|`set effect`, `negatives`, `rival exosome`, `layer A`, `context: ...`, ...
direction|str|`for`, `against` or `neither`: what it says about calling the class compatible
decisive|bool|true where the verdict's reason is this one
text|str|the reason in words
value|float|its number: a log2 effect, a share or what was stated
ci_low|float|lower end of the 95 % interval
ci_high|float|upper end of the 95 % interval
n|int|votes, markers or variants behind it
"""
            ),
        ),
        TableSpec(
            "robustness",
            "Every class and source again under the choices that could change a verdict, and without each vote.",
            _c(
                """
contrast|str|name of the contrast, `case vs control`
kind|str|`class` or `source`; empty where there was nothing to vary
key|str|vesicle class or contamination source
aspect|str|what was varied: `missing values`, `background`, `protein group`, `detection filter`, ...
variant|str|how it was varied
verdict|str|the verdict then; without each vote in turn, the one that a flip leads to most often
agrees|bool|true where it is the verdict reported
reason|str|the rule that decided; without each vote in turn, the votes that flip it
log2_fc|float|set effect theta
ci_low|float|lower end of the 95 % interval
ci_high|float|upper end of the 95 % interval
n_votes|int|votes counted, or left out in turn
n_flips|int|votes whose omission alone changes the verdict
flips|str|their names
effect_low|float|smallest set effect without one vote
effect_high|float|largest set effect without one vote
status|str|`computed` or `not varied`
note|str|what the variant means, or why there was nothing to vary
"""
            ),
        ),
        TableSpec(
            "circularity",
            "Circularity guard: was a class's or a source's set made from the data under test?",
            _c(
                """
kind|str|`class` or `source`
key|str|vesicle class or contamination source
sets|str|its sets
status|str|`flagged`, `clear` or `cannot be checked`
n_markers|int|markers that derive from the data set stated
n_set|int|markers in the sets
markers|str|those that derive from it
text|str|the finding in words
"""
            ),
        ),
        TableSpec(
            "design",
            "Design check: what the samples of a contrast can and cannot tell.",
            _c(
                """
contrast|str|name of the contrast, or empty for the whole study
check|str|`replicates`, `balance`, `model`, `pairs`, `technical replicates`, `scope`, `confounding`, `batch`
column|str|column of the sample sheet
finding|str|what was found
severity|str|`ok`, `note`, `warning` or `serious`
advice|str|what to do
"""
            ),
        ),
        TableSpec(
            "source_shares",
            "Share of the linear signal of each sample by contamination source, before normalization.",
            _c(
                """
sample|str|sample
source|str|contamination source, or `ev` for the EV markers
share|float|share of the sample's total signal, 0 to 1
ci_low|float|lower end of the 95 % interval (bootstrap over members)
ci_high|float|upper end of the 95 % interval
approximate|bool|true where the input was logarithmic or imputed
basis|str|what was summed: signal, iBAQ, or signal over length
"""
                + _SET_LEVEL
            ),
        ),
        TableSpec(
            "sample_quality",
            "Quality card of every sample: what it shows by itself, without a comparator; never a class call.",
            _c(
                """
sample|str|sample
role|str|`sample`, `blank` or `medium`
group|str|group that outliers were looked for in
kind|str|`depth`, `marker`, `ev`, `share`, `index`, `guard` or `outlier`
item|str|what was looked at
value|float|what was found; missing where nothing could be said
unit|str|its unit
ci_low|float|lower end of the 95 % interval, for shares
ci_high|float|upper end of the 95 % interval, for shares
percentile|float|place in the frozen yardstick of simulated preparations, 0 to 100: no population
yardstick|str|which simulated preparations
blank_limit|float|what the blanks alone would show in this sample, in the unit of the value
flag|str|`look` where a rule asks to look again, else empty
meaning|str|what it means
"""
                + _SET_LEVEL
            ),
        ),
        TableSpec(
            "blanks",
            "Content of procedural blanks and unconditioned medium, and how much of the samples it could explain.",
            _c(
                """
role|str|`blank` or `medium`
level|str|`source`, `carry-over` or `protein`
key|str|source, contrast or protein group
gene|str|gene symbol of a protein
n_blanks|int|blanks, or media
n_blanks_seen|int|those that show it
n_samples_seen|int|samples that show it
blank_share|float|share of the blank's own signal, median
sample_share|float|share of the samples' signal, median
ratio|float|signal of the blank over that of the median sample that shows it
limit|float|share of a sample's signal that the blank alone would give: median of the samples
flag|str|`look` where the blank could explain a part that counts
status|str|`compared` or `not compared`
reason|str|why not, or why with care
"""
            ),
        ),
        TableSpec(
            "carry_over",
            "Share of the comparator's material still in the preparation.",
            _c(
                """
contrast|str|name of the contrast, `case vs control`
compartment|str|`all`, or the compartment whose anchors were used
fraction|float|carried share kappa, 0 to 1
ci_low|float|lower end of the 95 % interval
ci_high|float|upper end of the 95 % interval
bound|str|`at most` (an upper bound) or `about`
n_measured|int|anchor votes used
n_set|int|anchor votes there are
n_dropped|int|anchors dropped as residents of the vesicle
approximate|bool|true where the input was logarithmic or imputed
status|str|`assessed` or `not assessable`
reason|str|why not, or why with care
"""
            ),
        ),
        TableSpec(
            "misev_checklist",
            "MISEV and EV-TRACK items that a protein matrix can answer, and those that it cannot.",
            _c(
                """
contrast|str|name of the contrast, or empty for the whole study
guideline|str|guideline the item comes from
item|str|short name of the item
requirement|str|what is asked
answer|str|`met`, `not met`, `not derivable` or `needs metadata`
evidence|str|what was seen
proteins|str|the proteins behind it
source|str|citation key
"""
            ),
        ),
        TableSpec(
            "ev_track",
            "EV-TRACK form: what the proteome and the context answer, and the blanks to fill in.",
            _c(
                """
contrast|str|name of the contrast, or empty for the whole study
section|str|`study`, `preparation` or `EV-METRIC`
field|str|field of the form, or item of the EV-METRIC
value|str|the answer; empty where it is to be filled in
status|str|`from the data`, `from the context`, `to fill in` or `not applicable`
note|str|what is asked, and what was seen
"""
            ),
        ),
        TableSpec(
            "coverage",
            "How much of every set was measured.",
            _c(
                """
set|str|set id
title|str|its title
role|str|`positive` or `negative` members
fraction|float|measured share of the members
weight_fraction|float|measured share of the members' weight
measured|str|genes measured
not_measured|str|genes not measured
"""
                + _SET_LEVEL
            ),
        ),
        TableSpec(
            "differential_abundance",
            "Moderated t-test of every protein, on the measured values.",
            _c(
                """
contrast|str|name of the contrast
protein|str|protein group
gene|str|gene symbol
accession|str|UniProt accession
log2_fc|float|case minus control, log2
se|float|moderated standard error
ci_low|float|lower end of the 95 % interval
ci_high|float|upper end of the 95 % interval
t|float|moderated t
df|float|degrees of freedom, residual and prior
pvalue|float|two-sided p
padj|float|Benjamini-Hochberg over the proteins tested in the contrast
b|float|log-odds of a difference
mean_log2|float|mean log2 abundance over the samples
n_case|int|case samples with a value
n_control|int|control samples with a value
status|str|`tested` or `not tested`
reason|str|why not
"""
            ),
        ),
        TableSpec(
            "detection",
            "On/off test: is the protein seen more often in one arm?",
            _c(
                """
contrast|str|name of the contrast
protein|str|protein group
gene|str|gene symbol
accession|str|UniProt accession
n_case|int|case samples in which it was seen
n_control|int|control samples in which it was seen
total_case|int|case samples
total_control|int|control samples
expected_case|float|case samples (of complete pairs, where paired) in which depth alone leads to expect it
log_odds|float|log odds ratio of being seen, case over control, over that of depth alone
pvalue|float|two-sided mid-p
padj|float|Benjamini-Hochberg over the proteins tested in the contrast
call|str|`on`, `off` or empty: seen in two thirds of one arm and never in the other
status|str|`tested` or `not tested`
reason|str|why not
"""
            ),
        ),
        TableSpec(
            "enrichment",
            "Set tests: competitive (camera), self-contained (fry), of the effect over the background (effect, joint), by ranks (gsea) and by hits (ora).",
            _c(
                """
contrast|str|name of the contrast
set|str|set id
method|str|set test
direction|str|`up` or `down`
log2_fc|float|mean log2 fold change of the members minus that of the other proteins; in `effect` that of the votes over the background, in `joint` what the set adds
se|float|standard error of log2_fc (effect, joint), samples and markers
ci_low|float|lower end of its 95 % interval
ci_high|float|upper end of its 95 % interval
correlation|float|estimated correlation between the members
statistic|float|test statistic: t or z; the normalized enrichment score of gsea; fold enrichment of ora
df|float|its degrees of freedom
n_hits|int|members among the hits (ora)
pvalue|float|two-sided p
padj|float|Benjamini-Hochberg over the family of the call: sets x contrasts
pvalue_mixed|float|p for change in either direction (fry)
padj_mixed|float|Benjamini-Hochberg of the mixed p
leading_edge|str|the members that drive the result, strongest first
"""
                + _SET_LEVEL
            ),
        ),
        TableSpec(
            "null_check",
            "How often the tests reject where nothing differs: this study's residuals under its own design.",
            _c(
                """
contrast|str|name of the contrast
test|str|`moderated_t`, or a set test: `camera`, `fry`, `effect`, `joint`
level|float|nominal level
rate|float|share of tests rejected
se|float|standard error of the share, over draws
n_draws|int|data sets without an effect
n_tests|float|tests a data set, mean
how|str|`rotate` or `permute`
n_distinct|int|permutations of the arms that give different contrasts; missing for a contrast of coefficients
status|str|`holds`, `rejects too often` or `not tested`
reason|str|why not tested
"""
            ),
        ),
        TableSpec(
            "sample_scores",
            "Score of every set in every sample; singscore and ssgsea do not depend on the other samples.",
            _c(
                """
sample|str|sample
set|str|set id
method|str|score
members|str|`positive`, `negative` (high where they are low) or `both`
score|float|score of the sample
ci_low|float|lower end of its 95 % interval over the members as a sample of possible ones
ci_high|float|upper end of the interval
dispersion|float|spread of the members' ranks (of their z, for the scores that average z)
"""
                + _SET_LEVEL
            ),
        ),
        TableSpec(
            "markers_used",
            "Every marker of every assessed set in every contrast: what it said and how much it counted.",
            _c(
                """
contrast|str|name of the contrast
set|str|set id
gene|str|gene symbol
accession|str|UniProt accession
protein|str|protein group that stood for it
role|str|`positive`, `negative` or `source`
vote|str|gene or complex it votes with
weight|float|weight before normalization to sum 1
log2_fc|float|log2 fold change
se|float|its standard error
detection|str|`measured`, `on`, `off`, `one arm only` or `not measured`
status|str|`counted` or `not counted`
reason|str|why not
source|str|citation key
"""
            ),
        ),
        TableSpec(
            "id_mapping",
            "What became of every protein group's identifiers.",
            _c(
                """
protein|str|protein group
input_accession|str|accessions as given
input_gene|str|symbols as given
accession|str|accession it was mapped to
gene|str|symbol it was mapped to
species|str|species, where the identifiers tell
how|str|`accession`, `symbol`, `alias`, ...
n_genes|int|genes that the group's members belong to
is_contaminant|bool|flagged as a contaminant
is_decoy|bool|flagged as a decoy
status|str|`mapped`, `ambiguous` or `not mapped`
reason|str|the policy applied, or why not
"""
            ),
        ),
        TableSpec(
            "samples_used",
            "What became of every sample.",
            _c(
                """
sample|str|sample as given
unit|str|sample it counts as after technical replicates are collapsed
group|str|its level of the condition
pair|str|its pair or donor
batch|str|its batch
n_measured|int|proteins measured
total_signal|float|sum of the linear abundances
median_log2|float|median log2 abundance before normalization
status|str|`used` or `not used`
reason|str|why not
"""
            ),
        ),
    )
}

#: table of :func:`markerkit.detectable_effect`
DETECTABLE = TableSpec(
    "detectable_effect",
    "Smallest effect that a design would find.",
    _c(
        """
contrast|str|name of the contrast
set_size|int|votes of the set; 1 for a single protein
correlation|float|between the votes' residuals
marker_sd|float|spread of true effects between the markers of one set, log2
power|float|chance to find the effect
alpha|float|two-sided level
se|float|standard error of the set effect
df|float|its degrees of freedom
log2_fc|float|smallest effect found with that power
"""
    ),
)

#: table of :attr:`DifferentialAbundance.f_tests`; an assessment fits each contrast on its own, so it has none
F_TESTS = TableSpec(
    "f_tests",
    "Moderated F-test of every protein over all contrasts of the call.",
    _c(
        """
protein|str|protein group
gene|str|gene symbol
accession|str|UniProt accession
f|float|moderated F
df1|float|independent contrasts that the protein can tell
df2|float|degrees of freedom, residual and prior
pvalue|float|p of F
padj|float|Benjamini-Hochberg over the proteins tested
status|str|`tested` or `not tested`
reason|str|why not
"""
    ),
)


@dataclass(frozen=True, repr=False)
class Result:
    """A tidy table with the parameters that made it.

    Parameters
    ----------
    table
        The result, one row an observation, columns as declared in
        :data:`TABLES`.
    params
        What the verb was called with (JSON-able).
    """

    table: pd.DataFrame
    params: Mapping[str, Any] = field(default_factory=dict)

    #: name of the table in the registry
    table_name = ""

    def to_frame(self) -> pd.DataFrame:
        """Copy of the table."""
        return self.table.copy()

    def save(self, path: str | Path) -> Path:
        """Write the table as TSV, whole or not at all.

        Parameters
        ----------
        path
            File to write; its folder must be there.

        Raises
        ------
        InputError
            The folder is not there.
        """
        path = Path(path)
        if not path.parent.is_dir():
            raise InputError(f"cannot write {str(path)!r}: there is no folder {str(path.parent)!r}.")
        part = path.with_name(f".{path.name}.part")
        part.write_text(to_tsv(self.table), encoding="utf-8", newline="")
        part.replace(path)
        return path

    def plot(self, **options: Any) -> Axes | Figure:
        """Draw the figure of this kind of result; options as in :mod:`markerkit.figures`."""
        from markerkit import figures

        return figures.plot(self, **options)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {len(self.table)} rows>\n{self.table.head(12).to_string()}"

    def _repr_html_(self) -> str:
        head = self.table.head(200)
        more = f"<p>first 200 of {len(self.table)} rows</p>" if len(self.table) > len(head) else ""
        title = html.escape(type(self).__name__)
        return (
            f"<h4>{title}</h4>{head.to_html(index=False, na_rep='', float_format=lambda v: f'{v:.3g}')}{more}"
        )


def to_tsv(table: pd.DataFrame) -> str:
    r"""Write a table as TSV text: fixed float format, ``\n`` line ends, missing as nothing.

    >>> to_tsv(pd.DataFrame({"a": [1.0, float("nan")], "b": ["x", "y"]}))
    'a\tb\n1\tx\n\ty\n'
    """
    clean = table.copy()
    for name in clean.columns:
        if clean[name].dtype == object:
            clean[name] = clean[name].map(_one_line)
    return str(clean.to_csv(sep="\t", index=False, float_format="%.10g", na_rep="", lineterminator="\n"))


def _one_line(value: object) -> object:
    return " ".join(value.split()) if isinstance(value, str) and any(c in value for c in "\t\r\n") else value


class Coverage(Result):
    """How much of every set was measured."""

    table_name = "coverage"


@dataclass(frozen=True, repr=False)
class DifferentialAbundance(Result):
    """Moderated t-tests; keeps the fit for the set tests.

    Attributes
    ----------
    fit
        The linear models.
    moderated
        Their moderated variances.
    contrasts
        Contrast name -> coefficients of the design.
    proteins
        Protein annotation of the experiment (gene, accession, ...).
    f_tests
        A row a protein, over all contrasts at once; empty for one contrast.
    """

    fit: LinearFit | None = None
    moderated: Moderated | None = None
    contrasts: Mapping[str, Any] = field(default_factory=dict)
    proteins: pd.DataFrame = field(default_factory=pd.DataFrame)
    f_tests: pd.DataFrame = field(default_factory=pd.DataFrame)

    table_name = "differential_abundance"


class DetectionTest(Result):
    """On/off tests."""

    table_name = "detection"


class Enrichment(Result):
    """Set tests."""

    table_name = "enrichment"


class NullCheck(Result):
    """Rejection rates where nothing differs."""

    table_name = "null_check"


class DetectableEffect(Result):
    """Smallest effects that a design would find."""

    table_name = "detectable_effect"


class SampleScores(Result):
    """Scores of sets in samples."""

    table_name = "sample_scores"


@dataclass(frozen=True, repr=False)
class Identity(Result):
    """Class verdicts; ``markers`` says what every marker said."""

    markers: pd.DataFrame = field(default_factory=pd.DataFrame)

    table_name = "identity"


@dataclass(frozen=True, repr=False)
class Purity(Result):
    """Source verdicts, with the shares of signal and the carry-over."""

    shares: pd.DataFrame = field(default_factory=pd.DataFrame)
    carry_over: pd.DataFrame = field(default_factory=pd.DataFrame)
    markers: pd.DataFrame = field(default_factory=pd.DataFrame)

    table_name = "purity"


@dataclass(frozen=True, repr=False)
class Quality(Result):
    """Quality card of every sample; ``blanks`` is what procedural blanks and medium hold."""

    blanks: pd.DataFrame = field(default_factory=pd.DataFrame)

    table_name = "sample_quality"


class Checklist(Result):
    """Guideline items."""

    table_name = "misev_checklist"
