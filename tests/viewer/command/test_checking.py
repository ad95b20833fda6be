"""`autograd-tools check`: faults of gradients and of saved files, and the exit status."""

import json

import autograd_tools as ag

FAULTS = """\
import sys, threading
import numpy as np, autograd_tools as ag

w, buffer = ag.Param(np.ones(3)), np.zeros(3)

def loss():
    total = 0.0
    for i in range(3):
        buffer[:] = i
        total = total + np.sum(buffer * w)
    return total

for _ in range(4):
    ag.diff(loss)
print("trained", *sys.argv[1:])
"""
CHANGED = """\
checked 4 gradients: 1 fault
train.py:10 in loss: multiply[1], buffer: float64[3] changed between its use and the gradient; \
use a copy, such as buffer.copy() (×4)
    total = total + np.sum(buffer * w)
"""
START = "import numpy as np, autograd_tools as ag\n"


def test_a_changed_array_is_reported_by_line(ask, script):
    assert ask("check", script(FAULTS), "a", "b") == (f"trained a b\n{CHANGED}", "", 1)


def test_a_script_without_faults_passes(ask, script):
    assert ask("check", script()) == ("training\nchecked 1 gradient: no fault\n", "", 0)


def test_the_gradients_of_functions_are_checked(ask, script):
    source = START + (
        "f = lambda x: np.sum(x * x) if type(x) is np.ndarray else np.sum(3 * x)\n"
        "ag.grad(f)(np.ones(2)), ag.jacobian(f)(np.ones(2)), ag.elementwise_grad(np.sin)(0.0)\n"
    )
    output, errors, status = ask("check", script(source))
    head, fault = output.splitlines()
    assert (head, errors, status) == ("checked 3 gradients: 1 fault", "", 1)
    assert fault.startswith("<lambda> (")
    assert "train.py:2) returns 6.0 while it is recorded, and 2.0 otherwise" in fault
    assert fault.endswith("(×2)")


def test_the_gradients_of_threads_are_checked(ask, script):
    source = FAULTS.replace(
        "    ag.diff(loss)",
        "    t = threading.Thread(target=ag.diff, args=[loss]); t.start(); t.join()",
    )
    assert ask("check", script(source)) == (f"trained\n{CHANGED}", "", 1)


def test_random_numbers_are_no_fault(ask, script):
    source = START + (
        "rng = np.random.default_rng(0)\n"
        "w = ag.Param(np.ones(3))\n"
        "for _ in range(3):\n"
        "    ag.diff(lambda: np.sum(w * rng.random(3)))\n"
        "    ag.diff(lambda: np.sum(w * np.random.default_rng().random(3)))\n"
    )
    output, errors, status = ask("check", script(source))
    head, unknown = output.splitlines()
    assert (head, errors, status) == ("checked 6 gradients: no fault", "", 0)
    assert "train.py:6) returns a different value each time" in unknown
    assert unknown.endswith("(×3)")


def test_the_scripts_own_status_comes_first(ask, script):
    assert ask("check", script(FAULTS + "sys.exit(3)\n"))[2] == 3


def test_a_script_without_gradients_is_an_error(ask, script):
    assert ask("check", script("print('hello')\n")) == (
        "hello\n",
        "autograd-tools: train.py computed no gradient with autograd_tools, "
        "so there is nothing to check\n",
        2,
    )


def test_a_saved_trace_is_valid(ask, script):
    ask("show", "--save", "trace.json", script())
    output, errors, status = ask("check", "trace.json")
    assert (output[:30], errors, status) == ("trace.json is a valid trace of", "", 0)


def test_a_fault_of_a_saved_trace_is_shown_with_its_node(ask, script, tmp_path):
    ask("show", "--save", "trace.json", script())
    data = json.loads((tmp_path / "trace.json").read_text("utf-8"))
    data["head"][1] = len(data["heads"])
    (tmp_path / "trace.json").write_text(json.dumps(data), "utf-8")
    n = len(data["heads"])
    assert ask("check", "trace.json") == (
        f"trace.json is not a valid trace: 1 fault\n"
        f"  node 2: head is {n}, expected less than {n}\n",
        "",
        1,
    )


def test_a_saved_profile_is_valid(ask, tmp_path):
    ag.Timer().save(tmp_path / "profile.json")
    assert ask("check", "profile.json") == ("profile.json is a valid profile of 0 records\n", "", 0)


def test_a_saved_history_is_valid(ask, tmp_path):
    ag.History().save(tmp_path / "history.json")
    assert ask("check", "history.json") == ("history.json is a valid history of 0 series\n", "", 0)


def test_json_without_a_format_is_no_saved_file(ask, tmp_path):
    (tmp_path / "trace.json").write_text("{}", "utf-8")
    assert ask("check", "trace.json") == (
        "",
        "autograd-tools: trace.json has no format, expected a saved trace\n",
        2,
    )
