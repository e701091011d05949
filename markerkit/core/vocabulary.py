"""The words of the output, each written once: verdicts, rules, topics, and what a user may say of a contrast."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal


class VerdictWord(StrEnum):
    """What a verdict says: the first two of a class, the next three of a change; the last two of either."""

    COMPATIBLE = "compatible"
    NOT_COMPATIBLE = "not compatible"
    HIGHER = "higher"
    SIMILAR = "similar"
    LOWER = "lower"
    UNRESOLVED = "unresolved"
    NOT_ASSESSABLE = "not assessable"


class Basis(StrEnum):
    """Which protein effects a verdict stands on."""

    MEASURED = "measured"
    BOUNDED = "bounded"
    NONE = ""


class Topic(StrEnum):
    """What a row of the table `evidence` is about."""

    COVERAGE = "coverage"
    SET_EFFECT = "set_effect"
    LEAST_EFFECT = "least_effect"
    BOUNDS = "left_censored_bounds"
    NEGATIVES = "negatives"
    ORGANELLES = "organelles"
    NUCLEAR = "nuclear_markers"
    SPECIFIC = "class_specific_markers"
    COMPETING_CLASS = "competing_class"
    COMPETITOR_EXCLUDED = "competing_class_excluded"
    GENERAL_EV = "general_ev_evidence"
    REQUIRED_CLASS = "required_class"
    JOINT = "joint_effect"
    COMPARATOR = "comparator"
    FLUID = "fluid"
    NECROSIS = "necrosis"
    CANDIDATE = "candidate"
    CONTEXT = "context"
    REPLICATES = "replicates"
    CIRCULARITY = "circularity"
    DESIGN = "design"
    SENSITIVITY = "sensitivity"


class Rule(StrEnum):
    """The rule that gave a verdict; the column `rule` of the tables."""

    CONTROL_NOT_DECLARED = "control_not_declared"
    CONTROL_IS_VESICLES = "control_is_vesicles"
    NO_REPLICATES = "no_replicates"
    COPIES = "copies"
    FAILED_RUNS = "failed_runs"
    STATED_NOT_VESICLES = "stated_not_vesicles"
    APOPTOSIS_NOT_STATED = "apoptosis_not_stated"
    NO_BACKGROUND = "no_background"
    TOO_FEW_MARKERS = "too_few_markers"
    TOO_LITTLE_WEIGHT = "too_little_weight"
    DEPLETED = "depleted"
    NO_MORE_THAN_CONTROL = "no_more_than_control"
    RAISED_TOO_LITTLE = "raised_too_little"
    RATIOS_COMPRESSED = "ratios_compressed"
    WIDE_INTERVAL = "wide_interval"
    ORGANELLES_PER_EV = "organelles_per_ev"
    NOT_ABOVE_ORGANELLES = "not_above_organelles"
    NEGATIVES_UP = "negatives_up"
    NO_GENERAL_EV_EVIDENCE = "no_general_ev_evidence"
    NOT_DECLARED_AS_VESICLES = "not_declared_as_vesicles"
    TOO_FEW_SPECIFIC_MARKERS = "too_few_specific_markers"
    SPECIFIC_MARKERS_NOT_RAISED = "specific_markers_not_raised"
    COMPETING_CLASS = "competing_class"
    TOO_FEW_DISTINGUISHING_MARKERS = "too_few_distinguishing_markers"
    REQUIRED_CLASS = "required_class"
    NECROSIS = "necrosis"
    NO_CANDIDATE = "no_candidate"
    CANDIDATE = "candidate"
    LYSED_OR_APOPTOTIC = "lysed_or_apoptotic"
    NO_NUCLEAR_EVIDENCE = "no_nuclear_evidence"
    ENRICHED = "enriched"
    HIGHER = "higher"
    LOWER = "lower"
    SIMILAR = "similar"
    SMALL_RISE = "small_rise"
    SMALL_FALL = "small_fall"
    RISE_OF_UNKNOWN_SIZE = "rise_of_unknown_size"
    FALL_OF_UNKNOWN_SIZE = "fall_of_unknown_size"
    MISSING_VALUE_SCHEME = "missing_value_scheme"

    @property
    def topic(self) -> Topic:
        """The row of the table `evidence` that holds what the rule looked at."""
        return _TOPICS.get(self, Topic.SET_EFFECT)

    @property
    def about(self) -> str:
        """The key of the context that the rule asks for, where it asks for one."""
        return _CONTEXT.get(self, "")


_TOPICS = {
    Rule.CONTROL_NOT_DECLARED: Topic.COMPARATOR,
    Rule.CONTROL_IS_VESICLES: Topic.COMPARATOR,
    Rule.NO_REPLICATES: Topic.REPLICATES,
    Rule.COPIES: Topic.REPLICATES,
    Rule.FAILED_RUNS: Topic.REPLICATES,
    Rule.APOPTOSIS_NOT_STATED: Topic.CONTEXT,
    Rule.TOO_FEW_MARKERS: Topic.COVERAGE,
    Rule.TOO_LITTLE_WEIGHT: Topic.COVERAGE,
    Rule.NO_MORE_THAN_CONTROL: Topic.LEAST_EFFECT,
    Rule.RAISED_TOO_LITTLE: Topic.LEAST_EFFECT,
    Rule.NEGATIVES_UP: Topic.NEGATIVES,
    Rule.ORGANELLES_PER_EV: Topic.ORGANELLES,
    Rule.NOT_ABOVE_ORGANELLES: Topic.ORGANELLES,
    Rule.STATED_NOT_VESICLES: Topic.CONTEXT,
    Rule.LYSED_OR_APOPTOTIC: Topic.CONTEXT,
    Rule.NO_NUCLEAR_EVIDENCE: Topic.NUCLEAR,
    Rule.NO_GENERAL_EV_EVIDENCE: Topic.GENERAL_EV,
    Rule.NOT_DECLARED_AS_VESICLES: Topic.CONTEXT,
    Rule.TOO_FEW_SPECIFIC_MARKERS: Topic.SPECIFIC,
    Rule.SPECIFIC_MARKERS_NOT_RAISED: Topic.SPECIFIC,
    Rule.COMPETING_CLASS: Topic.COMPETING_CLASS,
    Rule.TOO_FEW_DISTINGUISHING_MARKERS: Topic.COMPETING_CLASS,
    Rule.REQUIRED_CLASS: Topic.REQUIRED_CLASS,
    Rule.NECROSIS: Topic.NECROSIS,
    Rule.NO_CANDIDATE: Topic.CANDIDATE,
    Rule.CANDIDATE: Topic.CANDIDATE,
    Rule.MISSING_VALUE_SCHEME: Topic.BOUNDS,
}


_CONTEXT = {
    Rule.APOPTOSIS_NOT_STATED: "apoptosis_induced",
    Rule.LYSED_OR_APOPTOTIC: "apoptosis_shown",
    Rule.NOT_DECLARED_AS_VESICLES: "vesicles",
    Rule.STATED_NOT_VESICLES: "vesicles",
}


class Exclusion(StrEnum):
    """How a competing class is excluded."""

    ITSELF = "itself not compatible"
    MARGIN = "below the markers only in the class"
    SPECIFIC = "its specific markers do not rise"
    ORGANELLES = "its organelles lie below the class-specific markers"
    BESIDE = "may be there beside it"
    NOT_EXCLUDED = ""


class Direction(StrEnum):
    """What a reason says about calling a class compatible."""

    FOR = "for"
    AGAINST = "against"
    NEITHER = "neither"


class Severity(StrEnum):
    """How much a finding on the design weighs."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    SERIOUS = "serious"


class Status(StrEnum):
    """Whether a row of a table could be computed."""

    ASSESSED = "assessed"
    NOT_ASSESSED = "not assessed"
    TESTED = "tested"
    NOT_TESTED = "not tested"
    TOO_FEW_MEASURED = "too few measured"
    COMPUTED = "computed"
    NOT_VARIED = "not varied"
    COUNTED = "counted"
    NOT_COUNTED = "not counted"


class Comparator(StrEnum):
    """What the control of a contrast is."""

    LYSATE = "lysate"
    BIOFLUID = "biofluid"
    SOLUBLE = "soluble"
    EV = "ev"


class Fluid(StrEnum):
    """What the samples come from."""

    BLOOD = "blood"
    PLASMA = "plasma"
    SERUM = "serum"
    URINE = "urine"
    CSF = "csf"
    SALIVA = "saliva"
    MILK = "milk"
    BRONCHOALVEOLAR = "bronchoalveolar"
    ASCITES = "ascites"
    CULTURE = "culture"
    OTHER = "other"


#: names that a signature offers
ComparatorName = Literal["lysate", "biofluid", "soluble", "ev"]
FluidName = Literal[
    "blood",
    "plasma",
    "serum",
    "urine",
    "csf",
    "saliva",
    "milk",
    "bronchoalveolar",
    "ascites",
    "culture",
    "other",
]


class EvWord(StrEnum):
    """How much a sample shows of the EV markers, without a comparator."""

    STRONG = "strong"
    MODERATE = "moderate"
    WEAK = "weak"
    NONE = "none"
    NOT_ASSESSABLE = "not assessable"


class EvRule(StrEnum):
    """The rule that gave such a word; the column `rule` of the table `ev_markers`."""

    RATIOS = "ratios"
    NO_SIGNAL = "no_signal"
    TOO_FEW_PROTEINS = "too_few_proteins"
    NO_TRANSMEMBRANE = "no_transmembrane_protein"
    TOO_FEW_MISEV = "too_few_misev_proteins"
    TOO_FEW_RANKED = "too_few_to_rank"
    LITTLE_SIGNAL = "little_signal"
    RANK_AS_OTHERS = "rank_as_others"
    ORGANELLES_AS_CELLS = "organelles_as_cells"
    FEW_MISEV = "few_misev_proteins"
    SMALL_SHARE = "small_share"
    RANK_BELOW_TOP = "rank_below_top"
    ORGANELLES_ABOVE_EV = "organelles_above_ev"
    ALL_LIMITS_MET = "all_limits_met"

    @property
    def word(self) -> EvWord:
        """The word that the rule gives."""
        return _EV_WORDS[self]


_EV_WORDS = {
    EvRule.RATIOS: EvWord.NOT_ASSESSABLE,
    EvRule.NO_SIGNAL: EvWord.NOT_ASSESSABLE,
    EvRule.TOO_FEW_PROTEINS: EvWord.NOT_ASSESSABLE,
    EvRule.NO_TRANSMEMBRANE: EvWord.NONE,
    EvRule.TOO_FEW_MISEV: EvWord.WEAK,
    EvRule.TOO_FEW_RANKED: EvWord.WEAK,
    EvRule.LITTLE_SIGNAL: EvWord.WEAK,
    EvRule.RANK_AS_OTHERS: EvWord.WEAK,
    EvRule.ORGANELLES_AS_CELLS: EvWord.WEAK,
    EvRule.FEW_MISEV: EvWord.MODERATE,
    EvRule.SMALL_SHARE: EvWord.MODERATE,
    EvRule.RANK_BELOW_TOP: EvWord.MODERATE,
    EvRule.ORGANELLES_ABOVE_EV: EvWord.MODERATE,
    EvRule.ALL_LIMITS_MET: EvWord.STRONG,
}
