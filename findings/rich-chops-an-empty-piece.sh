#!/usr/bin/env bash
# rich 15.0.0: chop_cells returns an empty first piece where the first character is too wide.
#
# Expected: every piece holds a character, ['日', '本', '語'], because a piece without one fills no cell.
# Seen: ['', '日', '本', '語'], so a table cell of one column begins with an empty line.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check rich==15.0.0
seen=$("$folder/env/bin/python" -X utf8 -c 'from rich.cells import chop_cells; print(chop_cells("日本語", 1), chop_cells("ab", 1))')
echo "$seen"
[ "$seen" = "['', '日', '本', '語'] ['a', 'b']" ] || { echo "changed"; exit 1; }
