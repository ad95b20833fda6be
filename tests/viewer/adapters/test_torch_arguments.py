"""The argument that the backward time of an operation of PyTorch belongs to."""

import pytest

torch = pytest.importorskip(
    "torch", reason="PyTorch is not installed: pip install 'autograd-tools[torch]'"
)
functional = torch.nn.functional
adapter = pytest.importorskip("viewer.adapters.torch")


class Scaled(torch.autograd.Function):
    """A product with a number."""

    @staticmethod
    def forward(ctx, factor, x):
        return factor * x

    @staticmethod
    def backward(ctx, dy):
        return None, dy


W, V, B = (torch.ones(*shape, requires_grad=True) for shape in ((2, 2), (2, 2), (2,)))
C, ROWS = torch.ones(2, 2), torch.tensor([0, 1])
ONE = {
    "a constant after it": (lambda: torch.mm(W, C), 1),
    "a constant before it": (lambda: torch.mm(C, W), 2),
    "an operator": (lambda: C @ W, 2),
    "a number before it": (lambda: 2 - W, 2),
    "a number after it": (lambda: W - 2, 1),
    "a method": (lambda: W.mul(C), 1),
    "a condition": (lambda: torch.where(C > 0, 0.0, W), 3),
    "a second one": (lambda: torch.addmm(C, W, C), 2),
    "a third one": (lambda: torch.addmm(C, C, W), 3),
    "a list": (lambda: torch.cat([C, W, V]), 1),
    "a list and a keyword": (lambda: torch.stack((W, C), dim=1), 1),
    "an equation": (lambda: torch.einsum("ij,jk->ik", C, W), 3),
    "an index": (lambda: W[0], 1),
    "a table": (lambda: functional.embedding(ROWS, W), 2),
    "a layer without a bias": (lambda: functional.linear(C, W), 2),
    "several operations": (lambda: functional.linear(torch.ones(3, 2, 2), W), 2),
    "a target": (lambda: functional.mse_loss(C, W), 2),
    "a change in place": (lambda: torch.zeros(2, 2).add_(W), 2),
    "a shape of another Param": (lambda: B.expand_as(W), 1),
    "a custom function": (lambda: Scaled.apply(2.0, W), 2),
}
SEVERAL = {
    "two Params": lambda: torch.mm(W, V),
    "one Param twice": lambda: W * W,
    "a layer with a bias": lambda: functional.linear(C, W, B),
    "two results of one operation": lambda: torch.dot(*W.unbind()),
    "a choice of two": lambda: torch.where(C > 0, W, V),
    "a number on either side": lambda: 2 * W,
    "a keyword": lambda: torch.mm(C, mat2=W),
    "all keywords": lambda: torch.cat(tensors=[W, C]),
}


def arguments(f):
    """The arguments with a backward time, of the last operation before a sum."""
    t = adapter.trace(lambda: f().sum())
    node = next(n for n in reversed([*t]) if n.kind == "result" and n.op != "sum")
    return [*node.backward_ns]


@pytest.mark.parametrize("name", ONE)
def test_time_belongs_to_the_one_argument_with_a_gradient(name):
    f, number = ONE[name]
    assert arguments(f) == [number]


@pytest.mark.parametrize("name", SEVERAL)
def test_time_of_several_arguments_or_keywords_is_the_operations(name):
    assert arguments(SEVERAL[name]) == [0]
