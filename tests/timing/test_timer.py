"""Timer: the table, sections, merging, saving and threads."""

import functools
import json
import threading

import numpy as np
import pytest
from support.hostile import hostile
from support.timers import tree

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
    """Return a clock that advances a millisecond at each look."""
    return functools.partial(next, iter(range(0, 10**12, 10**6)))


# The table ----------------------------------------------------------------------------------------


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


def test_tree_lines_continue_past_the_rows_of_earlier_sections(timer, spend):
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
def test_equal_sections_keep_the_order_of_first_calls(timer, spend, sortby):
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
            "unknown column 'calls'; choose ncalls, time, time_pct, time_par, time_avg, time_min, "
            "time_max, time_std, time_bar, alloc, alloc_pct, alloc_avg, alloc_bar, peak, live",
        ),
        (
            {"sortby": "calls"},
            "unknown order 'calls'; choose time, ncalls, alloc, peak, name, first",
        ),
    ],
)
def test_unknown_table_options_are_errors_with_the_choices(timer, options, message):
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


def test_the_table_of_the_real_clock_has_the_overhead():
    assert str(Timer()).splitlines()[-1].startswith(" Timer overhead: ")


def test_the_table_of_an_own_clock_has_no_overhead(timer, spend):
    spend("a", 1)
    assert "cost" not in str(timer)


@pytest.mark.parametrize(
    "derive",
    [Timer.flatten, lambda timer: Timer.from_dict(timer.to_dict())],
    ids=["flatten", "from_dict"],
)
def test_timers_made_from_an_own_clock_have_no_cost(timer, spend, derive):
    spend("a", 1)
    assert "cost" not in str(derive(timer))


# Sections -----------------------------------------------------------------------------------------


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
def test_views_and_other_objects_count_no_bytes(timer, result):
    timer.measure("view", lambda: result)
    assert timer["view"].nbytes == 0


@pytest.mark.parametrize("label", ["", None, 3, ["a"]])
def test_a_label_is_a_non_empty_string(timer, label):
    with pytest.raises(
        TypeError, match="expected a non-empty string as the label of a section, got "
    ):
        timer.section(label)


def test_an_unknown_section_is_an_error_with_the_choices(timer, spend):
    spend("a", 1)
    spend("b", 1)
    with pytest.raises(KeyError, match="unknown section 'c'; choose a, b"):
        timer["c"]


def test_a_section_is_in_the_timer_once_entered(timer, spend):
    assert "a" not in timer
    spend("a", 1)
    assert "a" in timer


def test_reset_discards_everything_and_restarts_the_clock(timer, spend, now):
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


def test_sections_after_a_reset_are_at_the_top(timer, now):
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


def test_repr_counts_all_sections_and_top_calls(busy):
    assert repr(busy) == "<Timer of 7 sections, 1002 calls>"


# Merging, flattening, saving ----------------------------------------------------------------------

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
        "version": 4,
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


def test_dict_round_trip_is_exact(busy):
    busy.add(SUM, 5, 8)
    data = busy.to_dict()
    assert Timer.from_dict(json.loads(json.dumps(data))).to_dict() == data


def test_a_saved_timer_loads_as_it_was(busy, tmp_path):
    busy.add(Record("sum", 1, 'a"\n</script>🙂.py', 7, "<lambda>", ("[bold]",)), 5, 8)
    busy.save(tmp_path / "run.json")
    assert Timer.load(tmp_path / "run.json").to_dict() == busy.to_dict()


def test_the_clock_of_a_loaded_timer_is_stopped(busy, now, tmp_path):
    busy.save(tmp_path / "run.json")
    loaded = Timer.load(str(tmp_path / "run.json"))
    now[0] += 10**9
    assert (loaded.total_ns, loaded.total_ns) == (16_000_000, 16_000_000)


def test_loading_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"run\.json"):
        Timer.load(tmp_path / "run.json")


VERSION_1 = '{"format": "autograd_tools.timer", "version": 1, "total_ns": 1'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ('{"format": "autograd_tools.timer", "versi', "is not complete JSON"),
        (
            '{"format": "autograd_tools.trace", "version": 1}',
            "is a saved trace, expected a saved profile",
        ),
        ("[1, 2]", "has no format, expected a saved profile"),
        (
            '{"format": "autograd_tools.timer", "version": 5}',
            "has version 5 .* reads up to 4; upgrade autograd_tools",
        ),
        ('{"format": "autograd_tools.timer"}', "has version None"),
        ('{"format": "autograd_tools.timer", "version": 1}', "is damaged: KeyError: 'total_ns'"),
        (f'{VERSION_1}, "sections": {{"a": 3}}, "records": []}}', "is damaged: TypeError"),
        (f'{VERSION_1}, "sections": [], "records": []}}', "is damaged: AttributeError"),
        (f'{VERSION_1}, "sections": {{}}, "records": [["sum"]]}}', "is damaged: ValueError"),
        (
            f'{VERSION_1}, "sections": {{}}, "records": [[3, 0, "", 1, "", [], 1, 1, 1]]}}',
            "is damaged: TypeError: expected a text, got 3",
        ),
        (
            f'{VERSION_1}, "section_cost_ns": 1e308, "sections": {{}}, "records": []}}',
            "is damaged: TypeError",
        ),
    ],
)
def test_other_files_are_refused_as_timers_with_the_reason(tmp_path, content, message):
    path = tmp_path / "run.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=rf"run\.json {message}"):
        Timer.load(path)


def test_saving_into_a_missing_folder_is_an_error(timer, tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        timer.save(tmp_path / "missing" / "run.json")


# Threads ------------------------------------------------------------------------------------------


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


def test_two_threads_in_one_block_stay_separate():
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


def test_sections_of_finished_threads_stay():
    timer = Timer(clock=lambda: 0)
    for _ in range(3):
        run_together(lambda: timer.measure("a", lambda: None))
    assert tree(timer.root) == {"a": (3, 0, {})}
