"""The lesson: equations, gradients and remarks."""

import re
from dataclasses import dataclass

import numpy as np
import pytest
from rich.cells import cell_len
from support.hostile import each_hostile_name

import autograd_tools as ag
import viewer
from viewer.terminal.equations import cut
from viewer.terminal.latex import formula

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
            "broadcast_to(expand_dims(∇v2, 0) / size(a, 0), shape(a))",
        ),
        (lambda a: np.sum(np.reshape(a, (3, 2))), "reshape(∇v2, shape(a))"),
        (lambda a: np.sum(np.ravel(a, "F")), "reshape(∇v2, shape(a), order='F')"),
        (lambda a: np.sum(np.rot90(a)), "rot90(∇v2, -1, (0, 1))"),
        (lambda a: np.sum(np.transpose(a, (1, 0))), "transpose(∇v2, argsort((1, 0)))"),
        (lambda a: np.sum(a**-1), "∇v2 * (-1 * a ** (-2))"),
        (lambda a: np.sum(a**1.3), "∇v2 * (1.3 * a ** 0.3)"),
        (lambda a: np.sum(a @ np.ones((3, 2))), "∇v2 @ c2.mT"),
        (lambda a: np.sum(np.where(A > 2, a, 0)), "where(c2, ∇v2, 0)"),
    ],
)
def test_a_rule_has_the_names_and_options_of_the_program(f, rule):
    assert backward(f, a=A)[-1].startswith(f"2. ∇a = {rule} float64[2,3]")


@pytest.mark.parametrize(
    ("f", "lines"),
    [
        (
            lambda a: np.concatenate([a, np.ones((2, 3)), a * 2], axis=1),
            ["∇a, ∇v2 = ∇v3[:, 0:3], ∇v3[:, 6:9]"],
        ),
        (lambda a: np.stack([np.ones((2, 3)), a]), ["∇a = ∇v2[1]"]),
        (
            lambda a: np.stack([a * 1, a * 2, a * 3, a * 4]),
            ["∇v2, ∇v3, ∇v4, … = ∇v6[0], ∇v6[1], ∇v6[2], …"],
        ),
        (lambda a: np.linalg.solve(a[:, :2], np.ones(2)), ["∇v2 = -outer(linalg.solve(v2.mT"]),
        (lambda a: np.maximum(a, 0), ["∇a = ∇v2 * ((a > 0) + (a == 0) / 2)"]),
        (lambda a: np.max(a, axis=1), ["∇a = expand_dims(∇v2, 1) * share(a == expand_dims(v2, 1)"]),
        (lambda a: np.linalg.svd(a)[1], ["∇a = ∇v2 · ∂v2/∂a"]),
        (np.exp2, ["∇a = ∇v2 * v2 * log(2)"]),
    ],
)
def test_a_rule_is_written_in_words_of_numpy(f, lines):
    lesson = "\n".join(backward(lambda a: np.sum(f(a)), a=A))
    for line in lines:
        assert line in lesson


def test_a_cut_call_keeps_its_brackets():
    listed = ", ".join(f"v{i}" for i in range(60))
    text = cut(f"stack([{listed}], axis=1)", 30)
    assert text == "stack([v0, v1, v2, v3, …])"
    assert cut("stack([v1], axis=1)", 30) == "stack([v1], axis=1)"


@pytest.mark.parametrize("width", [20, 40, 60, 80])
def test_a_lesson_fits_the_width_of_a_terminal(width):
    def f(a):
        return np.sum(np.max(np.concatenate([a, a * 2, np.ones((2, 3))], axis=1), axis=1) * a[:, 0])

    lesson = viewer.explain(ag.diff(f, ag.Param(A, name="a")), width=width)
    assert max(map(cell_len, lesson.splitlines())) <= width
    whole = viewer.explain(ag.diff(f, ag.Param(A, name="a")))
    assert "".join(lesson.split()) == "".join(whole.split())


def test_a_lesson_needs_twenty_columns():
    with pytest.raises(ValueError, match="width= must be 20 or more, got 19"):
        viewer.explain(ag.Trace(()), width=19)


def test_the_gradient_of_a_part_is_added_to_that_part():
    assert backward(lambda a: np.sum(a[:, 1:]), a=A)[-1].startswith("2. ∇a[:, 1:] += ∇v2 float64")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("v3 / 2", r"\frac{v_{3}}{2}"),
        ("(a + b) * c4_1", r"\left(a + b\right) \odot c_{4,1}"),
        ("2 * x", r"2 \cdot x"),
        ("a - (b - c)", r"a - \left(b - c\right)"),
        ("-∇v2 * x", r"\left(-\nabla v_{2}\right) \odot x"),
        ("∇net.w @ v2.mT", r"\nabla \mathrm{net.w} \, v_{2}^{\top}"),
        ("(a @ b).mT", r"\left(a \, b\right)^{\top}"),
        ("x[:, 0:16]", r"x[\texttt{:, 0:16}]"),
        ("∇v7 * (v6 > 0)", r"\nabla v_{7} \odot \left[v_{6} > 0\right]"),
        ("sum(x, axis=0)", r"\operatorname{sum}\left(x, \mathrm{axis}=0\right)"),
        ("(1 + x) ** 2", r"\left(1 + x\right)^{2}"),
        ("x * 1e-05", r"x \cdot \left(1 \cdot 10^{-5}\right)"),
        ("linalg.inv(x).mT", r"\left(x^{-1}\right)^{\top}"),
        ("tanh(sqrt(x))", r"\tanh\left(\sqrt{x}\right)"),
        ("a & b | c", r"a \land b \lor c"),
        (
            "∇v5[0:2], ∇v5[2:4], …",
            r"\left(\nabla v_{5}[\texttt{0:2}], \nabla v_{5}[\texttt{2:4}], \dots\right)",
        ),
        ("∇v3 · ∂v3/∂w", r"\nabla v_{3} \cdot \frac{\partial v_{3}}{\partial w}"),
        ("what? it $costs_", r"\texttt{what? it \$costs\_}"),
    ],
)
def test_a_formula_in_latex(text, shown):
    assert formula(text) == shown


def test_a_lesson_in_latex_has_a_row_for_each_line():
    tape = ag.diff(lambda a: np.sum(np.tanh(a) * 2), ag.Param(A, name="a"))
    lesson = viewer.explain(tape, latex=True)
    assert lesson._repr_latex_() == f"$${lesson}$$"
    rows = lesson.split(" \\\\\n")
    starts = [row.partition(" &&")[0] for row in rows]
    assert r"v_{2} &= \tanh\left(a\right)" in starts
    assert r"\nabla a &= \nabla v_{2} \odot \left(1 - v_{2} \odot v_{2}\right)" in starts
    assert lesson.count("{") == lesson.count("}")


@each_hostile_name
def test_a_hostile_name_is_text_in_latex(name):
    lesson = viewer.explain(ag.diff(lambda a: np.sum(a * 2), ag.Param(A, name=name)), latex=True)
    rest = re.sub(r"\\[\\{}$&#_%]", "", lesson)
    assert rest.count("{") == rest.count("}")
    assert len(re.findall(r"\\begin|\\end", lesson)) == 2


def test_equal_steps_are_told_once():
    w = ag.Param(np.full(2, 0.5), name="w")

    def loss():
        h = np.ones(2)
        for _ in range(30):
            h = np.tanh(w * h)
        return np.sum(h)

    lesson = str(viewer.explain(ag.diff(loss)))
    assert lesson.count("for _ in range(30): 30 times alike; the first:") == 2
    assert [line.split()[0] for line in lesson.splitlines() if "tanh" in line] == ["3."]
    assert "∇w += ∇v2 * c2" in lesson
    assert "the sum of 30" in lesson
    assert "omitted" not in lesson


def test_two_equal_calls_are_both_told():
    def double(x):
        return x * 2

    lesson = str(viewer.explain(ag.diff(lambda x: double(double(x)), ag.Param(1.0, name="x"))))
    assert "v2 = x * 2" in lesson
    assert "v3 = v2 * 2" in lesson


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
        "2. ∇w = ∇v2 · ∂v2/∂w float64[2] = [2 2] Run a checkpointed call again"
    )


def power(w, n):
    return w if n == 1 else power(w, n - 1) * w


def test_a_recursion_is_explained_by_its_first_computed_call():
    lines = viewer.explain(ag.trace(power, 2.0, 5)).splitlines()
    assert lines[2].strip() == "power, calling itself: 4 times alike; the first:"
    assert lines[3].split() == ["2.", "v2", "=", "w", "*", "w", "4"]


def test_steps_of_a_loop_that_differs_name_the_loop():
    def f(w):
        y = 1.0
        for i in range(5):
            y = np.sin(y * w) if i else np.exp(w)
        return y

    text = viewer.explain(ag.trace(f, 2.0))
    assert text.count("steps 2-5 of for i in range(5): 4 times alike; the first:") == 2
