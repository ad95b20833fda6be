"""Saved traces of all engines, against the JSON schema of the trace format."""

import json
import runpy
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

import autograd_tools as ag
from viewer import adapters

jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
SCHEMA = json.loads((files("autograd_tools.tracing") / "trace.schema.json").read_text("utf-8"))
EXAMPLE = Path(__file__).parents[3] / "examples" / "toy_engine.py"
X = np.linspace(-1, 1, 6).reshape(2, 3)


def numpy_trace():
    def f(w, spare):
        h = w
        for _ in range(3):
            h = np.tanh(h @ X.T @ X) + np.concatenate([h, h], axis=0)[:2]
        return np.sum(h, axis=-1).sum()

    return ag.trace(f, X, np.ones(2))


def torch_trace():
    torch = pytest.importorskip("torch")
    from torch.utils.checkpoint import checkpoint

    net = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Linear(3, 1))
    net[1].bias.requires_grad_(False)
    spare = torch.ones(2, requires_grad=True)

    def f(x):
        h = checkpoint(net, x, use_reentrant=False)
        a, b = torch.cat([h, h], 1).unbind(1)
        return (a * b).sum() + (spare * 2).detach().sum() + h[0, 0].log()

    return adapters.torch.trace(f, torch.tensor(X, dtype=torch.float32))


def jax_trace(**options):
    jax = pytest.importorskip("jax")

    def f(p, key):
        noise = jax.random.normal(key, (2, 3))
        h, _ = jax.lax.scan(lambda h, _: (jax.numpy.tanh(h * p["w"]), None), noise, None, 3)
        return h.sum() + jax.lax.stop_gradient(p["b"]).sum()

    return adapters.jax.trace(f, {"w": X, "b": np.ones(2)}, jax.random.key(0), **options)


def hips_trace():
    anp = pytest.importorskip("autograd.numpy")
    return adapters.hips.trace(lambda w: anp.sum(anp.tanh(anp.dot(X, w)) ** 2), X.T)


def toy_trace():
    names = runpy.run_path(EXAMPLE)
    w = names["Number"](0.5, name="w")
    y = (w * w).sin()
    names["backward"](y)
    return ag.Trace.from_dict(names["trace_of"](names["TAPE"], y))


TRACES = {
    "NumPy": numpy_trace,
    "PyTorch": torch_trace,
    "JAX": jax_trace,
    "types of JAX": lambda: jax_trace(values=False),
    "the backward pass of JAX": lambda: jax_trace(backward=True),
    "HIPS autograd": hips_trace,
    "the toy engine": toy_trace,
}


def faults(document):
    validator = jsonschema.validators.validator_for(SCHEMA)(SCHEMA)
    return [error.message for error in validator.iter_errors(document)]


def test_the_schema_is_one():
    jsonschema.validators.validator_for(SCHEMA).check_schema(SCHEMA)


@pytest.mark.parametrize("engine", TRACES)
def test_a_saved_trace_fits_the_schema(ask, tmp_path, engine):
    trace = TRACES[engine]()
    trace.save(tmp_path / "t.json")
    assert faults(json.loads((tmp_path / "t.json").read_text("utf-8"))) == []
    valid = f"t.json is a valid trace of {len(trace)} nodes\n"
    assert ask("check", "t.json") == (valid, "", 0)


def test_the_document_of_the_toy_engine_fits_the_schema():
    names = runpy.run_path(EXAMPLE)
    w = names["Number"](0.5, name="w")
    assert faults(names["trace_of"](names["TAPE"], w)) == []


def test_traces_have_what_the_schema_knows():
    document = torch_trace().to_dict()
    assert {"reasons", "memory", "engine"} <= document.keys()
    assert document["memory"]["packed"] == 2


@pytest.mark.parametrize("key", SCHEMA["required"])
def test_the_schema_needs_its_keys(key):
    document = json.loads(json.dumps(numpy_trace().to_dict()))
    del document[key]
    assert faults(document) == [f"'{key}' is a required property"]
