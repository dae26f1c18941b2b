"""What was said and called, on its way from a Messages caller to a Chat Completions provider."""

import json
from typing import Any

import pytest

from tests.support.messages_requests import (
    GPT_4O,
    LOCAL,
    PDF,
    PNG,
    SCHEMA,
    TOOL,
    assistant,
    messages_of,
    outcome,
    result,
    text,
    translated,
    use,
    user,
)
from tui_failover.wire.capabilities import Capabilities, capabilities_of
from tui_failover.wire.dialect import Dialect
from tui_failover.wire.verdict import Problem

# -- instructions


@pytest.mark.parametrize(("can", "role"), [(GPT_4O, "developer"), (LOCAL, "system")], ids=["developer", "system"])
def test_system_prompt_goes_first_under_the_role_the_model_knows(can: Capabilities, role: str) -> None:
    made: Any = translated({"system": [text("Be brief."), text("Be kind.")]}, can).body["messages"]

    assert made[0] == {"role": role, "content": "Be brief.\n\nBe kind."}


@pytest.mark.parametrize(
    "system",
    [
        "x-anthropic-billing-header: cc_version=1; cch=abc\nBe brief.",
        [text("x-anthropic-billing-header: cc_version=1; cch=abc"), text("Be brief.")],
    ],
    ids=["line", "block"],
)
def test_billing_line_is_left_out(system: object) -> None:
    """1rgs/claude-code-proxy#99, musistudio/claude-code-router#1372: it changes each time and busts the cache."""
    made: Any = translated({"system": system}).body["messages"]

    assert made[0]["content"] == "Be brief."


def test_instruction_inside_the_conversation_stays_in_its_place() -> None:
    given = [user(), assistant(text("Yes.")), {"role": "system", "content": "Be brief."}, user()]

    assert [message["role"] for message in messages_of(*given)] == ["user", "assistant", "developer", "user"]


# -- words, pictures, files


def test_words_alone_are_one_string() -> None:
    assert messages_of(user(text("One"), text("Two"))) == [{"role": "user", "content": "One\n\nTwo"}]


def test_pictures_and_files_are_parts() -> None:
    content = messages_of(
        user(text("See:"), {"type": "image", "source": PNG}, {"type": "document", "source": PDF, "title": "a.pdf"})
    )[0]["content"]

    assert content == [
        text("See:"),
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,aGk="}},
    ]


def test_plain_text_document_is_text_with_its_title() -> None:
    source = {"type": "text", "media_type": "text/plain", "data": "Body."}

    assert messages_of(user({"type": "document", "source": source, "title": "T"}))[0]["content"] == "T\n\nBody."


def test_search_result_is_text_with_its_source() -> None:
    found = {"type": "search_result", "title": "T", "source": "https://x", "content": [text("Found.")]}

    made = translated({"messages": [user(found)]})

    messages: Any = made.body["messages"]
    assert messages[0]["content"] == "T\nSource: https://x\nFound."
    assert made.warnings == ("search_result_as_text",)


def test_signed_reasoning_never_goes_to_another_vendor() -> None:
    """openai/openai-agents-python#1704: foreign reasoning in the history was refused."""
    history = [
        {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"},
        {"type": "redacted_thinking", "data": "x"},
    ]

    made = translated({"messages": [user(), assistant(*history, text("Yes.")), user()]})

    assert "Hm." not in json.dumps(made.body)
    assert "c2ln" not in json.dumps(made.body)
    assert made.warnings == ()


def test_what_the_vendor_ran_itself_is_told_in_words() -> None:
    history = [
        {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "x"}},
        {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []},
    ]

    made = translated({"messages": [user(), assistant(*history, text("Found.")), user()]})

    assert "web_search" in json.dumps(made.body)
    assert made.warnings == ("server_tool_history_as_text",)


# -- tool calls and their results


def test_results_follow_their_calls_before_the_users_words() -> None:
    """mozilla-ai/any-llm#1312: a user message between tool messages is refused."""
    messages = messages_of(
        user(),
        assistant(text("I look."), use("toolu_a", x=1), use("toolu_b")),
        user(result("toolu_b", "B"), text("And?"), result("toolu_a", "A")),
    )

    assert [message["role"] for message in messages] == ["user", "assistant", "tool", "tool", "user"]
    assert messages[1]["content"] == "I look."
    assert messages[1]["tool_calls"][0] == {
        "id": "toolu_a",
        "type": "function",
        "function": {"name": "f", "arguments": '{"x":1}'},
    }
    assert [message["content"] for message in messages[2:]] == ["A", "B", "And?"]


def test_calls_alone_have_no_content() -> None:
    messages = messages_of(user(), assistant(use("toolu_a")), user(result("toolu_a")))

    assert messages[1]["content"] is None
    assert messages[1]["tool_calls"][0]["function"]["arguments"] == "{}"


def test_failed_result_says_so() -> None:
    assert messages_of(user(), assistant(use("toolu_a")), user(result("toolu_a", "no", is_error=True)))[2] == {
        "role": "tool",
        "tool_call_id": "toolu_a",
        "content": "Error: no",
    }


def test_picture_of_a_result_follows_in_the_users_message() -> None:
    """raine/claude-code-proxy#59: pictures in results were lost."""
    picture = {"type": "image", "source": PNG}

    messages = messages_of(
        user(), assistant(use("toolu_a")), user(result("toolu_a", [text("See:"), picture]), text("And?"))
    )

    assert [message["role"] for message in messages] == ["user", "assistant", "tool", "user"]
    assert "attachment follows" in messages[2]["content"]
    assert [part["type"] for part in messages[3]["content"]] == ["text", "image_url", "text"]
    assert "toolu_a" in messages[3]["content"][0]["text"]


def test_result_without_content_is_empty() -> None:
    empty = {"type": "tool_result", "tool_use_id": "toolu_a"}

    assert messages_of(user(), assistant(use("toolu_a")), user(empty))[2]["content"] == ""


def test_long_id_is_shortened_the_same_in_call_and_result() -> None:
    """BerriAI/litellm#21964: ids of another vendor are longer than this one takes."""
    identity = "toolu_" + "x" * 60

    messages = messages_of(user(), assistant(use(identity)), user(result(identity)))

    assert len(messages[1]["tool_calls"][0]["id"]) <= 40
    assert messages[2]["tool_call_id"] == messages[1]["tool_calls"][0]["id"]


def test_long_tool_name_is_shortened_and_known_on_the_way_back() -> None:
    """anthropics/claude-code#2485, thedotmack/claude-mem#360: names over 64 characters are refused."""
    first, second = "mcp__" + "a" * 70 + "1", "mcp__" + "a" * 70 + "2"

    made = translated({"tools": [{**TOOL, "name": first}, {**TOOL, "name": second}]})

    tools: Any = made.body["tools"]
    aliases = [tool["function"]["name"] for tool in tools]
    assert all(len(alias) <= 64 for alias in aliases)
    assert [made.wording.name_of(alias) for alias in aliases] == [first, second]


def test_schema_that_strict_mode_refuses_is_sent_without_it() -> None:
    loose = {**SCHEMA, "required": []}

    made = translated({"output_config": {"format": {"type": "json_schema", "schema": loose}}})

    wanted: Any = made.body["response_format"]
    assert wanted["json_schema"]["strict"] is False
    assert made.warnings == ("strict_dropped",)


def test_server_without_schemas_is_asked_for_any_object_and_told_the_schema() -> None:
    can = capabilities_of(Dialect.OPENAI, "x", override={"structured_output": False})

    made = translated({"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}}, can)

    messages: Any = made.body["messages"]
    assert made.body["response_format"] == {"type": "json_object"}
    assert '"n"' in messages[0]["content"]
    assert made.wording.expects_json


def test_user_id_leaves_as_a_digest() -> None:
    body = translated({"metadata": {"user_id": "user_1_account_2"}}).body

    assert "user_1_account_2" not in json.dumps(body)
    assert len(str(body["safety_identifier"])) == 32


@pytest.mark.parametrize(
    "source",
    [
        {"type": "url", "url": "https://x.test/a.png"},
        {"type": "base64", "media_type": "image/tiff", "data": "aGk="},
    ],
    ids=["linked", "of a kind nobody takes"],
)
def test_picture_the_server_cannot_have_is_refused(source: dict[str, object]) -> None:
    can = capabilities_of(Dialect.OPENAI, "x", override={"fetches_urls": False})

    assert isinstance(outcome({"messages": [user({"type": "image", "source": source})]}, can), Problem)


def test_linked_picture_is_carried_as_its_address() -> None:
    picture = {"type": "image", "source": {"type": "url", "url": "https://x.test/a.png"}}

    assert messages_of(user(picture))[0]["content"] == [
        {"type": "image_url", "image_url": {"url": "https://x.test/a.png"}}
    ]


@pytest.mark.parametrize("content", ["Body.", [{"type": "text", "text": "Body."}]], ids=["string", "blocks"])
def test_document_of_text_is_text(content: object) -> None:
    source = {"type": "content", "content": content}

    assert messages_of(user({"type": "document", "source": source}))[0]["content"] == "Body."


def test_turn_that_says_nothing_elsewhere_is_left_out() -> None:
    hidden = {"type": "redacted_thinking", "data": "x"}

    assert [message["role"] for message in messages_of(user(), assistant(hidden), user())] == ["user", "user"]
