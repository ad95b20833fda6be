"""Two profiles compared: groupings, verdicts, formats and errors."""

import json

import pytest
from support.hostile import each_hostile_name

import autograd_tools as ag
import viewer
from autograd_tools.timing import Counts, Record, Timer
from viewer.comparing.compare_profiles import profiles_rows
from viewer.comparing.profile_changes import changes
from viewer.text.lines import plain


def record(op, argument=0, line=3, scope=("loss",), file="/models/a.py", function="loss", **more):
    return Record(
        op, argument, file, line, function, scope, "backward" if argument else "forward", **more
    )


def timer(gradients=4, **times):
    """Return a profile with the nanoseconds of a gradient: `sin` forward, `sin_1` for `sin[1]`."""
    return timer_of({record(*_named(name)): ns for name, ns in times.items()}, gradients)


def timer_of(times, gradients=4):
    """A profile with the nanoseconds of one gradient by record; each gradient took the same."""
    counts = {
        where: Counts(
            gradients, gradients * ns, 0, gradients, 0, dict.fromkeys(range(gradients), ns)
        )
        for where, ns in times.items()
    }
    return profile(counts, gradients)


def profile(counts, gradients):
    return Timer.of_records(counts, gradients)


def _named(name):
    op, _, argument = name.partition("_")
    return op, int(argument or 0)


def found(a, b, by="op"):
    """Key, part, nanoseconds before and after, verdict of each row."""
    return [(row.key, row.part, *row.times, row.verdict) for row in changes(a, b, by).rows]


# Rows ---------------------------------------------------------------------------------------------


def test_operations_are_compared_forward_and_backward_apart():
    assert found(timer(sin=1000, sin_1=500), timer(sin=3000, sin_1=500)) == [
        ("sin", "forward", 1000, 3000, "slower"),
        ("sin", "backward", 500, 500, "same"),
    ]


def test_gradients_of_arguments_are_summed_by_operation():
    a, b = timer(mul=10, mul_1=20, mul_2=30), timer(mul=10, mul_1=20, mul_2=60)
    assert found(a, b)[0] == ("mul", "backward", 50, 80, "slower")
    assert found(a, b, "argument") == [
        ("mul[2]", "backward", 30, 60, "slower"),
        ("mul", "forward", 10, 10, "same"),
        ("mul[1]", "backward", 20, 20, "same"),
    ]


def test_the_engines_own_steps_are_apart():
    where = ("/models/a.py", 3, "loss", ("loss",))
    a = timer_of(
        {
            Record("sin", 0, *where, "forward"): 10,
            Record("sin", 0, *where, "record"): 5,
            Record("sin", 1, *where, "sum_outgrads"): 7,
        }
    )
    assert [row[:3] for row in found(a, a)] == [("sin", "engine", 12), ("sin", "forward", 10)]


def test_tracing_and_accumulation_are_no_further_calls():
    where = ("/models/a.py", 3, "loss", ("loss",))
    phases = [(0, "forward"), (0, "record"), (1, "backward"), (1, "sum_outgrads")]
    a = timer_of({Record("sin", argument, *where, phase): 9 for argument, phase in phases})
    assert [(row.part, row.before.calls) for row in changes(a, a).totals] == [
        ("forward", 4),
        ("backward", 4),
        ("engine", 8),
        ("total", 8),
    ]


def test_time_is_per_gradient_where_their_numbers_differ():
    assert found(timer(10, sin=100, sin_1=1), timer(30, sin=100, sin_1=1))[1] == (
        "sin",
        "forward",
        100,
        100,
        "same",
    )


def test_new_and_gone_rows_are_named():
    a, b = timer(sin=100, sin_1=100), timer(sin=100, sin_1=100, cos=30, exp=20)
    assert [row[4] for row in found(a, b)] == ["new", "new", "same", "same"]
    assert [row[4] for row in found(b, a)] == ["gone", "gone", "same", "same"]


def test_significant_rows_come_first_then_large_differences():
    a, b = (
        timer(sin=100_000, cos=100, exp=100, sin_1=1),
        timer(sin=101_000, cos=200, exp=20, sin_1=1),
    )
    assert [row[0] for row in found(a, b)] == ["cos", "exp", "sin", "sin"]


def test_scopes_are_compared():
    times = {
        record("sin", 1, scope=("loss", "a")): 10,
        record("sin", scope=("loss", "b")): 10,
        record("sin", scope=()): 20,
    }
    assert [row[0] for row in found(timer_of(times), timer_of(times), "scope")] == [
        "(outside any function)",
        "loss / a",
        "loss / b",
    ]


@pytest.mark.parametrize("by", ["op", "argument", "line", "scope"])
def test_every_grouping_has_the_same_totals(by):
    a, b = timer(sin=100, sin_1=30, add_2=7), timer(sin=90, cos=8, cos_1=3)
    assert [(row.part, *row.times) for row in changes(a, b, by).totals] == [
        ("forward", 100, 98),
        ("backward", 37, 3),
        ("total", 137, 101),
    ]


def test_a_profile_without_gradients_is_compared_as_a_whole():
    rows = [
        ["sin", 0, "a.py", 3, "loss", [], 4, 400, 0],
        ["sin", 1, "a.py", 3, "loss", [], 4, 200, 0],
    ]
    old = Timer.from_dict({"total_ns": 1000, "sections": {}, "records": rows})
    assert found(old, old) == [
        ("sin", "backward", 200, 200, "unknown"),
        ("sin", "forward", 400, 400, "unknown"),
    ]
    assert "Times are of the whole run" in viewer.compare(old, old)


# Lines --------------------------------------------------------------------------------------------


def test_lines_that_moved_are_found_by_what_they_do():
    a = timer_of({record("sin", 0, 3): 10, record("sin", 1, 3): 10, record("exp", 0, 4): 30})
    b = timer_of({record("sin", 0, 5): 10, record("sin", 1, 5): 10, record("exp", 0, 7): 60})
    assert found(a, b, "line")[0] == ("a.py:4 → 7", "forward", 30, 60, "slower")


def test_lines_of_folders_that_moved_are_the_same():
    a, b = (
        timer_of({record("sin", n, 3, file=f"/{where}/src/a.py"): 10 for n in (0, 1)})
        for where in ("old", "new")
    )
    assert [row[0] for row in found(a, b, "line")] == ["a.py:3", "a.py:3"]


def test_lines_of_a_renamed_file_show_both_names():
    a, b = (
        timer_of({record("sin", n, 3, file=f"/models/{name}.py"): 10 for n in (0, 1)})
        for name in ("one", "two")
    )
    assert found(a, b, "line")[0][0] == "one.py:3 → two.py:3"


def test_lines_are_paired_by_their_code(tmp_path):
    for name, code in (
        ("one", "y = sin(x)\nz = sin(y)\n"),
        ("two", "# more\ny = sin(x)\n\nw = 2\nz = sin(y)\n"),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.py").write_text(code)
    a = timer_of({record("sin", n, 2, file=str(tmp_path / "one" / "a.py")): 10 for n in (0, 1)})
    b = timer_of(
        {
            record("sin", n, line, file=str(tmp_path / "two" / "a.py")): 10
            for n in (0, 1)
            for line in (2, 5)
        }
    )
    assert [
        (row.key, row.code, row.verdict)
        for row in changes(a, b, "line").rows
        if row.part == "forward"
    ] == [("a.py:2", "y = sin(x)", "new"), ("a.py:2 → 5", "z = sin(y)", "same")]


def test_a_line_that_is_gone_shows_no_code(tmp_path):
    file = tmp_path / "a.py"
    file.write_text("x = 1\ny = sin(x)\nz = cos(x)\n")
    a = timer_of(
        {record("sin", n, 2, file=str(file)): 10 for n in (0, 1)}
        | {record("exp", 0, 3, file=str(file)): 9}
    )
    b = timer_of({record("sin", n, 2, file=str(file)): 10 for n in (0, 1)})
    assert [(row.key, row.code) for row in changes(a, b, "line").rows] == [
        ("a.py:3", ""),
        ("a.py:2", "y = sin(x)"),
        ("a.py:2", "y = sin(x)"),
    ]


def test_operations_without_a_line_are_a_row():
    a = timer_of({record("sin", n, 0, file=""): 10 for n in (0, 1)})
    assert [row[0] for row in found(a, a, "line")] == ["(no line)", "(no line)"]


# Output -------------------------------------------------------------------------------------------


def test_a_comparison_is_printed_to_the_letter():
    a, b = (
        timer(4, sin=1_000_000, sin_1=500_000, exp=20_000),
        timer(6, sin=1_500_000, sin_1=505_000, log=7_000),
    )
    assert viewer.compare(a, b).splitlines() == [
        "4 → 6 gradients, by operation: 1 slower, 1 new, 1 gone",
        "before   after  difference  ratio  verdict          calls  operation",
        "1.00ms  1.50ms      +500μs  ×1.50  slower               1  sin forward",
        "20.0μs             -20.0μs         gone                 1  exp forward",
        "        7.00μs     +7.00μs         new                  1  log forward",
        " 500μs   505μs     +5.00μs  ×1.01  not significant      1  sin backward",
        "1.02ms  1.51ms      +487μs  ×1.48  slower               2  total forward",
        " 500μs   505μs     +5.00μs  ×1.01  not significant      1  total backward",
        "1.52ms  2.01ms      +492μs  ×1.32  slower               3  total",
        "Times are of the median gradient. Significant if above 3 standard errors and 10% of "
        "the shorter time.",
    ]


def test_a_profile_is_the_same_as_itself():
    a = timer(sin=1000, sin_1=500)
    assert (
        viewer.compare(a, a).splitlines()[0]
        == "4 gradients, by operation: no significant difference"
    )


def test_significance_is_unknown_for_too_few_gradients():
    text = viewer.compare(timer(2, sin=1000, sin_1=1), timer(5, sin=5000, sin_1=1))
    assert "×5.00  unknown" in text
    assert "Significance needs 3 gradients in each profile, got 2." in text


def test_rows_beyond_the_limit_are_counted():
    a, b = timer(sin=1, cos=1, tan=100, sin_1=1), timer(sin=9, cos=8, tan=101, sin_1=1)
    assert viewer.compare(a, b, limit=1).splitlines()[3] == "… 3 more, 1 significant"


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (10_000, 1, "×1e-04"),
        (1000, 50, "×0.050"),
        (100, 150, "×1.50"),
        (10, 123, "×12.3"),
        (1, 4321, "×4,321"),
    ],
)
def test_ratios_of_every_size_are_short(before, after, text):
    assert f" {text} " in viewer.compare(timer(sin=before, sin_1=1), timer(sin=after, sin_1=1))


def test_changed_calls_are_shown_from_and_to():
    where = record("sin", 1)
    a, b = (
        profile({where: Counts(calls, 400, 0, 4, 0, dict.fromkeys(range(4), 100))}, 4)
        for calls in (8, 10)
    )
    assert "  2 → 2.5  sin backward" in viewer.compare(a, b)


@each_hostile_name
@pytest.mark.parametrize("format", ["text", "markdown"])
def test_names_stay_on_their_line(name, format):
    a = timer_of({record(name, n): 10 for n in (0, 1)})
    one = timer(sin=10, sin_1=10)
    assert len(viewer.compare(a, a, format=format).splitlines()) == len(
        viewer.compare(one, one, format=format).splitlines()
    )


def test_json_has_plain_numbers():
    document = json.loads(
        viewer.compare(timer(sin=100, sin_1=10), timer(6, sin=300, sin_1=10), format="json")
    )
    assert (document["by"], document["gradients"], document["unit"]) == (
        "op",
        [4, 6],
        "ns per gradient",
    )
    assert document["rows"][0] == {
        "key": "sin",
        "part": "forward",
        "before": {"typical": 100, "error": 0, "calls": 4, "ns": 400},
        "after": {"typical": 300, "error": 0, "calls": 6, "ns": 1800},
        "difference": 200,
        "ratio": 3,
        "noise": pytest.approx(10),
        "verdict": "slower",
    }
    assert [row["part"] for row in document["totals"]] == ["forward", "backward", "total"]


def test_json_has_null_for_absent_and_unknown():
    document = json.loads(
        viewer.compare(timer(1, sin=1, sin_1=1), timer(1, sin=1, cos=1, sin_1=1), format="json")
    )
    assert [
        (row["before"] and row["before"]["typical"], row["noise"], row["ratio"])
        for row in document["rows"]
    ] == [(None, 0, None), (1, None, 1), (1, None, 1)]


def test_markdown_is_a_table():
    a, b = timer(sin=100, sin_1=10), timer(sin=300, sin_1=10)
    assert viewer.compare(a, b, format="markdown").splitlines()[:5] == [
        "**4 gradients, by operation: 1 slower**",
        "",
        "| operation | part | before | after | difference | ratio | verdict | calls |",
        "| --- | --- | ---: | ---: | ---: | ---: | --- | ---: |",
        "| sin | forward | 100ns | 300ns | +200ns | ×3.00 | slower | 1 |",
    ]


def test_nothing_against_nothing_is_compared():
    assert (
        viewer.compare(Timer(), Timer()).splitlines()[0]
        == "0 gradients, by operation: no significant difference"
    )


def test_a_saved_profile_is_compared_as_the_timer(tmp_path):
    a, b = timer(sin=100, sin_1=10), timer(sin=300, sin_1=10)
    a.save(tmp_path / "a.json")
    b.save(tmp_path / "b.json")
    assert viewer.compare(tmp_path / "a.json", tmp_path / "b.json") == viewer.compare(a, b)


# Failures -----------------------------------------------------------------------------------------


def failures(a, b, limit=0.1):
    return [(row.key, row.part) for row in changes(a, b).failures(limit)]


def test_a_total_that_got_slower_fails():
    assert failures(timer(sin=1000, sin_1=1), timer(sin=1200, sin_1=1)) == [
        ("total", "total"),
        ("sin", "forward"),
    ]


def test_a_row_fails_though_others_make_up_for_it():
    assert failures(timer(sin=1000, cos=1000, sin_1=1), timer(sin=1500, cos=500, sin_1=1)) == [
        ("sin", "forward")
    ]


def test_a_row_below_a_twentieth_of_the_total_fails_nothing():
    assert failures(timer(sin=1000, cos=10, sin_1=1), timer(sin=1000, cos=40, sin_1=1)) == []


def test_a_row_that_grew_beyond_a_twentieth_fails():
    assert failures(timer(sin=10_000, cos=10, sin_1=1), timer(sin=10_000, cos=900, sin_1=1)) == [
        ("cos", "forward")
    ]


def test_a_row_slower_by_less_than_the_limit_passes():
    assert failures(timer(sin=1000, sin_1=1), timer(sin=1090, sin_1=1)) == []


def test_a_faster_row_passes():
    assert failures(timer(sin=1000, sin_1=1), timer(sin=500, sin_1=1)) == []


def test_too_few_gradients_pass():
    assert failures(timer(2, sin=1000, sin_1=1), timer(2, sin=9000, sin_1=1)) == []


# The machine --------------------------------------------------------------------------------------


def on_machine(cost, **times):
    """A profile of a machine on which a section of the timer takes so many nanoseconds."""
    return Timer.from_dict({**timer(**times).to_dict(), "section_cost_ns": cost})


def test_a_difference_of_the_machine_is_not_significant():
    a, b = on_machine(100, sin=1000, cos=100, sin_1=1), on_machine(200, sin=2100, cos=500, sin_1=2)
    assert [(row[0], row[4]) for row in found(a, b)][:2] == [("cos", "slower"), ("sin", "same")]
    assert [(row[0], row[4]) for row in found(b, a)][:2] == [("cos", "faster"), ("sin", "same")]


def test_tracing_a_call_shows_the_speed_of_the_machine():
    where = {n: record("sin", n) for n in (0, 1)}
    note = where[0]._replace(phase="record")
    a = timer_of({where[0]: 1000, where[1]: 1000, note: 10})
    b = timer_of({where[0]: 2100, where[1]: 5000, note: 20})
    assert [(row[1], row[4]) for row in found(a, b)] == [
        ("backward", "slower"),
        ("forward", "same"),
        ("engine", "same"),
    ]


def test_the_legend_names_a_slower_machine():
    a, b = on_machine(100, sin=1000, sin_1=1), on_machine(200, sin=2100, sin_1=2)
    end = "and above the change of the machine's speed (×2.00, measured by tracing calls)."
    assert viewer.compare(a, b).endswith(end)


# Errors -------------------------------------------------------------------------------------------


def test_an_unknown_grouping_lists_those_that_there_are():
    with pytest.raises(
        ValueError, match="unknown grouping 'shape'; choose op, argument, line, scope"
    ):
        viewer.compare(Timer(), Timer(), by="shape")


def test_an_unknown_format_lists_those_that_there_are():
    with pytest.raises(ValueError, match="unknown format 'xml'; choose text, json, markdown"):
        viewer.compare(Timer(), Timer(), format="xml")


def test_a_timer_and_a_trace_are_not_compared():
    with pytest.raises(
        ValueError, match="cannot compare a profile with a trace; pass two traces or two profiles"
    ):
        viewer.compare(Timer(), ag.trace(lambda x: x * 2, 1.0))


@pytest.mark.parametrize(("option", "value"), [("rtol", 0.1), ("atol", 0.1), ("everything", True)])
def test_an_option_of_traces_has_no_meaning_for_profiles(option, value):
    with pytest.raises(
        ValueError, match=f"{option}= does not apply to profiles; they take by, limit"
    ):
        viewer.compare(Timer(), Timer(), **{option: value})


def test_an_option_of_profiles_has_no_meaning_for_traces():
    trace = ag.trace(lambda x: x * 2, 1.0)
    with pytest.raises(
        ValueError, match="by= does not apply to traces; they take rtol, atol, everything"
    ):
        viewer.compare(trace, trace, by="op")


def test_a_limit_below_one_is_an_error():
    with pytest.raises(ValueError, match="limit must be 1 or more, got 0"):
        viewer.compare(Timer(), Timer(), limit=0)


def test_a_number_is_neither_a_trace_nor_a_profile():
    with pytest.raises(
        TypeError,
        match=r"expected a Tape, a Trace, a Timer or the path of a saved one, got float: 2\.0",
    ):
        viewer.compare(2.0, Timer())


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": "other"}'])
def test_a_file_that_is_neither_is_named(tmp_path, content):
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(ValueError, match=r"a\.json is neither a saved trace nor a saved profile"):
        viewer.compare(tmp_path / "a.json", Timer())


def test_a_profile_that_was_cut_off_says_so(tmp_path):
    timer(sin=1).save(tmp_path / "a.json")
    text = (tmp_path / "a.json").read_text()
    (tmp_path / "a.json").write_text(text[: len(text) // 2])
    with pytest.raises(ValueError, match=r"a\.json is not complete JSON"):
        viewer.compare(tmp_path / "a.json", Timer())


def test_rows_in_a_terminal_are_in_colour():
    rows = [*profiles_rows(changes(timer(sin=100, sin_1=10), timer(sin=300, sin_1=10)))]
    assert rows[2][0].style == "bold red"
    assert (
        plain(rows[2:3]) == " 100ns   300ns      +200ns  ×3.00  slower               1  sin forward"
    )
