"""Hooks of the engine that AUTOGRAD_TIMER switches on; most programs run in one process."""

import functools
import json

import pytest
from support.timers import TREE, printed, run_python

import autograd_tools as ag
from autograd_tools.timing import Timer, instrument

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
    "same": [
        hook.__name__
        for hook, more in ((instrument.time_forward, "step"), (instrument.time_note, J))
        if hook(step, more) is step
    ],
    "timed": any(os.path.dirname(file) == os.path.dirname(instrument.__file__) for file in files),
    "calls": {label: section.ncalls for label, section in root.children.items()},
    "nested": [label for section in root.children.values() for label in section.children],
    "bytes": {label: section.nbytes for label, section in root.children.items() if section.nbytes},
    "records": [
        [r.op, r.argument, r.function, *r.scope]
        for r in ag.timer.records
        if r.phase in ("forward", "backward")
    ],
    "times": [sorted(node.times) for node in J.nodes],
    "longest": max(section.ns for section in root.children.values()) if root.children else 0,
    "total": ag.timer.total_ns,
}))
"""


@functools.cache
def readme_model(setting):
    return json.loads(printed(README, setting))


@pytest.mark.parametrize("setting", ["", " ", "0", "false", "False", "no", "OFF"])
def test_words_for_off_switch_the_timer_off(setting):
    assert instrument._setting(setting)[0] == 0


@pytest.mark.parametrize("setting", ["1", "true", "yes", "on"])
def test_words_for_on_ask_for_lines(setting):
    assert instrument._setting(setting)[0] == 2


@pytest.mark.parametrize("setting", [None, pytest.param("0", marks=pytest.mark.slow)])
def test_hooks_return_functions_unchanged_when_the_timer_is_off(setting):
    assert readme_model(setting)["same"] == ["time_forward", "time_note"]


@pytest.mark.parametrize("setting", [None, pytest.param("0", marks=pytest.mark.slow)])
def test_no_timer_code_runs_when_it_is_off(setting):
    found = readme_model(setting)
    assert (found["timed"], found["calls"], found["records"]) == (False, {}, [])


def test_hooks_wrap_functions_when_the_timer_is_on():
    assert readme_model("1")["same"] == []
    assert readme_model("1")["timed"]


def test_every_operation_and_argument_has_a_section():
    assert readme_model("1")["calls"] == {
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


def test_sections_of_first_order_gradients_do_not_nest():
    assert readme_model("1")["nested"] == []


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
def test_sections_count_bytes_of_returned_arrays(label, nbytes):
    assert readme_model("1")["bytes"][label] == nbytes


def test_records_have_operation_argument_and_place():
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


def test_nodes_have_times_by_argument():
    assert readme_model("1")["times"] == [[], [0, 1], [], [0, 1, 2], [0, 1], [0, 1], [0, 1]]


def test_no_section_takes_longer_than_the_run():
    assert 0 < readme_model("1")["longest"] < readme_model("1")["total"]


PROGRAMS = {
    "second order": "ag.grad(ag.grad(np.sin))(1.0)",
    "accumulation": "ag.grad(lambda x: ag.grad(lambda y: x * y * y)(2.0))(1.0)",
    "namespace": "ag.grad(lambda a: np.linalg.det(a))(np.eye(2))",
    "error": """
w = ag.Param(np.ones((2, 3)))
try:
    ag.diff(lambda: np.sum(w @ w))
except ValueError:
    ag.diff(lambda: np.sum(w))
""",
    "section": "with ag.timer.section('mine'): ag.grad(np.sin)(1.0)",
    "plain": "ag.Param(np.ones(3)) * 2",
    "reset": "ag.grad(np.sin)(1.0)\nag.reset_timer()",
}


@functools.cache
def trees():
    """The trees of all programs, which run in one process."""
    code = f"import json, numpy as np, autograd_tools as ag\n{TREE}\nfound = {{}}\n"
    for name, program in PROGRAMS.items():
        code += f"ag.timer.reset()\n{program}\nfound[{name!r}] = tree(ag.timer.root)\n"
    return json.loads(printed(f"{code}print(json.dumps(found))", "1"))


def test_operations_of_a_rule_on_tracked_values_nest_under_it():
    assert trees()["second order"] == {
        "sin": [1, {}],
        "record": [2, {}],
        "sin[1]": [1, {"cos": [1, {}], "record": [2, {}], "multiply": [1, {}]}],
        "sum_outgrads": [3, {}],
        "multiply[2]": [1, {}],
        "cos[1]": [1, {}],
    }


def test_accumulating_tracked_gradients_nests_under_sum_outgrads():
    assert trees()["accumulation"]["sum_outgrads"] == [8, {"add": [1, {}], "record": [1, {}]}]


def test_functions_of_sub_namespaces_are_named_as_numpy_names_them():
    calls = trees()["namespace"]
    assert (calls["linalg.det"], calls["linalg.det[1]"][0]) == ([1, {}], 1)


def test_an_operation_that_raises_leaves_the_timer_as_it_was():
    assert trees()["error"] == {
        "matmul": [1, {}],
        "sum": [1, {}],
        "record": [1, {}],
        "sum[1]": [1, {}],
        "sum_outgrads": [1, {}],
    }


def test_a_users_section_holds_the_operations_inside():
    assert trees()["section"] == {
        "mine": [1, {"sin": [1, {}], "record": [1, {}], "sin[1]": [1, {}], "sum_outgrads": [1, {}]}]
    }


def test_operations_on_params_outside_recordings_are_timed_forward_only():
    assert trees()["plain"] == {"multiply": [1, {}]}


def test_reset_timer_discards_measurements_of_ag_timer():
    assert trees()["reset"] == {}


@pytest.mark.slow
def test_timing_does_not_change_a_gradient():
    code = """
import numpy as np, autograd_tools as ag
print(ag.grad(lambda x: np.sum(np.tanh(x) ** 3))(np.array([0.5, -1.0])).tolist())
print(ag.grad(ag.grad(np.exp))(0.0))
"""
    assert printed(code, "1") == printed(code)


def test_ag_timer_is_a_timer():
    assert isinstance(ag.timer, ag.Timer)
    assert ag.Timer is Timer


@pytest.mark.slow
def test_an_unknown_setting_is_an_error_with_the_choices():
    assert run_python("import autograd_tools", "line").stderr.splitlines()[-1] == (
        "ValueError: unknown AUTOGRAD_TIMER='line'; choose 0, false, no, off, times, 1, true, yes, "
        "on, lines, shapes, alone or with a comma and nobytes, outputs, exact"
    )


@pytest.mark.slow
def test_with_times_only_there_are_no_lines_and_no_record():
    code = """
import json, numpy as np, autograd_tools as ag
ag.grad(np.sin)(1.0)
records = [[*record[:5], record.phase] for record in ag.timer.records]
print(json.dumps([list(ag.timer.root.children), records]))
"""
    assert json.loads(printed(code, "times")) == [
        ["sin", "sin[1]", "sum_outgrads"],
        [
            ["sin", 0, "", 0, "", "forward"],
            ["sin", 1, "", 0, "", "backward"],
            ["sin", 1, "", 0, "", "sum_outgrads"],
        ],
    ]


def operands(code):
    """Return the operands of a program's records, forward and backward, with `shapes`."""
    phases = '("forward", "backward")'
    shown = f"{{r.label: r.operands for r in ag.timer.records if r.phase in {phases}}}"
    code = f"import json, numpy as np, autograd_tools as ag\n{code}\nprint(json.dumps({shown}))"
    return json.loads(printed(code, "shapes"))


def array(shape, order="C", dtype="float64"):
    """Return an operand as in JSON."""
    return [dtype, shape, order, ""]


@pytest.mark.slow
def test_with_shapes_a_gradient_has_the_operands_of_its_call():
    call = [array([2, 3]), array([3]), array([2])]
    assert operands("w = np.ones((2, 3)); ag.grad(lambda x: np.sum(w @ x))(np.ones(3))") == {
        "matmul": call,
        "sum": [array([2]), array([], "")],
        "sum[1]": [array([2]), array([], "")],
        "matmul[2]": call,
    }


@pytest.mark.slow
def test_operands_keep_subscripts_and_types_of_constants():
    found = operands("ag.grad(lambda x: np.einsum('i,i', x, x) * 2)(np.ones(2, np.float32))")
    assert found["einsum"][0] == ["str", [], "", "i,i"]
    assert found["multiply"][1] == ["int", [], "", ""]


@pytest.mark.slow
def test_no_record_has_the_time_for_adding_up():
    code = """
import numpy as np, autograd_tools as ag
from autograd_tools.timing.log import RECORDED, WIDTH
from autograd_tools.timing.thread import Thread
add_up, marks = Thread.add_up, []

def watched(self, **options):
    marks.append(self.log[-WIDTH])
    add_up(self, **options)

def f(x):
    for _ in range(25_000):
        x = x * 1.0
    Thread.add_up = add_up
    return x

Thread.add_up = watched
ag.grad(f)(1.0)
print(marks == [RECORDED] * len(marks), len(marks))
"""
    assert printed(code, "1") == "True 2\n"


CHECKED = """
import threading
import numpy as np, autograd_tools as ag

def own(section):
    return section.ns - sum(child.ns for child in section.children.values())

def check():
    assert all(own(section) >= 0 for _, section in ag.timer.root.walk())
    operations = [own(s) for label, s in ag.timer.root.walk() if label != "mine"]
    return sum(operations) == sum(counts.ns for counts in ag.timer.records.values()) > 0

w, x = np.arange(9.0).reshape(3, 3), np.ones(3)
f = lambda x: np.sum(np.tanh(w @ x))
layer = ag.checkpoint(lambda h: np.tanh(w @ h))
"""
CHECKS = {
    "first order": "ag.grad(f)(x)",
    "hessian": "ag.hessian(f)(x)",
    "third order": "ag.grad(lambda x: np.sum(ag.grad(lambda y: "
    "np.sum(ag.grad(f)(y) ** 2))(x) ** 2))(x)",
    "checkpoint": "ag.grad(lambda x: np.sum(layer(layer(x))))(x)",
    "section": "with ag.timer.section('mine'): ag.diff(f, ag.Param(x))",
    "threads": "threads = [threading.Thread(target=ag.grad(f), args=(x,)) for _ in range(8)]\n"
    "for thread in threads: thread.start()\nfor thread in threads: thread.join()",
}


@pytest.mark.slow
@pytest.mark.parametrize("setting", ["1", "times", "shapes"])
def test_records_add_up_to_sections_to_the_nanosecond(setting):
    steps = [f"ag.timer.reset()\n{code}\nprint({name!r}, check())" for name, code in CHECKS.items()]
    expected = [f"{name} True" for name in CHECKS]
    assert printed("\n".join([CHECKED, *steps]), setting).splitlines() == expected


@pytest.mark.slow
def test_a_rule_that_raises_leaves_the_timer_as_it_was():
    code = f"""{CHECKED}
@ag.primitive(lambda dy, y, x: 1 // 0)
def bad(x): return x + 1
try:
    ag.grad(lambda x: np.sum(bad(x)))(x)
except ZeroDivisionError:
    ag.timer.measure("mine", lambda: None)
print(*[f"{{label}}:{{section.ncalls}}" for label, section in ag.timer.root.children.items()])
"""
    assert printed(code, "times") == "bad:1 sum:1 sum[1]:1 sum_outgrads:1 bad[1]:1 mine:1\n"


@pytest.mark.slow
def test_sections_in_a_users_primitive_nest_under_it():
    code = """
import numpy as np, autograd_tools as ag
@ag.primitive(lambda dy, y, x: dy * ag.grad(np.sin)(x))
def mine(x):
    with ag.timer.section("inside"):
        return ag.grad(np.cos)(x)
ag.grad(mine)(1.0)
children = {label: list(section.children) for label, section in ag.timer.root.children.items()}
print(children)
"""
    assert printed(code, "times") == (
        "{'mine': ['inside'], 'mine[1]': ['sin', 'sin[1]', 'sum_outgrads'], 'sum_outgrads': []}\n"
    )


@pytest.mark.parametrize("setting", ["exact,outputs", "lines,times", "exact,1,more", "exact,"])
def test_words_that_contradict_each_other_are_an_error(setting):
    message = f"unknown AUTOGRAD_TIMER='{setting}'; choose 0, .*, alone or with a comma and nobytes"
    with pytest.raises(ValueError, match=message):
        instrument._setting(setting)


@pytest.mark.parametrize(
    ("setting", "found"),
    [
        ("", (0, "outputs")),
        ("exact", (2, "exact")),
        (" Shapes , EXACT", (3, "exact")),
        ("nobytes,times", (1, "nobytes")),
        ("0,exact", (0, "exact")),
    ],
)
def test_AUTOGRAD_TIMER_takes_a_level_and_a_memory_mode(setting, found):
    assert instrument._setting(setting) == found
