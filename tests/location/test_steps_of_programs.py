"""The steps of loops in a trace, compared with counters that random programs keep themselves."""

import random

import pytest

import autograd_tools as ag
from autograd_tools.location.call_tree import AT_LEAST

HEAD = """import contextlib
import numpy as np

class Odd(Exception):
    pass

"""


class Program:
    """A random program: nested loops whose steps it counts in `n`, and operations that it logs.

    The list `n` is none of the variables that are read while recording.
    """

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.lines, self.functions = [], []
        self.loops = 0
        self.body("f", "w, n, log, around", [], 4)

    @property
    def text(self):
        return HEAD + "\n".join([*self.functions, *self.lines]) + "\n"

    def body(self, name, given, around, depth):
        self.lines.append(f"def {name}({given}):")
        self.block(around, 1, depth)
        self.lines.append("    return w")

    def write(self, indent, text):
        self.lines.append("    " * indent + text)

    def block(self, around, indent, depth):
        kinds = ["operation"] * 2 + ["loop"] * 4 + ["if"] * 2 + ["with", "try", "call"]
        for _ in range(self.random.randint(1, 2)):
            kind = self.random.choice(kinds) if depth else "operation"
            getattr(self, "_" + kind)(around, indent, depth - 1)

    def condition(self, around):
        terms = " + ".join(f"{self.random.randint(1, 3)} * n[{k}]" for k in around) or "1"
        m = self.random.randint(2, 3)
        return f"({terms}) % {m} == {self.random.randrange(m)}"

    def _operation(self, around, indent, depth):
        self.write(indent, "w = w * 1.0")
        self.write(indent, f"log.append((*around, *[n[k] for k in {around}]))")

    def _if(self, around, indent, depth):
        self.write(indent, f"if {self.condition(around)}:")
        self.block(around, indent + 1, depth)
        if self.random.random() < 0.4:
            self.write(indent, "else:")
            self.block(around, indent + 1, depth)

    def _with(self, around, indent, depth):
        manager = self.random.choice(["np.errstate()", "contextlib.nullcontext()"])
        self.write(indent, f"with {manager}:")
        self.block(around, indent + 1, depth)

    def _try(self, around, indent, depth):
        self.write(indent, "try:")
        self.block(around, indent + 1, depth)
        if self.random.random() < 0.5:
            self.write(indent, "finally:")
            self.write(indent + 1, "pass")
            return
        self.write(indent + 1, f"if {self.condition(around)}:")
        self.write(indent + 2, "raise Odd")
        self.write(indent, "except Odd:")
        self.write(indent + 1, self.random.choice(["pass", "continue" if around else "pass"]))

    def _call(self, around, indent, depth):
        outer, self.lines = self.lines, []
        name = f"g{len(self.functions)}_{self.random.randrange(10**6)}"
        self.body(name, "w, n, log, around", [], depth)
        self.functions += self.lines
        self.lines = outer
        self.write(indent, f"w = {name}(w, n, log, (*around, *[n[k] for k in {around}]))")

    def _loop(self, around, indent, depth):
        k, i = self.loops, f"i{self.loops}"
        self.loops += 1
        m, step = self.random.randint(1, 4), f"{i} += 1"
        heads = {
            "range": f"for {i} in range({m}):",
            "data": f"for {i} in range(len(n) % 3 + {m}):",
            "back": f"for {i} in range({m}, 0, -1):",
            "enumerate": f"for {i}, _ in enumerate('abcd'[:{m}], {self.random.randint(0, 2)}):",
            "items": f"for {i} in [object() for _ in range({m})]:",
            "pairs": f"for {i}, _{i} in zip(['a', 'a', 'b', 'c'], range({m})):",
            "while": f"while {i} < {m}:",
            "true": "while True:",
            "walrus": f"while ({i} := {i} + 1) < {m + 1}:",
            "next": f"while ({i} := next({i}_, None)) is not None:",
        }
        kind = self.random.choice(list(heads))
        self.write(indent, f"n[{k}] = 0")
        if kind in ("while", "true", "walrus"):
            self.write(indent, f"{i} = 0")
        elif kind == "next":
            self.write(indent, f"{i}_ = iter(range({m}))")
        self.write(indent, heads[kind])
        self.write(indent + 1, f"n[{k}] += 1")
        inner = [*around, k]
        early = self.random.random() < 0.5
        if kind in ("while", "true") and early:
            self.write(indent + 1, step)
        if kind == "true" and early:
            self.write(indent + 1, f"if {i} > {m}: break")
        may_go_on = kind not in ("while", "true") or early
        if may_go_on and self.random.random() < 0.4:
            self.write(indent + 1, f"if {self.condition(inner)}: continue")
        size = len(self.lines)
        self.block(inner, indent + 1, depth)
        if not may_go_on:
            self.lines[size:] = [line.replace("continue", "pass") for line in self.lines[size:]]
        if self.random.random() < 0.2:
            self.write(indent + 1, f"if {self.condition(inner)}: break")
        if kind in ("while", "true") and not early:
            self.write(indent + 1, step)
        if kind == "true" and not early:
            self.write(indent + 1, f"if {i} >= {m}: break")


def steps_of(trace):
    """Return the numbers of the steps around each operation, outermost first."""
    found = []
    paths = [()]
    for place in trace.places[1:]:
        paths.append((*paths[place.parent], *[place.name] * (place.kind == "step")))
    for place, kind in zip(trace.columns.place, trace.columns.kind, strict=True):
        if kind == "result":
            found.append(paths[place])
    return found


def run(text, file):
    file.write_text(text)
    space = {}
    exec(compile(text, str(file), "exec"), space)
    log = []
    trace = ag.trace(lambda w: space["f"](w, [0] * 99, log, ()), 1.0)
    return steps_of(trace), log


def is_true(path, counted):
    return len(path) == len(counted) and all(
        int(name[1:]) <= number if name.startswith(AT_LEAST) else int(name) == number
        for name, number in zip(path, counted, strict=True)
    )


@pytest.mark.parametrize("seed", range(120))
def test_random_programs_are_in_the_steps_that_they_count(seed, tmp_path):
    text = Program(seed).text
    found, log = run(text, tmp_path / f"program_{seed}.py")
    wrong = [(a, b) for a, b in zip(found, log, strict=True) if not is_true(a, b)]
    assert not wrong, text


LOOPS = {
    "while": "i = 0\nwhile i < 4:\n    INNER\n    i += 1",
    "while true": "i = 0\nwhile True:\n    INNER\n    i += 1\n    if i == 4: break",
    "counted first": "i = 0\nwhile True:\n    i += 1\n    if i > 4: break\n    INNER",
    "counted down": "i = 4\nwhile i > 0:\n    INNER\n    i -= 1",
    "walrus": "it = iter('abcd')\nwhile (i := next(it, None)) is not None:\n    INNER",
    "stack": "stack = list('abcd')\nwhile stack:\n    i = stack.pop()\n    INNER",
    "changed in place": "i = [0]\nwhile i[0] < 4:\n    INNER\n    i[0] += 1",
    "pairs": "for i, j in zip('aabb', 'abab'):\n    INNER",
    "try": "for i in 'abcd':\n    try:\n        INNER\n    finally: pass",
}


@pytest.mark.parametrize("outer", LOOPS)
def test_a_loop_around_another_counts_its_steps(outer, tmp_path):
    inner = "for k in range(2): w = w * 1.0"
    text = indented(LOOPS[outer].replace("INNER", inner))
    assert run(text, tmp_path / "loops.py")[0] == [
        (i, k) for i in ("1", "2", "3", "4") for k in ("1", "2")
    ]


PASSED = {
    "range": ("for i in range(6):", "2 4 6"),
    "range from 5": ("for i in range(5, 11):", "1 3 5"),
    "range down": ("for i in range(5, -1, -1):", "1 3 5"),
    "enumerate": ("for i, x in enumerate('abcdef'):", "2 4 6"),
    "enumerate from 1": ("for i, x in enumerate('abcdef', 1):", "1 3 5"),
    "while": ("i = -1\nwhile i < 5:\n    i += 1", "2 4 6"),
    "items": ("for i in [0, 1, 2, 3, 4, 5]:", "≥1 ≥2 ≥3"),
    "unknown start": ("for i in range(len(log), 6):", "≥1 ≥2 ≥3"),
}


@pytest.mark.parametrize("head", PASSED)
def test_steps_without_operations_have_numbers(head, tmp_path):
    loop, numbers = PASSED[head]
    text = indented(f"{loop}\n    if i % 2 == 0: continue\n    w = w * 1.0")
    assert run(text, tmp_path / "passed.py")[0] == [(number,) for number in numbers.split()]


def test_an_empty_inner_loop_is_a_step_without_operations(tmp_path):
    text = indented("for i in range(3):\n    for j in range(i):\n        w = w * 1.0")
    assert run(text, tmp_path / "empty.py")[0] == [("2", "1"), ("3", "1"), ("3", "2")]


@pytest.mark.parametrize(
    ("body", "first"),
    [
        ("if x: w = w * 1.0\n    else: w = -w", "1"),
        ("if x: w = w * 1.0\n    w = -w", "1"),
        ("with np.errstate(): w = w * 1.0", "1"),
        ("try: w = w * 1.0\n    finally: pass", "1"),
        ("if x: w = w * 1.0", "≥1"),
        ("try: w = w * 1.0\n    except Odd: pass", "≥1"),
    ],
)
def test_a_number_is_sure_if_all_ways_through_a_loop_record(body, first, tmp_path):
    text = indented(f"for x in [True, False, True]:\n    {body}")
    assert run(text, tmp_path / "ways.py")[0][0] == (first,)


def test_a_generator_that_goes_on_counts_its_steps(tmp_path):
    text = HEAD + (
        "def pieces(w):\n"
        "    for k in [1, 2]:\n"
        "        yield w * 1.0\n"
        "        yield w * 1.0\n\n"
        "def f(w, n, log, around):\n"
        "    for piece in pieces(w):\n"
        "        w = w + piece\n"
        "    return w\n"
    )
    assert run(text, tmp_path / "pieces.py")[0] == [
        *[("1", "1"), ("1",), ("2", "1"), ("2",)],
        *[("3", "2"), ("3",), ("4", "2"), ("4",)],
    ]


def indented(body):
    lines = "".join(f"    {line}\n" for line in body.split("\n"))
    return f"{HEAD}def f(w, n, log, around):\n{lines}    return w\n"
