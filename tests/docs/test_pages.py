"""Facts about all pages: links, commands, columns, and the reader of each."""

import re
from pathlib import Path

import pytest
from support.pages import DOCS, ROOT, blocks

import autograd_tools as ag
import viewer
from autograd_tools.timing.columns import COLUMNS as TIMER_COLUMNS
from viewer.command.cli import main
from viewer.facts.columns import COLUMNS as NODE_COLUMNS
from viewer.facts.search import PROPERTIES
from viewer.profiles.hotspot_columns import HOTSPOT_COLUMNS
from viewer.profiles.line_profile import TIPS

pytestmark = pytest.mark.skipif(not DOCS.exists(), reason="docs/ is not beside the tests")

INCLUDES = ("contributing.md", "changelog.md")
SITE = [
    page
    for page in sorted(DOCS.rglob("*.md"))
    if "generated" not in page.parts and page.name not in INCLUDES
]
PAGES = [page for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *SITE) if page.exists()]
PACKAGE = Path(ag.__file__).parents[1]


def read(page):
    return page.read_text(encoding="utf-8")


def test_every_local_link_leads_to_a_file():
    links = [
        (page, link)
        for page in PAGES
        for link in re.findall(
            r'(?:\]\(|src=")(?!https?:)([^)"#]+)', re.sub(r"`[^`]*`", "", read(page))
        )
        if "generated" not in link
    ]
    assert len(links) > 50
    assert [(page.name, link) for page, link in links if not (page.parent / link).exists()] == []


def test_the_first_paragraph_of_every_page_names_its_readers():
    opening = re.compile(r"(This (page|tutorial|lesson) is|These pages are) for ")
    assert [page.name for page in SITE if not opening.match(read(page).split("\n\n")[1])] == []


def test_every_source_file_on_a_page_exists():
    folders = [ROOT, PACKAGE, PACKAGE / "autograd_tools"]
    named = [
        (page.name, file)
        for page in (ROOT / "CONTRIBUTING.md", DOCS / "explanation" / "architecture.md")
        if page.exists()
        for file in re.findall(r"`((?:\w+/)+\w+\.py)`", read(page))
    ]
    assert len(named) > 10
    assert [item for item in named if not any((top / item[1]).exists() for top in folders)] == []


def packages():
    """The packages inside `autograd_tools` and `viewer`."""
    return {
        path.name
        for top in ("autograd_tools", "viewer")
        for path in (PACKAGE / top).iterdir()
        if (path / "__init__.py").exists()
    }


def test_the_architecture_names_every_package():
    page = read(DOCS / "explanation" / "architecture.md")
    assert len(packages()) > 15
    assert [name for name in packages() if not re.search(rf"`(viewer\.)?{name}`", page)] == []


def test_the_contributing_guide_lists_every_package():
    listed = [
        line.split("  ")[0] for line in blocks(ROOT / "CONTRIBUTING.md", "text")[0].split("\n")
    ]
    assert packages() - {*re.findall(r"\w+", " ".join(listed))} == set()


@pytest.mark.parametrize("name", ["ag.history", "ag.History", "viewer.MemoryUse", "ag.compile"])
def test_the_architecture_names_what_packages_offer(name):
    assert f"`{name}`" in read(DOCS / "explanation" / "architecture.md")


def test_every_name_of_ag_and_viewer_on_a_page_exists():
    used = {
        match for page in PAGES for match in re.findall(r"\b(ag|viewer)\.(?!md\b)(\w+)", read(page))
    }
    modules = {"ag": ag, "viewer": viewer}
    submodules = {path.stem for path in Path(viewer.__file__).parent.iterdir()}
    assert len(used) > 50
    assert [
        f"{module}.{name}"
        for module, name in sorted(used)
        if not hasattr(modules[module], name) and not (module == "viewer" and name in submodules)
    ] == []


def commands():
    """Return the options that the pages give to each command."""
    found = {}
    for page in PAGES:
        for line in "".join(blocks(page, "console")).splitlines():
            for command, rest in re.findall(r"autograd-tools (\w+)([^#&>]*)", line):
                found.setdefault(command, set()).update(re.findall(r"(?<= )--?\w[\w-]*", rest))
    return found


def test_every_command_on_a_page_exists_with_its_options(capsys):
    shown = commands()
    assert shown.keys() >= {"show", "draw", "explain", "profile", "compare"}
    for command, options in shown.items():
        with pytest.raises(SystemExit):
            main([command, "--help"])
        assert options <= set(re.findall(r"(?<!\S)--?\w[\w-]*", capsys.readouterr().out)), command


def test_the_page_of_columns_names_every_column():
    page = read(DOCS / "reference" / "table-columns.md")
    names = [column.header for column in HOTSPOT_COLUMNS if column.header]
    names += [*NODE_COLUMNS, *PROPERTIES, *TIMER_COLUMNS]
    shortened = {name for name in NODE_COLUMNS if name.startswith("∇")}
    assert [name for name in names if f"`{name}`" not in page and name not in shortened] == []


def test_the_page_of_tips_has_a_row_for_each():
    page = read(DOCS / "reference" / "tips.md")
    rows = re.findall(r"^\| `(\w+)` \| .+ \| (yes|) ?\|$", page, re.MULTILINE)
    tries = {"trial", "_narrowed"}  # functions that try another form
    assert dict(rows) == {
        find.__name__: "yes" if tries & {*find.__code__.co_names} else "" for find, _ in TIPS
    }


def test_pages_show_only_columns_of_hotspots_that_exist():
    heads = [
        re.split(r"\s{2,}", head)[1:]
        for page in PAGES
        for head in re.findall(r"^Hotspots by .*\n(.*)", read(page), re.MULTILINE)
    ]
    known = {column.header for column in HOTSPOT_COLUMNS}
    assert len(heads) > 8
    assert {name for head in heads for name in head} - known == set()


@pytest.mark.parametrize(("page", "names"), [("autograd_tools", ag), ("viewer", viewer)])
def test_the_reference_names_every_public_name(page, names):
    text = read(DOCS / "reference" / "api" / f"{page}.md")
    documented = set(re.findall(r"auto\w+:: (\w+)", text))
    timing = {"Timer", "reset_timer", "timer"}  # on the page of timing
    public = {name for name in dir(names) if not name.startswith("_")} - timing
    modules = {name for name in public if type(getattr(names, name)).__name__ == "module"}
    assert public - modules - documented == set()
