"""Trees of sections as plain data, and programs that run in a process with a timer setting."""

import sys

from support.commands import run

from autograd_tools.timing import Record

TREE = """
def tree(section):
    return {label: [child.ncalls, tree(child)] for label, child in section.children.items()}
"""


def tree(section):
    """Return calls and nanoseconds of the sections below one, by label."""
    return {
        label: (child.ncalls, child.ns, tree(child)) for label, child in section.children.items()
    }


def run_python(code, setting=None, *options):
    """Run a program in a process with a value of AUTOGRAD_TIMER, or without one."""
    variables = {} if setting is None else {"AUTOGRAD_TIMER": setting}
    return run(sys.executable, *options, "-c", code, **variables)


def printed(code, setting=None):
    """Return the output of a program that must not print errors."""
    found = run_python(code, setting)
    assert (found.stderr, found.returncode) == ("", 0)
    return found.stdout


def record(label, *operands, line=7, phase=None, scope=()):
    """Return the record of an operation such as `sum`, or of the gradient `sum[1]`."""
    op, _, argument = label.rstrip("]").partition("[")
    phase = phase or ("backward" if argument else "forward")
    return Record(op, int(argument or 0), "model.py", line, "loss", scope, phase, operands)
