"""The reference sets as data: schema, identifiers, citations, and what the literature says must be there."""

import itertools
import json
import re
import tomllib

import pytest

from markerkit.catalog import files as io
from markerkit.catalog.load import MarkerCatalog, reference_folder, shipped
from markerkit.catalog.validate import MEASURED
from markerkit.core.species import UNIPROT
from tools.catalog_readme import readme

FOLDER = reference_folder()
SET_FILES = sorted(f for f in FOLDER.glob("*.toml") if f.stem not in io.RESERVED)
CATALOG = shipped("human")
TABLE = CATALOG.table
HUMAN = TABLE[TABLE["set"] != "bovine_serum"]
DOI = re.compile(r"10\.\d{4,9}/\S+")
CLASSES = ("exosome", "microvesicle", "apoptotic_body", "apoptotic_exosome", "apoptotic_ev")
SOURCES = [
    "plasma",
    "lipoprotein",
    "immunoglobulin",
    "coagulation",
    "platelet",
    "erythrocyte",
    "leukocyte",
    "bovine_serum",
    "keratin",
    "urine",
    "er_golgi",
    "mitochondrion",
    "nucleus",
    "ribosome",
    "proteasome",
    "nonvesicular",
]


def genes(text: str) -> list[str]:
    return text.split()


@pytest.mark.parametrize("path", SET_FILES, ids=lambda p: p.stem)
def test_set_file_follows_the_schema(path):
    (record,) = io.read_sets(path)
    assert record.header["id"] == path.stem
    assert record.header["title"]
    assert record.header["note"]
    assert record.header["organism"] in ("human", "bovine")
    assert {m["role"] for m in record.markers} <= {"positive", "negative"}
    assert all(m["uniprot"] and m["source"] and m["evidence"] != "user" for m in record.markers)
    assert all(m["verified"] != "user" and m["weight"] is None for m in record.markers)


def test_every_toml_file_is_a_set_or_a_known_file():
    assert {f.stem for f in FOLDER.glob("*.toml")} == {f.stem for f in SET_FILES} | {
        r for r in io.RESERVED if (FOLDER / f"{r}.toml").is_file()
    }


def test_classes_and_sources_have_their_sets():
    assert set(CLASSES) <= set(CATALOG.select(role="identity"))
    assert list(CATALOG.select(role="source")) == SOURCES
    assert list(CATALOG.info["sources"]) == SOURCES
    named = {s for entry in CATALOG.info["classes"].values() for s in entry["sets"]}
    assert named <= set(CATALOG)
    assert all(entry["operational_name"] for entry in CATALOG.info["classes"].values())


def test_every_threshold_has_its_reason_and_its_simulation():
    rows = tomllib.loads((FOLDER / "criteria.toml").read_text(encoding="utf-8"))["threshold"]
    names = [row["name"] for row in rows]
    assert len(names) == len(set(names))
    for row in rows:
        assert set(row) == {"name", "value", "unit", "reason", "simulation"}, row["name"]
        assert all(row[k].strip() for k in ("unit", "reason", "simulation")), row["name"]


def test_every_limit_of_the_design_check_has_its_reason():
    rows = tomllib.loads((FOLDER / "criteria.toml").read_text(encoding="utf-8"))["design"]
    names = [row["name"] for row in rows]
    assert len(names) == len(set(names))
    for row in rows:
        assert set(row) == {"name", "value", "unit", "reason"}, row["name"]
        assert all(row[k].strip() for k in ("unit", "reason")), row["name"]


def test_accessions_have_the_uniprot_pattern():
    assert TABLE["accession"].map(lambda a: bool(UNIPROT.fullmatch(a))).all()


def test_a_symbol_has_one_accession_and_an_accession_one_symbol():
    pairs = TABLE.drop_duplicates(["gene", "accession"])
    assert not pairs["gene"].duplicated().any(), pairs[pairs["gene"].duplicated(keep=False)]
    assert not pairs["accession"].duplicated().any(), pairs[pairs["accession"].duplicated(keep=False)]


def test_symbols_are_human_and_current():
    assert HUMAN["gene"].map(lambda g: bool(re.fullmatch(r"[A-Z0-9][A-Z0-9-]*|C\d+orf\d+", g))).all()
    outdated = {"ATP5B", "ATP5A1", "HIST1H4A", "SDPR", "ERBB2IP", "DDX58", "PHB", "H2AFX", "WARS", "CECR5"}
    assert not outdated & set(HUMAN["gene"])


def test_no_gene_twice_in_a_set():
    assert not TABLE.duplicated(["set", "gene"]).any()


def test_citations_resolve_and_dois_look_like_dois():
    references = CATALOG.references.set_index("key")
    assert set(TABLE["source"]) <= set(references.index)
    for doi in references["doi"]:
        assert doi == "" or DOI.fullmatch(doi)
    assert references["year"].between(1980, 2026).all()
    assert (references["title"].str.len() > 10).all()
    assert not references.loc[references["doi"] != "", "doi"].duplicated().any()


def test_recorded_sharing_names_sets_that_exist():
    for path in SET_FILES:
        (record,) = io.read_sets(path)
        assert {s for m in record.markers for s in m["shared_with"]} <= set(CATALOG), path
        assert set(record.header["derived_from"]) <= set(CATALOG) | set(CATALOG.references["key"]), path


@pytest.mark.parametrize("name", list(CATALOG.select(role=["identity", "layer", "source", "context"])))
def test_a_set_says_which_measurements_chose_its_members(name):
    """The guard against circles: data behind a citation are no independent test of the set."""
    table = CATALOG[name].table
    cited = set(table.loc[table["evidence"].isin(MEASURED), "source"])
    assert cited == set(CATALOG[name].derived_from) - set(CATALOG)


def test_data_behind_a_citation_are_named_by_accession():
    data = CATALOG.info["data_of"]
    assert set(data) <= set(CATALOG.references["key"])
    assert all(re.fullmatch(r"PXD\d{6}", a) for accessions in data.values() for a in accessions)


def test_every_set_can_reach_its_minimum():
    sets = CATALOG.sets.set_index("set")
    assert (sets["minimum_measured"] <= sets["n_positive"]).all()


def test_every_marker_has_a_mouse_gene_or_a_reason():
    mouse = CATALOG.for_organism("mouse")
    identity = set(CATALOG.select(role="identity").table["gene"])
    lost = mouse.unmapped
    assert (lost["reason"] != "").all()
    assert "no ortholog in the table" not in set(lost["reason"])
    assert len(identity & set(lost["gene"])) <= 0.05 * len(identity)


def test_ortholog_table_holds_the_genes_of_the_catalog():
    rows = io.read_orthologs(FOLDER)
    assert set(HUMAN["gene"]) == {r["human_gene"] for r in rows}
    accession = dict(zip(HUMAN["gene"], HUMAN["accession"], strict=True))
    for row in rows:
        assert row["human_accession"] == accession[row["human_gene"]]
        assert row["mouse_gene"] or row["note"] or row["rat_gene"], row
        assert not row["mouse_gene"] or row["mouse_accession"] or row["note"], row
        assert not row["rat_gene"] or row["rat_accession"] or row["rat_note"], row
        assert not row["mouse_accession"] or UNIPROT.fullmatch(row["mouse_accession"]), row


def test_bovine_names_cannot_match_another_species():
    bovine = CATALOG["bovine_serum"]
    assert bovine.organism == "bovine"
    assert all(g.endswith("_BOVIN") for g in bovine)
    assert not set(bovine.table["accession"]) & set(HUMAN["accession"])
    mouse = CATALOG.for_organism("mouse")["bovine_serum"]
    assert mouse.table["accession"].tolist() == bovine.table["accession"].tolist()


@pytest.mark.parametrize("name", ["er_golgi", "mitochondrion", "nucleus"])
def test_organelles_hold_no_ev_marker(name):
    ev = set(CATALOG["exosome"].positive) | set(CATALOG["pan_ev"].positive)
    assert not ev & set(CATALOG[name].positive)
    assert CATALOG[name].positive == sorted(CATALOG[name].positive)


def test_leukocyte_panel_holds_nothing_of_organelles():
    organelles = {g for n in ("er_golgi", "mitochondrion", "nucleus", "ribosome") for g in CATALOG[n]}
    assert not organelles & set(CATALOG["leukocyte"])


def test_cell_panels_do_not_count_one_gene_twice():
    panels = TABLE[TABLE["set"].isin(["platelet", "erythrocyte", "leukocyte", "coagulation", "plasma"])]
    counted = panels[panels["weight"] > 0]
    assert not counted["gene"].duplicated().any(), counted[counted["gene"].duplicated(keep=False)]


def test_sources_count_a_gene_once():
    counted = TABLE[TABLE["set"].isin(SOURCES) & (TABLE["weight"] > 0)]
    assert not counted["gene"].duplicated().any(), counted.loc[
        counted["gene"].duplicated(keep=False), ["set", "gene"]
    ].to_string()


COMPLEXES = [
    ("mod_escrt", "HGS STAM STAM2", "ESCRT-0"),
    ("mod_escrt", "TSG101 VPS28 VPS37A VPS37B MVB12A UBAP1", "ESCRT-I"),
    ("mod_escrt", "SNF8 VPS25 VPS36", "ESCRT-II"),
    ("mod_escrt", "CHMP2A CHMP4B CHMP6 IST1", "ESCRT-III"),
    ("exosome", "TSG101 VPS28", "ESCRT-I"),
    ("apoptotic_body", "H1-2 H2AX H2BC12 H3C1 H4C1", "histone"),
    ("nucleus", "H1-2 H2AX H3C1 H4C1", "histone"),
    ("apoptotic_exosome", "PSMA1 PSMB5", "20S"),
    ("proteasome", "PSMA1 PSMB5", "20S"),
    ("proteasome", "PSMC1 PSMD1", "19S"),
    ("ribosome", "RPS3 RPSA", "40S"),
    ("ribosome", "RPL3 RPLP0", "60S"),
    ("apoptotic_exosome", "SNRNP70 SF3B1 PRPF8", "spliceosome"),
    ("nucleus", "SF3B1", "spliceosome"),
    ("mitochondrion", "MRPL1 MRPL12 DAP3", "mitoribosome"),
    ("mitochondrion", "NDUFS1 NDUFA9", "OXPHOS complex I"),
    ("mitochondrion", "ATP5F1A", "OXPHOS complex V"),
    ("mitochondrion", "PDHA1 PDHB DLAT", "pyruvate dehydrogenase"),
    ("coagulation", "FGA FGB FGG", "fibrinogen"),
    ("proteasome", "PSME1 PSME2", "PA28"),
    ("immunoglobulin", "IGLC1 IGLC7 IGLL5", "IGLC"),
    ("platelet", "GP1BA GP1BB GP5 GP9", "GPIb-IX-V"),
    ("erythrocyte", "HBA1 HBB HBD HBZ", "hemoglobin"),
    ("erythrocyte", "SPTA1 SPTB", "spectrin"),
    ("leukocyte", "S100A8 S100A9", "calprotectin"),
    ("plasma", "C8A C8B C8G", "C8"),
    ("nonvesicular", "MVP TEP1 PARP4", "vault"),
    ("exosome", "CD63 CD81 SDCBP PDCD6IP", ""),
    ("microvesicle", "ANXA1 ITGB1", ""),
    ("exosome", "HSPA1A HSPA1B", "HSP70 pair"),
    ("apoptotic_exosome", "HSPA1A HSPA1B", "HSP70 pair"),
]


@pytest.mark.parametrize(("name", "members", "complex_"), COMPLEXES)
def test_complexes(name, members, complex_):
    table = CATALOG[name].table.set_index("gene")
    assert table.loc[genes(members), "complex"].unique().tolist() == [complex_]


# factors that go with a source without being a part of it, and parts of it
ASSOCIATED = [
    ("ribosome", "EEF2 EEF1G EIF6 SERBP1 NACA BTF3 EIF3A EIF3M RPS27A", "RPL3 RPLP0 RPS3 RPSA RACK1"),
    ("proteasome", "PSME1 PSME2 PSME3 PSME4 USP14 UCHL5 PSMF1", "PSMA1 PSMB8 PSMC1 PSMD14 ADRM1"),
    ("nucleus", "EEF1B2 EIF2S2 HBS1L SRP14 SEC13", "H3C1 LMNA NUP98 TPR"),
    ("mitochondrion", "DIABLO HTRA2 OCIAD1 C1QBP", "ATP5F1A TOMM20 HSPD1 PDHA1"),
    ("er_golgi", "CUX1 PPIB", "CANX SEC61A1 GOLGA2"),
    ("lipoprotein", "PON1 LCAT CETP PLTP SAA4", "APOA1 APOB APOE LPA"),
    ("coagulation", "TFPI VWF PROS1 HRG", "FGA F2 SERPINC1"),
    ("immunoglobulin", "JCHAIN IGLL5", "IGHG1 IGKC IGLC1"),
    ("platelet", "TLN1 VCL FERMT3 PLEK THBS1 F13A1", "ITGA2B GP1BA PPBP PF4"),
    ("erythrocyte", "HBZ PRDX2 CAT CA2", "HBA1 HBB SLC4A1 CA1"),
    ("leukocyte", "LCP1 LTF CD14", "PTPRC MPO CD3E"),
    ("keratin", "KRT5 KRT14 KRT17", "KRT1 KRT2 KRT9 KRT10"),
    ("plasma", "C1QA FN1 CLU", "ALB HP C3"),
    ("rnp", "TEP1 PARP4", "MVP AGO2"),
]


@pytest.mark.parametrize(("name", "factors", "parts"), ASSOCIATED)
def test_a_source_knows_its_parts_from_what_goes_with_them(name, factors, parts):
    core = CATALOG[name].table.set_index("gene")["core"]
    assert not core[genes(factors)].any()
    assert core[genes(parts)].all()


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_has_more_core_markers_than_it_needs(name):
    """Whoever asks the core members alone must be able to give a verdict; two parts make a complex source."""
    table = CATALOG[name].table
    core = table[table["core"] & (table["weight"] > 0) & (table["role"] == "positive")]
    wanted = 2 if name in ("ribosome", "proteasome", "urine") else 5
    assert core["independent_marker"].nunique() >= wanted


def test_the_subunits_of_the_ribosome_and_the_proteasome_are_their_core():
    core = {n: set(CATALOG[n].table.query("core")["complex"]) for n in ("ribosome", "proteasome")}
    assert core == {"ribosome": {"40S", "60S"}, "proteasome": {"20S", "19S"}}


# what the founding review (doi 10.1038/s12276-019-0362-8) names, and the set it belongs to
FOUNDING = {
    "exosome": "CD63 CD81 CD9 LAMP1 TSG101 HSPA1A HSPA1B HSPA8",
    "microvesicle": "ANXA5 FLOT2 CD40 SELP SELE SELL ITGB1 ITGA2B ITGB3 ITGAM ITGB2 ITGAV MMP2 MMP9 MMP14",
    "apoptotic_exosome": "CD63 LAMP1 HSPA1A S1PR1 S1PR3 TPT1 GNB1 GNG2 ACTB CASP3 HSPG2 PSMA1 PSMA2 PSMA3 PSMA4 "
    "PSMA5 PSMA6 PSMA7 PSMB1 PSMB2 PSMB3 PSMB4 PSMB5 PSMB6 PSMB7 SNRNP70 SF3B1",
    "apoptotic_body": "H3C1 H4C1 LMNA LMNB1 LMNB2 CYCS TOMM20 VDAC1 CALR CANX HSPA5",
    "mod_escrt": "HGS TSG101 VPS28 VPS25 CHMP4B",
    "mod_intrinsic_apoptosis": "BAX BAK1 BAD BID BIK BCL2L11 BMF HRK PMAIP1 BBC3 BCL2 BCL2L1 BCL2L2 MCL1 BCL2A1 "
    "CYCS APAF1 CASP9",
    "mod_extrinsic_apoptosis": "FAS TNFRSF1A TNFRSF10A TNFRSF10B TNF FASLG TNFSF10 FADD TRADD CASP8 CASP10",
    "mod_executioner_caspases": "CASP3 CASP6 CASP7",
    "mod_inflammatory_caspases": "CASP1 CASP4 CASP5 CASP12",
    "mod_s1p_signalling": "S1PR1 S1PR3",
    "mod_s1p_gprotein_effectors": "GNB1 GNG2 GNB2 GNG5",
    "mod_mhc_class_ii": "HLA-DRA HLA-DRB1 HLA-DPA1 HLA-DQA1",
    "mod_spliceosome": "SNRNP70 SF3B1 PRPF8",
    "mod_proteasome_20s": "PSMA1 PSMB5",
    "mod_recipient_response": "RIGI IFIH1 DHX58 TLR3 TLR7 TLR8 TGFB1 IL1B NFKB1 RELA MAPK14",
    "mod_damp": "HMGB1",
    "misev_5": "TGFB1 IL1B",
}


@pytest.mark.parametrize("name", FOUNDING)
def test_founding_review_entities_are_there(name):
    marked = CATALOG[name]
    assert not set(genes(FOUNDING[name])) - {*marked.positive, *marked.negative}


# the same facts by entity: what the review names, and the class it gives it to; a complex by its members
FOUNDING_CLASSES = [
    ("HSP70", "HSPA1A HSPA1B HSPA8", "exosome"),
    ("HSP70", "HSPA1A HSPA1B", "apoptotic_exosome"),
    ("CD63", "CD63", "exosome"),
    ("CD63", "CD63", "apoptotic_exosome"),
    ("CD81", "CD81", "exosome"),
    ("CD9", "CD9", "exosome"),
    ("LAMP1", "LAMP1", "exosome"),
    ("LAMP1", "LAMP1", "apoptotic_exosome"),
    ("TSG101", "TSG101", "exosome"),
    ("ESCRT", "HGS STAM TSG101 VPS28 SNF8 VPS25 VPS36 CHMP2A CHMP4B VPS4A VPS4B", "mod_escrt"),
    ("annexin V", "ANXA5", "microvesicle"),
    ("flotillin-2", "FLOT2", "microvesicle"),
    ("selectins", "SELP SELE SELL", "microvesicle"),
    ("integrins", "ITGB1 ITGA2B ITGB3 ITGAM ITGB2 ITGAV", "microvesicle"),
    ("CD40", "CD40", "microvesicle"),
    ("metalloproteinases", "MMP2 MMP9 MMP14", "microvesicle"),
    ("S1P receptors", "S1PR1 S1PR3", "apoptotic_exosome"),
    ("S1P receptors", "S1PR1 S1PR3", "mod_s1p_signalling"),
    ("G-beta-gamma", "GNB1 GNG2 GNB2 GNG5", "apoptotic_exosome"),
    ("G-beta-gamma", "GNB1 GNG2 GNB2 GNG5", "mod_s1p_gprotein_effectors"),
    ("actin", "ACTB", "apoptotic_exosome"),
    ("caspase-3", "CASP3", "apoptotic_exosome"),
    ("TCTP", "TPT1", "apoptotic_exosome"),
    ("20S proteasome", " ".join(f"PSM{s}{n}" for s in "AB" for n in range(1, 8)), "apoptotic_exosome"),
    ("20S proteasome", " ".join(f"PSM{s}{n}" for s in "AB" for n in range(1, 8)), "mod_proteasome_20s"),
    ("perlecan", "HSPG2", "apoptotic_exosome"),
    ("spliceosome", "SNRNP70 SF3B1 PRPF8 U2AF1 EFTUD2", "apoptotic_exosome"),
    ("spliceosome", "SNRNP70 SF3B1 PRPF8 U2AF1 EFTUD2", "mod_spliceosome"),
    ("sensors of the recipient", "RIGI IFIH1 DHX58 TLR3 TLR7 TLR8", "mod_recipient_response"),
    ("cytokines of the recipient", "TGFB1 IL1B", "mod_recipient_response"),
    ("signals of the recipient", "NFKB1 RELA MAPK14", "mod_recipient_response"),
    ("MHC class II", "HLA-DRA HLA-DRB1 HLA-DPA1 HLA-DPB1 HLA-DQA1 HLA-DQB1", "mod_mhc_class_ii"),
    ("nuclear fragments", "H3C1 H4C1 LMNA LMNB1 LMNB2", "apoptotic_body"),
    ("mitochondria", "CYCS TOMM20 VDAC1", "apoptotic_body"),
    ("endoplasmic reticulum", "CALR CANX HSPA5", "apoptotic_body"),
    ("inflammatory caspases", "CASP1 CASP4 CASP5 CASP12", "mod_inflammatory_caspases"),
    ("executioner caspases", "CASP3 CASP6 CASP7", "mod_executioner_caspases"),
]


@pytest.mark.parametrize(("entity", "members", "name"), FOUNDING_CLASSES)
def test_every_founding_entity_is_in_its_class(entity, members, name):
    assert not set(genes(members)) - set(CATALOG[name].positive), entity


def test_what_acts_on_the_recipient_is_no_member_of_a_class():
    recipient = set(genes("RIGI IFIH1 DHX58 TLR3 TLR7 TLR8 TGFB1 IL1B NFKB1 RELA MAPK14"))
    assert not recipient & set(CATALOG.select(role="identity").table["gene"])


VESICLES = (*CLASSES, "apoptotic_microvesicle")


@pytest.mark.parametrize("name", [*VESICLES, "pan_ev"])
def test_members_were_seen_in_an_opened_source(name):
    ways = CATALOG[name].table["verified"]
    assert (ways == "recalled-medium").mean() < 0.1


def test_nothing_is_recalled_with_low_confidence():
    assert "recalled-low" not in set(TABLE["verified"])


# members that the literature disagrees about, or that never tell a class: named, without weight
WITHOUT_WEIGHT = {
    "exosome": "SLC3A2 FLOT1 ITGB1 RAB27A RAB27B RAB35 RAB11A RALA RALB",
    "microvesicle": "SLC3A2 BSG KIF23 RACGAP1 CSE1L IMMT CAV1 HBEGF KRT18 EGFR FLOT2 ITGB1 ITGA2B ITGB3 ITGAM ITGB2 ITGAV ANXA2 PTPRC GYPA PECAM1 CDH5 ENG ICAM1 VCAM1 "
    "RHOA ROCK1 LIMK1 CAPN1 CAPN2 CAPNS1 ANO6 FLNA MMP2 MMP9",
    "apoptotic_body": "HMGB1 THBS1 ANXA1 ANXA5 CASP3 CASP7 PARP1 DFFA DFFB VIM GSN KRT18 ROCK1 PANX1 XKR8",
    "apoptotic_exosome": "CD63 LAMP1 ACTB TPT1 GNB1 GNG2 GNB2 GNG5 CASP3 SPHK2 SNRNP70 SF3B1 PRPF8 SRSF1",
    "apoptotic_ev": "HMGB1 THBS1 CALR ANXA5 CASP3 ROCK1 PANX1",
    "apoptotic_microvesicle": "HMGB1 ANXA5",
    "pan_ev": "ACTB",
}


@pytest.mark.parametrize("name", WITHOUT_WEIGHT)
def test_disputed_members_have_no_weight(name):
    table = CATALOG[name].table.set_index("gene")
    assert (table.loc[genes(WITHOUT_WEIGHT[name]), "weight"] == 0).all()


# what was read again and stays, with its weight: grade shared among the classes that hold the gene
KEPT = [
    ("exosome", "LAMP1", 1 / 3),
    ("exosome", "CD63", 1 / 3),
    ("microvesicle", "ANXA1", 1 / 2),
    ("apoptotic_body", "CALR", 1 / 3),
    ("apoptotic_body", "VDAC1", 0.5 / 2),
    ("apoptotic_body", "H3C1", 1 / 2),
    ("pan_ev", "SLC3A2", 1.0),
    ("pan_ev", "BSG", 1.0),
    ("large_ev", "KIF23", 0.5),
    ("large_ev", "CAV1", 1.0),
    ("platelet", "THBS1", 1.0),
    ("mod_damp", "HMGB1", 1.0),
]


@pytest.mark.parametrize(("name", "gene", "weight"), KEPT)
def test_members_that_stay_have_their_weight(name, gene, weight):
    assert CATALOG[name].table.set_index("gene").loc[gene, "weight"] == pytest.approx(weight)


@pytest.mark.parametrize("name", ["saliva", "milk", "csf", "migrasome", "mitovesicle"])
def test_fluids_and_rare_vesicles_are_context_and_can_be_measured(name):
    """They help to read; no verdict rests on one opened source."""
    marked = CATALOG[name]
    assert marked.role == "context"
    assert marked.table.query("weight > 0")["independent_marker"].nunique() > marked.minimum_measured


def test_fluids_with_a_panel_of_their_own_have_an_entry():
    fluids = CATALOG.fluids.set_index("fluid")
    for name in ("saliva", "milk", "csf"):
        assert f"`{name}`" in fluids.loc[name, "note"]


MEMBRANES = ("mod_plasma_membrane", "mod_er_membrane", "mod_golgi_membrane")


def test_panels_of_membranes_share_nothing_with_what_budding_takes_in():
    budding = set(CATALOG["mod_ev_budding"].positive)
    assert set(genes("SDCBP PDCD6IP TSG101 VPS28 CHMP4B VTA1")) <= budding
    evidence = {g for n in ("exosome", "pan_ev", "misev_1a", "misev_2a") for g in CATALOG[n].positive}
    for name in MEMBRANES:
        assert not set(CATALOG[name].positive) & (budding | evidence)
        assert CATALOG[name].table["independent_marker"].nunique() >= 20
    er, golgi = (set(CATALOG[n].positive) for n in MEMBRANES[1:])
    assert er | golgi <= set(CATALOG["er_golgi"].positive)
    assert not er & golgi


def test_the_escrt_module_knows_every_complex():
    table = CATALOG["mod_escrt"].table
    assert set(table["complex"]) == {"ESCRT-0", "ESCRT-I", "ESCRT-II", "ESCRT-III", "VPS4", ""}
    assert not table.set_index("gene").loc[genes("PDCD6IP PTPN23 BROX USP8 STAMBP"), "core"].any()
    assert table.loc[table["complex"] != "", "core"].all()


@pytest.mark.parametrize(
    "gene", genes("GAPDH ACTB ACTG1 TUBA1C TUBB4B FLOT1 FLOT2 ITGB1 ENO1 PKM ALDOA LDHA PGK1")
)
def test_ubiquitous_proteins_never_count_for_a_class(gene):
    rows = TABLE[(TABLE["gene"] == gene) & TABLE["set"].isin(VESICLES)]
    assert (rows["weight"] == 0).all()


def test_errors_of_the_machine_readable_guideline_are_not_copied():
    misev = CATALOG.select(role="misev").table
    assert not set(genes("EIF6 NMRK2 ITGB1BP1 ITGB1BP2")) & set(misev["gene"])
    assert not misev.loc[misev["set"] == "misev_1b", "gene"].str.match(r"H2A").any()
    assert not misev.loc[misev["set"] == "misev_3b", "gene"].str.match(r"MRP[LS]").any()


def test_skin_keratins_only_are_contaminants():
    assert not set(genes("KRT8 KRT18 KRT19")) & set(CATALOG["keratin"].positive)


PAIRS = CATALOG.info["discriminating"]


def test_every_pair_of_classes_has_its_markers_or_says_that_none_are_known():
    found = [frozenset(entry["pair"]) for entry in PAIRS]
    assert len(found) == len(set(found))
    assert set(found) == {frozenset(p) for p in itertools.combinations(VESICLES, 2)}


@pytest.mark.parametrize("entry", PAIRS, ids=lambda e: "-".join(e["pair"]))
def test_markers_of_a_pair_are_members_of_their_class(entry):
    assert set(entry) == {
        *("pair", "evidence", "sets_first", "sets_second", "first", "second", "sources", "note"),
    }
    sides = [(entry["first"], entry["sets_first"]), (entry["second"], entry["sets_second"])]
    for name, (members, sets) in zip(entry["pair"], sides, strict=True):
        table = CATALOG[name].table.set_index("gene")
        assert set(members) <= set(CATALOG[name].positive)
        assert (table.loc[members, "weight"] > 0).all(), members
        assert set(sets) <= set(CATALOG)
    named = any(members or sets for members, sets in sides)
    assert named == (entry["evidence"] in ("supported", "candidate"))
    assert entry["evidence"] in ("supported", "candidate", "none known")
    assert not named or entry["sources"]
    assert set(entry["sources"]) <= set(CATALOG.references["key"])
    assert entry["note"]


def test_large_and_small_vesicles_share_no_marker():
    small, large = CATALOG["small_ev"], CATALOG["large_ev"]
    assert not set(small.positive) & set(large.positive)
    assert not set(CATALOG["exosome"].negative) & set(small.positive)
    # both studies that compared the two sizes and named proteins are there
    assert set(genes("CD9 CD44 CD63 CD81 CD82 PDCD6IP SDCBP TSG101 ADAM10")) <= set(small.positive)
    assert set(genes("ATP5F1A ATP5F1B DHX9 GOT2 HSPA5 HSPD1 MDH2 STOML2 IMMT")) <= set(large.positive)


@pytest.mark.parametrize("entry", CATALOG.info["fluid"], ids=lambda e: e["name"])
def test_fluids_name_sources_that_exist(entry):
    assert set(entry["watch"]) <= set(SOURCES)
    assert set(entry["mask"]) <= {"platelet", "erythrocyte", "leukocyte"}
    assert set(entry["sources"]) <= set(CATALOG.references["key"])
    assert entry["note"]


@pytest.mark.parametrize("name", [n for n in CATALOG if n.startswith("origin_")])
def test_cells_of_origin_are_context(name):
    assert CATALOG[name].role == "context"
    assert "never which class" in CATALOG[name].note


def test_listed_only_markers_weigh_nothing():
    listed = TABLE[TABLE["listed_only"]]
    assert (listed["weight"] == 0).all()
    for name, members in {
        "exosome": "FLOT1 ITGB1",
        "microvesicle": "SLC3A2 BSG KIF23 RACGAP1 CSE1L IMMT CAV1 HBEGF KRT18 EGFR FLOT2 ITGB1 ITGA2B ITGB3 ITGAV PTPRC GYPA",
        "apoptotic_exosome": "CD63 LAMP1 ACTB TPT1 GNB1 GNG2",
    }.items():
        assert set(genes(members)) <= set(listed.loc[listed["set"] == name, "gene"])


def test_digest_is_the_same_for_other_line_ends_and_orders(tmp_path):
    shuffled = []
    for path in SET_FILES:
        copy = tmp_path / path.name
        copy.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
        (record,) = io.read_sets(copy)
        header = dict(reversed(record.header.items()))
        shuffled.append(io.SetRecord(header, list(reversed(record.markers))))
    twin = MarkerCatalog(
        shuffled,
        references=dict(reversed(io.read_toml(FOLDER / "references.toml").items())),
        info=CATALOG.info,
        orthologs=io.read_orthologs(FOLDER)[::-1],
    )
    assert twin.digest == CATALOG.digest
    assert len(CATALOG.digest) == 64


def test_a_changed_marker_changes_the_digest():
    info, references, records = io.read_reference(FOLDER)
    before = MarkerCatalog(records, references=references, info=info).digest
    records[0].markers[0]["note"] += "!"
    assert MarkerCatalog(records, references=references, info=info).digest != before


def test_readme_is_up_to_date():
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert text == readme(CATALOG), "run `python tools/catalog_readme.py`"


def test_curation_explains_every_way_of_checking():
    text = (FOLDER / "CURATION.md").read_text(encoding="utf-8")
    for way in TABLE["verified"].unique():
        assert f"`{way}`" in text or way in ("recalled-medium", "recalled-low"), (
            f"CURATION.md does not explain {way!r}"
        )
    named = set(re.findall(r"`([a-z]+\d{4})`", text))
    assert named <= set(CATALOG.references["key"])


def test_json_schema_knows_the_same_fields():
    schema = json.loads((FOLDER / "schema.json").read_text(encoding="utf-8"))
    assert set(schema["properties"]) == set(io.HEADER) | {"defaults", "markers"}
    fields = schema["$defs"]["fields"]["properties"]
    assert list(fields) == list(io.MARKER)
    assert tuple(schema["properties"]["role"]["enum"]) == io.SET_ROLES
    assert tuple(fields["role"]["enum"]) == io.MARKER_ROLES
    assert tuple(fields["evidence"]["enum"]) == io.EVIDENCE


def test_json_schema_accepts_the_sets():
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((FOLDER / "schema.json").read_text(encoding="utf-8"))
    check = jsonschema.Draft202012Validator(schema)
    for path in SET_FILES:
        check.validate(io.read_toml(path))
    with pytest.raises(jsonschema.ValidationError):
        check.validate({"markers": [{"gene": "A", "role": "up"}]})


def test_a_mouse_gene_has_one_accession():
    pairs = {
        (r["mouse_gene"], r["mouse_accession"]) for r in io.read_orthologs(FOLDER) if r["mouse_accession"]
    }
    assert len({gene for gene, _ in pairs}) == len({accession for _, accession in pairs}) == len(pairs)
