#!/usr/bin/env bash
# JAX 0.10.2: a function of jax.custom_jvp whose only rule is None has no derivative, not zero.
#
# Expected: `defjvps` takes None in place of a rule, as its types say, and where another argument has
# a rule, None is a zero JVP. So the derivative of a function of one argument with None is 0.
# Seen: TypeError. The sum of no tangents is a symbolic zero, which is no array like the output.
# A rule that returns zeros, such as `lambda t, y, x: jnp.zeros_like(y)`, works.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check "jax[cpu]==0.10.2"
cat > "$folder/script.py" <<'PY'
import jax
import jax.numpy as jnp


def derivative(name, f, *rules):
    rounded = jax.custom_jvp(f)
    rounded.defjvps(*rules)
    try:
        print(name, jax.grad(rounded)(1.5, *[2.0] * (len(rules) - 1)))
    except TypeError as error:
        print(name, "TypeError", "pytree" in str(error))


derivative("None", lambda x: jnp.round(x), None)
derivative("None and a rule", lambda x, y: jnp.round(x) * y, None, lambda t, out, x, y: t * x)
derivative("zeros", lambda x: jnp.round(x), lambda t, out, x: jnp.zeros_like(out))
PY
seen=$("$folder/env/bin/python" "$folder/script.py")
echo "$seen"
[ "$seen" = "None TypeError True
None and a rule 0.0
zeros 0.0" ] || { echo "changed"; exit 1; }
