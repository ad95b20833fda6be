"""Seeded damage to saved files: items changed in type, size, number, order or depth; bytes lost."""

import copy
import json

ODD = [
    None, True, -1, 0, 1, 2, 10**9, 2**62, 2**63, 10**400, 1.5, -0.5, float("nan"), float("inf"),
    "", "fast", "\x1b[31m", "1", [], [[]], {}, {"1": 1}, [0], [-1], ["x"], [None],
]  # fmt: skip


def _deep(depth):
    found = []
    for _ in range(depth):
        found = [found]
    return found


def _places(document):
    """Return every container of a document with each of its keys, or indices."""
    found, todo = [], [document]
    while todo:
        own = todo.pop()
        keys = list(own) if isinstance(own, dict) else range(len(own))
        for key in keys:
            found.append((own, key))
            if isinstance(own[key], (dict, list)):
                todo.append(own[key])
    return found


def mutated(document, random):
    """Return the bytes of a damaged copy of a document."""
    kind = random.randrange(10)
    if kind < 8:
        copied = copy.deepcopy(document)
        columns = [(copied, key) for key in copied if key not in ("format", "version")]
        own, key = random.choice(columns if random.random() < 0.2 else _places(copied))
        _change(own, key, random)
        return json.dumps(copied).encode()
    text = bytearray(json.dumps(document).encode())
    if kind == 8:
        return bytes(text[: random.randrange(len(text))])
    text[random.randrange(len(text))] ^= 1 << random.randrange(8)
    return bytes(text)


def _change(own, key, random):
    old = own[key]
    action = random.randrange(8)
    if action == 0:
        del own[key]
    elif action == 1 and isinstance(own, list):
        own.insert(key, copy.deepcopy(old))
    elif action == 2 and isinstance(old, list) and old:
        old.pop()
    elif action == 3 and isinstance(old, list):
        old.append(random.choice([*ODD, *copy.deepcopy(old)]))
    elif action == 4 and isinstance(old, list):
        random.shuffle(old)
    elif action == 5 and type(old) in (int, float):
        own[key] = random.choice([-old, old + 1, old - 1, old * 1.0, str(old), [old]])
    elif action == 6:
        own[key] = _deep(random.choice([1, 70, 300]))
    else:
        own[key] = copy.deepcopy(random.choice(ODD))
