"""What only the user knows about a preparation: the context file."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from markerkit.core import limits
from markerkit.core.errors import InputError, listed, one_of, shown, suggestion
from markerkit.io.given import parse, read_bytes
from markerkit.study.context_keys import CONTEXT_KEYS, ContextKey

_WIDTH = 100
_EXAMPLES = {bool: "true", float: "95", str: '""'}


def read_context(source: str | Path | Mapping[str, Any] | None) -> dict[str, Any]:
    """Read and check a context.

    Parameters
    ----------
    source
        A TOML or JSON file, a mapping, or nothing.

    Returns
    -------
    Known keys (:data:`CONTEXT_KEYS`) with checked values; true or false for a text that is asked
    for with yes or no is "yes" or "no".

    Raises
    ------
    InputError
        A file that is not there or not TOML or JSON, an unknown key, a value
        of the wrong kind.
    """
    if source is None:
        return {}
    raw = dict(source) if isinstance(source, Mapping) else _read_file(Path(source))
    unknown = [k for k in raw if k not in CONTEXT_KEYS]
    if unknown:
        message = (
            f"the context has an unknown key {listed(unknown)}; known keys are "
            f"{listed(CONTEXT_KEYS, limit=40)}.{suggestion(unknown[0], CONTEXT_KEYS)}"
        )
        raise InputError(message)
    return {key: _check(key, value) for key, value in raw.items()}


def _read_file(path: Path) -> dict[str, Any]:
    data = read_bytes(path, "context file", most=limits.CONTEXT_FILE)
    kind = "JSON" if path.suffix.lower() == ".json" else "TOML"
    try:
        raw = parse(data.decode("utf-8-sig"), kind)
    except ValueError as error:
        raise InputError(f"the context file {path.name!r} is not {kind}: {error}.") from error
    if not isinstance(raw, dict):
        raise InputError(f"the context file {path.name!r} must hold keys and values.")
    return raw


def _check(key: str, value: Any) -> Any:
    known = CONTEXT_KEYS[key]
    kind, meaning = known.kind, known.meaning
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        if not 0 <= value <= 100:
            raise InputError(f"`{key}` ({meaning}) must lie between 0 and 100; got {shown(value)}.")
        return float(value)
    if known.yes_no and isinstance(value, bool):
        return "yes" if value else "no"
    if kind is float or not isinstance(value, kind):
        name = {bool: "true or false", str: "text", float: "a number"}[kind]
        raise InputError(f"`{key}` ({meaning}) must be {name}; got {shown(value)}.")
    if known.values:
        one_of(key, value, known.values)
    elif kind is str and not known.yes_no and str(value).strip().lower() in {"yes", "no", "true", "false"}:
        # a bare "no" would count as a statement
        raise InputError(
            f"`{key}` ({meaning}) must say it in words; got {value!r}. Leave the key out where there is nothing to say."
        )
    return value


def context_template() -> str:
    """Write a context file to fill in.

    Returns
    -------
    TOML in which every key of :data:`CONTEXT_KEYS` is commented out, below what it says, which
    values it takes and why it is asked. As it is, it states nothing.

    Examples
    --------
    >>> import tomllib
    >>> read_context(tomllib.loads(context_template()))
    {}
    """
    parts = [
        "# What only you know about the preparations, for `markerkit assess --context`. Fill in a line and remove the\n"
        "# number sign before it. What you leave out counts as not stated.\n"
    ]
    for part, keys in groupby(CONTEXT_KEYS, key=lambda k: CONTEXT_KEYS[k].part):
        parts.append(f"\n# ---- {part} ----\n")
        parts += [_template_of(key, CONTEXT_KEYS[key]) for key in keys]
    return "".join(parts)


def _template_of(key: str, known: ContextKey) -> str:
    says = [
        f"{known.meaning[0].upper()}{known.meaning[1:]}.",
        f"Value: {known.allowed}.",
        f"Why: {known.why}.",
    ]
    wrapped = [
        textwrap.fill(line, _WIDTH, initial_indent="# ", subsequent_indent="#   ", break_on_hyphens=False)
        for line in says
    ]
    example = f'"{known.values[0]}"' if known.values else _EXAMPLES[known.kind]
    return "\n".join(["", *wrapped, f"# {key} = {example}", ""])


def write_context(context: Mapping[str, Any]) -> str:
    """Write a context as TOML.

    Parameters
    ----------
    context
        Keys with texts, numbers and booleans.

    Examples
    --------
    >>> print(write_context({"vesicles": True, "viability_percent": 95.0, "isolation": "SEC"}), end="")
    vesicles = true
    viability_percent = 95.0
    isolation = "SEC"
    """
    # the strings, numbers and booleans of JSON are those of TOML, but for the one control character that JSON leaves
    return "".join(
        f"{key} = {json.dumps(value, ensure_ascii=False)}\n".replace("\x7f", "\\u007f")
        for key, value in context.items()
    )


__all__ = ["CONTEXT_KEYS", "ContextKey", "context_template", "read_context", "write_context"]
