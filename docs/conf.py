"""Configuration of the documentation site: `sphinx-build -W docs build/docs`.

The build needs no network. It generates the coverage tables, the help texts and the picture of the
layers in docs/generated, which git ignores.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import autograd_tools

DOCS = Path(__file__).parent

project = "autograd_tools"
author = "the authors of autograd_tools"
copyright = "2026, the authors of autograd_tools"
version = release = autograd_tools.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_design"]
exclude_patterns = ["generated"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
default_role = "code"  # single backticks in docstrings
nitpicky = False

autodoc_typehints = "none"  # docstrings name the types
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True}
napoleon_google_docstring = False
napoleon_use_rtype = False

html_theme = "pydata_sphinx_theme"
html_title = "autograd_tools"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_theme_options = {
    "logo": {"text": "autograd_tools"},
    "navigation_with_keys": False,
    "show_toc_level": 2,
    "header_links_before_dropdown": 5,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_sidebars: dict[str, list[str]] = {
    page: []
    for page in ("index", "getting-started", "gallery", "glossary", "contributing", "changelog")
}


def help_texts() -> str:
    """Return the help of the command line and of each of its commands, as Markdown."""

    def ask(*words: str) -> str:
        command = [sys.executable, "-m", "autograd_tools", *words, "--help"]
        wide = {**os.environ, "COLUMNS": "88", "NO_COLOR": "1"}
        return subprocess.run(command, env=wide, capture_output=True, text=True, check=True).stdout

    everything = ask()
    names = re.findall(r"^    (\w+) ", everything, re.MULTILINE)
    parts = [f"```text\n{everything}```\n"]
    parts += [f"## {name}\n\n```text\n{ask(name)}```\n" for name in names]
    return "\n".join(parts)


def generate(app: Any) -> None:
    """Write the generated parts of the site."""
    sys.path.insert(0, str(DOCS))
    import architecture  # the modules beside this one
    import coverage

    folder = DOCS / "generated"
    folder.mkdir(exist_ok=True)
    texts = {
        "coverage.md": coverage.text().removeprefix("# Coverage\n"),
        "command-line.md": help_texts(),
        "architecture.svg": architecture.svg(),
    }
    for name, text in texts.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def escape_stars(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Escape the stars of docstrings, which are never emphasis: `*args` or a product."""
    code = False  # inside a doctest, which ends at an empty line
    for i, line in enumerate(lines):
        code = bool(line.strip()) and (code or line.lstrip().startswith(">>>"))
        if not code:
            parts = line.split("`")
            parts[::2] = [part.replace("*", r"\*") for part in parts[::2]]
            lines[i] = "`".join(parts)


def trim_blocks(app: Any, doctree: Any) -> None:
    """Remove the empty line that ends a doctest in Markdown."""
    from docutils.nodes import Text, literal_block

    for block in doctree.findall(literal_block):
        if len(block) == 1 and block.astext().endswith("\n"):
            block.rawsource = block.astext().rstrip("\n")
            block[0] = Text(block.rawsource)


def setup(app: Any) -> None:
    """Connect the generator, show Mermaid as text, and escape docstrings before Napoleon."""
    from pygments.lexers.special import TextLexer

    app.add_lexer("mermaid", TextLexer)
    app.connect("builder-inited", generate)
    app.connect("doctree-read", trim_blocks)
    app.connect("autodoc-process-docstring", escape_stars, priority=400)
