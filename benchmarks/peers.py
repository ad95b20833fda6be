"""Other engines on the same programs: each returns a function that computes the gradient."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import os
import re
from collections.abc import Callable
from typing import Any

import numpy as np
from cases import Case

import autograd_tools as ag

Run = Callable[[], Any]


def ours(case: Case) -> Run:
    gradient = ag.grad(lambda x: case.f(x, np))
    return lambda: gradient(*case.args)


def compiled(case: Case) -> Run:
    f = case.f
    gradient = ag.compile(ag.grad(lambda x: f(x, np)))
    return lambda: gradient(*case.args)


def inspected(case: Case) -> Run:
    """The same from Params, with everything retained for inspection."""
    x = case.args[0]
    params = tuple(map(ag.Param, x)) if isinstance(x, tuple) else ag.Param(x)

    def run() -> Any:
        tape = ag.diff(lambda: case.f(params, np))
        return (
            tuple(ag.grad(tape, p) for p in params)
            if isinstance(params, tuple)
            else ag.grad(tape, params)
        )

    return run


def hips_autograd(case: Case) -> Run:
    autograd = importlib.import_module("autograd")
    gradient = autograd.grad(lambda x: case.f(x, importlib.import_module("autograd.numpy")))
    return lambda: gradient(*case.args)


def advect(case: Case) -> Run:
    gradient = importlib.import_module("advect").grad(lambda x: case.f(x, np))
    return lambda: gradient(*case.args)


def staged_advect(case: Case) -> Run:
    advect = importlib.import_module("advect")
    gradient = advect.grad(advect.stage(lambda x: case.f(x, np), *case.args))
    return lambda: gradient(*case.args)


def jax(case: Case, *, jit: bool = False) -> Run:
    jax = importlib.import_module("jax")
    jax.config.update("jax_enable_x64", True)
    gradient = jax.grad(lambda x: case.f(x, jax.numpy))
    gradient = jax.jit(gradient) if jit else gradient
    return lambda: jax.tree.map(np.asarray, gradient(*case.args))


def torch(case: Case, *, compiles: bool = False) -> Run:
    torch = importlib.import_module("torch")
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "0")) or os.cpu_count())

    class Namespace:
        """The functions that the cases use, under NumPy's names and arguments."""

        sin, tanh, exp, log, log1p = torch.sin, torch.tanh, torch.exp, torch.log, torch.log1p
        sum, mean = torch.sum, torch.mean

        @staticmethod
        def max(x: Any, axis: int, keepdims: bool) -> Any:
            return torch.amax(x, axis, keepdims)

        @staticmethod
        def zeros(shape: Any) -> Any:
            return torch.zeros(shape, dtype=torch.float64)

        @staticmethod
        def matmul(a: Any, b: Any) -> Any:
            return torch.as_tensor(a) @ torch.as_tensor(b)

    def f(x: Any) -> Any:
        return case.f(x, Namespace)

    call = torch.compile(f) if compiles else f

    def run() -> Any:
        x = case.args[0]
        leaves = [
            torch.tensor(np.asarray(leaf), requires_grad=True)
            for leaf in (x if isinstance(x, tuple) else (x,))
        ]
        call(tuple(leaves) if isinstance(x, tuple) else leaves[0]).backward()
        return (
            tuple(leaf.grad.numpy() for leaf in leaves)
            if isinstance(x, tuple)
            else leaves[0].grad.numpy()
        )

    return run


ENGINES: dict[str, Callable[[Case], Run]] = {
    "ours": ours,
    "inspected": inspected,
    "autograd": hips_autograd,
    "advect": advect,
    "torch": torch,
    "jax": jax,
}


COMPILERS: dict[str, Callable[[Case], Run]] = {
    "advect, staged": staged_advect,
    "jax.jit": functools.partial(jax, jit=True),
    "torch.compile": functools.partial(torch, compiles=True),
}


def installed_compilers() -> dict[str, Callable[[Case], Run]]:
    """The compilers of other engines that can be imported."""
    return {
        name: make
        for name, make in COMPILERS.items()
        if importlib.util.find_spec(re.split(r"\W", name)[0])
    }


def installed() -> dict[str, Callable[[Case], Run]]:
    """Ours, and the engines that can be imported."""
    return {
        name: engine
        for name, engine in ENGINES.items()
        if name in ("ours", "inspected") or importlib.util.find_spec(name)
    }
