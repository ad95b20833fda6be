"""PyTorch: gradients as traces and profiles, at the user's lines."""

import inspect
import itertools
import sys

import pytest

import viewer

torch = pytest.importorskip(
    "torch", reason="PyTorch is not installed: pip install 'autograd-tools[torch]'"
)
functional, nn = torch.nn.functional, torch.nn
adapter = pytest.importorskip("viewer.adapters.torch")
profile, trace = adapter.profile, adapter.trace


def here(text, function):
    """The number of the line of a function that has a text."""
    lines, first = inspect.getsourcelines(function)
    return first + next(i for i, line in enumerate(lines) if text in line)


def node(t, op):
    return next(n for n in t if n.op == op)


def leaf(requires_grad=True):
    return torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=requires_grad)


class Clock:
    """A clock that advances a millisecond at each look, and by more when asked."""

    def __init__(self):
        self.now = 0

    def __call__(self):
        self.now += 10**6
        return self.now


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
        self.head = nn.Linear(3, 1)

    def forward(self, x):
        h = self.encoder(x)
        for _ in range(3):
            h = torch.tanh(h) + h
        return self.head(h)


def loss(w):
    y = w * 2
    return torch.sum(y**2)


# Nodes.


def test_operations_have_the_names_of_operators_and_functions():
    t = trace(lambda w: (1 - torch.exp(w) / 2).sum(), leaf())
    assert [n.op for n in t] == ["", "exp", "divide", "subtract", "sum"]


def test_values_and_gradients_are_those_of_pytorch():
    t = trace(loss, leaf())
    assert (t[t.result].value.mean, t[1].outgrad.max) == (120.0, 32.0)


def test_lines_are_those_of_the_user():
    t = trace(loss, leaf())
    assert node(t, "multiply").line == here("w * 2", loss)
    assert node(t, "sum").line == here("torch.sum", loss)


def test_arguments_refer_to_parents():
    t = trace(loss, leaf())
    assert str(t).splitlines()[1:3] == [
        "2. float32[2,2] = multiply(P(float32[2,2]), 2) ∇=float32[2,2]",
        "3. float32[2,2] = power(R(float32[2,2]), 2) ∇=float32[2,2]",
    ]


def test_keywords_with_default_values_are_left_out():
    t = trace(lambda w: functional.softmax(w, dim=1).sum(), leaf())
    assert node(t, "softmax").call == "softmax(P(float32[2,2]), dim=1)"


def test_tensors_in_lists_are_parents():
    t = trace(lambda w: torch.cat([w, w]).sum(), leaf())
    assert node(t, "cat").parents == (1, 1)
    assert node(t, "cat").call == "cat([P(float32[2,2]), P(float32[2,2])])"


def test_several_results_are_a_tuple():
    t = trace(lambda w: sum(x.sum() for x in w.unbind()), leaf())
    assert node(t, "unbind").value.text == "(float32[2], float32[2])"


# Scopes.


def test_modules_are_scopes_by_their_names():
    model = Model()
    t = trace(lambda x: model(x).sum(), torch.ones(4, 2))
    assert [n.scope for n in t if n.op == "linear"] == [
        ("model", "encoder", "0"),
        ("model", "head"),
    ]


def test_params_are_named_by_their_modules():
    model = Model()
    t = trace(lambda x: model(x).sum(), torch.ones(4, 2))
    assert [n.name for n in t if n.kind == "param"] == [
        *("model.encoder.0.weight", "model.encoder.0.bias"),
        *("model.head.weight", "model.head.bias"),
    ]


def test_params_in_containers_and_objects_have_names():
    class Holder:
        def __init__(self):
            self.scale = leaf()

    def f(weights, shifts, holder):
        return (weights["up"] * shifts[0] * holder.scale).sum()

    t = trace(f, {"up": leaf()}, [leaf()], Holder())
    assert [n.name for n in t if n.kind == "param"] == ["up", "shifts[0]", "scale"]


def test_modules_of_pytorch_are_at_the_users_line():
    model = Model()
    t = trace(lambda x: model(x).sum(), torch.ones(4, 2))
    assert node(t, "relu").line == here("self.encoder(x)", Model.forward)


def test_loops_have_steps():
    model = Model()
    t = trace(lambda x: model(x).sum(), torch.ones(4, 2))
    assert [p.name for p in t.places if p.kind == "step"] == ["1", "2", "3"]


def test_each_call_of_a_module_has_a_number():
    layer = nn.Linear(2, 2)
    t = trace(lambda x: layer(layer(x)).sum(), torch.ones(4, 2))
    first, second = [n.calls for n in t if n.op == "linear"]
    assert first != second


def test_a_recursive_module_nests():
    class Tree(nn.Module):
        def __init__(self, depth):
            super().__init__()
            self.inner = Tree(depth - 1) if depth else None

        def forward(self, x):
            return torch.sin(x if self.inner is None else self.inner(x))

    tree = Tree(2)
    t = trace(lambda x: tree(x).sum(), leaf())
    assert [n.scope for n in t if n.op == "sin"] == [
        ("tree", "inner", "inner"),
        ("tree", "inner"),
        ("tree",),
    ]


# Times.


def test_a_custom_function_takes_its_time_at_its_line():
    clock = Clock()

    class Slow(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, dy):
            clock.now += 10**9
            return dy * 2

    def slow(w):
        y = Slow.apply(w)
        return torch.sin(y).sum()

    w = leaf()
    with profile(clock=clock) as p:
        slow(w).backward()
    record, _ = max(p.records.items(), key=lambda item: item[1].ns)
    assert (record.label, record.phase) == ("Slow[1]", "backward")
    assert record.line == here("Slow.apply", slow)


def test_forward_time_is_at_the_line():
    clock = Clock()

    class Slow(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            clock.now += 10**9
            return x * 2

        @staticmethod
        def backward(ctx, dy):
            return dy * 2

    w = leaf()
    with profile(clock=clock) as p:
        Slow.apply(w).sum().backward()
    record, counts = max(p.records.items(), key=lambda item: item[1].ns)
    assert (record.label, record.phase) == ("Slow", "forward")
    assert counts.ns > 10**9


def test_operations_without_a_gradient_are_measured():
    with profile() as p:
        torch.ones(2).exp()
    assert [(r.op, r.phase) for r in p.records] == [("ones", "forward"), ("exp", "forward")]


def test_each_backward_pass_is_a_gradient():
    w = leaf()
    with profile() as p:
        for _ in range(3):
            loss(w).backward()
        torch.autograd.grad(loss(w), w)
    assert p.steps == 4
    assert {r.op: c.calls for r, c in p.records.items() if r.phase == "backward"} == {
        "multiply": 4,
        "power": 4,
        "sum": 4,
    }


def test_a_profile_has_the_trace_of_the_last_gradient():
    w = leaf()
    with profile() as p:
        loss(w).backward()
        torch.exp(w).sum().backward()
    assert [n.op for n in p.trace] == ["", "exp", "sum"]


def test_a_profile_without_gradients_has_no_trace():
    with profile() as p:
        pass
    assert (p.trace, p.steps) == (None, 0)


def test_saved_bytes_count_once_and_without_leaves():
    w = leaf()
    with profile() as p:
        y = torch.exp(w)  # saves its result
        torch.sum(y * y).backward()  # saves the same
    assert {r.op: c.kept for r, c in p.records.items() if r.phase == "forward"} == {
        "exp": 16,
        "multiply": 0,
        "sum": 0,
    }


def test_hotspots_name_the_modules():
    model = Model()
    with profile() as p:
        model(torch.ones(4, 2)).sum().backward()
    assert "model / encoder / 0" in viewer.hotspots(p, "scope")


# Bad and unusual programs.


def test_several_results_are_differentiated_together():
    t = trace(lambda w: [w.sum(), (w * w).sum()], leaf())
    assert t[1].outgrad.max == 9.0


def test_a_result_that_is_no_scalar_has_no_gradient():
    t = trace(lambda w: w * 2, leaf())
    assert (t.result, [n.outgrad for n in t]) == (None, [None, None])


@pytest.mark.parametrize(
    "f",
    [lambda: torch.ones(2).sum(), lambda: 3.0, lambda: None],
    ids=["constant", "number", "nothing"],
)
def test_without_a_gradient_the_error_says_what_to_write(f):
    with pytest.raises(ValueError, match="write requires_grad=True"):
        trace(f)


def test_the_grad_of_leaves_stays():
    w = leaf()
    w.grad = torch.ones(2, 2)
    trace(loss, w)
    assert torch.equal(w.grad, torch.ones(2, 2))


def test_a_function_that_runs_backward_gives_its_pass():
    w = leaf()
    t = trace(lambda: loss(w).backward())
    assert [n.op for n in t] == ["", "multiply", "power", "sum"]


def test_what_was_computed_before_has_an_unknown_line():
    y = torch.tanh(leaf())
    t = trace(lambda: torch.sum(y * 2))
    assert (node(t, "Tanh").file, node(t, "Tanh").line) == ("", 0)


def test_changes_in_place_are_nodes():
    def f(w):
        y = w * 1
        y[0] = 0.0
        y.exp_()
        return y.sum()

    t = trace(f, leaf())
    assert [n.op for n in t] == ["", "multiply", "setitem", "exp_", "sum"]
    assert t[1].outgrad.zeros == 2


def test_values_that_changed_have_no_statistics():
    def f(w):
        y = w * 1
        y.add_(1)
        return y.sum()

    t = trace(f, leaf())
    assert (t[2].value.max, t[3].value.max) == (None, 5.0)


def test_detached_values_are_constants():
    t = trace(lambda w: (w.detach() * w).sum(), leaf())
    assert node(t, "multiply").call == "multiply(float32[2,2], P(float32[2,2]))"


def test_checkpoints_keep_the_lines_inside():
    from torch.utils.checkpoint import checkpoint

    def inner(x):
        return torch.sin(torch.exp(x))

    t = trace(lambda w: checkpoint(inner, w, use_reentrant=False).sum(), leaf())
    assert [(n.op, n.line) for n in t if n.line == here("torch.sin", inner)] == [
        ("exp", here("torch.sin", inner)),
        ("sin", here("torch.sin", inner)),
    ]


def test_a_reentrant_checkpoint_is_one_node():
    from torch.utils.checkpoint import checkpoint

    t = trace(lambda w: checkpoint(torch.exp, w, use_reentrant=True).sum(), leaf())
    assert [n.op for n in t] == ["", "CheckpointFunction", "sum"]


def test_a_compiled_function_is_one_node():
    def f(w):
        inner = torch.compile(lambda x: torch.sin(torch.exp(x)), backend="eager")
        return inner(w).sum()

    t = trace(f, leaf())
    assert [n.op for n in t] == ["", "compiled <lambda>", "sum"]
    assert t[2].line == here("inner(w)", f)


def test_a_compiled_module_is_one_node_with_its_params():
    layer = torch.compile(nn.Linear(2, 3), backend="eager")
    t = trace(lambda x: layer(x).sum(), torch.ones(4, 2))
    assert [n.op for n in t] == ["", "", "compiled Linear", "sum"]


def test_a_function_that_was_compiled_before_has_an_unknown_line():
    inner = torch.compile(lambda x: torch.exp(x), backend="eager")  # noqa: PLW0108
    t = trace(lambda w: (inner(w) * 2).sum(), leaf())
    assert [(n.op, n.line > 0) for n in t] == [
        *(("", False), ("Exp", False)),
        *(("multiply", True), ("sum", True)),
    ]


def test_autocast_shows_the_dtype():
    def f(w):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return (w @ w).sum().float()

    assert node(trace(f, leaf()), "matmul").value.dtype == "bfloat16"


def test_a_nan_is_found():
    t = trace(lambda w: torch.log(w - 2).sum(), leaf())
    assert node(t, "log").value.nans == 1
    assert "log" in viewer.to_text(t, where="nan")


def test_an_error_ends_the_recording():
    with pytest.raises(ZeroDivisionError), profile():
        raise ZeroDivisionError
    assert torch.overrides._get_current_function_mode() is None
    assert torch.nn.Module.__call__.__name__ == "_wrapped_call_impl"


def test_a_failed_backward_pass_is_no_gradient():
    w = leaf()
    y = loss(w)
    y.backward()
    with profile() as p, pytest.raises(RuntimeError):
        y.backward()
    assert p.steps == 0


def test_a_graph_outlives_its_recording():
    w = leaf()
    with profile():
        y = loss(w)
    y.backward()
    assert w.grad.max() == 32.0


def test_recordings_nest():
    w = leaf()
    with profile() as outer:
        t = trace(loss, w)
    assert [n.op for n in t] == ["", "multiply", "power", "sum"]
    assert outer.steps <= 1


def test_a_long_chain_makes_a_trace():
    def f(w):
        for _ in range(3000):
            w = w + 1
        return w.sum()

    assert len(trace(f, leaf())) == 3002


def test_a_trace_survives_saving(tmp_path):
    import autograd_tools as ag

    t = trace(loss, leaf())
    t.save(tmp_path / "t.json")
    assert str(ag.load_trace(tmp_path / "t.json")) == str(t)


def test_pictures_and_texts_take_a_trace():
    model = Model()
    t = trace(lambda x: model(x).sum(), torch.ones(4, 2))
    for text in (viewer.to_dot(t), viewer.to_text(t, "tree"), viewer.explain(t)):
        assert "linear" in text


def test_numbers_of_calls_grow():
    t = trace(loss, leaf())
    assert all(a.id < b.id for a, b in itertools.pairwise(t))


def test_a_trace_has_the_bytes_that_operations_save():
    w = torch.ones(64, 64, requires_grad=True)
    t = adapter.trace(lambda: torch.sum(torch.exp(torch.tanh(w))))
    text = viewer.to_text(t, "table", columns="op,saved,allocated")
    assert [line.split() for line in text.splitlines()[1:]] == [
        ["∅", "16.0KiB"],
        ["tanh", "16.0KiB", "32.0KiB"],
        ["exp", "16.0KiB", "16.0KiB"],
        ["sum", "∅", "4.00B"],
    ]


def test_a_solve_is_at_its_line_in_both_passes():
    def f(w):
        h = torch.sin(w)
        return torch.linalg.solve(h + 3 * torch.eye(2), torch.ones(2, 2)).sum()

    w = leaf()
    with profile() as p:
        f(w).backward()
    line = here("linalg.solve", f)
    assert {(r.phase, r.line) for r in p.records if r.op == "linalg_solve"} == {
        ("forward", line),
        ("backward", line),
    }


def test_params_of_modules_that_are_not_called_have_names():
    class Holder(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(torch.ones(2))

    holder = Holder()
    t = trace(lambda x: (holder.w * x).sum(), torch.ones(2))
    assert t[1].name == "holder.w"


def steps_of(f, *args):
    """The lines of a lesson, without columns."""
    return [" ".join(line.split()) for line in viewer.explain(trace(f, *args)).splitlines()]


def difference(w):
    a, b = w.chunk(2)
    return (a - b).sum()


def test_a_result_of_several_has_its_number():
    steps = steps_of(difference, leaf())
    assert "3. v3 = v2[0] - v2[1] float32[1,2]" in steps
    assert "3. ∇v2[0] += ∇v3 term 1 of 2" in steps


def test_states_of_a_cell_have_numbers():
    cell = nn.LSTMCell(2, 3)

    def run(x):
        return cell(x, cell(x))[0].sum()

    calls = [n.call for n in trace(run, torch.ones(1, 2)) if n.op == "lstm_cell"]
    both = "(float32[1,3], float32[1,3])"
    assert f"[R({both})[0], R({both})[1]]" in calls[1]


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (lambda w: w[:, :1], "w[:, :1]"),
        (lambda w: w[..., -1], "w[..., -1]"),
        (lambda w: w[0, 1], "w[0, 1]"),
        (lambda w: w[1:,], "w[1:]"),
        (lambda w: w[[0, 1]], "w[[0, 1]]"),
        (lambda w: w[...], "w[...]"),
    ],
)
def test_indices_print_as_in_python(read, text):
    w = leaf()
    steps = steps_of(lambda: read(w).sum())
    assert any(step.startswith(f"2. v2 = {text}") for step in steps)
    assert any(step.startswith(f"2. ∇{text} += ∇v2") for step in steps)


def test_a_result_that_is_nan_shows_nan():
    t = trace(lambda x: torch.sum(x * float("nan")), leaf())
    assert viewer.to_text(t).splitlines()[-1] == "v3 = sum(v2)  nan  ∇ 1"


# Tensors that refuse questions.


def test_a_view_from_under_no_grad_may_change_in_place():
    t = trace(lambda: torch.nn.Embedding(4, 2, padding_idx=0)(torch.tensor([1])).sum())
    assert [n.op for n in t if n.kind == "result"] == ["embedding", "sum"]


def test_transforms_of_functions_have_lines_without_statistics():
    def f(w, x):
        return torch.sin(w * x).sum()

    with profile(values=True) as p:
        torch.func.vmap(torch.func.grad(f), in_dims=(None, 0))(torch.ones(3), torch.ones(2, 3))
    rows = [(n.op, n.line, n.value.shape, n.value.norm) for n in p.trace if n.kind == "result"]
    line = here("torch.sin", f)
    assert rows == [
        ("multiply", line, (3,), None),
        ("sin", line, (3,), None),
        ("sum", line, (), None),
    ]
    assert viewer.memory(p.trace).peak.nbytes > 0


def test_warnings_are_at_the_line_of_the_user():
    def f(w):
        functional.mse_loss(w, torch.ones(2, 2))
        return functional.mse_loss(w, torch.ones(3, 2)).backward()

    with pytest.warns(UserWarning, match="a target size") as caught, profile():
        f(torch.ones(2, requires_grad=True))
    lines = [here("ones(2, 2)", f), here("ones(3, 2)", f)]
    assert [(w.filename, w.lineno) for w in caught] == [(__file__, line) for line in lines]


# Gradients of gradients.


def penalty(w, x):
    y = torch.tanh(x * w).sum()
    (dx,) = torch.autograd.grad(y, x, create_graph=True)
    return (dx**2).mean()


def test_a_backward_pass_in_the_graph_has_the_lines_of_its_operations():
    x = torch.ones(2, 2, requires_grad=True)
    t = trace(penalty, leaf(), x)
    made = [n for n in t if n.gradient]
    assert {(n.gradient, n.line) for n in made} == {
        ("tanh", here("torch.tanh", penalty)),
        ("multiply", here("torch.tanh", penalty)),
    }
    assert {(n.scope, n.value.shape) for n in made} == {(("penalty",), (2, 2))}


def test_times_of_second_derivatives_are_at_the_first_line():
    w, x = leaf(), torch.ones(2, 2, requires_grad=True)
    with profile() as p:
        penalty(w, x).backward()
    lines = {here("torch.tanh", penalty), here("dx**2", penalty), here("autograd.grad", penalty)}
    assert {r.line for r in p.records} <= lines


def test_what_is_made_outside_of_a_pass_belongs_to_no_gradient():
    w = leaf()
    with profile() as p:
        torch.autograd.grad((w**3).sum(), w, create_graph=True)
        with torch._C.DisableTorchFunction():
            unseen = torch.exp(w)
        unseen.sum().backward()
    assert [(n.op, n.gradient, n.line) for n in p.trace if n.op == "Exp"] == [("Exp", "", 0)]


def test_a_gradient_outside_of_its_trace_has_its_place():
    def f(x):
        y = torch.sin(x)
        return torch.autograd.grad(y.sum(), x, create_graph=True)[0].sum()

    t = trace(f, torch.ones(3, requires_grad=True))
    made = [n for n in t if n.gradient]
    assert "sin" not in [n.op for n in t]
    assert {(n.gradient, n.line, n.scope) for n in made} == {
        ("sin", here("torch.sin", f), (f.__qualname__.replace(".<locals>", ""),))
    }


def test_each_grad_fn_of_a_layer_counts_once():
    clock, layer = Clock(), nn.Linear(2, 2)
    with profile(clock=clock) as p:
        layer(torch.ones(1, 2)).sum().backward()
    calls = {r.op: c.calls for r, c in p.records.items() if r.phase == "backward"}
    assert calls == {"linear": 1, "sum": 1}


UNUSUAL = {
    "sparse": lambda w: torch.sparse.mm(torch.eye(2).to_sparse(), w),
    "sparse rows": lambda w: torch.eye(2).to_sparse_csr() @ w,
    "sparse gradient": lambda w: functional.embedding(torch.tensor([1]), w, sparse=True),
    "nested": lambda w: torch.nested.to_padded_tensor(torch.nested.as_nested_tensor([w, w[:1]]), 0),
    "complex": lambda w: torch.fft.fft(w).abs(),
    "half": lambda w: w.half() @ w.half(),
}


@pytest.mark.parametrize("name", UNUSUAL)
@pytest.mark.filterwarnings("ignore:.*(beta state|prototype stage)")
def test_unusual_tensors_are_recorded(name):
    t = trace(lambda w: UNUSUAL[name](w).sum(), leaf())
    line = 1 + here(f'"{name}"', sys.modules[__name__])  # a module begins at 0
    assert line in {n.line for n in t}


@pytest.mark.parametrize("made", [torch.jit.script, lambda m: torch.jit.trace(m, torch.ones(1, 2))])
@pytest.mark.filterwarnings("ignore")
def test_modules_of_torchscript_are_recorded(made):
    module = made(nn.Linear(2, 1))
    assert trace(lambda: module(torch.ones(3, 2)).sum()).result


@pytest.mark.slow
def test_a_module_may_be_compiled_while_it_is_recorded(ask_process, script):
    source = (
        "import torch\nnet = torch.nn.Linear(2, 1)\nm = torch.compile(net, backend='eager')\n"
        "for n in (1, 2, 3):\n    m(torch.ones(n, 2)).sum().backward()\nprint(net.weight.grad)\n"
    )
    output, errors, status = ask_process("show", script(source))
    assert ("tensor([[6., 6.]])" in output, "compiled Linear(" in output) == (True, True)
    assert (errors, status) == (
        "autograd-tools: using gradient 1 of 3; --step N selects another\n",
        0,
    )


class Secret(torch.Tensor):
    """A tensor that does not tell whether it is a view."""

    def _is_view(self):
        raise ValueError("secret")


def test_an_operation_that_cannot_be_recorded_is_a_warning():
    def f(w):
        for _ in range(2):
            y = (w.as_subclass(Secret) * 2).as_subclass(torch.Tensor)
        return y.sum()

    message = "multiply of PyTorch was not recorded: ValueError: secret"
    with pytest.warns(UserWarning, match=message) as caught:
        t = trace(f, leaf())
    places = [(w.filename, w.lineno) for w in caught if "multiply" in str(w.message)]
    assert places == [(__file__, here("* 2", f))]
    assert t[1].outgrad.max == 2.0
