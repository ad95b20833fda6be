"""The roofline table: sums of costs, rates, and the share of the peaks."""

import dataclasses

import numpy as np
import pytest
from rich.cells import cell_len
from support.hostile import hostile

import autograd_tools as ag
from autograd_tools.timing import Counts, Operand, Record, Timer
from viewer.profiles import roofline
from viewer.profiles.machine_peaks import Peaks
from viewer.profiles.roofline import arithmetic

PEAKS = Peaks(float64=1e9, float32=2e9, moved=((1_000_000, 8e9),), call_ns=100.0)
MATRIX, VECTOR, NUMBER = (
    Operand("float64", (100, 100), "C"),
    Operand("float64", (1000,), "C"),
    Operand("float64"),
)


def record(op, *operands, argument=0, phase="forward", line=7, scope=("loss",)):
    return Record(op, argument, "/somewhere/model.py", line, "loss", scope, phase, operands)


@pytest.fixture
def timer():
    timer = Timer(clock=lambda: 0)
    timer.add(record("matmul", MATRIX, MATRIX, MATRIX), 4_000_000, 0)  # 2 MFLOP: 2 ms at 1 GFLOP/s
    timer.add(record("matmul", MATRIX, MATRIX, MATRIX, argument=2, phase="backward"), 2_000_000, 0)
    timer.add(record("add", VECTOR, VECTOR, VECTOR, line=8), 30_000, 0, 2)  # 24 kB: 3 us at 8 GB/s
    timer.add(
        record("multiply", NUMBER, NUMBER, NUMBER, line=9, scope=()), 10_000, 0, 20
    )  # 100 ns each
    timer.add(record("mine", VECTOR, VECTOR, line=9), 5_000, 0)
    timer.add(record("add", VECTOR, VECTOR, VECTOR, phase="record", line=8), 1_000, 0, 2)
    timer.peaks = PEAKS.to_dict()
    return timer


LAST = (
    "Machine peaks: 1 GFLOP/s in float64, 2 GFLOP/s in float32, 8 GB/s (small arrays) to "
    "8 GB/s (large arrays), 100ns per call."
)


def test_by_operation(timer):
    assert arithmetic(timer).splitlines() == [
        "Arithmetic by operation",
        "operation  calls    time  of peak     bound  GFLOP/s   GB/s  FLOP/B  FLOP  counted",
        "matmul         1  4.00ms    50.0%   compute      0.5   0.06    8.33    2M   100.0%",
        "matmul[2]      1  2.00ms   100.0%   compute        1   0.12    8.33    2M   100.0%",
        "add            2  30.0μs    20.0%    memory   0.0667    1.6  0.0417    2k   100.0%",
        "multiply      20  10.0μs    20.0%  overhead    0.002  0.048  0.0417    20   100.0%",
        "mine           1  5.00μs                                                      0.0%",
        "record         2  1.00μs                                                      0.0%",
        LAST,
    ]


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("line", ["model.py:7", "model.py:8", "model.py:9"]),
        ("scope", ["loss", "(outside any function)"]),
        (
            "shape",
            [
                "matmul(float64[100,100], float64[100,100])",
                "matmul[2](float64[100,100], float64[100,100])",
                "add(float64[1000], float64[1000])",
                "multiply(float64, float64)",
                "mine(float64[1000])",
                "record(float64[1000], float64[1000])",
            ],
        ),
    ],
)
def test_other_groupings(timer, by, names):
    assert [line.partition("  ")[0] for line in arithmetic(timer, by).splitlines()[2:-1]] == names


@pytest.mark.parametrize("by", ["op", "line", "scope", "shape"])
def test_the_time_of_all_rows_is_that_of_all_records(timer, by):
    rows = roofline.workloads(timer.records, roofline.ROW_NAMES[by], PEAKS)
    assert sum(row.ns for row in rows.values()) == 6_046_000


def test_rates_are_of_the_counted_part_of_a_row(timer):
    row = arithmetic(timer, "line").splitlines()[4]
    assert row.split() == [
        "model.py:9",
        "21",
        "15.0μs",
        "20.0%",
        "overhead",
        "0.002",
        "0.048",
        "0.0417",
        "20",
        "66.7%",
    ]


def test_float32_is_compared_with_the_peak_of_float32():
    matrix = Operand("float32", (100, 100), "C")
    assert roofline.least_time(record("matmul", matrix, matrix, matrix), PEAKS) == (
        "compute",
        1_000_000,
    )


def test_complex64_is_made_of_float32():
    matrix = Operand("complex64", (100, 100), "C")
    assert roofline.least_time(record("matmul", matrix, matrix, matrix), PEAKS) == (
        "compute",
        4_000_000,
    )


def test_rows_beyond_the_limit_are_added_up(timer):
    assert arithmetic(timer, limit=1).splitlines()[3].split()[:4] == ["5", "more", "26", "2.05ms"]


def test_a_saved_profile_keeps_its_peaks(timer, tmp_path):
    timer.save(tmp_path / "run.json")
    assert arithmetic(tmp_path / "run.json") == arithmetic(timer)


def test_a_profile_without_peaks_has_no_column_of_peak(timer):
    timer.peaks = None
    lines = arithmetic(timer).splitlines()
    assert lines[2].split() == ["matmul", "1", "4.00ms", "0.5", "0.06", "8.33", "2M", "100.0%"]
    assert (
        lines[-1]
        == "Machine peaks: unknown; if this machine measured the times, pass peaks=viewer.peaks()."
    )


def test_peaks_may_be_given(timer):
    timer.peaks = None
    assert arithmetic(timer, peaks=PEAKS).splitlines()[-1] == LAST


@pytest.fixture
def asked(monkeypatch):
    """The requests for the peaks of this machine, which are not measured."""
    found = []
    monkeypatch.setattr(roofline, "peaks_here", lambda again=False: found.append(again) or PEAKS)
    return found


def test_the_engines_own_timer_has_measured_on_this_machine(asked):
    assert roofline._peaks_of(ag.timer, {}) == PEAKS
    assert asked == [False]


@pytest.mark.parametrize(
    ("ms", "expected"), [(10, [False, True]), (30, [False])]
)  # 20 products take 40 ms at the peak
def test_a_call_faster_than_the_peaks_measures_them_again(asked, ms, expected):
    roofline.peaks_for(
        {record("matmul", MATRIX, MATRIX, MATRIX): Counts(20, ms * 1_000_000 + 10_000_000)}
    )
    assert asked == expected


def timed_trace():
    """The trace of a product, as a timer would have left it."""
    trace = ag.trace(lambda x, w: np.sum(x @ w), np.ones((100, 100)), np.ones((100, 100)))
    times = {"matmul": (4_000_000, {2: 2_000_000}), "sum": (1_000_000, {}), "": (None, None)}
    return ag.Trace(
        [
            dataclasses.replace(n, forward_ns=times[n.op][0], backward_ns=times[n.op][1])
            for n in trace
        ]
    )


def test_a_trace_has_arithmetic_too(tmp_path):
    lines = arithmetic(timed_trace(), peaks=PEAKS).splitlines()
    assert [line.split()[:5] for line in lines[2:-1]] == [
        ["matmul", "1", "4.00ms", "50.0%", "compute"],
        ["matmul[2]", "1", "2.00ms", "100.0%", "compute"],
        ["sum", "1", "1.00ms", "1.0%", "memory"],
    ]
    timed_trace().save(tmp_path / "trace.json")
    assert arithmetic(tmp_path / "trace.json", peaks=PEAKS).splitlines() == lines


def test_shapes_of_a_trace_are_shown_without_layout():
    assert (
        arithmetic(timed_trace(), "shape", peaks=PEAKS)
        .splitlines()[2]
        .startswith("matmul(float64[100,100], float64[100,100])  ")
    )


def test_the_machine_of_a_trace_is_unknown():
    assert arithmetic(timed_trace()).splitlines()[-1].startswith("Machine peaks: unknown")


def test_damaged_peaks_are_an_error_that_says_so(timer):
    timer.peaks = {"float64": 1}
    with pytest.raises(
        ValueError, match="the peaks saved with this profile are damaged: KeyError: 'moved'"
    ):
        arithmetic(timer)


def test_an_unknown_grouping_is_an_error(timer):
    with pytest.raises(
        ValueError, match="unknown grouping 'colour'; choose op, line, scope, shape"
    ):
        arithmetic(timer, "colour")


def test_a_negative_limit_is_an_error(timer):
    with pytest.raises(ValueError, match="limit must be 0 or more, got -1"):
        arithmetic(timer, limit=-1)


def test_a_profile_without_shapes_is_an_error():
    timer = Timer(clock=lambda: 0)
    timer.add(record("add"), 5, 0)
    with pytest.raises(
        ValueError, match="run `autograd-tools profile`, or set AUTOGRAD_TIMER=shapes"
    ):
        arithmetic(timer)


def test_a_timer_that_has_measured_nothing_has_no_rows():
    timer = Timer(clock=lambda: 0)
    timer.peaks = PEAKS.to_dict()
    assert len(arithmetic(timer).splitlines()) == 3


@pytest.mark.parametrize("width", [40, 60, 80])
@pytest.mark.parametrize("by", ["op", "line", "scope", "shape"])
def test_no_line_is_wider_than_the_width(timer, by, width):
    assert max(cell_len(line) for line in arithmetic(timer, by, width=width).splitlines()) <= width


@hostile()
def test_a_hostile_name_survives(name, shown):
    timer = Timer(clock=lambda: 0)
    timer.add(record(name, VECTOR, VECTOR), 5, 0)
    assert arithmetic(timer, peaks=PEAKS).splitlines()[2].startswith(f"{shown}  ")
