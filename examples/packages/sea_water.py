"""How the density of sea water changes with temperature and salinity, by seawater, as it is.

    pip install autograd-tools seawater
    python examples/packages/sea_water.py
    autograd-tools profile --adapt seawater examples/packages/sea_water.py

seawater knows nothing of gradients: it calls `np.asarray`, which would lose them. `ag.adapt` lets
it see functions that keep them. The coefficients of thermal expansion and of haline contraction,
which oceanographers tabulate, are derivatives of the density; seawater's own fits check them.
"""

import warnings

import numpy as np

import autograd_tools as ag

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # seawater warns that it is deprecated
    import seawater

TEMPERATURES = [0.0, 10.0, 20.0, 30.0]  # degrees Celsius
SALINITY, PRESSURE = 35.0, 0.0  # practical salinity, decibar


def coefficients(temperature):
    """Return the density in kg/m3, and the coefficients of expansion and contraction."""
    with ag.adapt("seawater"):
        by_both = ag.value_and_grad(seawater.dens, (0, 1))
        density, (by_salinity, by_temperature) = by_both(SALINITY, temperature, PRESSURE)
    return density, -by_temperature / density, by_salinity / density


def main():
    print("   T  density  expansion  seawater's  contraction  seawater's")
    for temperature in TEMPERATURES:
        density, expansion, contraction = coefficients(temperature)
        at = (SALINITY, temperature, PRESSURE)
        fitted = seawater.alpha(*at, pt=True), seawater.beta(*at, pt=True)
        print(
            f"{temperature:4.0f} {density:8.2f} {1e6 * expansion:10.2f} {1e6 * fitted[0]:11.2f}"
            f" {1e6 * contraction:12.2f} {1e6 * fitted[1]:11.2f}"
        )
        np.testing.assert_allclose((expansion, contraction), fitted, rtol=0.01)
    print("coefficients in 1e-6 per degree Celsius, and 1e-6 per unit of salinity")


if __name__ == "__main__":
    main()
