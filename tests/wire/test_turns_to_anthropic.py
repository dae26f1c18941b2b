"""What was said, on its way from a Chat Completions caller to a Messages provider."""

import json
from typing import Any

import pytest

from tests.support.chat_requests import (
    PNG,
    SONNET_4_5,
    SONNET_4_6,
    SONNET_5,
    assistant,
    body_of,
    messages_of,
    outcome,
    texts,
    translated,
    user,
)
from tui_failover.wire.anthropic_request_reading import read_anthropic_request
from tui_failover.wire.anthropic_request_writing import write_anthropic_request
from tui_failover.wire.capabilities import capabilities_of
from tui_failover.wire.conversation import Request
from tui_failover.wire.dialect import Dialect
from tui_failover.wire.media import MOST_IMAGE
from tui_failover.wire.translation import Target
from tui_failover.wire.verdict import Problem

# -- instructions


@pytest.mark.parametrize("role", ["system", "developer"])
def test_leading_instructions_are_the_system_prompt_one_block_each(role: str) -> None:
    """icebear0828/codex-proxy#608: the developer role was sent through."""
    given = [
        {"role": role, "content": "Be brief."},
        {"role": "system", "content": ""},
        {"role": role, "content": "Be kind."},
        user(),
    ]

    body = body_of({"messages": given})

    assert body["system"] == texts("Be brief.", "Be kind.")
    assert [message["role"] for message in body["messages"]] == ["user"]


LATER = [
    user("One"),
    {"role": "assistant", "content": "Two"},
    {"role": "developer", "content": "Be brief."},
    user("Three"),
]


def test_later_instruction_stays_in_its_place() -> None:
    """caozhiyuan/copilot-api#364, envoyproxy/ai-gateway#2206: it was lost or hoisted over the turns before it."""
    assert [message["role"] for message in messages_of(*LATER)] == ["user", "assistant", "system", "user"]


def test_later_instruction_is_a_marked_note_where_there_is_no_place_for_it() -> None:
    """langchain-ai/langchainjs#11472: it was refused."""
    made = translated({"messages": LATER}, SONNET_4_6)

    messages: Any = made.body["messages"]
    assert messages[2]["content"] == texts("<operator-note>\nBe brief.\n</operator-note>", "Three")
    assert made.warnings == ("system_moved",)


# -- words


def test_empty_texts_are_left_out_and_an_empty_turn_says_so() -> None:
    """anthropics/claude-code#62396, BerriAI/litellm#22979: empty text blocks are refused."""
    messages = messages_of(user([*texts("", "  ", "Hi")]), assistant(content=""), user(""))

    assert messages == [{"role": "user", "content": texts("Hi", "(empty message)")}]


def test_conversation_that_begins_with_the_assistant_gets_a_user_turn() -> None:
    made = translated({"messages": [assistant(content="Hello."), user()]})

    messages: Any = made.body["messages"]
    assert [message["role"] for message in messages] == ["user", "assistant", "user"]
    assert made.warnings == ("user_turn_added",)


def test_refusal_in_the_history_is_text() -> None:
    assert messages_of(user(), {"role": "assistant", "refusal": "No."}, user())[1]["content"] == texts("No.")


def test_reasoning_in_the_history_is_left_out() -> None:
    made = translated({"messages": [user(), {**assistant(content="Yes."), "reasoning_content": "Hm."}, user()]})

    assert "Hm." not in json.dumps(made.body)
    assert (made.warnings, [note.code for note in made.notes]) == ((), ["reasoning_history_dropped"])


def test_trailing_answer_is_continued_where_the_model_can() -> None:
    messages = messages_of(user(), assistant(content="The answer is (  \n"), can=SONNET_4_5)

    assert messages[-1] == {"role": "assistant", "content": texts("The answer is (")}


def test_trailing_answer_is_asked_to_go_on_where_the_model_cannot() -> None:
    """BerriAI/litellm#27967: the 400 for a trailing assistant turn broke the whole chain."""
    made = translated({"messages": [user(), assistant(content="The answer is (")]})

    messages: Any = made.body["messages"]
    assert [message["role"] for message in messages] == ["user", "assistant", "user"]
    assert made.warnings == ("prefill_emulated",)


def test_cache_marks_are_kept_four_at_most() -> None:
    marked = [{**part, "prompt_cache_breakpoint": {"mode": "explicit"}} for part in texts("a", "b", "c", "d", "e")]

    content = messages_of(user(marked))[0]["content"]

    assert ["cache_control" in block for block in content] == [False, True, True, True, True]


# -- pictures and files


@pytest.mark.parametrize(
    ("url", "source"),
    [
        (PNG, {"type": "base64", "media_type": "image/png", "data": "aGk="}),
        ("data:image/jpg;base64,aGk=", {"type": "base64", "media_type": "image/jpeg", "data": "aGk="}),
        (
            "data:image/png;charset=utf-8;base64,aGk=",
            {"type": "base64", "media_type": "image/png", "data": "aGk="},
        ),
        ("https://x.test/a.png", {"type": "url", "url": "https://x.test/a.png"}),
    ],
    ids=["data", "jpg is jpeg", "parameters", "address"],
)
def test_picture_is_carried(url: str, source: dict[str, str]) -> None:
    """Xerxes-2/clewdr#121: a media type with parameters was refused."""
    part = {"type": "image_url", "image_url": {"url": url, "detail": "high"}}

    assert messages_of(user([part]))[0]["content"] == [{"type": "image", "source": source}]


def test_linked_picture_is_refused_where_the_provider_fetches_nothing() -> None:
    part = {"type": "image_url", "image_url": {"url": "https://x.test/a.png"}}
    can = capabilities_of(Dialect.ANTHROPIC, "claude-sonnet-5", override={"fetches_urls": False})

    assert isinstance(outcome({"messages": [user([part])]}, can), Problem)


@pytest.mark.parametrize("data", ["data:application/pdf;base64,aGk=", "aGk="], ids=["data URL", "bare"])
def test_pdf_is_carried_with_its_name(data: str) -> None:
    part = {"type": "file", "file": {"file_data": data, "filename": "a.pdf"}}

    assert messages_of(user([part]))[0]["content"] == [
        {
            "type": "document",
            "source": {"type": "base64", "media_type": "application/pdf", "data": "aGk="},
            "title": "a.pdf",
        }
    ]


@pytest.mark.parametrize(
    ("data", "override"),
    [("aGk=", {"vision": False}), ("a" * (MOST_IMAGE + 1), {})],
    ids=["no eyes", "too large"],
)
def test_picture_the_model_cannot_take_is_refused(data: str, override: dict[str, object]) -> None:
    part = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}
    can = capabilities_of(Dialect.ANTHROPIC, "claude-sonnet-5", override=override)

    assert isinstance(outcome({"messages": [user([part])]}, can), Problem)


def test_refusal_in_parts_is_text() -> None:
    refused = {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}

    assert messages_of(user(), refused, user())[1]["content"] == texts("No.")


def test_picture_kept_by_another_provider_is_refused() -> None:
    kept = {"type": "image", "source": {"type": "file", "file_id": "file_1"}}
    request = read_anthropic_request({"model": "m", "max_tokens": 1, "messages": [user([kept])]})
    assert isinstance(request, Request)

    assert isinstance(write_anthropic_request(request, Target("claude-x", SONNET_5)), Problem)
