"""Call sites: the user's line of an operation, and the scopes around it."""

import asyncio
import contextlib
import contextvars
import functools
import itertools
import runpy
import sys
import threading
import unittest

import numpy as np
import pytest
import scipy.special
from support.hostile import each_hostile_name

import autograd_tools as ag
from autograd_tools.location.users_code import is_library

X = np.array([[1.0, 2.0], [3.0, 4.0]])


def here():
    """Return the line number of the caller."""
    return sys._getframe(1).f_lineno


def line_of(f):
    """Return the line of the only operation of `f`, and the line that `f` expects."""
    w = ag.Param(X)
    with ag.record() as J:
        expected = f(w)
    return {node.source.line for node in J.nodes if not node.is_leaf}, expected


def scopes_of(f):
    """Return the scopes of the operations of `f` on a Param, oldest first."""
    w = ag.Param(X)
    with ag.record() as J:
        f(w)
    return [node.scope for node in J.nodes if not node.is_leaf]


def unpack(a, b):
    return None


# Lines.

CALLS = {
    "operator": lambda w: (w * 2, here())[1],
    "reflected operator": lambda w: (2 * w, here())[1],
    "array first": lambda w: (X * w, here())[1],
    "matmul": lambda w: (X @ w, here())[1],
    "negation": lambda w: (-w, here())[1],
    "index": lambda w: (w[0], here())[1],
    "iteration": lambda w: (list(w), here())[1],
    "unpacking": lambda w: (unpack(*w), here())[1],
    "ufunc": lambda w: (np.sin(w), here())[1],
    "function": lambda w: (np.sum(w, axis=0), here())[1],
    "linalg": lambda w: (np.linalg.inv(w), here())[1],
    "joined": lambda w: (np.concatenate([w, w]), here())[1],
    "composite": lambda w: (np.var(w), here())[1],
    "method": lambda w: (w.sum(axis=0), here())[1],
    "composite method": lambda w: (w.std(), here())[1],
    "property": lambda w: (w.T, here())[1],
    "reshape": lambda w: (w.reshape(4, 1), here())[1],
    "divmod": lambda w: (divmod(w, 2.0), here())[1],
    "scipy": lambda w: (scipy.special.erf(w), here())[1],
    "sum of Python": lambda w: (sum([w]), here())[1],
    "partial": lambda w: (functools.partial(np.multiply, 2.0)(w), here())[1],
    "primitive": lambda w: (ag.primitive(lambda dy, y, x: dy)(lambda x: 2 * x)(w), here())[1],
}


@pytest.mark.parametrize("f", CALLS.values(), ids=CALLS)
def test_an_operation_belongs_to_the_line_of_the_user(f):
    lines, expected = line_of(f)
    assert lines == {expected}


def test_an_operation_knows_its_file_and_function():
    def loss(w):
        return w * 2

    w = ag.Param(2.0)
    source = ag.diff(loss, w).nodes[1].source
    assert (source.file, source.line, source.function) == (
        __file__,
        loss.__code__.co_firstlineno + 1,
        "test_an_operation_knows_its_file_and_function.<locals>.loss",
    )


def test_an_operation_over_several_lines_belongs_to_one_of_them():
    def loss(w):
        return np.sum(
            w
            * 2
        )  # fmt: skip

    lines = {node.source.line for node in ag.diff(loss, ag.Param(X)).nodes[1:]}
    first = loss.__code__.co_firstlineno
    assert lines <= set(range(first + 1, first + 5))


def test_inner_gradients_belong_to_the_line_of_the_operation():
    w = ag.Param(2.0)

    def loss():
        g = ag.grad(lambda x: w * x * x)
        return g(3.0)

    lines = [
        node.source.line - loss.__code__.co_firstlineno
        for node in ag.diff(loss).nodes
        if not node.is_leaf
    ]
    assert set(lines) == {1}


# Scopes.


def encode(w):
    return w * 2


def decode(w):
    return encode(w) + 1


class Layer:
    def forward(self, w):
        return w * 2

    def __call__(self, w):
        return w * 3

    @staticmethod
    def fixed(w):
        return w * 4


def test_a_named_function_is_a_scope():
    assert scopes_of(encode) == [("encode",)]


def test_functions_that_call_each_other_are_a_path():
    assert scopes_of(decode) == [("decode", "encode"), ("decode",)]


def test_the_function_given_to_diff_is_the_outermost_scope():
    w = ag.Param(X)

    def loss():
        return np.sum(decode(w))

    name = "test_the_function_given_to_diff_is_the_outermost_scope.loss"
    assert [node.scope for node in ag.diff(loss).nodes[1:]] == [
        (name, "decode", "encode"),
        (name, "decode"),
        (name,),
    ]


def test_lambdas_and_comprehensions_are_not_scopes():
    w = ag.Param(X)
    J = ag.diff(lambda: sum([np.sum(row) for row in (w * 2 for _ in range(1))]))
    assert {node.scope for node in J.nodes} == {()}


def test_methods_and_callable_objects_are_scopes():
    w, layer = ag.Param(X), Layer()
    J = ag.diff(lambda: np.sum(layer.fixed(layer(layer.forward(w)))))
    assert [node.scope for node in J.nodes[1:]] == [
        ("Layer.forward",),
        ("Layer",),
        ("Layer.fixed",),
        (),
    ]


def test_a_block_is_a_scope():
    w = ag.Param(X)

    def loss():
        with ag.scope("outer"):
            y = w * 2
            with ag.scope("inner"):
                y = encode(y)
        return np.sum(y)

    name = "test_a_block_is_a_scope.loss"
    assert [node.scope for node in ag.diff(loss).nodes[1:]] == [
        (name, "outer"),
        (name, "outer", "inner", "encode"),
        (name,),
    ]


def test_a_decorated_function_is_a_scope_of_both_names():
    @ag.scope("coder")
    def code(w):
        """Doubles."""
        return w * 2

    w = ag.Param(X)
    J = ag.diff(lambda: np.sum(code(w)))
    assert J.nodes[1].scope == ("coder", "test_a_decorated_function_is_a_scope_of_both_names.code")
    assert (code.__name__, code.__doc__) == ("code", "Doubles.")


def test_a_scope_inside_a_recording_block_is_a_scope():
    w = ag.Param(X)
    with ag.record() as J, ag.scope("penalty"):
        np.sum(w)
    assert J.nodes[1].scope == ("penalty",)


def test_a_scope_around_diff_is_the_outermost():
    w = ag.Param(X)
    with ag.scope("training"):
        J = ag.diff(lambda: np.sum(encode(w)))
    assert [node.scope for node in J.nodes[1:]] == [("training", "encode"), ("training",)]


def test_the_function_around_diff_is_not_a_scope():
    def train():
        w = ag.Param(X)
        return ag.diff(lambda: np.sum(w))

    assert train().nodes[1].scope == ()


def test_a_leaf_belongs_to_no_scope():
    w = ag.Param(X)
    with ag.scope("training"):
        J = ag.diff(lambda: np.sum(w))
    assert J.nodes[0].scope == ()


def test_one_scope_may_be_entered_again_and_inside_itself():
    scope = ag.scope("again")
    w = ag.Param(X)

    def loss():
        with scope:
            y = w * 2
            with scope:
                y = y * 2
        with scope:
            return np.sum(y)

    assert [node.scope[1:] for node in ag.diff(loss).nodes[1:]] == [
        ("again",),
        ("again", "again"),
        ("again",),
    ]


def test_nested_calls_share_the_path_around_them():
    def down(w, n):
        w = np.sin(w)
        return w if n == 0 else down(w, n - 1)

    w = ag.Param(1.0)
    with ag.record() as J:
        down(w, 199)
    assert len(J.nodes[-1].scope) == 200
    assert len({id(entry) for note in J.notes for entry in note.path or ()}) < 3 * 200


def test_recursion_deepens_the_path():
    def down(w, n):
        return np.sum(w) if n == 0 else down(w, n - 1)

    w = ag.Param(X)
    assert ag.diff(down, w, 2).nodes[1].scope == ("test_recursion_deepens_the_path.down",) * 3


def test_two_calls_of_a_function_are_distinct():
    w = ag.Param(X)
    J = ag.diff(lambda: np.sum(encode(encode(w))))
    first, second = (node.source.calls for node in J.nodes[1:3])
    assert len(first) == len(second) == 1
    assert first != second


def test_operations_of_one_call_share_its_number():
    def twice(w):
        return w * 2 + 1

    w = ag.Param(X)
    J = ag.diff(lambda: np.sum(twice(w)))
    assert J.nodes[1].source.calls == J.nodes[2].source.calls == (1,)


# Scopes end, whatever happens.


def test_each_scope_of_a_context_manager_is_new():
    @contextlib.contextmanager
    def part():
        with ag.scope("part"):
            yield

    def twice(w):
        def square(x):
            return x * x

        for _ in range(2):
            with part():
                square(w)

    w = ag.Param(X)
    with ag.record() as J:
        twice(w)
    first, second = [
        dict(zip(node.scope, node.calls, strict=True))["part"]
        for node in J.trace()
        if node.kind == "result"
    ]
    assert first != second


def test_resumed_frames_keep_their_numbers_at_any_depth():
    def down(n, x):
        return x * x if n == 0 else down(n - 1, x) + 1.0

    w = ag.Param(X)
    with ag.record() as J:
        down(50, w)
    numbers = [
        node.calls[1:] for node in J.trace() if node.kind == "result"
    ]  # the first is this function's
    assert all(shorter == longer[: len(shorter)] for longer, shorter in itertools.pairwise(numbers))
    assert [len(calls) for calls in numbers] == list(
        range(len(numbers[0]), len(numbers[0]) - 51, -1)
    )


def test_a_scope_ends_when_its_block_fails():
    w = ag.Param(X)
    with pytest.raises(RuntimeError), ag.scope("failed"):
        raise RuntimeError
    assert ag.diff(lambda: np.sum(w)).nodes[1].scope == ()


def test_a_scope_ends_when_a_decorated_function_fails():
    @ag.scope("failed")
    def fails():
        raise RuntimeError

    w = ag.Param(X)
    with pytest.raises(RuntimeError):
        fails()
    assert ag.diff(lambda: np.sum(w)).nodes[1].scope == ()


def test_a_scope_ends_when_it_fails_inside_diff():
    w = ag.Param(X)

    def fails():
        with ag.scope("failed"):
            raise RuntimeError

    with pytest.raises(RuntimeError):
        ag.diff(fails)
    assert ag.diff(lambda: np.sum(w)).nodes[1].scope == ()


def test_a_scope_belongs_to_its_thread():
    w, found = ag.Param(X), []
    with ag.scope("main"):
        thread = threading.Thread(
            target=lambda: found.append(ag.diff(lambda: np.sum(w)).nodes[1].scope)
        )
        thread.start()
        thread.join()
    assert found == [()]


def test_a_scope_of_a_generator_ends_with_it():
    w = ag.Param(X)

    def pieces():
        with ag.scope("piece"):
            yield w * 2

    def loss():
        return np.sum(next(iter(list(pieces()))))

    assert ag.diff(loss).nodes[-1].scope == ("test_a_scope_of_a_generator_ends_with_it.loss",)


@pytest.mark.parametrize("name", ["", None, 3, ("a",)], ids=["empty", "None", "number", "tuple"])
def test_a_scope_needs_a_name(name):
    with pytest.raises(TypeError, match="expected a non-empty string as the name of a scope, got "):
        ag.scope(name)


@each_hostile_name
def test_a_scope_may_have_any_name(name):
    w = ag.Param(X)
    with ag.scope(name):
        J = ag.diff(lambda: np.sum(w))
    assert J.nodes[1].scope == (name,)


# Code that runs the user's.


def square(x):
    return x**2


async def square_later(x):
    await asyncio.sleep(0)
    return square(x)


def run_case(w):
    class Case(unittest.TestCase):
        def runTest(self):
            square(w)

    Case().debug()


RUNS = {
    "asyncio": (lambda w: asyncio.run(square_later(w)), ("square_later", "square")),
    "contextvars": (lambda w: contextvars.copy_context().run(square, w), ("square",)),
    "functools": (functools.singledispatch(square), ("square",)),
    "unittest": (run_case, ("run_case", "run_case.Case.runTest", "square")),
    "runpy": (lambda w: runpy.run_path("s.py", {"w": w, "square": square}), ("square",)),
}


@pytest.mark.parametrize(("run", "scope"), RUNS.values(), ids=RUNS)
def test_what_runs_code_of_the_user_is_no_scope(run, scope, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.py").write_text("square(w)")
    w = ag.Param(X)
    with ag.record() as J:
        run(w)
    assert J.nodes[-1].scope == scope


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (np.__file__, True),
        (functools.__file__, True),
        ("<frozen runpy>", True),
        ("/env/lib/python3.11/site-packages/_pytest/runner.py", True),
        ("/env/lib/python3.11/site-packages/models/layers.py", False),
        ("/usr/lib/python3/dist-packages/IPython/core.py", True),
        ("C:\\env\\Lib\\site-packages\\ipykernel\\kernelbase.py", True),
        (__file__, False),
        ("<string>", False),
    ],
)
def test_libraries_are_known_by_their_files(file, expected):
    assert is_library(file) is expected


def test_a_caller_of_the_gradient_is_no_scope():
    w = ag.Param(X)

    def caller():
        return ag.diff(lambda: np.sum(ag.elementwise_grad(np.sin)(w)))

    assert {node.scope for node in caller().nodes} == {()}
