"""RuntimeWarnings of NumPy: at the user's line, once per line, under the filters and modes set."""

import contextlib
import contextvars
import subprocess
import sys
import threading
import warnings

import numpy as np
import pytest

import autograd_tools as ag

LINES = {}


@pytest.fixture(autouse=True)
def default_modes():
    with np.errstate(divide="warn", over="warn", invalid="warn", call=None):
        yield


def here(mark):
    LINES[mark] = sys._getframe(1).f_lineno


def log_twice(x):
    a = [np.log(x), here("first")][0]
    b = [np.log(x * 1.0), here("second")][0]
    return np.sum(a) + np.sum(b)


def root(x):
    y = [np.sqrt(x), here("root")][0]
    return np.sum(y)


def overflow(x):
    return np.sum(np.exp(x * 1000))


def seen(f, *args, action="always"):
    """Return the warnings of `f(*args)`: the line if they are in this file, and the text."""
    modes = np.geterr(), np.geterrcall()
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter(action)
        f(*args)
    assert (np.geterr(), np.geterrcall()) == modes
    assert {w.filename for w in found} <= {__file__}
    return [(w.lineno, str(w.message)) for w in found]


def test_a_warning_of_an_operation_is_at_its_line():
    found = seen(lambda: ag.diff(log_twice, ag.Param(np.zeros(2))))
    log = "divide by zero encountered in log"
    assert found[:2] == [(LINES["first"], log), (LINES["second"], log)]


def test_each_line_is_warned_of_once():
    def twice():
        for _ in range(2):
            ag.diff(log_twice, ag.Param(np.zeros(2)))

    found = seen(twice, action="default")
    assert sorted(found) == sorted(set(found))
    assert {line for line, _ in found} == {LINES["first"], LINES["second"]}


def test_a_warning_of_a_rule_is_at_the_line_of_its_operation():
    found = seen(lambda: ag.diff(root, ag.Param(np.zeros(2))))
    assert found == [(LINES["root"], "divide by zero encountered in divide")]


def test_a_warning_of_a_second_derivative_is_at_the_line_of_its_operation():
    found = seen(lambda: ag.diff(lambda w: np.sum(ag.grad(root)(w)), ag.Param(np.zeros(2))))
    assert {line for line, _ in found} == {LINES["root"]}


def test_the_first_gradient_of_a_function_knows_the_line():
    def first(x):
        y = [np.sqrt(x), here("in grad")][0]
        return np.sum(y)

    found = seen(lambda: ag.grad(first)(np.zeros(2))) + seen(lambda: ag.hessian(first)(np.zeros(2)))
    assert {line for line, _ in found} == {LINES["in grad"]}


def test_a_param_outside_a_recording_warns_at_the_line_too():
    w = ag.Param(np.zeros(2))

    def f():
        return [np.log(w), here("param")][0]

    assert seen(f) == [(LINES["param"], "divide by zero encountered in log")]


def test_a_filter_that_raises_stops_at_the_operation():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(RuntimeWarning, match="divide by zero encountered in divide") as caught:
            ag.diff(root, ag.Param(np.zeros(2)))
    assert caught.value.__notes__[0].startswith("In the gradient sqrt[1]")


def test_a_filter_for_a_module_sees_the_users_module():
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", module=__name__)
        ag.diff(log_twice, ag.Param(np.zeros(2)))
    assert not found


def test_pytest_warns_sees_it():
    with pytest.warns(RuntimeWarning, match="overflow encountered in exp"):
        ag.diff(overflow, ag.Param(np.ones(2)))


def test_errstate_of_the_user_holds():
    def quiet(x):
        with np.errstate(over="ignore"):
            return overflow(x)

    assert seen(lambda: ag.diff(quiet, ag.Param(np.ones(2)))) == []
    with np.errstate(over="raise"), pytest.raises(FloatingPointError, match="overflow"):
        ag.diff(overflow, ag.Param(np.ones(2)))
    with np.errstate(all="ignore"):
        assert seen(lambda: ag.diff(log_twice, ag.Param(np.zeros(2)))) == []


def test_seterr_in_a_function_stays():
    def f(x):
        np.seterr(over="ignore")
        return overflow(x)

    with np.errstate():
        before = np.geterr()
        ag.diff(f, ag.Param(np.ones(2)))
        assert np.geterr() == {**before, "over": "ignore"}
        assert np.geterrcall() is None


def test_a_handler_of_the_user_is_called():
    kinds = []
    with np.errstate(over="call", call=lambda kind, flag: kinds.append(kind)):
        ag.diff(overflow, ag.Param(np.ones(2)))
    assert "overflow" in kinds


def test_modes_are_as_before_after_an_exception():
    before = np.geterr(), np.geterrcall()
    with pytest.raises(ZeroDivisionError):
        ag.diff(lambda w: w * (1 / 0), ag.Param(1.0))
    assert (np.geterr(), np.geterrcall()) == before


def test_recordings_that_close_in_any_order_leave_the_modes():
    before = np.geterr(), np.geterrcall()
    first, second = ag.record(), ag.record()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    second.__exit__(None, None, None)
    assert (np.geterr(), np.geterrcall()) == before


def recorded(w):
    with ag.record():
        yield np.sum(w * w)


def in_thread(function, *args):
    thread = threading.Thread(target=function, args=args)
    thread.start()
    thread.join()


@pytest.mark.parametrize("end", [None, GeneratorExit(), KeyboardInterrupt()])
def test_a_recording_of_another_thread_leaves_the_modes_here(end):
    steps = recorded(ag.Param(np.ones(2)))
    in_thread(next, steps)
    with ag.record():
        before = np.geterr(), np.geterrcall()
        with contextlib.suppress(StopIteration, GeneratorExit, KeyboardInterrupt):
            next(steps) if end is None else steps.throw(end)
        assert (np.geterr(), np.geterrcall()) == before


def test_the_next_recording_undoes_the_modes_of_one_closed_elsewhere():
    before = np.geterr(), np.geterrcall()
    steps = recorded(ag.Param(np.ones(2)))
    next(steps)
    in_thread(steps.close)
    ag.diff(lambda: 1.0)
    assert (np.geterr(), np.geterrcall()) == before


def test_a_recording_closed_in_a_copied_context_leaves_the_modes():
    before = np.geterr(), np.geterrcall()
    steps = recorded(ag.Param(np.ones(2)))
    next(steps)
    contextvars.copy_context().run(steps.close)
    ag.diff(lambda: 1.0)
    assert (np.geterr(), np.geterrcall()) == before


SCRIPT = """
import numpy as np, autograd_tools as ag
def f(x):
    a = np.log(x)
    b = np.log(x * 1.0)
    return np.sum(a) + np.sum(b)
ag.diff(f, ag.Param(np.zeros(2)))
"""


@pytest.mark.slow
def test_python_shows_each_line_by_default(tmp_path):
    (tmp_path / "train.py").write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "train.py"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    shown = [text.strip() for text in done.stderr.splitlines() if text.startswith("  ")]
    assert shown == ["a = np.log(x)", "b = np.log(x * 1.0)", "b = np.log(x * 1.0)", "a = np.log(x)"]
