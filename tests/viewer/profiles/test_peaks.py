"""The peaks of a machine: measured, kept in the user's cache folder, and used as limits."""

import json

import pytest

from viewer.profiles import machine_peaks
from viewer.profiles.machine_peaks import Peaks, better, cache_folder, measure, peaks

PEAKS = Peaks(float64=100e9, float32=200e9, moved=((1000, 50e9), (100_000, 10e9)), call_ns=300.0)
OTHER = Peaks(float64=90e9, float32=250e9, moved=((1000, 60e9), (100_000, 5e9)), call_ns=400.0)


@pytest.fixture
def measured(tmp_path, monkeypatch):
    """The measurements of peaks, which are not made; the cache folder is new."""
    found = []
    monkeypatch.setattr(
        machine_peaks, "measure", lambda: found.append(1) or (PEAKS if len(found) == 1 else OTHER)
    )
    monkeypatch.setenv("AUTOGRAD_TOOLS_CACHE", str(tmp_path / "cache"))
    return found


def test_peaks_are_measured_once_and_then_known(measured):
    assert [peaks(), peaks()] == [PEAKS, PEAKS]
    assert len(measured) == 1


def test_again_keeps_the_better_figures(measured):
    peaks()
    assert (
        peaks(again=True)
        == better(PEAKS, OTHER)
        == Peaks(100e9, 250e9, ((1000, 60e9), (100_000, 10e9)), 300.0)
    )
    assert peaks() == better(PEAKS, OTHER)


def test_another_setting_of_threads_has_peaks_of_its_own(measured, monkeypatch):
    peaks()
    monkeypatch.setenv("OMP_NUM_THREADS", "17")
    assert peaks() == OTHER


def test_another_version_of_numpy_has_peaks_of_its_own(measured, monkeypatch):
    peaks()
    monkeypatch.setattr(machine_peaks.np, "__version__", "9.9")
    assert peaks() == OTHER


def test_a_cache_that_cannot_be_written_is_done_without(measured, tmp_path):
    (tmp_path / "cache").write_text("no folder")
    assert peaks() == PEAKS


def test_a_user_without_a_home_has_no_cache(measured, monkeypatch):
    def home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("AUTOGRAD_TOOLS_CACHE")
    monkeypatch.setattr(machine_peaks.Path, "home", home)
    assert [peaks(), peaks()] == [PEAKS, OTHER]


@pytest.mark.parametrize(
    "content", ["{", "{}", '{"format": "autograd_tools.peaks", "version": 1, "peaks": {}}']
)
def test_a_damaged_file_in_the_cache_is_made_anew(measured, tmp_path, content):
    peaks()
    [path] = (tmp_path / "cache").iterdir()
    path.write_text(content)
    assert peaks() == OTHER
    assert json.loads(path.read_text())["peaks"]["float64"] == 90e9


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"AUTOGRAD_TOOLS_CACHE": "/a", "XDG_CACHE_HOME": "/b"}, "/a"),
        ({"XDG_CACHE_HOME": "/b"}, "/b/autograd_tools"),
        ({"XDG_CACHE_HOME": "", "HOME": "/c"}, "/c/.cache/autograd_tools"),
    ],
)
def test_the_cache_folder(monkeypatch, environment, expected):
    monkeypatch.setattr(machine_peaks.sys, "platform", "linux")
    monkeypatch.setattr(machine_peaks.os, "name", "posix")
    monkeypatch.delenv("AUTOGRAD_TOOLS_CACHE", raising=False)
    for name, text in environment.items():
        monkeypatch.setenv(name, text)
    assert cache_folder().as_posix() == expected


def test_measuring_finds_every_figure(monkeypatch):
    monkeypatch.setattr(machine_peaks, "SPENT_NS", 1)
    monkeypatch.setattr(machine_peaks, "SETS", (1 << 10, 1 << 12))
    found = measure()
    assert [size for size, _ in found.moved] == [1 << 10, 1 << 12]
    assert (
        Peaks.from_dict(json.loads(json.dumps(found.to_dict()))) == found
    )  # which refuses what is not above 0


def test_half_the_precision_takes_half_the_time():
    assert [PEAKS.operations_ns(1000, 8), PEAKS.operations_ns(1000, 4)] == [10.0, 5.0]


def test_bytes_move_at_the_speed_of_the_smallest_set():
    assert [PEAKS.moving_ns(n) for n in (500, 1000, 2000, 1_000_000)] == [
        10.0,
        20.0,
        200.0,
        100_000.0,
    ]


@pytest.mark.parametrize("change", [{"float64": 0}, {"moved": []}, {"call_ns": -1.0}])
def test_peaks_that_cannot_be_are_refused(change):
    with pytest.raises(ValueError, match="a peak must be above 0"):
        Peaks.from_dict({**PEAKS.to_dict(), **change})
