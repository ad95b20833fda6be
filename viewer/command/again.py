"""A command that starts itself again."""

import os
import subprocess
import sys


def again_with_timer(setting: str) -> int:
    """Start this command again with the timer on, which is read when autograd_tools is imported."""
    command = [sys.executable, *sys.orig_argv[1:]]
    environment = {**os.environ, "AUTOGRAD_TIMER": setting}
    if os.name == "nt":  # where exec returns to the shell before the program ends
        return subprocess.call(command, env=environment)
    return os.execve(command[0], command, environment)
