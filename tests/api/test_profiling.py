"""Profiles of a block: the timer is on inside, and gone without a trace after it."""

import asyncio
import io
import sys
import threading

import numpy as np
import pytest

import autograd_tools as ag
import viewer
from autograd_tools.engine.registry import known_primitives
from autograd_tools.timing import instrument

ON = instrument.ENABLED  # the tests also run with AUTOGRAD_TIMER=1


@pytest.fixture(autouse=True)
def _same_state_after():
    """Check that each test leaves the engine as it was."""
    levels, measured = instrument.levels(), dict(ag.timer.records)
    yield
    assert instrument.levels() == levels
    if not ON:
        assert ag.timer.records == measured
        assert timed_steps() == []


def timed_steps():
    """Return the primitives that call a function of the timer, themselves or in a fast copy."""
    found = []
    for primitive in known_primitives():
        called = [primitive.general, primitive.forward]
        for f in primitive.calls:
            called += [cell.cell_contents for cell in f.__closure__ or ()]
        codes = [getattr(f, "__code__", None) for f in called]
        if any(code and code.co_filename == instrument.calls.__file__ for code in codes):
            found.append(primitive.name)
    return found


def loss(w):
    h = np.tanh(w @ np.ones((3, 2)))
    return np.sum(h**2) + np.mean(h[0])


def labels(profile, *phases):
    return sorted({r.label for r in profile.records if r.phase in (phases or ("backward",))})


def test_a_profile_and_a_history_print_in_any_encoding(monkeypatch):
    with ag.profile() as p, ag.history() as h:
        ag.grad(loss)(np.full((4, 3), 0.1))
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, "ascii", write_through=True))
    print(p)
    print(h)
    assert b"Hotspots by operation" in written.getvalue()
    assert b"\nloss   0.97  0.97  0.97 (0)  0.97 (0)  #\n" in written.getvalue()


def test_a_block_is_measured_and_nothing_else():
    w = np.full((4, 3), 0.1)
    before = ag.grad(loss)(w)
    with ag.profile() as p:
        assert p.records == {}
        inside = ag.grad(loss)(w)
        assert p.records == {}
        assert "tanh" in timed_steps()
    known = dict(p.records)
    after = ag.grad(loss)(w)
    assert (before == inside).all()
    assert (before == after).all()
    assert p.records == known
    assert p.steps == 1
    ops = ["add", "getitem", "matmul", "mean", "power", "sum", "tanh"]
    assert labels(p, "forward") == ops
    assert labels(p) == [f"{op}[1]" for op in ops[:1]] + ["add[2]"] + [f"{op}[1]" for op in ops[1:]]
    (line,) = {r.line for r in p.records if r.op == "tanh"}
    assert line == loss.__code__.co_firstlineno + 1
    assert {r.scope for r in p.records if r.op == "tanh"} == {("loss",)}
    assert {r.operands[0].shape for r in p.records if r.op == "matmul" and r.operands} == {(4, 3)}


def test_calls_are_counted_as_with_the_variable(python):
    program = (
        "import numpy as np, autograd_tools as ag\n"
        "from contextlib import nullcontext\n"
        "@ag.primitive(lambda dy, y, x: 2 * dy * x)\n"
        "def square(x): return x * x\n"
        "def f(x):\n"
        "    with ag.scope('a'):\n"
        "        y = np.sum(np.sin(x) * np.maximum(x, 0) + square(x), axis=0)\n"
        "    return np.sum(y[0] ** 2 + ag.checkpoint(np.exp)(x)[0])\n"
        "with BLOCK as p:\n"
        "    ag.hessian(f)(np.ones((2, 2)))\n"
        "    ag.make_jvp(f)(np.ones((2, 2)))\n"
        "    ag.value(ag.diff(f, ag.Param(np.ones((2, 2))), watch='nan'))\n"
        "t = p or ag.timer\n"
        "rows = sorted((r[1:], c.calls, c.kept) for r, c in t.records.items())\n"
        "print([(r, c, k) for r, c, k in rows])\n"
    )
    found = python("-c", program.replace("BLOCK", "ag.profile()"))
    assert found == python("-c", program.replace("BLOCK", "nullcontext()"), AUTOGRAD_TIMER="shapes")
    assert found.count("backward") > 20


def test_exceptions_leave_the_measurements():
    def fail(w):
        np.sum(np.sin(w))
        raise KeyError

    with pytest.raises(KeyError), ag.profile() as p:
        ag.grad(fail)(np.ones(3))
    assert labels(p, "forward") == ["sin", "sum"]


def test_blocks_nest():
    with ag.profile() as outer:
        ag.grad(lambda x: np.sum(np.sin(x)))(np.ones(3))
        with ag.profile(memory="exact") as inner:
            ag.grad(lambda x: np.sum(np.cos(x)))(np.ones(3))
        ag.grad(lambda x: np.sum(np.exp(x)))(np.ones(3))
    assert labels(inner) == ["cos[1]", "sum[1]"]
    assert labels(outer) == ["cos[1]", "exp[1]", "sin[1]", "sum[1]"]
    assert (inner.steps, outer.steps) == (1, 3)
    assert inner.peak_bytes > 0


def test_gradients_of_gradients_are_those_without_the_block():
    def power(x):
        return ag.grad(lambda y: np.sum(y**x + np.linalg.inv(x * np.eye(2))[0] @ y))(np.ones(2))[0]

    expected = ag.grad(power)(3.0)
    with ag.profile() as p:
        assert ag.grad(power)(3.0) == expected
    assert "power" in {record.op for record in p.records}


def test_primitives_of_the_block_go_on_without_it():
    with ag.profile() as p:

        @ag.primitive(lambda dy, y, x: 2 * dy * x)
        def square(x):
            return x * x

        assert ag.grad(square)(3.0) == 6.0
    assert labels(p) == ["square[1]"]
    calls = p.records
    assert ag.grad(square)(4.0) == 8.0
    assert p.records == calls


def test_recordings_may_begin_and_end_elsewhere():
    w = ag.Param(np.ones(3))
    with ag.record() as J:
        y = np.sin(w)
        with ag.profile() as p:
            z = np.sum(y)
    J.backward(z)
    assert labels(p, "forward") == ["sum"]
    assert (ag.grad(J, w) == np.cos(np.ones(3))).all()
    with ag.profile() as q, ag.record() as J:
        z = np.sum(np.sin(w))
    J.backward(z)
    assert labels(q, "forward") == ["sin", "sum"]
    with ag.record() as J:
        z = np.sum(np.cos(w))
    with ag.profile() as r:
        J.backward(z)
    assert labels(r) == ["cos[1]", "sum[1]"]


def gradient_of(f):
    ag.grad(lambda x: np.sum(f(x)))(np.ones(3))


def test_blocks_that_overlap_measure_their_own_time_each():
    first, second = ag.profile(), ag.profile(memory="exact")
    one = first.__enter__()
    gradient_of(np.sin)
    two = second.__enter__()
    gradient_of(np.cos)
    first.__exit__(None, None, None)
    assert labels(one) == ["cos[1]", "sin[1]", "sum[1]"]
    gradient_of(np.exp)
    second.__exit__(None, None, None)
    gradient_of(np.tan)
    assert labels(one) == ["cos[1]", "sin[1]", "sum[1]"]
    assert labels(two) == ["cos[1]", "exp[1]", "sum[1]"]
    assert (one.steps, two.steps) == (2, 2)


def test_blocks_in_blocks_may_end_in_any_order():
    blocks = [ag.profile() for _ in range(3)]
    profiles = []
    for block, f in zip(blocks, (np.sin, np.cos, np.exp), strict=True):
        profiles.append(block.__enter__())
        gradient_of(f)
    for i in (1, 0, 2):
        blocks[i].__exit__(None, None, None)
    assert [p.steps for p in profiles] == [3, 2, 1]


def test_blocks_of_two_threads_overlap():
    begun, ended = threading.Event(), threading.Event()
    found = []

    def work():
        with ag.profile() as p:
            begun.set()
            gradient_of(np.cos)
            ended.wait()
            gradient_of(np.exp)
        found.append(p)

    thread = threading.Thread(target=work)
    with ag.profile() as outer:
        thread.start()
        begun.wait()
        gradient_of(np.sin)
    ended.set()
    thread.join()
    assert {"exp[1]", "cos[1]"} <= set(labels(found[0]))
    assert "sin[1]" in labels(outer)
    assert "exp[1]" not in labels(outer)


def test_all_threads_are_measured():
    with ag.profile() as p:
        threads = [
            threading.Thread(target=lambda: ag.grad(loss)(np.ones((4, 3)))) for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert (p.steps, p.snapshot().threads) == (3, 3)


def test_a_block_of_a_task_measures_until_it_ends():
    async def work():
        with ag.profile() as p:
            await asyncio.sleep(0)
            ag.grad(loss)(np.ones((4, 3)))
        return p

    async def both():
        return await asyncio.gather(work(), asyncio.sleep(0))

    p, _ = asyncio.run(both())
    assert p.steps == 1


def test_a_decorator_measures_each_call():
    profiles = []

    def step():
        with ag.profile() as p:
            ag.grad(loss)(np.ones((4, 3)))
        profiles.append(p)

    step()
    step()
    assert [p.steps for p in profiles] == [1, 1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"memory": "all"}, "unknown memory 'all'; choose nobytes, outputs, exact"),
        ({"events": -1}, "events must be 0 or more, got -1"),
    ],
)
def test_a_wrong_option_is_an_error_and_changes_nothing(options, message):
    with pytest.raises(ValueError, match=message), ag.profile(**options):
        pass


def test_single_calls_are_kept_on_demand():
    with ag.profile(events=10) as p:
        ag.grad(loss)(np.ones((4, 3)))
    assert len(p.events) == 10
    assert '"name":"loss"' in viewer.to_chrome_trace(p)
    with ag.profile() as q:
        pass
    assert not q.keeps_events


def test_a_profile_is_saved_and_compared(tmp_path):
    with ag.profile() as p:
        for _ in range(3):
            ag.grad(loss)(np.ones((4, 3)))
    p.save(tmp_path / "p.json")
    loaded = ag.Timer.load(tmp_path / "p.json")
    assert loaded.records == p.records
    assert "no significant difference" in viewer.compare(tmp_path / "p.json", p)


def test_a_profile_prints_hotspots_tips_and_the_run():
    with ag.profile() as p:
        for _ in range(3):
            ag.grad(loss)(np.ones((4, 3)))
    text = str(p)
    assert [line for line in text.splitlines() if line.startswith("Hotspots")] == [
        "Hotspots by operation",
        "Hotspots by line",
    ]
    assert "h = np.tanh(w @ np.ones((3, 2)))" in text
    assert "operations in a run of" in text
    assert repr(p).startswith("<Profile of ")
    with ag.profile() as empty:
        pass
    assert str(empty) == "No gradient was measured: the block computed none with autograd_tools."


@pytest.mark.skipif(ON, reason="the timer is on")
def test_the_timer_says_that_it_is_off():
    assert str(ag.timer).endswith(
        "\nThe timer is off. Write `with ag.profile() as p:` around the code to measure, or set "
        "AUTOGRAD_TIMER=1 before Python starts."
    )
    assert "off" not in str(ag.Timer())


# Operations that nothing records ------------------------------------------------------------------


def places(profile, op):
    """Return the line, from the start of the test, and the scope of the forward calls."""
    return {
        (r.line, r.scope, c.calls)
        for r, c in profile.records.items()
        if (r.op, r.phase) == (op, "forward")
    }


def test_operations_outside_gradients_have_a_scope_and_lines():
    w = ag.Param(np.ones((3, 3)))
    first = test_operations_outside_gradients_have_a_scope_and_lines.__code__.co_firstlineno
    with ag.profile() as p:
        for _ in range(3):
            w @ np.ones(3)
        np.sum(w, axis=0)
        ag.diff(lambda: np.sum(w))
    assert places(p, "matmul") == {(first + 5, ("(outside gradients)",), 3)}
    assert places(p, "sum") == {(first + 6, ("(outside gradients)",), 1), (first + 7, (), 1)}


def test_unrecorded_operations_of_a_gradient_have_lines():
    w = ag.Param(np.ones(3))
    first = test_unrecorded_operations_of_a_gradient_have_lines.__code__.co_firstlineno
    with ag.profile() as p:
        ag.grad(lambda x: np.sum(x * np.exp(w)))(np.ones(3))
    assert places(p, "exp") == {(first + 4, (), 1)}


def test_times_need_no_lines_of_unrecorded_operations(python):
    program = (
        "import numpy as np, autograd_tools as ag\n"
        "np.sin(ag.Param(np.ones(3)))\n"
        "print([(r.op, r.line) for r in ag.timer.records])"
    )
    assert python("-c", program, AUTOGRAD_TIMER="times").strip() == "[('sin', 0)]"
    assert python("-c", program, AUTOGRAD_TIMER="lines").strip() == "[('sin', 2)]"


def test_an_error_in_a_rule_names_its_argument_in_a_block():
    @ag.primitive(lambda dy, y, x, z: dy * z, lambda dy, y, x, z: 1 // 0)
    def product(x, z):
        return x * z

    with ag.profile(), pytest.raises(ZeroDivisionError) as caught:
        ag.grad(lambda x: np.sum(product(x, x)))(np.ones(2))
    assert "In the gradient product[2] of product(float64[2], float64[2])" in str(
        caught.value.__notes__
    )


def test_third_derivatives_of_items_are_those_without_the_block():
    def f(x):
        return ag.grad(lambda y: np.sum(ag.grad(lambda z: np.sum(z[:1] ** 5) * z[1])(y)))(x)[0]

    with ag.profile():
        assert ag.grad(f)(np.array([2.0, 3.0])).tolist() == [880.0, 160.0]
