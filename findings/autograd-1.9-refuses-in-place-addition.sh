#!/usr/bin/env bash
# HIPS autograd 1.9.1, NumPy 2.3.5: `a += x` of a plain array and a traced value is an error.
#
# Expected: what autograd 1.8.0 does. There, NumPy's in-place operator leaves the operation to the
# traced value, so that `a` becomes a new, traced array with a right gradient.
# Seen: TypeError from NumPy, because 1.9 gave traced values an `__array_ufunc__`, and NumPy then
# calls np.add(a, x, out=a). `a = a + x` works with both.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/script.py" <<'PY'
import numpy
from autograd import grad
import autograd.numpy as np


def written(x):
    a = numpy.ones(2)
    a += x
    return np.sum(a * a)


def rebound(x):
    a = numpy.ones(2)
    a = a + x
    return np.sum(a * a)


for f in (written, rebound):
    try:
        print(f.__name__, grad(f)(numpy.array([3.0])))
    except TypeError as error:
        print(f.__name__, type(error).__name__, str(error)[:17])
PY
seen=$(for version in 1.8.0 1.9.1; do
    python3 -m venv "$folder/$version"
    "$folder/$version/bin/pip" install -q --disable-pip-version-check "autograd==$version" numpy==2.3.5
    echo "autograd $version"
    "$folder/$version/bin/python" "$folder/script.py"
done)
echo "$seen"
[ "$seen" = "autograd 1.8.0
written [16.]
rebound [16.]
autograd 1.9.1
written TypeError operand type(s) a
rebound [16.]" ] || { echo "changed"; exit 1; }
