"""Text for any standard output: characters that its encoding lacks have stand-ins."""

import ast
import io
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pytest

import autograd_tools as ag
import viewer
from autograd_tools.base.text import STAND_INS, Text, encodable, width_of

PACKAGES = [Path(package.__file__).parent for package in (ag, viewer)]
ENCODINGS = ["ascii", "latin-1", "cp1252", "cp437", "cp850", "cp932", "utf-8", "utf-16"]


def strings():
    """Yield the strings of all modules, without their docstrings."""
    for path in (path for package in PACKAGES for path in package.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        docs = {
            id(block.body[0].value)
            for block in ast.walk(tree)
            if isinstance(block, (ast.Module, ast.ClassDef, ast.FunctionDef))
            and isinstance(block.body[0], ast.Expr)
        }
        for item in ast.walk(tree):
            if isinstance(item, ast.Constant) and id(item) not in docs:
                yield str(item.value)


def test_each_sign_of_ours_has_a_stand_in_of_its_width():
    signs = {c for text in strings() for c in text if not c.isascii() and c.isprintable()}
    assert signs - set("µ") <= STAND_INS.keys()
    for sign, stand_ins in STAND_INS.items():
        assert {width_of(c) for c in (sign, *stand_ins)} == {1}, unicodedata.name(sign)
        assert stand_ins[-1].isascii()


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_each_encoding_takes_the_text(encoding):
    text = f"{''.join(STAND_INS)} é 名"
    found = encodable(text, encoding)
    found.encode(encoding)
    assert len(found) == len(text)


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("ascii", "|-- 1.00us ~ dw x3"),
        ("latin-1", "|-- 1.00µs ~ dw ×3"),
        ("cp1252", "|-- 1.00µs … dw ×3"),
        ("cp437", "├── 1.00µs ~ dw x3"),
        ("utf-8", "├── 1.00μs … ∇w ×3"),
        (None, "├── 1.00μs … ∇w ×3"),
    ],
)
def test_the_stand_ins_of_an_encoding(encoding, expected):
    assert encodable("├── 1.00μs … ∇w ×3", encoding) == expected


SHOWN = {
    "tape": lambda J, timer: J,
    "trace": lambda J, timer: J.trace(),
    "tree": lambda J, timer: viewer.to_text(J, "tree"),
    "table": lambda J, timer: viewer.to_text(J, "table", columns="id,∇histogram,shape"),
    "lesson": lambda J, timer: viewer.explain(J),
    "comparison": lambda J, timer: viewer.compare(J, J),
    "rule": lambda J, timer: ag.rule_text("sin"),
    "dump": lambda J, timer: ag.dump(J.nodes[0]),
    "timer": lambda J, timer: timer,
    "section": lambda J, timer: timer["sum"],
    "bars": lambda J, timer: timer.table(bars=True),
    "markdown": lambda J, timer: timer.to_markdown(),
    "hotspots": lambda J, timer: viewer.hotspots(timer),
}


@pytest.mark.parametrize("name", SHOWN)
@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_print_shows_a_text_in_any_encoding(monkeypatch, name, encoding):
    w = ag.Param(np.arange(3.0), name="w")
    J = ag.diff(lambda: np.sum(np.sin(w) * 2))
    timer = ag.Timer()
    with timer.section("sum"), timer.section("inner"):
        pass
    shown = SHOWN[name](J, timer)
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", out)
    print(shown)
    out.flush()
    assert "?" not in out.buffer.getvalue().decode(encoding)


def test_the_value_of_a_text_stays(monkeypatch):
    text, out = Text("∇w"), io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", out)
    assert (text, f"{text}", str(text), repr(text)) == ("∇w", "dw", "dw", "dw")
    assert text.encode("utf-8").decode("utf-8") == "∇w"
