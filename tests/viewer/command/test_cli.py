"""The commands on users' scripts: output, files, options and exit status."""

import json
import re
import shutil
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from support.commands import MODEL, environment

import autograd_tools as ag
import viewer
from autograd_tools.timing import Counts, Record, Timer
from viewer.command.cli import main
from viewer.files import FORMATS

# A picture as .dot needs no layout, which takes a second to start.
# `profile` starts a process with the timer on.
each_command = pytest.mark.parametrize(
    "command",
    [["show"], ["draw", "-o", "graph.dot"], pytest.param(["profile"], marks=pytest.mark.slow)],
    ids=["show", "draw", "profile"],
)

LISTING = """\
Param w  2×3  ∇ 78.4
v2 = w @ float64[3,4]  2×4  ∇ 22.6
Param b  2×1  ∇ 45.3
v4 = v2 + b  2×4  ∇ 22.6
v5 = v4 - float64[2,4]  2×4  ∇ 22.6
v6 = v5 ** 2  2×4  ∇ 2.83
v7 = sum(v6)  128  ∇ 1
"""
STEPS = """\
import autograd_tools as ag
w = ag.Param(1.0)
for step in range(1, 4):
    ag.diff(lambda: w * step)
"""
NO_GRADIENT = "print('hello')\n"


def rows(output, title):
    """The rows of a table of hotspots but for that of the sum: the first two cells of each."""
    lines = output.split(f"Hotspots by {title}\n")[1].split("\n\n")[0].splitlines()[1:-1]
    return [tuple(re.split(r"\s{2,}", line.strip())[:2]) for line in lines]


# Commands -----------------------------------------------------------------------------------------


def test_show_prints_the_listing_below_the_scripts_output(ask, script):
    assert ask("show", script()) == (f"training\n{LISTING}", "", 0)


def test_show_prints_the_view_asked_for(ask, script):
    output, errors, status = ask("show", "--view", "tree", script())
    assert (output.splitlines()[:3], errors, status) == (
        ["training", "7 nodes in loss", "├── Param w  2×3  ∇ 78.4"],
        "",
        0,
    )


def test_explain_writes_latex(ask, script):
    output, errors, status = ask("explain", "--latex", script())
    assert (errors, status) == ("", 0)
    assert r"v_{2} &= w \, c_{2}" in output


def test_show_prints_the_table(ask, script):
    assert ask("show", "--view=table", script())[0].splitlines()[3].split() == [
        "2",
        "matmul",
        "float64[2,4]",
        "22.6",
        "train.py:9",
    ]


def test_show_sees_the_gradient_of_a_function(ask, script):
    source = "import autograd_tools as ag\nprint(ag.grad(lambda x: x * x)(3.0))\n"
    assert ask("show", script(source)) == ("6.0\ninput x  3  ∇ 6\nv2 = x * x  9  ∇ 1\n", "", 0)


@pytest.mark.parametrize("end", ["J.backward()", "J.backward(loss)", "ag.grad(J, w)"])
def test_show_sees_the_gradient_of_a_block(ask, script, end):
    source = (
        "import autograd_tools as ag\nw = ag.Param(3.0)\nwith ag.record() as J:\n"
        f"    loss = w * 2\n{end}\n"
    )
    assert ask("show", script(source)) == ("Param w  3  ∇ 2\nv2 = w * 2  6  ∇ 1\n", "", 0)


def test_show_sees_a_gradient_computed_in_a_thread(ask, script):
    source = (
        "import threading, autograd_tools as ag\n"
        "threading.Thread(target=lambda: ag.grad(lambda x: x * x)(3.0)).start()\n"
    )
    output, errors, status = ask(
        "show",
        script(
            source
            + "[t.join() for t in threading.enumerate() if t is not threading.current_thread()]"
        ),
    )
    assert (output.splitlines()[0], errors, status) == ("input x  3  ∇ 6", "", 0)


def test_draw_draws_into_the_file_asked_for_and_says_so(ask, script, tmp_path):
    assert ask("draw", "-o", "graph.svg", script()) == (
        "training\ndrew 7 nodes: graph.svg\n",
        "",
        0,
    )
    assert ET.parse(tmp_path / "graph.svg").getroot().tag == "{http://www.w3.org/2000/svg}svg"


def test_draw_draws_what_flows_back(ask, script, tmp_path):
    ask("draw", "--backward", "-o", "graph.mmd", script())
    assert '<-->|"∇' in (tmp_path / "graph.mmd").read_text(encoding="utf-8")


def test_draw_names_the_picture_after_the_script(ask, script, tmp_path):
    (tmp_path / "models").mkdir()
    assert ask("draw", script(name="models/train.py")) == (
        "training\ndrew 7 nodes: train.svg\n",
        "",
        0,
    )
    assert (tmp_path / "train.svg").is_file()


@pytest.mark.slow
def test_profile_prints_hotspots_by_operation_and_by_line(ask_process, script):
    output, errors, status = ask_process("profile", script())
    assert (output.splitlines()[0], errors, status) == ("training", "", 0)
    assert sorted(rows(output, "operation")) == [
        ("add", "1"),
        ("matmul", "1"),
        ("power", "1"),
        ("subtract", "1"),
        ("sum", "1"),
    ]
    assert rows(output, "line") == [("train.py:9", "5")]
    assert "return np.sum((w @ x + b - y) ** 2)" in output


@pytest.mark.slow
def test_profile_shows_the_share_of_gradients(ask, script):
    line = next(
        line for line in ask("profile", script())[0].splitlines() if line.startswith("5 operations")
    )
    part = r"\d[.\d]*(ns|μs|ms|s) \(\d+\.\d%\)"
    parts = f"forward {part}, backward {part}, the engine {part}"
    rest = "the rest is your own code and call overhead"
    assert re.fullmatch(rf"5 operations in a run of \d[.\d]*m?s: {parts}; {rest}\.", line)


@pytest.mark.slow
def test_profile_counts_operations_inside_a_section_of_the_users(ask, script):
    source = MODEL.replace(
        "J = ag.diff(loss)", "with ag.timer.section('train'):\n    ag.diff(loss)"
    )
    assert "\n5 operations in a run of " in ask("profile", script(source))[0]


@pytest.mark.slow
def test_profile_limits_the_rows(ask, script):
    output = ask("profile", "--limit", "2", script())[0]
    assert [row[0] for row in rows(output, "operation")][2:] == ["3 more"]


@pytest.mark.slow
def test_profile_prints_tips(ask, script):
    source = (
        "x = ag.Param(np.ones((100, 20)))\nag.diff(lambda: sum(np.sum(x[i]) for i in range(100)))\n"
    )
    output = ask("profile", script("import numpy as np, autograd_tools as ag\n" + source))[0]
    assert "train.py:3: " in output
    assert "x[i], 100 times per gradient. Operate on the whole array: " in output


@pytest.mark.slow
def test_profile_saves_the_peaks_of_the_machine(ask, script, tmp_path):
    ask("profile", "-o", "run.json", script())
    assert set(Timer.load(tmp_path / "run.json").peaks) == {
        "float64",
        "float32",
        "moved",
        "call_ns",
    }


@pytest.mark.slow
def test_profile_prints_the_timers_table_on_demand(ask, script):
    output = ask("profile", "--timer", script())[0]
    assert "Tot / % measured:" in output
    assert re.search(r"^ sum_outgrads +6 ", output, flags=re.MULTILINE)
    assert "Tot / % measured:" not in ask("profile", script())[0]


@pytest.mark.slow
def test_profile_counts_all_bytes_on_demand(ask, script):
    output, errors, status = ask("profile", "--timer", "--memory", "exact", script())
    assert (errors, status) == ("", 0)
    assert re.search(r"^All arrays together: at most \d+\.?\d*[KM]?i?B\.$", output, re.MULTILINE)
    assert re.search(r"^ Section .* alloc +%tot +avg +peak +live$", output, re.MULTILINE)


@pytest.mark.slow
def test_the_installed_command_is_the_same(ask, script):
    command = shutil.which("autograd-tools", path=str(Path(sys.executable).parent))
    if command is None:
        pytest.skip("the command autograd-tools is not beside Python")
    assert ask("show", script(), command=[command]) == ask("show", script())


def test_the_version_is_that_of_the_package(ask):
    assert ask("--version") == (f"autograd-tools {ag.__version__}\n", "", 0)


@pytest.mark.parametrize(
    "args", [["--help"], ["show", "--help"], ["draw", "-h"], ["profile", "--help"]]
)
def test_help_is_printed(ask, args):
    output, errors, status = ask(*args)
    assert (output.startswith("usage: autograd-tools"), errors, status) == (True, "", 0)


@pytest.mark.parametrize("command", ["show", "draw", "profile"])
def test_help_of_a_command_tells_where_the_scripts_arguments_stand(ask, command):
    output = ask(command, "--help")[0]
    assert output.startswith(
        f"usage: autograd-tools {command} [options] SCRIPT [the script's arguments]\n"
    )


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["print", "train.py"],
        ["show"],
        ["show", "--no-such", "train.py"],
        ["draw", "-o"],
        ["draw", "-o", "g.svg"],
        ["check", "--"],
    ],
)
def test_a_wrong_command_prints_usage_and_returns_2(ask, script, args):
    script()
    output, errors, status = ask(*args)
    assert (output, errors.splitlines()[0][:21], status) == ("", "usage: autograd-tools", 2)


# Effects on the script ----------------------------------------------------------------------------

ENDS = {
    "end": ("", 0, ""),
    "exit-0": ("sys.exit(0)", 0, ""),
    "exit-3": ("sys.exit(3)", 3, ""),
    "message": ("sys.exit('message')", 1, "message\n"),
    "exception": (
        "1 // 0",
        1,
        'Traceback (most recent call last):\n  File "FILE", line 13, in <module>\n'
        "    1 // 0\n    ~~^^~~\n"
        "ZeroDivisionError: integer division or modulo by zero\n",
    ),
    "interrupt": (
        "raise KeyboardInterrupt",
        130,
        'Traceback (most recent call last):\n  File "FILE", line 13, in <module>\n'
        "    raise KeyboardInterrupt\nKeyboardInterrupt\n",
    ),
}


@each_command
@pytest.mark.parametrize(("end", "status", "errors"), list(ENDS.values()), ids=list(ENDS))
def test_the_exit_status_is_that_of_the_script(ask, script, tmp_path, command, end, status, errors):
    path = str(tmp_path / script(MODEL + end + "\n"))
    output, found, code = ask(*command, path)
    if status == 130 and command[0] == "profile":  # a process of its own, which ends by the signal
        status = -signal.SIGINT
    assert (output.splitlines()[0], found, code) == (
        "training",
        errors.replace("FILE", path),
        status,
    )


@each_command
def test_a_gradient_computed_before_the_script_failed_is_still_shown(ask, script, command):
    output = ask(*command, script(MODEL + "1 // 0\n"))[0]
    assert len(output.splitlines()) > 1


@each_command
def test_the_script_gets_input_and_writes_output_and_errors(ask, script, command):
    source = MODEL + "print(sys.stdin.read().upper())\nprint('careful', file=sys.stderr)\n"
    output, errors, status = ask(*command, script(source), input="a\nb")
    assert (output.splitlines()[1:3], errors, status) == (["A", "B"], "careful\n", 0)


@each_command
def test_the_script_is_main_with_its_folder_importable(ask, script, tmp_path, command):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "helper.py").write_text("value = 42", encoding="utf-8")
    source = MODEL + "import helper\nprint(__name__, helper.value, sys.path[0], sys.argv[0])\n"
    output = ask(*command, script(source, "models/train.py"))[0]
    assert output.splitlines()[1] == f"__main__ 42 {tmp_path / 'models'} models/train.py"


@each_command
def test_the_script_does_not_see_AUTOGRAD_TIMER(ask, script, command):
    source = MODEL + "import os, subprocess\nprint(os.environ.get('AUTOGRAD_TIMER'), flush=True)\n"
    child = (
        "subprocess.run([sys.executable, '-c', 'import os; "
        'print(os.environ.get("AUTOGRAD_TIMER"))\'])\n'
    )
    assert ask(*command, script(source + child))[0].splitlines()[1:3] == ["None", "None"]


@pytest.mark.parametrize("command", ["show", "draw"])
def test_the_timer_is_off_unless_a_profile_is_asked_for(ask, script, command):
    assert ask(command, script(MODEL + "print(ag.timer.records)\n"))[0].splitlines()[1] == "{}"


def test_a_script_that_starts_processes_can_be_shown(ask_process, script):
    source = """
import multiprocessing
import autograd_tools as ag
def double(x):
    return 2 * x
if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print(pool.map(double, [1, 2]))
    ag.grad(lambda x: x * 3)(1.0)
"""
    assert ask_process("show", script(source)) == (
        "[2, 4]\ninput x  1  ∇ 3\nv2 = x * 3  3  ∇ 1\n",
        "",
        0,
    )


@pytest.mark.slow
@each_command
def test_a_file_beside_the_script_called_viewer_is_no_trouble(ask, script, command):
    installed = shutil.which("autograd-tools", path=str(Path(sys.executable).parent))
    if installed is None:
        pytest.skip("the command autograd-tools is not beside Python")
    script("1 // 0\n", "viewer.py")
    output, errors, status = ask(*command, script(), command=[installed])
    assert (output.splitlines()[:1], errors, status) == (["training"], "", 0)


def test_the_script_may_have_any_name(ask, script):
    assert ask("show", script(name="my scr\u00efpt [bold] 🙂.txt")) == (
        f"training\n{LISTING}",
        "",
        0,
    )


# Options of the command and of the script ---------------------------------------------------------


@pytest.mark.parametrize("word", ["-h", "--help", "--version", "--", "-", "-1", "", "a b", "*"])
@pytest.mark.parametrize(
    "options", [[], ["-o", "g.dot"], ["--output=g.dot"], ["-og.dot", "--"]], ids=" ".join
)
def test_all_that_follows_SCRIPT_is_the_scripts(ask, script, options, word):
    script(MODEL + "import json\nprint(json.dumps(sys.argv[1:]))\n")
    output, errors, status = ask("draw", *options, "train.py", word, "3", "--", word)
    assert (json.loads(output.splitlines()[1]), errors, status) == ([word, "3", "--", word], "", 0)


@pytest.mark.slow
def test_profile_leaves_the_scripts_options_to_it(ask, script, tmp_path):
    script("import sys\nprint(sys.argv)\n")
    output, errors, _ = ask("profile", "-o", "run.json", "train.py", "-o", "w.npz", "--steps", "5")
    assert output == "['train.py', '-o', 'w.npz', '--steps', '5']\n"
    assert errors.splitlines()[0] == (
        "autograd-tools: --steps after SCRIPT is for the script; for autograd-tools: "
        "autograd-tools profile --steps 5 train.py"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["train.py"]


@pytest.mark.parametrize(
    ("words", "example"),
    [
        (["train.py", "--step", "5"], "--step 5 train.py"),
        (["train.py", "-x", "--step=5"], "--step=5 train.py"),
        (["train.py", "--step"], "--step train.py"),
        (["a b.py", "--limit", "2", "--step", "9"], "--limit 2 'a b.py'"),
        (["-c", "1 + 1", "--where", "x y"], "--where 'x y' -c '1 + 1'"),
        (["--step", "1", "train.py", "--limit", "5", "--step", "2"], "--limit 5 train.py"),
    ],
    ids=" ".join,
)
def test_an_option_of_ours_after_SCRIPT_gives_one_hint(ask, script, words, example):
    script("", "train.py"), script("", "a b.py")
    name = example.split()[0].partition("=")[0]
    assert ask("show", *words)[1].splitlines()[0] == (
        f"autograd-tools: {name} after SCRIPT is for the script; for autograd-tools: "
        f"autograd-tools show {example}"
    )


@pytest.mark.parametrize(
    "words",
    [
        ["train.py", "--", "--step", "5"],
        ["--", "train.py", "--step", "5"],
        ["--step", "1", "train.py", "--step", "5"],
        ["train.py", "--help", "-m", "-c", "5"],
        ["train.py", "--steps", "5"],
    ],
    ids=" ".join,
)
def test_other_words_after_SCRIPT_give_no_hint(ask, script, words):
    script(MODEL)
    assert ask("show", *words)[1:] == ("", 0)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["profile", "--step", "5", "train.py"], "unknown option '--step'; choose --steps"),
        (["profile", "--hmtl", "r.html", "train.py"], "unknown option '--hmtl'; choose --html"),
        (["show", "--step=1", "--Limit=5", "train.py"], "unknown option '--Limit'; choose --limit"),
        (["check", "-x", "train.py"], "unknown option '-x'; choose --help"),
        (["merge", "--ouput", "all.json", "a.json"], "unknown option '--ouput'; choose --output"),
        (["compare", "a.json", "b.json", "--rtl", "1"], "unknown option '--rtl'; choose --rtol"),
        (["prfile", "train.py"], "unknown command 'prfile'; choose profile"),
        (["--versoin"], "unknown option '--versoin'; choose --version"),
        (
            ["train.py"],
            "unknown command 'train.py'; choose show, draw, map, explain, source, profile, ",
        ),
    ],
    ids=" ".join,
)
def test_an_unknown_option_or_command_gets_the_nearest(ask, script, words, message):
    script()
    output, errors, status = ask(*words)
    assert (output, errors.splitlines()[0][:6], status) == ("", "usage:", 2)
    assert errors.splitlines()[-1].partition("error: ")[2].startswith(message)


def test_the_last_of_two_values_of_an_option_counts(ask, script, tmp_path):
    ask("draw", "-o", "first.dot", "-o", "last.dot", script())
    assert sorted(path.name for path in tmp_path.glob("*.dot")) == ["last.dot"]


# The gradient shown -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "line"), [("1", "v2 = w * 1  1  ∇ 1"), ("3", "v2 = w * 3  3  ∇ 1")]
)
def test_step_chooses_the_gradient(ask, script, step, line):
    output, errors, status = ask("show", "--step", step, script(STEPS))
    told = f"autograd-tools: using gradient {step} of 3; --step N selects another\n"
    assert (output.splitlines()[1], errors, status) == (line, told, 0)


@pytest.mark.parametrize("command", ["show", "draw"])
def test_a_step_beyond_the_last_says_how_many_there_were(ask, script, tmp_path, command):
    script(STEPS)
    assert ask(command, "--step", "4", "train.py") == (
        "",
        "autograd-tools: train.py computed 3 gradients, so there is no gradient 4 to show\n",
        2,
    )
    assert [path.name for path in tmp_path.iterdir()] == ["train.py"]


@pytest.mark.parametrize("step", ["0", "-1"])
def test_a_step_below_one_is_refused_before_the_script_runs(ask, script, step):
    assert ask("show", "--step", step, script()) == (
        "",
        f"autograd-tools: --step must be 1 or more, got {step}\n",
        2,
    )


def test_a_step_that_is_no_number_is_refused(ask, script):
    output, errors, status = ask("show", "--step", "two", script())
    assert (
        output,
        errors.splitlines()[-1].endswith("expected a whole number, got 'two'"),
        status,
    ) == ("", True, 2)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("show", "train.py computed no gradient with autograd_tools, so there is nothing to show"),
        ("draw", "train.py computed no gradient with autograd_tools, so there is nothing to show"),
        pytest.param(
            "profile",
            "train.py computed no gradient with autograd_tools, so there is nothing to profile",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_script_without_gradients_is_an_error(ask, script, tmp_path, command, message):
    assert ask(command, script(NO_GRADIENT)) == ("hello\n", f"autograd-tools: {message}\n", 2)
    assert [path.name for path in tmp_path.iterdir()] == ["train.py"]


@each_command
def test_a_script_that_fails_before_it_differentiates_keeps_its_status(ask, script, command):
    assert ask(*command, script("import sys; sys.exit(3)\n"))[2] == 3


def test_one_gradient_is_no_plural(ask, script):
    errors = ask("show", "--step", "2", script())[1]
    assert (
        errors
        == "autograd-tools: train.py computed 1 gradient, so there is no gradient 2 to show\n"
    )


# Views --------------------------------------------------------------------------------------------


def test_options_choose_columns_rows_and_order(ask, script):
    options = "--view table --columns id,op,∇norm --where result --sort -bytes --limit 2"
    assert ask("show", *options.split(), script()) == (
        "training\n5 of 7 nodes: result\nid  op      ∇norm\n 2  matmul   22.6\n 4  add      22.6\n"
        "… 3 of 5 omitted; raise the limit to see them\n",
        "",
        0,
    )


def test_depth_is_how_deep_a_tree_is_opened(ask, script):
    source = MODEL.replace("w @ x", "product()") + "def product(): return w @ x\n"
    source = source.replace("J = ag.diff(loss)\n", "") + "J = ag.diff(lambda: loss())\n"
    assert ask("show", "--view", "tree", "--depth", "1", script(source))[0].splitlines()[1:3] == [
        "7 nodes in loss",
        "├── product  2 nodes  112B  …",
    ]


def test_by_makes_a_table_of_scopes(ask, script):
    assert ask("show", "--view", "table", "--by", "scope", script())[0].splitlines()[2].split()[
        :3
    ] == ["loss", "7", "328B"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--view", "tree", "--sort", "-id"],
            "--sort does not apply to the view 'tree'; choose where, limit, max_depth, by",
        ),
        (
            ["--where", "bytes>many"],
            "'bytes>many': expected a number after >, got 'many'; write one such as 1e6",
        ),
        (["--limit", "0"], "--limit must be 1 or more, got 0"),
    ],
    ids=["sort", "where", "limit"],
)
def test_a_wrong_option_is_refused_before_the_script_runs(ask, script, options, message):
    assert ask("show", *options, script()) == ("", f"autograd-tools: {message}\n", 2)


# Saved traces and profiles ------------------------------------------------------------------------


def test_a_saved_trace_may_stand_in_the_scripts_place(ask, script, tmp_path):
    assert ask("show", "--save", "trace.json", script()) == (f"training\n{LISTING}", "", 0)
    assert ask("show", "trace.json") == (LISTING, "", 0)
    assert ask("draw", "trace.json", "-o", "again.dot") == ("drew 7 nodes: again.dot\n", "", 0)
    ask("draw", "-o", "graph.dot", script())
    assert (tmp_path / "again.dot").read_bytes() == (tmp_path / "graph.dot").read_bytes()


def test_draw_saves_the_trace_as_well(ask, script, tmp_path):
    assert ask("draw", "-o", "graph.dot", "--save", "trace.json", script())[2] == 0
    assert viewer.to_text(tmp_path / "trace.json") == LISTING.rstrip()


def test_a_picture_of_a_saved_trace_is_named_after_it(ask, script):
    ask("show", "--save", "run 1.json", script())
    assert ask("draw", "run 1.json") == ("drew 7 nodes: run 1.svg\n", "", 0)


@pytest.mark.slow
def test_a_saved_profile_may_stand_in_the_scripts_place(ask, script):
    output, errors, status = ask("profile", "-o", "run.json", script())
    assert (errors, status) == ("", 0)
    assert ask("profile", "run.json") == (output.removeprefix("training\n"), "", 0)


def test_a_profile_of_known_times_is_printed_to_the_letter(ask, tmp_path):
    section = {"ncalls": 2, "ns": 500_000, "nbytes": 0, "children": {}}
    timer = Timer.from_dict(
        {
            "total_ns": 10_000_000,
            "section_cost_ns": 0,
            "sections": {"record": section},
            "records": [],
        }
    )
    timer.add(Record("sum", 0, "/models/a.py", 3, "loss", ()), 1_000_000, 8)
    timer.add(Record("exp", 0, "/models/a.py", 4, "loss", ()), 2_000_000, 8)
    timer.add(Record("exp", 1, "/models/a.py", 4, "loss", (), "backward"), 3_000_000, 8)
    timer.add(Record("exp", 0, "/models/a.py", 4, "loss", (), "record"), 500_000, 0)
    timer.save(tmp_path / "run.json")
    output, errors, status = ask("profile", "run.json")
    assert (errors, status) == ("", 0)
    assert output.splitlines() == [
        "",
        "Hotspots by operation",
        "operation  calls  forward  backward   total       %  tracing  allocated"
        "  backward by argument",
        "exp            1   2.00ms    3.00ms  5.00ms   83.3%    500μs      16.0B  [1] 3.00ms",
        "sum            1   1.00ms    0.00ns  1.00ms   16.7%   0.00ns      8.00B",
        "total          2   3.00ms    3.00ms  6.00ms  100.0%    500μs      24.0B",
        "",
        "Hotspots by line",
        "line    calls  forward  backward   total       %  tracing  allocated"
        "  backward by argument",
        "a.py:4      1   2.00ms    3.00ms  5.00ms   83.3%    500μs      16.0B  exp[1] 3.00ms",
        "a.py:3      1   1.00ms    0.00ns  1.00ms   16.7%   0.00ns      8.00B",
        "total       2   3.00ms    3.00ms  6.00ms  100.0%    500μs      24.0B",
        "",
        "2 operations in a run of 10.0ms: forward 3.00ms (30.0%), backward 3.00ms (30.0%), "
        "tracing and accumulating 500μs (5.0%); "
        "the rest is your own code and call overhead.",
    ]


@pytest.mark.parametrize(
    ("command", "saved", "message"),
    [
        ("show", "run.json", "is a saved profile, expected a saved trace"),
        ("profile", "trace.json", "is a saved trace, expected a saved profile"),
    ],
)
def test_a_saved_file_of_the_other_kind_is_refused(ask, tmp_path, command, saved, message):
    ag.trace(lambda x: x * 2, 1.0).save(tmp_path / "trace.json")
    Timer().save(tmp_path / "run.json")
    assert ask(command, saved) == ("", f"autograd-tools: {saved} {message}\n", 2)


@each_command
def test_an_indented_saved_trace_is_never_run_as_python(ask, tmp_path, command):
    ag.trace(lambda x: x * 2, 1.0).save(tmp_path / "trace.json")
    document = json.loads((tmp_path / "trace.json").read_bytes())
    (tmp_path / "g.trace").write_text(json.dumps(document, indent=1), encoding="utf-8")
    assert ask(*command, "g.trace")[::2] == ask(*command, "trace.json")[::2]


@each_command
@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"format": "autograd_tools.trace", "version": 99}']
)
def test_a_damaged_file_is_refused_without_a_traceback(ask, tmp_path, command, content):
    (tmp_path / "run.json").write_text(content, encoding="utf-8")
    output, errors, status = ask(*command, "run.json")
    assert (output, errors.startswith("autograd-tools: run.json "), errors.count("\n"), status) == (
        "",
        True,
        1,
        2,
    )


# Errors -------------------------------------------------------------------------------------------


@each_command
@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("missing.py", "there is no file missing.py"),
        ("missing.json", "there is no file missing.json"),
        (".", "there is no __main__.py in ."),
        ("-m", "expected a module after -m, got nothing"),
    ],
)
def test_a_missing_script_is_named(ask, command, missing, message):
    assert ask(*command, missing) == ("", f"autograd-tools: {message}\n", 2)


@pytest.mark.parametrize(("name", "shown"), [("graph.gif", ".gif"), ("graph", "graph")])
def test_an_unknown_format_is_refused_before_the_script_runs(ask, script, name, shown):
    assert ask("draw", "-o", name, script()) == (
        "",
        f"autograd-tools: cannot draw '{shown}'; supported: {', '.join(FORMATS)}\n",
        2,
    )


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (
            "draw --heat warm train.py",
            "--heat: unknown value 'warm'; choose time, bytes, gradient, ",
        ),
        ("show --depth x train.py", "argument --depth: expected a whole number, got 'x'"),
        ("compare --rtol x A B", "argument --rtol: expected a number, got 'x'"),
        ("draw -o", "argument -o/--output: expected a value, got nothing"),
        ("explain --step", "argument --step: expected a value, got nothing"),
        ("source --exact=1 train.py", "argument --exact: expected no value, got '1'"),
        ("compare", "error: expected A, B, got nothing"),
        ("profile -c", "expected code after -c, got nothing"),
        ("show other.json", "other.json has no format, expected a saved trace"),
    ],
)
def test_a_wrong_command_says_what_to_write(ask, script, tmp_path, words, error):
    script()
    (tmp_path / "other.json").write_text('{"format": null}')
    output, errors, status = ask(*words.split())
    assert (output, error in errors, status) == ("", True, 2)


def test_a_step_beyond_the_last_says_how_many_gradients_there_are(ask, script):
    errors = ask("source", "--step", "3", script())[1]
    assert errors == (
        "autograd-tools: train.py computed 1 gradient, so there is no gradient 3 to write\n"
    )


def test_an_unknown_view_is_refused_before_the_script_runs(ask, script):
    output, errors, status = ask("show", "--view", "graph", script())
    assert (
        output,
        "argument --view: unknown value 'graph'; choose list, tree, table" in errors,
        status,
    ) == ("", True, 2)


# Commands that write a file.
each_writer = pytest.mark.parametrize(
    ("command", "name"),
    [
        (["draw", "-o"], "g.dot"),
        (["show", "--save"], "t.json"),
        pytest.param(["profile", "-o"], "run.json", marks=pytest.mark.slow),
    ],
    ids=["draw", "show", "profile"],
)


@each_writer
def test_a_missing_folder_is_named_without_a_traceback(ask, script, command, name):
    output, errors, status = ask(*command, f"missing/{name}", script())
    message = rf"autograd-tools: cannot write \S*missing\S{name}: there is no folder \S*missing\n"
    assert (output, status) == ("", 2)  # before the script runs
    assert re.fullmatch(message, errors)


@each_writer
def test_a_folder_that_is_gone_keeps_the_status_of_a_failed_script(
    ask, script, tmp_path, command, name
):
    (tmp_path / "gone").mkdir()
    source = MODEL + "import os\nos.rmdir('gone')\nsys.exit(3)\n"
    assert ask(*command, f"gone/{name}", script(source))[2] == 3


@each_writer
def test_files_do_not_follow_the_script_to_another_folder(ask, script, tmp_path, command, name):
    (tmp_path / "elsewhere").mkdir()
    ask(*command, name, script(MODEL + "import os; os.chdir('elsewhere')\n"))
    assert (tmp_path / name).is_file()


def test_a_png_without_dot_says_what_is_missing(ask, script):
    output, errors, status = ask("draw", "-o", "graph.png", script(), PATH="")
    assert (output, errors[:60], status) == (
        "training\n",
        "autograd-tools: PNG files need Graphviz's program `dot`, whi",
        2,
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "args",
    [
        ["show"],
        ["show", "--view", "tree"],
        ["show", "--view", "table"],
        ["profile", "--limit", "3000"],
    ],
    ids=" ".join,
)
def test_a_reader_that_stops_early_gets_no_traceback(script, tmp_path, args):
    source = (
        "import autograd_tools as ag\nw = ag.Param(1.0)\ndef f():\n    y = w\n"
        + "    y = y * 1\n" * 3000
        + "    return y\nag.diff(f)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-m", "autograd_tools", *args, script(source)],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""


def test_hostile_names_survive(ask, script, tmp_path):
    source = """
import numpy as np, autograd_tools as ag
w = ag.Param(np.ones(2), name="</script>[bold]\\n🙂")
def loss():
    with ag.scope("</script>[bold]\\n🙂"):
        return np.sum(w * 2)
ag.diff(loss)
"""
    assert ask("show", "--view", "tree", script(source))[0].splitlines()[:2] == [
        r"3 nodes in loss / </script>[bold]\n🙂",
        r"├── Param </script>[bold]\n🙂 = v1  [2]  ∇ 2.83",
    ]
    assert ask("draw", "-o", "g.svg", script(source)) == ("drew 3 nodes: g.svg\n", "", 0)
    assert r"</script>[bold]\n🙂" in ET.parse(tmp_path / "g.svg").getroot().itertext()


# Merging ------------------------------------------------------------------------------------------


def save_profile(path, ns):
    timer = Timer(clock=lambda: 0)
    timer.thread().root.child("matmul").count(ns)
    timer.add(Record("matmul", 0, "train.py", 9, "loss", ()), ns, 0)
    timer.save(path)


def test_merge_adds_saved_profiles_up(ask, tmp_path):
    for name, ns in (("A.json", 3), ("B.json", 40), ("C.json", 500)):
        save_profile(tmp_path / name, ns)
    assert ask("merge", "A.json", "B.json", "C.json", "-o", "all.json") == (
        "merged 3 profiles: all.json\n",
        "",
        0,
    )
    merged = Timer.load(tmp_path / "all.json")
    assert (
        merged["matmul"].ncalls,
        merged["matmul"].ns,
        merged["matmul"].min_ns,
        list(merged.records.values()),
    ) == (3, 543, 3, [Counts(3, 543, 0, 3)])


def test_a_merged_profile_is_shown_as_one(ask, tmp_path):
    save_profile(tmp_path / "A.json", 3)
    ask("merge", "-o", "all.json", "A.json", "A.json")
    assert rows(ask("profile", "all.json")[0], "operation") == [("matmul", "2")]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["A.json", "gone.json", "-o", "all.json"], "there is no file gone.json"),
        (["A.json", "bad.json", "-o", "all.json"], "bad.json is not complete JSON"),
        (["A.json", "-o", "gone/all.json"], "cannot write gone/all.json: there is no folder gone"),
        (["A.json"], "expected -o/--output, got nothing"),
        (["-o", "all.json"], "expected PROFILE, got nothing"),
    ],
)
def test_a_failed_merge_writes_nothing(ask, tmp_path, arguments, error):
    save_profile(tmp_path / "A.json", 3)
    (tmp_path / "bad.json").write_text("{")
    output, errors, status = ask("merge", *arguments)
    assert (output, error in errors, status, (tmp_path / "all.json").exists()) == (
        "",
        True,
        2,
        False,
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--no-such"], "unknown option '--no-such'; choose "),
        (["--vew", "tree"], "unknown option '--vew'; choose --view"),
        (["extra"], "expected no argument for trace.json, a saved file, got 'extra'"),
    ],
)
def test_a_saved_file_takes_no_words_of_a_script(ask, tmp_path, words, message):
    ag.trace(np.sin, 1.0).save(tmp_path / "trace.json")
    output, errors, status = ask("show", "trace.json", *words)
    assert (output, message in errors, status) == ("", True, 2)


def test_options_may_follow_a_saved_file(ask, tmp_path):
    ag.trace(np.sin, 1.0).save(tmp_path / "trace.json")
    expected = ask("show", "--view", "table", "--limit", "1", "trace.json")
    assert expected[1:] == ("", 0)
    assert ask("show", "--view", "table", "trace.json", "--limit", "1") == expected


@pytest.mark.parametrize(
    ("words", "shown"), [(["--by", "scope"], "scope "), (["--depth", "1"], "2 nodes")]
)
def test_an_option_of_one_view_chooses_it(words, shown, tmp_path, capsys):
    path = tmp_path / "trace.json"
    ag.trace(np.sin, 1.0).save(path)
    assert main(["show", str(path), *words]) == 0
    assert capsys.readouterr().out.startswith(shown)
