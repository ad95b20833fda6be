"""Texts of recorded numbers: they show the value, and give no plain number back."""

import decimal
import json
import pickle

import numpy as np
import pytest

import autograd_tools as ag

READ = {
    "float(str(x))": lambda x: float(str(x)),
    "float(str(x).strip())": lambda x: float(str(x).strip()),
    "float(repr(x))": lambda x: float(repr(x)),
    "float(f'{x}')": lambda x: float(f"{x}"),
    "float(f'{x:.3f}')": lambda x: float(f"{x:.3f}"),
    "float('%s' % x)": lambda x: float("%s" % x),  # noqa: UP031  the operator is tested
    "float(format(x, '.3f'))": lambda x: float(format(x, ".3f")),
    "np.float64(str(x))": lambda x: np.float64(str(x)),
    "np.array([str(x)], float)": lambda x: np.array([str(x)], float)[0],
}


@pytest.mark.parametrize("read", READ.values(), ids=READ)
def test_a_text_gives_no_plain_number_back(read):
    for x in (1.5, np.float64(1.5)):
        with pytest.raises(ag.LostGradientError, match=r"float\(str\(x\)\).*use x itself"):
            ag.grad(lambda x: read(x) * x)(x)


def test_a_text_is_a_string():
    def f(x):
        texts = [str(x), f"{x}", f"{x:.2f}", str(x) + "!", json.dumps([str(x)])]
        assert texts == ["1.5", "1.5", "1.50", "1.5!", '["1.5"]']
        assert {"1.5": 2.0}[str(x)] == 2.0
        assert type(pickle.loads(pickle.dumps(str(x)))) is str
        print(x, f"{x:.2f}")
        return x

    assert ag.grad(f)(1.5) == 1.0


def test_after_the_recording_a_text_is_plain():
    kept = []
    ag.grad(lambda x: kept.append(str(x)) or x)(1.5)
    assert float(kept[0]) == 1.5


def test_the_text_of_a_param_that_is_not_recorded_is_plain():
    w = ag.Param(1.5)
    assert type(str(w)) is str
    assert ag.grad(lambda x: x * float(str(w)))(2.0) == 1.5
    with pytest.raises(ag.LostGradientError, match="use x itself"):
        ag.diff(lambda: w * float(str(w)))


@pytest.mark.parametrize("f", [json.dumps, decimal.Decimal, memoryview])
def test_an_error_that_names_the_class_says_what_to_write(f):
    for g in (ag.grad(f), ag.grad(ag.grad(f))):
        with pytest.raises(TypeError) as caught:
            g(1.5)
        assert caught.value.__notes__ == [
            "Result is the class of a recorded value; write ag.value(x) for a plain one"
        ]


def test_an_error_of_compiled_code_says_what_to_write():
    def compiled(x):
        raise TypeError("forward(): incompatible function arguments. Invoked with: R(1.5)")

    with pytest.raises(TypeError) as caught:
        ag.grad(compiled)(1.5)
    assert "compiled code takes no recorded value; adapt a package" in caught.value.__notes__[0]


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_a_matrix_says_what_to_write():
    with pytest.raises(ag.LostGradientError, match=r"np\.matrix would .* array of two axes"):
        ag.grad(lambda x: np.sum(np.matrix([[x, 1.0], [2.0, x]])))(1.5)
