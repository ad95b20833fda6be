#!/usr/bin/env bash
# NumPy 2.4.6: numpy.__all__ has another order in each process.
#
# Expected: a list written in the source has one order, so that loops over it (generated pages,
# tests spread over processes) give the same result each time.
# Seen: the order follows the hash seed, because __all__ is a list made of a set.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check numpy==2.4.6
names() { PYTHONHASHSEED=$1 "$folder/env/bin/python" -c 'import numpy; print(*numpy.__all__)'; }
one=$(names 1) two=$(names 2) again=$(names 1)
[ "$one" = "$again" ] && echo "the same seed: the same order"
[ "$one" != "$two" ] && echo "another seed: another order" || { echo "changed"; exit 1; }
