"""Sessions of the sampling profiler, built by hand."""

from pyinstrument.session import Session


def frame(name, file="/models/train.py", line=1):
    return f"{name}\x00{file}\x00{line}\x01l{line}"


def session_of(*samples):
    """A session of samples: the stack of each, and its seconds."""
    records = [(list(stack), seconds) for *stack, seconds in samples]
    return Session(
        records,
        0.0,
        1.0,
        0.001,
        0.001,
        len(records),
        [frame("main", "/bin/tool")],
        "a run",
        1.0,
        [],
        ["/usr"],
    )
