"""The memory of a gradient: its peak, the holders there, and plans of checkpoints."""

import json
import linecache
import tracemalloc

import numpy as np
import pytest

import autograd_tools as ag
import viewer
from autograd_tools.timing import exact
from viewer.profiles.memory_use.course import Course
from viewer.profiles.memory_use.plans import plan_of
from viewer.profiles.memory_use.program_parts import parts_of
from viewer.profiles.memory_use.reading import recorded
from viewer.profiles.memory_use.sizes import size_of

X = np.linspace(-1, 1, 20_000).reshape(200, 100)
KB = 1000


def tape_of(f, *args):
    """The tape of a gradient that `grad` computes."""
    tapes = []
    with ag.observe(tapes.append):
        ag.grad(f)(*args)
    return tapes[-1]


def measured(compute):
    """The most bytes of arrays while something is computed."""
    exact.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        compute()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


def block(x, w):
    y = np.exp(-x * x)
    return np.tanh(y @ w) * x


def blocks(part):
    def loss(weights):
        x = X
        for w in weights:
            x = part(x, w)
        return np.sum(x * x)

    return loss


def smooth(x):
    for _ in range(12):
        x = x + 0.1 * np.sin(x)
    return np.sum(np.log1p(x * x))


WEIGHTS = [np.eye(100) / 2] * 8
PROGRAMS = {
    "blocks": (blocks(block), WEIGHTS),
    "smooth": (smooth, X),
    "views": (lambda x: np.sum(np.concatenate([x.T, 2 * x.T])[::2] ** 2), X),
    "items": (lambda x: sum(np.sum(np.exp(x[i : i + 20])) for i in range(0, 200, 20)), X),
}


# Peaks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_peak_is_that_of_numpy(name):
    f, x = PROGRAMS[name]
    peak = viewer.memory(tape_of(f, x)).peak.nbytes
    assert peak == pytest.approx(measured(lambda: ag.grad(f)(x)), rel=0.05)


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_peak_of_a_kept_tape_is_that_of_numpy(name):
    f, x = PROGRAMS[name]
    w = ag.Param(x)
    peak = viewer.memory(ag.diff(f, w)).peak.nbytes
    assert peak == pytest.approx(measured(lambda: ag.diff(f, w)), rel=0.05)


@pytest.mark.parametrize("keeps", [False, True], ids=["grad", "diff"])
def test_the_peak_with_checkpoints_is_that_of_numpy(keeps):
    work = recorded(tape_of(blocks(block), WEIGHTS), keeps)
    regions = next(own for part, own in parts_of(work).regions.items() if part.name == "block")
    f, w = blocks(ag.checkpoint(block)), ag.Param(WEIGHTS)
    found = measured((lambda: ag.diff(f, w)) if keeps else (lambda: ag.grad(f)(WEIGHTS)))
    assert max(Course(work, regions).run().bytes) == pytest.approx(found, rel=0.05)


def test_a_peak_has_its_operation_and_phase():
    peak = viewer.memory(tape_of(lambda x: np.sum(np.tanh(np.exp(x))), X)).peak
    assert (peak.phase, peak.op) == ("backward", "tanh")


def test_params_arguments_and_data_do_not_count():
    assert viewer.memory(ag.trace(lambda w: np.sum(X @ w), np.ones(100))).peak.nbytes < 20 * KB


def test_an_index_of_arrays_is_an_index_when_its_rule_runs_again():
    rows = np.arange(0, 200, 2)

    def picked(x):
        return np.sum(x[rows, rows % 100] ** 2) + np.sum(x[rows] ** 2)

    peak = viewer.memory(tape_of(picked, X)).peak.nbytes
    assert peak == pytest.approx(measured(lambda: ag.grad(picked)(X)), rel=0.05)


def test_values_that_were_freed_do_no_harm():
    ag.set_gcnode(lambda node: setattr(node, "value", None))
    try:
        J = ag.diff(smooth, ag.Param(X))
    finally:
        ag.set_gcnode(None)
    assert viewer.memory(J).peak.nbytes > 0


def small_operations(x):
    total = 0.0
    for i in range(2000):  # more than Python keeps of the tuples it frees
        total = total + np.sum((np.sin(x) - i) ** 2)
    return total


def of_python(compute):
    """The most bytes of arrays and all objects while something is computed."""
    tracemalloc.start()
    try:
        compute()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("keeps", [False, True], ids=["grad", "diff"])
def test_the_peak_of_small_operations_counts_nodes(keeps):
    x = np.ones(3)
    w = ag.Param(x)
    run = (
        (lambda: ag.diff(small_operations, w)) if keeps else (lambda: ag.grad(small_operations)(x))
    )
    run()
    peak = viewer.memory(tape_of(small_operations, x), keeps=keeps).peak
    assert 0.7 < peak.whole / of_python(run) < 1.4
    assert peak.nbytes < peak.whole / 5


def test_a_checkpoint_has_one_node_until_it_runs_again():
    def part(total, x):
        for i in range(2000):
            total = total + np.sum(np.sin(x) - i)
        return total

    def loss(part):
        return lambda x: part(part(part(part(0.0, x), x), x), x)

    tape = tape_of(loss(part), np.ones(3))
    regions = next(own for p, own in parts_of(recorded(tape)).regions.items() if "part" in p.name)
    found = max(Course(recorded(tape), regions).run().whole)
    ag.grad(loss(ag.checkpoint(part)))(np.ones(3))
    truth = of_python(lambda: ag.grad(loss(ag.checkpoint(part)))(np.ones(3)))
    assert 0.6 < found / truth < 1.6
    assert found < max(Course(recorded(tape)).run().whole) / 3


# Holders and tables -----------------------------------------------------------------------------


def test_holders_say_why_arrays_are_held():
    use = viewer.memory(tape_of(lambda x: np.sum(np.exp(np.sin(x))), X))
    assert [(held.name, held.nbytes, held.arrays) for held in use.holders] == [
        ("temporary arrays", 320_000, 0),
        ("gradients of results", 160_000, 1),
        ("nodes (estimated)", use.peak.node_nbytes, 0),
    ]


def test_tables_say_which_line_argument_and_scope_saves():
    tables = viewer.memory(tape_of(blocks(block), WEIGHTS)).tables
    assert (tables["line"][0]["line"], tables["line"][0]["arrays"]) == (
        block.__code__.co_firstlineno + 1,
        21,
    )
    largest = {"op": "tanh", "argument": 0, "nbytes": 1_280_000, "arrays": 8}
    assert tables["argument"][0] == largest
    assert tables["scope"][0]["scope"] == ["blocks.loss", "block"]


def test_a_saved_trace_shows_the_same_arrays(tmp_path):
    tape = tape_of(blocks(block), WEIGHTS)
    tape.trace().save(tmp_path / "trace.json")
    assert viewer.memory(tmp_path / "trace.json").tables == viewer.memory(tape).tables


def test_a_profile_shows_what_is_saved():
    with ag.profile() as p:
        ag.grad(blocks(block))(WEIGHTS)
    use = viewer.memory(p)
    assert (use.peak, use.tables["line"][0]["line"]) == (None, block.__code__.co_firstlineno + 1)
    assert "Arrays saved for the backward pass" in str(use)


def test_the_text_says_which_way_is_modelled():
    tape = tape_of(smooth, X)
    assert "the peak of ag.grad, which frees values early; ag.diff would" in str(
        viewer.memory(tape)
    )
    assert "the peak of ag.diff, which keeps all values" in str(viewer.memory(tape, keeps=True))


def test_the_data_are_ready_for_json():
    use = viewer.memory(tape_of(blocks(block), WEIGHTS), budget="1MB")
    assert json.loads(json.dumps(use.to_dict()))["plan"]["budget"] == 1_000_000


def test_hostile_names_stay_on_their_line():
    def loss(x):
        with ag.scope("</script>\n[bold]"):
            return np.sum(np.exp(x))

    assert "\\n[bold]" in str(viewer.memory(tape_of(loss, X), keeps=True))


# Plans --------------------------------------------------------------------------------------------


def program(tmp_path, source):
    """The function `loss` of a source in a file."""
    path = tmp_path / "net.py"
    path.write_text(source)
    names = {"np": np, "ag": ag, "X": X}
    exec(compile(source, str(path), "exec"), names)
    linecache.checkcache(str(path))
    return names["loss"]


CALLS = """\
def block(x):
    y = np.exp(-x * x)
    return np.tanh(y) * x

def loss(x):
    x = block(x) + 1
    x = block(x) + 2
    x = block(x) + 3
    return np.sum(x)
"""
LOOP = """\
def loss(x):
    a = 0.1
    for i in range(16):
        y = np.sin(x)
        x = x + a * y * y
    return np.sum(x * x)
"""


def test_a_plan_wraps_the_calls_of_a_function(tmp_path):
    tape = tape_of(program(tmp_path, CALLS), X)
    changes = viewer.memory(tape, budget="1.3MB").plan.changes
    assert [(change.line, change.after.strip()) for change in changes] == [
        (6, "x = ag.checkpoint(block)(x) + 1"),
        (7, "x = ag.checkpoint(block)(x) + 2"),
    ]


def test_a_plan_runs_a_loop_in_parts(tmp_path):
    tape = tape_of(program(tmp_path, LOOP), X)
    plan = viewer.memory(tape, budget="3MB").plan
    assert plan.fits
    assert [change.after for change in plan.changes] == [
        """\
    def part(items, x, a):
        for i in items:
            y = np.sin(x)
            x = x + a * y * y
        return x

    items = list(range(16))
    for start in range(0, len(items), 4):
        x = ag.checkpoint(part)(
            items[start : start + 4], x, a
        )"""
    ]


def test_a_loop_in_parts_has_the_predicted_peak(tmp_path):
    f = program(tmp_path, LOOP)
    plan = viewer.memory(tape_of(f, X), budget="3MB").plan
    (change,) = plan.changes
    changed = program(tmp_path, LOOP.replace(change.before, change.after))
    assert np.array_equal(ag.grad(changed)(X), ag.grad(f)(X))
    assert plan.peak == pytest.approx(measured(lambda: ag.grad(changed)(X)), rel=0.05)


def test_a_budget_above_the_peak_needs_nothing(tmp_path):
    plan = viewer.memory(tape_of(program(tmp_path, LOOP), X), budget="1GB").plan
    assert (plan.changes, plan.again) == ((), 0.0)
    assert "No plan is needed" in str(viewer.memory(tape_of(smooth, X), budget="1GB"))


def test_a_budget_out_of_reach_gets_the_smallest_peak(tmp_path):
    plan = viewer.memory(tape_of(program(tmp_path, LOOP), X), budget="1kB").plan
    assert (plan.fits, len(plan.changes)) == (False, 1)
    assert plan.peak < plan.before / 3


def test_a_part_known_to_fail_is_left_out(tmp_path):
    work = recorded(tape_of(program(tmp_path, LOOP), X))
    part = next(iter(parts_of(work).regions))._replace(steps=0)
    plan = plan_of(work, "1kB", {part: "it failed"})
    assert (plan.changes, plan.refused) == ((), ((part, "it failed"),))


def test_a_function_that_calls_itself_is_left_out(tmp_path):
    source = """\
def halve(x, n):
    x = np.sin(x) * np.cos(x)
    return x if n == 0 else halve(x, n - 1)

def loss(x):
    return np.sum(halve(x, 5))
"""
    plan = viewer.memory(tape_of(program(tmp_path, source), X), budget="1kB").plan
    assert {refusal.reason for refusal in plan.refused} == {"it calls itself"}


def test_a_plan_of_a_trace_without_times_says_so(tmp_path):
    use = viewer.memory(tape_of(program(tmp_path, LOOP), X), budget="3MB")
    assert use.plan.ns is None
    assert "time unknown, because the trace has no times" in str(use)


# Errors -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "nbytes"),
    [
        ("200MB", 200_000_000),
        ("1.5 GiB", 1_610_612_736),
        ("800kb", 800_000),
        ("2G", 2_000_000_000),
        (4096, 4096),
        (".5MiB", 524_288),
        ("512 B", 512),
    ],
)
def test_a_size_has_a_unit(text, nbytes):
    assert size_of(text) == nbytes


@pytest.mark.parametrize("text", ["", "big", "-1MB", "0", "1MBB", "1iB", "nan", "inf", True, None])
def test_anything_else_is_no_size(text):
    with pytest.raises(ValueError, match="expected a size such as 200MB, got"):
        size_of(text)


def test_a_text_without_a_unit_is_no_size():
    with pytest.raises(ValueError, match="expected a unit, got '6'; write 6MB, or 6B for bytes"):
        size_of("6")
    assert size_of("6B") == 6


def test_a_trace_without_a_gradient_is_an_error():
    with pytest.raises(ValueError, match="this trace has no gradient"):
        viewer.memory(ag.trace(np.sin, X))


def test_a_trace_of_version_0_1_is_an_error():
    old = ag.trace(smooth, X).to_dict()
    del old["memory"]
    with pytest.raises(ValueError, match="from an earlier version"):
        viewer.memory(ag.Trace.from_dict(old))


def test_a_plan_of_a_profile_is_an_error():
    with ag.profile() as p:
        ag.grad(smooth)(X)
    with pytest.raises(ValueError, match="a profile has no order of operations"):
        viewer.memory(p, budget="1MB")


def test_measuring_leaves_tracemalloc_as_it_was():
    viewer.memory(tape_of(smooth, X))
    assert not tracemalloc.is_tracing()
