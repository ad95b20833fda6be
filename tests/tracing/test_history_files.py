"""Files of histories: JSON, CSV, Parquet and pages."""

import gzip
import json
import sys

import pytest

import autograd_tools as ag
from autograd_tools.base.documents import kind_of_file
from tests.support.histories import training


@pytest.fixture
def history():
    return training()


CSV = """\
series,step,loss,forward_ns,backward_ns,norm(w),nans(w),infs(w),norm(s),nans(s),infs(s)
loss at histories.py:25,0,5.0,1,1,2.0,0,0,0.5,0,0
loss at histories.py:25,1,4.0,1,1,2.0,0,0,inf,0,1
loss at histories.py:25,2,nan,1,1,2.0,0,0,nan,1,0
other at histories.py:26,0,9.0,1,1,6.0,0,0,,,
"""


def test_csv_has_a_row_for_each_step(history, tmp_path):
    history.save(tmp_path / "run.csv")
    assert (tmp_path / "run.csv").read_text() == CSV


def test_json_is_strict_and_loads_again(history, tmp_path):
    history.save(tmp_path / "run.json")
    text = (tmp_path / "run.json").read_text()
    data = json.loads(text, parse_constant=pytest.fail)
    assert data["series"][0]["loss"] == [5.0, 4.0, "nan"]
    assert data["series"][0]["params"][1]["norm"] == [0.5, "inf", "nan"]
    loaded = ag.History.load(tmp_path / "run.json")
    assert str(loaded.columns()) == str(history.columns())
    assert str(loaded) == str(history)
    loaded.save(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_text() == text
    assert kind_of_file(tmp_path / "run.json") == "history"


def test_a_name_with_gz_is_compressed_and_loads(history, tmp_path):
    history.save(tmp_path / "run.json.gz")
    assert ag.History.load(tmp_path / "run.json.gz").steps == 4
    history.save(tmp_path / "run.csv.gz")
    assert gzip.decompress((tmp_path / "run.csv.gz").read_bytes()).decode() == CSV


def test_parquet_has_the_same_columns(history, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    history.save(tmp_path / "run.parquet")
    table = parquet.read_table(tmp_path / "run.parquet")
    assert str(table.to_pydict()) == str(history.columns())
    assert [str(table.schema.field(name).type) for name in ("step", "loss", "nans(w)")] == [
        "int64",
        "double",
        "int64",
    ]


def test_parquet_without_pyarrow_names_the_extra(history, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setattr("autograd_tools.tracing.history_files.find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'autograd-tools\[parquet\]'"):
        history.save(tmp_path / "run.parquet")
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("name", ["run", "run.txt", "run.html.txt", ".json.bak"])
def test_an_unknown_ending_lists_the_known_ones(history, tmp_path, name):
    with pytest.raises(ValueError, match=r"supported: \.html, \.json, \.csv, \.parquet"):
        history.save(tmp_path / name)


def test_a_page_loads_nothing_and_runs_nothing(history, tmp_path):
    history.save(tmp_path / "run.html")
    page = (tmp_path / "run.html").read_text()
    assert "default-src 'none'; style-src 'unsafe-inline'" in page
    loading = ("<script", "http:", "https:", "url(", "<img", "<link")
    assert [part for part in loading if part in page] == []


def test_a_history_without_gradients_is_saved_and_loads(tmp_path):
    for name in ("run.html", "run.json", "run.csv"):
        ag.History().save(tmp_path / name)
    assert ag.History.load(tmp_path / "run.json").steps == 0


CHANGES = {
    "a newer version": {"version": 2},
    "a trace": {"format": "autograd_tools.trace"},
    "no series": {"series": 3},
    "steps that decrease": {"step": [1, 0, 2]},
    "a step beyond the last": {"step": [0, 1, 3]},
    "fewer losses": {"loss": [1.0]},
    "a text for a loss": {"loss": [1.0, "x", 2.0]},
    "true for a loss": {"loss": [1.0, True, 2.0]},
    "none for a loss": {"loss": [1.0, None, 2.0]},
    "a negative time": {"forward_ns": [1, -5, 2]},
    "no steps with rows": {"steps": 0},
    "a huge line": {"line": 10**400},
    "a value of no Param": {"bad_values": [[0, "x", 1]]},
    "a value at no step": {"bad_values": [[3, "w", 1]]},
}


@pytest.mark.parametrize("change", CHANGES)
def test_files_of_other_kinds_and_damaged_ones_are_refused(history, tmp_path, change):
    history.save(tmp_path / "run.json")
    data = json.loads((tmp_path / "run.json").read_text())
    for name, value in CHANGES[change].items():
        (data if name in data else data["series"][0])[name] = value
    (tmp_path / "run.json").write_text(json.dumps(data))
    with pytest.raises(ValueError, match=r"run\.json (has version 2|is )"):
        ag.History.load(tmp_path / "run.json")


def test_two_params_of_one_name_are_damage(history, tmp_path):
    history.save(tmp_path / "run.json")
    text = (tmp_path / "run.json").read_text().replace('"name":"s"', '"name":"w"')
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(ValueError, match="expected each name once"):
        ag.History.load(tmp_path / "run.json")


def test_text_that_a_spreadsheet_would_run_is_marked(history, tmp_path):
    history.series[0].function = "=cmd()"
    history.save(tmp_path / "run.csv")
    assert "\n'=cmd() at" in (tmp_path / "run.csv").read_text()
