"""Names that look like syntax to some renderer."""

import pytest

# The name, and its text on one line.
HOSTILE = {
    "tag": ("</script>", "</script>"),
    "script": ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    "style": ("</pre></style><svg>", "</pre></style><svg>"),
    "bold": ("<b>bold</b>", "<b>bold</b>"),
    "lambda": ("<lambda>", "<lambda>"),
    "comment": ("--> <!-- x -->", "--> <!-- x -->"),
    "cdata": ("]]>", "]]>"),
    "ampersand": ("a & b", "a & b"),
    "entity": ("&lt;b&gt; &amp; &#38; #quot;", "&lt;b&gt; &amp; &#38; #quot;"),
    "unknown_entity": ("&nosuch;", "&nosuch;"),
    "colon": ("np:sum", "np:sum"),
    "stack": ("a;b 7", "a;b 7"),
    "formula": ("=1+1", "=1+1"),
    "quotes": ("\"'`,", "\"'`,"),
    "markdown": ("a|b`c`*d*_e_ **f**", "a|b`c`*d*_e_ **f**"),
    "markup": ("[bold]x[/bold]", "[bold]x[/bold]"),
    "closing": ("[/]", "[/]"),
    "brackets": ('"]; n9 [', '"]; n9 ['),
    "brace": ("}", "}"),
    "arrow": ("a -> b", "a -> b"),
    "keyword": ("graph", "graph"),
    "end": ("end", "end"),
    "record": ("{a|b}", "{a|b}"),
    "directive": ("%%{init: {}}%%", "%%{init: {}}%%"),
    "percent": ("%s{0}", "%s{0}"),
    "emoji": ("🙂日本é", "🙂日本é"),
    "emoji_code": (":smile:", ":smile:"),
    "newline": ("a\nb\r\nc", r"a\nb\r\nc"),
    "separator": ("a\u2028b\x85c\x0cd", r"a\u2028b\x85c\x0cd"),
    "escape": ("\x1b[31mred\x00", r"\x1b[31mred\x00"),
    "bidirectional": ("a\u202eb", r"a\u202eb"),
    "surrogate": ("\ud800", r"\ud800"),
    "backslash": ("\\N\\G\\l\\", "\\N\\G\\l\\"),
    "long": ("x" * 10_000, "x" * 10_000),
}


def hostile(**shown):
    """Run a test with each `name` as `shown`, which differs in this renderer for some of them."""
    pairs = [(name, shown.get(case, text)) for case, (name, text) in HOSTILE.items()]
    return pytest.mark.parametrize(("name", "shown"), pairs, ids=list(HOSTILE))


each_hostile_name = pytest.mark.parametrize(
    "name", [name for name, _ in HOSTILE.values()], ids=list(HOSTILE)
)
