"""A script behaves the same under `run` and under Python."""

import os
import sys

import pytest
from support.commands import run
from support.programs import GETSOURCE, RUN, SPAWN

pytestmark = pytest.mark.slow


def finish(folder, *args, **options):
    """Run Python in a folder; return its output, errors and status."""
    done = run(sys.executable, *args, cwd=folder, PYTHONWARNINGS="", **options)
    return done.stdout, done.stderr, done.returncode


def both(source, folder, *args, script="script.py", relative=False, **options):
    """Run a script by Python, and by `run`."""
    path = folder / script
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(source if isinstance(source, bytes) else source.encode())
    given = script if relative else path
    return (
        finish(folder, given, *args, **options),
        finish(folder, "-c", RUN, given, *args, **options),
    )


SCRIPTS = {
    "output": "print('one'); import sys; print('two', file=sys.stderr); sys.stdout.write('three')",
    "name": "print(__name__)",
    "module": "import sys; print(sys.modules['__main__'].__dict__ is globals(), "
    "sys.modules['__main__'].__name__)",
    "file": "print(__file__)",
    "argv": "import sys; print(sys.argv)",
    "path": "import sys; print(sys.path[0])",
    "doc": '"""A script."""\nprint(__doc__)',
    "no-doc": "print(__doc__)",
    "package": "print(__package__, __spec__, __cached__)",
    "builtins": "print(type(__builtins__).__name__)",
    "annotations": "def f(x: int) -> str: ...\nprint(f.__annotations__)",
    "dataclass": "import dataclasses\n@dataclasses.dataclass\nclass A:\n    x: int = 3\n"
    "print(dataclasses.fields(A)[0].type)",
    "future": "from __future__ import annotations\ndef f(x: int): ...\nprint(f.__annotations__)",
    "coding": "# -*- coding: latin-1 -*-\nprint('\u00e9'.encode())".encode("latin-1"),
    "bom": "\ufeffprint('bom')",
    "crlf": "print('a')\r\nif True:\r\n    print('b')\r\n",
    "syntax": "print('a')\nx = = 1\n",
    "exception": "def f(n):\n    return 1 // n\n\nf(0)\n",
    "import-error": "import no_such_module\n",
    "cause": "try:\n    1 // 0\nexcept ZeroDivisionError as error:\n"
    "    raise ValueError('bad') from error\n",
    "context": "try:\n    1 // 0\nexcept ZeroDivisionError:\n    raise ValueError('bad')\n",
    "note": "error = ValueError('bad')\nerror.add_note('a note')\nraise error\n",
    "group": "raise ExceptionGroup('many', [ValueError('one'), TypeError('two')])\n",
    "threads": "import threading\nthreading.Thread(target=print, args=('thread',)).start()\n",
    "thread-after-exit": "import threading, sys\n"
    "threading.Thread(target=lambda: print('thread')).start()\nsys.exit(3)\n",
    "daemon": "import threading\n"
    "threading.Thread(target=threading.Event().wait, daemon=True).start()\nprint('main')\n",
    "pool": "from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(2)\n"
    "pool.submit(print, 'pool')\n",
    "atexit-later": "import atexit, threading\natexit.register(print, 1)\n"
    "threading.Thread(target=print).start()\n",
    "assertion": "assert 1 == 2, 'no'\n",
    "own-exception": "class Mine(BaseException):\n    pass\n\nraise Mine('mine')\n",
    "excepthook": "import sys\n"
    "sys.excepthook = lambda kind, error, trace: print('hook', kind.__name__)\n1 // 0\n",
    "exit-nothing": "import sys; sys.exit()",
    "exit-0": "import sys; sys.exit(0)",
    "exit-3": "import sys; sys.exit(3)",
    "exit-true": "import sys; sys.exit(True)",
    "exit-negative": "import sys; sys.exit(-1)",
    "exit-message": "import sys; sys.exit('message')",
    "exit-tuple": "import sys; sys.exit((1, 2))",
    "exit-float": "import sys; sys.exit(0.0)",
    "exit-raised": "raise SystemExit(4)",
    "exit-in-finally": "import sys\ntry:\n    sys.exit(3)\nfinally:\n    print('finally')\n",
    "quit": "quit(5)",
    "stdin": "import sys; print([line for line in sys.stdin])",
    "atexit": "import atexit\nname = 'me'\natexit.register(lambda: print('bye', name))\n"
    "print('hello')",
    "warning": "import warnings\nwarnings.warn('careful')\n",
    "pickle": "import pickle\nclass A:\n    x = 3\nprint(pickle.loads(pickle.dumps(A())).x)",
    "getsource": GETSOURCE,
    "thread": "import threading\nthreading.Thread(target=lambda: print('thread')).start()",
    "subprocess": "import os; print(os.environ.get('AUTOGRAD_TIMER'))",
    "multiprocessing": SPAWN,
}
FORKS = {
    "processes": "import multiprocessing\n"
    "with multiprocessing.get_context('fork').Pool(1) as pool:\n    print(pool.map(abs, [-1]))\n",
    "fork": "import os, sys\nchild = os.fork()\nif child:\n    os.waitpid(child, 0)\n"
    "print('child' if not child else 'parent')\n",
    "fork-exit": "import os, sys\nif child := os.fork():\n    print(os.waitpid(child, 0)[1])\n"
    "sys.exit(3)\n",
}
if hasattr(os, "fork"):
    SCRIPTS |= FORKS


@pytest.mark.parametrize("source", list(SCRIPTS.values()), ids=list(SCRIPTS))
def test_a_script_behaves_as_under_python(tmp_path, source):
    expected, found = both(source, tmp_path, "--flag", "a b", "-o", input="line 1\nline 2")
    assert found == expected


@pytest.mark.parametrize("script", ["script.py", "folder/script.py"])
@pytest.mark.parametrize(
    "source",
    [
        "import sys; print(sys.argv, sys.path[0])",
        "print(__file__)",
        "import os; from pathlib import Path; os.chdir('/'); print(Path(__file__).read_text())",
        "def f():\n    1 // 0\n\nf()\n",
    ],
    ids=["argv", "file", "file-after-chdir", "exception"],
)
def test_a_relative_path_behaves_as_under_python(tmp_path, source, script):
    expected, found = both(source, tmp_path, script=script, relative=True)
    assert found == expected


def test_the_script_may_have_any_name(tmp_path):
    expected, found = both(
        "print(__file__)\n1 // 0", tmp_path, script="my scr\u00efpt [bold] 🙂.txt"
    )
    assert found == expected


def test_the_script_imports_modules_beside_it(tmp_path):
    (tmp_path / "helper.py").write_text("value = 42", encoding="utf-8")
    expected, found = both("import helper; print(helper.value)", tmp_path)
    assert (found, found[0].split()) == (expected, ["42"])


@pytest.mark.skipif(os.name == "nt", reason="Windows lets few users make links")
def test_the_script_may_be_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "script.py").write_text(
        "import sys; print(__file__, sys.path[0])", encoding="utf-8"
    )
    (tmp_path / "link.py").symlink_to(tmp_path / "real" / "script.py")
    link = tmp_path / "link.py"
    assert finish(tmp_path, "-c", RUN, link) == finish(tmp_path, link)


def test_the_script_may_import_its_own_viewer(tmp_path):
    (tmp_path / "viewer.py").write_text("value = 42", encoding="utf-8")
    (tmp_path / "script.py").write_text("import viewer; print(viewer.value)", encoding="utf-8")
    (tmp_path / "elsewhere").mkdir()
    output = finish(tmp_path / "elsewhere", "-c", RUN, tmp_path / "script.py")[0]
    assert output.split() == ["42"]


FORK = "import os\nchild = os.fork()\nprint('child') if not child else os.waitpid(child, 0)\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.parametrize(
    ("source", "lines"),
    [("", ["after"]), (FORK, ["child", "after"]), (FORK + "1 // 0\n", ["child", "after"])],
)
def test_a_forked_process_ends_with_the_script(tmp_path, source, lines):
    (tmp_path / "script.py").write_text(source, encoding="utf-8")
    command = RUN.replace(
        "sys.exit(run(target_of(sys.argv[1:])))", "run(target_of(sys.argv[1:])); print('after')"
    )
    assert finish(tmp_path, "-c", command, "script.py")[0].split() == lines


def test_ctrl_c_prints_frames_and_ends_with_130(tmp_path):
    (tmp_path / "script.py").write_text(
        "def f():\n    raise KeyboardInterrupt\n\nf()\n", encoding="utf-8"
    )
    output, errors, status = finish(tmp_path, "-c", RUN, "script.py")
    assert (output, status) == ("", 130)
    assert errors == finish(tmp_path, "script.py")[1]
