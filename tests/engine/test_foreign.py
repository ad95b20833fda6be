"""Operands of foreign types: converted on either side alike, or refused with what to write."""

import operator

import numpy as np
import pytest

import autograd_tools as ag

X = np.array([1.0, 2.0, 3.0])
Y = np.array([2.0, 3.0, 5.0])


def of(package, make):
    """Return a function that makes an array of a package, or skips the test."""
    return lambda: make(pytest.importorskip(package))


def pandas(make):
    return of("pandas", make)


def xarray(make):
    return of("xarray", make)


CONVERTED = {
    "Series": pandas(lambda pd: pd.Series(Y, index=[7, 5, 9])),
    "Series of Float64": pandas(lambda pd: pd.Series(Y, dtype="Float64")),
    "Index": pandas(lambda pd: pd.Index(Y)),
    "extension array": pandas(lambda pd: pd.array(Y)),
    "row frame": pandas(lambda pd: pd.DataFrame([Y], columns=["a", "b", "c"])),
    "tensor": of("torch", lambda torch: torch.tensor(Y)),
    "JAX array": of("jax.numpy", lambda jnp: jnp.asarray(Y)),
    "memmap": lambda: Y.view(np.memmap),
}
REFUSED = {
    "masked array": lambda: np.ma.masked_array(Y, mask=[0, 1, 0]),
    "matrix": lambda: Y.view(np.matrix),
    "frame of names": pandas(lambda pd: pd.DataFrame({"a": Y, "b": list("xyz"), "c": Y})),
    "Series of dates": pandas(lambda pd: pd.Series(pd.date_range("2020", periods=3))),
}
LABELLED = {
    "DataArray": xarray(lambda xr: xr.DataArray(Y, dims="t", coords={"t": [7, 5, 9]})),
    "Variable": xarray(lambda xr: xr.Variable("t", Y)),
}
OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, operator.mod]


@pytest.mark.parametrize("make", CONVERTED.values(), ids=CONVERTED)
@pytest.mark.parametrize("op", OPERATORS)
def test_a_foreign_operand_is_an_array_on_either_side(op, make):
    other = make()
    for f in (lambda x, y: np.sum(op(x, y)), lambda x, y: np.sum(op(y, x))):
        value, dx = ag.value_and_grad(f)(X, other)
        assert type(dx) is np.ndarray
        assert type(value) is np.float64
        np.testing.assert_allclose(value, f(X, Y), rtol=1e-6)
        np.testing.assert_allclose(dx, ag.grad(f)(X, Y), rtol=1e-6)


@pytest.mark.parametrize("make", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("op", [*OPERATORS, operator.matmul, operator.lt, operator.eq])
def test_what_has_no_plain_numbers_is_refused_on_either_side(op, make):
    other = make()
    for f in (lambda x: op(x, other), lambda x: op(other, x)):
        with pytest.raises((TypeError, np.linalg.LinAlgError)):  # m ** x is a matrix power
            ag.grad(lambda x, f=f: np.sum(x) + np.sum(f(x)))(X)


@pytest.mark.parametrize("make", CONVERTED.values(), ids=CONVERTED)
@pytest.mark.parametrize("op", [operator.lt, operator.ge, operator.eq, operator.ne])
def test_a_comparison_with_a_foreign_array_is_an_array(op, make):
    other, found = make(), []
    ag.grad(lambda x: found.extend([op(x, other), op(other, x)]) or np.sum(x))(X)
    assert [type(item) for item in found] == [np.ndarray] * 2
    assert found[0].ravel().tolist() == op(X, Y).tolist()
    assert found[1].ravel().tolist() == op(Y, X).tolist()


def test_each_numpy_function_takes_a_series():
    pd = pytest.importorskip("pandas")
    s, frame = pd.Series(Y, index=[2, 0, 1]), pd.DataFrame(np.outer(Y, Y))
    for f in (
        lambda x, s, m: np.where(s > 2, x, s),
        lambda x, s, m: np.dot(m, x) + np.dot(x, m),
        lambda x, s, m: np.stack([x, s]) * np.concatenate([s, x])[:3],
        lambda x, s, m: np.multiply(s, x) + np.maximum(s, x) + np.logaddexp(x, s),
        lambda x, s, m: np.average(x, weights=s),
        lambda x, s, m: np.sum(x, where=s > 2),
        lambda x, s, m: x.clip(s - 1.5, s),
        lambda x, s, m: np.einsum("i,ij,j->", x, m, s),
        lambda x, s, m: x[s > 2] * x[(s - 2).astype(int).clip(0, 2)][0],
        lambda x, s, m: np.interp(s, X, x),
    ):
        loss = lambda x, s, m, f=f: np.sum(f(x, s, m))  # noqa: E731
        value, dx = ag.value_and_grad(loss)(X, s, frame)
        plain, expected = ag.value_and_grad(loss)(X, Y, frame.to_numpy())
        assert type(dx) is np.ndarray
        assert (value, dx.tolist()) == (plain, expected.tolist())


def test_halves_of_a_frame_are_taken_in_order():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": np.arange(6.0)})
    left, right = frame.iloc[:3], frame.iloc[3:]
    gradient = ag.grad(lambda w: np.sum(w * left["a"] + right["a"] * w))(X)
    assert gradient.tolist() == [3.0, 5.0, 7.0]


def test_a_matrix_product_with_a_frame_says_what_to_write():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(np.eye(3))
    with pytest.raises(TypeError, match=r"write .*frame\.to_numpy\(\) @ x"):
        ag.grad(lambda x: np.sum(frame @ x))(X)
    with pytest.raises(TypeError, match=r"write x\.to_numpy\(\)"):
        ag.grad(lambda x: np.sum(x @ frame))(X)


@pytest.mark.parametrize(
    "make", [CONVERTED["Series"], LABELLED["DataArray"]], ids=["Series", "DataArray"]
)
def test_a_foreign_argument_or_param_says_what_to_write(make):
    other = make()
    for holds in (ag.grad(np.sum), ag.Param, ag.hessian(np.sum), ag.make_vjp(np.sum)):
        for x in (other, {"a": other}, [1.0, other]):
            with pytest.raises(TypeError, match=r"write x\.to_numpy\(\)"):
                holds(x)


def test_a_frame_of_several_dtypes_names_them():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": [1.0], "b": ["x"]})
    with pytest.raises(TypeError, match=r"float64, .*x\[columns\]\.to_numpy\(float\)"):
        ag.grad(lambda x: np.sum(x * frame))(1.0)


@pytest.mark.parametrize("make", ["Series", "array", "Index", "frame"])
def test_a_missing_number_is_refused_with_na_value(make):
    pd = pytest.importorskip("pandas")
    missing = pd.Series([1, None], dtype="Int64")
    other = missing.to_frame() if make == "frame" else getattr(pd, make)(missing)
    with pytest.raises(TypeError, match=r"na_value=np\.nan"):
        ag.grad(lambda x: np.sum(x * other))(1.0)


@pytest.mark.parametrize("dtype", ["category", "object", "str"])
def test_a_series_of_no_numbers_names_its_dtype(dtype):
    pd = pytest.importorskip("pandas")
    series = pd.Series(["1", "2", "3"], dtype=dtype)  # pandas 2 takes "str" for "object"
    with pytest.raises(TypeError, match=f"of dtype {series.dtype}; write x.to_numpy"):
        ag.grad(lambda x: np.sum(x * series))(X)


def test_a_series_of_recorded_values_says_what_to_write():
    pd = pytest.importorskip("pandas")
    series = pd.Series(Y)
    assert ag.grad(lambda x: series.map(lambda y: y * x[0]).sum())(X).tolist() == [10.0, 0, 0]
    with pytest.raises(TypeError, match=r"np\.stack\(list\(x\)\)"):
        ag.grad(lambda x: np.sum(x * series.map(lambda y: y * x[0])))(X)


@pytest.mark.parametrize("make", LABELLED.values(), ids=LABELLED)
@pytest.mark.parametrize("op", [*OPERATORS, np.arctan2, np.maximum])
def test_a_labelled_array_computes_with_recorded_values(op, make):
    other = make()
    for x in (X, 2.5):
        for f in (lambda x, y: np.sum(op(x, y)), lambda x, y: np.sum(op(y, x))):
            value, dx = ag.value_and_grad(f)(x, other)
            plain, expected = ag.value_and_grad(f)(x, Y)
            assert type(value) is type(plain)
            np.testing.assert_allclose(value, plain)
            np.testing.assert_allclose(dx, expected)
        assert type(ag.value(op(x, other))) is type(other)


def test_functions_of_xarray_keep_gradients():
    xr = pytest.importorskip("xarray")
    of_x = lambda x: xr.DataArray(x, dims="t")  # noqa: E731
    other = xr.DataArray(Y, dims="t")
    for labelled, plain in (
        (lambda x: (of_x(x) * other).sum().data, lambda x: np.sum(x * Y)),
        (lambda x: np.exp(of_x(x)).std("t"), lambda x: np.std(np.exp(x))),
        (lambda x: xr.dot(of_x(x), other) + 1.0, lambda x: x @ Y + 1.0),
        (lambda x: (of_x(x).diff("t") ** 2).max(), lambda x: np.max(np.diff(x) ** 2)),
        (lambda x: (of_x(x).roll(t=1) * other).sum(), lambda x: np.sum(np.roll(x, 1) * Y)),
        (lambda x: xr.where(other > 2, of_x(x), 0).sum(), lambda x: np.sum(np.where(Y > 2, x, 0))),
        (lambda x: of_x(x).sel(t=slice(0, 2)).mean("t"), lambda x: np.mean(x[:2])),
        (lambda x: of_x(x) @ np.sin(other), lambda x: x @ np.sin(Y)),
        (lambda x: (xr.DataArray(x, dims="u") * other).sum(), lambda x: np.sum(np.outer(x, Y))),
        (lambda x: (xr.Dataset({"a": ("t", Y)}) * x)["a"].sum(), lambda x: np.sum(x * Y)),
        (lambda x: np.sum(np.stack([x, other * x])), lambda x: np.sum(x + Y * x)),
    ):
        value, dx = ag.value_and_grad(labelled)(X)
        expected = ag.value_and_grad(plain)(X)
        assert (np.ndim(value), value.dtype) == (0, np.float64)  # an array with bottleneck
        np.testing.assert_allclose(value, expected[0])
        np.testing.assert_allclose(dx, expected[1])
    whole, part = ag.jacobian(lambda x: (of_x(x) * other, x))(X)
    np.testing.assert_array_equal(whole, np.diag(Y))
    np.testing.assert_array_equal(part, np.eye(3))
    w = ag.Param(X)
    assert ag.grad(ag.diff(lambda: np.sum(other * w)), w).tolist() == Y.tolist()


def test_a_labelled_array_gives_no_plain_numbers():
    xr = pytest.importorskip("xarray")
    for f in (
        lambda d, x: np.sum((d * x).values),
        lambda d, x: (d * x).sum().item(),
        lambda d, x: float((d * x).sum()),
        lambda d, x: (d * x).to_pandas(),
        lambda d, x: d.__setitem__(0, x[0]),
    ):
        with pytest.raises(TypeError, match="gradient"):
            ag.grad(lambda x, f=f: f(xr.DataArray(Y, dims="t"), x))(X)


def test_outside_of_a_recording_a_param_acts_like_its_value():
    pd = pytest.importorskip("pandas")
    w = ag.Param(X)
    assert type(w * pd.Series(Y)) is type(pd.Series(Y) * w) is pd.Series


def test_a_rule_of_the_users_may_return_a_series():
    pd = pytest.importorskip("pandas")
    s = pd.Series(Y, index=[2, 1, 0])
    f = ag.primitive(lambda dy, y, x: dy * s)(lambda x: x * s)
    value, dx = ag.value_and_grad(lambda x: np.sum(f(x) * f(x)))(X)
    assert type(value) is np.float64
    assert type(dx) is np.ndarray
    assert dx.tolist() == (2 * X * Y**2).tolist()


class Marked(np.ndarray):
    """An array that multiplies in its own way."""

    def __mul__(self, other):
        return 2 * other

    __rmul__ = __mul__


class Wrapped:
    """A duck array that wraps what it computes."""

    def __init__(self, x):
        self.x = x

    def __array__(self, dtype=None, copy=None):
        return np.array(self.x, dtype)

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        parts = [np.asarray(item) for item in inputs]
        return Wrapped(getattr(ufunc, method)(*parts, **kwargs))


class Quantity(Wrapped):
    unit = "m"


class OptsOut:
    """An operand that leaves nothing to NumPy."""

    __array_ufunc__ = None

    def __rmul__(self, other):
        return other * 3.0


def test_an_array_with_its_own_arithmetic_is_refused():
    for other in (Y.view(Marked), Quantity(Y)):
        with pytest.raises(TypeError, match=r"write (np\.asarray|x\.magnitude)"):
            ag.grad(lambda x, y=other: np.sum(x * y))(X)


def test_a_duck_array_is_converted_or_refused():
    assert ag.grad(lambda x: np.sum(x * Wrapped(Y)))(X).tolist() == Y.tolist()
    with pytest.raises(TypeError, match="lose its gradient"):
        ag.grad(lambda x: np.sum(np.multiply(Wrapped(Y), x)))(X)


def test_an_operand_that_opts_out_of_ufuncs_computes_itself():
    assert ag.grad(lambda x: np.sum(x * OptsOut()))(X).tolist() == [3.0, 3.0, 3.0]
    with pytest.raises(TypeError, match="unsupported operand"):
        ag.grad(lambda x: np.sum(x + OptsOut()))(X)


def test_only_a_dict_has_the_methods_of_a_dict():
    def f(p):
        assert not hasattr(p["a"], "keys")
        assert not hasattr(p["a"], "items")
        return sum(x for _, x in p.items()) + p.get("a") + sum(p.values())

    assert ag.grad(f)({"a": 1.0, "b": 2.0}) == {"a": 3.0, "b": 2.0}
