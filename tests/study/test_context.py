"""The context file: its template, booleans for texts, and writing it back."""

import re
import tomllib

import pytest

from markerkit.core.errors import InputError
from markerkit.study.context import CONTEXT_KEYS, context_template, read_context, write_context


def test_template_has_every_key_with_a_value_that_is_taken():
    template = context_template()
    filled = re.sub(r"^# (\w+ = )", r"\1", template, flags=re.MULTILINE)
    assert list(read_context(tomllib.loads(filled))) == list(CONTEXT_KEYS)
    assert read_context(tomllib.loads(template)) == {}
    for known in CONTEXT_KEYS.values():
        plain = re.sub(r"\s+#?\s*", " ", template)
        assert f"Why: {known.why}." in plain
        assert f"Value: {known.allowed}." in plain


def test_yes_and_no_stand_for_a_text_where_they_answer_it():
    assert read_context({"electron_microscopy": True}) == {"electron_microscopy": "yes"}
    assert read_context({"topology": False}) == {"topology": "no"}
    # "shown" needs to say how, and a method has a name
    for key in ("apoptosis_shown", "isolation", "replicates"):
        with pytest.raises(InputError, match=f"`{key}` .* must be text; got True"):
            read_context({key: True})
    for word in ("no", "Yes ", "FALSE"):
        with pytest.raises(
            InputError, match=r"`apoptosis_shown` .* must say it in words; got .*Leave the key out"
        ):
            read_context({"apoptosis_shown": word})
    assert read_context({"apoptosis_shown": "no caspase-3, but annexin V"})


def test_a_no_is_not_met_in_the_checklist(example):
    import markerkit as mk

    table = mk.misev_checklist(example, None, context={"electron_microscopy": False}).table.set_index("item")
    row = table[table["evidence"] == "electron_microscopy: no"].iloc[0]
    assert row["answer"] == "not met"


def test_fixed_words_are_checked():
    with pytest.raises(
        InputError, match="`replicates` must be one of 'biological' or 'technical'; got 'bio'"
    ):
        read_context({"replicates": "bio"})


def test_written_context_reads_back():
    context = {
        "vesicles": False,
        "viability_percent": 92.5,
        "isolation": 'UC "2x"\n\\ \x7f\t\x01 ü',
        "storage": "yes",
    }
    assert tomllib.loads(write_context(context)) == context
