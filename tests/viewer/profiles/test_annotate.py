"""The user's source with its times in the margin."""

import linecache
from pathlib import Path

import numpy as np
import pytest
from support.hostile import each_hostile_name

import autograd_tools as ag
import viewer
from autograd_tools.base.formats import time_text
from autograd_tools.base.text import one_line
from autograd_tools.timing import Record, Timer
from viewer.profiles.annotation import annotated_rows

MODEL = """\
import numpy as np


def unused(x):
    return x


class Model:
    def __init__(self, w):
        self.w = w

    @property
    def loss(self):
        y = self.w * 2

        return np.sum(y)


total = Model(1).loss
"""


def timer_of(path, *rows):
    """A timer with records of (line, phase, nanoseconds)."""
    timer = Timer(clock=lambda: 0)
    for line, phase, ns in rows:
        timer.add(
            Record(
                "mul",
                1 if phase in ("backward", "sum_outgrads") else 0,
                str(path),
                line,
                "loss",
                ("loss",),
                phase,
            ),
            ns,
            64,
        )
    return timer


ROWS = [
    (14, "forward", 2_000),
    (14, "backward", 4_000),
    (14, "sum_outgrads", 2_000),
    (14, "record", 1_000),
    (16, "forward", 2_000),
]


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_text(MODEL, encoding="utf-8")
    return tmp_path / "model.py"


def test_the_function_that_ran_is_shown_below_its_class(path):
    assert viewer.annotate(timer_of(path, *ROWS)).splitlines() == [
        "model.py  10.0μs of 10.0μs, 100.0%",
        "forward  backward  accumulate  allocated      %  heat      line",
        "                                                              8  class Model:",
        "                                                              ⋮",
        "                                                             12      @property",
        "                                                             13      def loss(self):",
        " 2.00μs    4.00μs      2.00μs       256B  80.0%  ████████    14          y = self.w * 2",
        "                                                             15",
        " 2.00μs    0.00ns      0.00ns      64.0B  20.0%  ██          16          return np.sum(y)",
    ]


def test_the_whole_file_is_shown_on_demand(path):
    shown = viewer.annotate(timer_of(path, *ROWS), whole=True).splitlines()
    assert len(shown) == 2 + len(MODEL.splitlines())
    assert shown[5].split() == ["4", "def", "unused(x):"]


def test_a_statement_outside_functions_is_shown_whole(path):
    path.write_text(
        "a = 1\nfor i in range(3):\n    # one more\n    a = f(\n        a)\nb = 2\n",
        encoding="utf-8",
    )
    shown = viewer.annotate(timer_of(path, (4, "forward", 5))).splitlines()
    assert [line[46:].strip() for line in shown[2:]] == [
        "2  for i in range(3):",
        "3      # one more",
        "4      a = f(",
        "5          a)",
    ]


def test_a_nested_function_is_shown_below_the_head_around_it(path):
    path.write_text(
        "def f():\n    a = 1\n    def g():\n        return a\n    return g\n", encoding="utf-8"
    )
    shown = viewer.annotate(timer_of(path, (4, "forward", 5))).splitlines()
    assert [line.split("  ")[-1].strip() for line in shown[2:]] == [
        "def f():",
        "⋮",
        "def g():",
        "return a",
    ]


def test_files_are_shown_the_most_expensive_first_with_their_share(path):
    other = path.parent / "other.py"
    other.write_text("x = 1\n", encoding="utf-8")
    timer = timer_of(path, (19, "forward", 1_000)).merge(timer_of(other, (1, "forward", 3_000)))
    assert [line for line in viewer.annotate(timer).splitlines() if " of " in line] == [
        "other.py  3.00μs of 4.00μs, 75.0%",
        "model.py  1.00μs of 4.00μs, 25.0%",
    ]


NAMES = {
    "name": lambda path: path.name,
    "whole": str,
    "path": lambda path: path,
    "end": lambda path: f"{path.parent.name}/{path.name}",
}


@pytest.mark.parametrize("as_given", NAMES.values(), ids=NAMES)
def test_a_file_is_chosen_by_the_end_of_its_path(path, as_given):
    timer = timer_of(path, *ROWS).merge(timer_of(path.parent / "other.py", (1, "forward", 1)))
    shown = viewer.annotate(timer, as_given(path))
    assert (shown.splitlines()[0], "other.py" in shown) == (
        "model.py  10.0μs of 10.0μs, 100.0%",
        False,
    )


def test_a_file_that_was_not_measured_is_an_error(path):
    with pytest.raises(ValueError, match=r"no line of nodel\.py was measured; choose model\.py"):
        viewer.annotate(timer_of(path, *ROWS), "nodel.py")


def test_part_of_a_name_is_no_path(path):
    with pytest.raises(ValueError, match=r"no line of el\.py was measured"):
        viewer.annotate(timer_of(path, *ROWS), "el.py")


def test_a_missing_file_shows_the_measured_lines(path):
    path.unlink()
    assert viewer.annotate(timer_of(path, *ROWS)).splitlines() == [
        "model.py  10.0μs of 10.0μs, 100.0%",
        "… file not found; showing only measured lines",
        "forward  backward  accumulate  allocated      %  heat      line",
        " 2.00μs    4.00μs      2.00μs       256B  80.0%  ████████    14",
        "                                                              ⋮",
        " 2.00μs    0.00ns      0.00ns      64.0B  20.0%  ██          16",
    ]


CHANGED = "… the file has changed: some measured lines contain no code now"


@pytest.mark.parametrize(
    "now",
    [
        "x = 1\n",
        MODEL.replace("import numpy as np", "import numpy as np\n\n\n# a comment\n\n" + "\n" * 8),
        "x = (\n" * 3,
    ],
)
def test_a_file_that_has_changed_says_so(path, now):
    path.write_text(now, encoding="utf-8")
    shown = viewer.annotate(timer_of(path, *ROWS)).splitlines()
    assert shown[1] == CHANGED
    assert [
        line.split()[0] for line in shown if line.endswith(("14", "16")) or "2.00μs" in line
    ] == ["2.00μs", "2.00μs"]


def test_a_file_that_does_not_parse_shows_lines_around(path):
    path.write_text("\n".join(f"print {n}" for n in range(1, 31)), encoding="utf-8")
    assert [
        line.split()[-1]
        for line in viewer.annotate(timer_of(path, (14, "forward", 5))).splitlines()[2:]
    ] == ["12", "13", "14", "15", "16"]


def test_a_file_that_changes_is_read_again(path):
    timer = timer_of(path, *ROWS)
    viewer.annotate(timer)
    path.write_text(MODEL.replace("self.w * 2", "self.w * 3000"), encoding="utf-8")
    assert "self.w * 3000" in viewer.annotate(timer)


def test_long_lines_are_cut_at_a_hundred_columns(path):
    path.write_text(f"x = '{'y' * 10_000}'\n", encoding="utf-8")
    line = viewer.annotate(timer_of(path, (1, "forward", 5))).splitlines()[2]
    assert line.endswith(f"  x = '{'y' * 94}…")


@pytest.mark.parametrize("width", [30, 40, 60, 80, 120])
def test_no_line_is_wider_than_the_width(path, width):
    path.write_text(MODEL.replace("self.w * 2", f"self.w * {'2' * 500}"), encoding="utf-8")
    assert max(map(len, viewer.annotate(timer_of(path, *ROWS), width=width).splitlines())) <= width


def test_hidden_columns_are_named(path):
    shown = viewer.annotate(timer_of(path, *ROWS), width=60).splitlines()
    assert shown[1:3] == [
        "hidden (terminal too narrow): accumulate, allocated, %",
        "forward  backward  heat      line",
    ]


def test_time_at_unknown_lines_is_shown(path):
    timer = timer_of(path, *ROWS).merge(timer_of("", (0, "forward", 10_000)))
    shown = viewer.annotate(timer).splitlines()
    assert (shown[0], shown[-1]) == (
        "model.py  10.0μs of 20.0μs, 50.0%",
        "10.0μs at unknown lines, 50.0%",
    )


def test_a_profile_without_lines_is_an_error():
    with pytest.raises(
        ValueError,
        match="this profile has no lines: set AUTOGRAD_TIMER=lines before autograd_tools is "
        "imported",
    ):
        viewer.annotate(timer_of("", (0, "forward", 10)))


def test_an_empty_timer_shows_nothing():
    assert viewer.annotate(Timer(clock=lambda: 0)) == ""


def test_a_saved_profile_is_annotated_as_the_timer(path):
    timer = timer_of(path, *ROWS)
    timer.save(path.parent / "run.json")
    assert viewer.annotate(path.parent / "run.json") == viewer.annotate(timer)


@each_hostile_name
def test_a_hostile_file_name_survives(name):
    shown = viewer.annotate(timer_of(f"/models/{name}", (3, "forward", 5)), width=60).splitlines()
    assert one_line(Path(name).name) in "".join(shown)
    assert shown[-1].endswith(" 5.00ns    0.00ns      64.0B  100.0%  ████████     3")


def test_hostile_code_survives(path):
    path.write_text("x = '</script>[bold]🙂\\x1b'  # \x1b[31m\n\ty = 1\n", encoding="utf-8")
    shown = viewer.annotate(timer_of(path, (1, "forward", 5)))
    assert r"x = '</script>[bold]🙂\x1b'  # \x1b[31m" in shown


def test_lines_add_up_to_the_file(path):
    assert viewer.annotate(timer_of(path, *ROWS)).startswith(
        f"model.py  {time_text(sum(ns for _, phase, ns in ROWS if phase != 'record'))} of "
    )


def test_expensive_lines_are_red_and_others_dim(path):
    rows = annotated_rows(timer_of(path, *ROWS, (13, "forward", 1)), None, None)[2:]
    styles = [span.style for [span] in rows]
    assert styles == ["dim", "dim", "dim", "", "bold red", "dim", "yellow"]


@pytest.mark.parametrize("line", [0, 10**9])
def test_a_line_that_no_file_has_is_shown_without_code(path, line):
    shown = viewer.annotate(timer_of(path, (line, "forward", 5)), whole=True).splitlines()
    assert shown[1] == "… the file has changed: some measured lines contain no code now"
    assert [row.split()[-1] for row in shown if "5.00ns    0.00ns" in row] == [str(line)]


# Files that changed since -------------------------------------------------------------------------


@pytest.fixture
def edited(tmp_path):
    """A saved profile of a file, into which a line was inserted since; and the file."""
    path = tmp_path / "edited.py"
    path.write_text("import numpy as np\n\n\ndef f(x):\n    y = np.sin(x)\n    return np.sum(y)\n")
    names = {}
    exec(compile(path.read_text(), str(path), "exec"), names)
    with ag.profile() as p:
        for _ in range(3):
            ag.grad(names["f"])(np.ones(3))
    p.save(tmp_path / "before.json")
    path.write_text(path.read_text().replace("def f(x):\n", "def f(x):\n    x = 2 * x\n"))
    linecache.checkcache(str(path))
    return tmp_path / "before.json", path


def test_an_edited_file_is_shown_as_it_was(edited):
    profile, _ = edited
    text = viewer.annotate(profile)
    assert "… the file has changed; showing only measured lines, as they were" in text
    assert [line.split()[-1] for line in text.splitlines()[3:]] == ["np.sin(x)", "np.sum(y)"]
    assert "x = 2 * x" not in text
    assert "y = np.sin(x)" in viewer.hotspots(profile, "line")


def test_a_file_that_is_gone_is_shown_as_it_was(edited):
    profile, path = edited
    path.unlink()
    linecache.checkcache(str(path))
    assert "… file not found; showing only measured lines" in viewer.annotate(profile)
    assert "y = np.sin(x)" in viewer.annotate(profile)


def test_lines_of_an_edited_file_are_paired_by_their_code(edited):
    before, path = edited
    names = {}
    exec(compile(path.read_text(), str(path), "exec"), names)
    with ag.profile() as after:
        for _ in range(3):
            ag.grad(names["f"])(np.ones(3))
    rows = viewer.compare(before, after, by="line").splitlines()
    assert [row for row in rows if "edited.py:5 → 6 forward" in row and "y = np.sin(x)" in row]
    assert [row for row in rows if "edited.py:5 forward" in row and " new " in row]
