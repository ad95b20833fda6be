"""Views in the terminal: text, folding, hostile names, colours and links."""

import collections
import contextlib
import dataclasses
import io
import os
import re
import sys

import numpy as np
import pytest
from rich.cells import cell_len
from support.commands import run_in_terminal
from support.hostile import hostile

import autograd_tools as ag
import viewer
from viewer.terminal.text import VIEWS

WIDTHS = [60, 80, 200]
# The options that show all of a view at any width.
EVERY = {"list": {}, "tree": {}, "table": {"columns": "id,operation,value,gradient,∇norm,source"}}

MODEL = """
import numpy as np
import autograd_tools as ag

w = ag.Param(np.ones((2, 3)), name="w")
b = ag.Param(np.ones((2, 1)))
x = np.arange(12.0).reshape(3, 4)
y = np.zeros((2, 4))

def layer(x):
    return w @ x + b

def loss():
    with ag.scope("error"):
        e = layer(x) - y
    return np.sum(e ** 2)
"""


def run_model(source=MODEL):
    """Run a source as the file model.py, and return its names."""
    names = {}
    exec(compile(source, "/models/model.py", "exec", dont_inherit=True), names)
    return names


@pytest.fixture(scope="module")
def tape():
    return ag.diff(run_model()["loss"])


@pytest.fixture(autouse=True)
def plain_terminal(monkeypatch):
    """Unset the variables that configure rich's terminal."""
    for name in (
        "FORCE_COLOR",
        "NO_COLOR",
        "TTY_COMPATIBLE",
        "TTY_INTERACTIVE",
        "COLUMNS",
        "LINES",
        "JUPYTER_COLUMNS",
    ):
        monkeypatch.delenv(name, raising=False)


# The views ----------------------------------------------------------------------------------------


def test_the_list_has_an_equation_for_each_node(tape):
    assert viewer.to_text(tape).splitlines() == [
        "Param w  2×3  ∇ 2.26e+03",
        "v2 = w @ float64[3,4]  2×4  ∇ 101",
        "Param b  2×1  ∇ 198",
        "v4 = v2 + b  2×4  ∇ 101",
        "v5 = v4 - float64[2,4]  2×4  ∇ 101",
        "v6 = v5 ** 2  2×4  ∇ 2.83",
        "v7 = sum(v6)  2540  ∇ 1",
    ]


def lines_of(f, *args):
    return viewer.to_text(ag.trace(f, *args)).splitlines()


def test_equations_have_options_lists_and_short_numbers():
    x = np.ones((2, 3))
    assert lines_of(lambda x: np.sum(x, axis=0), x)[-1] == "v2 = sum(x, axis=0)  [3]"
    assert lines_of(lambda x: np.stack([x, x, x + 1]), x)[-1] == "v3 = stack([x, x, v2])  3×2×3"
    assert lines_of(lambda x: x / np.sqrt(8), x)[-1] == "v2 = x / 2.82843  2×3"
    assert lines_of(lambda x: x[:, 0:2], x)[-1] == "v2 = x[:, 0:2]  2×2"
    assert lines_of(np.linalg.slogdet, np.eye(2))[1] == "v2 = linalg.slogdet(a)  (1.0, 0.0)"
    assert lines_of(lambda x: np.where(x > 0, x, 0.5), x)[-1].endswith("(bool[2,3], x, 0.5)  2×3")


def test_a_percent_in_an_argument_is_text():
    @ag.primitive(lambda dy, y, x, form: dy)
    def shown(x, form):
        return x * 1.0

    assert lines_of(lambda x: shown(x, "%s %d%%"), 3.0)[-1] == "v2 = shown(x, '%s %d%%')  3  ∇ 1"


def test_names_that_several_params_have_are_numbers():
    a, b = ag.Param(1.0, name="w"), ag.Param(2.0, name="w")
    assert viewer.to_text(ag.diff(lambda: a * b)).splitlines()[-1] == "v3 = v1 * v2  2  ∇ 1"


def test_gradients_that_are_not_finite_say_so():
    w = ag.Param(np.ones(3), name="w")
    with np.errstate(all="ignore"):
        tape = ag.diff(lambda: np.sum(w * np.array([1.0, np.nan, np.inf])))
    assert viewer.to_text(tape).splitlines()[0] == "Param w  [3]  ∇ 1 1 NaN 1 Inf"


@pytest.mark.parametrize("view", ["list", "tree"])
@pytest.mark.parametrize(("factor", "count"), [(np.nan, "3 NaN"), (np.inf, "3 Inf")])
def test_a_gradient_without_finite_elements_shows_their_count(view, factor, count):
    w = ag.Param(np.ones(3), name="w")
    tape = ag.diff(lambda: np.sum(w * factor))
    assert f"Param w  [3]  ∇ {count}" in viewer.to_text(tape, view=view)


@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
def test_a_scalar_array_that_is_not_finite_shows_its_number(number):
    w = ag.Param(np.array(float(number)), name="w")
    assert viewer.to_text(ag.diff(lambda: w * 2)).startswith(f"Param w  {number}  ∇ 2")


def test_the_tree_shows_nodes_below_their_calls_and_scopes(tape):
    assert viewer.to_text(tape, "tree").splitlines() == [
        "7 nodes in loss",
        "├── error  5 nodes  256B",
        "│   ├── layer  4 nodes  192B",
        "│   │   ├── Param w  2×3  ∇ 2.26e+03",
        "│   │   ├── v2 = w @ float64[3,4]  2×4  ∇ 101",
        "│   │   ├── Param b  2×1  ∇ 198",
        "│   │   └── v4 = v2 + b  2×4  ∇ 101",
        "│   └── v5 = v4 - float64[2,4]  2×4  ∇ 101",
        "├── v6 = v5 ** 2  2×4  ∇ 2.83",
        "└── v7 = sum(v6)  2540  ∇ 1",
    ]


def test_the_table_has_a_column_for_each_fact(tape):
    assert viewer.to_text(tape, "table").splitlines() == [
        "id  operation  value            ∇norm  source",
        " 1  param w    float64[2,3]  2.26e+03",
        " 2  matmul     float64[2,4]       101  model.py:11",
        " 3  param b    float64[2,1]       198",
        " 4  add        float64[2,4]       101  model.py:11",
        " 5  subtract   float64[2,4]       101  model.py:15",
        " 6  power      float64[2,4]      2.83  model.py:16",
        " 7  sum        2540                 1  model.py:16",
    ]


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (80, "id operation value ∇norm source"),
        (46, "id operation value ∇norm"),
        (32, "id operation ∇norm"),
        (21, "id operation"),
    ],
)
def test_a_table_hides_columns_before_it_folds_texts(tape, width, shown):
    lines = viewer.to_text(tape, "table", width=width).splitlines()
    assert lines[0].split() == shown.split()
    hidden = [name for name in ("value", "∇norm", "source") if name not in shown]
    note = f"hidden (terminal too narrow): {', '.join(hidden)}" if hidden else ""
    assert " ".join(lines[8:]) == note


def test_the_list_is_the_default_view(tape):
    assert viewer.to_text(tape) == viewer.to_text(tape, "list")


def test_two_calls_of_one_function_that_differ_are_two_branches():
    w = ag.Param(2.0)

    def call(f, x):
        return f(x)

    name = "test_two_calls_of_one_function_that_differ_are_two_branches.call"
    assert viewer.to_text(
        ag.diff(lambda: call(np.negative, call(np.square, w))), "tree"
    ).splitlines()[1:] == [
        f"├── {name}  2 nodes  16.0B",
        "│   ├── Param w  2  ∇ -4",
        "│   └── v2 = square(w)  4  ∇ -1",
        f"└── {name}  1 node  8.00B",
        "    └── v3 = -v2  -4  ∇ 1",
    ]


def test_two_equal_calls_of_one_function_fold_into_one_branch():
    w = ag.Param(2.0)

    def double(x):
        return x * 2

    assert viewer.to_text(viewer.fold(ag.diff(lambda: double(double(w)))), "tree").splitlines()[
        1:
    ] == [
        "├── Param w  2  ∇ 4",
        "└── test_two_equal_calls_of_one_function_fold_into_one_branch.double  ×2  2 nodes  16.0B",
        "    └── v2 = w * 2  4  ∇ 2",
    ]


@pytest.mark.parametrize(
    ("view", "lines"),
    [
        ("list", ["input x  3", "v2 = x * 2  6"]),
        ("tree", ["2 nodes", "├── input x  3", "└── v2 = x * 2  6"]),
        ("table", ["id  operation  value  ∇norm  source", " 1  input x    3", " 2  multiply   6"]),
    ],
)
def test_a_trace_without_gradients_shows_none(view, lines):
    nodes = [
        dataclasses.replace(node, outgrad=None, file="") for node in ag.trace(lambda x: x * 2, 3.0)
    ]
    assert viewer.to_text(ag.Trace(tuple(nodes)), view).splitlines() == lines


@pytest.mark.parametrize(
    ("view", "text"),
    [("list", ""), ("tree", "0 nodes"), ("table", "id  operation  value  ∇norm  source")],
)
def test_an_empty_trace_can_be_shown(view, text):
    assert viewer.to_text(ag.Trace(()), view) == text


def test_a_freed_value_is_shown_as_such(tape):
    tape.nodes[3].value = None
    lines = viewer.to_text(tape, "tree").splitlines()
    assert lines[6] == "│   │   └── v4 = v2 + b  freed  ∇ 101"


@pytest.mark.parametrize("what", ["tape", "trace", "path", "string"])
@pytest.mark.parametrize("view", VIEWS)
def test_tape_trace_and_saved_trace_show_the_same(tape, tmp_path, view, what):
    tape.trace().save(tmp_path / "trace.json")
    given = {
        "tape": tape,
        "trace": tape.trace(),
        "path": tmp_path / "trace.json",
        "string": str(tmp_path / "trace.json"),
    }
    assert viewer.to_text(given[what], view) == viewer.to_text(tape, view)


@pytest.mark.parametrize(
    "given", [14.0, 3, None, [1, 2], np.ones(3)], ids=["float", "int", "None", "list", "array"]
)
@pytest.mark.parametrize("function", [viewer.to_text, viewer.show])
def test_another_type_is_an_error_that_says_what_is_expected(function, given):
    with pytest.raises(
        TypeError, match=r"expected a Tape, a Trace or the path of a saved trace, got "
    ):
        function(given)


@pytest.mark.parametrize("function", [viewer.to_text, viewer.show])
def test_an_unknown_view_is_an_error_that_lists_the_views(tape, function):
    with pytest.raises(ValueError) as error:
        function(tape, "graph")
    assert str(error.value) == f"unknown view 'graph'; choose {', '.join(VIEWS)}"


@pytest.mark.parametrize("width", [None, 80])
def test_an_unknown_view_is_an_error_at_every_width(tape, width):
    with pytest.raises(ValueError, match="unknown view 'lists'"):
        viewer.to_text(tape, "lists", width=width)


def test_a_missing_file_is_an_error_that_names_it(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"trace\.json"):
        viewer.to_text(tmp_path / "trace.json")


# Width --------------------------------------------------------------------------------------------


def characters(text):
    """Count the characters of a text, except the blanks and guides that folding changes."""
    return collections.Counter(c for c in text if c not in " \n│├└─")


def widest(text):
    return max(cell_len(line) for line in text.splitlines())


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("view", VIEWS)
def test_no_line_is_wider_than_the_width(tape, view, width):
    assert widest(viewer.to_text(tape, view, width=width)) <= width


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("view", VIEWS)
def test_folding_loses_nothing(tape, view, width):
    assert characters(viewer.to_text(tape, view, width=width, **EVERY[view])) == characters(
        viewer.to_text(tape, view, **EVERY[view])
    )


def test_a_long_list_line_continues_below_its_beginning(tape):
    assert viewer.to_text(tape, "list", width=26).splitlines()[:4] == [
        "Param w  2×3  ∇ 2.26e+03",
        "v2 = w @ float64[3,4]",
        "    2×4  ∇ 101",
        "Param b  2×1  ∇ 198",
    ]


def test_a_long_tree_line_continues_below_its_beginning(tape):
    assert viewer.to_text(tape, "tree", width=40).splitlines()[4:7] == [
        "│   │   ├── v2 = w @ float64[3,4]  2×4",
        "│   │   │   ∇ 101",
        "│   │   ├── Param b  2×1  ∇ 198",
    ]


@pytest.fixture(scope="module")
def recursion():
    """The trace of a recursion, 30 deep: the guides of its tree alone take 120 columns."""
    w = ag.Param(2.0, name="w")

    def down(x, n):
        return down(x * 1, n - 1) if n else x

    return ag.diff(lambda: down(w, 30) * 2).trace()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("view", VIEWS)
def test_deep_scopes_stay_within_the_width(recursion, view, width):
    assert widest(viewer.to_text(recursion, view, width=width)) <= width


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("view", VIEWS)
def test_folding_deep_scopes_loses_nothing(recursion, view, width):
    assert characters(viewer.to_text(recursion, view, width=width, **EVERY[view])) == characters(
        viewer.to_text(recursion, view, **EVERY[view])
    )


@pytest.mark.parametrize(("view", "lines"), [("list", 20_001), ("tree", 4), ("table", 20_002)])
def test_a_chain_of_20_000_operations_is_shown(chain, view, lines):
    assert len(viewer.to_text(chain, view).splitlines()) == lines


@pytest.fixture(scope="module")
def chain():
    w = ag.Param(1.0)

    def double():
        x = w
        for _ in range(20_000):
            x = x * 1
        return x

    return ag.diff(double).trace()


# Hostile names ------------------------------------------------------------------------------------


def trace_named(name):
    """The trace of a Param, an operation and a scope, all of one name."""
    w = ag.Param(np.ones(2), name=name)

    def double(x):
        return x * 2

    double.__name__ = name
    named = ag.primitive(lambda dy, y, x: dy * 2)(double)
    with ag.record() as tape, ag.scope(name):
        np.sum(named(w))
    tape.backward()
    return tape.trace()


@hostile()
def test_a_hostile_name_of_an_operation_survives_in_the_list(name, shown):
    line = viewer.to_text(trace_named(name)).splitlines()[1]
    assert line == f"v2 = {shown}(v1)  [2]  ∇ 1.41"


@hostile()
def test_a_hostile_name_survives_in_the_tree(name, shown):
    assert viewer.to_text(trace_named(name), "tree").splitlines() == [
        f"3 nodes in {shown}",
        f"├── Param {shown} = v1  [2]  ∇ 2.83",
        f"├── v2 = {shown}(v1)  [2]  ∇ 1.41",
        "└── v3 = sum(v2)  4  ∇ 1",
    ]


@hostile()
def test_a_hostile_name_survives_in_the_table(name, shown):
    lines = viewer.to_text(trace_named(name), "table").splitlines()
    assert [line[4:].split("  ")[0] for line in lines] == [
        "operation",
        f"param {shown}",
        shown,
        "sum",
    ]


@hostile()
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("view", VIEWS)
def test_a_hostile_name_is_folded_within_the_width(name, shown, view, width):
    trace = trace_named(name)
    folded = viewer.to_text(trace, view, width=width, **EVERY[view])
    assert widest(folded) <= width
    if len(name) <= width:  # a longer one is cut
        assert characters(folded) == characters(viewer.to_text(trace, view, **EVERY[view]))


@hostile()
@pytest.mark.parametrize("view", VIEWS)
def test_a_hostile_name_survives_saving(name, shown, view, tmp_path):
    trace = trace_named(name)
    trace.save(tmp_path / "trace.json")
    assert viewer.to_text(tmp_path / "trace.json", view) == viewer.to_text(trace, view)


@pytest.mark.parametrize("key", ["[/b]", "[bold]", ":fire:", "[link=x]", "\\"])
@pytest.mark.parametrize("view", VIEWS)
def test_a_hostile_key_of_a_dict_survives(view, key):
    w = ag.Param({key: 1.0})
    assert f"{{{key!r}: 1.0}}" in viewer.to_text(ag.diff(lambda: w[key] * 2.0), view)


@pytest.mark.parametrize("view", VIEWS)
def test_a_list_of_nan_survives(view):
    w = ag.Param([float("nan"), 1.0])
    assert "[nan, 1.0]" in viewer.to_text(ag.diff(lambda: w[0] * 2.0), view)


@pytest.mark.parametrize("view", VIEWS)
def test_the_name_of_a_file_may_be_hostile(view):
    names = {}
    exec(compile("def double(x):\n    return x * 2", "[bold]</script>\n.py", "exec"), names)
    text = viewer.to_text(ag.trace(names["double"], 1.0), view)
    assert ("[bold]</script>\\n.py:2" in text) == (view == "table")


# Files, pipes and terminals -----------------------------------------------------------------------


@pytest.mark.parametrize("view", VIEWS)
def test_show_writes_plain_lines_to_a_file(tape, capsys, view):
    viewer.show(tape, view)
    assert capsys.readouterr() == (viewer.to_text(tape, view) + "\n", "")


@pytest.mark.parametrize("view", VIEWS)
def test_show_writes_to_the_file_given(tape, capsys, view):
    file = io.StringIO()
    viewer.show(tape, view, file=file)
    assert (file.getvalue(), capsys.readouterr().out) == (viewer.to_text(tape, view) + "\n", "")


def test_show_writes_to_the_current_stdout(tape):
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        viewer.show(tape)
    assert output.getvalue() == viewer.to_text(tape) + "\n"


@pytest.mark.parametrize("view", VIEWS)
def test_a_long_name_takes_few_lines_of_a_terminal(view):
    lines = viewer.to_text(trace_named("x" * 10_000), view, width=80).splitlines()
    assert len(lines) < 20
    assert max(map(cell_len, lines)) <= 80


@pytest.mark.parametrize("view", ["list", "tree"])
def test_a_remainder_has_its_sign(view):
    w = ag.Param(np.array([1.5, 2.5]), name="100%s")
    text = viewer.to_text(ag.diff(lambda: np.sum(w % 2 + np.mod(5.0, w))), view)
    assert "v2 = v1 % 2  [2]  ∇ 1.41" in text
    assert "v3 = 5.0 % v1  [2]" in text


@pytest.mark.parametrize("index", [slice(1, None), (slice(1, None),)])
def test_an_index_of_one_part_has_no_comma(index):
    w = ag.Param(np.ones(3), name="w")
    assert "v2 = w[1:]  [2]" in viewer.to_text(ag.diff(lambda: np.sum(w[index])))


@pytest.mark.parametrize("view", VIEWS)
def test_a_pipe_gets_long_lines_whole(capsys, view):
    trace = trace_named("x" * 500)
    viewer.show(trace, view)
    assert "x" * 500 in capsys.readouterr().out


ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def in_a_terminal(code, columns):
    """Return the output of a Python program in a terminal with `columns`."""
    size = {"TERM": "xterm-256color", "COLUMNS": str(columns), "LINES": "50"}
    written, status = run_in_terminal(sys.executable, "-c", code, **size)
    assert status == 0, written
    return written.replace("\r\n", "\n")


@pytest.mark.parametrize("columns", [40, 60])
def test_explain_fits_the_terminal(columns, tmp_path):
    script = tmp_path / "train.py"
    script.write_text(f"{MODEL}\nag.diff(loss)\n")
    run = (
        f"from viewer.command.cli import main; main(['explain', '--max-nodes=5', {str(script)!r}])"
    )
    lines = ESCAPE.sub("", in_a_terminal(run, columns)).splitlines()
    assert max(map(cell_len, lines)) <= columns
    assert "pass --max-nodes 7" in " ".join(" ".join(lines).split())


@pytest.mark.slow
@pytest.mark.parametrize("view", VIEWS)
def test_a_terminal_gets_colours_and_lines_of_its_width(view):
    written = in_a_terminal(f"{MODEL}\nimport viewer\nviewer.show(ag.diff(loss), {view!r})", 60)
    assert ESCAPE.search(written)
    assert widest(ESCAPE.sub("", written)) <= 60


@pytest.mark.slow
@pytest.mark.parametrize("view", VIEWS)
def test_a_terminal_gets_the_text_of_a_pipe(view):
    show = f"viewer.show(J, {view!r})\nprint('---')\nprint(viewer.to_text(J, {view!r}, width=60))"
    code = f"{MODEL}\nimport viewer\nJ = ag.diff(loss)\n{show}"
    shown, text = ESCAPE.sub("", in_a_terminal(code, 60)).split("---\n")
    assert [line.rstrip() for line in shown.splitlines()] == text.splitlines()


@pytest.mark.slow
@pytest.mark.parametrize("view", VIEWS)
def test_a_terminal_gets_no_escape_code_from_a_name(view):
    code = f"""
import numpy as np, autograd_tools as ag, viewer
w = ag.Param(np.ones(2), name="\\x1b]0;title\\x07[bold]")
with ag.record() as J, ag.scope("\\x1b[2J[red]"):
    np.sum(w * 2)
J.backward()
viewer.show(J, {view!r})
"""
    assert "\x1b" not in ESCAPE.sub("", in_a_terminal(code, 200))


@pytest.mark.slow
def test_a_terminal_gets_links_to_the_source(tmp_path):
    (tmp_path / "a b.py").write_text(
        MODEL + "import viewer\nviewer.show(ag.diff(loss), 'table', columns='source,id')\n",
        encoding="utf-8",
    )
    written = in_a_terminal(f"import runpy; runpy.run_path({str(tmp_path / 'a b.py')!r})", 80)
    assert f"\x1b]8;;{(tmp_path / 'a b.py').as_uri()}#11\x1b\\a b.py:11\x1b]8;;\x1b\\" in written


def test_plain_text_has_no_links(tmp_path):
    path = tmp_path / "model.py"
    path.write_text(MODEL, encoding="utf-8")
    names = {}
    exec(compile(MODEL, str(path), "exec", dont_inherit=True), names)
    assert "\x1b" not in viewer.to_text(ag.diff(names["loss"]), "table", width=80)


def test_a_place_below_the_current_folder_is_shown_from_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(compile("def f(x):\n    return x * 2", str(tmp_path / "models" / "a.py"), "exec"), names)
    assert viewer.to_text(ag.trace(names["f"], 1.0), "table", columns="source").splitlines()[
        2
    ] == os.path.join("models", "a.py:2")  # noqa: PTH118


@pytest.mark.slow
@pytest.mark.parametrize("view", ["list", "table"])
def test_a_terminal_gets_at_most_a_thousand_lines(view):
    code = f"""
import numpy as np, autograd_tools as ag, viewer
w = ag.Param(1.0)
def f():
    x = w
    for _ in range(2000):
        x = x * 1
    return x
viewer.show(ag.diff(f), {view!r})
"""
    lines = ESCAPE.sub("", in_a_terminal(code, 80)).splitlines()
    assert len(lines) == 1001 + (view == "table")
    assert lines[500 + (view == "table")] == "… 1,001 of 2,001 omitted; raise the limit to see them"


@pytest.mark.slow
def test_a_terminal_without_colours_gets_none():
    code = f"import os; os.environ['NO_COLOR'] = '1'\n{MODEL}\n"
    code += "import viewer\nviewer.show(ag.diff(loss))"
    assert "\x1b[3" not in in_a_terminal(code, 80)
