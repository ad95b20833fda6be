"""Commands find by themselves that a script uses JAX."""

import json

import pytest

import autograd_tools as ag

jax = pytest.importorskip("jax", reason="JAX is not installed: pip install 'autograd-tools[jax]'")

TRAIN = """\
import jax, jax.numpy as jnp
def predict(p, x):
    return jnp.tanh(x @ p["w"])
@jax.jit
def step(p, x, key):
    noise = jax.random.normal(key, (4, 3))
    def loss(p):
        return jnp.mean((predict(p, x) + noise) ** 2), None
    (value, _), g = jax.value_and_grad(loss, has_aux=True)(p)
    return jax.tree.map(lambda a, b: a - 0.1 * b, p, g), value
p, x = {"w": jnp.full((2, 3), 0.1)}, jnp.ones((4, 2))
for n in range(3):
    p, value = step(p, x, jax.random.key(n))
print("trained")
"""


def ops(output):
    return [line.split() for line in output.splitlines()]


def test_show_prints_the_gradient_of_a_jitted_step(ask, script):
    output, errors, status = ask("show", "--columns", "op,line", script(TRAIN))
    told = "autograd-tools: using gradient 1 of 3; --step N selects another\n"
    assert (errors, status) == (told, 0)
    assert ["tanh", "3"] in ops(output)
    assert ["integer_pow", "8"] in ops(output)


def test_params_and_gradients_are_those_of_the_step(ask, script):
    ask("show", "--step", "3", "--save", "t.json", script(TRAIN))
    first = ask("show", "--save", "s.json", script(TRAIN))[0]
    third = ask("show", "t.json")[0]
    assert "Param p['w']  2×3 float32  ∇ " in third
    assert first.removeprefix("trained\n") != third


@pytest.mark.parametrize(
    ("code", "gradients"),
    [
        ("jax.grad(f)(2.0)", 1),
        ("jax.jit(jax.grad(f))(2.0)", 1),
        ("g = jax.jit(jax.value_and_grad(f)); g(2.0); g(3.0)", 2),
        ("jax.grad(jax.grad(f))(2.0)", 1),
        ("jax.vmap(jax.grad(f))(jnp.ones(3))", 3),
        ("jax.grad(lambda n, x: f(x) * len(range(n)), 1)(2, 2.0)", 1),
        ("jax.grad(lambda x, c: f(x) * c)(2.0, c=jnp.ones(()))", 1),
        ("jax.lax.scan(lambda x, _: (x - jax.grad(f)(x), None), 2.0, None, 4)", 4),
        ("from jax import grad; grad(f, argnums=(0,))(2.0)", 1),
        ("jax.vjp(f, 2.0)[1](1.0)", 1),
        ("y, pull = jax.vjp(f, jnp.ones(2)); pull(y); pull(2 * y)", 2),
        ("y, pull = jax.vjp(f, jnp.ones(2)); jax.vmap(pull)(jnp.eye(2))", 2),
        ("y, pull = jax.jit(lambda x: jax.vjp(f, x))(2.0); pull(y)", 1),
        ("jax.jit(lambda x: jax.vjp(f, x)[1](x))(2.0)", 1),
        ("jax.vjp(lambda x: (f(x), x), 2.0, has_aux=True)[1](1.0)", 1),
        ("jax.vjp(jax.grad(f), 2.0)[1](1.0)", 1),
        ("jax.jacrev(f)(jnp.ones(2))", 1),
        ("jax.jacobian(f)(jnp.ones(2))", 1),
        ("jax.jit(jax.jacfwd(f))(jnp.ones(2))", 1),
        ("jax.jacfwd(lambda p: {'a': f(p['w']), 'b': p['b']})({'w': jnp.ones(2), 'b': 1.0})", 1),
        ("jax.hessian(f)(2.0)", 1),
        ("jax.grad(f, holomorphic=True)(2.0 + 1j)", 1),
        ("jax.vjp(lambda x: (f(x), 2), 2.0)[1]((1.0, np.zeros((), jax.dtypes.float0)))", 1),
        ("jax.jvp(f, (2.0,), (1.0,))", 1),
        ("y, push = jax.linearize(f, 2.0); push(1.0); push(2.0)", 2),
    ],
)
def test_gradients_count_where_they_are_computed(ask, script, code, gradients):
    head = "import jax, jax.numpy as jnp, numpy as np\ndef f(x):\n    return jnp.sin(x) * x\n"
    name = script(f"{head}{code}\n")
    assert "sin(" in ask("show", "--step", str(gradients), name)[0]
    errors = ask("show", "--step", str(gradients + 1), name)[1]
    assert f"so there is no gradient {gradients + 1} to show" in errors


MATRIX = """\
import jax, jax.numpy as jnp
w = jnp.arange(6.0).reshape(2, 3)
def f(x):
    print("called")
    return w @ x
"""


@pytest.fixture
def gradient(ask, script, tmp_path):
    """The shape and norm of the gradient of `x` in a script; None without one."""

    def found(code):
        ask("show", "--save", "t.json", script(MATRIX + code))
        leaves = [n.outgrad for n in ag.load_trace(tmp_path / "t.json") if n.name == "x"]
        return leaves[0] and (leaves[0].shape, round(leaves[0].norm, 4))

    return found


def test_a_product_with_a_vector_has_its_gradient(gradient):
    assert gradient("jax.vjp(f, jnp.ones(3))[1](jnp.array([1.0, 0.0]))") == ((3,), 2.2361)


def test_the_gradient_of_several_results_is_a_jacobian(gradient):
    assert gradient("jax.jacrev(f)(jnp.ones(3))") == ((2, 3), 7.4162)


@pytest.mark.parametrize(
    "code",
    [
        "jax.jacfwd(f)(jnp.ones(3))",
        "jax.jvp(f, (jnp.ones(3),), (jnp.ones(3),))",
        "jax.linearize(f, jnp.ones(3))[1](jnp.ones(3))",
        "jax.hessian(lambda x: f(x).sum())(jnp.ones(3))",
    ],
)
def test_forward_mode_is_said_to_have_no_gradient(ask, gradient, code):
    assert gradient(code) is None
    assert (
        "x  [3] float32  no gradient: a forward-mode derivative has none"
        in (ask("show", "t.json")[0])
    )


def test_explain_names_a_given_gradient(ask, script):
    output = ask("explain", script(MATRIX + "jax.jacrev(f)(jnp.ones(3))"))[0]
    assert ["∇v2", "is", "given", "float32[2,2]"] in ops(output)


def test_the_function_prints_once(ask, script):
    assert (
        ask("show", script(MATRIX + "jax.vjp(f, jnp.ones(3))[1](jnp.ones(2))"))[0].count("called")
        == 1
    )


def test_a_branch_on_a_value_is_said_to_be_unseen(ask, script):
    code = "import jax\njax.grad(lambda x: x if x > 0 else -x)(1.0)\n"
    with pytest.warns(UserWarning, match="not recorded: Attempted boolean conversion"):
        ask("show", script(code))


@pytest.mark.slow
def test_profile_has_times_by_line(ask_process, script):
    output, errors, status = ask_process("profile", "--format", "json", script(TRAIN))
    lines = {row["line"] for row in json.loads(output)["tables"]["line"]}
    assert (errors, status, lines) == ("trained\n", 0, {3, 8})


@pytest.mark.slow
def test_profile_says_that_equations_ran_alone(ask_process, script):
    output = ask_process("profile", script(TRAIN))[0]
    assert " operations of one JAX gradient, each evaluated alone, take " in output
    assert "your own code" not in output


def test_the_script_computes_what_it_does_without_us(ask, script):
    output = ask("show", script(TRAIN + "print(float(value))\n"))[0]
    plain: dict = {}
    exec(TRAIN.replace('print("trained")', ""), plain)
    assert output.splitlines()[1] == str(float(plain["value"]))


def test_an_error_of_the_function_is_the_users(ask, script):
    errors = ask("show", script("import jax\njax.grad(lambda x: x / None)(1.0)\n"))[1]
    assert "TypeError: unsupported operand" in errors


def test_jax_is_as_before_afterwards(ask, script):
    before = jax.grad
    ask("show", script(TRAIN))
    assert jax.grad is before


@pytest.mark.slow
def test_memory_is_said_to_be_unknown(ask_process, script):
    _, errors, status = ask_process("profile", "--memory", script(TRAIN))
    assert "the memory of this gradient is unknown" in errors
    assert status == 0
