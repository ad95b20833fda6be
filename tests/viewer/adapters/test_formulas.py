"""Formulas of other engines: NumPy's rule only where the operation of that name is NumPy's."""

import pytest

import viewer

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
adapter = pytest.importorskip("viewer.adapters.torch")


def leaf(*numbers):
    return torch.tensor(numbers or (0.5, 1.5, 2.5), dtype=torch.float64, requires_grad=True)


def explained(f, *leaves):
    """The lines of the backward pass of the sum of `f`."""
    text = viewer.explain(adapter.trace(lambda *args: f(*args).sum(), *leaves))
    return text.split("Backward")[1]


@pytest.mark.parametrize(
    "f",
    [
        lambda x, y: torch.max(x, y) + 0,
        lambda x, y: torch.sub(x, y, alpha=3),
        lambda x, y: torch.div(x, y, rounding_mode="floor"),
        lambda x, y: x.where(x > 1, y),
        lambda x, y: x.sum(0, keepdim=True) + y,
        lambda x, y: x.repeat(2) + x.std() * y.sum(),
        lambda x, y: x.reshape(3, 1).transpose(0, 1) + y,
    ],
    ids=["max", "alpha", "rounding", "where", "keepdim", "repeat and std", "transpose"],
)
def test_an_operation_that_differs_from_numpys_has_no_formula_of_numpy(f):
    text = explained(f, leaf(), leaf())
    assert "∂x" in text
    assert not any(word in text for word in ("share", "argsort", "no gradient", "expand_dims"))


SHARED = {
    "x * y": ("∇x = ∇v3 * y", "∇y = ∇v3 * x"),
    "x - y": ("∇x = ∇v3", "∇y = -∇v3"),
    "x / y": ("∇x = ∇v3 / y", "∇y = -∇v3 * (v3 / y)"),
    "torch.exp(x)": ("∇x = ∇v2 * v2",),
    "torch.tanh(x)": ("∇x = ∇v2 * (1 - v2 * v2)",),
}


@pytest.mark.parametrize("code", SHARED)
def test_an_operation_as_numpys_has_its_formula(code):
    f = eval(f"lambda x, y: {code}", {"torch": torch})
    text = explained(f, leaf(), leaf(1.0, 2.0, 4.0))
    for formula in SHARED[code]:
        assert formula in text


def test_a_saved_trace_keeps_its_engine(tmp_path):
    import autograd_tools as ag

    t = adapter.trace(lambda x: torch.max(x, 1 - x).sum(), leaf())
    t.save(tmp_path / "t.json")
    assert ag.load_trace(tmp_path / "t.json").columns.engine == "torch"
    assert viewer.explain(str(tmp_path / "t.json")) == viewer.explain(t)
