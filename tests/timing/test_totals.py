"""Totals of a timer: single calls, merging, self times, copies, and files of all versions."""

import copy
import json
import operator
import pickle
import time

import pytest
from support.timers import tree

from autograd_tools.timing import Counts, Record, Section, Timer

SUM = Record("sum", 0, "model.py", 7, "loss", ("loss",))


def spread(section):
    return (section.known, section.min_ns, section.max_ns, section.squares)


def timer_of(total_ns=0, **sections):
    """Return a stopped timer with sections by label: times of their calls, or a timer inside."""
    timer = Timer(clock=lambda: 0)
    for label, times in sections.items():
        section = timer.thread().root.child(label)
        for ns in times:
            section.count(ns)
    return Timer.from_dict({**timer.to_dict(), "total_ns": total_ns})


def nested():
    """epoch (100 ns) with load (30) and fit (50) in it, and write (5) beside it."""
    timer = timer_of(1000, epoch=[100], write=[5])
    inside = timer_of(0, load=[10, 20], fit=[50])
    return timer.merge(inside, tree_point="epoch")


# Single calls -------------------------------------------------------------------------------------


def test_a_section_keeps_minimum_maximum_and_squares():
    assert spread(timer_of(a=[3, 1, 2])["a"]) == (3, 1, 3, 14)


def test_a_call_of_zero_nanoseconds_is_the_minimum():
    assert spread(timer_of(a=[3, 0])["a"]) == (2, 0, 3, 9)


def test_merged_sections_are_as_if_measured_together():
    assert (
        timer_of(a=[3, 1]).merge(timer_of(a=[7]), timer_of(a=[2, 9])).root
        == timer_of(a=[3, 1, 7, 2, 9]).root
    )


def test_squares_are_exact_beyond_64_bits():
    assert (
        timer_of(a=[10**15 + 1]).merge(timer_of(a=[10**15]))["a"].squares
        == 2 * 10**30 + 2 * 10**15 + 1
    )


def test_merging_unknown_calls_drops_the_minimum():
    unknown = Timer.from_dict(
        {
            "total_ns": 0,
            "sections": {"a": {"ncalls": 2, "ns": 9, "nbytes": 0, "children": {}}},
            "records": [],
        }
    )
    (row,) = timer_of(a=[3]).merge(unknown).rows()
    assert (row.ncalls, row.ns, row.min_ns, row.max_ns, row.std_ns) == (3, 12, None, None, None)


def test_flatten_keeps_minimum_and_maximum():
    timer = timer_of(a=[3]).merge(timer_of(a=[1, 9]), tree_point="a")
    assert spread(timer.flatten()["a"]) == (3, 1, 9, 91)


def test_flatten_counts_the_time_of_a_recursion_once():
    inner = {"ncalls": 2, "ns": 30, "nbytes": 8, "children": {}}
    between = {"ncalls": 1, "ns": 40, "nbytes": 8, "children": {"a": inner}}
    outer = {"ncalls": 1, "ns": 100, "nbytes": 24, "children": {"b": between, "a": inner}}
    sections = {"a": outer, "c": {**between, "ns": 50}}
    flat = Timer.from_dict({"total_ns": 150, "sections": sections, "records": []}).flatten()
    counts = {label: (row.ncalls, row.ns, row.nbytes) for label, row in flat.root.walk()}
    assert counts == {"a": (7, 130, 32), "b": (1, 40, 8), "c": (1, 50, 8)}
    assert flat.measured.ns == 150


# Paths of sections --------------------------------------------------------------------------------


def test_a_section_is_found_by_its_path():
    timer = nested()
    assert timer["epoch", "load"] == timer["epoch"]["load"]
    assert timer["epoch", "load"].ns == 30


def test_an_unknown_child_section_is_an_error_with_the_choices():
    with pytest.raises(KeyError, match="unknown section 'write'; choose load, fit"):
        nested()["epoch", "write"]


def test_a_section_lists_those_inside():
    timer = nested()
    assert (list(timer), list(timer["epoch"]), "fit" in timer["epoch"], "fit" in timer) == (
        ["epoch", "write"],
        ["load", "fit"],
        True,
        False,
    )


def test_the_repr_of_a_section_is_short():
    assert repr(nested()["epoch"]) == "<Section of 1 calls in 100ns, 2 sections inside>"


# Merging below a section --------------------------------------------------------------------------


def test_timers_merge_below_a_section():
    merged = nested().merge(
        timer_of(70, parse=[1]), timer_of(70, parse=[2]), tree_point=("epoch", "load")
    )
    assert tree(merged["epoch", "load"]) == {"parse": (2, 3, {})}


def test_runs_within_a_section_add_nothing_to_the_total():
    assert nested().merge(timer_of(70, parse=[1]), tree_point=("epoch", "load")).total_ns == 1000


def test_records_of_timers_below_a_section_add_up():
    other = Timer(clock=lambda: 0)
    other.add(SUM, 5, 8)
    assert nested().merge(other, tree_point="epoch").records == {SUM: Counts(1, 5, 8, 1)}


def test_timers_merge_below_a_section_that_is_open():
    timer = Timer(clock=lambda: 0)
    with timer.section("epoch"):
        timer.merge(timer_of(parse=[3]), tree_point="epoch")
    assert tree(timer.root) == {"epoch": (1, 0, {"parse": (1, 3, {})})}


@pytest.mark.parametrize(
    ("tree_point", "message"),
    [
        ("x", "unknown section 'x'; choose epoch, write"),
        (("epoch", "x"), "unknown section 'x'; choose load, fit"),
    ],
)
def test_an_unknown_tree_point_is_an_error_with_the_choices(tree_point, message):
    timer = nested()
    with pytest.raises(KeyError, match=message):
        timer.merge(timer_of(a=[1]), tree_point=tree_point)
    assert timer.to_dict() == nested().to_dict()


@pytest.mark.parametrize("other", ["run.json", None, {}])
def test_only_timers_merge(other):
    timer = timer_of(a=[1])
    with pytest.raises(
        TypeError, match=r"expected a Timer, got .*; read one with Timer.load\(path\)"
    ):
        timer.merge(timer_of(a=[2]), other)
    assert timer["a"].ns == 1


def test_merged_runs_have_the_larger_number_of_threads():
    assert timer_of(a=[1]).merge(timer_of(a=[1]), timer_of(a=[1])).snapshot().threads == 1


def test_threads_within_a_section_do_not_count_outside_it():
    assert (
        timer_of(a=[1]).merge(timer_of(a=[1]), timer_of(a=[1]), tree_point="a").snapshot().threads
        == 1
    )


def test_sections_of_this_timer_stay_before_merged_ones():
    timer = Timer(clock=lambda: 0)
    with timer.section("a"), timer.section("b"):
        pass
    timer.merge(timer_of(0, c=[1], b=[1]), tree_point="a").merge(timer_of(0, z=[1], a=[1]))
    assert [row.path for row in timer.rows(sortby="first")] == [
        ("a",),
        ("a", "b"),
        ("a", "c"),
        ("z",),
    ]


def test_a_flattened_timer_saved_and_merged_knows_what_was_measured():
    flat = Timer.from_dict(nested().flatten().to_dict())
    assert (flat.measured.ns, flat.merge(nested()).measured.ns) == (105, 210)


# Self time ----------------------------------------------------------------------------------------


def test_the_complement_of_a_section_is_its_self_time():
    assert tree(nested().complement().root) == {
        "epoch": (1, 100, {"load": (2, 30, {}), "fit": (1, 50, {}), "~epoch~": (1, 20, {})}),
        "write": (1, 5, {}),
    }


def test_the_complement_leaves_the_timer_alone():
    timer = nested()
    timer.complement()
    assert timer.to_dict() == nested().to_dict()


def test_the_complement_of_a_complement_is_the_same():
    once = nested().complement()
    assert once.complement().to_dict() == once.to_dict()


def test_self_time_is_never_negative():
    timer = timer_of(a=[1]).merge(timer_of(b=[5]), timer_of(b=[5]), tree_point="a")
    assert timer.complement()["a", "~a~"].ns == 0


def test_the_complement_of_a_section_alone():
    assert tree(nested().root.complement()["epoch"])["~epoch~"] == (1, 20, {})


# Copies -------------------------------------------------------------------------------------------


COPIES = [copy.copy, copy.deepcopy, lambda timer: pickle.loads(pickle.dumps(timer))]


@pytest.mark.parametrize("duplicate", COPIES, ids=["copy", "deepcopy", "pickle"])
def test_a_copy_starts_equal_and_continues_alone(duplicate):
    timer = Timer(clock=fixed)
    with timer.section("a"):
        timer.add(SUM, 5, 8)
        other = duplicate(timer)
    with other.section("b"):
        pass
    assert (tree(timer.root), tree(other.root)) == (
        {"a": (1, 0, {})},
        {"a": (0, 0, {}), "b": (1, 0, {})},
    )
    assert other.records == {SUM: Counts(1, 5, 8, 1)}


@pytest.mark.parametrize("duplicate", COPIES, ids=["copy", "deepcopy", "pickle"])
def test_a_copy_is_as_disabled_and_as_stopped(duplicate):
    timer = timer_of(5, a=[3])
    timer.disable()
    other = duplicate(timer)
    assert (other.enabled, other.total_ns, other.to_dict()) == (False, 5, timer.to_dict())


def test_a_copied_running_timer_starts_its_clock_on_arrival():
    timer = Timer()
    sent = pickle.dumps(timer)
    time.perf_counter_ns()
    there = pickle.loads(sent)
    assert there.clock is time.perf_counter_ns
    assert 0 < there.total_ns < there.total_ns


def test_a_deeply_nested_timer_is_copied_saved_and_shown(tmp_path):
    timer = Timer(clock=fixed)

    @timer.section("down")
    def down(n):
        return n and down(n - 1)

    down(300)
    timer.save(tmp_path / "deep.json")
    for other in (
        copy.deepcopy(timer),
        pickle.loads(pickle.dumps(timer)),
        Timer.load(tmp_path / "deep.json"),
        Timer().merge(timer),
    ):
        assert len(other.rows()) == 301
    assert timer.flatten()["down"].ncalls == 301


def fixed():
    """A clock that stands still."""
    return 0


# Files --------------------------------------------------------------------------------------------


OLD = {
    "format": "autograd_tools.timer",
    "version": 1,
    "total_ns": 10,
    "section_cost_ns": 3,
    "sections": {"a": {"ncalls": 2, "ns": 6, "nbytes": 8, "children": {}}},
    "records": [["sum", 0, "model.py", 7, "loss", ["loss"], 1, 5, 8]],
}


def test_a_file_of_version_1_loads_without_single_calls(tmp_path):
    (tmp_path / "old.json").write_text(json.dumps(OLD))
    timer = Timer.load(tmp_path / "old.json")
    assert (tree(timer.root), timer.records, timer.total_ns, timer.section_cost_ns) == (
        {"a": (2, 6, {})},
        {SUM: Counts(1, 5, 8)},
        10,
        3,
    )
    assert timer.table(columns=["time_avg", "time_min", "time_max", "time_std"]).splitlines()[
        7
    ].split() == ["a", "3.00ns", "-", "-", "-"]


def test_minimum_maximum_and_squares_are_saved(tmp_path):
    timer_of(a=[3, 1]).save(tmp_path / "run.json")
    saved = json.loads((tmp_path / "run.json").read_text())
    assert saved["sections"]["a"] == {
        "ncalls": 2,
        "ns": 4,
        "nbytes": 0,
        "known": 2,
        "min_ns": 1,
        "max_ns": 3,
        "squares": 10,
        "children": {},
    }
    assert Timer.load(tmp_path / "run.json").root == timer_of(a=[3, 1]).root


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ncalls": -1}, "is damaged: ValueError: counts of a section must be 0 or more"),
        ({"ns": 1.5}, "is damaged: TypeError"),
        ({"squares": "many"}, "is damaged: TypeError"),
        ({"children": None}, "is damaged: AttributeError"),
    ],
)
def test_a_damaged_section_is_refused_with_the_reason(tmp_path, change, message):
    (tmp_path / "run.json").write_text(
        json.dumps({**OLD, "sections": {"a": {**OLD["sections"]["a"], **change}}})
    )
    with pytest.raises(ValueError, match=message):
        Timer.load(tmp_path / "run.json")


@pytest.mark.parametrize("name", ["ncalls", "ns", "nbytes", "children"])
def test_a_section_without_its_counts_is_damaged(name):
    data = {**Section().to_dict()}
    operator.delitem(data, name)
    with pytest.raises(KeyError, match=name):
        Section.from_dict(data)


# Peaks of the machine -----------------------------------------------------------------------------


def measured_on(peaks):
    timer = Timer(clock=lambda: 0)
    timer.add(SUM, 5, 0)
    timer.peaks = peaks
    return Timer.from_dict(timer.to_dict())


def test_peaks_are_saved_with_the_profile(tmp_path):
    measured_on({"float64": 7.0}).save(tmp_path / "run.json")
    assert Timer.load(tmp_path / "run.json").peaks == {"float64": 7.0}


def test_a_timer_has_no_peaks_until_they_are_set():
    assert Timer().peaks is None
    assert "peaks" not in Timer().to_dict()


@pytest.mark.parametrize(
    ("others", "expected"),
    [([7.0], 7.0), ([7.0, 7.0], 7.0), ([8.0], None), ([8.0, 7.0], None), ([7.0, 8.0, 7.0], None)],
)
def test_merged_profiles_have_peaks_if_they_are_of_one_machine(others, expected):
    merged = measured_on({"float64": 7.0}).merge(
        *(measured_on({"float64": other}) for other in others)
    )
    assert merged.peaks == (expected and {"float64": expected})


def test_an_empty_timer_takes_the_peaks_merged_into_it():
    assert Timer().merge(measured_on({"float64": 7.0})).peaks == {"float64": 7.0}


def test_merging_an_unknown_machine_removes_the_peaks():
    assert measured_on(None).merge(measured_on({"float64": 7.0})).peaks is None
    assert measured_on({"float64": 7.0}).merge(measured_on(None)).peaks is None


def test_a_reset_forgets_the_peaks():
    timer = Timer()
    timer.peaks = {"float64": 7.0}
    timer.reset()
    assert timer.peaks is None
