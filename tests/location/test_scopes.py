"""Scopes in asyncio tasks, generators and threads."""

import asyncio
import contextlib
import gc
import threading

import numpy as np
import pytest

import autograd_tools as ag

X = np.array([1.0, 2.0, 3.0])


@pytest.fixture
def w():
    param = ag.Param(X, name="w")
    yield param
    assert scopes_of(lambda: np.sum(param)) == [("sum", ())]  # no scope is left open


def scopes_of(loss):
    """Return name and scopes of the operations; those of functions have lower-case names."""
    nodes = ag.diff(loss).nodes
    return [
        (node.name, tuple(name for name in node.scope if name.isupper()))
        for node in nodes
        if node.name in ("sin", "cos", "sum")
    ]


async def waves(w, name, f, pauses):
    with ag.scope(name):
        y = f(w)
        for _ in range(pauses):
            await asyncio.sleep(0)
        return f(y)


def test_scopes_of_tasks_stay_apart(w):
    async def both():
        return sum(await asyncio.gather(waves(w, "A", np.sin, 1), waves(w, "B", np.cos, 2)))

    found = scopes_of(lambda: np.sum(asyncio.run(both())))
    assert sorted(found) == sorted([("sin", ("A",))] * 2 + [("cos", ("B",))] * 2 + [("sum", ())])


def test_a_task_is_inside_the_scope_that_started_it(w):
    async def both():
        with ag.scope("O"):
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(waves(w, "A", np.sin, 1)),
                    group.create_task(waves(w, "B", np.cos, 2)),
                ]
        return sum(task.result() for task in tasks)

    names = dict(scopes_of(lambda: np.sum(asyncio.run(both()))))
    assert names == {"sin": ("O", "A"), "cos": ("O", "B"), "sum": ()}


def pieces(w, name):
    with ag.scope(name):
        y = np.sin(w)
        yield
        yield np.sin(y)


def test_scopes_of_generators_stay_apart(w):
    def loss():
        first, second = pieces(w, "A"), pieces(w, "B")
        next(first)
        next(second)
        y = np.cos(w)
        total = next(first) + next(second)
        first.close()
        second.close()
        return np.sum(y * total)

    assert scopes_of(loss) == [
        ("sin", ("A",)),
        ("sin", ("B",)),
        ("cos", ()),
        ("sin", ("A",)),
        ("sin", ("B",)),
        ("sum", ()),
    ]


def test_a_scope_of_a_generator_ends_late_inside_another(w):
    def loss():
        generator = pieces(w, "A")
        next(generator)
        with ag.scope("B"):
            y = np.cos(w)
            generator.close()
            z = np.cos(y)
        return np.sum(z)

    assert scopes_of(loss) == [("sin", ("A",)), ("cos", ("B",)), ("cos", ("B",)), ("sum", ())]


@pytest.mark.parametrize("end", ["collected", "in a thread"])
def test_a_scope_of_a_generator_ends_without_its_caller(w, end):
    generator = pieces(w, "A")
    next(generator)
    if end == "collected":
        del generator
        gc.collect()
    else:
        thread = threading.Thread(target=generator.close)
        thread.start()
        thread.join()
    assert scopes_of(lambda: np.sum(np.sin(w))) == [("sin", ()), ("sum", ())]


def test_a_context_manager_from_a_generator_names_its_block(w):
    @contextlib.contextmanager
    def named(name):
        with ag.scope(name):
            yield

    def loss():
        with named("A"), contextlib.ExitStack() as stack:
            stack.enter_context(ag.scope("B"))
            y = np.sin(w)
        return np.sum(y)

    assert scopes_of(loss) == [("sin", ("A", "B")), ("sum", ())]


def test_one_scope_in_two_generators_ends_in_each(w):
    scope = ag.scope("S")

    def piece():
        with scope:
            yield np.sin(w)
            yield np.sin(w)

    def loss():
        first, second = piece(), piece()
        y = next(first) + next(second)
        first.close()
        z = next(second)
        second.close()
        return np.sum(y + z)

    assert [scope for name, scope in scopes_of(loss)] == [("S",)] * 3 + [()]


def test_scopes_end_in_any_order(w):
    def loss():
        first, second = ag.scope("A"), ag.scope("B")
        first.__enter__()
        second.__enter__()
        y = np.sin(w)
        first.__exit__(None, None, None)
        z = np.cos(y)
        second.__exit__(None, None, None)
        return np.sum(z)

    assert scopes_of(loss) == [("sin", ("A", "B")), ("cos", ("B",)), ("sum", ())]


def test_a_scope_decorates_coroutines_and_generators(w):
    @ag.scope("C")
    async def wave():
        await asyncio.sleep(0)
        return np.sin(w)

    @ag.scope("G")
    def terms():
        yield np.cos(w)
        yield np.cos(w)

    def loss():
        total = asyncio.run(wave())
        for term in terms():
            total = total + np.sin(term)
        return np.sum(total)

    found = scopes_of(loss)
    assert found == [("sin", ("C",)), *[("cos", ("G",)), ("sin", ())] * 2, ("sum", ())]


def test_a_scope_refuses_async_generator_functions():
    with pytest.raises(TypeError, match=r"async generator function; write `with ag.scope"):

        @ag.scope("A")
        async def steps():
            yield


def test_a_cancelled_task_leaves_its_scope(w):
    async def forever():
        with ag.scope("A"):
            await asyncio.sleep(60)

    async def main():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(forever(), 0.001)
        return np.sin(w)

    assert scopes_of(lambda: np.sum(asyncio.run(main()))) == [("sin", ()), ("sum", ())]


def test_a_thread_of_asyncio_is_inside_the_scopes_around(w):
    async def main():
        with ag.scope("A"):
            return await asyncio.to_thread(lambda: ag.diff(lambda: np.sum(w)).nodes[-1].scope)

    assert asyncio.run(main()) == ("A",)
