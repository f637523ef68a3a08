"""Judges whether a text tells a person something.

A full stop at the end is not asked for: connectors in use describe a parameter as `Page number to retrieve` or end in
an example. Asked for are a beginning, enough words to say more than the name does, and an end that is not in mid-air.
"""

import re

__all__ = ["fault_of"]

_FEWEST_WORDS = 3
_WORD = re.compile(r"[^\W_]+(?:['\N{RIGHT SINGLE QUOTATION MARK}\-][^\W_]+)*")
_SEVERAL_SENTENCES = re.compile(r"[a-z0-9)\"'`][.!?] +[A-Z]")
_MID_AIR = re.compile(r"([,:;/(\[{\-\N{EN DASH}\N{EM DASH}]|\b(?:and|or|the|a|an|of|to|with|for))$", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\b(TODO|TBD|FIXME|XXX|lorem ipsum|describe me|description goes here)\b", re.IGNORECASE)
_FULL_STOPS = (".", "!", "?", ".)", ".`", '."', "\N{HORIZONTAL ELLIPSIS}")


def fault_of(text: str, *names: str) -> str | None:
    """What is wrong with a description, as the end of a sentence; None when it is whole.

    Args:
        text: The description.
        names: The name and the title of what is described, which are no description of it.
    """
    stripped = text.strip()
    if not stripped:
        return "is missing"
    if _PLACEHOLDER.search(stripped):
        return "is a placeholder"
    words = _WORD.findall(stripped)
    if len(words) < _FEWEST_WORDS:
        return f"has fewer than {_FEWEST_WORDS} words"
    if [word.lower() for word in words] in [[w.lower() for w in _WORD.findall(_spaced(name))] for name in names]:
        return "only repeats the name"
    if stripped[0].isalpha() and not stripped[0].isupper() and "_" not in stripped.split()[0]:
        return "does not begin with a capital letter"
    if _MID_AIR.search(stripped):
        return "ends in mid-air"
    if _SEVERAL_SENTENCES.search(stripped) and not stripped.endswith(_FULL_STOPS):
        return "has several sentences and no full stop at its end"
    return None


def _spaced(name: str) -> str:
    return name.replace("_", " ")
