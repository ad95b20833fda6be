"""The memory of arrays in a trace."""

import json

import numpy as np
import pytest

import autograd_tools as ag

DATA = np.ones((30, 40))


def memory_of(f, *args):
    return ag.trace(f, *args).columns.buffers


def test_a_view_shares_the_buffer_of_its_array():
    found = memory_of(lambda x: np.sum(np.exp(x).T.reshape(-1)), np.ones((2, 3)))
    assert (found.value[1], found.value[2]) == ((0,), (0,))
    assert found.nbytes[0] == 48


def test_a_reshape_that_copies_has_a_buffer_of_its_own():
    found = memory_of(lambda x: np.sum(np.exp(x).T.reshape(-1)), np.ones((2, 3)))
    assert found.value[3] == (1,)


def test_leaves_and_data_have_no_buffers():
    found = memory_of(lambda w: np.sum(DATA @ w), np.ones((40, 5)))
    assert (found.saved, found.value) == ({}, {1: (0,)})


def test_an_array_made_inside_the_function_has_a_buffer():
    def dropped(x):
        mask = np.arange(1000.0) > 500.0
        return np.sum(x * np.where(mask, 2.0, 0.0))

    found = memory_of(dropped, np.ones(1000))
    assert [found.nbytes[number] for _, number in found.saved[1]] == [8000]


def test_a_value_and_its_gradient_know_what_is_saved():
    found = memory_of(lambda x: np.sum(np.tanh(x)), np.ones(3))
    assert found.saved == {1: ((0, 0),)}
    assert found.outgrad.keys() == {0, 1}


def test_an_argument_that_a_rule_reads_is_saved_by_its_number():
    found = memory_of(lambda x: np.sum(np.exp(x) * np.sin(x)), np.ones(3))
    assert [argument for argument, _ in found.saved[3]] == [1, 2]


def test_numbers_have_no_buffers():
    assert memory_of(lambda x: np.sin(x) * x, 2.0).nbytes == []


def test_a_saved_trace_knows_its_buffers(tmp_path):
    trace = ag.trace(lambda x: np.sum(np.tanh(x)), np.ones(3))
    trace.save(tmp_path / "trace.json")
    assert ag.load_trace(tmp_path / "trace.json").columns.buffers == trace.columns.buffers


def test_a_file_without_memory_loads():
    plain = ag.trace(lambda x: np.sum(np.tanh(x)), np.ones(3)).to_dict()
    del plain["memory"]
    assert ag.Trace.from_dict(plain).columns.buffers is None


@pytest.mark.parametrize(
    "damage",
    [
        {"nbytes": [-1]},
        {"value": {"9": [0]}},
        {"value": {"1": [7]}},
        {"saved": {"1": [[0, 7]]}},
        {"saved": {"1": [0]}},
        {"outgrad": {"x": [0]}},
    ],
)
def test_damaged_buffers_are_an_error(damage):
    plain = json.loads(json.dumps(ag.trace(lambda x: np.sum(np.tanh(x)), np.ones(3)).to_dict()))
    plain["memory"] |= damage
    with pytest.raises(ValueError):
        ag.Trace.from_dict(plain)
