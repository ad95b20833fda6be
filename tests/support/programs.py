"""Programs that run as under Python: the code that runs them, and some that need their file."""

# For `python -c`, followed by a program and its arguments.
RUN = (
    "import sys; from viewer.command.script import run; from viewer.command.targets import "
    "target_of; sys.exit(run(target_of(sys.argv[1:])))"
)
GETSOURCE = "import inspect\ndef f():\n    return 42\nprint(inspect.getsource(f))\n"
SPAWN = """
import multiprocessing
def double(x):
    return 2 * x
if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print(pool.map(double, [1, 2]))
"""
