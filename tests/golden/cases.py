"""All cases, and what each file of reference tables was validated by when it was first written."""

from __future__ import annotations

from tests.golden import (
    case_contrasts,
    case_demo,
    case_fits,
    case_ids,
    case_rules,
    case_samples,
    case_scores,
    case_sets,
)

MODULES = (case_fits, case_sets, case_scores, case_contrasts, case_samples, case_rules, case_ids, case_demo)
ABOUT = {module.__name__.rpartition("case_")[2]: str(module.VALIDATED) for module in MODULES}
