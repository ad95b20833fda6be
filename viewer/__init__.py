"""Views of gradients: in the terminal, as diagrams, as tables of hotspots, as timelines.

Every function takes a `Tape`, a `Trace` or the path of a saved one; those about time also take a
`Timer` or the path of a saved profile. Names that start with `to_` return strings. The passes
`group`, `fold`, `focus`, `prune`, `leaves_apart` and `fit` return a graph, which passes and views
take as well.
"""

import functools as _functools
from types import ModuleType as _ModuleType
from typing import Any as _Any

from autograd_tools import why_none as why_none
from viewer.comparing.comparison import compare as compare
from viewer.comparing.comparison import draw_compared as draw_compared
from viewer.drawing.dot import to_dot as to_dot
from viewer.drawing.images import to_svg as to_svg
from viewer.drawing.mermaid import to_mermaid as to_mermaid
from viewer.drawing.model_explorer import to_model_explorer as to_model_explorer
from viewer.files import draw as draw
from viewer.map.page import to_map as to_map
from viewer.passes import fit as fit
from viewer.passes import focus as focus
from viewer.passes import fold as fold
from viewer.passes import group as group
from viewer.passes import leaves_apart as leaves_apart
from viewer.passes import prune as prune
from viewer.profiles.advice import tips as tips
from viewer.profiles.annotation import annotate as annotate
from viewer.profiles.hotspot_tables import hotspot_rows as hotspot_rows
from viewer.profiles.hotspot_tables import hotspots as hotspots
from viewer.profiles.machine_peaks import Peaks as Peaks
from viewer.profiles.machine_peaks import peaks as peaks
from viewer.profiles.memory_use.memory_report import MemoryUse as MemoryUse
from viewer.profiles.memory_use.reading import memory as memory
from viewer.profiles.roofline import arithmetic as arithmetic
from viewer.profiles.timeline import to_chrome_trace as to_chrome_trace
from viewer.profiles.timeline import to_collapsed as to_collapsed
from viewer.profiles.timeline import to_firefox as to_firefox
from viewer.profiles.timeline import to_speedscope as to_speedscope
from viewer.terminal.explanation import explain as explain
from viewer.terminal.text import show as show
from viewer.terminal.text import to_text as to_text


def load_ipython_extension(shell: _Any) -> None:
    """Add the magic `%%profile_gradients` to IPython and notebooks: `%load_ext viewer`.

    The magic runs a cell inside `ag.profile()` and shows the profile. In
    `%%profile_gradients before`, the variable `before` keeps it.

    Parameters
    ----------
    shell : IPython.InteractiveShell
        The shell that loads the extension.
    """
    from viewer.notebook import profile_gradients  # it is not needed outside of notebooks

    magic = _functools.partial(profile_gradients, shell)
    shell.register_magic_function(magic, "cell", profile_gradients.__name__)


def __getattr__(name: str) -> _Any:
    if name == "adapters":
        import importlib

        return importlib.import_module("viewer.adapters")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """The public names: completion shows these only."""
    return sorted(
        name
        for name, x in globals().items()
        if not isinstance(x, _ModuleType) and (name[0] != "_" or name[-1] == "_")
    )


__all__ = [name for name in __dir__() if name[0] != "_"]
