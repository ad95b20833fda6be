"""Run the command `autograd-tools` as `python -m autograd_tools`."""

import pkgutil
import sys
from pathlib import Path

if __name__ == "__main__":
    # Python puts the current folder first, where the user may have a viewer.py.
    if not sys.flags.safe_path:
        sys.path[0] = str(Path(__file__).parent.parent)
    # By name, as in pyproject.toml's scripts: the engine imports nothing of the viewer.
    main = pkgutil.resolve_name("viewer.command.cli:main")
    sys.exit(main())
