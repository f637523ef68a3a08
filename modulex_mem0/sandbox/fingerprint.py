"""Telling that two memories say the same, by looking up one indexed value.

Two texts are near-duplicates if they hold the same words in the same order, apart from case, accents, punctuation and
words that carry no meaning of their own. A lookup costs the same however many memories there are.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata

from modulex_mem0.sandbox.scope import Scope

_WORD = re.compile(r"\w+")
_APOSTROPHE = re.compile("['\N{RIGHT SINGLE QUOTATION MARK}]")
_FILLERS = frozenset({"a", "an", "the", "really", "very", "also", "just", "that", "so", "and", "well", "actually"})


def fingerprint(text: str, scope: Scope) -> str:
    """A value that near-duplicates of the same people share."""
    identity = json.dumps([*scope.values(), *significant_words(text)])
    return hashlib.sha256(identity.encode()).hexdigest()


def significant_words(text: str) -> list[str]:
    """The words of ``text`` in plain form, without fillers; the text itself if nothing else would be left."""
    # Apostrophes vanish rather than split, so that "I'm" and "Im" are one word.
    plain = unicodedata.normalize(
        "NFKD", text.casefold().replace("'", "").replace("\N{RIGHT SINGLE QUOTATION MARK}", "")
    )
    bare = "".join(character for character in plain if not unicodedata.combining(character))
    words = _WORD.findall(bare)
    return [word for word in words if word not in _FILLERS] or words or [text]
