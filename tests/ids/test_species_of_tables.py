"""The species that a table states: by header, by description, in a column of organisms."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import markerkit as mk
from markerkit.core.genes import gene_table

UNKNOWN = [f"A0A{i:03d}XYZ{i % 10}" for i in range(30)]
HUMAN = sorted(a for a in gene_table("human").by_accession if a[:2] == "P0")[:20]


def read(tmp_path: Path, accessions: list[str], **columns: list[str] | str) -> mk.Experiment:
    frame = pd.DataFrame({"protein_id": accessions}).assign(**columns)
    frame = frame.assign(
        s1=[(i * 37) % 101 + 100.5 for i in range(len(frame))],
        s2=[(i * 53) % 97 + 200.5 for i in range(len(frame))],
    )
    frame.to_csv(tmp_path / "m.tsv", sep="\t", index=False)
    return mk.read_proteins(tmp_path / "m.tsv")


@pytest.mark.parametrize(
    ("column", "text", "species"),
    [
        ("Description", "Albumin OS=Sus scrofa OX=9823 GN=ALB PE=1 SV=2", "Sus scrofa"),
        ("Description", "Albumin OS=Danio rerio GN=alb", "Danio rerio"),
        ("Description", "albumin precursor [Ovis aries]", "Ovis aries"),
        ("Description", "Outer membrane protein A OS=Escherichia coli (strain K12) OX=83333 GN=ompA", "Escherichia coli"),
        ("Organism", "Gallus gallus (Chicken)", "Gallus gallus"),
        ("Organism", "Canis lupus familiaris", "Canis lupus familiaris"),
        ("Organism", "Apis mellifera OX=7460", "Apis mellifera"),
        ("Taxonomy ID", "9031", "Gallus gallus"),
        ("PG.Organisms", "Saccharomyces cerevisiae;Homo sapiens", "Saccharomyces cerevisiae"),
    ],
)  # fmt: skip
def test_a_species_is_read_and_refused_by_name(tmp_path: Path, column: str, text: str, species: str) -> None:
    exp = read(tmp_path, UNKNOWN, gene="ALB", **{column: text})
    assert set(exp.proteins["species"]) == {species}
    with pytest.raises(
        mk.InputError, match=f"the proteins look like {species}: 30 of 30 groups are stated to be of it"
    ):
        mk.harmonize_ids(exp)


def test_foreign_rows_of_a_human_table_get_no_gene(tmp_path: Path) -> None:
    organism = ["Homo sapiens"] * 20 + ["Bos taurus"] * 10
    exp = read(tmp_path, HUMAN + UNKNOWN[:10], gene="", Organism=organism)
    with pytest.warns(
        mk.MarkerkitWarning, match="10 of 30 protein groups are of other species .* Bos taurus 10"
    ):
        mapped = mk.harmonize_ids(exp).proteins
    assert (mapped["gene"] != "").tolist() == [True] * 20 + [False] * 10
