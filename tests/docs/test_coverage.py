"""docs/coverage.md is what docs/coverage.py writes, and names every entry of the registry."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest
import scipy

from autograd_tools.engine.registry import COMPOSITES, PRIMITIVES, ZEROGRADS

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "coverage.md").read_text(encoding="utf-8")
spec = importlib.util.spec_from_file_location("coverage_page", DOCS / "coverage.py")
page = importlib.util.module_from_spec(spec)
spec.loader.exec_module(page)
page.special.find(np.sin)  # enters the rules of scipy.special

WRITTEN_FOR = re.search(r"registry of NumPy (\S+) and SciPy (\S+);", PAGE).groups()


@pytest.mark.skipif(
    (page.release(np), page.release(scipy)) != WRITTEN_FOR,
    reason="the page was written for other versions",
)
def test_the_page_is_what_the_registry_gives():
    assert page.text() == PAGE, "run `python docs/coverage.py`"


def test_every_entry_of_the_registry_has_its_place_on_the_page():
    assert [
        name
        for func in (*PRIMITIVES, *COMPOSITES, *ZEROGRADS)
        if f"`{(name := page.public_name(func))}`" not in PAGE
    ] == []


def test_every_file_that_the_page_links_to_is_there():
    links = set(re.findall(r"\]\(\.\./(\S+)\)", PAGE))
    package = Path(importlib.util.find_spec("autograd_tools").origin).parent.parent
    assert links
    assert [link for link in links if not (package / link).is_file()] == []
