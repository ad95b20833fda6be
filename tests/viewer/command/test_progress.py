"""The progress line, and that it never mixes with other output."""

import io

import pytest

from viewer.command.progress import Progress, progress


class Terminal(io.StringIO):
    """A terminal that keeps what is written to it."""

    def isatty(self):
        return True


@pytest.fixture
def line():
    """A progress line, its terminal, and a clock to set."""
    now = [0.0]
    terminal = Terminal()
    made = Progress(terminal, lambda: "3 gradients", clock=lambda: now[0])
    made.make_way(terminal)
    return made, terminal, now


def test_nothing_is_shown_in_the_first_tenth_of_a_second(line):
    made, terminal, now = line
    now[0] = 0.09
    made.update()
    assert terminal.getvalue() == ""


def test_the_text_replaces_the_whole_line(line):
    made, terminal, now = line
    now[0] = 0.1
    made.update()
    assert terminal.getvalue() == "\r3 gradients\x1b[K"


def test_it_is_shown_ten_times_a_second_at_most(line):
    made, terminal, now = line
    for tick in range(1, 101):
        now[0] = tick / 100
        made.update()
    assert terminal.getvalue().count("3 gradients") in (9, 10)


def test_a_text_that_takes_long_is_asked_for_less_often():
    now, terminal, asked = [0.0], Terminal(), []

    def text():
        asked.append(now[0])
        now[0] += 0.05
        return "slow"

    made = Progress(terminal, text, clock=lambda: now[0])
    while now[0] < 5:
        now[0] += 0.1
        made.update()
    assert 4 <= len(asked) <= 5


def test_output_replaces_the_line(line):
    made, terminal, now = line
    now[0] = 0.1
    made.update()
    print("epoch 1", file=terminal)
    assert terminal.getvalue() == "\r3 gradients\x1b[K\r\x1b[Kepoch 1\n"


def test_it_is_not_shown_in_an_unfinished_line(line):
    made, terminal, now = line
    print("epoch", end="", file=terminal)
    now[0] = 0.1
    made.update()
    print(" 1", file=terminal)
    made.update()
    assert terminal.getvalue() == "epoch 1\n\r3 gradients\x1b[K"


def test_flushing_takes_it_away_as_a_prompt_follows(line):
    made, terminal, now = line
    now[0] = 0.1
    made.update()
    terminal.flush()
    assert terminal.getvalue().endswith("\r\x1b[K")


def test_it_is_no_wider_than_the_terminal(line, monkeypatch):
    made, terminal, now = line
    monkeypatch.setenv("COLUMNS", "8")
    now[0] = 0.1
    made.update()
    assert terminal.getvalue() == "\r3 gradi\x1b[K"


def test_a_child_process_shows_none(line, monkeypatch):
    made, terminal, now = line
    monkeypatch.setattr("os.getpid", lambda: -1)
    now[0] = 0.1
    made.update()
    assert terminal.getvalue() == ""


@pytest.fixture
def patched(monkeypatch):
    """Return which of two streams are changed in a block of `progress`, and after it."""

    def patched(out, err, error=None):
        monkeypatch.setattr("sys.stdout", out)
        monkeypatch.setattr("sys.stderr", err)
        monkeypatch.setenv("TERM", "xterm")
        try:
            with progress(lambda: "text") as update:
                update()
                inside = ["write" in vars(stream) for stream in (out, err)]
                if error:
                    raise error
        except ZeroDivisionError:
            pass
        return inside, [vars(stream) for stream in (out, err)]

    return patched


class Pipe(Terminal):
    """A stream that is not a terminal."""

    def isatty(self):
        return False


def test_streams_are_restored_after_the_block(patched):
    assert patched(Terminal(), Terminal()) == ([True, True], [{}, {}])


def test_streams_write_as_before_after_an_error(patched):
    assert patched(Terminal(), Terminal(), ZeroDivisionError())[1] == [{}, {}]


def test_a_stream_that_is_no_terminal_is_left_alone(patched):
    assert patched(Pipe(), Terminal())[0] == [False, True]


def test_without_a_terminal_for_errors_there_is_none(patched):
    assert patched(Terminal(), Pipe())[0] == [False, False]
