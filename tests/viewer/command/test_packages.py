"""`--adapt`: commands run a script whose packages know nothing of gradients."""

import pytest

SCRIPT = """
import statistics
import autograd_tools as ag
import numpy as np

def slope(y):
    return statistics.linear_regression([0.0, 1.0, 2.0], y).slope

print(ag.grad(slope)(np.array([1.0, 3.0, 4.0])))
"""


@pytest.mark.parametrize(
    "command", ["show", "check", "explain", pytest.param("profile", marks=pytest.mark.slow)]
)
def test_a_command_adapts_packages(ask, script, command):
    output, errors, status = ask(command, "--adapt", "statistics, colorsys", script(SCRIPT))
    assert (output.splitlines()[0], errors, status) == ("[-0.5  0.   0.5]", "", 0)


def test_repeated_options_add_up(ask, script):
    given = ("--adapt", "statistics", "--adapt", "colorsys")
    output, errors, status = ask("show", *given, script(SCRIPT))
    assert (output.splitlines()[0], errors, status) == ("[-0.5  0.   0.5]", "", 0)


def test_without_it_the_script_fails(ask, script):
    _, errors, status = ask("show", script(SCRIPT))
    assert ("LostGradientError" in errors, status) == (True, 1)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no_such_package", "cannot adapt no_such_package: No module named 'no_such_package'"),
        ("numpy", "numpy cannot be adapted; name the package that calls it"),
    ],
)
def test_a_wrong_name_is_an_error_before_the_script_runs(ask, script, name, message):
    output, errors, status = ask("show", "--adapt", name, script("print('ran')"))
    assert (output, errors, status) == ("", f"autograd-tools: {message}\n", 2)
