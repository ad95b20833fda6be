"""Trees of sections as plain data, and programs that run in a process with a timer setting."""

import os
import subprocess
import sys

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
    environment = {name: text for name, text in os.environ.items() if name != "AUTOGRAD_TIMER"}
    return subprocess.run(
        [sys.executable, "-W", "error", "-X", "utf8", *options, "-c", code],
        env=environment if setting is None else {**environment, "AUTOGRAD_TIMER": setting},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )


def printed(code, setting=None):
    """Return the output of a program that must not print errors."""
    found = run_python(code, setting)
    assert found.stderr == ""
    return found.stdout
