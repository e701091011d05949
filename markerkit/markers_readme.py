"""The overview of the reference sets: ``python -m markerkit.markers_readme`` writes it anew."""

from __future__ import annotations

from markerkit.markers import MarkerCatalog, load_markers, reference_folder

_HEAD = """\
# Reference marker sets

<!-- made by `python -m markerkit.markers_readme`; do not edit -->

Version {version}, {n_sets} sets, {n_rows} markers, {n_references} citations. License of the compilation: {license}.
{attribution}

One TOML file a set; `schema.json` describes it, `references.toml` holds the citations, `orthologs.tsv` the mouse
genes, `catalog.toml` the classes and sources, and [CURATION.md](CURATION.md) how members were chosen and checked.
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

Add its citations to `references.toml` and its genes to `orthologs.tsv`, run `python -m markerkit.markers_readme`
and the tests, and raise the version in `catalog.toml`. A set of your own needs none of this: give the file to
`load_markers(extra=[...])`.
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
    level = table["verified"].str.replace(r"^(opened|recalled).*", r"\1", regex=True)
    checked = level.where(level == "recalled", "seen")
    seen = checked.eq("seen").groupby(table["set"]).sum()
    lines = [
        "",
        "## Sets",
        "",
        "| set | title | role | positive | with weight | negative | facts seen |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in catalog.sets.to_dict("records"):
        total = row["n_positive"] + row["n_negative"]
        lines.append(
            f"| `{row['set']}` | {row['title']} | {row['role']} | {row['n_positive']} | {row['n_weighted']} "
            f"| {row['n_negative']} | {int(seen[row['set']])} of {total} |"
        )
    lines += ["", "## Evidence", "", "| how far checked | markers |", "|---|---|"]
    lines += [f"| `{name}` | {n} |" for name, n in sorted(table["verified"].value_counts().items())]
    return head + "\n".join(lines) + "\n" + _TAIL


if __name__ == "__main__":
    (reference_folder() / "README.md").write_text(readme(load_markers()), encoding="utf-8", newline="\n")
