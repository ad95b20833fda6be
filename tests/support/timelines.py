"""Checks of timeline files against the specifications of their formats.

* Trace Event Format, and what Perfetto accepts:
  docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
* speedscope, and what its importer accepts: www.speedscope.app/file-format-schema.json
"""

import json
from decimal import Decimal

KEYS = {  # of an event of each phase: those it must have
    "M": {"ph", "name", "pid", "tid", "args"},
    "X": {"ph", "name", "cat", "pid", "tid", "ts", "dur", "args"},
    "s": {"ph", "id", "name", "cat", "pid", "tid", "ts"},
    "f": {"ph", "bp", "id", "name", "cat", "pid", "tid", "ts"},
    "C": {"ph", "name", "pid", "ts", "args"},
}
METADATA = {"process_name": "name", "thread_name": "name", "thread_sort_index": "sort_index"}


def nanoseconds(microseconds):
    """Return a time of a trace, in whole nanoseconds: viewers round others, and slices overlap."""
    exact = Decimal(microseconds) * 1000
    assert exact == int(exact) >= 0
    return int(exact)


def check_chrome(text):
    """Check a trace and return its events by phase, with times in nanoseconds."""
    document = json.loads(text, parse_float=Decimal)
    assert set(document) == {"traceEvents", "displayTimeUnit", "otherData"}
    assert document["displayTimeUnit"] in ("ns", "ms")
    found = {phase: [] for phase in KEYS}
    behind = None  # the slice that the arrows after it belong to
    for event in document["traceEvents"]:
        phase = event["ph"]
        assert set(event) == KEYS[phase]
        assert isinstance(event["name"], str)
        assert type(event["pid"]) is int  # speedscope accepts no other numbers
        assert "tid" not in event or type(event["tid"]) is int
        event |= {key: nanoseconds(event[key]) for key in ("ts", "dur") if key in event}
        found[phase].append(event)
        if phase == "X":
            behind = event
        elif phase in "sf":
            assert [event[key] for key in ("pid", "tid")] == [behind[key] for key in ("pid", "tid")]
            assert behind["ts"] <= event["ts"] < behind["ts"] + behind["dur"]
    for event in found["M"]:
        assert list(event["args"]) == [METADATA[event["name"]]]
    _check_slices(found["X"])
    _check_arrows(found["s"], found["f"])
    _check_counters(found["C"])
    assert {e["tid"] for e in found["M"] if e["name"] == "thread_name"} == {
        e["tid"] for e in found["X"]
    }
    return found


def _check_slices(slices):
    """Check that the slices of each track are ordered by start and nested."""
    around = {}
    for event in slices:
        start, end = event["ts"], event["ts"] + event["dur"]
        ends = around.setdefault((event["pid"], event["tid"]), [(0, 10**30)])
        assert start >= ends[0][0]
        ends[0] = (start, ends[0][1])
        while ends[-1][1] <= start:
            ends.pop()
        assert end <= ends[-1][1]
        ends.append((start, end))


def _check_arrows(starts, ends):
    """Check that each arrow begins once and ends once, later."""
    begun = {(event["id"], event["cat"], event["name"]): event["ts"] for event in starts}
    ended = {(event["id"], event["cat"], event["name"]): event["ts"] for event in ends}
    assert len(begun) == len(starts)
    assert len(ended) == len(ends)
    assert begun.keys() == ended.keys()
    assert all(ended[key] >= begun[key] for key in begun)
    assert all(event["bp"] == "e" for event in ends)


def _check_counters(points):
    times = [event["ts"] for event in points]
    assert times == sorted(times)
    assert all(type(value) is int for event in points for value in event["args"].values())


def check_speedscope(text):
    """Check a speedscope document and return it."""
    document = json.loads(text)
    assert document["$schema"] == "https://www.speedscope.app/file-format-schema.json"
    assert set(document) <= {
        "$schema",
        "shared",
        "profiles",
        "name",
        "activeProfileIndex",
        "exporter",
    }
    assert set(document["shared"]) == {"frames"}
    frames = document["shared"]["frames"]
    for frame in frames:
        assert {"name"} <= set(frame) <= {"name", "file", "line", "col"}
        assert isinstance(frame["name"], str)
    assert len({json.dumps(frame) for frame in frames}) == len(frames)
    assert 0 <= document["activeProfileIndex"] < len(document["profiles"])
    for profile in document["profiles"]:
        assert set(profile) == {"type", "name", "unit", "startValue", "endValue", "events"}
        assert profile["type"] == "evented"
        assert profile["unit"] == "nanoseconds"
        _check_steps(profile, len(frames))
    return document


def _check_steps(profile, frames):
    """Check that events are nested and ordered in time."""
    now, around = profile["startValue"], []
    for event in profile["events"]:
        assert set(event) == {"type", "frame", "at"}
        assert type(event["frame"]) is int
        assert 0 <= event["frame"] < frames
        assert type(event["at"]) is int
        assert event["at"] >= now
        now = event["at"]
        if event["type"] == "O":
            around.append(event["frame"])
        else:
            assert event["type"] == "C"
            assert around.pop() == event["frame"]
    assert not around
    assert now <= profile["endValue"]


def check_firefox(text):
    """Check a processed profile, and return the nanoseconds of each stack, of all threads.

    The rules are the types of version 58 in src/types/profile.ts of firefox-devtools/profiler.
    """
    document = json.loads(text)
    assert document["meta"]["preprocessedProfileVersion"] == 58
    assert "grey" in {category["color"] for category in document["meta"]["categories"]}
    shared, found = document["shared"], {}
    for thread in document["threads"]:
        samples = thread["samples"]
        tables = [samples, shared["sources"], thread["markers"]]
        tables += [value for name, value in thread.items() if name.endswith(("Table", "Symbols"))]
        for table in tables:
            columns = [value for value in table.values() if isinstance(value, list)]
            assert all(len(column) == table["length"] for column in columns)
        assert samples["weightType"] == "tracing-ms"
        assert samples["time"] == sorted(samples["time"])
        stacks = []
        for frame, prefix in zip(*map(thread["stackTable"].get, ("frame", "prefix")), strict=True):
            func = thread["frameTable"]["func"][frame]
            name = shared["stringArray"][thread["funcTable"]["name"][func]]
            stacks.append((*(() if prefix is None else stacks[prefix]), name))
        for stack, weight in zip(samples["stack"], samples["weight"], strict=True):
            if stack is not None:
                found[stacks[stack]] = found.get(stacks[stack], 0) + round(weight * 1e6)
    return found


def check_collapsed(text):
    """Check that each line is a stack and return the stacks with their numbers."""
    lines = text.split("\n")
    assert lines.pop() == ""
    stacks = {}
    for line in lines:
        stack, _, number = line.rpartition(" ")
        assert stack.isprintable()
        assert all(stack.split(";"))
        assert number.isdecimal()
        assert stack not in stacks
        stacks[stack] = int(number)
    return stacks
