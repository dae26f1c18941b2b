"""No test reaches beyond this machine, whichever library it asks with."""

import socket

import anthropic
import openai
import pytest


def test_a_connection_elsewhere_fails_the_test() -> None:
    with socket.socket() as somewhere, pytest.raises(pytest.fail.Exception, match="leave the machine"):
        somewhere.connect(("203.0.113.7", 443))


def test_official_clients_left_at_their_vendors_address_reach_nobody() -> None:
    """Arize-ai/openinference#3574: the clients had another HTTP library, and mocks of the old one held nothing."""
    ask = [{"role": "user", "content": "hi"}]
    with pytest.raises(openai.APIConnectionError), openai.OpenAI(api_key="made-up", max_retries=0) as ours:
        ours.chat.completions.create(model="m", messages=ask)  # type: ignore[arg-type]
    with (
        pytest.raises(anthropic.APIConnectionError),
        anthropic.Anthropic(api_key="made-up", max_retries=0) as theirs,
    ):
        theirs.messages.create(model="m", max_tokens=9, messages=ask)  # type: ignore[arg-type]
