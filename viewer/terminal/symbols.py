"""The symbols of formulas: a unique one for each node and constant array."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from autograd_tools import Trace
from viewer.text.lines import shorten

LONGEST_NAME = 24  # columns
# `w`, `layer 1`, `net.layers[0].w`, `p['w']`
_PLAIN = re.compile(r"[^\W\d]\w*( \w+|\.\w+|\[-?\w+\]|\['[^']*'\]|\[\"[^\"]*\"\])*")
_STRING = re.compile(r"'[^']*'|\"[^\"]*\"")
_WORD = re.compile(r"(?<![\w.])[^\W\d]\w*(?:\.\w+)*(?!\w|=[^=])")  # but no keyword
# Letters, runes, of symbols in formulas that are not shown yet: no program has names with these.
NODE, CONSTANT = map(chr, (0x16A0, 0x16B2))
_MARK = re.compile(rf"{NODE}(\d+)|{CONSTANT}\d+")


class Names:
    """The symbols of nodes: `v3` by the number of the node, or the name of a Param or input.

    A name that another leaf has, that is a word of the formulas, or that is no plain name, stands
    for nothing. Where a name or a word is like `v3`, nodes are `v_3`; likewise `c3`, constants.
    """

    def __init__(self, trace: Trace, words: Iterable[str] = ()) -> None:
        taken = {*words, *(signature.op for signature in trace.columns.signatures)}
        given = {id: name for id, name in enumerate(trace.columns.name, 1) if name.strip()}
        shown = {id: shorten(name, LONGEST_NAME) for id, name in given.items()}
        times = Counter(shown.values())
        self.own = {
            id: text
            for id, text in shown.items()
            if times[text] == 1 and _PLAIN.fullmatch(given[id]) and not {text, given[id]} & taken
        }
        taken.update(self.own.values())
        self.node, self.constant = _free("v", taken), _free("c", taken)

    def __getitem__(self, id: int) -> str:
        return self.own.get(id) or f"{self.node}{id}"


class Places(Names):
    """The symbols of a node and its parents by their places, for `pieces`."""

    def __init__(self, node: int, parents: Sequence[int]) -> None:
        self.own = {id: f"{NODE}{place}" for place, id in reversed([*enumerate(parents, 1)])}
        self.own[node] = f"{NODE}0"
        self.node, self.constant = NODE, CONSTANT


class Unnamed(Names):
    """Symbols that are no words."""

    def __init__(self) -> None:
        self.own, self.node, self.constant = {}, NODE, CONSTANT


def pieces(text: str) -> list[str | int]:
    """Return the texts of a formula around its symbols of `Places`, and -1 for a constant array."""
    found: list[str | int] = []
    end = 0
    for mark in _MARK.finditer(text):
        found += [text[end : mark.start()], int(mark[1] or -1)]
        end = mark.end()
    return [piece for piece in [*found, text[end:]] if piece != ""]


def words_of(text: str) -> set[str]:
    """Return the words of a formula besides its symbols.

    >>> sorted(words_of("∇ᚠ2 * einsum('i->', linalg.inv(ᚠ1).mT, axis=pi)"))
    ['einsum', 'linalg.inv', 'pi']
    """
    return {*_WORD.findall(_STRING.sub("", _MARK.sub(" ) ", text)))}


def _free(letter: str, taken: Iterable[str]) -> str:
    """Return a letter, with underscores behind it if a word is like a symbol with it."""
    while any(re.fullmatch(rf"{letter}\d+(_\d+)?", word) for word in taken):
        letter += "_"
    return letter
