"""The source in a map: files as they ran, or the lines of them that are known."""

import linecache

import numpy as np
import pytest
from support.maps import decoded

import autograd_tools as ag
import viewer

HEAD = "import numpy as np\n"
CODE = HEAD + "def f(x):\n    y = np.sin(x)\n    # in between\n    return y * 2\n"


def written(path, code):
    """The function `f` of a module at a path, which is written."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(code, "utf-8")
    names = {"__file__": str(path)}
    exec(compile(code, str(path), "exec"), names)
    return names["f"]


def files_of(x, **options):
    return decoded(viewer.to_map(x, **options)).header["files"]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.py"


def test_a_file_is_shown_whole(path):
    [file] = files_of(ag.trace(written(path, CODE), 1.0))
    assert (file["parts"], file["lines"], file["note"]) == ([[1, CODE]], 5, "")


@pytest.mark.parametrize("check", [linecache.checkcache, lambda: None])
def test_a_file_that_changed_is_shown_as_it_ran(path, check):
    trace = ag.trace(written(path, CODE), 1.0)
    path.write_text(CODE.replace("# in between", "# edited"), "utf-8")
    check()
    [file] = files_of(trace)
    assert file["parts"] == [[1, CODE]]
    assert file["note"] == "the file has changed since; shown as it ran"


def test_a_file_that_is_gone_is_shown_as_it_ran(path):
    trace = ag.trace(written(path, CODE), 1.0)
    path.unlink()
    [file] = files_of(trace)
    assert (file["parts"], file["note"]) == ([[1, CODE]], "file not found; shown as it ran")


@pytest.fixture
def elsewhere(path, monkeypatch):
    """A saved trace and a profile of a file, in a process that has not run it."""
    f = written(path, CODE)
    with ag.profile() as timer:
        ag.grad(f)(1.0)
    timer.save(path.with_name("run.json"))
    ag.trace(f, 1.0).save(path.with_name("trace.json"))
    monkeypatch.setattr("autograd_tools.location.code_files._lines", {})
    return path


LINES = [[3, "y = np.sin(x)\n"], [5, "return y * 2\n"]]


@pytest.mark.parametrize("name", ["run.json", "trace.json"])
def test_of_a_file_that_is_gone_the_saved_lines_are_shown(elsewhere, name):
    elsewhere.unlink()
    [file] = files_of(elsewhere.with_name(name))
    assert (file["parts"], file["lines"]) == (LINES, 0)
    assert file["note"] == "file not found; only the lines that ran are known"


@pytest.mark.parametrize("name", ["run.json", "trace.json"])
def test_of_a_file_that_changed_the_saved_lines_are_shown(elsewhere, name):
    elsewhere.write_text(CODE.replace("def f", "z = 1\ndef f"), "utf-8")
    [file] = files_of(elsewhere.with_name(name))
    assert file["parts"] == LINES
    assert file["note"].startswith("the file has changed; only the lines that ran are shown")


def test_of_a_file_that_is_gone_loops_have_their_heads(path, monkeypatch):
    code = HEAD + "def f(x):\n    for _ in range(3):\n        x = x * 2.0\n    return x\n"
    trace = ag.trace(written(path, code), 1.0)
    monkeypatch.setattr("autograd_tools.location.code_files._lines", {})
    path.unlink()
    [file] = files_of(trace)
    assert file["parts"] == [[3, "for _ in range(3):\nx = x * 2.0\n"]]


LARGE = HEAD + "def f(x):\n" + "    # a comment of some length to fill the file\n" * 20_000


def test_a_large_file_is_shown_around_the_lines_that_ran(path):
    f = written(path, LARGE + "    return np.sin(x)\n")
    [file] = files_of(ag.trace(f, 1.0))
    [[start, text]] = file["parts"]
    assert (start, file["lines"], file["note"]) == (19963, 20003, "a part of a large file")
    assert text.endswith("return np.sin(x)\n")


def test_lines_that_ran_far_apart_in_a_large_file_are_kept(path):
    f = written(path, LARGE.replace("# a", "x = np.sin(x)\n    # a", 1) + "    return x * 2\n")
    [file] = files_of(ag.trace(f, 1.0))
    assert [start for start, _ in file["parts"]] == [1, 19964]
    assert "x = np.sin(x)" in file["parts"][0][1]
    assert file["parts"][1][1].endswith("return x * 2\n")


def test_many_lines_that_ran_in_a_large_file_are_kept(path):
    line = "    x = x * 1.0\n" + f"    # {'-' * 1000}\n" * 50
    f = written(path, HEAD + "def f(x):\n" + line * 200 + "    return x\n")
    [file] = files_of(ag.trace(f, 1.0))
    assert "".join(text for _, text in file["parts"]).count("x = x * 1.0") == 200
    assert sum(len(text) for _, text in file["parts"]) <= 400_000


def test_a_line_of_half_a_million_characters_is_shortened(path):
    f = written(path, HEAD + f"def f(x): return np.sin(x) + len('{'x' * 500_000}')\n")
    [file] = files_of(ag.trace(f, 1.0))
    text = file["parts"][0][1].splitlines()[1]
    assert (len(text), text[:26]) == (2021, "def f(x): return np.sin(x)")
    assert text.endswith("… 500,036 characters")


def test_files_of_one_name_are_told_apart(tmp_path):
    f, g = (written(tmp_path / name / "model.py", CODE) for name in ("first", "second"))
    other = written(tmp_path / "first" / "other.py", CODE)
    files = files_of(ag.trace(lambda x: f(x) + g(x) + other(x), 1.0))
    names = [file["name"] for file in files]
    assert names == ["test_sources.py", "first/model.py", "second/model.py", "other.py"]
    assert [file["path"] for file in files][1:] == names[1:]


def test_a_file_shown_as_it_ran_keeps_its_lines_in_tables(path):
    f = written(path, CODE)
    with ag.profile() as timer:
        ag.grad(f)(np.float64(1.0))
    path.write_text(CODE.replace("np.sin", "np.cos"), "utf-8")
    linecache.checkcache()
    assert "y = np.sin(x)" in viewer.hotspots(timer, "line")
    assert "y = np.cos(x)" not in viewer.annotate(timer)
