"""Texts of declarations in the style of n8n's forms: names in title case, descriptions without markup."""

import re
from html import escape

__all__ = ["boolean_description", "class_name", "description", "notice", "sentence", "title"]

# Words that stay small within a name, as n8n's own linter has it.
_SMALL = re.compile(
    r"a|an|and|as|at|because|but|by|en|for|if|in|neither|nor|of|on|only|or|over|per|so|some|than|that|the|to|up|upon|vs"
    r"|versus|via|when|with|without|yet"
)
_INITIALISMS = {"api": "API", "html": "HTML", "id": "ID", "ids": "IDs", "json": "JSON", "uri": "URI", "url": "URL"}
_ID = re.compile(r"\bids?\b")
_URL = re.compile(r"https?://[^\s<>\"'()]*[^\s<>\"'().,;:]")


def title(text: str) -> str:
    """A name as n8n writes it: `Expiration date` becomes `Expiration Date`, and `user_ids` `User IDs`."""
    words = text.replace("_", " ").split()
    last = len(words) - 1
    return " ".join(
        _INITIALISMS.get(word.lower())
        or (word if _SMALL.fullmatch(word.lower()) and number not in (0, last) else word[:1].upper() + word[1:])
        for number, word in enumerate(words)
    )


def sentence(text: str) -> str:
    """A title as n8n's list of actions shows it: the first letter is large, and other words are as they were."""
    first, *rest = text.split()
    return " ".join((first[:1].upper() + first[1:], *rest))


def description(text: str) -> str:
    """A description: one line with `<` and `>` escaped; a single sentence ends without a full stop."""
    line = escape(" ".join(text.split()), quote=False).replace("&amp;", "&")
    line = _ID.sub(lambda found: _INITIALISMS[found[0]], line[:1].upper() + line[1:])
    sentences = line.replace("e.g.", "").count(". ") + 1
    if sentences == 1:
        return line.removesuffix(".")
    return line if line.endswith((".", "!", "?")) else f"{line}."


def boolean_description(text: str, name: str) -> str:
    """The description of a switch, which begins with `Whether`."""
    line = description(text)
    return line if line.startswith("Whether") else description(f"Whether {name!r} is on. {line}".replace("'", '"'))


def notice(text: str) -> str:
    """A line of help in HTML, with links that open in a page of their own."""
    line = " ".join(text.split())
    parts, end = [], 0
    for link in _URL.finditer(line):
        parts.append(escape(line[end : link.start()], quote=False))
        parts.append(f'<a href="{escape(link[0])}" target="_blank">{escape(link[0], quote=False)}</a>')
        end = link.end()
    return "".join((*parts, escape(line[end:], quote=False)))


def class_name(name: str) -> str:
    """The name of an integration as a class: `google_drive` becomes `GoogleDrive`."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_") if part)
