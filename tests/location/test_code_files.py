"""Names of files of code: none under which other lines than its own are found."""

import linecache
import traceback
import types
from pathlib import Path

import numpy as np
import pytest

import autograd_tools as ag
from autograd_tools.location.code_files import file_of

SOURCE = "def f(x):\n    y = np.log(x)\n    return np.sum(y * 2)\n"


def run(source, name, variables):
    exec(compile(source, name, "exec"), variables)
    return variables["f"]


@pytest.mark.parametrize("name", ["<string>", "cell 3", "train.py", __file__, "/no/where.py"])
def test_code_from_exec_shows_no_foreign_line(name):
    f = run(SOURCE, name, dict(globals()))
    with pytest.raises(TypeError) as caught:
        f("text")
    traceback.format_exception(caught.value)  # puts lines of this module into linecache
    with pytest.raises(ag.NonFiniteError) as caught:
        ag.diff(f, ag.Param(np.zeros(2)), watch="nan")
    assert f"  at <{name.strip('<>')}>:2 in f\n  node 2" in str(caught.value)


def test_code_of_a_file_that_has_changed_shows_no_line(tmp_path):
    path = tmp_path / "model.py"
    path.write_text("import numpy as np\n" + SOURCE)
    f = run(path.read_text(), str(path), {"__file__": str(path)})
    path.write_text("# one more line\nimport numpy as np\n" + SOURCE)
    assert file_of(f.__code__, f.__globals__) == f"<{path}>"


def test_code_with_its_own_lines_keeps_its_name(tmp_path):
    path = tmp_path / "model.py"
    path.write_text(SOURCE)
    f = run(SOURCE, str(path), {})
    assert file_of(f.__code__, f.__globals__) == str(path)


def sent(f, **variables):
    """Return a function as cloudpickle sends it: without the name of its file."""
    code = f.__code__.replace(co_filename="<dynamic-code>")
    return types.FunctionType(code, {"np": np, **variables}, f.__name__)


def test_a_function_sent_by_cloudpickle_has_the_file_of_its_module(tmp_path):
    path = tmp_path / "model.py"
    path.write_text(SOURCE)
    f = sent(run(SOURCE, str(path), {}), __file__=str(path))
    with ag.profile() as p:
        ag.grad(f)(np.ones(2))
    assert {record.file for record in p.records} == {str(path)}


def test_on_a_machine_without_that_file_it_has_it_too():
    f = sent(run(SOURCE, "model.py", {}), __file__="/no/model.py")
    assert file_of(f.__code__, f.__globals__) == "/no/model.py"


@pytest.mark.parametrize("variables", [{}, {"__file__": None}, {"__file__": __file__}])
def test_a_sent_function_of_no_module_or_another_has_no_file(variables):
    f = sent(run(SOURCE, "model.py", {}), **variables)
    assert file_of(f.__code__, f.__globals__) == "<dynamic-code>"


def test_the_lines_of_a_notebooks_cell_are_shown():
    name = "/tmp/ipykernel_1/5.py"
    linecache.cache[name] = len(SOURCE), None, SOURCE.splitlines(keepends=True), name
    f = run(SOURCE, name, {"np": np})
    with pytest.raises(ag.NonFiniteError, match=r"\n    y = np.log\(x\)\n"):
        ag.diff(f, ag.Param(np.zeros(2)), watch="nan")
    del linecache.cache[name]


def decorator(*names):
    return lambda f: f


@decorator("a", "b")
def decorated(x):
    class Local:
        value = np.exp(x) * 2

    return Local.value


FUNCTIONS = [decorated, lambda x: np.sin(x) * 2, decorator, Path.read_text, np.tile]


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__qualname__)
def test_functions_keep_the_names_of_their_files(f):
    f = getattr(f, "__wrapped__", f)
    assert file_of(f.__code__, f.__globals__) == f.__code__.co_filename


@pytest.fixture
def edited(tmp_path):
    """A function whose file has changed since it ran, and the file."""
    path = tmp_path / "model.py"
    path.write_text("import numpy as np\n" + SOURCE)
    f = run(path.read_text(), str(path), {"__file__": str(path)})
    tape = ag.diff(f, ag.Param(np.ones(2)))
    path.write_text(path.read_text().replace("np.log(x)", "np.sqrt(x)  # as of now"))
    linecache.checkcache()
    return f, path, tape


def code(tape):
    return [line.code for line in tape.trace().columns.source_lines if line.code]


def test_lines_of_an_edited_file_are_those_that_ran(edited):
    assert code(edited[2]) == ["y = np.log(x)", "return np.sum(y * 2)"]


def test_an_old_function_of_an_edited_file_keeps_its_lines(edited):
    f = edited[0]
    again = types.FunctionType(f.__code__.replace(), f.__globals__)
    assert code(ag.diff(again, ag.Param(np.ones(2)))) == ["y = np.log(x)", "return np.sum(y * 2)"]


def test_a_function_that_is_loaded_again_has_its_new_lines(edited):
    _, path, _ = edited
    f = run(path.read_text(), str(path), {"__file__": str(path)})
    assert code(ag.diff(f, ag.Param(np.ones(2))))[0] == "y = np.sqrt(x)  # as of now"


def test_lines_loaded_again_need_no_traceback_before(tmp_path):
    path = tmp_path / "model.py"
    path.write_text("import numpy as np\n" + SOURCE)
    for op in ("log", "sqrt"):
        path.write_text(path.read_text().replace("np.log", f"np.{op}"))
        f = run(path.read_text(), str(path), {"__file__": str(path)})
        tape = ag.diff(f, ag.Param(np.ones(2)))
    assert code(tape)[0] == "y = np.sqrt(x)"
