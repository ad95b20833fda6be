"""Cost formulas, against counts by hand and by loops over numbers that count."""

import math

import numpy as np
import pytest
from support.counting import Matrix, Number, numbers
from support.timers import record

import autograd_tools as ag
from autograd_tools.engine.primitives import name_of
from autograd_tools.engine.registry import PRIMITIVES, known_primitives, rules
from autograd_tools.rules import arithmetic, elementwise, products  # noqa: F401
from autograd_tools.timing import Operand
from viewer.profiles.costs import Work, work
from viewer.profiles.costs.elementwise import COMPLEX
from viewer.profiles.costs.table import COSTS, VIEW

BY_NAME = {primitive.name: primitive for primitive in known_primitives()}


def array(*shape, dtype="float64"):
    return Operand(dtype, shape, "C")


def flops(label, *operands):
    return work(record(label, *operands)).flops


def nbytes(label, *operands):
    return work(record(label, *operands)).nbytes


# Element by element

F = array(10)


@pytest.mark.parametrize(
    ("label", "operands", "each", "read"),
    [
        ("add[1]", [F, F, F], 0, 0),
        ("subtract[2]", [F, F, F], 1, 1),
        ("multiply[2]", [F, F, F], 1, 2),
        ("divide[2]", [F, F, F], 3, 3),
        ("power[1]", [F, F, F], 5, 3),
        ("power[2]", [F, F, F], 5, 3),
        ("remainder[2]", [F, F, F], 3, 3),
        ("hypot[2]", [F, F, F], 4, 3),
        ("ldexp[1]", [F, array(10, dtype="int64"), F], 1, 2),
        ("cbrt[1]", [F, F], 3, 2),
        ("exp[1]", [F, F], 1, 2),
        ("log1p[1]", [F, F], 2, 2),
        ("logaddexp[1]", [F, F, F], 5, 3),
        ("cos[1]", [F, F], 3, 2),
        ("arccosh[1]", [F, F], 6, 2),
        ("arctan2[1]", [F, F, F], 6, 3),
        ("arctan2[2]", [F, F, F], 7, 3),
        ("degrees[1]", [F, F], 1, 1),
        ("maximum[1]", [F, F, F], 3, 4),
        ("clip[1]", [F, Operand("float"), Operand("float"), F], 2, 3),
        ("heaviside[2]", [F, F, F], 2, 2),
        ("where[2]", [F, F, F, F], 0, 2),
        ("special.expit[1]", [F, F], 4, 3),
    ],
)
def test_a_gradient_costs_the_steps_of_its_rule(label, operands, each, read):
    gradient = 80 if read else 0
    assert work(record(label, *operands)) == Work(10 * each, 80 * read + gradient)


@pytest.mark.parametrize(
    ("op", "each"),
    [("positive", 0), ("where", 0), ("square", 1), ("cbrt", 1), ("maximum", 1), ("clip", 2)],
)
def test_a_forward_call_costs_its_steps(op, each):
    assert work(record(op, F, F)) == Work(10 * each, 160)


def counted_by_numbers(op, argument):
    """Run a rule on one element that counts the arithmetic done with it."""
    counts = [0, 0]
    func, x = BY_NAME[op].func, [0.25, 0.75][: BY_NAME[op].func.nin]
    counting = [np.array([Number(part, counts)]) for part in (1.0, func(*x), *x)]
    BY_NAME[op].rule(int(argument) - 1)(*counting)
    return sum(counts)


def test_arithmetic_rules_cost_the_counted_operations():
    unary = "square reciprocal negative sqrt cbrt log log10 log1p tan tanh arctan arctanh"
    labels = [f"{op}[1]" for op in unary.split()]
    binary = ["subtract[2]", "multiply[1]", "divide[1]", "divide[2]"]
    found = {label: flops(label, F, F) for label in labels}
    found |= {label: flops(label, F, F, F) for label in binary}
    assert found == {label: 10 * counted_by_numbers(*label[:-1].split("[")) for label in found}


def test_a_new_elementwise_rule_needs_no_entry():
    func = np.frompyfunc(lambda x: x, 1, 1)
    primitive = rules(func, lambda dy, y, x: dy * (x + 1) / x, name="made_up")
    try:
        assert work(record("made_up[1]", F, F)) == Work(30, 240)
    finally:
        del PRIMITIVES[primitive.func]


def test_a_rule_of_the_user_has_no_known_cost():
    func = np.frompyfunc(lambda x: x, 1, 1)
    ag.primitive(lambda dy, y, x: dy * x)(func)
    try:
        assert work(record(name_of(func), F, F)) == Work(None, None)
    finally:
        del PRIMITIVES[func]


def test_a_gradient_is_counted_once_for_each_element():
    assert flops("tanh[1]", array(4, 5), array(4, 5)) == 60


def test_a_function_counts_one_operation_an_element():
    assert flops("tanh", array(4, 5), array(4, 5)) == 20


def test_a_broadcast_call_counts_each_element_of_the_output():
    assert flops("add", array(4, 1), array(5), array(4, 5)) == 20


def test_the_gradient_of_a_broadcast_operand_is_summed():
    assert flops("add[2]", array(4, 5), array(5), array(4, 5)) == 15
    assert nbytes("add[2]", array(4, 5), array(5), array(4, 5)) == 8 * (20 + 5)


def test_a_gradient_that_is_passed_on_costs_nothing():
    assert work(record("add[1]", array(4, 5), array(4, 5), array(4, 5))) == Work(0, 0)


def test_bytes_are_those_of_each_operand_and_of_the_output():
    assert (
        nbytes("multiply", array(4, 1), array(5, dtype="float32"), array(4, 5))
        == 8 * 4 + 4 * 5 + 8 * 20
    )


def test_bytes_of_a_gradient_are_those_read_and_written():
    assert nbytes("multiply[1]", array(10), array(10), array(10)) == 3 * 80


def test_the_other_operand_may_be_a_number_of_python():
    assert work(record("multiply", array(10), Operand("float"), array(10))).flops == 10


def test_numbers_count_one():
    assert flops("multiply", Operand("float64"), Operand("float64"), Operand("float64")) == 1


def test_empty_arrays_cost_nothing():
    assert work(record("multiply", array(0, 3), array(3), array(0, 3))) == Work(0, 24)


@pytest.mark.parametrize("label", ["multiply[2]", "add[2]", "vecdot[2]", "broadcast_to[1]"])
def test_the_sum_of_an_empty_array_costs_nothing(label):
    operands = (
        [array(3), array(0, 3)]
        if label == "broadcast_to[1]"
        else [array(0, 3), array(3), array(0, 3)]
    )
    assert flops(label, *operands) == 0


def by_hand(step):
    """Count the real operations in one of complex numbers."""
    counts = [0, 0]
    (a, b), (c, d) = numbers([[1.0, 2.0], [3.0, 4.0]], counts)
    if step in ("add", "subtract"):
        _ = (a + c, b + d)
    elif step == "negative":
        _ = (a * -1, b * -1)
    elif step == "conjugate":
        _ = b * -1
    elif step in ("multiply", "square"):
        _ = (a * c - b * d, a * d + b * c)
    elif step in ("divide", "reciprocal"):
        size = c * c + d * d
        _ = ((a * c + b * d) / size, (b * c - a * d) / size)
    return sum(counts)


@pytest.mark.parametrize("step", COMPLEX)
def test_complex_operations_by_hand(step):
    assert COMPLEX[step] == by_hand(step)


def test_complex_numbers_are_counted_as_real_operations():
    z = array(10, dtype="complex128")
    assert [flops(op, z, z, z) for op in ("add", "multiply", "divide")] == [20, 60, 110]
    assert flops("matmul", z, z, Operand("complex128")) == 80


def test_a_function_of_complex_numbers_has_unknown_operations():
    assert work(record("exp", *[array(10, dtype="complex128")] * 2)) == Work(None, 320)


def test_a_power_gradient_has_known_bytes_and_unknown_operations():
    assert work(record("power[1]", array(10), Operand("int"), array(10))) == Work(None, 240)


# Products


def loops(subscripts, *shapes):
    """Count the operations of an einsum by loops."""
    counts = [0, 0]
    terms, output = subscripts.split("->")
    letters = sorted(set(terms.replace(",", "")))
    sizes = {
        letter: n
        for term, shape in zip(terms.split(","), shapes, strict=True)
        for letter, n in zip(term, shape, strict=True)
    }
    arrays = [numbers(np.ones(shape), counts) for shape in shapes]
    for index in np.ndindex(*[sizes[letter] for letter in letters]):
        place = dict(zip(letters, index, strict=True))
        found = []
        for term, x in zip(terms.split(","), arrays, strict=True):
            for letter in term:
                x = x[place[letter]]  # noqa: PLW2901
            found.append(x)
        product = found[0] * found[1] if len(found) == 2 else found[0]
        if set(letters) - set(output):
            _ = product + 0.0
    return sum(counts)


since_numpy_2_2 = pytest.mark.skipif(
    not hasattr(np, "matvec"), reason="NumPy has these functions since version 2.2"
)


@pytest.mark.parametrize(
    ("label", "shapes", "subscripts"),
    [
        ("matmul", [(2, 3), (3, 4)], "ij,jk->ik"),
        ("matmul", [(3,), (3, 4)], "j,jk->k"),
        ("matmul", [(2, 3), (3,)], "ij,j->i"),
        ("matmul", [(3,), (3,)], "j,j->"),
        ("matmul", [(5, 2, 3), (5, 3, 4)], "sij,sjk->sik"),
        ("matmul[1]", [(2, 3), (3, 4)], "ik,jk->ij"),
        ("matmul[2]", [(2, 3), (3, 4)], "ik,ij->jk"),
        ("matmul[1]", [(2, 3), (3,)], "i,j->ij"),
        ("matmul[2]", [(2, 3), (3,)], "i,ij->j"),
        ("matmul[1]", [(3,), (3, 4)], "k,jk->j"),
        ("matmul[2]", [(3,), (3, 4)], "j,k->jk"),
        ("matmul[1]", [(5, 2, 3), (5, 3, 4)], "sik,sjk->sij"),
        ("dot", [(2, 3), (3, 4)], "ij,jk->ik"),
        ("dot", [(5, 2, 3), (3, 4)], "sij,jk->sik"),
        ("dot[1]", [(5, 2, 3), (3, 4)], "sik,jk->sij"),
        ("dot[2]", [(5, 2, 3), (3, 4)], "sij,sik->jk"),
        ("dot[1]", [(2, 3), (3,)], "i,j->ij"),
        ("dot[2]", [(2, 3), (3,)], "i,ij->j"),
        ("tensordot", [(2, 3, 4), (3, 4, 5)], "iab,abk->ik"),
        ("tensordot[1]", [(2, 3, 4), (3, 4, 5)], "ik,abk->iab"),
        ("tensordot[2]", [(2, 3, 4), (3, 4, 5)], "ik,iab->abk"),
        ("vecdot", [(2, 3), (2, 3)], "ij,ij->i"),
        ("vecdot[1]", [(2, 3), (2, 3)], "i,ij->ij"),
        ("outer", [(3,), (4,)], "i,j->ij"),
        ("outer[1]", [(3,), (4,)], "ij,j->i"),
        ("outer[2]", [(3,), (4,)], "ij,i->j"),
        pytest.param("matvec", [(2, 3), (3,)], "ij,j->i", marks=since_numpy_2_2),
        pytest.param("vecmat", [(3,), (3, 4)], "i,ij->j", marks=since_numpy_2_2),
    ],
)
def test_products_by_loops(label, shapes, subscripts):
    name, _, argument = label.rstrip("]").partition("[")
    y = BY_NAME[name].func(*map(np.ones, shapes)).shape
    inputs = {"": shapes, "1": [y, shapes[1]], "2": [y, shapes[0]]}[argument]
    assert flops(label, *[array(*shape) for shape in (*shapes, y)]) == loops(subscripts, *inputs)


@pytest.mark.parametrize(
    "subscripts",
    [
        "ij,jk->ik",
        "ij,ij->",
        "ij,ij->ij",
        "i,j->ij",
        "ij->i",
        "ij->ji",
        "bij,bjk->bik",
        "ij,kj->ik",
        "ij,j->i",
    ],
)
def test_einsum_by_loops(subscripts):
    sizes = {"b": 5, "i": 2, "j": 3, "k": 4}
    terms, output = subscripts.split("->")
    shapes = [tuple(sizes[letter] for letter in term) for term in terms.split(",")]
    operands = [array(*shape) for shape in (*shapes, tuple(sizes[letter] for letter in output))]
    assert flops("einsum", Operand("str", text=subscripts), *operands) == loops(subscripts, *shapes)


def test_the_gradient_of_einsum_is_an_einsum():
    operands = [Operand("str", text="bij, bjk"), array(5, 2, 3), array(5, 3, 4), array(5, 2, 4)]
    assert flops("einsum[2]", *operands) == loops("bik,bjk->bij", (5, 2, 4), (5, 3, 4)) == 240
    assert flops("einsum[3]", *operands) == loops("bik,bij->bjk", (5, 2, 4), (5, 2, 3)) == 240
    assert nbytes("einsum[2]", *operands) == 8 * (40 + 60 + 30)


@pytest.mark.parametrize(
    ("label", "subscripts", "shapes"),
    [
        ("einsum", "ij,jk,kl->il", [(2, 3), (3, 4), (4, 5), (2, 5)]),  # the order is not recorded
        ("einsum", "ii->i", [(3, 3), (3,)]),
        ("einsum", "...ij,jk", [(2, 3), (3, 4), (2, 4)]),
        ("einsum[2]", "ij,k->k", [(2, 3), (4,), (4,)]),  # ones replace a summed axis
    ],
)
def test_einsums_that_are_not_counted(label, subscripts, shapes):
    assert (
        flops(label, Operand("str", text=subscripts), *[array(*shape) for shape in shapes]) is None
    )


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((5, 2, 3), (3, 4)),
        ((2, 3), (5, 3, 4)),
        ((3,), (5, 3, 4)),
        ((5, 2, 3), (3,)),
        ((1, 2, 3), (5, 3, 4)),
        ((3,), (3,)),
    ],
)
@pytest.mark.parametrize("argument", [1, 2])
def test_gradients_of_products_count_the_steps_of_the_rule(a, b, argument):
    steps, y = [], np.matmul(np.ones(a), np.ones(b))
    x = [Matrix(np.ones(shape), steps) for shape in (y.shape, a, b)]
    dx = BY_NAME["matmul"].rule(argument - 1)(x[0] if y.ndim else 1.0, y, *x[1:])
    done = sum(n for _, n, _ in steps)
    assert flops(f"matmul[{argument}]", array(*a), array(*b), array(*y.shape)) == done + np.size(
        dx.x
    ) - math.prod((a, b)[argument - 1])


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize("lengths", [(7, 3), (3, 7), (6, 4), (5, 5)])
def test_convolutions_by_loops(mode, lengths):
    counts = [0, 0]
    n, m = lengths
    a, b = numbers(np.ones(n), counts), numbers(np.ones(m), counts)
    out = len(np.convolve(np.ones(n), np.ones(m), mode))
    first = {"full": 0, "same": (min(n, m) - 1) // 2, "valid": min(n, m) - 1}[mode]
    for k in range(first, first + out):
        for i in range(max(0, k - m + 1), min(n, k + 1)):
            _ = a[i] * b[k - i] + 0.0
    assert flops("convolve", array(n), array(m), array(out)) == sum(counts)


@pytest.mark.parametrize("argument", [1, 2])
@pytest.mark.parametrize("out", [9, 7, 5], ids=["full", "same", "valid"])
def test_the_gradient_of_a_convolution_counts_every_pair(argument, out):
    meeting = sum(
        1 for i in range(7) for k in range(3) if 0 <= i + k < 9
    )  # of the whole gradient, 9 long, and the other argument
    assert flops(f"convolve[{argument}]", array(7), array(3), array(out)) == 2 * meeting


# Equations and decompositions: to the highest order, which at 30 is most

N = 30


def counted(f, *arrays):
    counts = [0, 0]
    f(*[numbers(x, counts) for x in arrays])
    return sum(counts)


def solve(a, b):
    """Gauss: triangles of the matrix, then two of them for each column of the right-hand side."""
    n = len(a)
    for j in range(n):
        for i in range(j + 1, n):
            a[i][j] = a[i][j] / a[j][j]
            a[i][j + 1 :] = [
                x - a[i][j] * z for x, z in zip(a[i][j + 1 :], a[j][j + 1 :], strict=True)
            ]
            b[i] = [x - a[i][j] * z for x, z in zip(b[i], b[j], strict=True)]
    for j in reversed(range(n)):
        b[j] = [x / a[j][j] for x in b[j]]
        for i in range(j):
            b[i] = [x - a[i][j] * z for x, z in zip(b[i], b[j], strict=True)]


def cholesky(a):
    n = len(a)
    for j in range(n):
        a[j][j] = a[j][j].sqrt()
        for i in range(j + 1, n):
            a[i][j] = a[i][j] / a[j][j]
        for i in range(j + 1, n):
            for k in range(j + 1, i + 1):
                a[i][k] = a[i][k] - a[i][j] * a[k][j]


def householder(a):
    """The triangle of a matrix: from each column a reflection of the columns after it."""
    m, n = len(a), len(a[0])
    for j in range(n):
        v = [a[i][j] for i in range(j, m)]
        scale = v[0] * v[0]
        for k in range(j, n):
            total = v[0] * a[j][k]
            for i in range(j + 1, m):
                total = total + v[i - j] * a[i][k]
            total = total / scale
            for i in range(j, m):
                a[i][k] = a[i][k] - v[i - j] * total


def test_solve_by_loops():
    done = counted(solve, np.eye(N) + 1, np.ones((N, 7)))
    assert flops("linalg.solve", array(N, N), array(N, 7), array(N, 7)) == pytest.approx(
        done, rel=0.05
    )


def test_cholesky_by_loops():
    assert flops("linalg.cholesky", array(N, N), array(N, N)) == pytest.approx(
        counted(cholesky, np.eye(N) * N + 1), rel=0.1
    )


def test_the_triangle_of_qr_by_loops_is_half_of_qr():
    done = counted(householder, np.eye(2 * N, N) * N + 1)
    assert flops("linalg.qr", array(2 * N, N), Operand("QRResult")) / 2 == pytest.approx(
        done, rel=0.1
    )


@pytest.mark.parametrize(
    ("label", "cubes"),
    [
        ("linalg.inv", 2),
        ("linalg.inv[1]", 4),
        ("linalg.det", 2 / 3),
        ("linalg.det[1]", 2),
        ("linalg.slogdet", 2 / 3),
        ("linalg.slogdet[1]", 2),
        ("linalg.cholesky", 1 / 3),
        ("linalg.cholesky[1]", 8),
        ("linalg.eigh", 9),
        ("linalg.eig", 25),
        ("linalg.svd", 22),
    ],
)
def test_constants_of_decompositions(label, cubes):
    assert flops(label, array(6, 6), Operand("Result")) == pytest.approx(cubes * 216)
    assert flops(label, array(5, 6, 6), Operand("Result")) == pytest.approx(5 * cubes * 216)


def test_solve_right_has_the_equations_of_the_transposed_matrix():
    assert (
        flops("linalg.solve[2]", array(6, 6), array(6, 2), array(6, 2)) == 2 / 3 * 216 + 2 * 36 * 2
    )


def test_svd_without_vectors_costs_less():
    assert flops("linalg.svd", array(9, 6), array(6)) == 4 * 9 * 36 - 4 / 3 * 216


def test_solve_left_has_the_equations_again_and_a_product():
    assert (
        flops("linalg.solve[1]", array(6, 6), array(6, 2), array(6, 2))
        == 2 / 3 * 216 + 2 * 36 * 2 + 2 * 36 * 2 + 36
    )
    assert (
        flops("linalg.solve[1]", array(6, 6), array(6), array(6)) == 2 / 3 * 216 + 2 * 36 + 36 + 36
    )


# Fourier transforms


def butterflies(n):
    """Count a transform by halves: n/2 complex products and n sums for each doubling."""
    return (
        0 if n == 1 else 2 * butterflies(n // 2) + n // 2 * COMPLEX["multiply"] + n * COMPLEX["add"]
    )


@pytest.mark.parametrize("n", [1, 2, 8, 64])
def test_fft_by_halves(n):
    assert flops(
        "fft.fft", array(n, dtype="complex128"), array(n, dtype="complex128")
    ) == butterflies(n)


def test_a_transform_of_real_numbers_is_half_of_one():
    assert (
        flops("fft.rfft", array(3, 64), array(3, 33, dtype="complex128")) == 3 * butterflies(64) / 2
    )
    assert (
        flops("fft.irfft", array(3, 33, dtype="complex128"), array(3, 64))
        == 3 * butterflies(64) / 2
    )


COMPLEX_64, HALF = array(64, dtype="complex128"), array(33, dtype="complex128")


@pytest.mark.parametrize(
    ("label", "operands", "share"),
    [
        ("fft.fft[1]", [COMPLEX_64, COMPLEX_64], 1),
        ("fft.ifft", [COMPLEX_64, COMPLEX_64], 1),
        ("fft.ifft[1]", [COMPLEX_64, COMPLEX_64], 1),
        ("fft.rfft[1]", [array(64), HALF], 1 / 2),
        ("fft.irfft[1]", [HALF, array(64)], 1 / 2),
        ("fft.hfft", [HALF, array(64)], 1 / 2),
        ("fft.hfft[1]", [HALF, array(64)], 1 / 2),
        ("fft.ihfft", [array(64), HALF], 1 / 2),
        ("fft.ihfft[1]", [array(64), HALF], 1 / 2),
    ],
)
def test_other_transforms_and_their_gradients_are_as_much(label, operands, share):
    assert flops(label, *operands) == butterflies(64) * share


def test_a_transform_along_one_of_different_axes_is_not_known():
    assert flops("fft.fft", array(3, 64), array(3, 64, dtype="complex128")) is None


# Sums, views and what is not known


@pytest.mark.parametrize(
    ("label", "operands", "expected"),
    [
        ("sum", [array(4, 5), array(4)], Work(20, 8 * 24)),
        ("sum[1]", [array(4, 5), array(4)], Work(0, 0)),
        ("mean", [array(4, 5), array(4)], Work(24, 8 * 24)),
        ("mean[1]", [array(4, 5), array(4)], Work(4, 64)),
        ("max", [array(4, 5), array(4)], Work(20, 8 * 24)),
        ("max[1]", [array(4, 5), array(4)], Work(60, 8 * (4 + 4 + 20 + 20))),
        ("cumsum", [array(20), array(20)], Work(20, 320)),
        ("cumsum[1]", [array(20), array(20)], Work(20, 320)),
        ("cumprod", [array(20), array(20)], Work(20, 320)),
        ("cumprod[1]", [array(20), array(20)], Work(60, 640)),
        ("copy", [array(20), array(20)], Work(0, 320)),
        (
            "astype[1]",
            [array(20), Operand("str", text="float32"), array(20, dtype="float32")],
            Work(0, 240),
        ),
        ("setitem", [array(20), Operand("int"), array(), array(20)], Work(0, 328)),
        ("repeat", [array(5), Operand("int"), array(20)], Work(0, 200)),
        ("repeat[1]", [array(5), Operand("int"), array(20)], Work(20, 200)),
        ("stack[1]", [Operand("list"), array(4, 5)], Work(0, 0)),
        ("reshape", [array(4, 5), array(20)], Work(0, 0)),
        ("transpose[1]", [array(4, 5), array(5, 4)], Work(0, 0)),
        ("broadcast_to[1]", [array(5), array(4, 5)], Work(15, 8 * 25)),
        ("concatenate", [Operand("list"), array(20)], Work(0, 320)),
        ("getitem[1]", [array(100), Operand("slice"), array(20)], Work(20, 320)),
        ("sum", [array(4, 5, dtype="float32"), array(dtype="float32")], Work(20, 84)),
        ("where[2]", [array(9, dtype="bool"), array(9), array(9), array(9)], Work(0, 9 + 72 + 72)),
    ],
)
def test_work_by_hand(label, operands, expected):
    assert work(record(label, *operands)) == expected


@pytest.mark.parametrize("name", ["min", "amax", "amin", "nanmax", "nanmin"])
def test_other_extremes_cost_the_same_as_a_maximum(name):
    operands = [array(4, 5), array(4)]
    assert [work(record(name + i, *operands)) for i in ("", "[1]")] == [
        work(record(f"max{i}", *operands)) for i in ("", "[1]")
    ]


@pytest.mark.parametrize("name", ["roll", "tril", "triu", "fft.fftshift", "fft.ifftshift"])
def test_moves_read_and_write_each_element_both_ways(name):
    assert [work(record(name + i, array(4, 5), array(4, 5))) for i in ("", "[1]")] == [
        Work(0, 320),
        Work(0, 320),
    ]


ARGUMENTS = {
    "reshape": (20,),
    "swapaxes": (0, 1),
    "moveaxis": (0, 1),
    "expand_dims": (0,),
    "broadcast_to": ((3, 4, 5),),
}
VIEWS = sorted(
    label
    for label, cost in COSTS.items()
    if cost is VIEW and not label.endswith("]") and label != "getattr"
)


@pytest.mark.parametrize("name", VIEWS)
def test_views_cost_nothing_and_share_memory(name):
    x = np.ones((4, 5))
    y = getattr(np, name)(x, *ARGUMENTS.get(name, ()))
    assert np.shares_memory(x, y)
    assert work(record(name, array(4, 5), array(*y.shape))) == Work(0, 0)


@pytest.mark.parametrize("phase", ["record", "sum_outgrads"])
def test_the_engines_own_steps_have_unknown_work(phase):
    assert work(record("add", array(4), array(4), array(4), phase=phase)) == Work(None, None)


def test_an_operation_without_an_entry_has_unknown_work():
    assert work(record("my_function", array(4), array(4))) == Work(None, None)


@pytest.mark.parametrize("op", ["matmul", "dot", "tensordot", "sum", "convolve"])
def test_lists_have_unknown_work(op):
    assert work(record(op, Operand("list"), array(4), array(4))) == Work(None, None)


def test_a_record_without_operands_has_unknown_work():
    assert work(record("add")) == Work(None, None)


# Their steps depend on the numbers, or NumPy composes them.
NOT_COUNTED = """
    add.at dict einsum frexp getitem i0 imag integrate.solve lib.stride_tricks.sliding_window_view
    join linalg.lstsq list linalg.multi_dot
    linalg.norm linalg.pinv modf multivariate_normal.logpdf nan_of nan_to_num roots sinc special std
    trace ungetitem unwrap
"""


def test_every_operation_of_numpy_has_a_cost_or_is_listed():
    ours = [
        p for p in known_primitives() if p.fresh and not p.name.startswith(("special.", "sparse."))
    ]
    counted = [p.name for p in ours if work(record(p.name, F, F)) != Work(None, None)]
    missing = {p.name for p in ours} - set(counted) - COSTS.keys() - set(NOT_COUNTED.split())
    assert missing == set()
