"""What a request needs and what a model carries, in the same words."""

import pytest

from tui_failover.core.need import EVERY_NEED, NO_NEEDS, Need, Needs
from tui_failover.core.spec import Dialect
from tui_failover.wire.needs import carried_by, needs_of

PLAIN = {"messages": [{"role": "user", "content": "Hello"}]}


def in_order(value: object) -> str:
    """Return an id that is the same in every process: sets have no order of their own."""
    return "+".join(sorted(value)) if isinstance(value, set | frozenset) else str(value)


def parts(*kinds: str) -> dict[str, object]:
    return {"messages": [{"role": "user", "content": [{"type": kind} for kind in kinds]}]}


@pytest.mark.parametrize(
    ("body", "needs"),
    [
        (PLAIN, NO_NEEDS),
        (parts("text"), NO_NEEDS),
        (parts("text", "image_url"), {Need.IMAGES}),
        (parts("image"), {Need.IMAGES}),
        (parts("file"), {Need.PDF}),
        (parts("document", "image"), {Need.PDF, Need.IMAGES}),
        ({"tools": [{}]}, {Need.TOOLS}),
        ({"tools": []}, NO_NEEDS),
        ({"functions": [{}]}, {Need.TOOLS}),
        ({"tools": [{}], "tool_choice": "auto"}, {Need.TOOLS}),
        ({"tools": [{}], "tool_choice": "required"}, {Need.TOOLS, Need.FORCED_TOOL}),
        ({"tools": [{}], "tool_choice": {"type": "function"}}, {Need.TOOLS, Need.FORCED_TOOL}),
        ({"tools": [{}], "tool_choice": {"type": "any"}}, {Need.TOOLS, Need.FORCED_TOOL}),
        ({"tools": [{}], "tool_choice": {"type": "auto"}}, {Need.TOOLS}),
        ({"temperature": 0}, {Need.SAMPLING}),
        ({"top_p": 0.5}, {Need.SAMPLING}),
        ({"temperature": None}, NO_NEEDS),
        ({"response_format": {"type": "json_schema"}}, {Need.STRUCTURE}),
        ({"response_format": {"type": "json_object"}}, {Need.JSON}),
        ({"response_format": {"type": "text"}}, NO_NEEDS),
        ({"output_config": {"format": {"type": "json_schema"}}}, {Need.STRUCTURE}),
        ({"output_config": {"effort": "low"}}, NO_NEEDS),
    ],
    ids=in_order,
)
def test_a_request_needs_what_its_members_and_parts_say(body: dict[str, object], needs: Needs) -> None:
    assert needs_of(body) == needs


@pytest.mark.parametrize(
    "body",
    [
        {"messages": "x"},
        {"messages": [1, {"content": [1, {"type": 7}, {"type": []}]}]},
        {"tools": 1, "tool_choice": 3, "response_format": 1, "output_config": [1]},
        {"response_format": {"type": []}},
    ],
    ids=str,
)
def test_nonsense_needs_nothing_that_it_does_not_name(body: dict[str, object]) -> None:
    assert needs_of(body) <= {Need.TOOLS}


@pytest.mark.parametrize(
    ("dialect", "model", "lacking"),
    [
        (Dialect.OPENAI, "gpt-4.1", NO_NEEDS),
        (Dialect.OPENAI, "gpt-3.5-turbo", {Need.IMAGES, Need.PDF, Need.STRUCTURE}),
        (Dialect.OPENAI, "gpt-5.6", {Need.SAMPLING}),
        (Dialect.ANTHROPIC, "claude-sonnet-4-5", {Need.JSON}),
        (Dialect.ANTHROPIC, "claude-sonnet-5-5", {Need.JSON, Need.SAMPLING, Need.FORCED_TOOL}),
    ],
    ids=in_order,
)
def test_a_model_carries_everything_but_what_its_row_denies(dialect: Dialect, model: str, lacking: Needs) -> None:
    assert EVERY_NEED - carried_by(dialect, model) == lacking


def test_what_the_settings_say_of_a_model_counts() -> None:
    assert Need.PDF in carried_by(Dialect.OPENAI, "llama3", {"pdf": True})
    assert Need.PDF not in carried_by(Dialect.OPENAI, "llama3")
