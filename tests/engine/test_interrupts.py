"""An interrupt at any line of the package leaves all state as before."""

import asyncio
import contextlib
import os
import sys

import numpy as np
import pytest

import autograd_tools as ag
from tests.support.interrupts import interrupted

W = ag.Param(np.array([1.0, 2.0, 3.0]), name="w")
X = np.array([0.5, -1.0, 2.0])
layer = ag.checkpoint(lambda x: np.tanh(x * W))
layers = ag.checkpoint(lambda x: layer(layer(x)))


def loss():
    return np.sum(W**2)


def diffed(f=loss, **options):
    J = ag.diff(f, **options)
    return ag.value(J), ag.grad(J, W)


def in_place():
    a = W * 2.0
    a += 1.0
    a[0] = 3.0
    a[1:] *= a[:-1]
    return np.sum(a * W)


def recorded():
    with ag.record() as J:
        y = np.sum(W * X)
    J.backward(y)
    return ag.grad(J, W)


def recorded_with_all():
    with ag.record(watch="nan", check=True) as J:
        y = np.sum(W * X)
    return ag.grad(J, W), ag.value(y)


def recorded_in_generator():
    def steps():
        with ag.record() as J:
            for k in (1.0, 2.0):
                yield np.sum(W * k)
        yield ag.grad(J, W)

    return [ag.value(y) for y in steps()]


def in_scopes():
    @ag.scope("called")
    def part(x):
        return x * 2.0

    def f():
        with ag.scope("a"), ag.scope("b"):
            return np.sum(part(W))

    J = ag.diff(f)
    return ag.grad(J, W), [node.scope for node in J.trace().nodes]


def observed():
    seen = []
    with (
        ag.observe(lambda tape: seen.append(len(tape))),
        ag.after_gradients(lambda: seen.append(0)),
    ):
        ag.grad(lambda x: np.sum(x * x))(X)
    return seen


def hooked():
    return ag.grad(lambda x: np.sum(ag.on_grad(x * x, lambda dy: dy * 2.0)))(X)


def cases():
    square = lambda x: np.sum(x * x * W)  # noqa: E731
    return {
        "diff": diffed,
        "diff, watched": lambda: diffed(watch="nan"),
        "diff, checked": lambda: diffed(check=True),
        "diff in diff": lambda: diffed(lambda: np.sum(W * ag.grad(ag.diff(loss), W))),
        "grad": lambda: ag.grad(square)(X),
        "grad of grad": lambda: ag.grad(lambda x: np.sum(ag.grad(square)(x) ** 2))(X),
        "value_and_grad": lambda: ag.value_and_grad(square)(X),
        "record": recorded,
        "record, watched and checked": recorded_with_all,
        "record in a generator": recorded_in_generator,
        "checkpoint in diff": lambda: diffed(lambda: np.sum(layer(X))),
        "checkpoint in grad": lambda: ag.grad(lambda x: np.sum(layer(x)))(X),
        "checkpoints": lambda: ag.grad(lambda x: np.sum(layers(x)))(X),
        "scope": in_scopes,
        "observe": observed,
        "on_grad": hooked,
        "jacobian": lambda: ag.jacobian(lambda x: x * x)(X),
        "hvp": lambda: ag.hessian_vector_product(lambda x: np.sum(x**3))(X, X),
        "text": lambda: [str(ag.diff(loss))],
        "trace": lambda: [str(ag.trace(lambda x: np.sum(x * x), X))],
        "writes": lambda: diffed(in_place),
        "operators outside": lambda: [W * 2.0, np.exp(W), W[0], np.where(X > 0, W, 0.0)],
        "invalid numbers": lambda: ag.grad(lambda x: np.sum(x**x))(np.abs(X)),
    }


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="each interrupt needs os.fork")
@pytest.mark.parametrize("name", cases())
def test_an_interrupt_leaves_all_as_before(name):
    assert interrupted(cases()[name]) == []


def interrupted_at(event, code, f):
    """Call `f()`, and interrupt it at an event of `code` that a function `block` calls."""

    def trace(frame, kind, arg):
        if frame.f_code is not code or frame.f_back.f_code.co_name != "block":
            return None
        frame.f_trace_lines = event == "line"
        return at_event

    def at_event(frame, kind, arg):
        if kind == event:
            sys.settrace(None)
            raise KeyboardInterrupt
        return at_event

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        f()
    except KeyboardInterrupt as error:
        return error
    finally:
        sys.settrace(before)
    raise AssertionError("not interrupted")


total = lambda: np.sum(W)  # noqa: E731  a named function would be a scope
ENTER = contextlib._GeneratorContextManager.__enter__.__code__


def test_a_recording_ends_with_the_traceback_of_the_interrupt():
    def block():
        with ag.record():
            pass

    error = interrupted_at("return", ENTER, block)
    assert isinstance(W * 2.0, ag.Value)
    del error
    assert not isinstance(W * 2.0, ag.Value)


def test_the_next_recording_ends_a_stale_one():
    def block():
        with ag.record():
            pass

    error = interrupted_at("return", ENTER, block)
    assert len(ag.diff(total).nodes) == 2
    assert not isinstance(W * 2.0, ag.Value)
    assert error is not None


def test_the_next_recording_ends_a_stale_scope():
    def block():
        with ag.scope("stale"):
            pass

    interrupted_at("line", ag.scope.__exit__.__code__, block)
    assert ag.diff(total).nodes[-1].scope == ()


def test_the_next_scope_ends_a_stale_one():
    def block():
        with ag.scope("stale"):
            pass

    interrupted_at("line", ag.scope.__exit__.__code__, block)
    with ag.record() as J, ag.scope("next"):
        np.sum(W)
    assert J.nodes[-1].scope == ("next",)


def test_a_block_of_an_exit_stack_outlives_the_function_that_entered_it():
    def entered(stack):
        stack.enter_context(ag.scope("kept"))
        return stack.enter_context(ag.record())

    with contextlib.ExitStack() as stack:
        J = entered(stack)
        ag.diff(total)
        np.sum(W)
    assert J.nodes[-1].scope[:1] == ("kept",)


def test_a_block_opened_by_a_call_outlives_the_caller():
    manager = ag.record()

    def entered():
        return manager.__enter__()

    J = entered()
    ag.diff(total)
    np.sum(W)
    manager.__exit__(None, None, None)
    assert ag.grad(J, W).tolist() == [1.0, 1.0, 1.0]


def test_a_block_that_a_context_manager_opened_lasts_until_its_end():
    @contextlib.contextmanager
    def manager():
        with ag.record() as J:
            yield J
            ag.diff(total)
            np.exp(W)

    with manager() as J:
        np.sum(W)
    assert J.nodes[-1].name == "exp"


def test_a_block_of_a_waiting_coroutine_lasts():
    async def child():
        ag.diff(total)
        await asyncio.sleep(0)
        ag.diff(total)
        return np.sum(W)

    async def parent():
        with ag.record() as J:
            await asyncio.create_task(child())
        return J

    assert ag.grad(asyncio.run(parent()), W).tolist() == [1.0, 1.0, 1.0]


def test_a_block_of_another_thread_lasts():
    async def parent():
        with ag.scope("main"):
            return await asyncio.to_thread(lambda: ag.diff(total).nodes[-1].scope)

    assert asyncio.run(parent()) == ("main",)
