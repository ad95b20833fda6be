"""The tutorial "Your first profile" shows real output."""

import re
from pathlib import Path

import pytest
from support.pages import TUTORIAL, blocks

PAGE = TUTORIAL / "first-profile.md"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PAGE.exists(), reason="docs/ is not beside the tests"),
]


def counts(text: str) -> set[tuple[str, ...]]:
    return {tuple(line.split()[:2]) for line in text.splitlines() if re.match(r" \S+ +\d+ ", line)}


def test_the_timer_shows_sections_and_counts_of_a_real_run(python, tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text(blocks(PAGE, "python")[0], encoding="utf-8")
    output = python("model.py", cwd=tmp_path, AUTOGRAD_TIMER="1")
    shown = counts(blocks(PAGE, "text")[1])

    assert ("matmul[1]", "1") in shown
    assert shown <= counts(output)
