#!/usr/bin/env bash
# jax 0.10.2: jax.debug.callback gives the function plain integers in place of random keys.
#
# Expected: the function gets the key array that the program passes, with the dtype key<rbg>.
# Seen: it gets its data, an array of uint32, which does not tell the kind; key_data of it is a
# TypeError.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check jax==0.10.2
cat > "$folder/script.py" <<'PY'
import jax


def show(key):
    print(key.dtype, key.shape)
    try:
        jax.random.key_data(key)
    except TypeError as error:
        print(f"TypeError: {error}"[:45])


@jax.jit
def f(key):
    jax.debug.callback(show, key)
    return jax.random.normal(key)


print(jax.random.key(0, impl="rbg").dtype)
f(jax.random.key(0, impl="rbg"))
jax.effects_barrier()
PY
seen=$(JAX_PLATFORMS=cpu "$folder/env/bin/python" "$folder/script.py" 2>/dev/null)
echo "$seen"
[ "$seen" = "key<rbg>
uint32 (4,)
TypeError: JAX encountered invalid PRNG key d" ] || { echo "changed"; exit 1; }
