"""Random functions with branches, loops and writes: compiled, they do what they do plainly."""

import random
import warnings

import numpy as np
import pytest

import autograd_tools as ag
from autograd_tools.base.containers import tree_leaves

SHAPES = [(), (3,), (2, 3), (3, 3)]


def statement(rng, name, values):
    """Return a random statement that may assign `name`, and the shape of its value."""
    (x, s), (y, other) = rng.choice(values), rng.choice(values)
    axes = len(s)
    kinds = {
        f"{name} = np.tanh({x})": s,
        f"{name} = np.sin({x}) * {rng.choice([2, 0.5, 1.0])}": s,
        f"{name} = np.maximum({x}, 0.1)": s,
        f"{name} = np.where({x} > 0, {x} * {x}, 0.3 * {x})": s,
        f"{name} = np.exp(-np.abs({x}))": s,
        f"{name} = ag.value({x}) * {x}": s,
        f"if np.sum({x}) > {rng.uniform(-1, 1):.2f}:\n        {x} = {x} * 0.7": None,
        f"for i in range({rng.randint(2, 6)}):\n        {x} = np.cos({x}) * 0.9 + 0.1 * i": None,
    }
    if s == other or () in (s, other):
        kinds[f"{name} = {x} {rng.choice('+-*')} {y}"] = s or other
    if axes:
        axis = rng.randrange(axes)
        kinds |= {
            f"{name} = np.sum({x}, axis={axis})": s[:axis] + s[axis + 1 :],
            f"{name} = {x}[{rng.randrange(s[0])}]": s[1:],
            f"{name} = {x}[::-1] * 1.5": s,
            f"{name} = np.reshape({x}, (-1,))[:2]": (2,),
            f"{name} = np.zeros_like({x})\n    {name}[0] = {x}[-1] * 2": s,
        }
    if axes == 2:
        kinds[f"{name} = {x}.T @ {x}"] = (s[1], s[1])
    if s[:1] == (3,):
        kinds[f"{name} = np.stack([{x}[0], {x}[1] * {x}[2]])"] = (2, *s[1:])
    return rng.choice(list(kinds.items()))


def random_function(seed):
    """Return a function and the shapes of its arguments."""
    rng = random.Random(seed)
    shapes = [rng.choice(SHAPES) for _ in range(rng.randint(1, 3))]
    names = [f"a{i}" for i in range(len(shapes))]
    values, lines = list(zip(names, shapes, strict=True)), []
    for k in range(rng.randint(3, 25)):
        text, shape = statement(rng, f"t{k}", values)
        lines.append(f"    {text}\n")
        if shape is not None:
            values.append((f"t{k}", shape))
    chosen = [*rng.sample(values, min(len(values), 4)), *values[-2:]]
    total = " + ".join(f"np.sum({name})" for name, _ in chosen)
    source = f"def f({', '.join(names)}):\n{''.join(lines)}    return {total}\n"
    space = {"np": np, "ag": ag}
    exec(source, space)
    return space["f"], shapes


def check(seed):
    f, shapes = random_function(seed)
    argnum = tuple(range(len(shapes)))
    gradient = ag.value_and_grad(f, argnum)
    if seed % 3 == 2:
        first = gradient

        def squares(*args):
            value, found = first(*args)
            return value + sum(np.sum(dx * dx) for dx in found)

        gradient = ag.grad(squares, argnum)
    rng = np.random.default_rng(seed)
    calls = [
        [rng.normal(size=shape) if shape else float(rng.normal()) for shape in shapes]
        for _ in range(4)
    ]
    compiled = ag.compile(gradient)
    for args in [*calls, *calls]:
        pairs = zip(tree_leaves(compiled(*args)), tree_leaves(gradient(*args)), strict=True)
        for y, expected in pairs:
            assert (type(y), np.shape(y)) == (type(expected), np.shape(expected))
            np.testing.assert_allclose(
                y, expected, rtol=1e-11, atol=1e-12 * (1 + np.max(np.abs(expected)))
            )


@pytest.mark.parametrize("start", range(0, 100, 20))
def test_a_compiled_random_function_is_the_function(start):
    with warnings.catch_warnings():
        warnings.filterwarnings("error", ".*runs uncompiled", RuntimeWarning)
        for seed in range(start, start + 20):
            check(seed)


@pytest.mark.slow
@pytest.mark.parametrize("start", range(100, 1500, 200))
def test_many_more_compiled_random_functions_are_the_functions(start):
    with warnings.catch_warnings():
        warnings.filterwarnings("error", ".*runs uncompiled", RuntimeWarning)
        for seed in range(start, start + 200):
            check(seed)
