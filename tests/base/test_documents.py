"""Documents: written whole or not at all, and refused with a reason."""

import json

import pytest

import autograd_tools as ag
from autograd_tools.base.documents import kind_of_file, read_document, write_document


@pytest.fixture
def trace():
    w = ag.Param(3.0)
    return ag.diff(lambda: w * w).trace()


def read(path):
    return read_document(path, "a format", 2, lambda document: document["content"])


def test_a_document_is_read_as_it_was_written(tmp_path):
    write_document(
        tmp_path / "a.json", {"format": "a format", "version": 2, "content": ["é", 1.5, None]}
    )
    assert read(tmp_path / "a.json") == ["é", 1.5, None]


def test_an_older_version_is_read(tmp_path):
    write_document(tmp_path / "a.json", {"format": "a format", "version": 1, "content": "old"})
    assert read(tmp_path / "a.json") == "old"


def test_a_missing_file_raises_file_not_found(tmp_path):
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "a.json")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b'{"format": "a format"', "is not complete JSON"),
        (b"\x89PNG\r\n\x1a\n\x00", "is a binary file, expected JSON"),
        (b"\xff\xfe", "is not complete JSON"),
        (b"[1, 2]", "has no format, expected the format 'a format'"),
        (b"3", "has no format, expected the format 'a format'"),
        (b"{}", "has no format, expected the format 'a format'"),
        (b'{"format": []}', "has the format [], expected the format 'a format'"),
        (
            b'{"format": "autograd_tools.timer"}',
            "is a saved profile, expected the format 'a format'",
        ),
        (
            b'{"format": "another", "version": 1}',
            "has the format 'another', expected the format 'a format'",
        ),
        (
            b'{"format": "a format", "version": 3}',
            "has version 3 of format 'a format'; this version reads up to 2; "
            "upgrade autograd_tools",
        ),
        (b'{"format": "a format", "version": "2"}', "has version '2'"),
        (b'{"format": "a format"}', "has version None"),
        (b'{"format": "a format", "version": 2}', "is damaged: KeyError: 'content'"),
        (
            b"[" * 100_000,
            "is not complete JSON; it may have been cut off: maximum recursion depth exceeded",
        ),
    ],
    ids=[
        "empty",
        "cut off",
        "picture",
        "no text",
        "list",
        "number",
        "no format",
        "list as format",
        "profile",
        "foreign",
        "newer",
        "text version",
        "no version",
        "damaged",
        "deep",
    ],
)
def test_other_documents_are_refused_with_a_reason(tmp_path, content, message):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(ValueError) as caught:
        read(tmp_path / "a.json")
    assert str(caught.value).startswith(f"{tmp_path / 'a.json'} {message}")


@pytest.mark.parametrize(
    ("version", "message"),
    [
        (99, "has version 99 of format 'autograd_tools.trace'; this version reads up to 3"),
        (None, "has version None"),
    ],
)
def test_a_trace_of_another_version_is_refused(trace, tmp_path, version, message):
    (tmp_path / "a.json").write_text(json.dumps({**trace.to_dict(), "version": version}))
    with pytest.raises(ValueError, match=message):
        ag.load_trace(tmp_path / "a.json")


def test_a_foreign_file_is_refused_as_a_trace(tmp_path):
    (tmp_path / "a.json").write_text('{"traceEvents": []}')
    with pytest.raises(ValueError, match="has no format, expected a saved trace"):
        ag.load_trace(tmp_path / "a.json")


def test_a_missing_folder_is_named(trace, tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        trace.save(tmp_path / "missing" / "a.json")


def test_writing_to_a_folder_is_an_error_and_leaves_nothing(trace, tmp_path):
    (tmp_path / "a.json").mkdir()
    with pytest.raises(OSError):
        trace.save(tmp_path / "a.json")
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_a_document_json_cannot_encode_keeps_the_old_file(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("old")
    with pytest.raises(TypeError):
        write_document(path, {"content": object()})
    assert path.read_text() == "old"


@pytest.mark.parametrize(
    "document", [{"format": "x" * 9_999}, {"format": "a format", "version": "x" * 9_999}]
)
def test_a_message_about_a_file_is_short(tmp_path, document):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(document))
    with pytest.raises(ValueError, match="xxx") as caught:
        read_document(path, "a format", 2, dict)
    assert len(str(caught.value).replace(str(path), "")) < 500


# Kinds of files -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rewrite",
    [
        lambda document: json.dumps(document, indent=1),
        lambda document: json.dumps(document, indent="\t", sort_keys=True),
        lambda document: "\n\n" + json.dumps(document, separators=(" , ", " : ")),
        lambda document: json.dumps({"padding": "x" * 5000, **document}),
        lambda document: "\ufeff" + json.dumps(document),
        lambda document: json.dumps(document)[:100],
    ],
    ids=["indented", "sorted", "spaced", "late", "marked", "cut off"],
)
def test_a_saved_file_is_recognized_in_any_layout(trace, tmp_path, rewrite):
    trace.save(tmp_path / "a.json")
    ag.Timer().save(tmp_path / "b.json")
    kinds = []
    for saved in ("a", "b"):
        document = json.loads((tmp_path / f"{saved}.json").read_bytes())
        (tmp_path / saved).write_text(rewrite(document), encoding="utf-8")
        kinds.append(kind_of_file(tmp_path / saved))
    assert kinds == ["trace", "profile"]


def test_utf_16_files_are_recognized(tmp_path):
    text = '{"format": "autograd_tools.trace", "version": 2}'
    (tmp_path / "a").write_text(text, encoding="utf-16")
    assert kind_of_file(tmp_path / "a") == "trace"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[1, 2]",
        "\x00\xff",
        'print(\'"format": "autograd_tools.trace"\')',
        '{"format": "autograd_tools.report"}',
        '{"format": ["autograd_tools.trace"]}',
        '{"inside": {"format": "autograd_tools.trace"}}',
        '{"cell": "\\"format\\": \\"autograd_tools.trace\\""}',
        "{1: 2}[1]",
    ],
)
def test_other_files_have_no_kind(tmp_path, content):
    (tmp_path / "a").write_text(content, encoding="utf-8")
    assert kind_of_file(tmp_path / "a") is None
