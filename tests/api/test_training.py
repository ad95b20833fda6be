"""Histories of trainings: what is recorded, under which names, in which series."""

import contextlib
import functools
import threading
from dataclasses import dataclass
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest

import autograd_tools as ag


def loss(x):
    return np.sum(x**2)


def recorded(body):
    """Return the history of a function."""
    with ag.history() as h:
        body()
    return h


def norms(h):
    """Return the columns of norms by name."""
    found = h.columns()
    return {name[5:-1]: found[name] for name in found if name.startswith("norm(")}


def test_each_step_has_its_loss_and_its_norm():
    h = recorded(lambda: [ag.grad(loss)(np.array([3.0, 4.0]) / n) for n in (1, 2)])
    assert h.columns()["loss"] == [25.0, 6.25]
    assert norms(h) == {"x": [10.0, 5.0]}
    assert (h.steps, h.columns()["step"]) == (2, [0, 1])


def by_record(w):
    with ag.record() as J:
        y = np.sum(w**2)
    J.backward(y)


def by_grad_of_a_tape(w):
    with ag.record() as J:
        np.sum(w**2)
    ag.grad(J, w)


WAYS = {
    "grad": lambda w: ag.grad(loss)(w.value),
    "value_and_grad": lambda w: ag.value_and_grad(loss)(w.value),
    "gradloss": lambda w: ag.gradloss(loss)(w.value),
    "make_vjp": lambda w: ag.make_vjp(loss)(w.value)[0](1.0),
    "diff": lambda w: ag.diff(lambda: loss(w)),
    "trace": lambda w: ag.trace(loss, w.value),
    "record": by_record,
    "grad of a tape": by_grad_of_a_tape,
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_a_gradient_is_recorded(way):
    h = recorded(lambda: WAYS[way](ag.Param(np.array([3.0, 4.0]))))
    assert h.columns()["loss"] == [25.0]
    assert [*norms(h).values()] == [[10.0]]


def test_compiled_functions_are_recorded_in_each_step():
    compiled = ag.compile(ag.grad(loss))
    compiled(np.ones(2))
    h = recorded(lambda: [compiled(np.ones(2)) for _ in range(3)])
    assert (h.steps, h.series[0].function) == (3, "loss")
    compiled(np.ones(2))
    assert h.steps == 3


def test_wrapped_functions_have_their_own_names():
    wrapped = [functools.partial(f, 3.0) for f in (lambda a, x: a * x, lambda a, x: a + x)]
    made = [functools.wraps(f)(lambda x, f=f: f(x)) for f in (loss, *wrapped)]
    h = recorded(lambda: [ag.grad(f)(1.0) for f in made])
    assert [series.function for series in h.series] == ["loss", "<lambda>", "<lambda>"]


def test_rows_of_a_jacobian_are_no_losses():
    h = recorded(lambda: [f(np.square)(np.ones(2)) for f in (ag.jacobian, ag.elementwise_grad)])
    assert h.series == []


def test_a_gradient_inside_another_is_a_part_of_it():
    h = recorded(lambda: ag.grad(lambda x: x * ag.grad(lambda y: y**3)(x))(2.0))
    assert h.columns()["loss"] == [24.0]


def test_functions_and_lines_are_series_of_their_own():
    def train(f):
        return ag.grad(f)(np.ones(2))

    def other(x):
        return np.sum(x)

    def body():
        for _ in range(2):
            train(loss)
            train(other)
        ag.grad(loss)(np.ones(2))

    h = recorded(body)
    first = train.__code__.co_firstlineno
    found = [(s.function, s.line, s.steps) for s in h.series]
    assert found == [("loss", first + 1, 2), ("other", first + 1, 2), ("loss", first + 10, 1)]
    assert {s.file for s in h.series} == {__file__}
    assert h.columns()["step"] == [0, 1, 0, 1, 0]
    assert h.columns()["series"][0] == f"loss at test_training.py:{first + 1}"


def test_a_block_has_the_name_of_the_function_around_it():
    h = recorded(lambda: by_record(ag.Param(1.0)))
    assert h.series[0].function == "by_record"
    assert h.series[0].line == by_record.__code__.co_firstlineno + 3


def test_params_have_their_names_or_those_of_variables():
    model = SimpleNamespace(layers=[ag.Param(1.0), ag.Param(2.0)])
    bias, other = ag.Param(3.0), ag.Param(4.0, name="given")
    f = lambda: sum(p**2 for p in (*model.layers, bias, other))  # noqa: E731
    h = recorded(lambda: ag.diff(f))
    assert norms(h) == {
        "model.layers[0]": [2.0],
        "model.layers[1]": [4.0],
        "bias": [6.0],
        "given": [8.0],
    }


def test_params_that_are_new_in_each_step_are_one_column():
    def body():
        w = ag.Param(8.0)
        for _ in range(3):
            J = ag.diff(lambda w=w: w**2)
            w = ag.Param(ag.value(w) - 0.25 * ag.grad(J, w))

    assert norms(recorded(body)) == {"w": [16.0, 8.0, 4.0]}


def test_params_keep_their_names_in_many_steps(monkeypatch):
    monkeypatch.setattr("autograd_tools.api.series_recorder.SEARCHES", 2)

    def body():
        for _ in range(4):
            model = {"w": ag.Param(1.0)}
            J = ag.diff(lambda model=model: model["w"] ** 2)
            del J

    assert norms(recorded(body)) == {"model['w']": [2.0, 2.0, 2.0, 2.0]}


def test_two_params_of_one_name_are_two_columns():
    a, b = ag.Param(1.0, name="w"), ag.Param(2.0, name="w")
    h = recorded(lambda: [ag.diff(lambda: a * b) for _ in range(2)])
    assert norms(h) == {"w": [2.0, 2.0], "w (2)": [1.0, 1.0]}


def test_params_without_any_name_have_their_type():
    h = recorded(lambda: ag.diff(lambda: np.sum(ag.Param(np.ones(3)))))
    assert norms(h) == {"P(float64[3])": [3**0.5]}


def test_arguments_have_the_names_of_parameters():
    class Model:
        def loss(self, w, *, scale=1.0):
            return scale * w**2

    h = recorded(lambda: ag.grad(Model().loss)(3.0, scale=2.0))
    assert norms(h) == {"w": [12.0]}
    h = recorded(lambda: ag.grad(lambda *args: args[1] ** 2, argnum=1)(0.0, 3.0))
    assert norms(h) == {"argument 2": [6.0]}


class Pair(NamedTuple):
    a: object
    b: object


@dataclass
class Layer:
    w: object
    act: str


def test_parts_of_a_pytree_are_columns():
    tree = {"layers": [Layer(np.ones(4), "tanh")], "pair": Pair(2.0, (3.0,)), "n": 1}
    f = lambda tree: np.sum(tree["layers"][0].w) + tree["pair"].b[0] ** 2  # noqa: E731
    expected = {
        "tree['layers'][0].w": [2.0],
        "tree['pair'].a": [0.0],
        "tree['pair'].b[0]": [6.0],
        "tree['n']": [0.0],
    }
    assert norms(recorded(lambda: ag.grad(f)(tree))) == expected
    p = ag.Param(tree, name="tree")
    assert norms(recorded(lambda: ag.diff(lambda: f(p)))) == expected


def test_a_param_without_a_gradient_has_none():
    a, b = ag.Param(1.0, name="a"), ag.Param(1.0, name="b")

    h = recorded(lambda: [ag.diff(lambda i=i: a * b if i else a**2) for i in range(2)])
    assert norms(h) == {"a": [2.0, 1.0], "b": [None, 1.0]}
    assert h.columns()["nans(b)"] == [None, 0]


@pytest.mark.parametrize(
    ("x", "norm"),
    [
        (np.array([3, 4]), 10.0),
        (np.array([3 + 4j]), 10.0),
        (np.array([3, 4], np.float16), 10.0),
        (np.array([[3.0, 0.0], [0.0, 4.0]]).T[:, ::-1], 10.0),
        (np.zeros((0, 3)), 0.0),
        (np.float32(5), 10.0),
        (5, 10.0),
    ],
)
def test_gradients_of_all_types_have_norms(x, norm):
    h = recorded(lambda: ag.grad(lambda x: np.real(np.sum(x * np.conj(x))))(x))
    assert norms(h) == {"x": [norm]}


def test_gradients_of_the_data_of_sparse_matrices_have_norms():
    pytest.importorskip("scipy")
    from autograd_tools.scipy import sparse

    def f(data):
        return np.sum((sparse.csr_array((data, [0, 1], [0, 1, 2])) @ np.ones(2)) ** 2)

    assert norms(recorded(lambda: ag.grad(f)(np.array([3.0, 4.0])))) == {"data": [10.0]}


def test_losses_that_are_no_finite_numbers_are_kept():
    with np.errstate(all="ignore"):
        h = recorded(lambda: [ag.grad(lambda x: x * np.inf)(x) for x in (1.0, -1.0, 0.0)])
    assert str(h.columns()["loss"]) == "[inf, -inf, nan]"


def test_the_gradients_of_all_threads_are_recorded():
    def work():
        for _ in range(50):
            ag.grad(loss)(np.ones(2))

    def body():
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    h = recorded(body)
    assert h.steps == 200
    assert h.columns()["step"] == [*range(200)]


def test_a_history_can_be_read_while_another_thread_trains():
    done = threading.Event()

    def train():
        for _ in range(300):
            ag.grad(loss)(np.ones(2))
        done.set()

    with ag.history() as h:
        thread = threading.Thread(target=train)
        thread.start()
        while not done.is_set():
            columns = h.columns()
            assert columns["step"] == [*range(len(columns["loss"]))]
            assert h.findings() == []
        thread.join()
    assert h.steps == 300


def test_a_history_can_be_read_in_its_block_and_after_an_exception():
    with contextlib.suppress(ZeroDivisionError), ag.history() as h:
        ag.grad(loss)(np.ones(2))
        assert h.steps == 1
        ag.grad(lambda x: x * (1 / 0))(1.0)
    assert h.columns()["loss"] == [2.0]
    ag.grad(loss)(np.ones(2))
    assert h.steps == 1


def test_blocks_nest():
    with ag.history() as outer:
        ag.grad(loss)(np.ones(2))
        with ag.history() as inner:
            ag.grad(loss)(np.ones(2))
    assert (outer.steps, inner.steps) == (2, 1)


def test_times_are_those_of_both_passes(monkeypatch):
    now = [0]
    monkeypatch.setattr(ag.timer, "clock", lambda: now[0])

    def slow(x):
        now[0] += 300
        return x**2

    @ag.primitive(lambda dy, y, x: now.__setitem__(0, now[0] + 50) or dy)
    def same(x):
        return x

    h = recorded(lambda: ag.grad(lambda x: slow(same(x)))(1.0))
    assert (h.columns()["forward_ns"], h.columns()["backward_ns"]) == ([300], [50])


def test_a_recording_that_began_before_the_block_has_no_forward_time():
    w = ag.Param(1.0)
    with ag.record() as J:
        y = w**2
    h = recorded(lambda: J.backward(y))
    assert h.columns()["forward_ns"] == [None]


def test_findings_name_the_first_param_with_a_nan():
    w, s = ag.Param(np.ones(2), name="w"), ag.Param(1.0, name="s")

    def body():
        for i in range(5):
            s.value = 0.0 if i == 3 else s.value
            J = ag.diff(lambda: np.sum(w) + np.sqrt(s))
            s.value = s.value - 0.1 * ag.grad(J, s)

    with np.errstate(all="ignore"):
        h = recorded(body)
    assert [tuple(found)[:3] for _, found in h.findings()] == [
        (3, "inf", "s"),
        (4, "nan", None),
        (4, "nan", "s"),
    ]


def test_a_param_that_holds_nan_comes_before_the_loss():
    w, v = ag.Param(np.ones(3), name="w"), ag.Param({"a": np.ones(2), "b": 1.0}, name="v")

    def body():
        for i in range(4):
            if i == 2:
                v.value = {"a": np.array([np.nan, 1.0]), "b": np.inf}
            ag.diff(lambda: np.sum(w) * np.sum(v["a"]) + v["b"])

    assert [tuple(found)[:3] for _, found in recorded(body).findings()] == [
        (2, "value", "v['a']"),
        (2, "value", "v['b']"),
        (2, "nan", None),
        (2, "nan", "w"),
    ]


def test_a_history_without_gradients_says_so():
    h = recorded(lambda: None)
    assert str(h) == "No gradient of a scalar was recorded with autograd_tools."
    assert repr(h) == "<History: 0 gradients in 0 series>"
    assert h.columns() == {
        name: [] for name in ("series", "step", "loss", "forward_ns", "backward_ns")
    }
