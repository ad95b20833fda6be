"""Log of the timer: marks that are added up to sections, records and events."""

import json

import numpy as np
import pytest

from autograd_tools.location.call_site import CallSite, PathEntry
from autograd_tools.timing import Counts, Record, Timer
from autograd_tools.timing.group_sums import distinct
from autograd_tools.timing.log import (
    ADDS,
    CLOSE,
    END,
    LIMIT,
    NODE,
    RECORDED,
    VOID,
    code_of,
    enclose,
    mark,
)

SIN, SIN_1 = code_of("sin", "sin", 0), code_of("sin[1]", "sin", 1)
A, B = code_of("a"), code_of("b")
LINE = CallSite("model.py", 7, "loss", PathEntry(None, 1, "loss"))
FORWARD = Record("sin", 0, "model.py", 7, "loss", ("loss",))
RECORD = FORWARD._replace(phase="record")


@pytest.fixture
def log(timer):
    return timer.local.log


def tree(section):
    """Return calls, nanoseconds and bytes of the sections below one, by label."""
    return {
        label: (child.ncalls, child.ns, child.nbytes, tree(child))
        for label, child in section.children.items()
    }


def test_a_section_without_children_is_one_mark(timer, log):
    log += (-A, None, 24, 5, 8)
    assert tree(timer.root) == {"a": (1, 3, 24, {})}


def test_sections_between_opening_and_closing_nest(timer, log):
    log += (*mark(A, 0, 0), -B, None, 8, 1, 3, -B, None, 8, 4, 5, *mark(CLOSE, 16, 10))
    assert tree(timer.root) == {"a": (1, 10, 16, {"b": (2, 3, 16, {})})}


def test_sections_of_zero_length_nest_by_order(timer, log):
    log += (
        mark(A, 0, 4)
        + mark(B, 0, 4)
        + mark(CLOSE, 0, 4)
        + mark(CLOSE, 0, 4)
        + mark(A, 0, 4)
        + mark(CLOSE, 0, 4)
    )
    assert tree(timer.root) == {"a": (2, 0, 0, {"b": (1, 0, 0, {})})}


def test_children_of_a_void_section_belong_to_its_parent(timer, log):
    log += (
        mark(A, 0, 0)
        + mark(SIN, 0, 1)
        + (-SIN, None, 0, 2, 4)
        + mark(VOID, 0, 5)
        + mark(CLOSE, 0, 9)
    )
    assert tree(timer.root) == {"a": (1, 9, 0, {"sin": (1, 2, 0, {})})}


def test_a_void_section_hides_no_other_of_its_label(timer, log):
    own = mark(SIN, 0, 1)
    log += (*own, -B, None, 0, 2, 4, *mark(VOID, 0, 5), *own, *mark(CLOSE, 8, 7))
    assert tree(timer.root) == {"b": (1, 2, 0, {}), "sin": (1, 6, 8, {})}


def test_time_before_a_recorded_call_is_the_section_record(timer, log):
    log += (-SIN, None, 0, 2, 4, RECORDED, LINE, 0, 9, 9)
    assert tree(timer.root) == {"sin": (1, 2, 0, {}), "record": (1, 5, 0, {})}


def test_an_operation_has_the_call_site_recorded_after_it(timer, log):
    log += (-SIN, None, 8, 2, 4, RECORDED, LINE, 0, 9, 9)
    assert timer.records == {FORWARD: Counts(1, 2, 8, 1), RECORD: Counts(1, 5, 0, 1)}


def test_an_operation_of_two_recordings_counts_once(timer, log):
    log += (
        -SIN,
        None,
        8,
        2,
        4,
        RECORDED,
        LINE,
        0,
        9,
        9,
        RECORDED,
        LINE._replace(line=8),
        0,
        10,
        10,
    )
    assert timer.records == {
        FORWARD: Counts(1, 2, 8, 1),
        RECORD: Counts(1, 5, 0, 1),
        RECORD._replace(line=8): Counts(1, 1, 0, 1),
    }


def test_an_operation_outside_recordings_has_no_line(timer, log):
    log += (-SIN, None, 8, 2, 4)
    assert timer.records == {Record("sin", 0, "", 0, "", ()): Counts(1, 2, 8, 1)}


def test_a_record_excludes_children(timer, log):
    log += (*mark(SIN_1, 0, 0, LINE), -SIN, None, 0, 2, 4, *mark(CLOSE, 0, 10))
    assert timer.records == {
        Record("sin", 1, "model.py", 7, "loss", ("loss",), "backward"): Counts(1, 8, 0, 1),
        Record("sin", 0, "", 0, "", ()): Counts(1, 2, 0, 1),
    }


def test_time_after_a_gradient_is_sum_outgrads(timer, log):
    log += (-SIN_1, LINE, 24, 0, 5, -SIN_1, LINE, 0, 7, 8, NODE, None, 0, 11, 11)
    assert tree(timer.root) == {"sin[1]": (2, 6, 24, {}), "sum_outgrads": (2, 5, 0, {})}


def test_sum_outgrads_belongs_to_the_gradient_before_it(timer, log):
    log += (-SIN_1, LINE, 24, 0, 5, NODE, None, 0, 8, 8)
    assert timer.records[FORWARD._replace(argument=1, phase="sum_outgrads")] == Counts(1, 3, 0, 1)


def test_time_after_a_gradient_with_children_is_sum_outgrads(timer, log):
    log += (-SIN, None, 0, 2, 4)
    enclose(log, 0, SIN_1, LINE, 0, 1, 6, 24)
    log += mark(ADDS, 24, 6) + mark(NODE, 0, 9)
    assert timer.records[FORWARD._replace(argument=1, phase="sum_outgrads")].ns == 3


def test_each_gradient_is_a_sample(timer, log):
    log += (
        -SIN,
        None,
        0,
        0,
        1,
        -SIN,
        None,
        0,
        1,
        3,
        *mark(END, 1, 3),
        -SIN,
        None,
        0,
        3,
        7,
        *mark(END, 1, 7),
    )
    assert list(timer.records.values()) == [Counts(3, 7, 0, 2, 0, {0: 3, 1: 4})]


def test_an_inner_backward_pass_completes_no_gradient(timer, log):
    log += (-SIN, None, 0, 0, 1, *mark(END, 0, 1), -SIN, None, 0, 1, 3, *mark(END, 1, 3))
    assert list(timer.records.values()) == [Counts(2, 3, 0, 1, 0, {0: 3})]


def test_a_gradient_added_up_in_parts_is_one(timer, log):
    for end in (1, 3):
        log += (-SIN, None, 0, 0, end)
        assert timer.records
    log += (*mark(END, 1, 3), -SIN, None, 0, 3, 8)
    assert list(timer.records.values()) == [Counts(3, 9, 0, 2, 0, {0: 4})]


def test_many_gradients_are_sampled_evenly(timer, log):
    for step in range(300):
        log += (-SIN, None, 0, 0, step, *mark(END, 1, step))
        if step % 100 == 0:
            timer.add_up()
    assert list(timer.records.values()) == [
        Counts(300, sum(range(300)), 0, 300, 0, {step: step for step in range(0, 300, 4)})
    ]


def test_merged_samples_follow_those_of_the_first_timer(timer, log):
    other = Timer(clock=lambda: 0)
    for own in (timer, other):
        own.local.log.extend(
            (-SIN, None, 0, 0, 3, *mark(END, 1, 3), -SIN, None, 0, 3, 7, *mark(END, 1, 7))
        )
    timer.merge(other)
    assert (timer.steps, [counts.samples for counts in timer.records.values()]) == (
        4,
        [{0: 3, 1: 4, 2: 3, 3: 4}],
    )


def test_two_call_sites_at_one_place_are_one_record(timer, log):
    for _ in range(2):
        log += (-SIN, None, 0, 0, 3, RECORDED, CallSite(*LINE), 0, 3, 3)
    log += mark(END, 1, 3)
    assert timer.records[FORWARD] == Counts(2, 6, 0, 1, 0, {0: 6})


def test_no_sum_outgrads_after_a_gradient_without_accumulation(timer, log):
    log += (-SIN_1, LINE, ~24, 0, 5, -SIN, None, 0, 7, 8)
    assert tree(timer.root) == {"sin[1]": (1, 5, 24, {}), "sin": (1, 1, 0, {})}


def test_children_of_a_gradient_are_enclosed_afterwards(timer, log):
    log += (-SIN, None, 0, 2, 4)
    enclose(log, 0, SIN_1, LINE, 0, 1, 6, 24)
    log += mark(ADDS, 24, 6) + mark(NODE, 0, 9)
    assert tree(timer.root) == {
        "sin[1]": (1, 5, 24, {"sin": (1, 2, 0, {})}),
        "sum_outgrads": (1, 3, 0, {}),
    }


def test_open_sections_count_once_they_end(timer, log):
    log += (*mark(A, 0, 0), -B, None, 0, 1, 3)
    assert tree(timer.root) == {"a": (0, 0, 0, {"b": (1, 2, 0, {})})}
    log += (-B, None, 0, 5, 6, *mark(CLOSE, 0, 10))
    assert tree(timer.root) == {"a": (1, 10, 0, {"b": (2, 3, 0, {})})}


def test_an_open_operations_record_excludes_children_added_up_earlier(timer, log):
    log += (*mark(SIN, 0, 0), -SIN_1, LINE, ~0, 1, 3)
    assert len(timer.records) == 1
    log += (-SIN_1, LINE, ~0, 5, 6, *mark(CLOSE, 0, 10))
    assert timer.records[Record("sin", 0, "", 0, "", ())][:3] == (1, 7, 0)


def test_a_log_does_not_grow_without_bound(timer, log):
    for _ in range(LIMIT // 5):
        with timer.section("a"):
            pass
    assert len(log) < LIMIT
    assert timer["a"].ncalls == LIMIT // 5


def test_sums_are_exact_to_the_nanosecond(timer, log):
    log += (-A, None, 0, 0, 2**52 + 1, -A, None, 0, 0, 3)
    assert timer["a"].ns == 2**52 + 4


@pytest.mark.parametrize("shift", [0, 10**12])
def test_distinct_numbers_keys_by_their_first_appearance(shift):
    places, numbers = distinct(np.array([7, 3, 7, 9_000_000, 3]) + shift)
    assert (places.tolist(), numbers.tolist()) == ([0, 1, 3], [0, 1, 0, 2, 1])


# Events -------------------------------------------------------------------------------------------


def test_events_are_single_calls_by_their_start(timer, log):
    timer.keep_events()
    log += (
        *mark(A, 0, 0),
        NODE,
        None,
        (4 << 32) + 2,
        1,
        1,
        -SIN_1,
        LINE,
        ~24,
        1,
        3,
        *mark(CLOSE, 0, 10),
    )
    gradient = FORWARD._replace(argument=1, phase="backward")
    assert timer.events == [
        (0, "a", "", -1, -1, -1, 0, 10, 0, None, -1, 0),
        (0, "sin[1]", "sin", 1, 3, 2, 1, 3, 24, gradient, -1, 0),
    ]


def test_the_engines_own_sections_have_the_records_of_their_operations(timer, log):
    timer.keep_events()
    log += (-SIN, None, 8, 2, 4, RECORDED, LINE, 0, 9, 9)
    assert [(event.label, event.record) for event in timer.events] == [
        ("sin", FORWARD),
        ("record", RECORD),
    ]


def test_events_are_not_kept_unless_asked_for(timer, log):
    log += (-A, None, 0, 0, 1)
    assert (timer.events, timer.dropped_events) == ([], 0)


def test_events_beyond_the_limit_are_counted(timer, log):
    timer.keep_events(limit=2)
    log += (-A, None, 0, 0, 1) * 5
    assert (len(timer.events), timer.dropped_events) == (2, 3)


def test_reset_forgets_events_and_goes_on_keeping(timer):
    timer.keep_events(limit=2)
    timer.measure("a", lambda: None)
    timer.reset()
    timer.measure("b", lambda: None)
    assert [event.label for event in timer.events] == ["b"]


def test_events_are_saved_and_loaded(timer, log, tmp_path):
    timer.keep_events(limit=2)
    log += (-A, None, 0, 0, 1, -SIN_1, LINE, ~24, 1, 3) * 2
    timer.save(tmp_path / "run.json")
    loaded = Timer.load(tmp_path / "run.json")
    assert len(loaded.events) == 2
    assert (loaded.events, loaded.dropped_events) == (timer.events, 2)


def test_events_of_a_file_before_version_3_have_no_records(timer):
    data = {
        **timer.to_dict(),
        "version": 2,
        "events": {"limit": 9, "dropped": 0, "rows": [[0, "sin", "sin", 0, 3, 2, 1, 5, 24]]},
    }
    assert Timer.from_dict(data).events == [(0, "sin", "sin", 0, 3, 2, 1, 5, 24, None, -1, 0)]


@pytest.mark.parametrize(
    "row", [[0, "a", "", -1, -1, -1, 5, 1, 0, -1, -1], [0, "a", "", -1, -1, -1, -5, 1, 0, -1, -1]]
)
def test_an_event_that_ends_before_its_start_is_an_error(timer, row):
    data = {**timer.to_dict(), "events": {"limit": 9, "dropped": 0, "records": [], "rows": [row]}}
    with pytest.raises(
        ValueError, match="an event ends before it starts, or starts before the timer"
    ):
        Timer.from_dict(data)


def test_an_event_with_a_missing_record_is_an_error(timer, tmp_path):
    row = [0, "a", "", -1, -1, -1, 0, 1, 0, 3, -1]
    data = {**timer.to_dict(), "events": {"limit": 9, "dropped": 0, "records": [], "rows": [row]}}
    (tmp_path / "run.json").write_text(json.dumps(data))
    with pytest.raises(ValueError, match=r"run.json is damaged: KeyError: 3"):
        Timer.load(tmp_path / "run.json")


def test_merging_saved_profiles_drops_single_calls(timer, log):
    timer.keep_events()
    log += (-A, None, 0, 0, 1)
    loaded = Timer.from_dict(timer.to_dict())
    assert (loaded.merge(timer).events, loaded.keeps_events) == ([], False)


def test_a_limit_below_zero_is_an_error(timer):
    with pytest.raises(ValueError, match="limit must be 0 or more, got -1"):
        timer.keep_events(-1)
