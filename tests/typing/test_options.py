"""The names that types allow for an option are those that its table holds."""

from typing import get_args

import pytest

from autograd_tools.base import options as engine
from autograd_tools.debug.watch import WATCHES
from autograd_tools.timing.rows import SORTS
from autograd_tools.timing.table import LINECHARS
from viewer import options
from viewer.comparing.comparison import FORMATS
from viewer.comparing.profile_changes import GROUPINGS as CHANGES
from viewer.drawing.heat import MEASURES
from viewer.drawing.looks import MARKS
from viewer.profiles.groupings import GROUPINGS as HOTSPOTS
from viewer.profiles.roofline import ROW_NAMES as ARITHMETIC
from viewer.terminal.grouped import GROUPINGS
from viewer.terminal.text import VIEWS


@pytest.mark.parametrize(
    ("names", "table"),
    [
        (engine.Watching, WATCHES),
        (engine.SectionOrder, SORTS),
        (engine.LineCharacters, LINECHARS),
        (options.View, VIEWS),
        (options.GroupBy, GROUPINGS),
        (options.HotspotBy, HOTSPOTS),
        (options.ArithmeticBy, ARITHMETIC),
        (options.ChangeBy, CHANGES),
        (options.ReportFormat, FORMATS),
        (options.HeatBy, MEASURES),
        (options.Mark, MARKS),
    ],
)
def test_a_type_has_the_names_of_its_table(names, table):
    assert set(get_args(names)) == set(table)
