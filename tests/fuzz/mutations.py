"""Changes of a case that leave it JSON. Bytes that libFuzzer changes by itself would nearly never be read."""

import copy
import json
from collections.abc import Callable, Iterable, Iterator
from random import Random
from typing import Any

from tests.fuzz.cases import encode, read_case

__all__ = ["Mutations"]

_ODD: list[Any] = [
    None, True, False, 0, 1, -1, 0.5, 1e308, 2**63, 10**40, "", " ", "*", ".", "..", "/", "\\", "{", "}", "{}", "[]",
    "null", "\x00", "\n", "\ud800", "\u00e9", "\U0001f9c0", [], {}, [None], "NaN", "1e999",
]  # fmt: skip
_LONGEST = 1000

#: A place in a case: a container, and the key or the index in it.
Place = tuple[Any, Any]


class Mutations:
    """Changes cases, with the words of other cases.

    Args:
        cases: Where the words come from: the names, texts and values in them.
        mutate_bytes: Changes bytes, to at most so many; libFuzzer's own.
    """

    def __init__(self, cases: Iterable[bytes], mutate_bytes: Callable[[bytes, int], bytes]) -> None:
        self._mutate_bytes = mutate_bytes
        self._cases = [read_case(case) for case in cases]
        nodes = [holder[key] for case in self._cases for holder, key in _places([case])]
        names = [name for node in nodes if isinstance(node, dict) for name in node]
        self._names: list[str] = sorted(set(names)) or ["name"]
        texts = sorted({node for node in nodes if isinstance(node, str) and len(node) < 100})
        self._values = [*_ODD, *texts, *self._names, *(node for node in nodes if isinstance(node, int | float))]

    def mutate(self, data: bytes, longest: int, seed: int) -> bytes:
        """A case with one to four changes, of at most so many bytes."""
        random = Random(seed)
        root = [self._read(data, random)]
        for _ in range(random.choice((1, 1, 1, 2, 3, 4))):
            self._change(root, random)
        return _fitting(root[0], longest, data)

    def cross(self, data: bytes, other: bytes, longest: int, seed: int) -> bytes:
        """A case with a part of another one in it, where that has a place of the same name if there is one."""
        random = Random(seed)
        root, donor = [self._read(data, random)], [self._read(other, random)]
        holder, key = random.choice(list(_places(root)))
        donors = list(_places(donor))
        alike = [place for place in donors if place[1] == key]
        source, name = random.choice(alike or donors)
        holder[key] = copy.deepcopy(source[name])
        return _fitting(root[0], longest, data)

    def _read(self, data: bytes, random: Random) -> Any:
        try:
            return read_case(data)
        except ValueError:
            return copy.deepcopy(random.choice(self._cases))

    def _change(self, root: list[Any], random: Random) -> None:
        places = list(_places(root))
        holder, key = random.choice(places)
        value = holder[key]
        changes = [self._replaced, self._wrapped, self._moved]
        if isinstance(value, str):
            changes += [self._text] * 5
        elif isinstance(value, bool | int | float):
            changes += [self._number] * 2
        elif isinstance(value, dict | list):
            changes += [self._shrunk, self._grown, self._grown, self._renamed]
        holder[key] = random.choice(changes)(value, places, random)

    def _replaced(self, _value: Any, _places: list[Place], random: Random) -> Any:
        return copy.deepcopy(random.choice(self._values))

    def _moved(self, _value: Any, places: list[Place], random: Random) -> Any:
        holder, key = random.choice(places)
        return copy.deepcopy(holder[key])

    def _wrapped(self, value: Any, _places: list[Place], random: Random) -> Any:
        if isinstance(value, dict | list) and value and random.random() < 0.4:
            return random.choice(list(value.values() if isinstance(value, dict) else value))
        # Forms send JSON as text.
        ways = [[value], {random.choice(self._names): value}, json.dumps(value)]
        return random.choice(ways)

    def _text(self, value: str, _places: list[Place], random: Random) -> Any:
        if random.random() < 0.3:
            word = random.choice([item for item in self._values if isinstance(item, str)])
            at = random.randint(0, len(value))
            return value[:at] + word + value[at + random.choice((0, 0, 1, len(word))) :]
        changed = self._mutate_bytes(value.encode("utf-8", "surrogatepass"), min(_LONGEST, 2 * len(value) + 8))
        return bytes(changed).decode("utf-8", "surrogateescape")

    def _number(self, value: float, _places: list[Place], random: Random) -> Any:
        return random.choice((value + 1, value - 1, -value, 10 ** random.randint(1, 25), str(value), value / 2))

    def _shrunk(self, value: Any, _places: list[Place], random: Random) -> Any:
        if value:
            del value[random.choice(list(value) if isinstance(value, dict) else range(len(value)))]
        return value

    def _grown(self, value: Any, places: list[Place], random: Random) -> Any:
        added = self._replaced(None, places, random) if random.random() < 0.6 else self._moved(None, places, random)
        if isinstance(value, dict):
            value[random.choice(self._names)] = added
        else:
            value.insert(random.randint(0, len(value)), added)
        return value

    def _renamed(self, value: Any, _places: list[Place], random: Random) -> Any:
        if isinstance(value, dict) and value:
            value[random.choice(self._names)] = value.pop(random.choice(list(value)))
        return value


def _places(root: list[Any]) -> Iterator[Place]:
    """Every place in a list that holds a case, the case itself first."""
    pending: list[Any] = [root]
    while pending:
        holder = pending.pop()
        for key in list(holder) if isinstance(holder, dict) else range(len(holder)):
            yield holder, key
            if isinstance(holder[key], dict | list):
                pending.append(holder[key])


def _fitting(case: Any, longest: int, otherwise: bytes) -> bytes:
    try:
        data = encode(case)
    except (ValueError, RecursionError):
        return otherwise
    return data if len(data) <= longest else otherwise
