"""Whatever Mem0 answers, a call returns a fitting output or a documented error, and nothing that is another user's.

A case: `{"action": …, "with": {…}, "replies": [{"status": …, "headers": {…}, "body": … or "text": …}]}`. `with` changes
the example of the action's input; the last reply answers all further requests.
"""

import json
from collections.abc import Iterator
from typing import Any

from modulex_mem0.runtime.http.transport import Request
from tests.fuzz.offline_mem0 import HOST, Answer, call
from tests.fuzz.targets.ownership import names_another, owns, user_of
from tests.fuzz.targets.shapes import mapping, sequence, text
from tests.mem0.client import BY_NAME, KEY, NAMES, example_input
from tests.mem0.client import check as check_result

__all__ = ["check"]

# Actions that read a memory before they change it.
_READ_FIRST = ("update_memory", "delete_memory", "submit_feedback", "batch_update_memories", "batch_delete_memories")


def check(case: Any) -> None:
    """Raise if the property does not hold."""
    case = mapping(case)
    action = case.get("action")
    if action not in NAMES:
        return
    given = example_input(action) | mapping(case.get("with"))
    answers = [_answer(reply) for reply in sequence(case.get("replies"))] or [Answer()]
    exchanges: list[tuple[Request, Answer]] = []

    def answering(request: Request) -> Answer:
        answer = answers[min(len(exchanges), len(answers) - 1)]
        exchanges.append((request, answer))
        return answer

    result, requests = call(action, given, answering)
    check_result(action, result, KEY)
    assert all(_stays(request.url) for request in requests)
    user = user_of(given.get("user_id"))
    if BY_NAME[action].hints.cross_user or user is None:
        return
    assert not names_another(result.output, user), result.output
    if action in _READ_FIRST:
        _check_read_first(user, exchanges)
    if action == "delete_memories":
        _check_listed_first(user, exchanges)


def _answer(reply: Any) -> Answer:
    reply = mapping(reply)
    status = reply.get("status", 200)
    if not isinstance(status, int) or not 100 <= status <= 999:
        status = 200
    # Transports pass on nothing else.
    headers = {
        name: value
        for name, value in mapping(reply.get("headers")).items()
        if isinstance(value, str) and (name + value).isascii() and (name + value).isprintable()
    }
    if "body" in reply:
        return Answer(status, json.dumps(reply["body"]).encode(), headers)
    written = text(reply.get("text")).replace("{key}", KEY)
    try:
        body = written.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        body = written.encode("utf-8", "surrogatepass")
    return Answer(status, body, headers)


def _stays(url: str) -> bool:
    path = url.removeprefix(HOST).partition("?")[0]
    return url.startswith(f"{HOST}/v") and "//" not in path and not {".", ".."} & set(path.split("/"))


def _read(answer: Answer) -> Any:
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        return None


def _check_read_first(user: str, exchanges: list[tuple[Request, Answer]]) -> None:
    """A memory is changed only after Mem0 has answered that it is the user's."""
    seen = {
        request.url.split("/")[-2]: answer.status < 400 and owns(_read(answer), user)
        for request, answer in exchanges
        if request.method == "GET"
    }
    if any(request.method != "GET" for request, _ in exchanges):
        assert seen
        assert all(seen.values())


def _check_listed_first(user: str, exchanges: list[tuple[Request, Answer]]) -> None:
    """What is deleted by id was listed as the user's."""
    listed = {str(record.get("id")) for _, answer in exchanges for record in _records(answer) if owns(record, user)}
    for request, _ in exchanges:
        if request.method == "DELETE" and request.url.endswith("/v1/batch/"):
            assert {item["memory_id"] for item in json.loads(request.body or b"")["memories"]} <= listed


def _records(answer: Answer) -> Iterator[dict[str, Any]]:
    for record in sequence(mapping(_read(answer)).get("results")):
        yield mapping(record)
