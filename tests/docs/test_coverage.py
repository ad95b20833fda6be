"""The generated page of coverage names every entry of the registry with its source."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest
import scipy

import autograd_tools
from autograd_tools.engine.registry import COMPOSITES, PRIMITIVES, ZEROGRADS

spec = importlib.util.spec_from_file_location(
    "coverage_page", Path(__file__).parents[2] / "docs" / "coverage.py"
)
page = importlib.util.module_from_spec(spec)
spec.loader.exec_module(page)
PACKAGE = Path(autograd_tools.__file__).parent
FUNCTION = re.compile(r"lambda|^\s*(@|def |class )")


@pytest.fixture(scope="module")
def text():
    return page.text()


def test_every_entry_of_the_registry_is_on_the_page(text):
    entries = (*PRIMITIVES, *COMPOSITES, *ZEROGRADS)
    assert {name for name in map(page.public_name, entries) if f"`{name}`" not in text} == set()


def test_every_source_is_a_function(text):
    found = re.findall(r"`autograd_tools/(\S+?):([0-9, ]+)`", text)
    assert len(found) > 400
    for name, lines in found:
        source = (PACKAGE / name).read_text(encoding="utf-8").splitlines()
        for line in map(int, lines.split(", ")):
            assert FUNCTION.search(source[line - 1]), f"{name}:{line}"


def test_a_row_has_arguments_and_lines_of_rules(text):
    row = next(line for line in text.splitlines() if line.startswith("| `hypot` "))
    name, kind, arguments, source = row.strip("| ").split(" | ")
    first = page.PRIMITIVES[np.hypot].rules[0].__code__.co_firstlineno
    assert (name, kind, arguments) == ("`hypot`", "rule", "1, 2")
    assert source.startswith(f"`autograd_tools/rules/arithmetic.py:{first}, ")


def test_the_page_names_versions_and_functions_without_an_entry(text):
    versions = f"NumPy {page.release(np)} and SciPy {page.release(scipy)}."
    assert f"Generated from the registry of {versions}" in text
    assert "alternative: `copyto`, `fill_diagonal`, `place`, `put`" in text
    assert "| `linalg.solve` | rule | 1, 2 | `autograd_tools/rules/linalg.py:" in text
