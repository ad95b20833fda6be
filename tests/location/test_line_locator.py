"""Lines and scopes of records: those of the call sites that a tape has."""

import asyncio
import contextlib
import functools
import threading
from collections import Counter

import numpy as np
import pytest

import autograd_tools as ag

X = np.array([0.5, 1.0, 2.0])


def layer(x):
    return np.sin(x) * 2.0


def recursive(x, n=4):
    return np.sum(x) if n == 0 else recursive(layer(x), n - 1)


def comprehended(x):
    return sum([np.sum(layer(x * float(i))) for i in range(3)])


def generated(x):
    def parts(n):
        for _ in range(n):
            yield layer(x)

    first, second = parts(2), parts(3)
    return np.sum(next(first) + next(second) + sum(first) + sum(second))


def in_scopes(x):
    total = 0.0
    for name in ("a", "b", "a"):
        with ag.scope(name):
            total = total + np.sum(layer(x))
            with ag.scope("inner"):
                total = total * 1.5
    return total + np.sum(x)


@contextlib.contextmanager
def named(name):
    with ag.scope(name):
        yield


def in_context_managers(x):
    with contextlib.ExitStack() as stack:
        stack.enter_context(named("outer"))
        y = layer(x)
    with named("other"), ag.scope("last"):
        return np.sum(y * x)


@ag.scope("decorated")
def decorated(x):
    return functools.reduce(lambda y, _: layer(y), range(3), x)


class Model:
    def __call__(self, x):
        return np.sum(self.step(x) + decorated(x))

    def step(self, x):
        steps = [lambda y: np.tanh(y) + 1.0]
        return steps[0](x)


async def wave(x, name, pauses):
    with ag.scope(name):
        for _ in range(pauses):
            x = layer(x)
            await asyncio.sleep(0)
        return x


def in_tasks(x):
    async def both():
        return sum(await asyncio.gather(wave(x, "A", 2), wave(x, "B", 3)))

    return np.sum(asyncio.run(both()))


def beside_a_thread(x):
    thread = threading.Thread(target=lambda: ag.grad(recursive)(X))
    thread.start()
    y = layer(x)
    thread.join()
    return np.sum(y)


def raising(x):
    with contextlib.suppress(KeyError), ag.scope("fails"):
        x = layer(x)
        raise KeyError
    return np.sum(layer(x))


PROGRAMS = [
    *(recursive, comprehended, generated, in_scopes, in_context_managers, Model()),
    *(in_tasks, raising),
]


def places_of_records(p):
    """Return the calls by operation and place, as the timer counts them."""
    found = Counter()
    for record, counts in p.records.items():
        if record.phase == "forward":
            found[record.op, record.line, record.function, record.scope] += counts.calls
    return found


def places_of_nodes(f):
    """Return the same from a tape."""
    nodes = ag.diff(f, ag.Param(X)).trace()
    return Counter(
        [(node.op, node.line, node.function, node.scope) for node in nodes if node.kind == "result"]
    )


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: getattr(f, "__name__", "Model"))
def test_records_have_the_lines_and_scopes_of_a_tape(f):
    gradient = ag.grad(f)
    with ag.profile() as p:
        gradient(X)
        gradient(X)
    expected = places_of_nodes(f)
    assert places_of_records(p) == expected + expected


def test_a_thread_has_lines_of_its_own():
    with ag.profile() as p:
        ag.grad(beside_a_thread)(X)
    found = {record.scope for record in p.records if record.op == "sin"}
    assert found == {
        ("beside_a_thread", "layer"),
        *(("recursive",) * n + ("layer",) for n in (1, 2, 3, 4)),
    }


def test_a_gradient_without_code_of_the_user_has_no_line():
    with ag.profile() as p:
        thread = threading.Thread(target=ag.grad(np.sum), args=(X,))
        thread.start()
        thread.join()
    assert {(record.op, record.file, record.line) for record in p.records} == {("sum", "", 0)}
