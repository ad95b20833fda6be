"""rule_text: a formula computes the same as its rule."""

import ast

import numpy as np
import scipy.special
from rules import test_rules
from rules.test_rules import PRIMITIVES, cases_of, curved, differentiable, every_primitive, total

import autograd_tools as ag
from autograd_tools.debug.rule_formulas import rule_of
from autograd_tools.rules.arithmetic import raised

# Names in formulas without their module.
WORDS = {**{name: getattr(scipy.special, name) for name in scipy.special.__all__}, **vars(np)}
WORDS["raised"] = raised  # `x ** p` in the rule of powm1


def plain(x):
    """Return a value or a pytree of values, unwrapped."""
    if isinstance(x, (list, tuple)):
        return type(x)(map(plain, x))
    return ag.value(x)


def node_of(func, args, kwargs, argnums):
    """Return the node of a call of `func` in a gradient, or None."""
    called = [ag.Param(x) if n in argnums else x for n, x in enumerate(args)]

    def loss():
        y = func(*called, **kwargs)
        return total(y if isinstance(ag.value(y), (tuple, list)) else curved(y))

    tape = ag.diff(loss)
    primitive = test_rules.INTERNAL.get(func) or PRIMITIVES[func]
    plans = (
        [tape.entries[node.index][0] for node in tape.nodes] if isinstance(tape, ag.Tape) else []
    )
    return next(
        (tape.nodes[n] for n, plan in enumerate(plans) if plan and plan.primitive is primitive),
        None,
    )


def read(node, argument, rule):
    """Return a formula, its value and the rule's value; None if it calls our own functions."""
    args, kwargs = plain(node.args), {name: plain(x) for name, x in node.kwargs.items()}
    names = [repr(x) if isinstance(x, (int, float, str)) else f"a{n}" for n, x in enumerate(args)]
    text = rule_of(
        node, argument, dy="dy", y="y", args=names, kwargs={name: f"k_{name}" for name in kwargs}
    ).formula
    called = {part.id for part in ast.walk(ast.parse(text)) if isinstance(part, ast.Name)}
    if (
        any(callable(rule.__globals__.get(name)) for name in called)
        or rule.__qualname__.split(".")[0] in called
    ):
        return None
    constants = {name: x for name, x in rule.__globals__.items() if isinstance(x, float)}
    values = {f"a{n}": x for n, x in enumerate(args)} | {
        f"k_{name}": x for name, x in kwargs.items()
    }
    found = eval(text, {**WORDS, **constants, **values, "dy": node.outgrad, "y": node.value})
    return text, found, ag.value(rule(node.outgrad, node.value, *args, **kwargs))


def summed_to(dx, x):
    """Return a gradient summed to the shape of its argument, as the engine does."""
    dx = np.asarray(dx)
    dx = dx.sum(tuple(range(dx.ndim - np.ndim(x))))
    dx = dx.sum(
        tuple(axis for axis, n in enumerate(np.shape(x)) if n == 1 != dx.shape[axis]), keepdims=True
    )
    return dx if np.iscomplexobj(x) else dx.real


@every_primitive
def test_the_formula_of_a_rule_computes_what_the_rule_computes(func):
    for args, kwargs in cases_of(func):
        argnums = differentiable(func, args)
        node = node_of(func, args, kwargs, argnums)
        if node is None or isinstance(args[0], (list, tuple)):
            continue
        primitive = test_rules.INTERNAL.get(func) or PRIMITIVES[func]
        for n in argnums:
            if (told := read(node, n + 1, primitive.rule(n))) is not None:
                text, *both = told
                np.testing.assert_allclose(
                    *(summed_to(dx, args[n]) for dx in both), 1e-7, 1e-9, err_msg=text
                )


def test_a_constant_of_a_rule_is_written_out():
    assert str(ag.rule_text(np.exp2)) == "∇y * y * log(2)"
    assert str(ag.rule_text(np.degrees)) == "∇y / (pi / 180)"
    assert str(ag.rule_text(scipy.special.sindg)) == "∇y * (pi / 180) * cosdg(x)"
