"""Fit a Weibull distribution with lifelines, as it is, and draw the gradient of its likelihood.

    pip install autograd-tools lifelines
    python examples/packages/weibull_fit.py --draw weibull.svg
    autograd-tools profile --as-autograd examples/packages/weibull_fit.py

lifelines computes its gradients by HIPS autograd; here `autograd_tools` takes its place. The
profile names the lines of lifelines whose gradients take the time.
"""

import argparse

import autograd_tools as ag
import autograd_tools.compat
import viewer

autograd_tools.compat.install()  # before lifelines imports autograd

from lifelines import WeibullFitter  # noqa: E402
from lifelines.datasets import load_waltons  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description="Fit a Weibull distribution with lifelines.")
    parser.add_argument("--draw", metavar="FILE", help="draw the last gradient: .svg, .html, .dot")
    options = parser.parse_args()

    data, last = load_waltons(), {}
    with ag.observe(lambda tape: last.update(loss=tape)):
        fit = WeibullFitter().fit(data["T"], data["E"])
    print(f"scale {fit.lambda_:.2f}  shape {fit.rho_:.2f}")
    print(f"median lifetime {fit.median_survival_time_:.1f} of {len(data)} flies")
    if options.draw:
        viewer.draw(last["loss"], options.draw)
        print(f"drew the last gradient, {len(last['loss'].nodes)} nodes, in {options.draw}")


if __name__ == "__main__":
    main()
