"""Random programs of tasks, generators and threads do what each of them does alone."""

import asyncio
import random
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import autograd_tools as ag
from autograd_tools.timing import Timer

DEPTH = 4


def program(seed, w, timer, found):
    """Open and close recordings, scopes and sections around steps; yield between them."""
    rng = random.Random(seed)

    def steps(depth, path):
        for _ in range(rng.randint(1, 3)):
            kind = rng.choice(["compute", "pause", "record", "scope", "section", "inner"])
            k = float(rng.randint(1, 5))
            if kind == "compute":
                found.append(("value", float(ag.value(w * k + path))))
            elif kind == "pause":
                yield
            elif kind == "inner":
                found.append(("inner", float(ag.value(ag.grad(lambda x, k=k: x * x * k)(3.0)))))
            elif kind == "section" and depth < DEPTH:
                with timer.section(f"{seed}.{depth}"):
                    yield
                    yield from steps(depth + 1, path)
            elif kind == "scope" and depth < DEPTH:
                with ag.scope(f"S{seed}.{depth}"):
                    yield
                    yield from steps(depth + 1, path)
            elif kind == "record" and depth < DEPTH:
                with ag.record() as J:
                    y = w * k
                    yield
                    yield from steps(depth + 1, path + y)
                    yield
                    z = np.sin(y) * w
                J.backward(z)
                slope = float(ag.value(ag.grad(J, w)))
                scope = [name for name in J.trace().nodes[-1].scope if name[0] == "S"]
                found.append(("gradient", round(slope, 9), tuple(scope)))

    return steps(0, 0.0)


def paths(timer, seed):
    """Return the calls of the sections of one program, by path."""
    found = {}

    def walk(section, path):
        for label, child in section.children.items():
            if label.split(".")[0] == str(seed):
                found[(*path, label)] = child.ncalls
            walk(child, (*path, label))

    walk(timer.root, ())
    return found


def alone(seed, w):
    timer, found = Timer(clock=lambda: 0), []
    for _ in program(seed, w, timer, found):
        pass
    return found, paths(timer, seed)


def in_generators(seeds, w, timer, rng):
    found = {seed: [] for seed in seeds}
    running = {seed: program(seed, w, timer, found[seed]) for seed in seeds}
    while running:
        seed = rng.choice(list(running))
        if next(running[seed], "over") == "over":
            del running[seed]
    return found


def in_tasks(seeds, w, timer, rng):
    found = {seed: [] for seed in seeds}

    async def work(seed):
        for _ in program(seed, w, timer, found[seed]):
            for _ in range(rng.randint(0, 2)):
                await asyncio.sleep(0)

    async def main():
        await asyncio.gather(*map(work, seeds))

    asyncio.run(main())
    return found


@pytest.mark.parametrize("run", [in_generators, in_tasks])
@pytest.mark.parametrize("seed", range(15))
def test_interleaved_programs_do_what_each_does_alone(run, seed):
    rng, w, timer = random.Random(seed), ag.Param(2.0), Timer(clock=lambda: 0)
    seeds = [10 * seed + i for i in range(4)]
    found = run(seeds, w, timer, rng)
    assert {s: (found[s], paths(timer, s)) for s in seeds} == {s: alone(s, w) for s in seeds}
    assert type(w * 1.0) is float
    assert timer.thread().open == []


@pytest.mark.parametrize("seed", range(10))
def test_programs_in_threads_do_what_each_does_alone(seed):
    params = {s: ag.Param(2.0) for s in range(10 * seed, 10 * seed + 6)}
    timer = Timer(clock=lambda: 0)
    found = {s: [] for s in params}

    def work(s):
        for _ in program(s, params[s], timer, found[s]):
            pass

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, params))
    assert {s: (found[s], paths(timer, s)) for s in params} == {
        s: alone(s, params[s]) for s in params
    }
