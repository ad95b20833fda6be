"""Fit a linear model to the diabetes data by gradient descent, and list its last gradient.

    python examples/diabetes_regression.py

The model is a callable object that holds Params, and `ag.params` finds them. NumPy's least squares
checks the result. This replaces the usual regression on the Boston housing data, which scikit-learn
removed because one of its columns assumes that the share of Black residents affects prices.
"""

from pathlib import Path

import numpy as np

import autograd_tools as ag

DATA = Path(__file__).parent / "data" / "diabetes.csv.gz"
HELD_OUT, STEPS, RATE = 88, 2000, 0.2


class Linear:
    def __init__(self, w, b):
        self.w, self.b = w, b

    def __call__(self, x):
        return x @ self.w + self.b


def mean_squared_error(model, x, y):
    residual = model(x) - y
    return np.mean(residual**2)


def r_squared(model, x, y):
    return 1 - mean_squared_error(model, x, y) / np.var(y)


def least_squares(x, y):
    """Return the same model, fitted in closed form."""
    *w, b = np.linalg.lstsq(np.column_stack([x, np.ones(len(x))]), y)[0]
    return Linear(np.array(w), b)


def main():
    table = np.random.default_rng(0).permutation(np.loadtxt(DATA, delimiter=",", skiprows=1))
    x, y = table[:, :10], table[:, 10]
    x = (x - x[HELD_OUT:].mean(axis=0)) / x[HELD_OUT:].std(axis=0)
    x, y, held_x, held_y = x[HELD_OUT:], y[HELD_OUT:], x[:HELD_OUT], y[:HELD_OUT]

    model = Linear(ag.Param(np.zeros(10), name="w"), ag.Param(0.0, name="b"))
    for step in range(STEPS + 1):
        J = ag.diff(mean_squared_error, model, x, y)
        if step in (0, 1, 10, 100, 1000, 2000):
            print(f"step {step:4}  loss {ag.value(J):.2f}")
        for p in ag.params(model):
            p.value = p.value - RATE * ag.grad(J, p)

    exact = least_squares(x, y)
    ours, theirs = r_squared(model, x, y), r_squared(exact, x, y)
    print(f"R2 on train     {ours:.4f}  by lstsq {theirs:.4f}")
    ours, theirs = r_squared(model, held_x, held_y), r_squared(exact, held_x, held_y)
    print(f"R2 on held-out  {ours:.4f}  by lstsq {theirs:.4f}")
    print("The last gradient:")
    print(J)


if __name__ == "__main__":
    main()
