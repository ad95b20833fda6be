"""Checkpointing: the same gradients, with values recomputed instead of saved."""

import gc
import weakref

import numpy as np
import pytest

import autograd_tools as ag

X = np.array([0.3, -0.7, 1.1])
W = ag.Param(np.array([[0.2, -0.4, 0.1], [0.5, 0.3, -0.2], [-0.3, 0.1, 0.6]]))


def layer(h):
    return np.tanh(W @ h + 0.1)


def chain(part):
    return lambda x: np.sum(part(part(part(x))) ** 2)


plain, checkpointed = chain(layer), chain(ag.checkpoint(layer))


def test_the_value_is_the_same():
    assert ag.value_and_grad(checkpointed)(X)[0] == plain(X)


def test_the_gradient_for_an_argument_is_the_same():
    assert ag.grad(checkpointed)(X).tolist() == ag.grad(plain)(X).tolist()


def test_the_gradients_for_params_are_the_same():
    x = ag.Param(X)
    kept, recomputed = ag.diff(plain, x), ag.diff(checkpointed, x)
    for param in (x, W):
        np.testing.assert_allclose(ag.grad(recomputed, param), ag.grad(kept, param), rtol=1e-12)


def test_second_derivatives_are_the_same():
    np.testing.assert_allclose(ag.hessian(checkpointed)(X), ag.hessian(plain)(X), rtol=1e-12)
    assert ag.gradcheck(checkpointed, X, order=2)


def test_params_differentiate_through_the_gradient_of_a_checkpointed_part():
    x = ag.Param(X)
    kept, recomputed = (
        ag.diff(lambda f=f: np.sum(ag.grad(f)(x) ** 2)) for f in (plain, checkpointed)
    )
    for param in (x, W):
        np.testing.assert_allclose(ag.grad(recomputed, param), ag.grad(kept, param), rtol=1e-12)


def test_checkpoints_nest():
    outer = ag.checkpoint(lambda a: ag.checkpoint(np.sin)(a) * a)
    assert ag.gradcheck(lambda x: np.sum(outer(x)), X, order=2)


def nested(part, levels):
    """Return a function of one number that uses a Param at each of nested levels, and the Param."""
    v = ag.Param(0.7)
    f = part(lambda x: np.tanh(x * v) * v)
    for _ in range(levels - 1):
        f = part(lambda x, f=f: f(f(x)) + 0.3 * np.sin(v * x))
    return f, v


DERIVATIVES = {
    "x": lambda f, v: ag.grad(f)(0.4),
    "v": lambda f, v: ag.grad(ag.diff(f, 0.4), v),
    "xx": lambda f, v: ag.grad(ag.grad(f))(0.4),
    "xv": lambda f, v: ag.grad(ag.diff(ag.grad(f), 0.4), v),
    "vx": lambda f, v: ag.grad(lambda x: ag.grad(ag.diff(f, x), v))(0.4),
    "vv": lambda f, v: ag.grad(ag.diff(lambda: ag.grad(ag.diff(f, 0.4), v)), v),
    "xxv": lambda f, v: ag.grad(ag.diff(ag.grad(ag.grad(f)), 0.4), v),
    "vvv": lambda f, v: ag.grad(
        ag.diff(lambda: ag.grad(ag.diff(lambda: ag.grad(ag.diff(f, 0.4), v)), v)), v
    ),
}


@pytest.mark.parametrize("levels", [1, 2, 3])
@pytest.mark.parametrize("of", DERIVATIVES)
def test_nested_checkpoints_keep_derivatives_of_params(of, levels):
    expected = DERIVATIVES[of](*nested(lambda f: f, levels))
    assert DERIVATIVES[of](*nested(ag.checkpoint, levels)) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("of", DERIVATIVES)
def test_a_gradient_between_two_checkpoints_keeps_derivatives(of):
    def build(part):
        v = ag.Param(0.7)
        inner = part(lambda x: np.tanh(x * v) * v)
        middle = part(lambda x: ag.grad(inner)(x) + ag.grad(ag.diff(inner, x), v) * v)
        return part(lambda x: middle(x) * inner(x) * v), v

    expected = DERIVATIVES[of](*build(lambda f: f))
    assert DERIVATIVES[of](*build(ag.checkpoint)) == pytest.approx(expected, rel=1e-10)


def test_a_param_of_only_the_second_run_is_an_error():
    runs = []

    def part(x):
        runs.append(x)
        return x * W if len(runs) > 1 else x * W.value

    with pytest.raises(ValueError, match=r"used P\(float64\[3,3\]\) in its second run only"):
        ag.grad(lambda x: np.sum(ag.checkpoint(part)(x)))(2.0)


def test_a_result_may_hold_names_params_and_its_own_argument():
    part = ag.checkpoint(lambda p: {"p": p, "name": "relu", "W": W})

    def f(p):
        found = part(p)
        assert (found["name"], found["W"]) == ("relu", W)
        return found["p"]["a"] ** 2

    assert ag.grad(f)({"a": 3.0}) == {"a": 6.0}


def test_arguments_and_results_may_be_containers_and_keywords():
    part = ag.checkpoint(
        lambda pair, *, scale: {"a": (np.sin(pair["u"]) * scale, pair["v"] * 2), "n": 3}
    )

    def f(u, v, scale):
        found = part({"u": u, "v": v}, scale=scale)
        return np.sum(found["a"][0]) + np.sum(found["a"][1] * u) * found["n"]

    assert ag.gradcheck(f, X, X + 1, 2.5, order=2)


def test_a_param_that_holds_a_container_may_be_an_argument():
    pair = ag.Param((X, 2.0))
    J = ag.diff(lambda: ag.checkpoint(lambda p: np.sum(p[0] * p[1]))(pair))
    a, b = ag.grad(J, pair)
    assert (a.tolist(), b) == ([2.0, 2.0, 2.0], pytest.approx(np.sum(X)))


def test_an_argument_without_influence_has_gradient_zero():
    assert ag.grad(lambda x: np.sum(ag.checkpoint(lambda a, b: 2.0 * a)(x, x + 1)))(X).tolist() == [
        2.0,
        2.0,
        2.0,
    ]
    assert ag.grad(lambda x: np.sum(ag.checkpoint(lambda a: np.ones(3))(x)) + x[0])(X).tolist() == [
        1.0,
        0.0,
        0.0,
    ]


def test_outside_a_recording_the_function_is_called_as_it_is():
    assert ag.checkpoint(layer)(X).tolist() == layer(X).tolist()


def test_a_checkpointed_part_is_one_node_with_its_parents():
    trace = ag.diff(checkpointed, ag.Param(X)).trace()
    assert [node.op for node in trace if node.kind == "result"] == [
        *["checkpoint(layer)", "getitem"] * 3,
        "power",
        "sum",
    ]
    assert trace[3].parents == (1, 2)


def test_intermediate_values_of_a_checkpoint_are_freed():
    alive = []

    def part(x):
        y = np.sin(x)
        alive.append(weakref.ref(ag.value(y)))
        return np.sum(y * x)

    tape = ag.diff(ag.checkpoint(part), ag.Param(X))
    assert [ref() for ref in alive] == [None, None]
    assert ag.value(tape) == np.sum(np.sin(X) * X)


def test_results_of_checkpoints_are_freed_as_the_backward_pass_goes():
    results, alive = [], []

    def watched(x):
        alive.append(sum(result() is not None for result in results))
        return np.tanh(x)

    def chained(x):
        for _ in range(4):
            x = ag.checkpoint(watched)(x)
            results.append(weakref.ref(ag.value(x)))
        return np.sum(x)

    gc.disable()
    try:
        ag.grad(chained)(X)
    finally:
        gc.enable()
    assert alive[4:] == [4, 3, 2, 1]


def test_a_tape_with_checkpoints_is_freed_without_the_garbage_collector():
    gc.disable()
    try:
        tape = ag.diff(checkpointed, ag.Param(X))
        ref = weakref.ref(tape)
        del tape
        assert ref() is None
    finally:
        gc.enable()


def test_it_may_decorate_a_function_and_keeps_its_name():
    @ag.checkpoint
    def part(x):
        """Say what it does."""
        return x

    assert (part.__name__, part.__doc__) == ("part", "Say what it does.")


def test_a_part_that_draws_random_numbers_is_an_error():
    rng = np.random.default_rng(0)
    with pytest.raises(
        ValueError,
        match=r"checkpoint\(<lambda>\) returned .* in its second run, different from the first",
    ):
        ag.grad(lambda x: np.sum(ag.checkpoint(lambda h: h * rng.standard_normal())(x)))(X)


def test_a_recorded_value_that_is_no_argument_is_an_error():
    with pytest.raises(TypeError, match="uses a recorded value that is not one of its arguments"):
        ag.grad(lambda x: np.sum(ag.checkpoint(lambda h: h * x)(2 * x)))(X)


def test_after_an_exception_in_the_part_the_recording_goes_on():
    def broken(h):
        raise ZeroDivisionError

    def f(x):
        with pytest.raises(ZeroDivisionError):
            ag.checkpoint(broken)(x)
        return np.sum(W @ x)

    np.testing.assert_allclose(ag.grad(f)(X), W.value.sum(axis=0))


def test_what_a_checkpointed_function_writes_into_its_argument_is_seen_by_the_caller():
    def double(h):
        h *= 2.0
        row = h[:1]
        row += 1.0
        return np.sum(h)

    def f(x):
        h = x * x
        part = h[1:]
        total = ag.checkpoint(double)(h)
        return total * np.sum(part * h[0])

    assert ag.value_and_grad(f)(X)[0] == f(X)
    assert ag.gradcheck(f, X, order=2)


def test_writing_into_a_checkpointed_param_is_an_error():
    w = ag.Param(X)

    def double(h):
        h *= 2.0
        return np.sum(h)

    with pytest.raises(TypeError, match="because its gradient belongs to the old value"):
        ag.diff(lambda: ag.checkpoint(double)(w))


def test_writing_into_a_part_of_a_checkpointed_pytree_is_an_error():
    def double(p):
        p["h"] *= 2.0
        return np.sum(p["h"])

    with pytest.raises(ValueError, match="holds an array that was written into"):
        ag.grad(ag.checkpoint(double))({"h": X.copy()})


@pytest.mark.parametrize("part", [lambda h: h, lambda h: h[1:]], ids=["the argument", "a view"])
def test_returning_an_argument_that_was_written_into_is_an_error(part):
    def double(h):
        h *= 2.0
        return part(h)

    with pytest.raises(ValueError, match="return a copy"):
        ag.grad(lambda x: np.sum(ag.checkpoint(double)(x * 1.0)))(X)
