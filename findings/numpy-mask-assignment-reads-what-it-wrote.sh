#!/usr/bin/env bash
# numpy 2.4.6: x[mask] = v, fill_diagonal and x.flat[:] = v read elements that they have overwritten.
#
# Expected: an assignment whose value overlaps its target acts as if the value were copied first, as
# for slices, index arrays, put, place, putmask, copyto and x.flat = v.
# Seen: a boolean mask, np.fill_diagonal and x.flat[:] copy element by element.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check numpy==2.4.6
cat > "$folder/script.py" <<'PY'
import numpy as np

indices = {"slice": slice(None), "integers": np.arange(6), "mask": np.ones(6, bool)}
for name, index in indices.items():
    x = np.arange(6)
    x[index] = x[::-1]
    print(name, x)
x = np.arange(6)
x.flat[:] = x[::-1]
print("flat", x)
x = np.arange(9).reshape(3, 3)
np.fill_diagonal(x, x[0][::-1])
print("diagonal", np.diagonal(x))
PY
seen=$("$folder/env/bin/python" "$folder/script.py")
echo "$seen"
[ "$seen" = "slice [5 4 3 2 1 0]
integers [5 4 3 2 1 0]
mask [5 4 3 3 4 5]
flat [5 4 3 3 4 5]
diagonal [2 1 2]" ] || { echo "changed"; exit 1; }
