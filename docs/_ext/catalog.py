"""Pages of the marker sets, each marker with its source."""

from __future__ import annotations

import tomllib
from pathlib import Path

import markerkit

SETS = Path(__file__).resolve().parents[2] / "reference_sets"
ROLES = {
    "identity": "Vesicle classes",
    "layer": "General EV evidence",
    "misev": "Categories of MISEV2018",
    "source": "Contamination sources",
    "module": "Modules",
    "context": "Context",
}


def pages() -> dict[str, str]:
    """Pages by file name."""
    catalog = markerkit.load_markers()
    references = tomllib.loads((SETS / "references.toml").read_text(encoding="utf-8"))
    found = {f"{name}.md": _page(catalog[name], references) for name in catalog}
    found["index.md"] = _index(catalog)
    found["references.md"] = _references(references)
    return found


def _index(catalog) -> str:
    text = (
        f"# Marker sets\n\nCatalog {catalog.version}: {len(catalog)} sets of human genes, with mouse and rat orthologs. Every marker "
        "names its source and how far that source was checked. License: CC BY 4.0. How members were chosen stands in "
        "`reference_sets/CURATION.md` of the repository; how to [use sets of your own](../../howto/own_sets.md) is a page of "
        "its own.\n\n![Overlap of the sets](overlap.png)\n"
    )
    named = []
    for role, title in ROLES.items():
        sets = [catalog[n] for n in catalog if catalog[n].role == role]
        if sets:
            rows = "\n".join(
                f"| [{s.title}]({s.id}.md) | `{s.id}` | {len(s.positive)} | {len(s.negative)} |" for s in sets
            )
            text += f"\n## {title}\n\n| set | id | positive | negative |\n|---|---|--:|--:|\n{rows}\n"
            named += [s.id for s in sets]
    return text + "\n```{toctree}\n:hidden:\n\n" + "\n".join([*named, "references"]) + "\n```\n"


def _page(chosen, references) -> str:
    text = f"# {chosen.title}\n\n`{chosen.id}`, {ROLES[chosen.role].lower()}. {_plain(chosen.note)}\n\n"
    text += f"Fewest members that must be measured: {chosen.minimum_measured}."
    if chosen.fluid_caveats:
        text += f" {_plain(chosen.fluid_caveats)}"
    text += (
        "\n\n| gene | UniProt | role | weight | source | checked | note |\n|---|---|---|--:|---|---|---|\n"
    )
    for _, row in chosen.table.iterrows():
        accession = (
            f"[{row['accession']}](https://www.uniprot.org/uniprotkb/{row['accession']})"
            if row["accession"]
            else ""
        )
        text += (
            f"| {row['gene']} | {accession} | {row['role']} | {row['weight']:.2g} | {_cite(row['source'], references)} "
            f"| {row['verified']} | {_plain(row['note'])} |\n"
        )
    return text


def _cite(key: str, references) -> str:
    ref = references.get(key)
    if ref is None:
        return key
    words = f"{ref['authors']} {ref['year']}"
    return f"[{words}](https://doi.org/{ref['doi']})" if ref["doi"] else f"{words}, {ref['journal']}"


def _plain(text: str) -> str:
    return str(text).replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*").replace("$", "\\$")


def _references(references) -> str:
    text = "# Citations of the marker sets\n\n| key | |\n|---|---|\n"
    for key, ref in sorted(references.items()):
        doi = f" [doi:{ref['doi']}](https://doi.org/{ref['doi']})" if ref["doi"] else ""
        text += f"| `{key}` | {_plain(ref['authors'])} ({ref['year']}). {_plain(ref['title'])}. {_plain(ref['journal'])}.{doi} |\n"
    return text
