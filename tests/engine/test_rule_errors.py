"""Notes on exceptions in rules: operation, argument, shapes and the user's line, once."""

import numpy as np
import pytest

import autograd_tools as ag


@ag.primitive(lambda dy, y, a, b: dy * b, lambda dy, y, a, b: dy @ np.ones(5))
def product(a, b):
    return a * b


def model(x):
    h = product(x, x + 1.0)
    return np.sum(h)


MODEL = model.__code__.co_firstlineno


def note_of(f, kind=ValueError):
    """Return the only note of the exception that `f` raises."""
    with pytest.raises(kind) as caught:
        f()
    (note,) = caught.value.__notes__
    return note


def test_a_note_names_operation_argument_shapes_and_line():
    note = note_of(lambda: ag.diff(model, ag.Param(np.ones(3))))
    assert note == (
        "In the gradient product[2] of product(float64[3], float64[3]), outgrad float64[3]\n"
        f"  at {__file__}:{MODEL + 1} in model\n"
        "    h = product(x, x + 1.0)"
    )


def test_the_first_gradient_of_a_function_names_the_line():
    def first(x):
        return np.sum(product(x, x))

    notes = [note_of(lambda: ag.grad(first)(np.ones(3))) for _ in range(2)]
    head = "In the gradient product[2] of product(float64[3], float64[3]), outgrad float64[3]\n"
    assert notes[0].startswith(f"{head}  at {__file__}:{first.__code__.co_firstlineno + 1} in ")
    assert notes[1] == (
        f"{head}  recorded without lines; call the function in ag.diff to see the line"
    )


def test_an_inner_gradient_names_the_line_of_the_operation():
    note = note_of(lambda: ag.diff(lambda w: np.sum(ag.grad(model)(w)), ag.Param(np.ones(3))))
    assert f"  at {__file__}:{MODEL + 1} in model\n" in note


def test_a_second_derivative_names_the_line_of_the_operation():
    @ag.primitive(lambda dy, y, x: 1 / 0)
    def broken(x):
        return x * 1.0

    @ag.primitive(lambda dy, y, x: dy * broken(x))
    def fine(x):
        return x * 2.0

    def inner(x):
        return fine(x)

    note = note_of(lambda: ag.diff(ag.grad(inner), ag.Param(1.0)), ZeroDivisionError)
    place = f"{__file__}:{inner.__code__.co_firstlineno + 1} in {inner.__code__.co_qualname}"
    assert note == (
        "In the gradient broken[1] of broken(1.0), outgrad 1.0\n"
        f"  at {place}, in the gradient of fine\n"
        "    return fine(x)"
    )


def test_a_checkpoint_gives_its_line_to_the_note():
    note = note_of(lambda: ag.diff(ag.checkpoint(model), ag.Param(np.ones(3))))
    assert note.startswith("In the gradient product[2]")
    assert f"  at {__file__}:" in note


def test_a_built_in_rule_has_a_note_too():
    with np.errstate(divide="raise"):
        note = note_of(lambda: ag.diff(np.sqrt, ag.Param(np.float64(0.0))), FloatingPointError)
    assert note.startswith("In the gradient sqrt[1] of sqrt(0.0), outgrad 1.0\n  at ")


def test_an_exception_in_a_hook_has_no_note():
    def loss(w):
        ag.on_grad(y := np.sin(w), lambda dy: 1 / 0)
        return y * 2.0

    with pytest.raises(ZeroDivisionError) as caught:
        ag.diff(loss, ag.Param(1.0))
    assert not getattr(caught.value, "__notes__", ())


def test_the_error_of_a_watch_has_no_note():
    with pytest.raises(ag.NonFiniteError) as caught:
        ag.diff(np.sqrt, ag.Param(0.0), watch="nan")
    assert not getattr(caught.value, "__notes__", ())
