"""Truth of tips: mistakes planted into small programs, those that a profile names, and false tips.

    python benchmarks/tips.py [PROGRAM ...]

Each program runs under `autograd-tools profile` as it is, where any tip is a false one, and once
with each mistake. A mistake is named if a tip has the expected words. The times are the processor
time of a gradient with the mistake, and without it: what obeying the tip gives. All run on one
thread.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from mistakes import HEAD, PROGRAMS

ROUNDS = 7
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def tips_of(source):
    """The tips of a profile, as text."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "program.py")
        path.write_text(source)
        command = [sys.executable, "-m", "autograd_tools", "profile", "--format", "json", str(path)]
        found = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(found.stdout)["tips"]


def milliseconds(*sources):
    """The least processor time of a gradient of each program, in turn."""
    steps = []
    for source in sources:
        variables = {"__name__": "program"}
        exec(compile(source, "program.py", "exec"), variables)
        steps.append(variables["step"])
    least = [float("inf")] * len(steps)
    for _ in range(ROUNDS):
        for i, step in enumerate(steps):
            start = time.process_time()
            step()
            least[i] = min(least[i], 1e3 * (time.process_time() - start))
    return least


def main(*names):
    named = planted = false = 0
    for name in names or PROGRAMS:
        source, mistakes, tail = PROGRAMS[name]
        right = HEAD + source + tail
        tips = tips_of(right)
        false += len(tips)
        print(name, *[f"  false: {tip}" for tip in tips], sep="\n")
        for mistake in mistakes:
            assert right.count(mistake.right) == 1, mistake.right
            wrong = right.replace(mistake.right, mistake.wrong)
            tips = tips_of(wrong)
            found = [tip for tip in tips if mistake.words in tip]
            before, after = milliseconds(wrong, right)
            planted, named = planted + 1, named + bool(found)
            word = "named" if found else "MISSED"
            print(f"  {word}: {mistake.words} ({before:.2f} ms, obeyed {after:.2f} ms)")
            print(*[f"    {tip}" for tip in tips], sep="\n")
    print(f"{named} of {planted} mistakes named, {false} false tips on programs without a mistake")


if __name__ == "__main__":
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))  # NumPy is not imported yet
    main(*sys.argv[1:])
