#!/usr/bin/env bash
# cloudpickle 3.1.3: a function that is pickled by value loses the name of its source file.
#
# Expected: the copy keeps `__code__.co_filename`, so that tracebacks, profilers and coverage in
# another process (a Dask worker, for instance) name the line of the function.
# Seen: co_filename is "<dynamic-code>"; the line number stays.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check cloudpickle==3.1.3
cat > "$folder/script.py" <<'PY'
import pickle

import cloudpickle


def area(radius):
    return 3.14 * radius**2


copy = pickle.loads(cloudpickle.dumps(area))
print(area.__code__.co_filename.endswith("script.py"), area.__code__.co_firstlineno)
print(copy.__code__.co_filename, copy.__code__.co_firstlineno)
PY
seen=$("$folder/env/bin/python" "$folder/script.py")
echo "$seen"
[ "$seen" = "True 6
<dynamic-code> 6" ] || { echo "changed"; exit 1; }
