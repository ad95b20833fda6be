"""`python -m autograd_tools` is the command `autograd-tools`."""

import sys
from pathlib import Path

if __name__ == "__main__":
    # Python puts the current folder there, where a file of the user's may be called viewer.py.
    sys.path[0] = str(Path(__file__).parent.parent)
    from viewer.command.cli import main

    sys.exit(main())
