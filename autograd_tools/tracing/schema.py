"""The schema of a saved trace, and deviations of data from it."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterator
from importlib.resources import files
from typing import Any

TYPES: dict[str, Callable[[Any], bool]] = {
    "string": lambda x: isinstance(x, str),
    "integer": lambda x: isinstance(x, int) and not isinstance(x, bool),
    "number": lambda x: isinstance(x, (int, float)) and not isinstance(x, bool),
    "array": lambda x: isinstance(x, list),
    "object": lambda x: isinstance(x, dict),
    "boolean": lambda x: isinstance(x, bool),
    "null": lambda x: x is None,
}


@functools.cache
def trace_schema() -> dict[str, Any]:
    """Return the JSON schema of a saved trace."""
    text = files("autograd_tools.tracing").joinpath("trace.schema.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def departures(x: Any, schema: dict[str, Any] | None = None, path: str = "") -> Iterator[str]:
    """Yield where data departs from a schema, by default that of a trace, and what it expects.

    It knows the keywords of JSON Schema that `trace.schema.json` has.
    """
    schema = trace_schema() if schema is None else schema
    if "$ref" in schema:
        schema = trace_schema()["$defs"][schema["$ref"].rpartition("/")[2]]
    wrong = _wrong(x, schema)
    if not schema or _are_integers(x, schema):
        return
    if wrong:
        got = f", got {_start(x)}" if not wrong.startswith("the key") else ""
        yield f"{path or 'the document'}: expected {wrong}{got}"
    elif isinstance(x, list):
        first = schema.get("prefixItems", ())
        for i, item in enumerate(x):
            inner = first[i] if i < len(first) else schema.get("items", {})
            yield from departures(item, inner, f"{path}[{i}]")
    elif isinstance(x, dict):
        for name, item in x.items():
            names = schema.get("propertyNames", {}).get("pattern", "")
            if not re.search(names, name):
                yield f"{path}: expected a row as text, got the key {_start(name)}"
            inner = schema.get("properties", {}).get(name, schema.get("additionalProperties", {}))
            yield from departures(item, inner, f"{path}.{name}" if path else name)


def _are_integers(x: Any, schema: dict[str, Any]) -> bool:
    """Return whether a long column is right at a look: integers, and none too small."""
    items = schema.get("items", {})
    is_column = isinstance(x, list) and items.get("type") == "integer" and "minItems" not in schema
    return is_column and {*map(type, x)} == {int} and min(x) >= items["minimum"]


def _wrong(x: Any, schema: dict[str, Any]) -> str:
    """Return what a schema expects in place of `x` itself, an empty string if it fits."""
    kinds = schema.get("type", ())
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(TYPES[kind](x) for kind in kinds):
        return f"type {' or '.join(kinds)}"
    if "const" in schema and x != schema["const"]:
        return repr(schema["const"])
    if "enum" in schema and x not in schema["enum"]:
        return f"one of {', '.join(schema['enum'])}"
    if TYPES["integer"](x):
        if x < schema.get("minimum", x):
            return f"{schema['minimum']} or more"
        if x > schema.get("maximum", x):
            return f"{schema['maximum']} or less"
    if isinstance(x, list):
        least, most = schema.get("minItems", 0), schema.get("maxItems", len(x))
        if not least <= len(x) <= most:
            return f"{least} to {most} items" if least != most else f"{least} items"
    if isinstance(x, dict):
        missing = [name for name in schema.get("required", ()) if name not in x]
        if missing:
            return f"the key {missing[0]!r}"
    return ""


def _start(x: Any) -> str:
    text = repr(x)
    return text if len(text) <= 60 else f"{text[:59]}…"
