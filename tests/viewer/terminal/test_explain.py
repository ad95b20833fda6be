"""The lesson: equations, gradients and remarks."""

from dataclasses import dataclass

import numpy as np
import pytest

import autograd_tools as ag
import viewer

A = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])


def backward(f, **params):
    """The lines of the backward pass of `f` of Params, without the first and with single spaces."""
    tape = ag.diff(f, *(ag.Param(x, name=name) for name, x in params.items()))
    lines = str(viewer.explain(tape)).partition("Backward")[2].splitlines()[1:]
    return [" ".join(line.split()) for line in lines]


def test_a_value_used_twice_gets_a_sum():
    assert backward(lambda x: x * x, x=3.0) == [
        "∇v2 = 1 1",
        "2. ∇x = ∇v2 * x term 1 of 2",
        "2. ∇x += ∇v2 * x 6 the sum of 2",
    ]


def test_a_broadcast_argument_is_summed_over_its_new_axes():
    assert backward(lambda a, b: np.sum(a * b), a=A, b=np.array([1.0, 0.0, -1.0]))[2:] == [
        "3. ∇a = ∇v3 * b float64[2,3] = [[1 0 -1] [1 0 -1]]",
        "3. ∇b = ∇v3 * a float64[3] = [5 7 9] summed over axis 0, because b was broadcast",
    ]


@pytest.mark.parametrize(
    ("f", "rule"),
    [
        (lambda a: np.sum(np.sum(a, 1)), "broadcast_to(expand_dims(∇v2, 1), shape(a))"),
        (lambda a: np.sum(np.sum(a, axis=0, keepdims=True)), "broadcast_to(∇v2, shape(a))"),
        (lambda a: np.sum(a, where=A > 2), "broadcast_to(∇v2, shape(a)) * bool[2,3]"),
        (
            lambda a: np.sum(np.mean(a, axis=0)),
            "broadcast_to(expand_dims(∇v2, 0) / count(a, 0), shape(a))",
        ),
        (lambda a: np.sum(np.reshape(a, (3, 2))), "reshape(∇v2, shape(a))"),
        (lambda a: np.sum(np.ravel(a, "F")), "reshape(∇v2, shape(a), order='F')"),
        (lambda a: np.sum(np.rot90(a)), "rot90(∇v2, -1, (0, 1))"),
        (lambda a: np.sum(np.transpose(a, (1, 0))), "transpose(∇v2, argsort((1, 0)))"),
        (lambda a: np.sum(a**-1), "∇v2 * (-1 * a ** (-2))"),
        (lambda a: np.sum(a**1.3), "∇v2 * (1.3 * a ** 0.3)"),
        (lambda a: np.sum(a[:, 1:]), "put(∇v2, (:, 1:), a)"),
        (lambda a: np.sum(a @ np.ones((3, 2))), "∇v2 @ c2.mT"),
        (lambda a: np.sum(np.where(A > 2, a, 0)), "where(c2, ∇v2, 0)"),
    ],
)
def test_a_rule_has_the_names_and_options_of_the_program(f, rule):
    assert backward(f, a=A)[-1].startswith(f"2. ∇a = {rule} float64[2,3]")


def test_a_lesson_shows_itself_line_by_line():
    lesson = viewer.explain(ag.diff(lambda x: x * 2, ag.Param(1.0, name="x")))
    assert repr(lesson) == str(lesson)


def test_a_node_that_no_gradient_reaches_is_named():
    assert (
        backward(ag.grad(lambda t: t**3), x=3.0)[-1] == "No gradient reaches v2; see ag.why_none."
    )


@pytest.mark.parametrize("most", [0, -1, 1.5, True, "all"])
def test_a_number_of_nodes_below_one_is_an_error(most):
    with pytest.raises(ValueError, match="max_nodes= must be 1 or more, got"):
        viewer.explain(ag.Trace(()), max_nodes=most)


@dataclass
class Point:
    x: float
    y: float


def test_a_field_is_written_as_in_the_program():
    p = ag.Param(Point(2.0, 3.0), name="p")
    assert "2. v2 = p.x      2\n" in str(viewer.explain(ag.diff(lambda: p.x * p.y)))


def test_a_checkpoint_says_that_it_computes_again():
    lesson = backward(lambda w: np.sum(ag.checkpoint(lambda x: x * 2)(w)), w=np.ones(2))
    assert lesson[-1].startswith(
        "2. ∇w = gradients_again(∇v2, v2, [w]) float64[2] = [2 2] Run a checkpointed call again"
    )
