"""docs/howto/one-model-three-engines.md is what docs/engines.py writes, but for times."""

import importlib.util
import re
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("jax", reason="JAX is not installed")
DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture(scope="module")
def written():
    """The texts that the script writes, by path from docs/."""
    spec = importlib.util.spec_from_file_location("engines", DOCS / "engines.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.STEPS = module.ROUNDS = 1
    return module.page()


def without_numbers(text):
    return re.sub(r"[\d.]+", "#", text)


def test_the_page_is_the_one_in_the_docs(written):
    path = "howto/one-model-three-engines.md"
    assert without_numbers(written[path]) == without_numbers(
        (DOCS / path).read_text(encoding="utf-8")
    )


@pytest.mark.parametrize("engine", ["numpy", "torch", "jax"])
def test_the_pictures_have_the_boxes_in_the_docs(written, engine):
    path = f"howto/pictures/block-{engine}.svg"
    shown, known = (
        [without_numbers(label) for label in re.findall(r"<text[^>]*>([^<]*)<", text)]
        for text in (written[path], (DOCS / path).read_text(encoding="utf-8"))
    )
    assert sorted(shown) == sorted(known)
