"""Tables with one row per sample that are made from a table of peptides."""

from __future__ import annotations

from markerkit.tables.spec import Column, TableSpec

# One column per line, so that changes merge line by line.
# fmt: off

BOVINE_PEPTIDES = TableSpec(
    "bovine_peptides",
    "Peptides that only bovine proteins hold, and those that bovine proteins share with other species, in every sample.",
    (
        Column("sample", "str", "sample"),
        Column("n_peptides", "int", "peptides measured in the sample, decoys left out"),
        Column("n_bovine_unique", "int", "of these, peptides all of whose proteins are bovine: evidence of bovine protein"),
        Column("n_bovine_shared", "int", "of these, peptides of bovine proteins and of others: no evidence of bovine protein by themselves"),
        Column("share_bovine_unique", "float", "share of the linear signal from peptides of bovine proteins alone, 0 to 1"),
        Column("share_bovine_shared", "float", "share of the linear signal from peptides of bovine proteins and of others, 0 to 1"),
        Column("n_proteins_unique", "int", "protein groups led by a bovine protein with a bovine-unique peptide in the sample"),
        Column("n_proteins_shared_only", "int", "protein groups led by a bovine protein of which the sample shows shared peptides alone: no evidence of bovine protein"),
        Column("status", "str", "`assessed` or `not assessable`"),
        Column("reason", "str", "why not, or which caution applies"),
    ),
)

CASPASE_ENDS = TableSpec(
    "caspase_ends",
    "Peptide ends that trypsin does not make, and how many of them lie after aspartate, as the cuts of caspases do; never a verdict by itself.",
    (
        Column("sample", "str", "sample"),
        Column("n_peptides", "int", "peptides measured in the sample, decoys and contaminants left out"),
        Column("n_semi_tryptic", "int", "of these, peptides with an end inside a protein that is not after K or R"),
        Column("n_ends", "int", "such ends"),
        Column("n_after_aspartate", "int", "of these ends, those after D (rule D|x)"),
        Column("n_before_proline", "int", "of those after D, before P: caspases do not cut there, acid does"),
        Column("n_caspase_like", "int", "of those after D, with D four residues before the cut and G, S, A, T or N after it (rule DxxD|[GSATN])"),
        Column("n_motif_known", "int", "of those after D, whose four residues before the cut and one after it are known"),
        Column("n_after_glutamate", "int", "of the ends, those after E, for comparison"),
        Column("share", "float", "share of the ends that lie after D, 0 to 1"),
        Column("expected_share", "float", "share expected by chance: of D among the residues of these peptides other than K and R, 0 to 1"),
        Column("ratio", "float", "share over expected share; 1 is what random cuts would give"),
        Column("status", "str", "`assessed` or `not assessable`"),
        Column("reason", "str", "why not, or which caution applies"),
    ),
)
