"""Timelines: files for Perfetto and speedscope, and stacks for flame graphs."""

import json
from itertools import count

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.hostile import each_hostile_name
from support.timelines import check_chrome, check_collapsed, check_firefox, check_speedscope

from autograd_tools import Timer
from autograd_tools.location.call_site import CallSite, PathEntry
from autograd_tools.location.call_tree import KINDS
from autograd_tools.timing import Record
from autograd_tools.timing.log import ADDS, CLOSE, NODE, RECORDED, code_of, mark
from autograd_tools.timing.records import Called, operands_of, signature
from viewer import to_chrome_trace, to_collapsed, to_firefox, to_speedscope

SIN, SIN_1, MUL, MUL_1, MUL_2 = (
    code_of("sin", "sin", 0),
    code_of("sin[1]", "sin", 1),
    code_of("mul", "mul", 0),
    code_of("mul[1]", "mul", 1),
    code_of("mul[2]", "mul", 2),
)
EPOCH = code_of("epoch")
LINE = CallSite("model.py", 7, "layer", PathEntry(PathEntry(None, 1, "loss"), 2, "layer"))
FIRST = 5 << 32  # the number in a log of the first node of a recording


@pytest.fixture
def timer():
    timer = Timer(clock=lambda: 0)
    timer.keep_events()
    return timer


@pytest.fixture
def product(timer):
    """A timer of a product, and both of its gradients, in the section `epoch`."""
    timer.local.log += (
        *mark(EPOCH, 0, 0),
        *(-MUL, None, 80, 1_000, 2_500, RECORDED, LINE, FIRST + 2, 3_000, 3_000),
        *(NODE, None, FIRST + 2, 4_000, 4_000, -MUL_1, LINE, 80, 4_000, 6_000),
        *(NODE, None, FIRST + 2, 7_000, 7_000, -MUL_2, LINE, 80, 7_000, 9_001),
        *mark(ADDS, -1, 9_500),
        *mark(CLOSE, 0, 10_000),
    )
    return timer


def slices(text, *, scopes=False):
    """Return the track, name, start and length of each call, or of each place, in a trace."""
    found = check_chrome(text)
    names = {e["tid"]: e["args"]["name"] for e in found["M"] if e["name"] == "thread_name"}
    chosen = [e for e in found["X"] if (e["cat"] in KINDS) == scopes]
    return [(names[e["tid"]], e["name"], e["ts"], e["dur"]) for e in chosen]


# Chrome -------------------------------------------------------------------------------------------


def test_a_trace_has_a_track_forward_and_one_backward(product):
    assert slices(to_chrome_trace(product)) == [
        ("thread 1 forward", "epoch", 0, 10_000),
        ("thread 1 forward", "mul", 1_000, 1_500),
        ("thread 1 forward", "record", 2_501, 499),
        ("thread 1 backward", "mul[1]", 4_000, 2_000),
        ("thread 1 backward", "sum_outgrads", 6_001, 999),
        ("thread 1 backward", "mul[2]", 7_001, 2_000),
        ("thread 1 backward", "sum_outgrads", 9_002, 498),
    ]


def test_functions_are_around_their_operations(product):
    text = to_chrome_trace(product)
    assert slices(text, scopes=True) == [
        ("thread 1 forward", "loss", 998, 2_004),
        ("thread 1 forward", "layer", 999, 2_002),
        ("thread 1 backward", "loss", 3_998, 5_504),
        ("thread 1 backward", "layer", 3_999, 5_502),
    ]
    (profile,) = check_speedscope(to_speedscope(product))["profiles"]
    frames = json.loads(to_speedscope(product))["shared"]["frames"]
    opened = [frames[e["frame"]]["name"] for e in profile["events"] if e["type"] == "O"]
    assert opened[:4] == ["epoch", "loss", "layer", "mul"]


def test_calls_of_other_functions_are_in_other_slices(timer):
    def site(**numbers):
        path = None
        for name, number in numbers.items():
            path = PathEntry(path, number, name)
        return CallSite("model.py", 7, name, path)

    b, again, c, a = site(a=1, b=2), site(a=1, b=4), site(a=1, c=3), site(a=1)
    for start, line in ((10, b), (20, b), (30, c), (40, a), (50, again), (60, site(a=1, b=5))):
        end = start + 2
        timer.local.log += (-SIN, None, 8, start, end, RECORDED, line, FIRST, start + 4, start + 4)
    text = to_chrome_trace(timer)
    found = [name for _, name, _, _ in slices(text, scopes=True)]
    assert found == ["a", "b", "c", "b", "b"]


def test_the_file_is_this_to_the_byte(timer):
    timer.local.log += (-SIN, None, 8, 1_000, 2_500, RECORDED, LINE, FIRST, 3_000, 3_000)
    timer.local.log += (NODE, None, FIRST, 4_000, 4_000, -SIN_1, LINE, ~16, 4_000, 6_001)
    assert to_chrome_trace(timer).splitlines() == [
        '{"traceEvents":[',
        '{"ph":"M","name":"process_name","pid":1,"tid":0,"args":{"name":"autograd_tools: all '
        '3 calls"}},',
        '{"ph":"M","name":"thread_name","pid":1,"tid":11,"args":{"name":"thread 1 forward"}},',
        '{"ph":"M","name":"thread_sort_index","pid":1,"tid":11,"args":{"sort_index":11}},',
        '{"ph":"M","name":"thread_name","pid":1,"tid":12,"args":{"name":"thread 1 backward"}},',
        '{"ph":"M","name":"thread_sort_index","pid":1,"tid":12,"args":{"sort_index":12}},',
        '{"ph":"X","name":"loss","cat":"scope","pid":1,"tid":11,"ts":0.998,"dur":2.004,"args":{}},',
        '{"ph":"X","name":"layer","cat":"scope","pid":1,"tid":11,"ts":0.999,"dur":2.002,"args":{}},',
        '{"ph":"X","name":"sin","cat":"forward","pid":1,"tid":11,"ts":1.000,"dur":1.500,'
        '"args":{"line":"model.py:7","function":"layer",'
        '"scope":"loss / layer","recording":1,"node":1,"bytes":8}},',
        '{"ph":"s","id":1,"name":"gradient","cat":"gradient","pid":1,"tid":11,"ts":1.000},',
        '{"ph":"X","name":"record","cat":"forward","pid":1,"tid":11,"ts":2.501,"dur":0.499,'
        '"args":{"line":"model.py:7","function":"layer",'
        '"scope":"loss / layer","recording":1,"node":1,"bytes":0}},',
        '{"ph":"X","name":"loss","cat":"scope","pid":1,"tid":12,"ts":3.998,"dur":2.005,"args":{}},',
        '{"ph":"X","name":"layer","cat":"scope","pid":1,"tid":12,"ts":3.999,"dur":2.003,"args":{}},',
        '{"ph":"X","name":"sin[1]","cat":"backward","pid":1,"tid":12,"ts":4.000,"dur":2.001,'
        '"args":{"line":"model.py:7","function":"layer",'
        '"scope":"loss / layer","recording":1,"node":1,"bytes":16}},',
        '{"ph":"f","bp":"e","id":1,"name":"gradient","cat":"gradient","pid":1,"tid":12,'
        '"ts":4.000},',
        '{"ph":"C","name":"NumPy","pid":1,"ts":2.500,"args":{"bytes allocated by operations":8}},',
        '{"ph":"C","name":"NumPy","pid":1,"ts":6.001,"args":{"bytes allocated by operations":24}}',
        '],"displayTimeUnit":"ns","otherData":{"calls measured": 3, "calls shown": 3, "calls '
        'beyond the limit of events": 0}}',
    ]


def test_arrows_lead_from_operations_to_their_gradients(product):
    found = check_chrome(to_chrome_trace(product))
    ends = {e["id"]: e["ts"] for e in found["f"]}
    assert [(e["ts"], ends[e["id"]]) for e in found["s"]] == [(1_000, 4_000), (1_000, 7_001)]


def test_known_operands_of_a_call_are_shown(timer):
    found = operands_of(signature((np.ones((2, 3)).T, np.ones(()), 2.0, "ij", 1.0)))
    timer.local.log += (-SIN, Called(found), 8, 1, 2)
    (call,) = check_chrome(to_chrome_trace(timer))["X"]
    assert call["args"] == {"call": "(float64[3,2] F, float64[], float, 'ij') -> float", "bytes": 8}


def test_an_operation_in_a_gradient_is_on_its_track(timer):
    timer.local.log += (*mark(SIN_1, 0, 10, LINE), -MUL, None, 0, 20, 40, *mark(CLOSE, 0, 99))
    assert slices(to_chrome_trace(timer)) == [
        ("thread 1 backward", "sin[1]", 10, 89),
        ("thread 1 backward", "mul", 20, 20),
    ]


def test_an_operation_on_two_recordings_has_arrows_to_both(timer):
    other = FIRST + (1 << 32)
    timer.share_places(other >> 32, FIRST >> 32)
    timer.local.log += (
        -SIN,
        None,
        8,
        3,
        4,
        RECORDED,
        LINE,
        FIRST,
        5,
        5,
        RECORDED,
        LINE,
        other,
        6,
        6,
    )
    for node, start in ((other, 15), (FIRST, 18)):
        timer.local.log += (NODE, None, node, start, start, -SIN_1, LINE, ~16, start, start + 2)
    found = check_chrome(to_chrome_trace(timer))
    assert [e["ts"] for e in found["s"]] == [3, 3]
    assert [e["ts"] for e in found["f"]] == [15, 18]


def test_a_record_after_another_section_has_no_operation(timer):
    timer.local.log += (-SIN, None, 8, 1, 2, -EPOCH, None, 0, 2, 3, RECORDED, LINE, FIRST, 4, 4)
    timer.local.log += (NODE, None, FIRST, 5, 5, -SIN_1, LINE, ~16, 5, 7)
    assert check_chrome(to_chrome_trace(timer))["s"] == []


def test_a_section_named_record_is_no_note_of_an_operation(timer):
    timer.local.log += (
        -SIN,
        None,
        8,
        1,
        2,
        -code_of("record"),
        None,
        0,
        2,
        3,
        -SIN_1,
        LINE,
        ~16,
        5,
        7,
    )
    assert check_chrome(to_chrome_trace(timer))["s"] == []


def test_a_gradient_without_its_operation_has_no_arrow(timer):
    timer.local.log += (NODE, None, FIRST, 4, 4, -SIN_1, LINE, ~16, 4, 6)
    found = check_chrome(to_chrome_trace(timer))
    assert ([e["name"] for e in found["X"]], found["s"], found["f"]) == (["sin[1]"], [], [])


def test_a_call_without_time_has_no_arrow(timer):
    timer.local.log += (
        -SIN,
        None,
        8,
        1,
        1,
        RECORDED,
        LINE,
        FIRST,
        3,
        3,
        NODE,
        None,
        FIRST,
        4,
        4,
        -SIN_1,
        LINE,
        ~16,
        4,
        6,
    )
    assert check_chrome(to_chrome_trace(timer))["s"] == []


def test_a_gradient_computed_twice_has_two_arrows(timer):
    timer.local.log += (-SIN, None, 8, 1, 2, RECORDED, LINE, FIRST, 3, 3)
    for start in (4, 7):
        timer.local.log += (NODE, None, FIRST, start, start, -SIN_1, LINE, ~16, start, start + 2)
    assert [e["ts"] for e in check_chrome(to_chrome_trace(timer))["f"]] == [4, 7]


def test_the_counter_adds_up_what_the_innermost_operations_made(timer):
    timer.local.log += (
        *mark(SIN_1, 0, 1, LINE),
        -MUL,
        None,
        8,
        2,
        4,
        *mark(CLOSE, 8, 10),
        -SIN,
        None,
        24,
        11,
        12,
    )
    assert [(e["ts"], e["args"]) for e in check_chrome(to_chrome_trace(timer))["C"]] == [
        (4, {"bytes allocated by operations": 8}),
        (12, {"bytes allocated by operations": 32}),
    ]


def test_the_counter_has_a_screen_of_points(timer):
    timer.local.log += [x for i in range(25_000) for x in (-SIN, None, 8, 2 * i, 2 * i + 1)]
    points = check_chrome(to_chrome_trace(timer))["C"]
    assert len(points) <= 10_001
    assert points[-1]["args"] == {"bytes allocated by operations": 200_000}


def test_the_counter_shows_live_bytes():
    ticks = count()
    timer = Timer(clock=lambda: next(ticks), memory="exact")
    timer.keep_events()
    before = timer.live_bytes
    with timer.section("kept"):
        kept = np.ones(1000)
    with timer.section("gone"):
        del kept
    points = [e["args"]["live bytes"] - before for e in check_chrome(to_chrome_trace(timer))["C"]]
    assert points == [8000, 0]


def test_without_bytes_there_is_no_counter():
    timer = Timer(clock=lambda: 0, memory="nobytes")
    timer.keep_events()
    timer.local.log += (-SIN, None, 8, 1, 2)
    found = check_chrome(to_chrome_trace(timer))
    assert (found["C"], found["X"][0]["args"]) == ([], {"bytes": "not counted"})


def test_sections_that_overlap_are_on_tracks_of_their_own(timer):
    outer, inner = timer.section("outer"), timer.section("inner")
    times = iter([0, 1, 5, 10])
    timer.clock = lambda: next(times, 11)
    outer.__enter__()
    inner.__enter__()
    outer.__exit__(None, None, None)
    inner.__exit__(None, None, None)
    assert slices(to_chrome_trace(timer)) == [
        ("thread 1 forward", "outer", 0, 5),
        ("thread 1 forward (2)", "inner", 1, 9),
    ]
    assert [profile["name"] for profile in check_speedscope(to_speedscope(timer))["profiles"]] == [
        "thread 1",
        "thread 1 (2)",
    ]


def nested_by_speedscope(text):
    """Return the calls with their depths, as speedscope's importer nests them.

    A small reader of its rules: starts and ends are sorted on their own, an end is `ts + dur` in
    floating point, and of a start and an end at one time the end is first unless names are equal.
    """
    tracks = {}
    for event in json.loads(text)["traceEvents"]:
        if event["ph"] == "X":
            tracks.setdefault((event["pid"], event["tid"]), []).append(event)
    found = []
    for events in tracks.values():
        first = min(event["ts"] for event in events)
        starts = sorted(
            ((e["ts"] - first, -e["dur"], e["name"]) for e in events), key=lambda row: row[:2]
        )
        ends = sorted(
            ((start - length, name) for start, length, name in starts), key=lambda row: row[0]
        )
        around = []
        while ends:
            opens = starts and (
                starts[0][0] < ends[0][0]
                or (starts[0][0] == ends[0][0] and starts[0][2] == ends[0][1])
            )
            if opens:
                around.append(starts.pop(0)[2])
                found.append((len(around), around[-1]))
            else:
                assert around.pop() == ends.pop(0)[1]
    return found


@pytest.mark.parametrize("start", [0, 3_600_000_000_001, 9_999_999_999_999_937])
def test_speedscope_nests_the_calls_of_a_trace(timer, start):
    t = start + 100
    timer.local.log += mark(EPOCH, 0, start)
    for ns in (0, 1, 1, 0, 3, 100, 7, 0, 0, 333):  # calls that touch and calls without length
        timer.local.log += (-SIN, None, 8, t, t + ns)
        t += ns
    timer.local.log += mark(CLOSE, 0, t)
    depths = [2, 3, 2, 2, 3, 2, 2, 2, 3, 3]  # one without length is in the one that starts there
    assert nested_by_speedscope(to_chrome_trace(timer)) == [
        (1, "epoch"),
        *((depth, "sin") for depth in depths),
    ]


# speedscope ---------------------------------------------------------------------------------------


def test_speedscope_opens_and_closes_calls_as_they_nest(timer):
    timer.local.log += (
        *mark(EPOCH, 0, 0),
        -SIN,
        None,
        8,
        1,
        4,
        -SIN,
        None,
        8,
        4,
        6,
        *mark(CLOSE, 0, 9),
    )
    document = check_speedscope(to_speedscope(timer))
    assert document["shared"]["frames"] == [{"name": "epoch"}, {"name": "sin"}]
    assert [(e["type"], e["frame"], e["at"]) for e in document["profiles"][0]["events"]] == [
        ("O", 0, 0),
        ("O", 1, 1),
        ("C", 1, 4),
        ("O", 1, 4),
        ("C", 1, 6),
        ("C", 0, 9),
    ]


def test_a_frame_of_speedscope_is_a_label_at_a_line(product):
    frames = check_speedscope(to_speedscope(product))["shared"]["frames"]
    assert {"name": "mul[1]", "file": "model.py", "line": 7} in frames


# Firefox ------------------------------------------------------------------------------------------


def test_firefox_has_the_self_time_of_each_stack(product):
    assert check_firefox(to_firefox(product)) == {
        ("epoch",): 2_500,
        ("epoch", "loss", "layer", "mul"): 1_500,
        ("epoch", "loss", "layer", "record"): 500,
        ("epoch", "loss", "layer", "mul[1]"): 2_000,
        ("epoch", "loss", "layer", "sum_outgrads"): 1_499,
        ("epoch", "loss", "layer", "mul[2]"): 2_001,
    }


def test_firefox_shows_lines_categories_and_gradients(product):
    document = json.loads(to_firefox(product))
    (thread,), strings = document["threads"], document["shared"]["stringArray"]
    frames, functions = thread["frameTable"], thread["funcTable"]
    names = [strings[functions["name"][func]] for func in frames["func"]]
    categories = [document["meta"]["categories"][n]["name"] for n in frames["category"]]
    rows = dict(zip(names, zip(categories, frames["line"], strict=True), strict=True))
    assert (rows["mul"], rows["mul[2]"]) == (("forward", 7), ("backward", 7))
    assert (rows["record"], rows["epoch"]) == (("record", 7), ("other", None))
    sources = document["shared"]["sources"]["filename"]
    source = functions["source"][frames["func"][names.index("mul")]]
    assert strings[sources[source]] == "model.py"
    markers = thread["markers"]
    assert [strings[name] for name in markers["name"]] == ["mul[1]", "mul[2]"]
    assert (markers["startTime"], markers["endTime"]) == ([0.004, 0.007], [0.006, 0.009001])
    assert markers["data"][0]["line"] == "model.py:7"


def test_firefox_samples_the_time_between_calls_without_a_stack(timer):
    timer.local.log += (-SIN, None, 8, 10, 20, -SIN, None, 8, 50, 60)
    (thread,) = json.loads(to_firefox(timer))["threads"]
    assert thread["samples"]["stack"] == [0, None, 0]
    assert thread["samples"]["weight"] == [1e-05, 3e-05, 1e-05]


# Collapsed ----------------------------------------------------------------------------------------


def test_stacks_are_scopes_with_the_operation_on_top(product):
    assert check_collapsed(to_collapsed(product)) == {
        "loss;layer;mul": 2,
        "loss;layer;mul;record": 1,
        "loss;layer;mul[1]": 2,
        "loss;layer;mul[1];sum_outgrads": 1,
        "loss;layer;mul[2]": 2,
        "loss;layer;mul[2];sum_outgrads": 1,
    }


def test_stacks_by_section_have_self_times(product):
    assert check_collapsed(to_collapsed(product, by="section")) == {
        "epoch": 2,
        "epoch;mul": 2,
        "epoch;mul[1]": 2,
        "epoch;mul[2]": 2,
        "epoch;record": 1,
        "epoch;sum_outgrads": 1,
    }


def test_stacks_need_no_single_calls():
    timer = Timer(clock=lambda: 0)
    timer.add(Record("sin", 0, "model.py", 7, "loss", ("loss",)), 30_000, 0)
    assert to_collapsed(Timer(clock=lambda: 0).merge(timer, timer)) == "loss;sin 60\n"


def test_the_shortest_stack_has_a_microsecond():
    timer = Timer(clock=lambda: 0)
    timer.add(Record("sin", 0, "model.py", 7, "loss", ("loss",)), 1, 0)
    timer.add(Record("cos", 0, "model.py", 8, "loss", ("loss",)), 2_600, 0)
    assert to_collapsed(timer) == "loss;cos 3\nloss;sin 1\n"


def test_stacks_of_nothing_are_an_error():
    with pytest.raises(
        ValueError,
        match="this timer has no time by scope: set AUTOGRAD_TIMER=1 before autograd_tools is "
        "imported",
    ):
        to_collapsed(Timer())


def test_unknown_stacks_are_an_error(product):
    with pytest.raises(ValueError, match="unknown stacks 'line'; choose scope, section"):
        to_collapsed(product, by="line")


# Limits -------------------------------------------------------------------------------------------


def names(text):
    return [e["args"]["name"] for e in check_chrome(text)["M"] if e["name"] == "process_name"]


def test_calls_beyond_the_limit_are_left_out(product):
    text = to_chrome_trace(product, limit=2)
    assert names(text) == ["autograd_tools: 2 of 7 calls"]
    assert [name for _, name, _, _ in slices(text)] == ["epoch", "mul"]
    assert check_speedscope(to_speedscope(product, limit=2))["name"] == "2 of 7 calls"


def test_calls_beyond_the_limit_of_events_are_counted(timer):
    timer.keep_events(limit=1)
    timer.local.log += (-SIN, None, 8, 1, 2) * 3
    text = to_chrome_trace(timer)
    assert json.loads(text)["otherData"] == {
        "calls measured": 3,
        "calls shown": 1,
        "calls beyond the limit of events": 2,
    }


def test_calls_of_merged_timers_are_counted(product):
    other = Timer(clock=lambda: 0)
    other.measure("load", lambda: None)
    assert names(to_chrome_trace(product.merge(other))) == ["autograd_tools: 7 of 8 calls"]


@pytest.mark.parametrize("render", [to_chrome_trace, to_speedscope, to_firefox])
def test_a_timer_without_single_calls_is_an_error(render):
    with pytest.raises(
        ValueError,
        match=r"this profile has no single calls: call `ag.timer.keep_events\(\)` before the run",
    ):
        render(Timer())


@pytest.mark.parametrize("render", [to_chrome_trace, to_speedscope, to_firefox])
def test_a_merged_profile_has_no_single_calls(render, product, tmp_path):
    product.save(tmp_path / "a.json")
    Timer.load(tmp_path / "a.json").merge(Timer.load(tmp_path / "a.json")).save(
        tmp_path / "all.json"
    )
    with pytest.raises(
        ValueError, match="a merged profile has none, so write a timeline of each part"
    ):
        render(tmp_path / "all.json")


@pytest.mark.parametrize("render", [to_chrome_trace, to_speedscope, to_firefox])
def test_a_limit_below_one_is_an_error(render, product):
    with pytest.raises(ValueError, match="limit must be 1 or more, got 0"):
        render(product, limit=0)


@pytest.mark.parametrize("render", [to_chrome_trace, to_speedscope, to_collapsed, to_firefox])
def test_another_object_is_an_error(render):
    with pytest.raises(
        TypeError, match="expected a Timer or the path of a saved profile, got int: 3"
    ):
        render(3)


# Files and names ----------------------------------------------------------------------------------


@pytest.mark.parametrize("render", [to_chrome_trace, to_speedscope, to_collapsed, to_firefox])
def test_the_text_is_written_where_a_path_is_given(render, product, tmp_path):
    text = render(product, tmp_path / "out.json")
    assert (tmp_path / "out.json").read_bytes() == text.encode()


@pytest.mark.parametrize("render", [to_chrome_trace, to_speedscope, to_collapsed, to_firefox])
def test_a_saved_profile_gives_the_same_to_the_byte(render, product, tmp_path):
    product.save(tmp_path / "run.json")
    assert render(tmp_path / "run.json") == render(product)


@each_hostile_name
def test_hostile_names_keep_every_format_whole(name, timer):
    times = count()
    timer.clock = lambda: next(times)
    timer.measure(name, lambda: None)
    line = CallSite(name, 7, name, PathEntry(None, 1, name))
    timer.local.log += (-code_of(name, name, 0), None, 8, 100, 102, RECORDED, line, FIRST, 103, 103)
    found = check_chrome(to_chrome_trace(timer))
    assert {e["name"] for e in found["X"][:3]} == {name.replace("\ud800", r"\ud800")}
    assert [e["cat"] for e in found["X"]] == ["forward", "scope", "forward", "forward"]
    assert found["X"][2]["args"]["line"].endswith(":7")
    check_speedscope(to_speedscope(timer))
    check_firefox(to_firefox(timer))
    assert [stack.count(";") for stack in check_collapsed(to_collapsed(timer))] == [1, 2]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 2),
            st.integers(0, 30),
            st.integers(0, 12),
            st.integers(-1, 2),
            st.integers(0, 3),
        ),
        min_size=1,
    )
)
def test_whatever_the_calls_the_files_are_as_their_formats_demand(calls):
    timer = Timer(clock=lambda: 0)
    rows = [
        [t, f"sin[{a}]", "sin", a, 0, n, start, start + ns, 8, -1, -1]
        for t, start, ns, a, n in calls
    ]
    rows.sort(key=lambda row: (row[6], -row[7]))
    timer = Timer.from_dict(
        {**timer.to_dict(), "events": {"limit": 1000, "dropped": 0, "records": [], "rows": rows}}
    )
    assert len(slices(to_chrome_trace(timer))) == len(calls)
    assert sum(
        len(profile["events"]) for profile in check_speedscope(to_speedscope(timer))["profiles"]
    ) == 2 * len(calls)
    check_firefox(to_firefox(timer))
