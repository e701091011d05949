"""Write docs/licenses.md: the licenses of what markerkit needs at run time, as the installed packages state them.

Run it in an environment with all extras of run time. A package whose license is copyleft (GPL, AGPL) or not stated is an
error; `STATED` holds what was read in the license file of a package whose metadata do not say it.
"""

from __future__ import annotations

import re
import sys
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = "markerkit-ev"
EXTRAS = ("parquet", "mztab", "app", "datasets")
PAGE = Path(__file__).parents[1] / "docs" / "licenses.md"
STATED: dict[str, str] = {}
_COPYLEFT = re.compile(r"(?<!L)GPL|GNU (?:Affero )?General Public", re.IGNORECASE)

_HEAD = """# Licenses of what is installed with markerkit

markerkit is BSD-3-Clause. At run time it needs the packages below, each under its own license; none is under the GPL or the
AGPL. The page is written by `tools/licenses.py` from the metadata of the packages as they are installed for the tests; the extras are
`parquet`, `mztab`, `app` and `datasets`. The extra `anndata` is tested in an environment of its own and not listed.

| Package | Version | Needed by | License |
|---|---|---|---|
"""


def needed(extras: tuple[str, ...]) -> dict[str, str]:
    """Installed packages that markerkit needs with its extras -> the extra that needs it first, or ``all``."""
    found: dict[str, str] = {}
    waiting = [(PROJECT, "", "all"), *((PROJECT, extra, extra) for extra in extras)]
    while waiting:
        name, extra, why = waiting.pop(0)
        for text in metadata.requires(name) or []:
            requirement = Requirement(text)
            marker = requirement.marker
            if marker is not None and not marker.evaluate({"extra": extra}):
                continue
            if extra and name == PROJECT and (marker is None or "extra" not in str(marker)):
                continue
            key = canonicalize_name(requirement.name)
            if key not in found and key != PROJECT:
                found[key] = why
                waiting.append((key, "", why))
                waiting += [(key, e, why) for e in sorted(requirement.extras)]
    return found


def license_of(name: str) -> str:
    """License as the metadata state it: the expression, else the classifiers, else a short text."""
    about = metadata.metadata(name)
    if about.get("License-Expression"):
        return str(about["License-Expression"])
    stated = [c.split(" :: ")[-1] for c in about.get_all("Classifier") or [] if c.startswith("License ::")]
    text = (about.get("License") or "").strip().split("\n")[0]
    if stated and stated != ["OSI Approved"]:
        return ", ".join(stated)
    return text if 0 < len(text) < 80 else STATED.get(name, "")


def page(packages: dict[str, str]) -> str:
    """Text of the page."""
    rows = [f"| {n} | {metadata.version(n)} | {packages[n]} | {license_of(n)} |" for n in sorted(packages)]
    return _HEAD + "\n".join(rows) + "\n"


def refused(packages: dict[str, str]) -> list[str]:
    """Packages whose license is copyleft or not known."""
    return [n for n in sorted(packages) if not license_of(n) or _COPYLEFT.search(license_of(n))]


def main() -> None:
    packages = needed(EXTRAS)
    if wrong := refused(packages):
        sys.exit(f"copyleft or without a license: {', '.join(f'{n} ({license_of(n)})' for n in wrong)}")
    PAGE.write_text(page(packages), encoding="utf-8", newline="\n")
    print(f"{len(packages)} packages: {PAGE}")


if __name__ == "__main__":
    main()
