"""The engine's own time: tables show the program as it runs without the timer."""

import pytest
from support.timers import record

import autograd_tools as ag
import viewer
from autograd_tools.api.engine_cost import engine_cost
from autograd_tools.engine.state import innermost_open
from autograd_tools.timing import Operand, Timer
from autograd_tools.timing.engine_cost import EngineCost, measuring_ns

COST = EngineCost(
    record_ns=9000,
    operator_ns=1000,
    item_ns=700,
    pass_ns=500,
    forward_ns=100,
    backward_ns=50,
    accumulate_ns=300,
    measure_record_ns=4000,
    measure_pass_ns=2000,
)


@pytest.fixture
def timer():
    """A timer of ten products of two arguments, with 1, 2 and 1 μs for each of their parts."""
    timer = Timer(clock=lambda: 0)
    timer.add(record("multiply"), 10_000, 0, 10)
    timer.add(record("multiply", phase="record"), 70_000, 0, 10)
    for argument in (1, 2):
        timer.add(record(f"multiply[{argument}]"), 20_000, 0, 10)
        timer.add(record(f"multiply[{argument}]", phase="sum_outgrads"), 10_000, 0, 10)
    return timer


def times(row):
    return [
        row[f"{name}_ns"] for name in ("forward", "backward", "sum_outgrads", "engine", "total")
    ]


def test_without_the_cost_of_a_call_tables_show_what_was_measured(timer):
    (row,) = viewer.hotspot_rows(timer, "line")
    assert times(row) == [10_000, 40_000, 20_000, 0, 70_000]
    assert "engine" not in viewer.hotspots(timer, "line")


def test_tables_show_the_program_without_the_timer(timer):
    timer.engine = COST
    (row,) = viewer.hotspot_rows(timer, "line")
    # 10 × (1000 - 100), 20 × (2000 - 50), 20 × (1000 - 300), 10 × 1000 + 20 × 500
    assert times(row) == [9_000, 39_000, 14_000, 20_000, 82_000]
    assert row["calls"] == 10
    assert row["record_ns"] == 70_000
    assert "20.0μs" in viewer.hotspots(timer, "line")
    assert "20.0μs" in viewer.hotspots(timer, "op")


@pytest.mark.parametrize(("op", "ns"), [("exp", 9000), ("matmul", 1000), ("getitem", 700)])
def test_functions_operators_and_readings_have_times_of_their_own(op, ns):
    timer = Timer(clock=lambda: 0)
    timer.add(record(op, phase="record"), 70_000, 0, 10)
    timer.engine = COST
    (row,) = viewer.hotspot_rows(timer, "op")
    assert row["engine_ns"] == 10 * ns


def test_the_engine_belongs_to_the_operation_in_a_table_by_argument(timer):
    timer.engine = COST
    rows = {row["argument"]: times(row) for row in viewer.hotspot_rows(timer, "argument")}
    assert rows[0] == [9_000, 0, 0, 20_000, 29_000]
    assert rows[1] == rows[2] == [0, 19_500, 7_000, 0, 26_500]


@pytest.mark.parametrize(
    ("op", "ns"), [("exp", 4000), ("matmul", 1000), ("getitem", 2000), ("sum", 3000)]
)
def test_marks_of_ufuncs_operators_items_and_other_functions_cost_their_own(op, ns):
    cost = COST._replace(
        measure_operator_ns=1000.0, measure_item_ns=2000.0, measure_other_ns=3000.0
    )
    timer = Timer(clock=lambda: 0)
    timer.add(record(op, phase="record"), 70_000, 0, 10)
    assert measuring_ns(timer.records.items(), cost, own_ns=7) == 10 * ns + 7
    assert measuring_ns(timer.records.items(), COST) == 40_000  # a file without kinds


def test_the_reading_of_items_by_several_indices_is_a_call_of_a_function():
    cost = COST._replace(measure_item_ns=2000.0, measure_other_ns=3000.0)
    timer = Timer(clock=lambda: 0)
    for i, index in enumerate(("tuple", "int")):
        operands = Operand("float64", (3, 2), "C"), Operand(index)
        timer.add(record("getitem", *operands, line=i, phase="record"), 70_000, 0, 10)
    assert measuring_ns(timer.records.items(), cost) == 10 * 3000 + 10 * 2000


def test_what_the_timer_takes_besides_marks_is_counted_saved_and_merged(tmp_path):
    timer = Timer()
    assert timer.own_ns == 0
    for n in range(50):
        timer.measure(f"a{n}", lambda: None)
    own_ns = timer.own_ns
    assert own_ns > 0
    timer.save(tmp_path / "run.json")
    loaded = Timer.load(tmp_path / "run.json")
    assert loaded.own_ns == own_ns
    assert loaded.merge(Timer.load(tmp_path / "run.json")).own_ns == 2 * own_ns


def test_a_timer_with_its_own_clock_counts_no_time_of_its_own(timer):
    timer.measure("a", lambda: None)
    assert (timer["a"].ncalls, timer.own_ns) == (1, 0)


def test_no_time_is_below_zero(timer):
    timer.engine = COST._replace(forward_ns=5000, backward_ns=5000, accumulate_ns=5000)
    (row,) = viewer.hotspot_rows(timer, "line")
    assert times(row) == [0, 0, 0, 20_000, 20_000]


def test_the_cost_is_saved_and_merged(timer, tmp_path):
    timer.engine = COST
    timer.save(tmp_path / "run.json")
    loaded = Timer.load(tmp_path / "run.json")
    assert loaded.engine == COST
    assert Timer().merge(loaded).engine == COST
    assert viewer.hotspots(loaded, "line") == viewer.hotspots(timer, "line")


@pytest.mark.parametrize(
    "wrong", [{"record_ns": -1}, {"record_ns": "1"}, {"record_ns": float("nan")}, {"other": 1}]
)
def test_a_damaged_cost_is_an_error(timer, wrong, tmp_path):
    timer.engine = COST._replace(record_ns=1)
    data = timer.to_dict()
    data["engine"] |= wrong
    with pytest.raises((ValueError, TypeError)):
        Timer.from_dict(data)


def test_the_cost_of_a_call_is_measured_once():
    found = engine_cost()
    assert found is engine_cost()
    assert 0 < found.record_ns < 1e6
    assert all(0 <= ns < 1e6 for ns in found)


def test_measuring_it_leaves_the_timer_as_it_was():
    records, heard = dict(ag.timer.records), []
    engine_cost.cache_clear()
    with ag.after_gradients(lambda: heard.append(1)):
        engine_cost()
    assert (dict(ag.timer.records), heard) == (records, [])


def test_it_is_measured_outside_of_the_recordings_that_are_open(monkeypatch):
    monkeypatch.setattr("autograd_tools.api.engine_cost._measured", innermost_open)
    engine_cost.cache_clear()
    with ag.record():
        assert innermost_open() is not None
        assert engine_cost() is None
    engine_cost.cache_clear()


def test_the_report_tells_the_engine_from_measuring(timer):
    from viewer.profiles.overview import summary

    timer.engine = COST
    first, second = summary(timer)
    assert first.startswith("10 operations in a run of 0.00ns: forward 9.00μs")
    assert "the engine 34.0μs" in first  # with 14 μs of accumulation
    assert second.startswith("Measuring itself took about 80.0μs")
