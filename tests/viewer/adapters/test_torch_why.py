"""PyTorch: the reason why a gradient is None."""

import inspect

import pytest

import autograd_tools as ag
import viewer

torch = pytest.importorskip(
    "torch", reason="PyTorch is not installed: pip install 'autograd-tools[torch]'"
)
nn = torch.nn
adapter = pytest.importorskip("viewer.adapters.torch")
profile, why_none = adapter.profile, adapter.why_none


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.used, self.unused = nn.Linear(2, 3, bias=False), nn.Linear(2, 3, bias=False)
        self.frozen = nn.Linear(2, 3, bias=False).requires_grad_(requires_grad=False)
        self.other = nn.Linear(2, 3, bias=False)

    def forward(self, x, cut):
        return (self.used(x) * self.frozen(x) + cut(self.other(x))).sum()


def under_no_grad(y):
    with torch.no_grad():
        return y * 2


CUTS = {
    "detach": lambda y: y.detach(),
    "data": lambda y: y.data,
    "item": lambda y: y.sum().item(),
    "tolist": lambda y: torch.tensor(y.tolist()),
    "multiply under no_grad": under_no_grad,
    "argmax": lambda y: y.argmax(),
    "gt": lambda y: y > 0,
}


def reasons(cut=torch.detach, after=lambda net: None):
    """The profile of a step, and its net."""
    net = Net()
    with profile() as p:
        net(torch.ones(4, 2), cut).backward()
        after(net)
    return p, net


@pytest.mark.parametrize("name", CUTS)
def test_an_operation_that_cuts_is_named_with_its_line(name):
    p, net = reasons(CUTS[name])
    function = under_no_grad if "no_grad" in name else CUTS[name]
    first = inspect.getsourcelines(function)[1] + 2 * ("no_grad" in name)
    answer = why_none(p, net.other.weight)
    assert answer.startswith("net.other.weight has no gradient: its paths do not reach the result;")
    assert answer.splitlines()[-1].startswith(f"    used by {name} at {__file__}:{first} in ")


def test_a_module_that_is_never_called_is_named():
    p, net = reasons()
    assert (
        why_none(p, net.unused.weight)
        == "net.unused.weight has no gradient: nothing is computed from it"
    )


def test_a_path_that_the_loss_does_not_read_ends():
    def f(w, v):
        torch.exp(v)
        return w.sum()

    w, v = (torch.ones(2, requires_grad=True) for _ in range(2))
    with profile() as p:
        f(w, v).backward()
    line = inspect.getsourcelines(f)[1] + 1
    assert why_none(p, v).splitlines() == [
        "v has no gradient: its paths do not reach the result; they end at:",
        f"  2. exp(P(float32[2])) at {__file__}:{line} in {f.__qualname__}: torch.exp(v)",
    ]


def test_a_value_used_only_without_a_gradient_says_so():
    w, v = (torch.ones(2, requires_grad=True) for _ in range(2))
    with profile() as p:
        (w * (v > 0)).sum().backward()
    assert why_none(p, v).startswith(
        "v has no gradient: it is used only by operations without a gradient:\n  gt at "
    )


def test_a_frozen_param_says_so():
    p, net = reasons()
    assert why_none(p, net.frozen.weight).endswith("has no gradient: requires_grad is False")


def test_a_value_that_is_no_leaf_says_so():
    w = torch.ones(2, requires_grad=True)
    with profile() as p:
        y = w * 2
        y.sum().backward()
    assert why_none(p, y) == (
        "y is not a leaf, so its .grad is None: call its retain_grad() before backward(); "
        "node 2 of the trace has its gradient"
    )


def test_a_gradient_that_is_removed_names_the_line():
    def clear(net):
        net.zero_grad()

    p, net = reasons(after=clear)
    line = inspect.getsourcelines(clear)[1] + 1
    answer = why_none(p, net.used.weight)
    assert answer.startswith("net.used.weight had a gradient, which was set to None at ")
    assert f"{__file__}:{line} in " in answer


def test_without_backward_the_answer_says_so():
    w = torch.ones(2, requires_grad=True)
    with profile() as p:
        w.sum()
    assert why_none(p, w) == "no gradients yet: call backward() in the block"


def test_a_tensor_outside_of_the_block_says_so():
    p, _ = reasons()
    w = torch.ones(2, requires_grad=True)
    assert why_none(p, w) == "w has no gradient: it was never used in the block"


def test_a_gradient_that_is_there_has_a_norm():
    w = torch.ones(4, requires_grad=True)
    with profile() as p:
        w.sum().backward()
    assert why_none(p, w) == "w has a gradient of norm 2"


def test_leaves_that_grad_was_not_asked_for_say_so():
    w, v = (torch.ones(2, requires_grad=True) for _ in range(2))
    with profile() as p:
        torch.autograd.grad((w * v).sum(), w)
    assert why_none(p, v) == "v has no gradient: torch.autograd.grad did not ask for it"


def test_explain_says_that_grad_asked_for_others():
    net, x = nn.Linear(2, 3), torch.ones(4, 2, requires_grad=True)
    with profile() as p:
        torch.autograd.grad(net(x).sum(), x, create_graph=True)
    answer = "torch.autograd.grad did not ask for it"
    assert ag.why_none(p.trace, "net.weight") == f"net.weight has no gradient: {answer}"
    assert viewer.explain(p.trace).splitlines()[-1] == f"net.weight, net.bias: {answer}"


def test_leaves_that_backward_was_not_asked_for_say_so():
    w, v = (torch.ones(2, requires_grad=True) for _ in range(2))
    with profile() as p:
        (w * v).sum().backward(inputs=[w])
    assert why_none(p, v) == "v has no gradient: backward(inputs=...) did not ask for it"


def test_changes_of_leaves_are_no_cuts():
    w, v = (torch.ones(2, requires_grad=True) for _ in range(2))
    with profile() as p:
        with torch.no_grad():
            v.mul_(2)
            v[0] = 1.0
        w.sum().backward()
    assert why_none(p, v) == "v has no gradient: nothing is computed from it"


def test_a_saved_trace_knows_the_reasons(tmp_path):
    p, _ = reasons()
    p.trace.save(tmp_path / "t.json")
    assert ag.why_none(tmp_path / "t.json", "net.unused.weight").endswith(
        "nothing is computed from it"
    )


def test_a_profile_prints_params_without_gradients():
    p, _ = reasons()
    text = viewer.to_text(p.trace)
    assert "Param net.unused.weight  3×2 float32  no gradient: nothing is computed from it" in text
    assert p.about["without gradient"]["net.frozen.weight"] == "requires_grad is False"


def test_a_param_that_another_loss_reaches_is_not_missed():
    w, v = (torch.ones(2, requires_grad=True) for _ in range(2))
    with profile() as p:
        v.sum().backward()
        (w + v.detach()).sum().backward()
    assert "without gradient" not in p.about


def test_explain_ends_with_the_reasons():
    p, _ = reasons()
    lines = viewer.explain(p.trace).splitlines()
    assert "Params without gradients:" in lines
    assert lines[-1] == "net.unused.weight: nothing is computed from it"


def test_reasons_print_numbers_in_six_digits():
    w, v = (torch.tensor(0.7, requires_grad=True) for _ in range(2))
    with profile(values=True) as p:
        (w + (v * 2).detach()).backward()
    assert ". multiply(P(0.7), 2) at " in why_none(p, v)


def test_unused_params_have_the_name_of_their_module():
    w, unused = torch.ones(2, requires_grad=True), None
    with profile() as p:
        unused = nn.Linear(2, 3)
        w.sum().backward()
        net, unused = unused, None
    assert "unused.weight" in p.about["without gradient"]
    assert net.weight.grad is None


def test_params_of_a_part_are_named_by_the_whole():
    net = Net()
    t = adapter.trace(lambda x: net.used(x).sum(), torch.ones(4, 2))
    assert [n.name for n in t if n.kind == "param" and n.outgrad] == ["net.used.weight"]
