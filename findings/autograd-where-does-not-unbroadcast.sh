#!/usr/bin/env bash
# HIPS autograd 1.9.1, NumPy 2.3.5: the gradient of np.where by a number is an array.
#
# Expected: for f(x) = sum(where(mask, x, 0) ** 2) with two true elements, f(x) = 2 x**2, and the
# gradient at 3 is the number 12, as it is for mask * x.
# Seen: array([6., 0., 6.]), without a warning. Further terms are added to each of its elements.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check autograd==1.9.1 numpy==2.3.5
cat > "$folder/script.py" <<'PY'
import autograd.numpy as np
from autograd import grad

mask = np.array([True, False, True])
print("product", grad(lambda x: np.sum((mask * x) ** 2))(3.0))
print("where", grad(lambda x: np.sum(np.where(mask, x, 0.0) ** 2))(3.0))
print("where and x**2", grad(lambda x: np.sum(np.where(mask, x, 0.0) ** 2) + x**2)(3.0))
PY
seen=$("$folder/env/bin/python" "$folder/script.py")
echo "$seen"
[ "$seen" = "product 12.0
where [6. 0. 6.]
where and x**2 [12.  6. 12.]" ] || { echo "changed"; exit 1; }
