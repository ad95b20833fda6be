"""The timer: number formats, the table, sections, saving, threads, and the hooks that AUTOGRAD_TIMER turns on."""

import functools
import json
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from support.hostile import hostile

import autograd_tools as ag
from autograd_tools.base.formats import count_text, memory_text, percent_text, time_text
from autograd_tools.timing import Counts, Record, Section, Timer
from autograd_tools.timing.columns import COLUMNS
from autograd_tools.timing.rows import SORTS


@pytest.fixture
def busy(timer, now, spend):
    """A timer with three top sections, two of them nested, after 16 ms."""

    def parts():
        spend("parse", 1_500_000, 3072)
        spend("parse", 1_500_000, 3072)
        spend("read", 99_999)

    spend("load", 10_000, inside=parts)
    for _ in range(1000):
        spend("fit", 9_999, 464, inside=lambda: spend("step", 1, 1, inside=lambda: spend("dot", 1)))
    spend("write", 7)
    now[0] = 16_000_000
    return timer


def tick():
    """A clock that moves a millisecond at each look."""
    return functools.partial(next, iter(range(0, 10**12, 10**6)))


def tree(section):
    """Calls and nanoseconds of the sections below one, by label."""
    return {
        label: (child.ncalls, child.ns, tree(child)) for label, child in section.children.items()
    }


# Numbers ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "0.00ns"),
        (1, "1.00ns"),
        (9.94, "9.94ns"),
        (9.96, "10.0ns"),
        (99.4, "99.4ns"),
        (99.6, "100ns"),
        (999, "999ns"),
        (1000, "1.00μs"),
        (9999, "10.0μs"),
        (99999, "100μs"),
        (123_456, "123μs"),
        (9_999_999, "10.0ms"),
        (45_600_000, "45.6ms"),
        (1_000_000_000, "1.00s"),
        (59_900_000_000, "59.9s"),
        (60_000_000_000, "60.0s"),
        (3_599_000_000_000, "3599s"),
        (3_600_000_000_000, "1.00h"),
        (360_000_000_000_000, "100h"),
        (7_200_000_000_000_000, "2000h"),
    ],
)
def test_time_has_three_digits_and_no_minutes(ns, text):
    assert time_text(ns) == text


@pytest.mark.parametrize(
    ("nbytes", "text"),
    [
        (0, "∅"),
        (1, "1.00B"),
        (464, "464B"),
        (999, "999B"),
        (1000, "0.98KiB"),
        (1024, "1.00KiB"),
        (102_400, "100KiB"),
        (999_999, "977KiB"),
        (1000**2, "0.95MiB"),
        (1024**2, "1.00MiB"),
        (1000**3 - 1, "954MiB"),
        (1000**3, "0.93GiB"),
        (1024**3, "1.00GiB"),
        (1000**4, "0.91TiB"),
        (1000**5, "0.89PiB"),
        (1000**6, "0.87EiB"),
        (1000**7, "867EiB"),
    ],
)
def test_memory_changes_unit_at_a_power_of_1000_and_divides_by_one_of_1024(nbytes, text):
    assert memory_text(nbytes) == text


def test_memory_of_a_mean_has_no_four_digits():
    assert memory_text(999.7) == "0.98KiB"


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (0, 1, "0.0%"),
        (1, 3, "33.3%"),
        (2, 3, "66.7%"),
        (1, 1, "100.0%"),
        (3, 2, "150.0%"),
        (1, 10_000, "0.0%"),
        (0, 0, "-"),
    ],
)
def test_percent_has_one_decimal(part, whole, text):
    assert percent_text(part, whole) == text


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (0, "0"),
        (7, "7"),
        (999, "999"),
        (1000, "1.00k"),
        (12_345, "12.3k"),
        (240_123, "240k"),
        (1_000_000, "1.00M"),
        (1_063_063, "1.06M"),
        (1_000_000_000, "1.00B"),
        (123_456_789_012, "123B"),
    ],
)
def test_count_has_a_unit_from_a_thousand_on(n, text):
    assert count_text(n) == text


# The table ----------------------------------------------------------------------------------------------------------


def test_table_shows_calls_time_and_allocations_of_nested_sections(busy):
    assert str(busy).splitlines() == [
        "───────────────────────────────────────────────────────────────────────────────",
        "                                       Time                  Allocations",
        "                              ──────────────────────   ────────────────────────",
        " Tot / % measured:                16.0ms / 81.9%                453KiB",
        "",
        " Section             ncalls     time    %tot     avg     alloc    %tot      avg",
        "───────────────────────────────────────────────────────────────────────────────",
        " fit                  1.00k   10.0ms   76.3%  10.0μs    453KiB  100.0%     464B",
        " └─ step              1.00k   2.00μs    0.0%  2.00ns   0.98KiB    0.2%    1.00B",
        "    └─ dot            1.00k   1.00μs    0.0%  1.00ns         ∅    0.0%        ∅",
        " load                     1   3.11ms   23.7%  3.11ms         ∅    0.0%        ∅",
        " ├─ parse                 2   3.00ms   22.9%  1.50ms   6.00KiB    1.3%  3.00KiB",
        " └─ read                  1    100μs    0.8%   100μs         ∅    0.0%        ∅",
        " write                    1   7.00ns    0.0%  7.00ns         ∅    0.0%        ∅",
        "───────────────────────────────────────────────────────────────────────────────",
    ]


def test_table_of_an_empty_timer_has_no_rows(timer):
    assert str(timer).splitlines() == [
        "───────────────────────────────────────────────────────────────────────────────",
        "                                       Time                  Allocations",
        "                              ──────────────────────   ────────────────────────",
        " Tot / % measured:                  0.00ns / -                    ∅",
        "",
        " Section             ncalls     time    %tot     avg     alloc    %tot      avg",
        "───────────────────────────────────────────────────────────────────────────────",
        "───────────────────────────────────────────────────────────────────────────────",
    ]


def test_table_has_only_the_columns_asked_for_and_a_title(busy):
    assert busy.table(columns=["ncalls", "time"], title="Steps").splitlines()[:8] == [
        "────────────────────────────────────────────",
        " Steps                         Time",
        "                              ──────",
        " Tot / % measured:            16.0ms / 81.9%",
        "",
        " Section             ncalls     time",
        "────────────────────────────────────────────",
        " fit                  1.00k   10.0ms",
    ]


def test_guides_of_a_section_that_is_not_the_last_go_past_its_own_rows(timer, spend):
    spend(
        "a",
        1,
        inside=lambda: (
            spend("b", 2, inside=lambda: (spend("c", 1), spend("d", 1))),
            spend("e", 1),
        ),
    )
    assert [row[:8].rstrip() for row in timer.table(columns=["ncalls"]).splitlines()[7:-1]] == [
        " a",
        " ├─ b",
        " │  ├─ c",
        " │  └─ d",
        " └─ e",
    ]


@pytest.mark.parametrize(
    ("sortby", "labels"),
    [
        ("time", ["b", "c", "a"]),
        ("ncalls", ["c", "b", "a"]),
        ("alloc", ["a", "b", "c"]),
        ("name", ["a", "b", "c"]),
        ("first", ["b", "a", "c"]),
    ],
)
def test_rows_are_sorted_by(timer, spend, sortby, labels):
    spend("b", 30, 20)
    spend("a", 10, 30)
    for _ in range(2):
        spend("c", 10, 5)
    rows = timer.table(columns=["ncalls"], sortby=sortby).splitlines()[7:-1]
    assert [row.split()[0] for row in rows] == labels


@pytest.mark.parametrize("sortby", list(SORTS))
def test_sections_of_equal_rank_stay_in_the_order_of_their_first_call(timer, spend, sortby):
    for label in ("one", "ones"):
        spend(label, 1)
    assert [
        row.split()[0] for row in timer.table(columns=["ncalls"], sortby=sortby).splitlines()[7:-1]
    ] == ["one", "ones"]


def test_nested_sections_are_sorted_at_each_level(timer, spend):
    spend("top", 0, inside=lambda: (spend("short", 1), spend("long", 2)))
    assert [row.split()[-2] for row in timer.table(columns=["ncalls"]).splitlines()[8:-1]] == [
        "long",
        "short",
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"columns": ["ncalls", "calls"]},
            "unknown column 'calls'; choose ncalls, time, time_pct, time_par, time_avg, time_min, time_max, time_std, time_bar, "
            "alloc, alloc_pct, alloc_avg, alloc_bar, peak, live",
        ),
        (
            {"sortby": "calls"},
            "unknown order 'calls'; choose time, ncalls, alloc, peak, name, first",
        ),
    ],
)
def test_what_the_table_does_not_know_is_an_error_that_lists_what_it_knows(timer, options, message):
    with pytest.raises(ValueError) as error:
        timer.table(**options)
    assert str(error.value) == message


@pytest.mark.parametrize("column", list(COLUMNS))
def test_every_column_can_stand_alone(busy, column):
    assert busy.table(columns=[column]).splitlines()[5].split() == [
        "Section",
        COLUMNS[column].header,
    ]


def test_a_section_without_calls_has_no_mean(timer):
    timer.merge(
        Timer.from_dict({"total_ns": 0, "sections": {"open": Section().to_dict()}, "records": []})
    )
    assert timer.table().splitlines()[7].split() == ["open", "0", "0.00ns", "-", "-", "∅", "-", "-"]


@hostile()
def test_a_label_stays_on_its_line(timer, spend, name, shown):
    spend(name, 1)
    assert timer.table(columns=["ncalls"]).splitlines()[7].split("  ")[0] == f" {shown}"


def test_the_table_of_a_timer_on_the_real_clock_tells_the_timers_own_cost():
    assert str(Timer()).splitlines()[-1].startswith(" Timer overhead: ")


def test_the_table_of_a_timer_with_a_clock_of_its_own_says_nothing_of_cost(timer, spend):
    spend("a", 1)
    assert "cost" not in str(timer)


@pytest.mark.parametrize(
    "derive",
    [Timer.flatten, lambda timer: Timer.from_dict(timer.to_dict())],
    ids=["flatten", "from_dict"],
)
def test_what_is_made_of_a_timer_with_a_clock_of_its_own_says_nothing_of_cost(timer, spend, derive):
    spend("a", 1)
    assert "cost" not in str(derive(timer))


# Sections -----------------------------------------------------------------------------------------------------------


def test_a_block_is_a_section(timer, now):
    with timer.section("load"):
        now[0] += 5
    assert tree(timer.root) == {"load": (1, 5, {})}


def test_a_decorated_function_is_a_section(timer, now):
    @timer.section("load")
    def load(step):
        now[0] += step

    load(5)
    load(step=7)
    assert tree(timer.root) == {"load": (2, 12, {})}


def test_a_decorated_function_keeps_its_name_and_its_result(timer):
    @timer.section("load")
    def load():
        """Load it."""
        return 42

    assert (load.__name__, load.__doc__, load()) == ("load", "Load it.", 42)


@pytest.mark.parametrize("name", ["label", "function", "self", "args"])
def test_a_decorated_function_may_have_a_parameter_called(timer, name):
    assert timer.section("load")(lambda **options: options)(**{name: 1}) == {name: 1}


def test_sections_nest(timer, spend):
    spend("a", 1, inside=lambda: spend("b", 2, inside=lambda: spend("c", 3)))
    spend("b", 4)
    assert tree(timer.root) == {"a": (1, 6, {"b": (1, 5, {"c": (1, 3, {})})}), "b": (1, 4, {})}


def test_a_section_inside_itself_nests(timer, spend):
    spend("a", 1, inside=lambda: spend("a", 2))
    assert tree(timer.root) == {"a": (1, 3, {"a": (1, 2, {})})}


def test_a_block_may_be_entered_again_inside_itself(timer, now):
    block = timer.section("a")
    with block, block:
        now[0] += 1
    assert tree(timer.root) == {"a": (1, 1, {"a": (1, 1, {})})}


def test_a_decorated_function_may_call_itself(timer, now):
    @timer.section("down")
    def down(n):
        now[0] += 1
        if n:
            down(n - 1)

    down(2)
    assert tree(timer.root) == {"down": (1, 3, {"down": (1, 2, {"down": (1, 1, {})})})}


def test_an_exception_in_a_block_still_counts(timer, now):
    def fail():
        with timer.section("a"), timer.section("b"):
            now[0] += 3
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert tree(timer.root) == {"a": (1, 3, {"b": (1, 3, {})})}


def test_an_exception_in_a_decorated_function_still_counts(timer):
    with pytest.raises(ZeroDivisionError):
        timer.section("a")(lambda: 1 // 0)()
    assert tree(timer.root) == {"a": (1, 0, {})}


def fail_in_a_block(timer):
    with timer.section("b"):
        return 1 // 0


def fail_in_a_function(timer):
    return timer.measure("b", lambda: 1 // 0)


@pytest.mark.parametrize("fail", [fail_in_a_block, fail_in_a_function])
def test_after_an_exception_the_section_around_is_open_again(timer, fail):
    with timer.section("a"):
        with pytest.raises(ZeroDivisionError):
            fail(timer)
        with timer.section("c"):
            pass
    assert tree(timer.root) == {"a": (1, 0, {"b": (1, 0, {}), "c": (1, 0, {})})}


def test_measure_returns_what_the_function_returns_and_counts_its_bytes(timer):
    assert timer.measure("zeros", np.zeros, (2, 3)).tolist() == [[0, 0, 0], [0, 0, 0]]
    assert timer["zeros"].nbytes == 48


@pytest.mark.parametrize("result", [np.zeros(8)[::2], np.zeros((2, 3)).T, 1.0, None, [np.zeros(3)]])
def test_a_view_or_what_is_no_array_counts_no_bytes(timer, result):
    timer.measure("view", lambda: result)
    assert timer["view"].nbytes == 0


@pytest.mark.parametrize("label", ["", None, 3, ["a"]])
def test_a_label_is_a_non_empty_string(timer, label):
    with pytest.raises(
        TypeError, match="expected a non-empty string as the label of a section, got "
    ):
        timer.section(label)


def test_a_missing_section_is_an_error_that_lists_those_there(timer, spend):
    spend("a", 1)
    spend("b", 1)
    with pytest.raises(KeyError, match="unknown section 'c'; choose a, b"):
        timer["c"]


def test_a_section_is_in_the_timer_once_entered(timer, spend):
    assert "a" not in timer
    spend("a", 1)
    assert "a" in timer


def test_reset_forgets_all_and_starts_the_clock_again(timer, spend, now):
    spend("a", 5)
    timer.add(Record("sum", 0, "", 0, "", ()), 5, 0)
    timer.reset()
    now[0] += 3
    assert (tree(timer.root), timer.records, timer.total_ns) == ({}, {}, 3)


def test_reset_inside_sections_counts_only_what_starts_later(timer, now):
    with timer.section("open"):
        now[0] += 5
        timer.reset()
        now[0] += 2
        with timer.section("later"):
            now[0] += 1
    assert (tree(timer.root), timer.total_ns) == ({"later": (1, 1, {})}, 3)


def test_reset_inside_a_measured_function_counts_only_what_starts_later(timer, spend):
    spend("open", 5, inside=lambda: (timer.reset(), spend("later", 1)))
    assert tree(timer.root) == {"later": (1, 1, {})}


def test_after_a_reset_inside_a_section_new_sections_are_at_the_top(timer, now):
    with timer.section("open"):
        timer.reset()
    with timer.section("next"):
        now[0] += 1
    assert tree(timer.root) == {"next": (1, 1, {})}


def test_children_never_take_longer_than_their_parent():
    timer = Timer(clock=tick())

    def nest(depth):
        for label in "ab"[:depth]:
            with timer.section(label):
                nest(depth - 1)
                timer.measure("leaf", lambda: None)

    nest(4)
    parents = [section for _, section in timer.root.walk() if section.children]
    assert len(parents) == 22
    assert all(
        sum(child.ns for child in section.children.values()) < section.ns for section in parents
    )


def test_repr_counts_sections_and_the_calls_of_the_top_ones(busy):
    assert repr(busy) == "<Timer of 7 sections, 1002 calls>"


# Merging, flattening, saving ----------------------------------------------------------------------------------------

SUM = Record("sum", 0, "model.py", 7, "loss", ("loss",))
SUM_1 = Record("sum", 1, "model.py", 7, "loss", ("loss",), "backward")


def small(ns):
    """A stopped timer with a section in a section and two records."""
    section = {"ncalls": 1, "ns": ns, "nbytes": 8, "children": {}}
    return Timer.from_dict(
        {
            "total_ns": 10 * ns,
            "sections": {
                "a": {"ncalls": 2, "ns": 3 * ns, "nbytes": 0, "children": {"b": section}},
                "b": section,
            },
            "records": [
                ["sum", 0, "model.py", 7, "loss", ["loss"], 1, ns, 8],
                ["sum", 1, "model.py", 7, "loss", ["loss"], 1, ns, 0],
            ],
        }
    )


def test_merge_adds_up_by_label():
    merged = small(1).merge(small(10), small(100))
    assert tree(merged.root) == {"a": (6, 333, {"b": (3, 111, {})}), "b": (3, 111, {})}


def test_merge_adds_up_records_bytes_and_total():
    merged = small(1).merge(small(10))
    assert (merged.records, merged.root.children["b"].nbytes, merged.total_ns) == (
        {SUM: Counts(2, 11, 16), SUM_1: Counts(2, 11, 0)},
        16,
        110,
    )


def test_merge_returns_the_timer_and_leaves_the_others_alone():
    one, other = small(1), small(10)
    before = other.to_dict()
    assert one.merge(other) is one
    one.merge(small(100))
    assert other.to_dict() == before


def test_merge_with_itself_doubles():
    timer = small(1)
    timer.merge(timer)
    assert (timer["a"].ns, timer.records[SUM], timer.total_ns) == (6, Counts(2, 2, 16), 20)


def test_a_merged_timer_goes_on(timer, spend):
    timer.merge(small(1))
    spend("b", 5)
    assert tree(timer.root)["b"] == (2, 6, {})


def test_flatten_adds_up_labels_of_all_levels():
    assert tree(small(1).flatten().root) == {"a": (2, 3, {}), "b": (2, 2, {})}


def test_flatten_keeps_total_and_records_and_leaves_the_timer_alone(timer, spend, now):
    spend("a", 1, inside=lambda: spend("a", 2))
    timer.add(SUM, 3, 0)
    now[0] += 4
    flat = timer.flatten()
    assert (flat.total_ns, flat.records) == (7, {SUM: Counts(1, 3, 0, 1)})
    assert tree(timer.root) == {"a": (1, 3, {"a": (1, 2, {})})}


def test_a_flattened_timer_measured_as_much_as_before(busy):
    measured = " Tot / % measured:                16.0ms / 81.9%                453KiB"
    assert (str(busy).splitlines()[3], str(busy.flatten()).splitlines()[3]) == (measured, measured)


def test_dict_is_plain_data_in_integers():
    assert small(1).to_dict() == {
        "format": "autograd_tools.timer",
        "version": 3,
        "total_ns": 10,
        "section_cost_ns": 0,
        "threads": 1,
        "steps": 0,
        "counted_twice": [0, 0],
        "sections": {
            "a": {
                "ncalls": 2,
                "ns": 3,
                "nbytes": 0,
                "children": {"b": {"ncalls": 1, "ns": 1, "nbytes": 8, "children": {}}},
            },
            "b": {"ncalls": 1, "ns": 1, "nbytes": 8, "children": {}},
        },
        "records": [
            ["sum", 0, "model.py", 7, "loss", ["loss"], "forward", [], 1, 1, 8, 0, 0, []],
            ["sum", 1, "model.py", 7, "loss", ["loss"], "backward", [], 1, 1, 0, 0, 0, []],
        ],
    }


def test_dict_there_and_back_is_the_same(busy):
    busy.add(SUM, 5, 8)
    data = busy.to_dict()
    assert Timer.from_dict(json.loads(json.dumps(data))).to_dict() == data


def test_a_saved_timer_loads_as_it_was(busy, tmp_path):
    busy.add(Record("sum", 1, 'a"\n</script>🙂.py', 7, "<lambda>", ("[bold]",)), 5, 8)
    busy.save(tmp_path / "run.json")
    assert Timer.load(tmp_path / "run.json").to_dict() == busy.to_dict()


def test_a_loaded_timer_stands_still(busy, now, tmp_path):
    busy.save(tmp_path / "run.json")
    loaded = Timer.load(str(tmp_path / "run.json"))
    now[0] += 10**9
    assert (loaded.total_ns, loaded.total_ns) == (16_000_000, 16_000_000)


def test_loading_what_is_not_there_says_so(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"run\.json"):
        Timer.load(tmp_path / "run.json")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is not complete JSON"),
        ('{"format": "autograd_tools.timer", "versi', "is not complete JSON"),
        (
            '{"format": "autograd_tools.trace", "version": 1}',
            "has the format 'autograd_tools.trace', expected 'autograd_tools.timer'",
        ),
        ("[1, 2]", "has the format None, expected 'autograd_tools.timer'"),
        (
            '{"format": "autograd_tools.timer", "version": 4}',
            "has version 4 .* reads up to 3; upgrade autograd_tools",
        ),
        ('{"format": "autograd_tools.timer"}', "has version None"),
        ('{"format": "autograd_tools.timer", "version": 1}', "is damaged: KeyError: 'total_ns'"),
        (
            '{"format": "autograd_tools.timer", "version": 1, "total_ns": 1, "sections": {"a": 3}, "records": []}',
            "is damaged: TypeError",
        ),
        (
            '{"format": "autograd_tools.timer", "version": 1, "total_ns": 1, "sections": [], "records": []}',
            "is damaged: AttributeError",
        ),
        (
            '{"format": "autograd_tools.timer", "version": 1, "total_ns": 1, "sections": {}, "records": [["sum"]]}',
            "is damaged: ValueError",
        ),
        (
            '{"format": "autograd_tools.timer", "version": 1, "total_ns": 1, "sections": {}, "records": [[3, 0, "", 1, "", [], 1, 1, 1]]}',
            "is damaged: TypeError: expected a text, got 3",
        ),
        (
            '{"format": "autograd_tools.timer", "version": 1, "total_ns": 1, "section_cost_ns": 1e308, "sections": {}, "records": []}',
            "is damaged: TypeError",
        ),
    ],
)
def test_a_file_that_is_no_saved_timer_is_refused_with_the_reason(tmp_path, content, message):
    path = tmp_path / "run.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=rf"run\.json {message}"):
        Timer.load(path)


def test_saving_into_a_missing_folder_says_so(timer, tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        timer.save(tmp_path / "missing" / "run.json")


# Threads ------------------------------------------------------------------------------------------------------------


def run_together(*functions):
    threads = [threading.Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads)


def test_sections_of_two_threads_add_up():
    timer = Timer(clock=lambda: 0)

    def work():
        for _ in range(500):
            with timer.section("a"):
                timer.measure("b", lambda: None)

    run_together(work, work)
    assert tree(timer.root) == {"a": (1000, 0, {"b": (1000, 0, {})})}


def test_records_of_two_threads_add_up():
    timer = Timer(clock=lambda: 0)
    run_together(*[lambda: [timer.add(SUM, 2, 3) for _ in range(500)]] * 2)
    assert timer.records == {SUM: Counts(1000, 2000, 3000, 2)}


def test_sections_open_in_two_threads_at_once_do_not_nest():
    timer, both_open, one_closed = (
        Timer(clock=lambda: 0),
        threading.Barrier(2, timeout=60),
        threading.Event(),
    )

    def first():
        with timer.section("first"):
            both_open.wait()
        one_closed.set()

    def second():
        with timer.section("second"):
            both_open.wait()
            one_closed.wait(timeout=60)
            timer.measure("inside", lambda: None)

    run_together(first, second)
    assert tree(timer.root) in [
        {"first": (1, 0, {}), "second": (1, 0, {"inside": (1, 0, {})})},
        {"second": (1, 0, {"inside": (1, 0, {})}), "first": (1, 0, {})},
    ]


def test_one_block_used_by_two_threads_at_once_keeps_them_apart():
    timer, open_in_first, open_in_both, one_closed = (
        Timer(clock=lambda: 0),
        threading.Event(),
        threading.Event(),
        threading.Event(),
    )
    shared = timer.section("shared")

    def first():
        with timer.section("first"):
            with shared:
                open_in_first.set()
                open_in_both.wait(timeout=60)
            one_closed.set()

    def second():
        with timer.section("second"):
            open_in_first.wait(timeout=60)
            with shared:
                open_in_both.set()
                one_closed.wait(timeout=60)
                timer.measure("inside", lambda: None)

    run_together(first, second)
    assert tree(timer.root) == {
        "first": (1, 0, {"shared": (1, 0, {})}),
        "second": (1, 0, {"shared": (1, 0, {"inside": (1, 0, {})})}),
    }


def test_a_decorated_function_runs_in_two_threads_at_once():
    timer, both_open = Timer(clock=lambda: 0), threading.Barrier(2, timeout=60)
    meet = timer.section("meet")(both_open.wait)
    run_together(meet, meet)
    assert tree(timer.root) == {"meet": (2, 0, {})}


def test_the_sections_of_a_thread_that_ended_stay():
    timer = Timer(clock=lambda: 0)
    for _ in range(3):
        run_together(lambda: timer.measure("a", lambda: None))
    assert tree(timer.root) == {"a": (3, 0, {})}


# AUTOGRAD_TIMER -----------------------------------------------------------------------------------------------------

HOOKS = ["time_forward", "time_note"]

README = """
import json, os, sys
import numpy as np, autograd_tools as ag
from autograd_tools.timing import instrument

def step(*args, **kwargs): ...

w, b = ag.Param(np.ones((2, 3))), ag.Param(np.ones((2, 1)))
x, y = np.ones((3, 4)), np.ones((2, 4))
files = set()
sys.setprofile(lambda frame, event, arg: files.add(frame.f_code.co_filename))
J = ag.diff(lambda: np.sum((w @ x + b - y) ** 2))
sys.setprofile(None)
root = ag.timer.root
print(json.dumps({
    "same": ["time_forward"] * (instrument.time_forward(step, "step") is step) + ["time_note"] * (instrument.time_note(step, J) is step),
    "timed": any(os.path.dirname(file) == os.path.dirname(instrument.__file__) for file in files),
    "calls": {label: section.ncalls for label, section in root.children.items()},
    "nested": [label for section in root.children.values() for label in section.children],
    "bytes": {label: section.nbytes for label, section in root.children.items() if section.nbytes},
    "records": [[r.op, r.argument, r.function, *r.scope] for r in ag.timer.records if r.phase in ("forward", "backward")],
    "times": [sorted(node.times) for node in J.nodes],
    "longest": max(section.ns for section in root.children.values()) if root.children else 0,
    "total": ag.timer.total_ns,
}))
"""


def run_python(code, **environment):
    """The JSON that a program prints, run by Python in a process of its own."""
    plain = {name: text for name, text in os.environ.items() if name != "AUTOGRAD_TIMER"}
    command = [sys.executable, "-W", "error", "-X", "utf8", "-c", code]
    process = subprocess.run(
        command,
        env={**plain, **environment},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert process.stderr == ""
    return json.loads(process.stdout)


@functools.cache
def readme_model(setting):
    return run_python(README, **({} if setting is None else {"AUTOGRAD_TIMER": setting}))


OFF = [None, "", " ", "0", "false", "False", "no", "OFF"]
ON = ["1", "true", "yes", "on"]


@pytest.mark.slow
@pytest.mark.parametrize("setting", OFF)
def test_hooks_hand_functions_back_as_they_are_when_the_timer_is_off(setting):
    assert sorted(readme_model(setting)["same"]) == sorted(HOOKS)


@pytest.mark.slow
@pytest.mark.parametrize("setting", OFF)
def test_no_code_of_the_timer_runs_when_it_is_off(setting):
    found = readme_model(setting)
    assert (found["timed"], found["calls"], found["records"]) == (False, {}, [])


@pytest.mark.slow
@pytest.mark.parametrize("setting", ON)
def test_hooks_wrap_functions_when_the_timer_is_on(setting):
    assert readme_model(setting)["same"] == []
    assert readme_model(setting)["timed"]


@pytest.mark.slow
@pytest.mark.parametrize("setting", ON)
def test_the_readme_model_yields_a_section_for_each_operation_and_argument(setting):
    assert readme_model(setting)["calls"] == {
        "matmul": 1,
        "record": 5,
        "add": 1,
        "subtract": 1,
        "power": 1,
        "sum": 1,
        "sum[1]": 1,
        "sum_outgrads": 6,
        "power[1]": 1,
        "subtract[1]": 1,
        "add[1]": 1,
        "add[2]": 1,
        "matmul[1]": 1,
    }


@pytest.mark.slow
def test_sections_of_the_readme_model_do_not_nest():
    assert readme_model("1")["nested"] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("label", "nbytes"),
    [
        ("matmul", 64),
        ("add", 64),
        ("subtract", 64),
        ("power", 64),
        ("matmul[1]", 48),
        ("add[2]", 16),
    ],
)
def test_sections_of_the_readme_model_count_the_arrays_they_made(label, nbytes):
    assert readme_model("1")["bytes"][label] == nbytes


@pytest.mark.slow
def test_records_of_the_readme_model_are_by_operation_argument_and_place():
    assert readme_model("1")["records"] == [
        ["matmul", 0, "<lambda>"],
        ["add", 0, "<lambda>"],
        ["subtract", 0, "<lambda>"],
        ["power", 0, "<lambda>"],
        ["sum", 0, "<lambda>"],
        ["sum", 1, "<lambda>"],
        ["power", 1, "<lambda>"],
        ["subtract", 1, "<lambda>"],
        ["add", 1, "<lambda>"],
        ["add", 2, "<lambda>"],
        ["matmul", 1, "<lambda>"],
    ]


@pytest.mark.slow
def test_nodes_of_the_readme_model_have_times_by_argument():
    assert readme_model("1")["times"] == [[], [0, 1], [], [0, 1, 2], [0, 1], [0, 1], [0, 1]]


@pytest.mark.slow
def test_no_section_of_the_readme_model_takes_longer_than_all():
    assert 0 < readme_model("1")["longest"] < readme_model("1")["total"]


PRINT_TREE = """
import json
def tree(section):
    return {label: [child.ncalls, tree(child)] for label, child in section.children.items()}
print(json.dumps(tree(ag.timer.root)))
"""


@pytest.mark.slow
def test_what_a_rule_calls_on_tracked_values_nests_under_it():
    assert run_python(
        f"import numpy as np, autograd_tools as ag\nag.grad(ag.grad(np.sin))(1.0)\n{PRINT_TREE}",
        AUTOGRAD_TIMER="1",
    ) == {
        "sin": [1, {}],
        "record": [2, {}],
        "sin[1]": [1, {"cos": [1, {}], "record": [2, {}], "multiply": [1, {}]}],
        "sum_outgrads": [3, {}],
        "multiply[2]": [1, {}],
        "cos[1]": [1, {}],
    }


@pytest.mark.slow
def test_adding_up_tracked_gradients_nests_under_sum_outgrads():
    code = (
        "import autograd_tools as ag\nag.grad(lambda x: ag.grad(lambda y: x * y * y)(2.0))(1.0)\n"
        + PRINT_TREE
    )
    assert run_python(code, AUTOGRAD_TIMER="1")["sum_outgrads"] == [
        8,
        {"add": [1, {}], "record": [1, {}]},
    ]


@pytest.mark.slow
def test_functions_outside_the_main_namespace_are_named_as_numpy_names_them():
    code = (
        "import numpy as np, autograd_tools as ag\nag.grad(lambda a: np.linalg.det(a))(np.eye(2))\n"
        + PRINT_TREE
    )
    calls = run_python(code, AUTOGRAD_TIMER="1")
    assert (calls["linalg.det"], calls["linalg.det[1]"][0]) == ([1, {}], 1)


@pytest.mark.slow
def test_an_operation_that_raises_leaves_the_timer_as_it_was():
    code = """
import numpy as np, autograd_tools as ag
w = ag.Param(np.ones((2, 3)))
try:
    ag.diff(lambda: np.sum(w @ w))
except ValueError:
    ag.diff(lambda: np.sum(w))
"""
    calls = run_python(code + PRINT_TREE, AUTOGRAD_TIMER="1")
    assert calls == {
        "matmul": [1, {}],
        "sum": [1, {}],
        "record": [1, {}],
        "sum[1]": [1, {}],
        "sum_outgrads": [1, {}],
    }


@pytest.mark.slow
def test_a_section_of_the_users_holds_the_operations_in_it():
    code = (
        "import numpy as np, autograd_tools as ag\nwith ag.timer.section('mine'):\n    ag.grad(np.sin)(1.0)\n"
        + PRINT_TREE
    )
    assert run_python(code, AUTOGRAD_TIMER="1") == {
        "mine": [1, {"sin": [1, {}], "record": [1, {}], "sin[1]": [1, {}], "sum_outgrads": [1, {}]}]
    }


@pytest.mark.slow
def test_operations_on_plain_values_of_params_are_timed_forward_only():
    code = "import numpy as np, autograd_tools as ag\nag.Param(np.ones(3)) * 2\n" + PRINT_TREE
    assert run_python(code, AUTOGRAD_TIMER="1") == {"multiply": [1, {}]}


@pytest.mark.slow
def test_reset_timer_forgets_what_ag_timer_measured():
    code = (
        "import numpy as np, autograd_tools as ag\nag.grad(np.sin)(1.0)\nag.reset_timer()\n"
        + PRINT_TREE
    )
    assert run_python(code, AUTOGRAD_TIMER="1") == {}


@pytest.mark.slow
def test_timing_does_not_change_a_gradient():
    code = """
import json
import numpy as np, autograd_tools as ag
print(json.dumps([ag.grad(lambda x: np.sum(np.tanh(x) ** 3))(np.array([0.5, -1.0])).tolist(), ag.grad(ag.grad(np.exp))(0.0)]))
"""
    assert run_python(code, AUTOGRAD_TIMER="1") == run_python(code)


def test_ag_timer_is_a_timer():
    assert isinstance(ag.timer, ag.Timer)
    assert ag.Timer is Timer
