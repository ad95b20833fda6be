"""The lines that a plan of checkpoints changes."""

import pytest

from viewer.profiles.memory_use.program_parts import Part
from viewer.profiles.memory_use.rewriting import Unchangeable, change_of, changed


def after(source, name="block", line=1, steps=0):
    return change_of((Part("f.py", line, name, steps),), source).after


@pytest.mark.parametrize(
    ("source", "name", "expected"),
    [
        ("y = block(x)", "block", "y = ag.checkpoint(block)(x)"),
        ("y = self.block(x) + 1", "Net.block", "y = ag.checkpoint(self.block)(x) + 1"),
        ("y = layer(x)", "Layer", "y = ag.checkpoint(layer)(x)"),
        (
            "y = f(block(x), block(z))",
            "block",
            "y = f(ag.checkpoint(block)(x), ag.checkpoint(block)(z))",
        ),
        ("é = block(x)", "block", "é = ag.checkpoint(block)(x)"),
        (
            "y = abs(a(x)).sum() * b(x)",
            "Net",
            "y = abs(ag.checkpoint(a)(x)).sum() * ag.checkpoint(b)(x)",
        ),
        (
            "import numpy as np; y = np.sin(self.nets[0](x))",
            "Net",
            "import numpy as np; y = np.sin(ag.checkpoint(self.nets[0])(x))",
        ),
        ("y = f(net(x))\ndef f(x): pass", "_Net", "y = f(ag.checkpoint(net)(x))"),
        ("y = nets[0].block(\n    x)", "block", "y = ag.checkpoint(nets[0].block)("),
    ],
)
def test_a_call_is_wrapped(source, name, expected):
    assert after(source, name) == expected


@pytest.mark.parametrize(
    ("head", "expected", "needs_import"),
    [
        ("import autograd_tools as ad", "y = ad.checkpoint(f)(x)", False),
        ("import autograd_tools", "y = autograd_tools.checkpoint(f)(x)", False),
        ("import numpy as np", "y = ag.checkpoint(f)(x)", True),
    ],
)
def test_the_package_has_the_name_of_the_file(head, expected, needs_import):
    change = change_of((Part("f.py", 2, "f"),), f"{head}\ny = f(x)\n")
    assert (change.after, change.needs_import) == (expected, needs_import)


def test_calls_on_one_line_are_one_change():
    parts = tuple([Part("f.py", 1, name) for name in ("Net.logits", "log_softmax")])
    assert change_of(parts, "y = log_softmax(net.logits(x))").after == (
        "y = ag.checkpoint(log_softmax)(ag.checkpoint(net.logits)(x))"
    )


def test_characters_that_other_programs_take_for_line_ends_stay():
    source = "s = '\u2028\x0c'\ny = f(x)\n"
    change = change_of((Part("f.py", 2, "f"),), source)
    assert changed(source, [change], "ag") == "s = '\u2028\x0c'\ny = ag.checkpoint(f)(x)\n"


@pytest.mark.parametrize(
    ("source", "name", "reason"),
    [
        ("y = f(x) + g(x)", "block", "no call of block is on this line"),
        ("y = sum(map(net, x))", "Net", "no call of Net or an instance of it is on this line"),
        ("y = reduce(step, xs, x); z = g(x)", "step", "no call of step is on this line"),
        (
            "y = block(x)\ndef block(x):\n    yield x",
            "block",
            "block is a generator or a coroutine",
        ),
        ("y = block(x)\nasync def block(x): pass", "block", "block is a generator or a coroutine"),
        ("y = (", "block", "its source cannot be read"),
        ("", "block", "its source cannot be read"),
    ],
)
def test_a_call_that_cannot_be_found_or_wrapped_says_why(source, name, reason):
    with pytest.raises(Unchangeable, match=reason):
        after(source, name)


HEAD = "def loss(xs, w):\n    h = 0.0\n"
TAIL = "    return h\n"


def in_parts(body, head=HEAD, tail=TAIL, loop="    for x in xs:\n"):
    return after(f"{head}{loop}{body}{tail}", "for", head.count("\n") + 1, steps=8)


def test_a_loop_runs_in_parts():
    assert (
        in_parts("        z = x * w  # a comment\n        h = h + z\n")
        == """\
    def part(items, h, w):
        for x in items:
            z = x * w  # a comment
            h = h + z
        return h

    items = list(xs)
    for start in range(0, len(items), 8):
        h = ag.checkpoint(part)(
            items[start : start + 8], h, w
        )"""
    )


def test_a_loop_on_one_line_runs_in_parts():
    assert "            h = h + x\n" in in_parts("", loop="    for x in xs: h = h + x\n")


def test_names_of_the_program_are_not_taken():
    found = in_parts("        h = h + x\n", head="def loss(xs, part):\n    h = items = 0\n")
    assert "def part_(items_, h):" in found


def test_two_targets_and_several_variables_are_carried():
    head, loop = "def loss(xs):\n    h = u = 0\n", "    for a, b in xs:\n"
    found = in_parts("        h, u = h + a * b, h\n", head, "    return u\n", loop)
    assert "def part(items, h, u):\n        for a, b in items:" in found
    assert "h, u = ag.checkpoint(part)(" in found


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("        h = h + x\n        if x: break\n", "its body has a `break`"),
        ("        h = h + x\n        if x: return h\n", "its body has a `return`"),
        ("        h = yield h\n", "its body has a `yield`"),
        ("        hs.append(h)\n        h = h + x\n", "calls append for an effect"),
        ("        hs[0] = h\n        h = h + x\n", "its body writes into hs"),
        ("        hs.last = h\n        h = h + x\n", "its body writes into hs"),
        ("        global h\n        h = h + x\n", "has a `global`"),
        ("        z = x\n", "its body changes no variable"),
        ('        h = h + f("""\n""")\n', "a string of several lines"),
        ("        h = h + x\n    else:\n        h = 1\n", "it has an `else`"),
    ],
)
def test_a_loop_that_does_more_than_to_compute_says_why(body, reason):
    with pytest.raises(Unchangeable, match=reason):
        in_parts(body)


def test_a_variable_that_begins_in_the_loop_is_left_alone():
    with pytest.raises(Unchangeable, match="last has no value before the loop"):
        in_parts("        h = h + x\n        last = x\n", tail="    return h + last\n")


def test_several_changes_of_a_file_keep_its_other_lines():
    source = "def loss(x):\n    x = block(x)\n    x = x + 1\n    return block(x)\n"
    changes = [change_of((Part("f.py", line, "block"),), source) for line in (2, 4)]
    assert changed(source, changes, "ag") == (
        "def loss(x):\n    x = ag.checkpoint(block)(x)\n    x = x + 1\n"
        "    return ag.checkpoint(block)(x)\n"
    )
