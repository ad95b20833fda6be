"""Every kind of program behaves the same under `run` and under Python."""

import json
import os
import py_compile
import sys
import zipfile

import pytest
from support.commands import MODEL, run
from support.programs import GETSOURCE, RUN, SPAWN

import viewer.command.notebook_cells as cells
from viewer.command.targets import PROGRAMS, target_of

slow = pytest.mark.slow

# The words that start a program after `python`, by the kind of program: to add one, add an entry.
TARGETS = {
    "script": ["script.py"],
    "script below": ["./pkg/train.py"],
    "executable": ["odd name"],
    "bytecode": ["script.pyc"],
    "folder": ["app"],
    "folder with a slash": ["./app/"],
    "zip": ["./app.pyz"],
    "package": ["-m", "pkg"],
    "module": ["-m", "pkg.train"],
    "module, attached": ["-mpkg.train"],
    "module of a name of Python's": ["-m", "queue"],
    "code": ["-c", "SOURCE"],
    "stdin": ["-"],
}
SOURCES = {
    "facts": '''"""Doc."""
from __future__ import annotations
import pickle, queue, sys
import helper
print(__name__, __package__, __spec__ and __spec__.name, __doc__, __annotations__, sys.argv)
print(globals().get("__file__"), globals().get("__cached__"), type(__builtins__))
print(getattr(__loader__, "__name__", type(__loader__).__name__), hasattr(queue, "SimpleQueue"))
print(sys.path[0], len(sys.path), sys.modules["__main__"].__dict__ is globals(), helper.value)
class A:
    x: no_such = 3
print(pickle.dumps(A()), pickle.loads(pickle.dumps(A())).x, A.__annotations__)
try:
    print(input("? "))
    from . import part
    print(part.value)
except (EOFError, ImportError) as error:
    print(repr(error))
''',
    "exception": "def f(n):\n    return 1 / n\n\nf(0)\n",
    "syntax": "x = = 1\n",
    "exit": "import atexit, sys, threading\natexit.register(print, 'bye')\n"
    "threading.Thread(target=threading.Event().wait, daemon=True).start()\nsys.exit(3)\n",
    "exit-os": "import os\nprint('gone', flush=True)\nos._exit(4)\n",
}
WITH_FILES = {"getsource": GETSOURCE, "spawn": SPAWN}


def lay_out(folder, source):
    """Write a program in each of its forms, with a module beside each."""
    for part in (".", "app", "pkg"):
        (folder / part).mkdir(exist_ok=True)
        (folder / part / "helper.py").write_text("value = 42\n")
    for name in ("script.py", "odd name", "app/__main__.py", "pkg/__main__.py", "pkg/train.py"):
        (folder / name).write_text(source)
    (folder / "queue.py").write_text(source)
    (folder / "pkg" / "__init__.py").write_text("")
    (folder / "pkg" / "part.py").write_text("value = 43\n")
    with zipfile.ZipFile(folder / "app.pyz", "w") as archive:
        archive.writestr("__main__.py", source)
        archive.writestr("helper.py", "value = 44\n")


def both(folder, source, words, flags=(), **variables):
    """Return what Python prints, and the exit status; and the same of `run`."""
    words = [source if word == "SOURCE" else word for word in words]
    variables = {"input": source if words == ["-"] else "a line\n", "PYTHONWARNINGS": ""}
    done = [
        run(sys.executable, *flags, *start, *words, "--flag", "-o", cwd=folder, **variables)
        for start in ((), ("-c", RUN))
    ]
    return [(end.stdout, end.stderr, end.returncode) for end in done]


@slow
@pytest.mark.parametrize("source", list(SOURCES.values()), ids=list(SOURCES))
@pytest.mark.parametrize("words", list(TARGETS.values()), ids=list(TARGETS))
def test_a_program_behaves_as_under_python(tmp_path, words, source):
    lay_out(tmp_path, source)
    if words == ["script.pyc"]:
        if source == SOURCES["syntax"]:
            pytest.skip("it does not compile")
        py_compile.compile(str(tmp_path / "script.py"), str(tmp_path / "script.pyc"))
    expected, found = both(tmp_path, source, words)
    assert found == expected


@slow
@pytest.mark.parametrize("source", list(WITH_FILES.values()), ids=list(WITH_FILES))
@pytest.mark.parametrize("words", [["script.py"], ["-m", "pkg"], ["-m", "pkg.train"]], ids=" ".join)
def test_a_program_finds_itself_again_as_under_python(tmp_path, words, source):
    lay_out(tmp_path, source)
    expected, found = both(tmp_path, source, words)
    assert found == expected


@slow
@pytest.mark.parametrize("words", [["script.py"], ["app"], ["-c", "SOURCE"]], ids=" ".join)
def test_a_safe_path_is_that_of_python(tmp_path, words):
    source = "import sys\nprint(sys.path)\n"
    lay_out(tmp_path, source)
    expected, found = both(tmp_path, source, words, flags=["-P"])
    assert found == expected


@slow
def test_a_safe_path_stays_whole_in_the_command(ask_process, script):
    source = "import sys, json\nprint(json.dumps(sys.path))\n"
    flags = [sys.executable, "-P"]
    plain = ask_process(script(source), command=flags)[0]
    assert ask_process("show", script(source), command=[*flags, "-m", "autograd_tools"])[0] == plain


@pytest.mark.parametrize(
    ("words", "name", "stem"),
    [
        (["script.py", "x"], "script.py", "script"),
        (["./app/"], "./app/", "app"),
        (["-m", "pkg.train"], "-m pkg.train", "pkg.train"),
        (["-c", "1"], "-c", "code"),
        (["-"], "standard input", "stdin"),
    ],
)
def test_a_program_has_a_name_for_messages_and_files(tmp_path, monkeypatch, words, name, stem):
    lay_out(tmp_path, "")
    monkeypatch.chdir(tmp_path)
    assert (str(target_of(words)), target_of(words).stem) == (name, stem)


def test_a_kind_of_file_is_one_entry():
    assert list(PROGRAMS)[-1] == "script"  # fits every path


@slow
@pytest.mark.parametrize("words", [["-m", "pkg.train"], ["app"], ["-c", "SOURCE"], ["-"]])
@pytest.mark.parametrize("command", ["show", "explain", "check", "profile"])
def test_each_command_runs_each_kind(ask_process, tmp_path, command, words):
    lay_out(tmp_path, MODEL)
    words = [MODEL if word == "SOURCE" else word for word in words]
    output, errors, status = ask_process(command, *words, "a", input=MODEL)
    assert (output.splitlines()[0], errors, status) == ("training a", "", 0)
    assert len(output.splitlines()) > 1


@slow
@pytest.mark.parametrize("words", [["-c", MODEL], ["-"]], ids=["code", "stdin"])
def test_a_profile_shows_lines_of_code_without_a_file(ask_process, words):
    output, errors, status = ask_process("profile", *words, input=MODEL)
    assert ("return np.sum((w @ x + b - y) ** 2)" in output, errors, status) == (True, "", 0)


def test_bytecode_of_another_version_is_refused(ask, tmp_path):
    (tmp_path / "old.pyc").write_bytes(b"\x00\x01\r\n" + bytes(30))
    version = sys.version.split()[0]
    assert ask("show", "old.pyc") == (
        "",
        f"autograd-tools: old.pyc is not bytecode of Python {version}\n",
        2,
    )


# Notebooks ----------------------------------------------------------------------------------------


@pytest.fixture
def notebook(tmp_path):
    """Write a notebook of code cells and return its name."""

    def write(*sources, language="python", nbformat=4):
        found = [{"cell_type": "markdown", "source": "# Title"}]
        found += [{"cell_type": "code", "source": source} for source in sources]
        document = {
            "cells": found,
            "metadata": {"language_info": {"name": language}},
            "nbformat": nbformat,
        }
        (tmp_path / "train.ipynb").write_text(json.dumps(document), encoding="utf-8")
        return "train.ipynb"

    return write


def test_the_cells_of_a_notebook_are_one_program(ask, notebook):
    head, loss = MODEL.split("def loss")
    output, errors, status = ask("show", "--view", "table", notebook(head, f"def loss{loss}"), "a")
    assert (output.splitlines()[0], errors, status) == ("training a", "", 0)
    assert output.splitlines()[3].endswith("train.ipynb[2]:2")


@slow
def test_a_profile_shows_the_lines_of_cells(ask_process, notebook):
    head, loss = MODEL.split("def loss")
    source = notebook(head.splitlines(keepends=True), f"def loss{loss}")
    output, errors, status = ask_process("profile", "--annotate", source)
    assert (errors, status) == ("", 0)
    assert "train.ipynb[2]:2" in output
    assert output.count("return np.sum((w @ x + b - y) ** 2)") == 2


def test_an_error_in_a_notebook_names_cell_and_line(ask, notebook, tmp_path):
    marks = "    ~^^\n" if sys.version_info >= (3, 13) else ""  # older ones mark no whole line
    assert ask("show", notebook("x = 0", "def f():\n    return 1 / x\n\nf()")) == (
        "",
        "Traceback (most recent call last):\n"
        f'  File "{tmp_path}{os.sep}train.ipynb[2]", line 4, in <module>\n    f()\n{marks}'
        f'  File "{tmp_path}{os.sep}train.ipynb[2]", line 2, in f\n    return 1 / x\n'
        "           ~~^~~\nZeroDivisionError: division by zero\n",
        1,
    )


def test_awaits_and_future_statements_work_in_a_notebook(ask, notebook):
    found = ask(
        "show",
        notebook(
            "from __future__ import annotations\nimport asyncio",
            "async def f(x: no_such): return x\nprint(await f(3))",
            "print(f.__annotations__)\nprint(asyncio.run(f(4)))",
        ),
    )
    assert found[0] == "3\n{'x': 'no_such'}\n4\n"


def test_lines_of_ipython_are_skipped_with_one_notice(ask, notebook):
    output, errors, _ = ask(
        "show",
        notebook(
            "%matplotlib inline\nx = 7\nif x:\n    !pip install \\\n        a\nprint?",
            "%%bash\nexit 3",
            "%%time\nprint(x)",
            "%time y = x + 1\nfiles = !ls it's\nz = (y\n  % 5)\nprint('''\n%d''', z)",
        ),
    )
    assert output == "7\n\n%d 3\n"
    assert errors.splitlines()[0] == (
        "autograd-tools: train.ipynb: skipped lines of IPython: %matplotlib inline, "
        "!pip install \\, print?, %%bash, files = !ls it's"
    )


@pytest.mark.parametrize("source", ["x = = 1", "x = (1", "def f(:\n  pass", "x = 1 # %?\ny = = ?"])
def test_wrong_python_in_a_cell_is_not_skipped(source):
    skipped = []
    assert (cells._python_of(source, skipped), skipped) == (source, [])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "train.ipynb is not complete JSON; it may have been cut off: "),
        ("[]", "train.ipynb is not a notebook, or damaged: "),
        ('{"nbformat": 4, "metadata": {}}', "train.ipynb is not a notebook, or damaged: "),
        (
            '{"nbformat": 4, "metadata": {}, "cells": [{"cell_type": "code", "source": 3}]}',
            "train.ipynb is not a notebook, or damaged: ",
        ),
        (
            '{"nbformat": 3, "metadata": {}}',
            "train.ipynb has notebook format 3, expected 4; save it in Jupyter",
        ),
        (
            '{"nbformat": 4, "metadata": {"kernelspec": {"language": "R"}}, "cells": []}',
            "train.ipynb is a notebook of R, expected one of Python",
        ),
    ],
)
def test_a_damaged_notebook_is_refused(ask, tmp_path, content, message):
    (tmp_path / "train.ipynb").write_text(content)
    output, errors, status = ask("show", "train.ipynb")
    assert (output, errors.count("\n"), status) == ("", 1, 2)
    assert errors.startswith(f"autograd-tools: {message}")
