"""Exact bytes of NumPy's data: allocated, live, peak, and saved for the backward pass."""

import copy
import json
import pickle
import threading
import tracemalloc

import numpy as np
import pytest
from support.timers import printed, run_python

import autograd_tools as ag
from autograd_tools.timing.exact import Looks, Watch

N = 1000
KB = 8 * N  # the bytes of N doubles


@pytest.fixture(autouse=True)
def _stop():
    """Stop counting after each test."""
    yield
    tracemalloc.stop()


@pytest.fixture
def timer():
    ticks = iter(range(0, 10**9, 10))
    return ag.Timer(clock=lambda: next(ticks), memory="exact")


@pytest.fixture
def x():
    return np.ones(N)


def take(n):
    """Allocate an array of `n` KB, and free it."""
    np.empty(n * N)


def measured(timer, function):
    """Return bytes allocated by a function, the change of live bytes and the rise of the peak."""
    with timer.section("f"):
        kept = function()
    section = timer["f"]
    del kept
    return section.nbytes, section.live_nbytes, section.peak_nbytes


# Programs with known bytes ------------------------------------------------------------------------


def test_an_addition_makes_one_array(timer, x):
    assert measured(timer, lambda: x + x) == (KB, KB, KB)


def test_an_operation_in_place_allocates_nothing(timer, x):
    def double():
        nonlocal x
        x += x

    assert measured(timer, double) == (0, 0, 0)


def test_views_allocate_nothing(timer, x):
    assert measured(timer, lambda: x.reshape(10, 100).T[::2]) == (0, 0, 0)


def test_temporaries_count(timer, x):
    assert measured(timer, lambda: np.exp(x) * np.exp(x)) == (3 * KB, KB, 3 * KB)


def test_freed_memory_is_in_the_peak_only(timer, x):
    assert measured(timer, lambda: float(np.concatenate([x, x])[0])) == (2 * KB, 0, 2 * KB)


def test_freeing_earlier_memory_is_a_negative_change(timer):
    held = [np.ones(N)]
    assert measured(timer, held.clear) == (0, -KB, 0)


def test_memory_that_replaces_freed_memory_makes_no_peak(timer):
    held = [np.ones(N)]

    def replace():
        held.clear()
        return np.empty(N)

    assert measured(timer, replace) == (0, 0, 0)


def test_a_resized_array_counts_with_its_new_size(timer):
    def grow():
        array = np.empty(N)
        array.resize(3 * N, refcheck=False)
        return array

    assert measured(timer, grow) == (3 * KB, 3 * KB, 3 * KB)


def test_python_objects_are_not_counted(timer):
    assert measured(timer, lambda: [{} for _ in range(100)]) == (0, 0, 0)


def test_a_failed_allocation_counts_nothing(timer, x):
    def fail():
        with pytest.raises(MemoryError):
            np.empty(10**15)
        return x + x

    assert measured(timer, fail) == (KB, KB, KB)


def test_an_error_after_an_allocation_stays_the_same_error(timer):
    with pytest.raises(TypeError, match=r"float\(\) argument must be"), timer.section("f"):
        np.array([1.0, object()], dtype=float)
    assert (timer["f"].ncalls, timer["f"].live_nbytes) == (1, 0)


# Sections -----------------------------------------------------------------------------------------


def test_bytes_of_a_section_count_in_its_parents(timer, x):
    with timer.section("outer"):
        y = x + x
        with timer.section("inner"):
            z = x + x
    assert (timer["outer"].nbytes, timer["outer", "inner"].nbytes) == (2 * KB, KB)
    del y, z


def test_bytes_of_calls_add_up_but_peaks_do_not(timer, x):
    for n in (1, 2, 1):
        with timer.section("f"):
            take(n)
    assert (timer["f"].nbytes, timer["f"].live_nbytes, timer["f"].peak_nbytes) == (
        4 * KB,
        0,
        2 * KB,
    )


def test_a_parent_sees_the_peak_of_its_child(timer, x):
    with timer.section("outer"):
        y = x + x
        with timer.section("inner"):
            take(3)
        del y
        with timer.section("inner"):
            pass
    assert (timer["outer"].peak_nbytes, timer["outer", "inner"].peak_nbytes) == (4 * KB, 3 * KB)


def test_an_open_section_counts_in_full_after_a_look(timer, x):
    with timer.section("outer"):
        take(5)
        with timer.section("inner"):
            y = x + x
        assert timer["outer", "inner"].nbytes == KB
        with timer.section("inner"):
            z = x + x
    outer = timer["outer"]
    assert (outer.nbytes, outer.live_nbytes, outer.peak_nbytes) == (7 * KB, 2 * KB, 5 * KB)
    del y, z


def test_looks_are_dropped_once_added_up(timer, x):
    with timer.section("outer"):
        for _ in range(100):
            with timer.section("inner"):
                take(2)
        assert timer["outer", "inner"].nbytes == 200 * KB
        assert len(timer.thread().looks) == 8  # the start of the open section, and the last
    assert timer["outer"].nbytes == 200 * KB


def test_a_reset_inside_of_a_section_starts_anew(timer, x):
    with timer.section("outer"):
        timer.reset()
        with timer.section("inner"):
            y = x + x
    assert (list(timer), timer["inner"].nbytes) == (["inner"], KB)
    del y


def test_a_section_that_raises_counts(timer, x):
    with pytest.raises(ZeroDivisionError), timer.section("f"):
        int(np.sum(x + x)) // 0
    assert (timer["f"].nbytes, timer["f"].live_nbytes) == (KB + 8, 0)


def test_a_disabled_timer_counts_nothing_and_leaves_no_trace(timer, x):
    with timer.disabled():
        for _ in range(100):
            timer.measure("f", take, 5)
            timer.clock()
    assert ("f" in timer, len(timer.thread().looks)) == (False, 4)
    assert measured(timer, lambda: x + x) == (KB, KB, KB)


@pytest.mark.slow
def test_records_have_bytes_of_their_own_only():
    code = """
import json, numpy as np, autograd_tools as ag
double = ag.primitive(lambda dy, y, x: 2 * dy)(lambda x: np.add(np.exp(x), 1.0))
x = ag.Param(np.ones(1000))
with ag.record() as J:
    np.sum(np.exp(double(x)))
sections = ag.timer.root.children.values()
print([sum(x.nbytes for x in xs) for xs in (ag.timer.records.values(), sections)])
"""
    made, nested = json.loads(run_python(code, "exact").stdout)
    assert made == nested


# Threads ------------------------------------------------------------------------------------------


def in_thread(function):
    thread = threading.Thread(target=function)
    thread.start()
    thread.join()


def test_arrays_that_a_thread_makes_are_counted(timer, x):
    made = []
    in_thread(lambda: timer.measure("f", lambda: made.append(x + x)))
    assert (timer["f"].nbytes, timer["f"].live_nbytes) == (KB, KB)


def test_the_peak_is_not_lost_when_another_thread_looks(timer, x):
    with timer.section("outer"):
        take(3)
        in_thread(lambda: timer.measure("inner", lambda: None))
    assert (timer["outer"].peak_nbytes, timer["inner"].peak_nbytes) == (3 * KB, 0)


def test_the_peak_is_not_lost_when_another_timer_looks(timer, x):
    other = ag.Timer(memory="exact")
    with timer.section("outer"):
        take(3)
        other.measure("inner", take, 2)
    assert (timer["outer"].peak_nbytes, other["inner"].peak_nbytes) == (3 * KB, 2 * KB)


def test_a_finished_thread_watches_no_more(timer):
    from autograd_tools.timing import exact

    timer.thread()
    in_thread(timer.thread)  # drops the watches of earlier tests
    before = len(exact._watches)
    in_thread(timer.thread)
    assert len(exact._watches) == before


def test_single_calls_have_their_bytes(timer):
    timer.keep_events()
    timer.measure("f", take, 2)
    assert [(event.label, event.nbytes) for event in timer.events] == [("f", 2 * KB)]


# Whole runs ---------------------------------------------------------------------------------------


def test_the_timer_has_live_and_peak_bytes(timer, x):
    live = timer.live_bytes
    take(7)
    z = x + x
    assert (timer.live_bytes - live, timer.peak_bytes - live) == (KB, 7 * KB)
    del z


def test_a_reset_forgets_the_peak(timer, x):
    take(7)
    timer.reset()
    assert timer.peak_bytes == timer.live_bytes


def test_inexact_timers_have_no_live_and_peak_bytes():
    timer = ag.Timer()
    assert (timer.live_bytes, timer.peak_bytes) == (None, None)


def test_timers_merge_with_the_larger_peak(timer, x):
    timer.measure("f", take, 7)
    first = ag.Timer.from_dict(timer.to_dict())
    timer.reset()
    timer.measure("f", take, 2)
    merged = ag.Timer.from_dict(timer.to_dict()).merge(first)
    assert merged.peak_bytes == first.peak_bytes
    assert (merged["f"].nbytes, merged["f"].live_nbytes, merged["f"].peak_nbytes) == (
        9 * KB,
        0,
        7 * KB,
    )


def pickled(timer):
    return pickle.loads(pickle.dumps(timer))


def as_data(timer):
    return ag.Timer.from_dict(timer.to_dict())


@pytest.mark.parametrize("through", [copy.copy, copy.deepcopy, pickled, as_data])
def test_copies_have_the_same_bytes(x, through):
    timer = ag.Timer(memory="exact")
    timer.measure("f", take, 2)
    found = through(timer)
    assert (found.rows(), found.peak_bytes) == (timer.rows(), timer.peak_bytes)


def test_an_unknown_memory_mode_is_an_error():
    with pytest.raises(ValueError, match="unknown memory 'all'; choose nobytes, outputs, exact"):
        ag.Timer(memory="all")


def test_a_file_with_an_unknown_memory_mode_is_an_error(timer):
    with pytest.raises(ValueError, match="unknown memory 'all'; choose nobytes, outputs, exact"):
        ag.Timer.from_dict({**timer.to_dict(), "memory": ["all", 0, 0]})


def test_a_foreign_tracemalloc_is_an_error(monkeypatch):
    monkeypatch.setattr("autograd_tools.timing.exact._ours", False)
    tracemalloc.start()
    with pytest.raises(RuntimeError, match="`exact` needs tracemalloc, which already runs"):
        ag.Timer(memory="exact")


# Shown --------------------------------------------------------------------------------------------


def test_the_table_has_peak_and_live_bytes(timer, x):
    kept = timer.measure("f", lambda: x + x)
    timer.measure("g", take, 3)
    lines = timer.table().splitlines()
    assert lines[5].split()[-3:] == ["avg", "peak", "live"]
    assert [line.split()[-5:] for line in lines[7:9]] == [
        ["7.81KiB", "25.0%", "7.81KiB", "7.81KiB", "7.81KiB"],
        ["23.4KiB", "75.0%", "23.4KiB", "23.4KiB", "∅"],
    ]
    del kept


def test_the_table_of_a_section_has_exact_bytes(timer):
    with timer.section("outer"):
        timer.measure("inner", take, 2)
    assert timer["outer"].table().splitlines()[7].split()[-2:] == ["15.6KiB", "∅"]


def test_a_decrease_has_a_minus(timer):
    held = [np.ones(N)]
    timer.measure("f", held.clear)
    assert timer.table(columns=["live"]).splitlines()[7] == " f                   -7.81KiB"


def test_rows_and_csv_have_peak_and_live_bytes(timer, x):
    timer.measure("f", take, 2)
    assert (timer.rows()[0].live_nbytes, timer.rows()[0].peak_nbytes) == (0, 2 * KB)
    header, line = timer.to_csv().splitlines()
    assert header.endswith("avg_nbytes,live_nbytes,peak_nbytes")
    assert line.endswith(",0,16000")


def test_markdown_has_exact_bytes(timer, x):
    timer.measure("f", take, 2)
    assert (
        timer.to_markdown().splitlines()[2].endswith("| 15.6KiB | 100.0% | 15.6KiB | 15.6KiB | ∅ |")
    )


def test_sections_are_sorted_by_their_peak(timer, x):
    timer.measure("f", take, 2)
    timer.measure("g", take, 3)
    assert [row.path for row in timer.rows(sortby="peak")] == [("g",), ("f",)]


def test_without_bytes_the_table_has_none(x):
    timer = ag.Timer(memory="nobytes")
    timer.measure("f", take, 2)
    assert timer["f"].nbytes == 0
    assert timer.table().splitlines()[5].split() == ["Section", "ncalls", "time", "%tot", "avg"]


# The engine ---------------------------------------------------------------------------------------


GRADIENT = """
import json, numpy as np, autograd_tools as ag
x = np.ones(1000)
ag.grad(lambda x: np.sum(np.exp(x) * np.exp(x)))(x)
ag.timer.reset()
ag.grad(lambda x: np.sum(np.exp(x) * np.exp(x)))(x)
"""


@pytest.mark.slow
def test_operations_and_gradients_allocate_known_bytes():
    shown = "{name: [s.nbytes, s.peak_nbytes] for name, s in ag.timer.root.children.items()}"
    assert json.loads(printed(f"{GRADIENT}print(json.dumps({shown}))", "times,exact")) == {
        "exp": [2 * KB, KB],
        "multiply": [KB, KB],
        "sum": [8, 8],
        "sum[1]": [8, 8],  # one broadcast element
        "multiply[1]": [KB, KB],
        "multiply[2]": [KB, KB],
        "exp[1]": [2 * KB, KB],
        "sum_outgrads": [KB, KB],
    }


@pytest.mark.slow
@pytest.mark.parametrize("setting", ["exact", "shapes"])
def test_records_have_bytes_saved_for_the_backward_pass(setting):
    shown = "[[r.op, c.kept] for r, c in ag.timer.records.items() if c.kept]"
    assert json.loads(printed(f"{GRADIENT}print(json.dumps({shown}))", setting)) == [
        ["exp", 2 * KB]
    ]


@pytest.mark.slow
def test_kept_bytes_are_the_maximum_of_all_gradients():
    code = """
import numpy as np, autograd_tools as ag
for n in (10, 1000, 20):
    ag.grad(lambda x: np.sum(np.exp(x)))(np.ones(n))
print([c.kept for r, c in ag.timer.records.items() if (r.op, r.phase) == ("exp", "forward")])
"""
    assert printed(code, "exact") == "[8000]\n"


@pytest.mark.slow
def test_records_and_tape_agree_on_saved_bytes():
    code = """
import numpy as np, autograd_tools as ag
w, x = ag.Param(np.ones((30, 20))), np.ones((20, 10))
def loss():
    h = np.tanh(w @ x)
    return np.sum(np.sin(h.T) * h.T) + np.sum(w ** 3)
J = ag.diff(loss)
ag.grad(J, w)
kept = {r.op: c.kept for r, c in ag.timer.records.items() if c.kept}
print(kept == {J.nodes[i].name: n for i, n in J.kept_bytes().items()})
"""
    assert printed(code, "exact") == "True\n"


@pytest.mark.slow
def test_a_disabled_timer_counts_no_saved_bytes():
    disabled = "ag.timer.reset()\nag.timer.disable()\nag.grad(np.sin)(x[0])"
    code = f"{GRADIENT}{disabled}\nprint(ag.timer.records)"
    assert printed(code, "exact") == "{}\n"


@pytest.mark.slow
def test_a_process_exits_cleanly_with_live_arrays():
    code = """
import threading, numpy as np, autograd_tools as ag
class Late:
    def __init__(self): self.array = np.ones(1000)
    def __del__(self): self.array * 2
late, x = Late(), np.ones((100, 100))
late.itself = late
def work(): globals()[threading.current_thread().name] = ag.grad(lambda x: np.sum(x @ x))(x)
threads = [threading.Thread(target=work) for _ in range(4)]
[t.start() for t in threads]
[t.join() for t in threads]
"""
    found = run_python(code, "shapes,exact")
    assert (found.returncode, found.stderr) == (0, "")


@pytest.mark.slow
def test_a_running_tracemalloc_is_an_error_with_advice():
    found = run_python("import autograd_tools", "exact", "-X", "tracemalloc")
    assert found.stderr.splitlines()[-1] == (
        "RuntimeError: `exact` needs tracemalloc, which already runs; "
        "unset PYTHONTRACEMALLOC or drop `exact`"
    )


@pytest.mark.slow
def test_with_the_timer_off_nothing_is_counted():
    code = "import tracemalloc, autograd_tools; print(tracemalloc.is_tracing())"
    assert printed(code, "0,exact") == "False\n"


# Looks of a watch ---------------------------------------------------------------------------------


def test_looks_at_one_moment_get_distinct_times(x):
    watch = Watch([], lambda: 5)
    assert [watch.look(), watch.look(), watch.look()] == [5, 6, 7]


def test_shortened_looks_answer_later_questions_unchanged():
    rows = [0, 10, 10, 0, 5, 20, 30, 20, 7, 15, 20, 0, 9, 40, 90, 75, 12, 0, 40, 0]
    start, end = np.array([0, 7, 7, 9, 0]), np.array([12, 9, 12, 12, 0])
    short = Looks(Looks(rows).shortened(np.array([0, 7]), 9))
    assert short.time.tolist() == [0, 7, 9, 12]
    expected = [[95, 75, 75, 0, 0], [-10, 25, -15, -40, 0], [80, 75, 75, 0, 0]]
    assert [column.tolist() for column in Looks(rows).between(start, end)] == expected
    assert [column.tolist() for column in short.between(start, end)] == expected
