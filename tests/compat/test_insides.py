"""Names that packages import from the modules of HIPS autograd: each works, or raises clearly."""

import importlib
import operator

import numpy as np
import pytest

import autograd_tools as ag
from autograd_tools.compat import core, tracer, util
from autograd_tools.compat import numpy as anp
from autograd_tools.compat.extend import SparseObject, VSpace, vspace
from autograd_tools.compat.misc.optimizers import sgd, unflatten_optimizer
from autograd_tools.compat.misc.tracers import ConstGraphNode, const_graph_unary
from autograd_tools.compat.numpy import numpy_vjps as v
from autograd_tools.compat.numpy.numpy_boxes import ArrayBox
from autograd_tools.compat.test_util import make_numerical_jvp
from autograd_tools.compat.wrap_util import wrap_nary_f

NAMES = {
    "core": """
        Box JVPNode Node SparseBox SparseObject VJPNode VSpace add_outgrads backward_pass
        defjvp defvjp func getval identity_jvp identity_vjp isbox make_jvp make_vjp primitive
        primitive_jvps primitive_vjps primitive_with_deprecation_warnings sparse_add
        sparse_object_types subval sum_outgrads toposort trace vspace
    """,
    "tracer": """
        Box Node TraceStack box_type_mappings box_types find_top_boxed_args getval isbox new_box
        notrace_primitive notrace_primitives primitive register_notrace subvals toposort trace
        trace_primitives_map trace_stack wraps
    """,
    "util": "func quick_grad_check subval subvals toposort",
    "builtins": "DictVSpace VSpace defvjp dict_ isinstance_ make_sequence primitive",
    "wrap_util": "get_doc get_name subvals unary_to_nary wrap_nary_f wraps",
    "differential_operators": "checkpoint defvjp_argnum primitive vspace",
    "test_util": "EPS RTOL TOL check_grads get_name make_numerical_jvp vspace",
    "misc": "const_graph fixed_points flatten optimizers tracers",
    "misc.fixed_points": "fixed_point fixed_point_vjp vspace",
    "misc.tracers": "ConstGraphNode FullGraphNode const_graph const_graph_unary full_graph",
    "numpy": "Box concatenate_args metadata notrace_primitive numpy_version primitive",
    "numpy.linalg": "defjvp defvjp grad_solve primitive",
    "numpy.numpy_boxes": "ArrayBox SequenceBox primitive trace_primitives_map type_",
    "numpy.numpy_jvps": "JVPNode broadcast def_linear defjvp fwd_grad_sort match_complex untake",
    "numpy.numpy_vjps": "defvjp grad_einsum untake vspace",
    "numpy.numpy_vspaces": "ArrayVSpace EigResultVSpace NamedTupleVSpace",
    "scipy.linalg": "defjvp_argnums defvjp defvjp_argnums grad_solve_triangular",
    "scipy.special": "defjvp defvjp primitive repeat_to_match_shape unbroadcast_f",
    "scipy.stats.norm": "defvjp primitive unbroadcast_f",
    "scipy.stats.t": "grad_tlogpdf_x",
}


@pytest.mark.parametrize("module", NAMES)
def test_a_module_has_the_names_of_autograd(module):
    if module.startswith("scipy"):
        pytest.importorskip("scipy")
        importlib.import_module("autograd_tools.compat.scipy")
    found = importlib.import_module(f"autograd_tools.compat.{module}")
    assert [name for name in NAMES[module].split() if not hasattr(found, name)] == []
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = found.no_such_name


@pytest.mark.parametrize(
    "use",
    [
        core.backward_pass,
        core.Node,
        tracer.find_top_boxed_args,
        tracer.trace,
        tracer.trace_stack.new_trace,
        ConstGraphNode,
        anp.linalg.grad_solve,
        v.grad_einsum,
    ],
    ids=operator.attrgetter("__name__"),
)
def test_what_has_no_equivalent_raises(use):
    with pytest.raises(NotImplementedError, match=r"internal to HIPS autograd"):
        use()


def test_a_plain_value_of_a_recorded_one():
    seen = []
    ag.grad(lambda x: seen.append((core.getval(x), core.isbox(x))) or x)(2.0)
    assert seen == [(2.0, True)]


def test_gradients_add_up():
    sparse = SparseObject(vspace(np.zeros(2)), lambda total: total + np.array([0.0, 5.0]))
    assert core.sum_outgrads([np.ones(2), sparse, np.ones(2)]).tolist() == [2.0, 7.0]
    assert core.sum_outgrads([3.0]) == 3.0
    assert core.sparse_add(vspace(np.zeros(2)), None, sparse).tolist() == [0.0, 5.0]
    assert not isinstance(sparse, core.SparseBox)


def test_nodes_come_before_their_parents():
    graph = {"d": ["b", "c", "b"], "b": ["a"], "c": ["a", "b"], "a": []}
    assert list(util.toposort("d", graph.__getitem__)) == ["d", "c", "b", "a"]


def test_quick_grad_check_warns_and_checks():
    with pytest.warns(DeprecationWarning, match="check_grads"):
        util.quick_grad_check(lambda x, a: a * np.sum(x**3), np.ones(2), (2.0,))
    with pytest.warns(DeprecationWarning, match="check_grads"), pytest.raises(AssertionError):
        util.quick_grad_check(ag.primitive(lambda dy, y, x: 2 * dy)(lambda x: x * 3.0), 1.0)


def test_numerical_derivatives():
    assert make_numerical_jvp(np.sin, 0.5)(2.0) == pytest.approx(2 * np.cos(0.5), rel=1e-8)


def test_a_function_is_named_after_its_operator():
    assert wrap_nary_f(abs, sum, 1)(lambda: 0).__name__ == "sum_of_abs_wrt_argnum_1"


def test_an_optimizer_of_vectors_takes_pytrees():
    @unflatten_optimizer
    def descend(grad, x, callback=None, steps=1):
        for i in range(steps):
            g = grad(x, i)
            if callback:
                callback(x, i, g)
            x = x - 0.5 * g
        return x

    seen = []
    start = {"a": 4.0, "b": np.array([2.0])}
    end = descend(lambda x, i: x, start, lambda x, i, g: seen.append((i, g["a"])), steps=2)
    assert (end["a"], end["b"].tolist(), seen) == (1.0, [0.5], [(0, 4.0), (1, 2.0)])
    assert sgd(lambda x, i: x, start, num_iters=0)["a"] == 4.0


def test_const_graph_unary_is_the_function():
    assert const_graph_unary(abs)(-1.0) == 1.0


class Point:
    def __init__(self, x):
        self.x = x


def test_a_space_of_a_users_class(monkeypatch):
    monkeypatch.setattr(VSpace, "mappings", {})

    class Line(VSpace):
        def __init__(self, point):
            super().__init__(point.x)

    with pytest.raises(TypeError, match=r"got Point.*an __init__ of its own"):
        vspace(Point(1.0))
    Line.register(Point)
    assert (type(vspace(Point(1.0))), vspace(Point(1.0)).size) == (Line, 1)
    VSpace.register(Point, lambda point: vspace([point.x, point.x]))
    assert vspace(Point(1.0)).size == 2


def test_a_box_of_another_class():
    class DictOfArrays(core.Box):
        pass

    DictOfArrays.register(dict)
    try:
        seen = []
        ag.grad(lambda d: seen.append(isinstance(d, DictOfArrays)) or d["a"])({"a": 1.0})
        ag.grad(lambda x: seen.append(isinstance(x, DictOfArrays)) or x)(1.0)
        assert seen == [True, False]
        assert tracer.box_type_mappings[dict] is DictOfArrays
        assert not isinstance(1.0, ArrayBox)
    finally:
        tracer.box_types.discard(DictOfArrays)
        for key in (dict, DictOfArrays):
            del tracer.box_type_mappings[key]


SHAPES = [((), (3,)), ((3,), ()), ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4))]
STACKS = [((2, 3), (5, 3, 4)), ((5, 2, 3), (3, 4)), ((3,), (5, 3, 4)), ((5, 2, 3), (3,))]


def adjoints(f, a, b):
    """Return a gradient of the value of `f(a, b)`, and those by `a` and `b`."""
    vjp, y = ag.make_vjp(f, (0, 1))(a, b)
    g = np.random.default_rng(1).normal(size=np.shape(y))
    return g, *vjp(g)


@pytest.mark.parametrize(("m", "n"), SHAPES + STACKS)
def test_gradients_of_dot(m, n):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=m), rng.normal(size=n)
    g, da, db = adjoints(np.dot, a, b)
    metas = anp.metadata(a), anp.metadata(b)
    np.testing.assert_allclose(v.dot_adjoint_0(b, g, *metas), da, rtol=1e-13)
    np.testing.assert_allclose(v.dot_adjoint_1(a, g, *metas), db, rtol=1e-13)


@pytest.mark.parametrize(("m", "n"), SHAPES[2:] + STACKS + [((5, 2, 3), (1, 3, 4))])
def test_gradients_of_matmul(m, n):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=m), rng.normal(size=n)
    g, da, db = adjoints(np.matmul, a, b)
    np.testing.assert_allclose(v.matmul_adjoint_0(b, g, anp.metadata(a), b.ndim), da, rtol=1e-13)
    np.testing.assert_allclose(v.matmul_adjoint_1(a, g, a.ndim, anp.metadata(b)), db, rtol=1e-13)


@pytest.mark.parametrize(
    ("m", "n", "axes"),
    [
        ((2, 3), (3, 4), 1),
        ((2, 3), (4,), 0),
        ((2, 3, 4), (4, 3, 5), ([2, 1], [0, 1])),
        ((2, 3, 4), (3, 5, 4), ([1, -1], [0, 2])),
        ((2, 3), (5, 2), (0, 1)),
    ],
)
def test_gradients_of_tensordot(m, n, axes):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=m), rng.normal(size=n)
    g, da, db = adjoints(lambda a, b: np.tensordot(a, b, axes), a, b)
    sizes = axes, a.ndim, b.ndim
    np.testing.assert_allclose(v.tensordot_adjoint_0(b, g, *sizes), da, rtol=1e-13)
    np.testing.assert_allclose(v.tensordot_adjoint_1(a, g, *sizes), db, rtol=1e-13)


def test_unbroadcast_sums_what_broadcasting_repeated():
    x = np.arange(24.0).reshape(2, 3, 4)
    assert v.unbroadcast(x, anp.metadata(np.ones(4))).tolist() == x.sum((0, 1)).tolist()
    assert v.unbroadcast(x, anp.metadata(np.ones((3, 1)))).tolist() == [[60.0], [92.0], [124.0]]
    assert v.unbroadcast(x, anp.metadata(np.ones((2, 3))), -1).tolist() == x.sum(-1).tolist()
    assert v.unbroadcast(1 + 2j, anp.metadata(1.0)) == 1.0
    last = v.unbroadcast_einsum(x, anp.metadata(np.ones(2)), [0, ...])
    assert last.tolist() == x.sum((1, 2)).tolist()
    assert v.unbroadcast_einsum(x, anp.metadata(1.0), [0, 1]) is x


def test_helpers_of_rules():
    x = np.array([0.0, 2.0])
    assert v.replace_zero(x, 1.0).tolist() == [1.0, 2.0]
    assert v.balanced_eq(x, x, np.zeros(2)).tolist() == [0.5, 1.0]
    assert (v.match_complex(1j, 2.0), v.match_complex(1.0, 2 + 1j)) == (2 + 0j, 2.0)
    assert v.reverse_axis(np.eye(2), 0).tolist() == [[0, 1], [1, 0]]
    assert v.unpermuter(np.array([3, 1, 2]), [2, 0, 1]).tolist() == [1, 2, 3]
    repeated, times = v.repeat_to_match_shape(np.ones(2), (2, 3), float, 1, False)
    assert (repeated.tolist(), times) == (np.ones((2, 3)).tolist(), 3)
    assert v.repeat_to_match_shape(1.0, (2, 3), float, None, False)[1] == 6
    assert v.wrapped_reshape(x, 2, 1).shape == v.wrapped_reshape(x, (2, 1)).shape == (2, 1)
    spread = v.untake(np.array([1.0, 2.0]), [1, 1], vspace(np.zeros(3)))
    assert spread.mut_add(np.zeros(3)).tolist() == [0.0, 3.0, 0.0]
