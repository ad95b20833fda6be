"""The call tree of samples."""

import sys

import pytest
from support.samples import frame, session_of

import autograd_tools
from viewer.command.sample_text import sample_rows
from viewer.command.sampling import Sampler, load, save, tree_of
from viewer.text.lines import plain

ENGINE_FILE = autograd_tools.__file__
LIBRARY_FILE = "/usr/lib/python3.11/json/__init__.py"


def shown(*samples):
    """Return the call tree of samples, without the heading."""
    return plain(sample_rows(session_of(*samples), width=None)).split("\n")[1:]


LOSS, TRAIN = frame("loss", line=5), frame("train", line=9)
RULE, MORE = frame("vjp", ENGINE_FILE, 20), frame("fit", ENGINE_FILE, 30)
LOADS, DECODE = frame("loads", LIBRARY_FILE, 7), frame("decode", LIBRARY_FILE, 70)


def test_time_is_that_of_the_functions_around_too():
    assert shown((TRAIN, LOSS, 0.3), (TRAIN, 0.1)) == [
        "   400ms 100.0%  train  train.py:9",
        "   300ms  75.0%    loss  train.py:5",
        "   100ms  25.0%    (self)",
    ]


def test_the_engine_is_one_row():
    row = "   400ms  80.0%    autograd_tools  the engine, see the tables"
    assert shown((TRAIN, RULE, MORE, 0.3), (TRAIN, MORE, 0.1), (TRAIN, 0.1))[1] == row


def test_a_function_that_the_engine_calls_is_the_users():
    assert shown((TRAIN, RULE, LOSS, 0.1))[1] == "   100ms 100.0%    loss  train.py:5"


def test_calls_inside_a_library_belong_to_it():
    assert shown((TRAIN, LOADS, DECODE, 0.3), (TRAIN, LOADS, 0.1))[1:] == [
        "   400ms 100.0%    loads  json/__init__.py:7"
    ]


def test_a_library_called_by_the_engine_belongs_to_it():
    assert shown((TRAIN, RULE, LOADS, 0.3), (TRAIN, LOADS, 0.1))[1:] == [
        "   300ms  75.0%    autograd_tools  the engine, see the tables",
        "   100ms  25.0%    loads  json/__init__.py:7",
    ]


def test_a_builtin_belongs_to_its_caller():
    assert shown((TRAIN, frame("sum", "<built-in>", 0), 0.1)) == [
        "   100ms 100.0%  train  train.py:9"
    ]


def test_importing_is_one_row():
    steps = [
        frame(name, "<frozen importlib._bootstrap>", 1000)
        for name in ("_find_and_load", "_load_unlocked")
    ]
    assert (
        shown((TRAIN, *steps, frame("<module>", LIBRARY_FILE, 1), 0.1))[1]
        == "   100ms 100.0%    import"
    )


def test_a_function_right_in_itself_is_one_row():
    assert shown((TRAIN, LOSS, LOSS, LOSS, 0.1)) == [
        "   100ms 100.0%  train  train.py:9",
        "   100ms 100.0%    loss  train.py:5",
    ]


def test_a_deep_mutual_recursion_is_cut():
    assert len(shown((*[TRAIN, LOSS] * 1000, 0.1))) == 24


def test_a_frame_below_one_percent_is_left_out():
    assert shown((TRAIN, 1.0), (LOSS, 0.009)) == ["   1.00s  99.1%  train  train.py:9"]


def test_a_method_is_named_with_its_class():
    assert shown((f"{TRAIN}\x01cModel", 0.1)) == ["   100ms 100.0%  Model.train  train.py:9"]


def test_frames_around_the_script_are_left_out():
    assert shown((frame("main", "/bin/tool"), TRAIN, 0.1)) == ["   100ms 100.0%  train  train.py:9"]


def test_a_run_too_short_for_a_sample_says_so():
    [heading] = sample_rows(session_of(), width=None)
    assert plain([heading]) == "Python call tree: 0.00ns in 0 samples of pyinstrument"


def test_lines_are_cut_to_a_terminal():
    _, row = sample_rows(session_of((frame("x" * 1000), 0.1)), width=40)
    assert len(plain([row])) == 40


def test_a_name_that_would_break_the_line_does_not():
    assert shown((frame("[bold]\n</script>"), 0.1)) == [
        "   100ms 100.0%  [bold]\\n</script>  train.py:1"
    ]


def test_the_same_session_comes_back_from_a_file(tmp_path):
    save(session_of((TRAIN, LOSS, 0.3)), tmp_path / "run.pyisession")
    assert tree_of(load(tmp_path / "run.pyisession")) == tree_of(session_of((TRAIN, LOSS, 0.3)))


def test_a_block_is_sampled_though_it_fails():
    sampler = Sampler()
    with pytest.raises(ZeroDivisionError), sampler.sampling("a test"):
        raise ZeroDivisionError
    assert (sampler.session.target_description, sys.getprofile()) == ("a test", None)


def test_samples_of_a_changed_clock_are_left_out(capsys):
    session = session_of((TRAIN, 0.0), (TRAIN, LOSS, -1.6e9), (TRAIN, LOSS, 1.6e9), (TRAIN, 0.0))
    Sampler()._drop_jumps(session)
    assert (len(session.frame_records), session.sample_count) == (2, 2)
    assert capsys.readouterr().err.startswith("autograd-tools: left out 2 samples in which")
    assert tree_of(session).seconds == 0
