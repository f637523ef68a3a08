"""A good reply gone wrong in one place: what a service sends on a bad day, or after a change."""

import copy
from collections.abc import Iterator
from typing import Any

__all__ = ["mutations"]

_WRONG: tuple[Any, ...] = (None, True, 12345, -1.5, "text", [], {}, [None], {"unexpected": []}, 10**400)


def mutations(value: Any, most: int) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - any JSON value
    """The value with one part replaced by another kind or removed, each with a name; evenly chosen among all.

    Args:
        value: What the service sends on a good day.
        most: How many.
    """
    every = [change for place in _places(value, ()) for change in _changes(value, place)]
    step = max(1, -(-len(every) // most))
    # A step that shares a factor with the number of wrong values would always choose the same ones.
    while step > 1 and (step % 2 == 0 or step % 11 == 0):
        step += 1
    for place, wrong in every[::step]:
        changed = copy.deepcopy(value)
        shown = "".join(f"[{part!r}]" for part in place)
        yield f"reply{shown} = {_shown(wrong)}", _with(changed, place, wrong)


class _Gone:
    """Stands for a part that is removed."""


def _changes(value: Any, place: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any]]:  # noqa: ANN401
    yield place, _Gone
    part = value
    for step in place:
        part = part[step]
    for wrong in _WRONG:
        if type(wrong) is not type(part):
            yield place, wrong


def _places(value: Any, place: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield (*place, key)
        yield from _places(part, (*place, key))


def _with(value: Any, place: tuple[Any, ...], wrong: object) -> Any:  # noqa: ANN401
    part = value
    for step in place[:-1]:
        part = part[step]
    if wrong is _Gone:
        del part[place[-1]]
    else:
        part[place[-1]] = wrong
    return value


def _shown(wrong: object) -> str:
    # Python refuses to write out an integer of thousands of digits, and nobody wants to read one of hundreds.
    return "gone" if wrong is _Gone else "10**400" if wrong == 10**400 else repr(wrong)
