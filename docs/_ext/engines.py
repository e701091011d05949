"""Pages of what the readers and the context file know."""

from __future__ import annotations

from markerkit.io.peptide_dialects import PEPTIDE_DIALECTS
from markerkit.io.vendor_dialects import DIALECTS
from markerkit.study.context import CONTEXT_KEYS

_KINDS = {bool: "`true` or `false`", str: "text", float: "number"}


def page() -> str:
    """The layouts that are read, from the tables that the readers use."""
    text = (
        "# Tables that are read\n\n"
        "Made from the list that the readers use. A table is recognized by its header, whatever its file is called; the first "
        "quantity that is there and is not empty or 0 in every row is read, and `quantity=` (`--quantity`) takes another. "
        "[How a table is read](../reading.md) has the details, and [how to read your table](../howto/read.md) the commands.\n\n"
        "## Proteins\n\n| `software` | a table that has | quantities, in order |\n|---|---|---|\n"
    )
    for dialect in DIALECTS.values():
        quantities = ", ".join(f"`{q}`" for q in dialect.quantities)
        text += f"| `{dialect.name}` | {dialect.hint} | {quantities} |\n"
    text += "\nLong reports of DIA-NN and Spectronaut, mzTab, AnnData (`.h5ad`) and MuData (`.h5mu`) are read as well.\n"
    text += "\n## Peptides\n\nBy `mk.read_peptides` and `markerkit peptides`.\n\n| `software` | a table that has | quantities, in order |\n|---|---|---|\n"
    for dialect in PEPTIDE_DIALECTS:
        quantities = ", ".join(f"`{q}`" for q in dialect.columns.quantities)
        text += f"| `{dialect.name}` | {dialect.columns.hint} | {quantities} |\n"
    return text


def context_page() -> str:
    """The keys of the context file."""
    rows = "".join(
        f"| `{key}` | {_KINDS.get(known[0], 'text')} | {known[1]} |\n" for key, known in CONTEXT_KEYS.items()
    )
    return (
        "# The context file\n\n"
        "What a proteome does not show and only you know: whether the samples are vesicles, how the cells were, how the vesicles "
        "were isolated and counted. The file is TOML; every key is optional, and what is left out is asked for in the gaps of the "
        "report and in the MISEV checklist.\n\n"
        '```toml\nvesicles = true\nisolation = "size-exclusion chromatography, then ultrafiltration"\n'
        'particle_count = "2e10 per ml, nanoparticle tracking analysis"\nviability_percent = 96\n```\n\n'
        'In the terminal `--context context.toml`; in Python `mk.assess(..., context="context.toml")`, or a dictionary with the '
        f"same keys.\n\n| key | value | what it says |\n|---|---|---|\n{rows}"
    )
