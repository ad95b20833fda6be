"""Train on shards of the data in a Dask cluster, and add up the gradients and the profiles.

    python examples/dask_shards.py [--workers 2] [--shards 4] [--steps 30]

Needs `pip install "autograd-tools[dask]"`. The cluster runs on this machine. For several machines,
start the workers with `AUTOGRAD_TIMER=1 dask worker tcp://scheduler:8786` and write
`Client("tcp://scheduler:8786")` below.
"""

import argparse
import os
from pathlib import Path

import numpy as np
from dask.distributed import Client, LocalCluster

import autograd_tools as ag
import viewer

DATA = Path(__file__).parent / "data" / "digits.csv.gz"
RATE = 0.5


def cross_entropy(w, b, x, y):
    z = x @ w + b
    right = z[np.arange(len(y)), y]
    return np.sum(np.log(np.sum(np.exp(z), axis=1)) - right)


def shard_gradient(values, x, y):
    """Return the loss of one shard, its gradients and their profile. Runs on a worker."""
    ag.reset_timer()
    params = [ag.Param(value) for value in values]
    J = ag.diff(cross_entropy, *params, x, y)
    gradients = [ag.grad(J, p) for p in params]
    return ag.value(J), gradients, ag.Timer.from_dict(ag.timer.to_dict())  # a stopped copy


def train(client, shards, count, steps):
    """Train by gradient descent; return the weights, the biases and the profile of all workers."""
    w, b, profiles = np.zeros((64, 10)), np.zeros(10), []
    shards = [client.scatter(shard) for shard in shards]  # sent once, not at every step
    for step in range(1, steps + 1):
        tasks = [client.submit(shard_gradient, (w, b), x, y, pure=False) for x, y in shards]
        losses, gradients, timers = zip(*client.gather(tasks), strict=True)
        for dw, db in gradients:
            w, b = w - RATE * dw / count, b - RATE * db / count
        profiles += timers
        if step in (1, steps) or step % 10 == 0:
            print(f"step {step:3}  loss {sum(losses) / count:.4f}")
    return w, b, profiles[0].merge(*profiles[1:])


def main():
    parser = argparse.ArgumentParser(description="Gradients of shards, by Dask.")
    parser.add_argument("--workers", type=int, default=2, help="processes (2)")
    parser.add_argument("--shards", type=int, default=4, help="parts of the data (4)")
    parser.add_argument("--steps", type=int, default=30, help="steps of training (30)")
    options = parser.parse_args()
    if min(options.workers, options.shards, options.steps) < 1:
        parser.error("--workers, --shards and --steps must be 1 or more")

    table = np.random.default_rng(0).permutation(np.loadtxt(DATA, delimiter=","))
    x, y = table[:, :64] / 16, table[:, 64].astype(int)
    parts = [np.array_split(array, options.shards) for array in (x, y)]
    shards = list(zip(*parts, strict=True))

    os.environ["AUTOGRAD_TIMER"] = "1"  # workers inherit it and read it at import
    settings = {"n_workers": options.workers, "threads_per_worker": 1, "dashboard_address": None}
    with LocalCluster(**settings) as cluster, Client(cluster) as client:
        w, b, profile = train(client, shards, len(y), options.steps)
    print(f"right in {np.mean(np.argmax(x @ w + b, axis=1) == y):.1%} of {len(y)} images")
    print(profile)
    print(viewer.hotspots(profile, by="line"))


if __name__ == "__main__":
    main()
