"""The overview of the reference sets: ``python tools/catalog_readme.py`` writes it anew."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from markerkit.catalog.load import MarkerCatalog, read_markers

ROOT = Path(__file__).resolve().parents[1]

IDENTITY = (
    *("exosome", "microvesicle", "apoptotic_body", "apoptotic_exosome", "apoptotic_ev"),
    *("apoptotic_microvesicle", "pan_ev"),
)
DRAWN = (
    *("pan_ev", "misev_1a", "misev_2a", *IDENTITY[:-1], "small_ev", "large_ev"),
    *("platelet", "nonvesicular", "er_golgi", "mitochondrion", "nucleus"),
)
_MEANING = {
    "gene": "approved symbol of the organism (HGNC for human)",
    "accession": "reviewed UniProt accession; empty where none was at hand",
    "role": "positive: expected, or member of the source; negative: expected to be depleted",
    "grade": "1 fact checked in its source, 0.5 recalled, 0 listed only",
    "weight": "grade shared among the vesicle classes that hold the gene, by the rule above",
    "shared_with": "other sets that hold the gene, or that the sources name for it",
    "complex": "complex that the protein belongs to",
    "independent_marker": "what counts once: the complex, else the gene, else the accession",
    "misev": "category of MISEV2018",
    "evidence": "kind of evidence",
    "source": "citation key into `references.toml`",
    "doi": "of the citation",
    "verified": "how far the fact was checked",
    "note": "what to know of this marker in this set",
    "listed_only": "named for the set, without weight",
    "core": "false: an associated factor, not a part of what the set names (an elongation factor of the ribosome)",
}

_HEAD = """\
# Reference marker sets

<!-- made by `python tools/catalog_readme.py`; do not edit -->

Version {version}, {n_sets} sets, {n_rows} markers, {n_references} citations. License of the compilation: {license}.
{attribution}

One TOML file per set; `schema.json` describes it, `references.toml` holds the citations, `orthologs.tsv` the mouse and rat
genes, `catalog.toml` the classes, sources, pairs and fluids, and [CURATION.md](CURATION.md) how members were chosen and checked.
Weights are derived, never stored. {rule}
"""
_TAIL = """
## Add a set

Write `reference_sets/<id>.toml`:

```toml
title = "My set"
role = "context"
note = "How to read it."
markers = [
  { gene = "CD63", uniprot = "P08962", evidence = "guideline", source = "misev2018", verified = "opened:list" },
]
```

That is all: no code. Check it with `markerkit sets validate reference_sets/<id>.toml`, which names the line and how to
correct it. To make it part of the catalog, add citations that are new to `references.toml` and genes that are new to
`orthologs.tsv` (`python tools/rodent_genes.py orthologs` fills the rat), raise the version in `catalog.toml`, write its
line into `CHANGELOG.md`, run `python tools/catalog_readme.py` and the tests; `markerkit sets diff OLD NEW` shows what
changed. A set of your own needs none of this: give the file to `load_markers(extra=[...])`.
"""


def readme(catalog: MarkerCatalog) -> str:
    """Write the overview as Markdown.

    Parameters
    ----------
    catalog
        The reference catalog, human.
    """
    info, table = catalog.info, catalog.table
    head = _HEAD.format(
        version=catalog.version,
        n_sets=len(catalog),
        n_rows=len(table),
        n_references=len(catalog.references),
        license=info["license"],
        attribution=info["attribution"],
        rule=info["weights"]["rule"],
    )
    parts = [_sets(catalog), _overlap(), _evidence(table), _pairs(catalog), _organisms(catalog), _columns()]
    return head + "\n".join(line for part in parts for line in part) + "\n" + _TAIL


def _sets(catalog: MarkerCatalog) -> list[str]:
    table = catalog.table
    opened = (~table["verified"].str.startswith("recalled")).groupby(table["set"]).sum()
    lines = [
        *("", "## Sets", ""),
        "| set | title | role | positive | with weight | negative | facts checked in their source | fewest measured |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in catalog.sets.to_dict("records"):
        total = row["n_positive"] + row["n_negative"]
        lines.append(
            f"| `{row['set']}` | {row['title']} | {row['role']} | {row['n_positive']} | {row['n_weighted']} "
            f"| {row['n_negative']} | {int(opened[row['set']])} of {total} | {row['minimum_measured']} |"
        )
    return lines


def _overlap() -> list[str]:
    return [
        *("", "## Overlap", ""),
        "![Shared positive markers of every two sets](../docs/images/overlap.png)",
        "",
        "`markers.overlap()` gives the counts of all sets, `markerkit.figures.overlap` draws them.",
    ]


def _evidence(table: pd.DataFrame) -> list[str]:
    """Count markers by the kind of evidence and by how far it was checked, in the class sets and in all."""
    identity = table[table["set"].isin(IDENTITY)]
    lines = [*("", "## Evidence", ""), "| how far checked | class sets | all sets |", "|---|---|---|"]
    for column, head in (("verified", ""), ("evidence", "| kind of evidence | class sets | all sets |")):
        if head:
            lines += ["", head, "|---|---|---|"]
        of_classes, all_ = identity[column].value_counts(), table[column].value_counts()
        lines += [f"| `{name}` | {of_classes.get(name, 0)} | {n} |" for name, n in sorted(all_.items())]
    return lines


def _pairs(catalog: MarkerCatalog) -> list[str]:
    lines = [
        *("", "## What distinguishes two classes", ""),
        "| first | second | evidence | higher in the first | higher in the second | sources |",
        "|---|---|---|---|---|---|",
    ]
    for row in catalog.pairs.to_dict("records"):
        cells = [str(row[c]).replace(";", ", ") or "-" for c in list(catalog.pairs.columns)[2:6]]
        lines.append(f"| `{row['first']}` | `{row['second']}` | {' | '.join(cells)} |")
    return lines


def _organisms(catalog: MarkerCatalog) -> list[str]:
    """Count what mouse and rat keep, with and without an accession, and why the rest is lost."""
    human = {str(g) for g in catalog.table.loc[~catalog.table["set"].eq("bovine_serum"), "gene"]}
    lines = [
        *("", "## Other organisms", ""),
        f"Orthologs of the {len(human)} human genes, resolved once in `orthologs.tsv`. A gene without an accession is",
        "matched by its symbol; a gene without an ortholog is listed in `markers.unmapped` with its reason.",
        "",
        "| organism | human genes with a gene of it | with an accession | without, by reason |",
        "|---|---|---|---|",
    ]
    for organism in ("mouse", "rat"):
        other = catalog.for_organism(organism)
        own = other.table[~other.table["set"].eq("bovine_serum")].drop_duplicates("gene")
        lost = other.unmapped.drop_duplicates("gene")["reason"]
        kinds = lost.str.replace(r"^same gene .*", "same gene as another marker", regex=True).value_counts()
        why = "; ".join(f"{reason}: {n}" for reason, n in kinds.items())
        lines.append(f"| {organism} | {len(own)} | {int((own['accession'] != '').sum())} | {why} |")
    return [
        *lines,
        "",
        "`bovine_serum` holds proteins of the culture medium by their bovine accession. Bovine albumin and its human and",
        "mouse orthologs share a symbol, so the symbol never decides: a group is bovine where its leading member's entry",
        "name ends in `_BOVIN`, its accession is a known bovine one (after a prefix such as `CON__` or `Cont_` is taken off), or",
        "the table says so. A group that mixes species is reported as ambiguous and counts for its leading member. Where",
        "no bovine sequences were searched, bovine protein is counted as its ortholog, and the result says so.",
        "",
        "Skin of those who handle samples is human in a study of any species. Where a library of contaminants holds it by its",
        "human accessions (`CON__P04264`), it counts for the keratins of mouse and rat as the ortholog; human keratins that are",
        "not flagged as contaminants do not.",
    ]


def _columns() -> list[str]:
    return [
        *("", "## Columns of a marker", ""),
        "| column | what it says |",
        "|---|---|",
        *(f"| `{name}` | {what} |" for name, what in _MEANING.items()),
    ]


def main() -> None:
    """Write the overview and its figure."""
    from markerkit import figures

    folder = ROOT / "reference_sets"  # of this checkout, whichever markerkit is installed
    catalog = read_markers(folder)
    (folder / "README.md").write_text(readme(catalog), encoding="utf-8", newline="\n")
    images = ROOT / "docs" / "images"
    figures.save(figures.overlap(catalog.overlap(), sets=DRAWN), images / "overlap.png", formats=["png"])


if __name__ == "__main__":
    main()
