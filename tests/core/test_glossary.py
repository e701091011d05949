"""The glossary: short, plain and in order."""

import re

import pytest

from markerkit.core.glossary import GLOSSARY

PRIVATE = (
    "vote",
    "rival",
    "kin",
    "settle",
    "yardstick",
    "ballot",
    "anchor",
    "carry-over",
    "layer A",
    " arm",
    "strip",
)


def test_terms_are_in_alphabetical_order_and_begin_with_a_capital():
    assert list(GLOSSARY) == sorted(GLOSSARY, key=str.casefold)
    assert all(term[0].isupper() for term in GLOSSARY)
    assert 20 <= len(GLOSSARY) <= 40


@pytest.mark.parametrize("term", GLOSSARY)
def test_a_meaning_is_one_plain_sentence(term):
    text = GLOSSARY[term]
    assert re.fullmatch(r"[A-Z][^.!?]*\.", text), "one sentence with one full stop"
    assert len(text.split()) <= 40
    assert not [word for word in PRIVATE if re.search(rf"\b{word}s?\b", text)]
