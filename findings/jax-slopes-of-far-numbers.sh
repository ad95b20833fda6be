#!/usr/bin/env bash
# jax 0.10.2, 64 bit: slopes of logaddexp at infinity and of hypot where squares overflow.
#
# Expected: logaddexp(1, inf) is inf whatever the 1 is, so its slope there is exp(1 - inf) = 0.
# hypot(4e200, 3e200) has the slope 4e200 / 5e200 = 0.8; the gradient of abs at NaN is NaN.
# Seen: e, 1.25 and -1, without a warning. hypot(3e200, 4e200) has the right slope, 0.6.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check jax==0.10.2
cat > "$folder/script.py" <<'PY'
import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)
print("logaddexp", f"{jax.grad(jnp.logaddexp)(1.0, jnp.inf):.6f}")
print("hypot", f"{jax.grad(jnp.hypot)(4e200, 3e200):.6f}")
print("hypot", f"{jax.grad(jnp.hypot)(3e200, 4e200):.6f}")
print("abs", jax.grad(jnp.abs)(jnp.nan))
PY
seen=$(JAX_PLATFORMS=cpu "$folder/env/bin/python" "$folder/script.py" 2>/dev/null)
echo "$seen"
[ "$seen" = "logaddexp 2.718282
hypot 1.250000
hypot 0.600000
abs -1.0" ] || { echo "changed"; exit 1; }
