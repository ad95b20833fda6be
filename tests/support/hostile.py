"""Names that look like syntax to some renderer."""

import pytest

NAMES = {
    "tag": "</script>",
    "script": "<script>alert(1)</script>",
    "style": "</pre></style><svg>",
    "bold": "<b>bold</b>",
    "lambda": "<lambda>",
    "comment": "--> <!-- x -->",
    "cdata": "]]>",
    "ampersand": "a & b",
    "entity": "&lt;b&gt; &amp; &#38; #quot;",
    "unknown_entity": "&nosuch;",
    "colon": "np:sum",
    "stack": "a;b 7",
    "formula": "=1+1",
    "quotes": "\"'`,",
    "markdown": "a|b`c`*d*_e_ **f**",
    "markup": "[bold]x[/bold]",
    "closing": "[/]",
    "brackets": '"]; n9 [',
    "brace": "}",
    "arrow": "a -> b",
    "keyword": "graph",
    "end": "end",
    "record": "{a|b}",
    "directive": "%%{init: {}}%%",
    "percent": "%s{0}",
    "emoji": "🙂日本é",
    "emoji_code": ":smile:",
    "newline": "a\nb\r\nc",
    "separator": "a\u2028b\x85c\x0cd",
    "escape": "\x1b[31mred\x00",
    "bidirectional": "a\u202eb",
    "surrogate": "\ud800",
    "backslash": "\\N\\G\\l\\",
    "long": "x" * 10_000,
}
# The names whose text on one line differs.
ON_ONE_LINE = {
    "newline": r"a\nb\r\nc",
    "separator": r"a\u2028b\x85c\x0cd",
    "escape": r"\x1b[31mred\x00",
    "bidirectional": r"a\u202eb",
    "surrogate": r"\ud800",
}

each_hostile_name = pytest.mark.parametrize("name", NAMES.values(), ids=list(NAMES))


def hostile(**shown):
    """Run a test with each `name` and its text, which `shown` changes for some of them."""
    texts = {**NAMES, **ON_ONE_LINE, **shown}
    cases = [(name, texts[case]) for case, name in NAMES.items()]
    return pytest.mark.parametrize(("name", "shown"), cases, ids=list(NAMES))
