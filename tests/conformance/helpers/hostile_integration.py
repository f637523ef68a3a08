"""An integration that tries to break its host: each action in a way of its own."""

import asyncio
import gc
import logging
import sys
import time
import warnings
from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import Field, SecretStr

from modulex_mem0.contract import (
    Action,
    ActionError,
    ActionInput,
    ActionOutput,
    AuthScheme,
    Context,
    CredentialField,
    ErrorCode,
    Example,
    Hints,
    Integration,
    Profile,
    hookimpl,
)

KEY = "hk-5f1c9e0d7a3b2468"


class Nothing(ActionInput):
    """Nothing."""


class Answer(ActionOutput):
    """Whatever the handler returned."""

    value: Any = Field(default=None)


Handler = Callable[[Context, Nothing], Awaitable[Any]]


def secret_of(context: Context) -> str:
    value = context.credential["api_key"]
    return value.get_secret_value() if isinstance(value, SecretStr) else value


async def raises(context: Context, input: Nothing) -> Answer:
    raise ZeroDivisionError("division by zero")


async def raises_its_secret(context: Context, input: Nothing) -> Answer:
    raise ValueError(f"the key {secret_of(context)} is wrong")


async def refuses_with_its_secret(context: Context, input: Nothing) -> Answer:
    raise ActionError(ErrorCode.UNAUTHORIZED, f"the key {secret_of(context)} is wrong", partial_output={"value": 7})


async def exits(context: Context, input: Nothing) -> Answer:
    sys.exit(3)


async def raises_a_group(context: Context, input: Nothing) -> Answer:
    raise ExceptionGroup("several", [ValueError("one"), ExceptionGroup("more", [KeyError("two")])])


async def hangs(context: Context, input: Nothing) -> Answer:
    await asyncio.Event().wait()
    return Answer(success=True)


async def cleans_up_for_ever(context: Context, input: Nothing) -> Answer:
    try:
        await asyncio.Event().wait()
    finally:
        await asyncio.Event().wait()
    return Answer(success=True)


async def ignores_cancellation(context: Context, input: Nothing) -> Answer:
    while True:
        try:
            await asyncio.sleep(0.05)
        except asyncio.CancelledError:
            continue


async def returns_rubbish(context: Context, input: Nothing) -> Any:
    return {"success": "perhaps", "value": object()}


async def returns_itself(context: Context, input: Nothing) -> Any:
    value: dict[str, Any] = {"success": True}
    value["value"] = value
    return value


async def returns_its_secret(context: Context, input: Nothing) -> Answer:
    return Answer(success=True, value={"deep": [f"key={secret_of(context)}", {secret_of(context): 1}]})


async def returns_not_a_number(context: Context, input: Nothing) -> Answer:
    return Answer(success=True, value=float("nan"))


async def prints_its_secret(context: Context, input: Nothing) -> Answer:
    print(secret_of(context))  # noqa: T201 - being hostile is its purpose
    return Answer(success=True)


async def logs_its_secret(context: Context, input: Nothing) -> Answer:
    logging.getLogger("hostile").warning("the key is %s", secret_of(context))
    return Answer(success=True)


async def warns(context: Context, input: Nothing) -> Answer:
    warnings.warn("look at me", stacklevel=1)
    return Answer(success=True)


async def blocks_the_loop(context: Context, input: Nothing) -> Answer:
    time.sleep(0.8)  # noqa: ASYNC251 - being hostile is its purpose
    return Answer(success=True)


async def recurses(context: Context, input: Nothing) -> Any:
    return await recurses(context, input)


async def leaves_tasks_behind(context: Context, input: Nothing) -> Answer:
    async def fail() -> None:
        raise RuntimeError("lost")

    task = asyncio.create_task(fail())
    await asyncio.sleep(0)
    del task
    gc.collect()
    return Answer(success=True)


async def cancels_itself(context: Context, input: Nothing) -> Answer:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    await asyncio.sleep(0)
    return Answer(success=True)


async def goes_elsewhere(context: Context, input: Nothing) -> Answer:
    reader, writer = await asyncio.open_connection("127.0.0.2", 9)
    writer.close()
    return Answer(success=bool(reader))


async def climbs_out(context: Context, input: Nothing) -> Answer:
    (await context.http.send("GET", "/v1/../admin")).require_success()
    return Answer(success=True)


async def sends_its_secret_in_the_address(context: Context, input: Nothing) -> Answer:
    await context.http.send("GET", "/v1/things", params={"key": secret_of(context)})
    return Answer(success=True)


async def calls_failure_success(context: Context, input: Nothing) -> Answer:
    await context.http.send("GET", "/v1/things")
    return Answer(success=True)


async def trusts_the_reply(context: Context, input: Nothing) -> Answer:
    reply = await context.http.send("GET", "/v1/things")
    return Answer(success=True, value=reply.json()["results"][0]["id"])


async def tries_again_and_again(context: Context, input: Nothing) -> Answer:
    for _ in range(3):
        reply = await context.http.send("POST", "/v1/things", json={"a": 1})
        if reply.status < 500:
            break
    reply.require_success()
    return Answer(success=True)


async def swallows_cancellation(context: Context, input: Nothing) -> Answer:
    try:
        await context.http.send("GET", "/v1/things")
    except asyncio.CancelledError:
        return Answer(success=True)
    return Answer(success=True)


HANDLERS: tuple[Handler, ...] = (
    raises,
    raises_its_secret,
    refuses_with_its_secret,
    exits,
    raises_a_group,
    hangs,
    cleans_up_for_ever,
    ignores_cancellation,
    returns_rubbish,
    returns_itself,
    returns_its_secret,
    returns_not_a_number,
    prints_its_secret,
    logs_its_secret,
    warns,
    blocks_the_loop,
    recurses,
    leaves_tasks_behind,
    cancels_itself,
    goes_elsewhere,
    climbs_out,
    sends_its_secret_in_the_address,
    calls_failure_success,
    trusts_the_reply,
    tries_again_and_again,
    swallows_cancellation,
)


def action_of(handler: Handler) -> Action[Any, Any]:
    name = str(getattr(handler, "__name__", "handler"))
    return Action(
        name=name,
        title=name.replace("_", " ").capitalize(),
        description="Tries to break its host in a way of its own.",
        input=Nothing,
        output=Answer,
        handler=handler,
        hints=Hints(),
        example=Example(input={}, output={"success": True, "error": None, "value": None}),
    )


def profile(name: str = "hostile") -> Profile:
    return Profile(
        name=name,
        display_name="Hostile",
        description="Tries to break its host.",
        version="1.0.0",
        author="The tests",
        auth_schemes=(
            AuthScheme(
                type="api_key",
                display_name="API key",
                description="Authenticate with a key.",
                fields=(
                    CredentialField(
                        name="api_key",
                        display_name="Key",
                        description="The key of the service.",
                        environment_variable="HOSTILE_API_KEY",
                        sensitive=True,
                    ),
                ),
                base_url="https://hostile.invalid",
                headers={"x-key": "{api_key}"},
            ),
        ),
    )


INTEGRATION = Integration(profile(), [action_of(handler) for handler in HANDLERS])


@hookimpl
def modulex_integrations() -> list[Integration]:
    return [INTEGRATION]
