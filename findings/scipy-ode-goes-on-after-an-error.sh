#!/usr/bin/env bash
# SciPy 1.17.1, NumPy 2.3.5: scipy.integrate.ode, if what the function returns is no number.
#
# Expected: the error of the conversion, "no plain number", at once, as with "lsoda".
# Seen: "vode" and "dopri5" call the function again and again while that error is still set. Python
# code inside of it then fails in ways that cannot be, and the error at the end is another one:
# "Function to integrate must not return a tuple.", after a SystemError.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check scipy==1.17.1 numpy==2.3.5
cat > "$folder/script.py" <<'PY'
from scipy.integrate import ode


class Quantity:
    """A value that refuses to become a plain number."""

    def __array__(self, dtype=None, copy=None):
        raise TypeError("no plain number")

    __float__ = __array__


for name in ("lsoda", "vode", "dopri5"):
    calls = []

    def slope(t, y):
        calls.append(t)
        return Quantity()

    try:
        ode(slope).set_integrator(name).set_initial_value([1.0]).integrate(1.0)
    except Exception as error:
        many = "once" if len(calls) == 1 else "again"
        print(name, "called", many, type(error).__name__, error, type(error.__cause__).__name__)
PY
seen=$("$folder/env/bin/python" "$folder/script.py")
echo "$seen"
[ "$seen" = "lsoda called once TypeError no plain number NoneType
vode called again ValueError Function to integrate must not return a tuple. SystemError
dopri5 called again ValueError Function to integrate must not return a tuple. SystemError" ] || { echo "changed"; exit 1; }
