"""PyTorch: the memory of a step over its time."""

import inspect

import pytest

import autograd_tools as ag
import viewer

torch = pytest.importorskip(
    "torch", reason="PyTorch is not installed: pip install 'autograd-tools[torch]'"
)
adapter = pytest.importorskip("viewer.adapters.torch")
trace = adapter.trace
checkpoint = pytest.importorskip("torch.utils.checkpoint").checkpoint


def leaf():
    return torch.ones(1000, requires_grad=True)


def loss(w):
    y = torch.exp(w)
    z = torch.sin(y)
    return z.sum()


def test_values_that_are_not_saved_are_freed():
    use = viewer.memory(trace(loss, leaf()))
    held = {holder.name: holder.nbytes for holder in use.holders}
    assert (use.peak.phase, use.peak.op, use.keeps, use.otherwise) == (
        *("backward", "exp"),
        *(False, None),
    )
    assert held == {  # the result of exp, which sin saves as well
        "saved for backward": 4000,
        "gradients of results": 4000,
        "temporary arrays": 4000,
        "values in use": 4,
    }


def test_saved_bytes_are_at_their_line():
    use = viewer.memory(trace(loss, leaf()))
    first = inspect.getsourcelines(loss)[1]
    assert [(row["line"], row["nbytes"]) for row in use.tables["line"]] == [(first + 1, 4000)]


def test_leaves_and_data_do_not_count():
    data = torch.ones(1000)
    buffers = trace(lambda w: (w * data).sum(), leaf()).columns.buffers
    assert (buffers.saved, buffers.nbytes[:2]) == ({}, [4000, 4])


def test_views_and_changes_share_memory():
    def f(w):
        y = w * 2
        z = y.view(10, 100)
        z.add_(1)
        return z.sum()

    t = trace(f, leaf())
    owners = t.columns.buffers.value
    assert {t[row + 1].op: own for row, own in owners.items() if t[row + 1].op != "sum"} == {
        "multiply": (0,),
        "view": (0,),
        "add_": (0,),
    }


def test_arrays_that_an_operation_saves_for_itself_count():
    t = trace(lambda w: torch.nn.functional.dropout(w, 0.5).sum(), leaf())
    buffers = t.columns.buffers
    (pair,) = buffers.saved[1]
    assert (pair[0], buffers.nbytes[pair[1]] > 0) == (0, True)


def test_a_saved_trace_knows_that_values_are_freed(tmp_path):
    t = trace(loss, leaf())
    t.save(tmp_path / "t.json")
    again = ag.load_trace(tmp_path / "t.json")
    assert viewer.memory(again).peak == viewer.memory(t).peak


def test_report_says_that_values_are_freed():
    assert "Values that the backward pass does not need are freed." in str(
        viewer.memory(trace(loss, leaf()))
    )


@pytest.mark.slow
def test_profile_reports_the_memory_of_a_script(ask_process, script):
    source = """\
import torch
w = torch.ones(1000, requires_grad=True)
for _ in range(2):
    torch.sin(torch.exp(w)).sum().backward()
"""
    output = ask_process("profile", "--memory", "--skip", "1", script(source))[0]
    assert "Memory of a gradient" in output
    assert "in the backward pass of exp at train.py:4" in output


def test_packed_tensors_are_said_to_be_unknown():
    def f(w):
        return checkpoint(lambda w: torch.exp(torch.sin(w)), w, use_reentrant=False).sum()

    t = trace(f, leaf())
    use = viewer.memory(ag.Trace.from_dict(t.to_dict()))
    assert use.packed == 2
    assert "2 operations packed saved tensors" in str(use)
    assert viewer.memory(trace(loss, leaf())).packed == 0
