#!/usr/bin/env bash
# numpy 2.4.6: some array arguments do not take part in __array_function__ dispatch.
#
# Expected: every array-like argument of a function that dispatches is asked for its implementation
# (NEP 18), so that a library of its own arrays sees the call.
# Seen: `initial` of np.max, `left` of np.interp and `default` of np.select are not asked; NumPy
# converts them with float() or np.asarray. `a_min` of np.clip is asked.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check numpy==2.4.6
cat > "$folder/script.py" <<'PY'
import numpy as np


class Length:
    asked = False

    def __array_function__(self, func, types, args, kwargs):
        self.asked = True
        return 0.0

    def __array_ufunc__(self, ufunc, method, *args, **kwargs):
        self.asked = True
        return 0.0

    def __array__(self, dtype=None, copy=None):
        return np.array(2.0)

    def __float__(self):
        return 2.0


calls = {
    "clip min": lambda x: np.clip([1.0], x, None),
    "max initial": lambda x: np.max([1.0], initial=x),
    "interp left": lambda x: np.interp([-1.0], [0, 1], [0, 1], left=x),
    "select default": lambda x: np.select([[False]], [[1.0]], default=x),
}
for name, call in calls.items():
    x = Length()
    try:
        call(x)
    except TypeError:
        pass
    print(name, x.asked)
PY
seen=$("$folder/env/bin/python" "$folder/script.py")
echo "$seen"
[ "$seen" = "clip min True
max initial False
interp left False
select default False" ] || { echo "changed"; exit 1; }
