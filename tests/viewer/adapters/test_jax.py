"""JAX: the program of a gradient as a trace, at the user's lines."""

import inspect

import numpy as np
import pytest

import autograd_tools as ag
import viewer

jax = pytest.importorskip("jax", reason="JAX is not installed: pip install 'autograd-tools[jax]'")
jnp = jax.numpy
adapter = pytest.importorskip("viewer.adapters.jax")
trace = adapter.trace


def here(text, function):
    """The number of the line of a function that has a text."""
    lines, first = inspect.getsourcelines(function)
    return first + next(i for i, line in enumerate(lines) if text in line)


def leaf(t, name):
    return next(n for n in t if n.kind != "result" and n.name == name)


def node(t, op, *, backward=False):
    return next(n for n in t if n.op == op and bool(n.gradient) == backward)


def layer(params, x):
    h = x @ params["w"]
    return jnp.tanh(h)


def loss(params, x):
    with jax.named_scope("encoder"):
        y = layer(params, x)
    return jnp.sum(y**2)


PARAMS = {"w": np.array([[0.1, 0.2], [0.3, 0.4]], np.float32)}
X = np.ones((3, 2), np.float32)
KEY = jax.random.key(0)


@jax.custom_jvp
def flat(x):
    return jnp.where(x > 0, 1.0, 0.0) * x


@flat.defjvp
def _(primals, tangents):
    return flat(*primals), jnp.zeros_like(*primals)


@jax.custom_vjp
def zeros(x):
    return x * 2.0


zeros.defvjp(lambda x: (zeros(x), None), lambda _, dy: (jnp.zeros_like(dy),))


@jax.custom_vjp
def none(x):
    return x * 2.0


none.defvjp(lambda x: (none(x), None), lambda _, dy: (None,))


def test_leaves_are_named_by_their_path():
    t = trace(loss, PARAMS, X)
    leaves = [(n.kind, n.name) for n in t if n.kind != "result"]
    assert leaves == [("input", "x"), ("param", "params['w']")]


def test_leaves_come_before_their_first_use():
    def f(a, b, unused):
        return jnp.sum(jnp.sin(a) * b)

    t = trace(f, X, X, X, argnums=(0, 1, 2))
    assert [n.op or n.name for n in t] == ["a", "sin", "b", "multiply", "reduce_sum", "unused"]


def test_result_is_the_value_of_the_function():
    t = trace(loss, PARAMS, X)
    assert t[t.result].value.min == pytest.approx(float(loss(PARAMS, X)))


def test_gradient_of_params_is_that_of_jax():
    t = trace(loss, PARAMS, X)
    expected = np.linalg.norm(jax.grad(loss)(PARAMS, X)["w"])
    assert leaf(t, "params['w']").outgrad.norm == pytest.approx(float(expected), rel=1e-6)


def test_gradient_of_intermediate_value_is_exact():
    t = trace(loss, PARAMS, X)
    y = np.tanh(X @ PARAMS["w"])
    assert node(t, "tanh").outgrad.max == pytest.approx(2 * y.max(), rel=1e-6)


def test_value_added_by_jax_has_no_gradient():
    t = trace(loss, PARAMS, X, backward=True)
    op = next(
        n.op for n in t if n.op in ("subtract", "one_minus_square")
    )  # of tanh; since JAX 0.12
    assert node(t, op).outgrad is None


def test_forward_operation_has_its_line():
    t = trace(loss, PARAMS, X)
    assert node(t, "tanh").line == here("jnp.tanh", layer)
    assert node(t, "tanh").code == "return jnp.tanh(h)"
    assert node(t, "dot_general").line == here("x @", layer)


def test_backward_operation_is_at_the_forward_line():
    found = node(trace(loss, PARAMS, X, backward=True), "dot_general", backward=True)
    assert (found.gradient, found.line) == ("dot_general", here("x @", layer))


def test_named_scope_is_around_the_function_it_calls():
    assert node(trace(loss, PARAMS, X), "tanh").scope == ("loss", "encoder", "layer")


def test_named_scope_that_opens_last_is_inside_of_its_function():
    def f(x):
        y = jnp.sin(x)
        with jax.named_scope("end"):
            return jnp.sum(jnp.cos(y))

    t = trace(lambda x: f(x), X)  # noqa: PLW0108  a function around it
    assert node(t, "cos").scope[-1] == "end"


def test_backward_pass_has_frames_of_its_own():
    text = viewer.to_text(viewer.group(trace(loss, PARAMS, X, backward=True)), "tree")
    assert "∇ loss" in text


def test_backward_time_is_at_the_forward_operation():
    t = trace(loss, PARAMS, X, backward=True)
    assert set(node(t, "dot_general").backward_ns) == {2}
    assert node(t, "dot_general", backward=True).forward_ns is None


def test_backward_time_is_by_argument():
    t = trace(lambda a, b: jnp.sum((a * b) * 2.0), X, X, argnums=(0, 1))
    assert set(node(t, "multiply").backward_ns) == {1, 2}


def test_types_alone_need_no_evaluation():
    t = trace(loss, PARAMS, X, values=False)
    w = leaf(t, "params['w']").value
    assert (w.shape, w.dtype, w.min) == ((2, 2), "float32", None)
    assert node(t, "tanh").forward_ns is None


def test_python_loop_counts_its_steps():
    def f(x):
        for _ in range(3):
            x = jnp.tanh(x)
        return x

    names = [p.name for p in trace(f, 0.5).places if p.kind in ("loop", "step")]
    assert names == ["for _ in range(3)", "1", "2", "3"]


def test_scan_is_a_loop_that_folds():
    def f(w, xs):
        def body(h, x):
            return jnp.tanh(h * w + x), h

        return jax.lax.scan(body, w, xs)[0]

    t = trace(f, np.float32(0.5), np.ones(4, np.float32))
    assert "scan of 4 steps  ×4" in viewer.to_text(viewer.fold(t), "tree")
    assert leaf(t, "w").outgrad.min == pytest.approx(
        float(jax.grad(f)(0.5, np.ones(4, np.float32)))
    )


def test_scan_backwards_stacks_in_order():
    def f(xs):
        ys = jax.lax.scan(lambda h, x: (h * x, h + x), 1.0, xs, reverse=True)[1]
        return jnp.sum(ys * jnp.arange(3.0))

    xs = np.array([2.0, 3.0, 5.0], np.float32)
    t = trace(f, xs)
    assert t[t.result].value.min == pytest.approx(float(f(xs)))
    assert t[1].outgrad.norm == pytest.approx(float(np.linalg.norm(jax.grad(f)(xs))))


def test_long_scan_is_one_box():
    def f(w):
        return jax.lax.scan(lambda h, _: (jnp.tanh(h * w), None), 0.1, None, length=9000)[0]

    t = trace(f, 0.5, backward=True)
    assert [n.gradient for n in t if n.op == "scan ×9000"] == ["", "scan ×9000"]


def test_while_and_cond_are_one_node_each():
    def f(x):
        n = jax.lax.while_loop(lambda i: i < 3, lambda i: i + 1, jnp.int32(x))
        return jax.lax.cond(n > 2, jnp.sin, jnp.cos, x)

    t = trace(f, 0.5)
    assert [n.op for n in t if n.op in ("while", "cond") and not n.gradient] == ["while", "cond"]
    assert leaf(t, "x").outgrad.min == pytest.approx(float(np.cos(np.float32(0.5))))


def test_result_of_a_branch_is_its_value_and_what_jax_saves_is_told_apart():
    t = trace(lambda x, n: jax.lax.cond(n > 1, jnp.sin, jnp.cos, x), 0.5, 2, backward=True)
    assert t[t.result].value.min == pytest.approx(np.sin(0.5))
    assert node(t, "cond").outgrad.min == 1.0
    assert ".saved[1]" in node(t, "cond", backward=True).call


def test_checkpoint_is_opened_and_recomputed():
    def inner(x):
        return jnp.sin(jnp.tanh(x))

    t = trace(jax.checkpoint(inner), 0.5, backward=True)
    again = node(t, "tanh", backward=True)
    assert (again.gradient, again.line) == ("checkpoint", here("jnp.sin", inner))
    assert "checkpoint" in node(t, "tanh").scope


def test_custom_rule_is_named_and_timed_at_its_call():
    @jax.custom_vjp
    def square(x):
        return x * x

    square.defvjp(lambda x: (x * x, x), lambda x, ct: (2.0 * x * ct,))

    def f(x):
        y = square(x)
        return jnp.sum(y)

    t = trace(f, X)
    found = node(t, "multiply")
    assert found.scope[-1] == "custom_vjp square"
    assert (found.line, set(found.backward_ns)) == (here("square(x)", f), {0})
    assert t[1].outgrad.max == 2.0


def test_jitted_function_is_open():
    inner = jax.jit(layer)
    t = trace(lambda p, x: jnp.sum(inner(p, x)), PARAMS, X)
    assert node(t, "tanh").line == here("jnp.tanh", layer)


def test_jitted_library_function_has_each_callers_line():
    def f(x):
        y = jnp.where(x > 0, x, 0.0)
        return jnp.sum(jnp.where(y > 0, y, 1.0))

    found = {n.line for n in trace(f, X) if n.op == "select_n" and not n.gradient}
    assert found == {here("y = ", f), here("return", f)}


def test_unused_param_has_no_gradient():
    t = trace(lambda p, q: jnp.sum(p), X, X, argnums=(0, 1))
    assert (leaf(t, "p").outgrad.max, leaf(t, "q").outgrad) == (1.0, None)


def test_bfloat16_has_statistics():
    t = trace(lambda x: jnp.sum(x * x), jnp.ones(3, jnp.bfloat16))
    assert (t[1].value.text, t[1].value.dtype, t[1].value.max) == ("bfloat16[3]", "bfloat16", 1.0)


def test_values_that_depend_on_no_param_are_constants():
    t = trace(lambda x, y: jnp.sum(x * jnp.sin(y)), X, X)
    assert [n.op or n.name for n in t] == ["x", "multiply", "reduce_sum"]
    assert t[2].call == "multiply(P(float32[3,2]), float32[3,2])"


def test_function_of_jax_with_several_equations_is_a_frame():
    t = trace(jnp.var, X)
    assert {n.scope[-1] for n in t if n.kind == "result"} == {"var"}


def test_random_key_is_no_number():
    t = trace(lambda x, key: jnp.sum(x * jax.random.normal(key, (3,))), X[0, 0], KEY, backward=True)
    assert leaf(t, "key").value.text == "key<fry>[]"


def test_saved_trace_loads(tmp_path):
    t = trace(loss, PARAMS, X)
    t.save(tmp_path / "jax.json")
    assert str(ag.load_trace(tmp_path / "jax.json")) == str(t)


def test_views_take_it(tmp_path):
    t = trace(loss, PARAMS, X)
    viewer.draw(t, tmp_path / "jax.html")
    assert "<svg" in viewer.to_svg(t)
    assert "layer" in viewer.hotspots(t, "scope")
    assert "dot_general" in viewer.explain(t)


def test_compares_with_a_trace_of_numpy():
    def numpy_loss(params, x):
        return np.sum(np.tanh(x @ params["w"]) ** 2)

    before = ag.trace(numpy_loss, PARAMS, X)
    found = viewer.compare(before, trace(loss, PARAMS, X))
    assert "matmul" in found
    assert "dot_general" in found


def test_forward_operations_alone_keep_all_times():
    t = trace(loss, PARAMS, X)
    assert [n.op for n in t] == ["", "", "dot_general", "tanh", "integer_pow", "reduce_sum"]
    assert set(node(t, "dot_general").backward_ns) == {2}
    assert t[2].outgrad == trace(loss, PARAMS, X)[2].outgrad


def test_function_without_scalar_is_refused_by_jax():
    with pytest.raises(TypeError, match="scalar-output"):
        trace(lambda x: x, X)


def test_integer_param_is_refused_by_jax():
    with pytest.raises(TypeError, match="int32"):
        trace(lambda x: x * 2.0, 3)


def test_cost_has_flops():
    assert adapter.cost(loss, PARAMS, X)["flops"] > 0


def test_marks_are_not_in_the_trace():
    assert "viewer_mark" not in {n.op for n in trace(loss, PARAMS, X)}


def nested_scan(w, xs):
    def outer(c, x):
        inner = jax.lax.scan(lambda c, _: (jnp.tanh(c * w + x), None), c, None, length=3)
        return inner[0], c.sum()

    c, ys = jax.lax.scan(outer, jnp.ones(2), xs)
    return c.sum() + ys.sum()


def checkpointed_scan(w, xs):
    step = jax.checkpoint(lambda c, x: (jnp.tanh(c * w + x), jnp.sin(c)))
    c, ys = jax.lax.scan(step, jnp.ones(2), xs)
    return (c.sum() * ys).sum()


def mapped(w, xs):
    return jnp.sum(jax.vmap(lambda x: jnp.sin(x) * w)(xs))


def inner_gradient(w, xs):
    return jnp.sum(jax.grad(lambda v: jnp.sum(jnp.sin(v) ** 3))(w) * xs)


def branches(w, xs):
    return jax.lax.switch(1, [lambda x: x.sum(), lambda x: (x**2).sum()], w * xs)


def indexed(w, xs):
    return (w[jnp.array([0, 0, 1])] * jnp.asarray(xs).at[1].set(2.0)[:3, 0]).sum()


def factored(w, xs):
    return jnp.linalg.slogdet(xs.T @ xs * w[0] + jnp.eye(2))[1]


def detached(w, xs):
    return jnp.sum(jax.lax.stop_gradient(w) * w * xs)


@pytest.mark.parametrize(
    "f",
    [
        *(nested_scan, checkpointed_scan, mapped, inner_gradient),
        *(branches, indexed, factored, detached),
    ],
)
def test_program_has_the_value_and_gradient_of_jax(f):
    w, xs = np.array([0.5, -0.3], np.float32), np.linspace(-1, 1, 8, dtype=np.float32)
    t = trace(f, w, xs.reshape(4, 2))
    value, gradient = jax.value_and_grad(f)(w, xs.reshape(4, 2))
    assert t[t.result].value.min == pytest.approx(float(value), rel=1e-5)
    assert leaf(t, "w").outgrad.norm == pytest.approx(float(np.linalg.norm(gradient)), rel=1e-5)
    assert [n.op for n in t if n.kind == "result" and not n.line] == []


@pytest.mark.parametrize(
    ("cut", "op"),
    [
        (jnp.round, "round"),
        (jax.lax.stop_gradient, "stop_gradient"),
        (lambda a: a.astype(int), "convert_element_type"),
        (jnp.argmax, "argmax"),
        (lambda a: jnp.where(a > 0, 1.0, 2.0), "gt"),
    ],
)
def test_why_none_names_the_operation_that_cuts(cut, op):
    def f(p):
        cuts = cut(p["a"] * 2)
        return jnp.sum(cuts) + jnp.sum(p["b"])

    t = trace(f, {"a": jnp.ones(3), "b": jnp.ones(3)})
    head, line = ag.why_none(t, "p['a']").splitlines()
    assert head == "p['a'] has no gradient: its paths end at operations without a gradient:"
    assert f" {op}(" in line
    assert f"{__file__}:" in line


def test_explain_names_a_few_floats_without_a_gradient():
    def f(w, x):
        y = jnp.sin(jnp.cos(jnp.exp(jax.lax.stop_gradient(w) * x)))
        return jnp.sum(w * jnp.where(y > 0, y, x))

    last = viewer.explain(trace(f, jnp.ones(3), jnp.ones(3))).splitlines()[-1]
    assert last == "No gradient reaches v2, x, v4, v5 and 3 more; see ag.why_none."


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (flat, "no gradient: its paths end at operations without a gradient:|  custom_jvp flat"),
        (none, "no gradient: its paths end at operations without a gradient:|  custom_vjp none"),
        (zeros, "a gradient of zeros; it becomes zero in:|  2. multiply[1] in custom_vjp zeros"),
        (
            lambda x: jax.lax.stop_gradient(jax.nn.relu(x)),
            "no gradient: its paths end at operations without a gradient:"
            "|  3. stop_gradient(R(float32[3,2]))",
        ),
    ],
)
def test_why_none_names_a_rule_that_returns_zero(rule, reason):
    t = trace(lambda w, v: jnp.sum(rule(w) * v), X, X, argnums=(0, 1))
    assert ag.why_none(t, "w").partition(" at /")[0].split("\n") == f"w has {reason}".split("|")


def test_why_none_says_that_nothing_uses_a_param():
    t = trace(lambda p: p["b"] * 2, {"a": 1.0, "b": 1.0})
    assert ag.why_none(t, "p['a']") == "p['a'] has no gradient: nothing is computed from it"
