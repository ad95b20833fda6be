"""The command `profile --by` and `--annotate`."""

import json
import re

import pytest


@pytest.mark.slow
def test_the_source_follows_the_tables(ask, script):
    script()
    output, errors, status = ask("profile", "--annotate", "train.py")
    assert (output.splitlines()[0], errors, status) == ("training", "", 0)
    title, _, *source = output.rpartition("\n\n")[2].splitlines()
    assert re.fullmatch(r"train\.py  \S+ of \S+, 100\.0%", title)
    assert [line.split("  ")[-1].strip() for line in source] == [
        "def loss():",
        "return np.sum((w @ x + b - y) ** 2)",
    ]


@pytest.mark.slow
def test_one_file_is_annotated_by_its_name(ask, script):
    script("import numpy as np\n\ndef f(x):\n    return np.sum(np.sin(x))\n", "other.py")
    script("import autograd_tools as ag, other\nag.grad(lambda x: other.f(x) * x)(2.0)\n")
    output = ask("profile", "--annotate=other.py", "train.py")[0]
    titles = re.findall(r"^(\S+)  \S+ of \S+, \S+%$", output, flags=re.MULTILINE)
    assert titles == ["other.py"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script_status", "status"), [("0", 2), ("7", 7)], ids=["as usual", "of its own"]
)
def test_annotating_an_unmeasured_file_fails_after_the_tables(ask, script, script_status, status):
    source = (
        "import sys, autograd_tools as ag\nag.grad(lambda x: x * x)(2.0)\n"
        f"sys.exit({script_status})\n"
    )
    output, errors, found = ask("profile", "--annotate=nope.py", script(source))
    assert "Hotspots by line" in output
    assert (errors, found) == (
        "" if status == 7 else "autograd-tools: no line of nope.py was measured; choose train.py\n",
        status,
    )


def test_annotate_needs_the_text_format(ask, script):
    assert ask("profile", "--annotate", "--format", "json", script()) == (
        "",
        "autograd-tools: --annotate prints text and does not work with --format json\n",
        2,
    )


@pytest.mark.slow
def test_tables_are_by_what_is_asked_for(ask, script):
    output = ask("profile", "--by", "tree,shape", script())[0]
    assert re.findall(r"^Hotspots by .*", output, flags=re.MULTILINE) == [
        "Hotspots by scope, as a tree",
        "Hotspots by shape",
    ]
    assert "matmul(float64[2,3], float64[3,4]) → float64[2,4] " in output


@pytest.mark.slow
def test_tables_for_machines_are_by_what_is_asked_for(ask, script):
    tables = json.loads(ask("profile", "--by", "argument", "--format", "json", script())[0])[
        "tables"
    ]
    assert list(tables) == ["argument"]
    assert [row["op"] for row in tables["argument"] if row["argument"] == 2] == ["add"]


def test_an_unknown_table_names_those_there_are(ask, script):
    _, errors, status = ask("profile", "--by", "op,colour", script())
    assert (errors.splitlines()[-1].partition("error: ")[2], status) == (
        "argument --by: unknown grouping 'colour'; choose op, argument, line, shape, scope, tree",
        2,
    )


@pytest.mark.slow
def test_a_saved_profile_is_annotated(ask, script):
    output = ask("profile", "--annotate", "-o", "run.json", script())[0]
    assert ask("profile", "--annotate", "run.json") == (output.removeprefix("training\n"), "", 0)
