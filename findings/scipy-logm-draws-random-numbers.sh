#!/usr/bin/env bash
# SciPy 1.17.1, NumPy 2.4.6: scipy.linalg.logm draws from NumPy's global generator of random numbers.
#
# Expected: the logarithm of a matrix takes no random numbers, so the next draw after np.random.seed
# is the same with and without it, as with expm, sqrtm, cosm and signm.
# Seen: logm and fractional_matrix_power change the next draw. They estimate a norm by onenormest,
# which starts from random vectors; their results are the same for each state of the generator.
# A seeded simulation that takes a logarithm on its way gives other numbers than without it, and a
# tool that looks whether a function draws random numbers finds that it does.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check scipy==1.17.1 numpy==2.4.6
cat > "$folder/script.py" <<'PY'
import numpy as np
from scipy import linalg

A = np.array([[3.0, 0.5, 0.1], [0.2, 2.0, 0.3], [0.0, 0.4, 4.0]])


def draw_after(f):
    np.random.seed(7)
    y = f(A)
    return np.random.random(), y


plain, _ = draw_after(lambda A: A)
functions = {
    "logm": linalg.logm,
    "fractional_matrix_power": lambda A: linalg.fractional_matrix_power(A, 0.3),
    "expm": linalg.expm,
    "sqrtm": linalg.sqrtm,
    "cosm": linalg.cosm,
    "signm": linalg.signm,
}
for name, f in functions.items():
    print(name, "same draw" if draw_after(f)[0] == plain else "another draw")
first = linalg.logm(A)
np.random.seed(12345)
print("logm depends on the state:", not np.array_equal(first, linalg.logm(A)))
PY
seen=$("$folder/env/bin/python" "$folder/script.py")
echo "$seen"
[ "$seen" = "logm another draw
fractional_matrix_power another draw
expm same draw
sqrtm same draw
cosm same draw
signm same draw
logm depends on the state: False" ] || { echo "changed"; exit 1; }
