"""Gradients that were computed and not read, and tapes that stay alive."""

import numpy as np
import pytest

import autograd_tools as ag

w, x = ag.Param(np.ones((2, 3)), name="w"), ag.Param(np.ones((3, 4)), name="x")


def unread(f, *read):
    """Return operation, detail and counts of the gradients not read, of a gradient of `f`."""
    with ag.profile() as p:
        J = ag.diff(f)
        for param in read:
            ag.grad(J, param)
    return {
        (fact.op, fact.detail, *counts) for fact, counts in p.facts.items() if fact.kind == "unread"
    }


def test_a_gradient_that_leads_to_no_gradient_read_is_unread():
    assert unread(lambda: np.sum(w @ x), w) == {("matmul", "2 x", 1, 1)}


def test_all_gradients_on_the_way_are_unread():
    found = unread(lambda: np.sum(w @ np.tanh(x)), w)
    assert found == {("matmul", "2 x", 1, 1), ("tanh", "1 x", 1, 1)}


def test_a_line_that_is_read_in_part_has_its_share():
    found = unread(lambda: sum(np.sum(np.tanh(p)) for p in (w, x)), w)
    assert ("tanh", "1 x", 1, 2) in found


def test_with_every_gradient_read_none_is_unread():
    assert unread(lambda: np.sum(w @ x), w, x) == set()


def test_without_a_gradient_read_nothing_is_known():
    assert unread(lambda: np.sum(w @ x)) == set()


def test_reading_the_gradient_of_a_result_reads_no_param():
    with ag.profile() as p:
        with ag.record() as J:
            y = np.tanh(w)
            loss = np.sum(y @ x)
        J.backward(loss)
        ag.grad(J, y)
    found = {(fact.op, fact.detail) for fact in p.facts if fact.kind == "unread"}
    assert found == {("tanh", "1 w, x"), ("matmul", "2 w, x")}


def test_a_param_without_a_name_is_called_by_its_value():
    found = unread(lambda: np.sum(w @ ag.Param(np.ones((3, 4)))), w)
    assert found == {("matmul", "2 P(float64[3,4])", 1, 1)}


def test_a_param_has_the_name_of_its_variable():
    bias = ag.Param(np.ones(4))
    assert unread(lambda: np.sum(w @ x + bias), w, x) == {("add", "2 bias", 1, 1)}


def test_many_params_are_counted():
    params = [ag.Param(1.0, name=f"p{i}") for i in range(5)]
    found = unread(lambda: sum(params, w[0, 0]), w)
    assert {detail for _, detail, *_ in found} == {"2 p0, p1, p2 and 2 more"}


# Tapes that stay alive ----------------------------------------------------------------------------


def alive(steps, keep):
    """Return the number of tapes alive at once, those made, and the bytes of one."""
    kept = []
    with ag.profile() as p:
        for _ in range(steps):
            keep(kept, ag.diff(lambda: np.sum(np.tanh(w) @ x)))
    return [(*counts, int(fact.detail)) for fact, counts in p.facts.items() if fact.kind == "kept"]


def test_tapes_in_a_list_are_found_with_their_bytes():
    assert alive(30, lambda kept, J: kept.append(J)) == [(30, 30, 6 * 8 + 8 * 8)]


def test_a_recorded_value_keeps_its_tape():
    found = alive(20, lambda kept, J: kept.append(J.nodes[-1].value))
    assert found == []
    kept = []
    with ag.profile() as p:
        for _ in range(20):
            with ag.record() as J:
                loss = np.sum(np.tanh(w) @ x)
            J.backward(loss)
            kept.append(loss)
    assert [n for fact, n in p.facts.items() if fact.kind == "kept"] == [(20, 20)]


@pytest.mark.parametrize(
    ("steps", "keep"),
    [
        (40, lambda kept, J: kept.append(ag.value(J))),
        (40, lambda kept, J: kept.__setitem__(slice(None), [*kept[-2:], J])),
        (15, lambda kept, J: kept.append(J)),
    ],
    ids=["values", "the last three", "few"],
)
def test_tapes_that_are_let_go_are_not_found(steps, keep):
    assert alive(steps, keep) == []


def test_the_line_that_makes_the_tapes_is_named():
    def step():
        return ag.diff(lambda: np.sum(w @ x))

    with ag.profile() as p:
        kept = [step() for _ in range(20)]
    [fact] = [fact for fact in p.facts if fact.kind == "kept"]
    assert (fact.file, fact.line) == (__file__, step.__code__.co_firstlineno + 1)
    assert len(kept) == 20
