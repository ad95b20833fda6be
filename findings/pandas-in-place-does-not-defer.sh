#!/usr/bin/env bash
# pandas 3.1.1: `series += other` fails where `series + other` leaves the sum to `other`.
#
# Expected: an operand with a higher __pandas_priority__ computes `series += other` with its
# __radd__, as Python does when __iadd__ returns NotImplemented.
# Seen: AttributeError: 'NotImplementedType' object has no attribute 'reindex_like'.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check pandas==3.1.1
"$folder/env/bin/python" - <<'P'
import pandas as pd


class Other:
    __pandas_priority__ = 5000

    def __radd__(self, other):
        return "computed by other"


series = pd.Series([1.0])
assert series + Other() == "computed by other"
try:
    series += Other()
except AttributeError as error:
    print("as seen:", error)
else:
    raise SystemExit("changed")
P
