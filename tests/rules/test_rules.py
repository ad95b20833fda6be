"""Every rule of the registry, checked numerically to second order, and its conventions."""

import functools
import inspect
import re

import numpy as np
import pytest
import scipy.special
from rules import (
    cases,
    cases_arrays,
    cases_complex,
    cases_fft,
    cases_linalg,
    cases_sets,
    cases_special,
)
from rules.cases import each, merged, spread

import autograd_tools as ag
import autograd_tools.engine.saved
from autograd_tools.api.gradient_check import GradientError
from autograd_tools.engine import differentiation
from autograd_tools.engine.backward import plain_backward
from autograd_tools.engine.calls import call, plain
from autograd_tools.engine.primitives import UNKNOWN, name_of
from autograd_tools.engine.recording import NO_KWARGS
from autograd_tools.engine.registry import COMPOSITES, PRIMITIVES, ZEROGRADS, Primitive
from autograd_tools.engine.values import Value
from autograd_tools.rules import special
from autograd_tools.rules.indexing import getitem, setitem, ungetitem

special.find(np.sin)  # enters the rules of scipy.special

CASES = merged(
    cases.CASES,
    cases_complex.CASES,
    cases_fft.CASES,
    cases_linalg.CASES,
    cases_arrays.CASES,
    cases_sets.CASES,
    cases_special.CASES,
)
INTERNAL = {entry: entry for entry in (getitem, setitem, ungetitem)}
REGISTRY = {**COMPOSITES, **PRIMITIVES, **INTERNAL}
NAMES = {func: getattr(entry, "name", None) or name_of(func) for func, entry in REGISTRY.items()}
REGISTRY = {func: REGISTRY[func] for func in sorted(REGISTRY, key=NAMES.get)}  # for pytest-xdist
JOINING = {*COMPOSITES, *(func for func, primitive in PRIMITIVES.items() if primitive.sequences)}
PRIMITIVE = {func: entry for func, entry in REGISTRY.items() if isinstance(entry, Primitive)}
every_function = pytest.mark.parametrize("func", REGISTRY, ids=NAMES.get)
every_primitive = pytest.mark.parametrize("func", PRIMITIVE, ids=NAMES.get)


def failing(check, funcs):
    """Return the error of each function for which a check fails."""
    found = {}
    for func in funcs:
        try:
            check(func)
        except Exception as error:
            found[name_of(func)] = f"{type(error).__name__}: {error}"
    return found


def cases_of(func):
    assert func in CASES, f"{NAMES[func]} has no case; add one to CASES in tests/rules/cases*.py"
    return CASES[func]


def is_floating(x):
    if isinstance(x, (tuple, list, dict)):
        return bool(x) and all(map(is_floating, x.values() if isinstance(x, dict) else x))
    return isinstance(x, (float, complex)) or (
        isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind in "fc"
    )


def floating(args):
    return [n for n, arg in enumerate(args) if is_floating(arg)]


def differentiable(func, args):
    """Return the positions of the arguments with a known gradient."""
    if func in COMPOSITES and func not in PRIMITIVES:
        return tuple(floating(args))
    primitive = REGISTRY[func]
    return tuple(n for n in floating(args) if primitive.rule(n) not in (None, UNKNOWN))


def total(y):
    """Return the sum of the absolute squares of all numbers in `y`."""
    if isinstance(ag.value(y), dict):
        y = [y[key] for key in y]
    if isinstance(ag.value(y), (tuple, list)):
        return sum(map(total, y))
    return np.sum(np.real(y * np.conjugate(y))) if np.iscomplexobj(y) else np.sum(y * y)


def numbers(x):
    """All numbers in `x`."""
    if isinstance(x, dict):
        x = list(x.values())
    return (
        [number for item in x for number in numbers(item)]
        if isinstance(x, (tuple, list))
        else np.ravel(x).tolist()
    )


def curved(y):
    """Return `y` and its square: the second order reaches the rule of a linear function, too."""
    return [curved(item) for item in y] if isinstance(ag.value(y), (tuple, list)) else y + y * y


def reads_half(func, args, kwargs):
    """Return whether a call reads one triangle of a Hermitian matrix: its gradient is Hermitian."""
    if func in (np.linalg.pinv, np.linalg.svd):
        return inspect.signature(func).bind(*args, **kwargs).arguments.get("hermitian", False)
    return func in (np.linalg.cholesky, np.linalg.eigh, np.linalg.eigvalsh)


def hermitian_part(x):
    return (x + np.conjugate(np.swapaxes(x, -1, -2))) / 2


def check(func, args, kwargs, argnums, order=2):
    """Check the gradients for each argument, and for each array in a list."""
    prepare = hermitian_part if reads_half(func, args, kwargs) else lambda x: x
    ag.gradcheck(
        lambda x, *a: curved(func(prepare(x), *a, **kwargs)), *args, argnums=argnums, order=order
    )
    if type(args[0]) is list and is_floating(args[0]) and func in JOINING:
        ag.gradcheck(
            lambda *arrays: curved(func(list(arrays), *args[1:], **kwargs)), *args[0], order=order
        )
        ag.gradcheck(
            lambda array: curved(func([array, *args[0][1:]], *args[1:], **kwargs)),
            args[0][0],
            order=order,
        )


def check_cases(func, called, order=2):
    for args, kwargs in cases_of(func):
        check(called, args, kwargs, differentiable(func, args), order)


@every_function
def test_a_rule_agrees_with_finite_differences_to_second_order(func):
    check_cases(func, func)


def real_parts(y):
    """Return the real and imaginary parts of all numbers in `y`, in one list."""
    if isinstance(ag.value(y), dict):
        y = [y[key] for key in y]
    if isinstance(ag.value(y), (tuple, list)):
        return [part for item in y for part in real_parts(item)]
    return [np.real(y), np.imag(y)] if np.iscomplexobj(y) else [y]


def drawn(x, rng):
    """Return random numbers like `x`."""
    if isinstance(x, dict):
        return {key: drawn(item, rng) for key, item in x.items()}
    if isinstance(x, (tuple, list)):
        return [drawn(item, rng) for item in x]
    y = rng.normal(size=np.shape(x))
    return y + 1j * rng.normal(size=np.shape(x)) if np.iscomplexobj(x) else y


def product(a, b):
    """Return the real inner product of a gradient and a tangent; None is zero."""
    if a is None or b is None:
        return 0.0
    if isinstance(a, dict):
        return sum(product(a[key], b[key]) for key in a)
    if isinstance(a, (tuple, list)):
        return sum(product(x, y) for x, y in zip(a, b, strict=True))
    return np.sum(np.real(np.multiply(a, b)))


def tangents(func):
    """Yield a function with real results, arguments and their positions for each case."""
    for args, kwargs in cases_of(func):
        prepare = hermitian_part if reads_half(func, args, kwargs) else lambda x: x
        argnums = differentiable(func, args)
        f = lambda x, *a, kwargs=kwargs, prepare=prepare: real_parts(  # noqa: E731
            func(prepare(x), *a, **kwargs)
        )
        yield f, args, argnums
        for n in argnums if len(argnums) > 1 else ():
            if not isinstance(args[n], (tuple, list)):  # which NumPy does not look into
                yield f, args, (n,)
        if type(args[0]) is list and is_floating(args[0]) and func in JOINING:
            rest = args[1:]
            joined = lambda *a, rest=rest, kwargs=kwargs: real_parts(  # noqa: E731
                func(list(a), *rest, **kwargs)
            )
            yield joined, args[0], tuple(range(len(args[0])))
            yield joined, args[0], (0,)


@every_function
def test_a_tangent_agrees_with_the_gradient(func):
    """The product of cotangent, Jacobian and tangent is the same from either side."""
    for f, args, argnums in tangents(func):
        rng = np.random.default_rng(0)
        v = [drawn(args[n], rng) for n in argnums]
        try:
            y, dy = ag.make_jvp(f, argnums)(*args)(v)
        except TypeError as error:
            assert len(argnums) == 1
            assert re.search("does not dispatch on|a plain array, which cannot hold", str(error))  # noqa: PT017
            continue
        for part, tangent in zip(y, dy, strict=True):
            assert not isinstance(part, Value)
            assert tangent is None or np.shape(tangent) == np.shape(part)
        dx = ag.make_vjp(f, argnums)(*args)[0](u := drawn(y, rng))
        assert product(u, dy) == pytest.approx(product(dx, v), rel=1e-9, abs=1e-9)


@pytest.mark.slow
@every_function
def test_the_gradient_of_a_tangent(func):
    for f, args, argnums in tangents(func):
        if len(argnums) == 1 < len(differentiable(func, args)):
            continue
        v = [drawn(args[n], np.random.default_rng(1)) for n in argnums]
        along = lambda *a, f=f, argnums=argnums, v=v: ag.make_jvp(f, argnums)(*a)(v)[1]  # noqa: E731
        ag.gradcheck(along, *args, argnums=argnums)


@every_function
def test_a_recorded_call_gives_numpys_result(func):
    for given, kwargs in cases_of(func):
        for args in (given, single(given)):
            seen = []

            def note(*a, kwargs=kwargs, seen=seen):
                seen.append(plain(func(*a, **kwargs)))
                return 0.0

            ag.grad(note, differentiable(func, args))(*args)
            expected = func(*args, **kwargs)
            assert_same_values(seen[0], expected)
            if func not in NOT_TO_THE_BIT:
                for array, expected_array in zip(arrays(seen[0]), arrays(expected), strict=True):
                    np.testing.assert_array_equal(array, expected_array)


# np.power(x, p) of numbers computes x ** p, whose last bit differs in NumPy's scalars.
NOT_TO_THE_BIT = {np.power}


def arrays(x):
    """Return the arrays in a result or in arguments."""
    if isinstance(x, (list, tuple)):
        return [array for part in x for array in arrays(part)]
    return [x] if isinstance(x, np.ndarray) else []


def views(y, args):
    """Return of each array in `y` whether it is a view of an argument that can be written into."""
    return [
        a.flags.writeable and any(np.shares_memory(a, x) for x in arrays(list(args)))
        for a in arrays(y)
    ]


@every_function
def test_a_recorded_call_gives_a_view_where_numpy_does(func):
    if func in (np.broadcast_arrays, np.meshgrid):
        return  # NumPy's may be written into with a warning, ours not
    for args, kwargs in cases_of(func):
        seen = []

        def note(*a, kwargs=kwargs, seen=seen):
            y = func(*a, **kwargs)
            seen.append(views(plain(y), [plain(x) for x in a]))
            return 0.0

        if any(isinstance(x, (list, tuple, dict)) for x in args):
            continue  # as a pytree, an argument is taken apart
        ag.grad(note, differentiable(func, args))(*args)
        assert seen[0] == views(func(*args, **kwargs), args)


PYTHON_NUMBERS = ({float, np.float64}, {complex, np.complex128})


def assert_same_values(y, expected):
    types = {type(y), type(expected)}
    assert len(types) == 1 or types in PYTHON_NUMBERS  # operators keep Python numbers
    if isinstance(expected, (tuple, list)):
        assert len(y) == len(expected)
        for part, expected_part in zip(y, expected, strict=True):
            assert_same_values(part, expected_part)
    else:
        assert (np.shape(y), np.result_type(y)) == (np.shape(expected), np.result_type(expected))
        np.testing.assert_allclose(
            y, expected, rtol=1e-5 if np.result_type(y) in SINGLE.values() else 1e-13, atol=1e-7
        )


def gradients(func):
    """Return the numbers of the gradients of all cases, to second order."""

    def first(args, kwargs, argnums):
        return ag.grad(lambda *a: total(func(*a, **kwargs)), argnums)(*args)

    def both(args, kwargs):
        argnums = differentiable(func, args)
        return [
            first(args, kwargs, argnums),
            ag.grad(lambda *a: total(first(a, kwargs, argnums)), argnums)(*args),
        ]

    return [number for args, kwargs in cases_of(func) for number in numbers(both(args, kwargs))]


@functools.cache
def expected_gradients(func):
    return gradients(func)


@every_function
def test_a_rule_reads_nothing_that_the_recording_lets_go(func, monkeypatch):
    expected = expected_gradients(func)
    monkeypatch.setattr(autograd_tools.engine.saved, "WORTH_FREEING", -1)  # frees small arrays, too
    assert gradients(func) == expected


@every_function
def test_the_fast_backward_pass_equals_the_plain_one(func, monkeypatch):
    expected = expected_gradients(func)
    monkeypatch.setattr(differentiation, "fast_backward", plain_backward)
    assert gradients(func) == expected


@every_function
def test_the_fast_calls_record_the_same_as_the_plain_one(func, monkeypatch):
    def plain_first(primitive, a, rest=(), kwargs=NO_KWARGS):
        return call(primitive, (a, *rest), kwargs)

    expected = expected_gradients(func)
    for primitive in PRIMITIVE.values():
        monkeypatch.setattr(primitive, "fast", lambda *args, of=primitive: call(of, args))
        monkeypatch.setattr(primitive, "first", functools.partial(plain_first, primitive))
    assert gradients(func) == expected


def test_every_case_belongs_to_a_registered_function():
    assert [func for func in CASES if func not in REGISTRY] == []


# The cases catch wrong rules.


def scaled(dx):
    return [scaled(item) for item in dx] if isinstance(dx, (list, tuple)) else 1.001 * dx


def broken(primitive, position):
    """The primitive with the rule at `position` off by a thousandth."""
    rule = primitive.rule(position)
    rules = list(primitive.rules)
    rules[position] = lambda *args, **kwargs: scaled(rule(*args, **kwargs))
    options = {
        name: getattr(primitive, name) for name in ("rest", "sequences", "containers", "name")
    }
    return Primitive(primitive.func, rules, **options)


@every_primitive
def test_the_cases_catch_each_rule_off_by_a_thousandth(func, monkeypatch):
    primitive = INTERNAL.get(func) or PRIMITIVES[func]
    for position, rule in enumerate(primitive.rules):
        if rule in (None, UNKNOWN):
            continue
        wrong = broken(primitive, position)
        monkeypatch.setitem(PRIMITIVES, func, wrong)
        with pytest.raises(GradientError):
            check_cases(func, wrong if func in INTERNAL else func, order=1)
        monkeypatch.undo()


POINTS = spread(2, 3)


def sine(x):
    return np.sin(x)


def cosine(x):
    return np.cos(x)


def test_a_rule_off_by_a_thousandth_is_a_gradient_error():
    wrong = ag.primitive(lambda dy, y, x: 1.001 * dy * np.cos(x))(sine)
    with pytest.raises(GradientError, match=r"\[1\] differs from finite differences"):
        check(wrong, (POINTS,), {}, (0,))


def test_a_rule_wrong_to_second_order_is_a_gradient_error():
    frozen = ag.primitive(lambda dy, y, x: dy * np.cos(ag.value(x)))(sine)
    check(frozen, (POINTS,), {}, (0,), order=1)
    with pytest.raises(GradientError, match=r"the gradient grad\("):
        check(frozen, (POINTS,), {}, (0,))


def test_second_order_off_by_a_thousandth_is_a_gradient_error():
    wrong = ag.primitive(lambda dy, y, x: -1.001 * dy * np.sin(x))(cosine)
    right = ag.primitive(lambda dy, y, x: dy * wrong(x))(sine)
    check(right, (POINTS,), {}, (0,), order=1)
    with pytest.raises(GradientError, match=r"the gradient grad\("):
        check(right, (POINTS,), {}, (0,))


# Arguments without a rule are constant.

# Parameters of NumPy functions without a gradient: shapes, positions, types and switches.
CONSTANTS = """
    UPLO axes axis axis1 axis2 casting compute_uv condition copy destination device discont dtype
    full_matrices hermitian k keepdims mode n norm offset optimize order out period rcond repeats
    rtol s shape shift source subok upper where window_shape writeable
"""
# Arguments that count by their sign or direction only, or as integers.
STEPPING = {("copysign", 1), ("nextafter", 1), ("ldexp", 1), ("heaviside", 0)}
# Parameters that NumPy removed after 2.1.
REMOVED = {
    "reshape": {"newshape"},
    "corrcoef": {"bias", "ddof"},
    "quantile": {"interpolation"},
    "nanquantile": {"interpolation"},
}
REJECTED = {"min", "max"}  # keywords of np.clip that raise when they are tracked
CONDITIONS = {("where", 0), ("heaviside", 0)}


def parameters_of(func):
    try:
        parameters = inspect.signature(func).parameters.values()
    except ValueError:
        return []  # before 2.4, NumPy has no signatures of functions in C
    return [p for p in parameters if p.name not in REMOVED.get(name_of(func), ())]


def with_signature(funcs):
    return [func for func in funcs if not isinstance(func, np.ufunc) and parameters_of(func)]


def test_an_argument_without_a_rule_is_no_number_to_differentiate():
    def check(func):
        primitive = PRIMITIVE[func]
        if isinstance(func, np.ufunc):
            assert len(primitive.rules) == func.nin
            none = {(NAMES[func], n) for n, rule in enumerate(primitive.rules) if rule is None}
            assert none - STEPPING == set()
        elif func not in INTERNAL:
            unknown = {
                p.name
                for n, p in enumerate(parameters_of(func))
                if primitive.rule(n) is None and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
            }
            assert unknown - {*CONSTANTS.split()} - REJECTED == set()

    assert failing(check, PRIMITIVE) == {}


def test_a_floating_argument_without_a_rule_has_no_influence():
    def check(func):
        for args, kwargs in cases_of(func):
            for n in floating(args):
                if PRIMITIVE[func].rule(n) is None and (NAMES[func], n) not in CONDITIONS:
                    moved = [*args[:n], args[n] + 1e-3, *args[n + 1 :]]
                    np.testing.assert_array_equal(func(*moved, **kwargs), func(*args, **kwargs))

    assert failing(check, PRIMITIVE) == {}


def test_a_rule_takes_the_keywords_of_its_function():
    def check(func):
        parameters = parameters_of(func)
        for n, rule in enumerate(PRIMITIVES[func].rules):
            if rule not in (None, UNKNOWN):
                later = parameters[n + 1 :]
                by_name = {
                    p.name: None
                    for p in later
                    if p.name != "out" and p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
                }
                needed = [None] * (n + 1 + sum(p.kind is p.POSITIONAL_ONLY for p in later))
                inspect.signature(rule).bind("dy", "y", *needed, **by_name)

    assert failing(check, with_signature(PRIMITIVES)) == {}


def test_a_composite_takes_the_arguments_of_its_function():
    def check(func):
        parameters = [p for p in parameters_of(func) if p.kind is not p.VAR_POSITIONAL]
        by_position = [p.name for p in parameters if p.kind is p.POSITIONAL_ONLY]
        by_name = {p.name: None for p in parameters if p.kind is not p.POSITIONAL_ONLY}
        inspect.signature(COMPOSITES[func]).bind(*by_position, **by_name)

    assert failing(check, with_signature(COMPOSITES)) == {}


@pytest.mark.parametrize(
    "f",
    [lambda t: scipy.special.zeta(t, 2.0), lambda t: np.linalg.norm(t * np.ones(3), t)],
    ids=["zeta[1]", "norm[2]"],
)
def test_an_unknown_gradient_is_an_error(f):
    with pytest.raises(TypeError, match=r"\[\d\] has no gradient rule"):
        ag.grad(f)(2.0)


# Types and shapes.


SINGLE = {
    np.dtype(np.float64): np.dtype(np.float32),
    np.dtype(np.complex128): np.dtype(np.complex64),
}


def single(x):
    """`x` in single precision; Python's numbers fit every precision."""
    if isinstance(x, (tuple, list)):
        return type(x)(single(item) for item in x)
    if isinstance(x, dict):
        return {key: single(item) for key, item in x.items()}
    return (
        x.astype(SINGLE[x.dtype])
        if isinstance(x, (np.ndarray, np.generic)) and x.dtype in SINGLE
        else x
    )


def assert_same_type(dx, x):
    if isinstance(x, (tuple, list, dict)):
        assert type(dx) is type(x)
        for key in x if isinstance(x, dict) else range(len(x)):
            assert_same_type(dx[key], x[key])
    elif isinstance(x, np.ndarray):
        assert type(dx) is np.ndarray
        assert (dx.shape, dx.dtype) == (x.shape, x.dtype)
    else:
        assert type(dx) is type(x)


@every_function
def test_single_precision_gradients_have_type_and_shape_of_their_arguments(func):
    for args, kwargs in cases_of(func):
        singles = single(args)
        argnums = differentiable(func, singles)
        gradients = ag.grad(lambda *a, kwargs=kwargs: total(func(*a, **kwargs)), argnums)(*singles)
        for n, dx in zip(argnums, gradients, strict=True):
            assert_same_type(dx, singles[n])


@every_primitive
def test_a_rule_computes_single_precision_in_single_precision(func):
    primitive = REGISTRY[func]
    for args, kwargs in cases_of(func):
        singles = single(args)
        y = primitive.func(*singles, **kwargs)
        for n in differentiable(func, singles):
            if all(getattr(x, "dtype", None) in SINGLE.values() for x in (y, singles[n])):
                dx = primitive.rule(n)(np.ones_like(y), y, *singles, **kwargs)
                assert all(
                    part.dtype in SINGLE.values()
                    for part in (dx if isinstance(dx, list) else [getattr(dx, "dy", dx)])
                )


# Conventions where the derivative does not exist or the formula divides by zero.


@pytest.mark.parametrize(
    "func", [np.maximum, np.minimum, np.fmax, np.fmin], ids=lambda func: func.__name__
)
def test_two_numbers_that_tie_share_the_gradient_evenly(func):
    assert ag.grad(func, (0, 1))(2.0, 2.0) == (0.5, 0.5)


def test_a_number_tied_with_itself_gets_the_whole_gradient():
    assert ag.grad(lambda x: np.maximum(x, x))(2.0) == 1.0


@pytest.mark.parametrize("func", [np.max, np.amax], ids=lambda func: func.__name__)
def test_elements_that_tie_for_the_maximum_share_its_gradient_evenly(func):
    assert ag.grad(func)(np.array([1.0, 3.0, 3.0])).tolist() == [0.0, 0.5, 0.5]


@pytest.mark.parametrize("func", [np.min, np.amin], ids=lambda func: func.__name__)
def test_elements_that_tie_for_the_minimum_share_its_gradient_evenly(func):
    x = np.array([[1.0, 1.0], [1.0, 2.0]])
    assert ag.grad(lambda x: np.sum(func(x, axis=1)))(x).tolist() == [[0.5, 0.5], [1.0, 0.0]]


def test_a_maximum_equal_to_initial_has_gradient_zero():
    assert ag.grad(lambda x: np.max(x, initial=5.0))(np.array([1.0, 3.0])).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("x", [1.0, 2.0])
def test_an_element_at_a_limit_of_clip_has_the_gradient(x):
    assert ag.grad(np.clip, (0, 1, 2))(x, 1.0, 2.0) == (1.0, 0.0, 0.0)


@pytest.mark.parametrize(
    "limits",
    [{"min": 1.5, "max": 2.5}, {"a_min": 1.5, "a_max": 2.5}],
    ids=["min-max", "a_min-a_max"],
)
def test_limits_given_to_clip_by_name_cut_the_gradient(limits):
    assert ag.grad(lambda x: np.sum(np.clip(x, **limits)))(np.array([1.0, 2.0, 3.0])).tolist() == [
        0.0,
        1.0,
        0.0,
    ]


def test_the_upper_of_crossing_limits_has_the_gradient():
    assert ag.grad(np.clip, (0, 1, 2))(0.0, 3.0, 1.0) == (0.0, 0.0, 1.0)


def test_the_absolute_value_has_gradient_zero_at_zero():
    assert ag.grad(np.abs)(0.0) == 0.0
    assert ag.grad(np.fabs)(0.0) == 0.0


def test_the_absolute_value_of_a_complex_number_has_gradients():
    ag.gradcheck(lambda x: np.abs(x * (3 + 4j) - 2j), np.array([1.0, -2.0]))


@pytest.mark.parametrize(
    ("p", "slope"), [(0, 0.0), (1, 1.0), (2, 0.0), (3, 0.0), (0.0, 0.0), (1.0, 1.0), (2.0, 0.0)]
)
def test_a_power_of_zero_has_the_gradient_of_the_polynomial(p, slope):
    assert ag.grad(lambda x: x**p)(0.0) == slope


def test_powers_of_zeros_have_the_gradients_of_the_polynomials():
    assert ag.grad(lambda x: np.sum(x ** np.array([0, 1, 2])))(np.zeros(3)).tolist() == [
        0.0,
        1.0,
        0.0,
    ]


def test_a_power_of_zero_has_gradient_zero_for_its_exponent():
    assert ag.grad(np.power, (0, 1))(0.0, 2.0) == (0.0, 0.0)


def test_zero_to_the_power_zero_has_zero_gradients():
    assert ag.grad(np.power, (0, 1))(0.0, 0.0) == (0.0, 0.0)


def test_an_integer_power_of_a_negative_number_has_a_gradient():
    assert ag.grad(lambda x: x**3)(-2.0) == 12.0


def test_a_power_may_be_of_integers():
    assert ag.grad(lambda x: np.sum(x ** np.array([0, 1, 2])))(np.array([4, 5, 6])).tolist() == [
        0,
        1,
        12,
    ]


@pytest.mark.parametrize(
    ("x", "gradient"),
    [
        ([2.0, 0.0, 3.0], [0.0, 6.0, 0.0]),
        ([0.0, 0.0, 3.0], [0.0, 0.0, 0.0]),
        ([2.0, 3.0, 4.0], [12.0, 8.0, 6.0]),
    ],
)
def test_a_product_with_zeros_has_gradients(x, gradient):
    assert ag.grad(np.prod)(np.array(x)).tolist() == gradient


def test_a_product_with_zeros_has_a_second_derivative():
    slope = ag.grad(lambda x: ag.grad(np.prod)(x)[0])
    assert slope(np.array([0.0, 0.0, 3.0])).tolist() == [0.0, 3.0, 0.0]


def test_sinc_is_flat_and_curved_at_zero():
    assert ag.grad(np.sinc)(0.0) == 0.0
    assert ag.grad(ag.grad(np.sinc))(0.0) == pytest.approx(-(np.pi**2) / 3, rel=1e-12)


def test_logaddexp_of_large_numbers_does_not_overflow():
    assert ag.grad(np.logaddexp, (0, 1))(1000.0, 0.0) == (1.0, 0.0)


def test_expit_and_log_expit_of_large_numbers_do_not_overflow():
    assert ag.grad(scipy.special.expit)(-1000.0) == 0.0
    assert ag.grad(scipy.special.log_expit)(-1000.0) == 1.0


def test_a_cast_to_integers_has_gradient_zero():
    assert ag.grad(lambda x: np.sum(x.astype(int)))(np.array([1.5, 2.5])).tolist() == [0.0, 0.0]


def test_a_cast_from_integers_to_floats_passes_the_gradient_on():
    assert ag.grad(lambda x: np.sum(x.astype(float) * 0.5))(np.array([1, 2])).tolist() == [0.5, 0.5]


LAYOUTS = {
    "contiguous": np.arange(24.0).reshape(2, 3, 4),
    "fortran": np.arange(24.0).reshape(2, 3, 4).T,
    "permuted": np.arange(24.0).reshape(2, 3, 4).transpose(1, 2, 0),
    "strided": np.arange(48.0).reshape(2, 3, 8)[..., ::2],
    "strided fortran": np.arange(48.0).reshape(2, 3, 8)[..., ::2].T,
    "backward": np.arange(24.0).reshape(2, 3, 4)[::-1],
    "one long axis": np.arange(24.0).reshape(1, 24, 1),
}


@pytest.mark.parametrize("order", ["C", "F", "A", "K"])
@pytest.mark.parametrize("x", LAYOUTS.values(), ids=LAYOUTS)
def test_ravel_puts_the_gradient_back_where_each_number_was_read(order, x):
    weights = 10.0 * np.ravel(x, order)
    assert np.array_equal(ag.grad(lambda x: np.ravel(x, order) @ weights)(x), 10.0 * x)


@pytest.mark.parametrize("order", ["C", "F", "A"])
@pytest.mark.parametrize("x", LAYOUTS.values(), ids=LAYOUTS)
def test_reshape_puts_the_gradient_back_where_each_number_was_read(order, x):
    weights = 10.0 * np.reshape(x, (6, 4), order=order)
    assert np.array_equal(
        ag.grad(lambda x: np.sum(np.reshape(x, (6, 4), order=order) * weights))(x), 10.0 * x
    )


def test_repeat_adds_up_small_gradients_beside_large_ones():
    weights = np.array([1e20, 1e20, 1.0, 1.0])
    assert ag.grad(lambda x: np.repeat(x, 2) @ weights)(np.array([1.0, 2.0])).tolist() == [
        2e20,
        2.0,
    ]


@pytest.mark.parametrize(
    "func", [np.atleast_1d, np.atleast_2d, np.atleast_3d], ids=lambda func: func.__name__
)
def test_each_of_several_arrays_made_higher_gets_its_gradient(func):
    def f(x, y):
        a, b = func(x, y)
        return np.sum(a) + np.sum(2 * b)

    assert ag.grad(f, (0, 1))(3.0, 4.0) == (1.0, 2.0)
    assert ag.grad(f, 1)(np.ones(3), 4.0) == 2.0


# Functions with a gradient of zero.

ROW = np.array([0.3, 1.7, -2.4])
BITS = (np.array([1, 2]), np.array([3, 1]))
ZERO_CASES = {
    **each((np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.left_shift, np.right_shift), BITS),
    np.invert: (BITS[0],),
    np.isnat: (np.array(["2020-01-01"], dtype="datetime64[D]"),),
    **each(
        (np.isclose, np.allclose, np.array_equal, np.array_equiv, np.isin),
        (ROW, ROW[:2].copy().repeat(2)[:3]),
    ),
    np.argpartition: (ROW, 1),
    np.searchsorted: (np.sort(ROW), ROW),
    np.digitize: (ROW, np.array([0.0, 1.0])),
    np.lexsort: (np.stack([ROW, ROW]),),
    np.unravel_index: (3, (2, 3)),
    **each(
        (np.diag_indices_from, np.tril_indices_from, np.triu_indices_from), (np.outer(ROW, ROW),)
    ),
    **each((np.gcd, np.lcm), BITS),
    np.bitwise_count: (BITS[0],),
    np.ix_: ([0, 2], [1]),
    np.ravel_multi_index: ((1, 2), (2, 3)),
    np.packbits: (np.array([1, 0, 1]),),
    np.unpackbits: (np.array([5], np.uint8),),
    np.tri: (3,),
    **each((np.may_share_memory, np.shares_memory), (ROW, -ROW)),
    np.can_cast: (np.float32, np.float64),
    **each((np.zeros, np.ones, np.eye, np.identity, np.arange), (3,)),
    **each((np.logical_and, np.logical_or, np.logical_xor), (ROW, -ROW)),
    **each(
        (
            np.equal,
            np.not_equal,
            np.less,
            np.less_equal,
            np.greater,
            np.greater_equal,
            np.floor_divide,
        ),
        (ROW, ROW[::-1] + 0.25),
    ),
    **each((np.save, np.savez, np.savez_compressed, np.savetxt), None),  # write files
    **each((np.array_repr, np.array_str, np.array2string, np.einsum_path), None),  # are text
    **each((np.empty, np.empty_like), None),  # hold what was in memory
}


def zero_case(func):
    return ZERO_CASES.get(func, (ROW,))


def test_small_changes_leave_functions_of_zero_gradient_unchanged():
    def check(func):
        args = zero_case(func)
        moved = [arg + 1e-6 if is_floating(arg) else arg for arg in args]
        before, after = func(*args), func(*moved)
        pairs = zip(before, after, strict=True) if isinstance(before, tuple) else [(before, after)]
        for a, b in pairs:
            assert np.array_equal(a, b)

    assert failing(check, [func for func in ZEROGRADS if zero_case(func)]) == {}
