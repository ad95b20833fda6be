"""What tests of the command line have in common: a script, and the variables of a process that runs it."""

import os

MODEL = """\
import sys
import numpy as np
import autograd_tools as ag

w, b = ag.Param(np.ones((2, 3)), name="w"), ag.Param(np.ones((2, 1)), name="b")
x, y = np.ones((3, 4)), np.zeros((2, 4))

def loss():
    return np.sum((w @ x + b - y) ** 2)

print("training", *sys.argv[1:])
J = ag.diff(loss)
"""


def environment(**more):
    """The variables of a process: ours without those that change what Python, rich or the timer do."""
    names = (
        "AUTOGRAD_TIMER",
        "FORCE_COLOR",
        "NO_COLOR",
        "TTY_COMPATIBLE",
        "COLUMNS",
        "PYTHONSAFEPATH",
    )
    plain = {name: text for name, text in os.environ.items() if name not in names}
    return {
        **plain,
        "PYTHONUTF8": "1",
        "PYTHONWARNINGS": "error",
        "PYTHONDONTWRITEBYTECODE": "1",
        **more,
    }
