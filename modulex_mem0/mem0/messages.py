"""Messages: the conversations of other programs, converted to the turns that Mem0 takes.

docs/integrations/messages.md shows the conversion as a table, which a test compares with `CONVERSIONS`.
"""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, NoReturn

from pydantic import BeforeValidator, ValidationError, WithJsonSchema
from pydantic_core import InitErrorDetails, PydanticCustomError

from modulex_mem0.contract import ActionInput, is_blank
from modulex_mem0.mem0.parameters import parse_json_text

__all__ = ["ROLES", "SKIPPED_ROLES", "Message", "Messages", "has_media", "parse_messages"]

#: The names that programs give to the speakers, in lower case, and Mem0's names for them.
ROLES = {
    "user": "user",
    "human": "user",
    "customer": "user",
    "assistant": "assistant",
    "ai": "assistant",
    "model": "assistant",
    "bot": "assistant",
    "chatbot": "assistant",
    "agent": "assistant",
    "gpt": "assistant",
    "system": "system",
    "developer": "system",
}
#: Turns of these are the programs' own: a tool's result is nothing that was said.
SKIPPED_ROLES = frozenset({"tool", "function", "remove", "ipython", "data"})
# Items of a conversation that have a type but no speaker, such as the tool calls of OpenAI's Responses.
_SKIPPED_TYPES = ("_call", "_call_output", "reasoning", "item_reference", "compaction", "_approval_request")
# Where programs keep what was said.
_CONTENT_KEYS = ("content", "parts", "blocks", "text", "message", "value")
_ROLE_KEYS = ("role", "type", "from")
_TEXT_PARTS = frozenset({"text", "input_text", "output_text", "user-prompt", "system-prompt"})
#: The objects that Mem0 documents for images and documents.
_MEDIA = ("image_url", "pdf_url", "mdx_url")
# Parts of pydantic-ai name the speaker of each part.
_PART_ROLES = {"user-prompt": "user", "system-prompt": "system", "text": "assistant"}
_Turn = Mapping[Any, Any]
_Place = tuple[int | str, ...]


class Message(ActionInput):
    """One turn of a conversation."""

    role: Annotated[str, WithJsonSchema({"type": "string", "enum": ["user", "assistant", "system"]})]
    # Text, or one of Mem0's objects for an image or a document.
    content: Annotated[Any, WithJsonSchema({"type": "string"})]


def parse_messages(value: object) -> list[dict[str, Any]]:
    """Convert a conversation to messages with `role` and `content`.

    Args:
        value: Text, which the user said; JSON text; one message; or a list of messages, each as a mapping, as an object
            with `model_dump`, or as a pair of role and content.

    Raises:
        ValueError: Names the place of what cannot be understood; nothing is left to remember.
    """
    messages: list[dict[str, Any]] = []
    for index, turn in enumerate(_turns(value)):
        messages += _convert(turn, (index,))
    if not messages:
        raise ValueError("must be a non-empty list of messages; these hold no text, image or document to remember")
    return messages


#: A conversation in any of the forms that `parse_messages` takes.
Messages = Annotated[list[Message], BeforeValidator(parse_messages)]


def has_media(messages: list[Message]) -> bool:
    """Whether a conversation holds an image or a document."""
    return any(not isinstance(message.content, str) for message in messages)


# The conversation


def _turns(value: object) -> list[Any] | tuple[Any, ...]:
    value = parse_json_text(value)
    if isinstance(value, str):
        if is_blank(value):
            raise ValueError("must be non-empty: a list of messages, or text")
        return [{"role": "user", "content": value}]
    if isinstance(value, list):
        return value
    if isinstance(value, tuple):
        return [value] if _is_pair(value) else value
    turn = _mapping(value)
    if turn is None:
        raise ValueError("must be a list of messages, each with role and content")
    # The state of an agent, or the body of a request to a language model.
    if isinstance(turn.get("messages"), list | tuple | str) and "role" not in turn:
        return _turns(turn["messages"])
    return [turn]


def _convert(turn: object, place: _Place) -> list[dict[str, Any]]:
    """The messages of one turn: its text, then its images and documents; none if there is nothing to remember."""
    fields = _mapping(_decoded(turn, place))
    if fields is None:
        _refuse(place, "must be an object with role and content")
    fields = _unwrapped(fields)
    parts = fields.get("parts")
    if fields.get("kind") in ("request", "response") and isinstance(parts, list):
        return _by_part(parts, place)
    role = _role(fields, place)
    if role is None:
        return []
    key = next((key for key in _CONTENT_KEYS if fields.get(key) is not None), None)
    if key is None:
        return []
    spliced = _spliced(fields[key])
    if spliced is not None:
        return [message for inner in spliced for message in _convert(inner, (*place, key))]
    return _said(role, fields[key], (*place, key))


def _by_part(parts: list[Any], place: _Place) -> list[dict[str, Any]]:
    messages = []
    for index, part in enumerate(parts):
        here: _Place = (*place, "parts", index)
        if not isinstance(part, Mapping):
            _refuse(here, "must be an object")
        role = _PART_ROLES.get(str(part.get("part_kind")))
        if role is not None and part.get("content") is not None:
            messages += _said(role, part["content"], (*here, "content"))
    return messages


def _said(role: str, content: object, place: _Place) -> list[dict[str, Any]]:
    parts = list(_parts(content, place))
    media = [part for part in parts if isinstance(part, dict)]
    text = "\n".join(part for part in parts if isinstance(part, str) and part.strip())
    return [{"role": role, "content": said} for said in ([text] if text else []) + media]


# One turn


def _mapping(value: object) -> _Turn | None:
    """A message as a mapping, whatever class its framework has for it."""
    if isinstance(value, Mapping):
        return value
    if isinstance(value, tuple | list):
        return {"role": value[0], "content": value[1]} if _is_pair(value) else None
    dump = getattr(value, "model_dump", None)
    if callable(dump):
        try:
            dumped = dump()
        except Exception as error:  # the class is someone else's
            raise ValueError(f"is an object that cannot be read ({type(error).__name__})") from None
        return dumped if isinstance(dumped, Mapping) else None
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name, None) for field in dataclasses.fields(value)}
    return None


def _is_pair(value: tuple[Any, ...] | list[Any]) -> bool:
    """Whether this is LangChain's short form of a message, `("human", "Hello")`."""
    return (
        len(value) == 2
        and isinstance(value[0], str)
        and isinstance(value[1], str | list)
        and value[0].lower() in ROLES.keys() | SKIPPED_ROLES
    )


def _decoded(turn: object, place: _Place) -> object:
    try:
        return parse_json_text(turn)
    except ValueError as error:
        _refuse(place, str(error))


def _unwrapped(turn: _Turn) -> _Turn:
    """The fields of a message that LangChain wrote as `{"type", "data"}` or as a serialised constructor."""
    data, kwargs, path = turn.get("data"), turn.get("kwargs"), turn.get("id")
    if isinstance(data, Mapping) and "content" in data and "content" not in turn:
        return {"type": turn.get("type"), **data}
    if isinstance(kwargs, Mapping) and turn.get("lc") is not None and isinstance(path, list) and path:
        return {"type": path[-1], **kwargs}
    return turn


def _role(turn: _Turn, place: _Place) -> str | None:
    """Mem0's name of who speaks; None for a turn that is skipped."""
    key = next((key for key in _ROLE_KEYS if turn.get(key) is not None), None)
    given = turn[key] if key is not None else None
    if key is None:
        _refuse((*place, "role"), "is required")
    # An enumeration's member is its value.
    given = getattr(given, "value", given)
    if not isinstance(given, str):
        _refuse((*place, key), "must be text")
    name = given.strip().lower()
    if key == "type":
        if name.endswith(_SKIPPED_TYPES):
            return None
        # HumanMessage, AIMessageChunk
        name = name.removesuffix("chunk").removesuffix("message")
    if name in SKIPPED_ROLES:
        return None
    if name not in ROLES:
        _refuse((*place, key), f"must be user, assistant or system, got {given[:40]!r}")
    return ROLES[name]


# What was said


def _spliced(content: object) -> list[Any] | None:
    """The messages of a conversation that was encoded into the content of a single message."""
    if not isinstance(content, str) or content.lstrip()[:1] not in ('"', "["):
        return None
    try:
        inner = parse_json_text(content)
    except ValueError:
        # Brackets in what someone said.
        return None
    if isinstance(inner, list) and inner and all(_is_message(item) for item in inner):
        return inner
    return None


def _is_message(item: object) -> bool:
    return isinstance(item, dict) and isinstance(item.get("role"), str) and "content" in item


def _parts(content: object, place: _Place) -> Iterator[str | dict[str, Any]]:
    """The texts, and the images and documents as Mem0 takes them."""
    if isinstance(content, str):
        parts = _encoded_parts(content)
        if parts is None:
            yield content
            return
        content = parts
    if isinstance(content, Mapping):
        yield from _part(content, place)
    elif isinstance(content, list | tuple):
        for index, part in enumerate(content):
            here: _Place = (*place, index)
            if isinstance(part, str):
                yield part
            elif part is not None:
                fields = _mapping(part)
                if fields is None:
                    _refuse(here, "must be text or an object with a type")
                yield from _part(fields, here)
    else:
        _refuse(place, "must be text, or a list of parts")


def _encoded_parts(content: str) -> list[Any] | None:
    """Parts that were encoded as JSON, such as `[{"type": "text", "text": "Hello"}]` from a database."""
    if content.lstrip()[:1] not in ('"', "["):
        return None
    try:
        inner = parse_json_text(content)
    except ValueError:
        return None
    if isinstance(inner, list) and inner and all(isinstance(p, dict) and isinstance(p.get("type"), str) for p in inner):
        return inner
    return None


def _part(part: _Turn, place: _Place) -> Iterator[str | dict[str, Any]]:
    kind = part.get("type", part.get("block_type"))
    kind = getattr(kind, "value", kind)
    text = part.get("text")
    if isinstance(text, Mapping):
        text = text.get("value")
    if isinstance(kind, str) and kind in _MEDIA:
        yield _media(kind, _url(part.get(kind)), place)
    elif kind in ("image", "input_image"):
        yield _media("image_url", _source(part, "image/png"), place)
    elif kind in ("file", "document", "input_file"):
        address = _source(part, "application/pdf")
        # Other files, such as one that was uploaded to a language model's service, are out of Mem0's reach.
        if address and (_mime_type(part) == "application/pdf" or address.split("?")[0].lower().endswith(".pdf")):
            yield _media("pdf_url", address, place)
    elif isinstance(text, str) and (kind is None or (isinstance(kind, str) and kind in _TEXT_PARTS)):
        yield text


def _media(kind: str, url: str | None, place: _Place) -> dict[str, Any]:
    if url is None:
        _refuse(place, f"{kind} needs a url")
    return {"type": kind, kind: {"url": url}}


def _url(value: object) -> str | None:
    found = value.get("url") if isinstance(value, Mapping) else value
    return found if isinstance(found, str) and found.strip() else None


def _source(part: _Turn, usual_type: str) -> str | None:
    """The address of an image or a document, or its bytes as a `data:` address."""
    source = part.get("source")
    for holder in (part, source if isinstance(source, Mapping) else {}):
        for key in ("image_url", "url", "file_url"):
            if found := _url(holder.get(key)):
                return found
        for key in ("base64", "data", "image"):
            encoded = holder.get(key)
            if isinstance(encoded, str) and encoded.strip():
                known = encoded.startswith(("data:", "http:", "https:"))
                return encoded if known else f"data:{_mime_type(part) or usual_type};base64,{encoded}"
    return None


def _mime_type(part: _Turn) -> str | None:
    source = part.get("source")
    for holder in (part, source if isinstance(source, Mapping) else {}):
        for key in ("mime_type", "media_type", "mediaType", "image_mimetype"):
            found = holder.get(key)
            if isinstance(found, str) and found:
                return found
    return None


def _refuse(place: _Place, reason: str) -> NoReturn:
    """Refuse the conversation, with the place in it: pydantic puts the parameter's name before it."""
    error = PydanticCustomError("value_error", "Value error, {reason}", {"reason": reason})
    raise ValidationError.from_exception_data("messages", [InitErrorDetails(type=error, loc=place, input=None)])
