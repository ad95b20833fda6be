"""Names of files and places: as much of a path as tells two files of one name apart."""

import pytest

import autograd_tools as ag
import viewer
from autograd_tools.timing import Operand, Record
from autograd_tools.tracing.columns import Argument, TraceNode
from viewer.text.places import NO_LINE, apart, place_texts

A, B = "/models/a/net.py", "/models/b/net.py"


def test_files_of_one_name_are_told_apart():
    assert apart([A, B, "/models/train.py"]) == (["a/net.py", "b/net.py", "train.py"],) * 2


def test_folders_of_one_name_need_more_of_the_path():
    assert apart(["/x/a/net.py", "/y/a/net.py"])[1] == ["x/a/net.py", "y/a/net.py"]


def test_files_below_the_folder_keep_their_paths(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    files = [str(tmp_path / "a" / "net.py"), str(tmp_path / "net.py"), "/else/net.py"]
    paths, names = apart(files)
    assert paths == ["a/net.py", f"{tmp_path.name}/net.py", "else/net.py"]
    assert names == ["a/net.py", f"{tmp_path.name}/net.py", "else/net.py"]


def test_a_place_without_a_file_is_no_line():
    assert place_texts([(A, 3), ("", 0)]) == {(A, 3): "net.py:3", ("", 0): NO_LINE}


def node(id, file):
    args = (Argument("P(1.0)", (1,)),)
    return TraceNode(id, "result", "sin", args=args, parents=(1,), file=file, line=7)


def timer_of(*files):
    timer = ag.Timer.from_dict(
        {"total_ns": 10_000_000, "section_cost_ns": 0, "sections": {}, "records": []}
    )
    for file in files:
        operands = (Operand("float64", (3,)),) * 2
        timer.add(Record("sin", 0, file, 7, "f", ("f",), "forward", operands), 1_000_000, 8)
    return timer


@pytest.mark.parametrize("table", [viewer.hotspots, viewer.arithmetic, viewer.annotate])
def test_tables_keep_lines_of_two_files_apart(table):
    args = () if table is viewer.annotate else ("line",)
    text = table(timer_of(A, B), *args)
    assert "a/net.py" in text
    assert "b/net.py" in text


def test_groups_of_nodes_keep_lines_of_two_files_apart():
    leaf = TraceNode(1, "param", name="x", children=(2, 3))
    text = viewer.to_text(ag.Trace((leaf, node(2, A), node(3, B))), "table", by="line")
    assert [line.split()[0] for line in text.splitlines()[1:]] == ["a/net.py:7", "b/net.py:7"]
