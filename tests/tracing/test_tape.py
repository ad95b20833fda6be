"""The tape of diff: its listing, its nodes, freeing and observers."""

import threading

import numpy as np
import pytest

import autograd_tools as ag

W = np.arange(6.0).reshape(2, 3)
B = np.ones((2, 1))
X = np.arange(12.0).reshape(3, 4)
Y = np.ones((2, 4))


@pytest.fixture
def listed():
    """Return the tape of the README of AutoGrad.jl, and its Params."""
    w, b = ag.Param(W), ag.Param(B)
    return ag.diff(lambda: np.sum((w @ X + b - Y) ** 2)), w, b


# Printed forms.


def test_the_listing_of_the_seed(listed):
    J, _, _ = listed
    assert str(J) == "\n".join(
        [
            "1. P(float64[2,3]) ∇=float64[2,3]",
            "2. float64[2,4] = matmul(P(float64[2,3]), float64[3,4]) ∇=float64[2,4]",
            "3. P(float64[2,1]) ∇=float64[2,1]",
            "4. float64[2,4] = add(R(float64[2,4]), P(float64[2,1])) ∇=float64[2,4]",
            "5. float64[2,4] = subtract(R(float64[2,4]), float64[2,4]) ∇=float64[2,4]",
            "6. float64[2,4] = power(R(float64[2,4]), 2) ∇=float64[2,4]",
            "7. 25070.0 = sum(R(float64[2,4])) ∇=1.0",
        ]
    )


def test_the_repr_of_a_tape_is_its_scalar(listed):
    J, _, _ = listed
    assert repr(J) == "T(25070.0)"


def test_the_repr_of_a_result_is_its_type_and_shape(listed):
    _, w, _ = listed
    with ag.record():
        assert repr(w @ X) == "R(float64[2,4])"


def test_keywords_and_lists_are_listed():
    w = ag.Param(W)
    J = ag.diff(lambda: np.sum(np.concatenate([w, W], axis=1), axis=(0, 1), keepdims=False))
    assert str(J).splitlines()[1:] == [
        "2. float64[2,6] = concatenate([P(float64[2,3]), float64[2,3]], axis=1) ∇=float64[2,6]",
        "3. 30.0 = sum(R(float64[2,6]), axis=(0, 1), keepdims=False) ∇=1.0",
    ]


def test_indices_are_listed():
    w = ag.Param(W)
    J = ag.diff(lambda: np.sum(w[0, 1:] * w[..., 1]))
    assert str(J).splitlines()[1:3] == [
        "2. float64[2] = getitem(P(float64[2,3]), (0, 1:)) ∇=float64[2]",
        "3. float64[2] = getitem(P(float64[2,3]), (..., 1)) ∇=float64[2]",
    ]


def test_a_node_without_a_gradient_is_listed_without_one():
    w, v = ag.Param(2.0), ag.Param(3.0)
    J = ag.diff(lambda: v * 2 and w * w)
    assert str(J).splitlines()[:2] == ["1. P(3.0)", "2. 6.0 = multiply(P(3.0), 2)"]


def test_a_tape_before_backward_is_listed_without_gradients():
    w = ag.Param(2.0)
    with ag.record() as J:
        w * w
    assert str(J) == "1. P(2.0)\n2. 4.0 = multiply(P(2.0), P(2.0))"
    assert repr(J) == "T(4.0)"


def test_a_tape_of_containers_is_listed():
    w = ag.Param({"a": [2.0, 3.0]})
    J = ag.diff(lambda: w["a"][0] * 2)
    assert str(J).splitlines() == [
        "1. P({'a': [2.0, 3.0]}) ∇={'a': [2.0, None]}",
        "2. [2.0, 3.0] = getitem(P({'a': [2.0, 3.0]}), 'a') ∇=[2.0, None]",
        "3. 2.0 = getitem(R([2.0, 3.0]), 0) ∇=2.0",
        "4. 4.0 = multiply(R(2.0), 2) ∇=1.0",
    ]


def test_an_empty_tape_can_be_printed():
    with ag.record() as J:
        pass
    assert str(J) == ""
    assert J.nodes == []
    assert isinstance(repr(J), str)


def test_a_tape_of_arrays_can_be_printed():
    w = ag.Param(W)
    with ag.record() as J:
        w * 2
    assert isinstance(repr(J), str)


# Nodes.


def test_nodes_are_oldest_first_and_collect_newest_first(listed):
    J, _, _ = listed
    assert [node.name for node in J.nodes] == ["", "matmul", "", "add", "subtract", "power", "sum"]
    assert J.collect() == J.nodes[::-1]
    assert len(J) == 7


def test_a_node_knows_its_value_function_and_outgrad(listed):
    J, _, _ = listed
    node = J.nodes[1]
    assert np.array_equal(node.value, W @ X)
    assert node.func is np.matmul
    assert np.array_equal(node.outgrad, 2 * (W @ X + B - Y))


def test_a_node_knows_its_arguments_as_they_were_given(listed):
    J, w, b = listed
    assert J.nodes[1].args[0] is w
    assert J.nodes[1].args[1].tolist() == X.tolist()
    assert J.nodes[3].args == (J.nodes[1], b)
    assert J.nodes[5].args == (J.nodes[4], 2)


def test_a_node_knows_its_keywords(listed):
    w = ag.Param(W)
    assert dict(ag.diff(lambda: np.sum(w, axis=None)).nodes[1].kwargs) == {"axis": None}


def test_a_node_knows_its_parents_and_children(listed):
    J, _, _ = listed
    assert [[p.index for p in node.parents] for node in J.nodes] == [
        [],
        [0],
        [],
        [1, 2],
        [3],
        [4],
        [5],
    ]
    assert [[c.index for c in node.children] for node in J.nodes] == [
        [1],
        [3],
        [3],
        [4],
        [5],
        [6],
        [],
    ]


def test_a_node_used_twice_is_two_parents_and_one_child():
    w = ag.Param(3.0)
    leaf, product = ag.diff(lambda: w * w).nodes
    assert product.parents == [leaf, leaf]
    assert leaf.children == [product]


def test_the_parents_of_joined_arrays_are_those_of_the_list():
    a, b = ag.Param(W), ag.Param(W)
    J = ag.diff(lambda: np.sum(np.stack([a, W, b])))
    assert J.nodes[2].parents == [J.nodes[0], J.nodes[1]]
    assert J.nodes[2].args[0][0] is a


def test_the_cdr_of_a_node_is_the_next_older_one(listed):
    J, _, _ = listed
    assert [None if node.cdr is None else node.cdr.index for node in J.nodes] == [
        None,
        0,
        1,
        2,
        3,
        4,
        5,
    ]


def test_a_leaf_knows_its_param(listed):
    J, w, b = listed
    assert [node.param for node in J.nodes if node.is_leaf] == [w, b]
    assert J.nodes[1].param is None
    assert (J.nodes[0].func, J.nodes[0].args) == (None, ())


def test_a_leaf_has_the_name_of_its_param():
    w = ag.Param(2.0, name="weight")
    assert ag.diff(lambda: w * w).nodes[0].name == "weight"


def test_a_leaf_has_no_source_and_a_result_has_one(listed):
    J, _, _ = listed
    assert J.nodes[0].source is None
    assert J.nodes[1].source.file == __file__


def test_nodes_are_equal_by_place_and_tape(listed):
    J, w, _ = listed
    K = ag.diff(lambda: np.sum(w))
    assert J.nodes[0] == J.nodes[0]
    assert len({*J.nodes, *J.nodes}) == 7
    assert J.nodes[0] != K.nodes[0]
    assert J.nodes[0] != 0


def test_a_node_has_a_short_repr(listed):
    J, _, _ = listed
    assert [repr(node) for node in J.nodes[:2]] == [
        "N(1. P(float64[2,3]))",
        "N(2. matmul(float64[2,4]))",
    ]


def test_a_param_keeps_on_the_tape_the_value_it_had():
    w = ag.Param(3.0)
    J = ag.diff(lambda: w * w)
    w.value = 100.0
    assert str(J).splitlines() == ["1. P(3.0) ∇=6.0", "2. 9.0 = multiply(P(3.0), P(3.0)) ∇=1.0"]


# Params.


def test_params_of_a_tape_are_in_order_of_use(listed):
    J, w, b = listed
    assert J.params() == [w, b]
    assert ag.params(J) == [w, b]


def test_params_used_after_the_loss_are_not_on_the_tape():
    w, v = ag.Param(3.0), ag.Param(4.0)
    with ag.record() as J:
        loss = w * w
        v * v
    J.backward(loss)
    assert J.params() == [w]
    assert ag.grad(J, v) is None


# Freeing.


@pytest.fixture
def gcnode():
    """Set the gcnode function, and restore it."""
    yield ag.set_gcnode
    ag.set_gcnode(None)


def test_gcnode_runs_after_a_node_passes_its_gradient_on(gcnode):
    seen = []
    gcnode(lambda node: seen.append((node.name, node.outgrad is not None)))
    w = ag.Param(W)
    ag.diff(lambda: np.sum(np.sin(w) * 2))
    assert seen == [("multiply", True), ("sin", True)]


def test_freeing_a_node_keeps_the_other_gradients(gcnode):
    def free(node):
        node.value = node.outgrad = None

    gcnode(free)
    w = ag.Param(W)
    J = ag.diff(lambda: np.sum(np.sin(w) * 2))
    assert np.array_equal(ag.grad(J, w), 2 * np.cos(W))
    assert str(J).splitlines() == [
        "1. P(float64[2,3]) ∇=float64[2,3]",
        "2. R(None) = sin(P(float64[2,3]))",
        "3. R(None) = multiply(R(None), 2)",
        "4. 12.0 = sum(R(None)) ∇=1.0".replace("12.0", repr(float(np.sum(np.sin(W) * 2)))),
    ]


def test_none_keeps_everything_again(gcnode):
    gcnode(lambda node: setattr(node, "value", None))
    gcnode(None)
    w = ag.Param(W)
    assert all(node.value is not None for node in ag.diff(lambda: np.sum(np.sin(w))).nodes)


def test_the_gradient_of_a_function_needs_no_offer(gcnode):
    seen = []
    gcnode(seen.append)
    ag.grad(lambda x: np.sum(np.sin(x)))(W)
    assert seen == []


def test_an_outer_tape_keeps_the_inner_one_alive(gcnode):
    gcnode(lambda node: setattr(node, "value", None))
    w = ag.Param(2.0)
    J = ag.diff(lambda: ag.grad(ag.diff(lambda: w**3), w) ** 2)
    assert ag.grad(J, w) == 288.0


@pytest.mark.parametrize("function", [3, "free"])
def test_set_gcnode_of_a_number_is_an_error(function):
    with pytest.raises(TypeError, match=r"set_gcnode\(\) expects a function or None"):
        ag.set_gcnode(function)


def test_an_exception_in_gcnode_leaves_params_plain(gcnode):
    gcnode(lambda node: 1 / 0)
    w = ag.Param(W)
    with pytest.raises(ZeroDivisionError):
        ag.diff(lambda: np.sum(np.sin(w)))
    assert type(w * 2) is np.ndarray


# Observers.


def test_an_observer_sees_the_tape_of_every_differentiation():
    seen = []
    w = ag.Param(2.0)
    with ag.observe(seen.append):
        J = ag.diff(lambda: w * w)
        ag.grad(lambda x: x * x)(3.0)
    ag.grad(lambda x: x * x)(3.0)
    assert seen[0] is J
    assert str(seen[1]) == "1. P(3.0) ∇=6.0\n2. 9.0 = multiply(P(3.0), P(3.0)) ∇=1.0"
    assert len(seen) == 2


def test_an_observer_goes_when_its_block_fails():
    seen = []
    with pytest.raises(RuntimeError), ag.observe(seen.append):
        raise RuntimeError
    ag.grad(lambda x: x * x)(3.0)
    assert seen == []


def count_of(*functions):
    """Return the number of gradients after which a listener ran."""
    seen = []
    with ag.after_gradients(lambda: seen.append(1)):
        for function in functions:
            function()
    ag.grad(lambda x: x * x)(3.0)
    return len(seen)


def test_a_listener_is_called_after_every_gradient_in_its_block():
    w = ag.Param(2.0)
    assert (
        count_of(
            lambda: ag.diff(lambda: w * w),
            lambda: ag.grad(lambda x: x * x)(3.0),
            ag.diff(lambda: w * w).backward,
        )
        == 3
    )


def test_a_gradient_within_a_gradient_is_a_part_of_it():
    assert count_of(lambda: ag.grad(ag.grad(lambda x: x**3))(2.0)) == 1


def test_recomputation_in_a_checkpoint_is_part_of_the_gradient():
    assert count_of(lambda: ag.grad(lambda x: ag.checkpoint(np.sin)(x) * 2)(2.0)) == 1


def test_a_jacobian_is_a_gradient_for_each_row():
    assert count_of(lambda: ag.jacobian(lambda x: x * x)(np.ones(3))) == 3


def test_a_gradient_that_fails_is_none():
    bad = ag.primitive(lambda dy, y, x: 1 // 0)(lambda x: 2 * x)

    def attempt():
        with pytest.raises(ZeroDivisionError):
            ag.grad(bad)(1.0)

    assert count_of(attempt, lambda: ag.grad(lambda x: x * x)(3.0)) == 1


def test_a_gradient_in_another_thread_raises_there():
    names = []
    with ag.after_gradients(lambda: names.append(threading.current_thread().name)):
        thread = threading.Thread(target=lambda: ag.grad(lambda x: x * x)(3.0), name="worker")
        thread.start()
        thread.join()
    assert names == ["worker"]


# Long chains.


def test_a_tape_of_20_000_operations_prints():
    w = ag.Param(0.0)

    def chain():
        x = w
        for _ in range(20_000):
            x = x + 1.0
        return x

    J = ag.diff(chain)
    assert str(J).splitlines()[-1] == "20001. 20000.0 = add(R(19999.0), 1.0) ∇=1.0"
    assert J.nodes[10_000].children == [J.nodes[10_001]]


def test_children_follow_the_tape():
    w = ag.Param(2.0)
    with ag.record() as J:
        loss = w * 3
        assert [node.name for node in J.nodes[0].children] == ["multiply"]
        np.sin(w)
        assert [node.name for node in J.nodes[0].children] == ["multiply", "sin"]
    J.backward(loss)
    assert [node.name for node in J.nodes[0].children] == ["multiply"]


# Bytes saved for the backward pass.


def test_kept_bytes_are_those_of_the_arrays_that_rules_read():
    x = ag.Param(np.ones(3))
    J = ag.diff(lambda: np.sum(np.sin(x) * np.cos(x)))
    assert {J.nodes[index].name: nbytes for index, nbytes in J.kept_bytes().items()} == {
        "multiply": 48
    }


def test_kept_bytes_count_an_array_at_its_oldest_node():
    x = ag.Param(np.ones(3))

    J = ag.diff(lambda: np.sum(np.sin(np.exp(x))))  # both read the output of exp
    assert {J.nodes[index].name: nbytes for index, nbytes in J.kept_bytes().items()} == {"exp": 24}


def test_kept_bytes_of_sums_are_none():
    x = ag.Param(np.ones(3))
    assert ag.diff(lambda: np.sum(x + x)).kept_bytes() == {}
