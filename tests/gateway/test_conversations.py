"""Which requests belong together, and that they stay together."""

import json
from typing import Any

import pytest

from tests.gateway.asking import ANTHROPIC, OPENAI
from tests.support.gateway_world import AGENT, GatewayWorld, a_gateway
from tui_failover.core.names import AgentId
from tui_failover.core.spec import Dialect
from tui_failover.engine.errand import Conversation
from tui_failover.gateway.asked import Asked, Call
from tui_failover.gateway.conversations import conversation_of
from tui_failover.wire.members import Members, read_members

HELLO = {"role": "user", "content": "My parcel is lost."}
WELL = {"role": "assistant", "content": "I am sorry."}
MORE = {"role": "user", "content": "What now?"}
BE_KIND = {"role": "system", "content": "Be kind."}


def key_of(messages: list[dict[str, Any]], *, named: str = "", **members: Any) -> Conversation | None:
    body = read_members(json.dumps({"messages": messages, **members}).encode())
    assert isinstance(body, Members)
    asked = Asked(AgentId(AGENT), Dialect.OPENAI, "/chat/completions", Call.CHAT, body, {}, conversation=named)
    return conversation_of(asked)


def test_what_begins_alike_is_one_conversation_and_only_its_first_request_begins_it() -> None:
    first, second = key_of([BE_KIND, HELLO]), key_of([BE_KIND, HELLO, WELL, MORE])

    assert first is not None
    assert second is not None
    assert (first.key, first.begins, second.begins) == (second.key, True, False)


@pytest.mark.parametrize(
    "other",
    [[HELLO], [BE_KIND, MORE], [{"role": "system", "content": "Be brief."}, HELLO]],
    ids=["other instructions", "another question", "other words"],
)
def test_what_begins_otherwise_is_another(other: list[dict[str, Any]]) -> None:
    ours, theirs = key_of([BE_KIND, HELLO]), key_of(other)

    assert ours is not None
    assert theirs is not None
    assert ours.key != theirs.key


def key_of_responses(**members: Any) -> Conversation | None:
    body = read_members(json.dumps(members).encode())
    assert isinstance(body, Members)
    asked = Asked(AgentId(AGENT), Dialect.OPENAI, "/responses", Call.RESPONSES, body, {})
    return conversation_of(asked)


def test_callers_of_responses_are_known_by_their_beginning_as_well() -> None:
    first = key_of_responses(instructions="Be kind.", input="My parcel is lost.")
    second = key_of_responses(instructions="Be kind.", input=[HELLO, WELL, MORE])
    other = key_of_responses(instructions="Be brief.", input=[HELLO, WELL, MORE])

    assert first is not None
    assert second is not None
    assert other is not None
    assert (first.key, first.begins, second.begins) == (second.key, True, False)
    assert other.key != second.key


@pytest.mark.parametrize("kept", ["conv_1", {"id": "conv_1"}])
def test_a_conversation_the_vendor_keeps_has_its_name(kept: object) -> None:
    assert key_of_responses(conversation=kept, input="x") == Conversation("kept conv_1", begins=False)


def test_what_goes_on_from_an_earlier_response_does_not_tell_how_it_began() -> None:
    assert key_of_responses(previous_response_id="resp_1", input="x") is None


def test_marks_for_a_cache_do_not_part_a_conversation() -> None:
    def part(**mark: Any) -> dict[str, Any]:
        return {"role": "user", "content": [{"type": "text", "text": "My parcel is lost.", **mark}]}

    marked = key_of([part(cache_control={"type": "ephemeral"})], system="Be kind.")
    plain = key_of([part(), WELL, MORE], system="Be kind.")

    assert marked is not None
    assert plain is not None
    assert marked.key == plain.key


def test_a_caller_may_say_which_conversation_it_is() -> None:
    assert key_of([HELLO], named="case 7") == key_of([MORE], named="case 7")
    assert key_of([HELLO], named="case 7") != key_of([HELLO], named="case 8")


def test_a_call_without_messages_is_no_conversation() -> None:
    assert key_of([]) is None


async def asks(world: GatewayWorld, dialect: Dialect, messages: list[dict[str, Any]], **headers: str) -> str:
    """Return who answers, asked by the official client."""
    if dialect is OPENAI:
        chat: Any = world.openai().chat.completions.with_raw_response
        answer = await chat.create(model="any", messages=messages, extra_headers=headers)
    else:
        talk: Any = world.anthropic().messages.with_raw_response
        answer = await talk.create(model="any", max_tokens=99, messages=messages, extra_headers=headers)
    return str(answer.headers["x-failover-provider"])


@pytest.mark.parametrize("dialect", [OPENAI, ANTHROPIC], ids=str)
async def test_a_conversation_goes_on_where_it_was_after_the_route_has_returned(dialect: Dialect) -> None:
    async with a_gateway({"primary": dialect, "backup": dialect}) as world:
        world["primary"].play("status:529")
        began = await asks(world, dialect, [HELLO])
        world["primary"].calm()

        went_on = await asks(world, dialect, [HELLO, WELL, MORE])
        another = await asks(world, dialect, [MORE])

    assert (began, went_on, another) == ("backup", "backup", "primary")


async def test_a_named_conversation_stays_whatever_it_says() -> None:
    async with a_gateway({"primary": OPENAI, "backup": OPENAI}) as world:
        named = {"x-failover-conversation": "case 7"}
        world["primary"].play("status:529")
        began = await asks(world, OPENAI, [HELLO], **named)
        world["primary"].calm()

        went_on, another = await asks(world, OPENAI, [MORE], **named), await asks(world, OPENAI, [MORE])

    assert (began, went_on, another) == ("backup", "backup", "primary")


def test_a_role_that_is_no_text_is_nobodys_and_no_fault() -> None:
    assert key_of([{"role": ["system"], "content": "My parcel is lost."}]) == key_of([HELLO])
