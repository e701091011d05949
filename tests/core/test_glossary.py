"""The glossary page is rendered from the terms, and the terms are those of the tables."""

import re

import pytest

from markerkit.core.glossary import GLOSSARY, glossary_markdown
from tests.helpers import ROOT


def test_page_is_the_rendering():
    page = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    assert page == glossary_markdown(), "write it again: docs/glossary.md is glossary_markdown()"


@pytest.mark.parametrize("term", GLOSSARY)
def test_one_plain_sentence_each(term):
    sentence = GLOSSARY[term]
    assert sentence[0].isupper()
    assert sentence.endswith(".")
    assert not re.search(r"\.\s", sentence), "one sentence"
    assert len(sentence) < 330


def test_terms_are_in_alphabetical_order():
    assert list(GLOSSARY) == sorted(GLOSSARY, key=str.casefold)
