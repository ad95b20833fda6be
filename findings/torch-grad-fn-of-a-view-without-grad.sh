#!/usr/bin/env bash
# PyTorch 2.13.0: reading `.grad_fn` of a view raises an error, though all of it is under no_grad.
#
# Expected: `.grad_fn` is a question. For what is computed under torch.no_grad() the answer is None,
# as it is for a view that nothing writes into.
# Seen: RuntimeError after `p[0].fill_(0)` of a parameter p. Its text says that the base was written
# "with grad mode enabled", and advises to move both into the no_grad block, where both are.
# The step itself, and using the view, work. Tools that look at `.grad_fn` of each result meet it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check torch==2.13.0
cat > "$folder/script.py" <<'PY'
import torch

p = torch.nn.Parameter(torch.ones(2, 2))


def asked(name, view):
    try:
        print(name, view.grad_fn, view.sum().item())
    except RuntimeError as error:
        print(name, "RuntimeError", "with grad mode enabled" in str(error), view.sum().item())


with torch.no_grad():
    asked("view", p[0])
    asked("written parameter", p.fill_(3.0))
    asked("written view", p[0].fill_(2.0))
    asked("view of a written parameter", p[0])
    asked("written view of a tensor", torch.ones(2, 2)[0].fill_(2.0))
PY
seen=$("$folder/env/bin/python" -W ignore "$folder/script.py")
echo "$seen"
[ "$seen" = "view None 2.0
written parameter None 12.0
written view RuntimeError True 4.0
view of a written parameter None 4.0
written view of a tensor None 4.0" ] || { echo "changed"; exit 1; }
