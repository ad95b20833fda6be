"""`import autograd` as `autograd_tools.compat`, in programs that are not ours."""

import pytest

INSTALLED = "import autograd_tools.compat; autograd_tools.compat.install()\n"


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("from autograd import grad; print(grad(lambda x: x * x)(3.0))", "6.0"),
        ("import autograd; print(autograd.grad.__module__.split('.')[0])", "autograd_tools"),
        ("import autograd; print(autograd.numpy.sin(0.0), autograd.core.__name__)",
         "0.0 autograd_tools.compat.core"),
        ("import autograd.numpy as np; print(np.numpy_wrapper.numpy_version == np.__version__)",
         "True"),
        ("import autograd.numpy.linalg as la; print(la.norm([3.0, 4.0]))", "5.0"),
        ("import autograd.numpy, autograd_tools.compat.numpy as np; print(autograd.numpy is np)",
         "True"),
        ("from autograd.wrap_util import wraps\nprint(wraps(abs, 'of_{fun}')(lambda: 0).__name__)",
         "of_abs"),
        ("from autograd.numpy.numpy_vspaces import ArrayVSpace as V; print(V([1.0]).size)", "1"),
        ("from autograd.numpy.numpy_jvps import broadcast; print(broadcast(1, [1, 2]))", "[1 1]"),
        ("from autograd.numpy.numpy_wrapper import _astype; import numpy as np\n"
         "print(_astype(np.ones(1), int))", "[1]"),
        ("import autograd.numpy as np; print(np.trapz([1.0, 3.0]), np.numpy_jvps.__name__[-5:])",
         "2.0 _jvps"),
        ("from autograd.util import subval; print(subval((1, 2), 1, 3))", "(1, 3)"),
        ("from autograd.core import primitive_vjps as p; print(p.pop(abs, None))", "None"),
        ("from autograd import grad; import numpy as np\n"
         "seen = []; grad(lambda x: seen.append(isinstance(x, (float, np.ndarray))) or x)(1.0)\n"
         "grad(lambda x: seen.append(isinstance(x, np.ndarray)) or x[0])(np.ones(1)); print(seen)",
         "[False, False]"),
        ("from autograd import grad; grad(lambda x: print(type(x)) or x)(1.0)",
         "<class 'autograd.numpy.numpy_boxes.ArrayBox'>"),
        ("import sys, autograd\n"
         "print({f'autograd.{m}' in sys.modules for m in ('core', 'tracer', 'numpy.numpy_boxes')})",
         "{True}"),
        ("from autograd import grad; from autograd.tracer import Box\n"
         "from autograd.builtins import SequenceBox\n"
         "grad(lambda x: print(*[issubclass(type(x), k) for k in (Box, SequenceBox)]) or x)(1.0)\n"
         "print(Box.__faithful__, SequenceBox.__faithful__)", "True False\nTrue False"),
        ("from autograd import grad; from autograd.numpy.numpy_boxes import ArrayBox\n"
         "times = ArrayBox.__mul__\n"
         "ArrayBox.__mul__ = lambda x, y: x + 5.0 if y == 'five' else times(x, y)\n"
         "print(grad(lambda x: x * 'five' * x)(3.0))", "11.0"),
        ("import autograd_tools.compat as c; c.install(); import autograd; print(autograd is c)",
         "True"),
    ],
)  # fmt: skip
def test_modules_of_autograd_are_ours(python, program, expected):
    assert python("-c", INSTALLED + program) == f"{expected}\n"


def test_a_finder_that_asks_the_others_by_keyword(python):
    program = """
import sys
class Asking:
    def find_spec(self, fullname, path=None, target=None):
        others = [f for f in sys.meta_path if f is not self]
        specs = (f.find_spec(fullname, path=path, target=target) for f in others)
        return next(filter(None, specs), None)
sys.meta_path.insert(0, Asking())
import colorsys, autograd.numpy as np
print(np.__name__, colorsys.__name__)
"""
    assert python("-c", INSTALLED + program) == "autograd_tools.compat.numpy colorsys\n"


def test_modules_of_scipy(python):
    pytest.importorskip("scipy")
    program = """
import autograd.scipy.stats.norm as norm
import autograd.scipy.special as special
from autograd.scipy.linalg import expm
print(norm.logpdf(0.0), special.gammaln(1.0), expm.__name__)
"""
    assert python("-c", INSTALLED + program) == "-0.9189385332046727 0.0 expm\n"


def test_a_missing_module_is_named(python):
    program = "try: import autograd.nothing\nexcept ModuleNotFoundError as e: print(e, e.name)"
    assert python("-c", INSTALLED + program) == (
        "autograd_tools.compat, in place of HIPS autograd, has no module 'autograd.nothing' "
        "autograd.nothing\n"
    )


def test_an_import_before_is_an_error(python):
    program = """
import sys, types
sys.modules["autograd"] = types.ModuleType("autograd")
import autograd_tools.compat
try:
    autograd_tools.compat.install()
except ImportError as error:
    print(error)
"""
    assert python("-c", program).startswith("HIPS autograd is imported already; call autograd_too")


SCRIPT = """
import autograd.numpy as np
from autograd import grad
print(grad(lambda x: np.sum(np.tanh(x)))(np.zeros(2)))
"""


@pytest.mark.parametrize("command", ["show", "explain", "check", "profile", "draw -o g.dot"])
def test_every_command_runs_a_script_for_autograd(ask_process, tmp_path, command):
    (tmp_path / "script.py").write_text(SCRIPT)
    output, errors, status = ask_process(*command.split(), "--as-autograd", "script.py")
    assert (output.splitlines()[0], errors, status) == ("[1. 1.]", "", 0)
