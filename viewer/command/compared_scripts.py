"""Scripts that `compare` runs, each in its own process, for its trace or profile."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from viewer.command.arguments import Command
from viewer.command.capture import add_trace, captured
from viewer.command.other_process import command_line
from viewer.command.outcome import fail
from viewer.command.profiling import add_profile, profile

SCRIPTS = (".py", ".ipynb")


def is_script(path: str) -> bool:
    """Return whether a path is that of a script or notebook."""
    return path.endswith(SCRIPTS)


# In the process of the command.


@contextmanager
def scripts_saved(paths: Iterable[str], kind: str, step: int) -> Iterator[list[str]]:
    """Yield paths, with a saved trace or profile in the place of each script.

    What a script prints goes to standard error. Raise ValueError if it fails.
    """
    with tempfile.TemporaryDirectory(prefix="autograd-tools-") as folder:
        yield [
            _saved(path, kind, step, Path(folder, str(number))) if is_script(path) else path
            for number, path in enumerate(paths)
        ]


def _saved(script: str, kind: str, step: int, folder: Path) -> str:
    folder.mkdir()
    file = str(folder / f"{Path(script).stem}.json")
    command = command_line(__name__, "save_gradient", kind, script, file, str(step))
    # A profile has a report, which goes nowhere.
    stdout = subprocess.DEVNULL if kind == "profile" else 2
    status = subprocess.run(command, stdout=stdout, check=False).returncode
    if status or not Path(file).exists():
        raise ValueError(f"{script} ended with status {status}, so nothing is compared")
    return file


# In the process of a script.


def save_gradient(kind: str, script: str, file: str, step: str) -> int:
    """Run a script and save its profile, or the trace of a gradient; return the exit status."""
    command = Command(prog="autograd-tools compare")
    try:
        if kind == "profile":
            add_profile(command)
            return profile(command.parse(["--format", "json", "-o", file, script]))
        add_trace(command)
        return captured(command.parse(["--step", step, "--save", file, script]))[1]
    except (ValueError, OSError) as error:
        return fail(str(error))
