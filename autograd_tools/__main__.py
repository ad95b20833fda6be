"""`python -m autograd_tools` is the command `autograd-tools`."""

import sys

from viewer.cli import main

if __name__ == "__main__":
    sys.exit(main())
