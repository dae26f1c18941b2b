"""A question and its answer, in no vendor's dialect."""

from enum import StrEnum

from msgspec import Struct


class Role(StrEnum):
    """Who said a turn of the conversation."""

    USER = "user"
    ASSISTANT = "assistant"


class Turn(Struct, frozen=True):
    """One earlier message of the conversation."""

    role: Role
    text: str


class Query(Struct, frozen=True):
    """What a caller asks.

    Attributes:
        text: the question, sent as the last user turn.
        system: the system prompt, or None to send none.
        turns: earlier turns, oldest first.
        max_tokens: cap on the answer's tokens; None leaves it to the provider's setting.
    """

    text: str
    system: str | None = None
    turns: tuple[Turn, ...] = ()
    max_tokens: int | None = None


class Usage(Struct, frozen=True):
    """Tokens as the provider counted them; `input_tokens` includes what it read from its cache."""

    input_tokens: int = 0
    output_tokens: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(self.input_tokens + other.input_tokens, self.output_tokens + other.output_tokens)


class Reply(Struct, frozen=True):
    """What a provider answered.

    Attributes:
        text: the answer.
        model: the model the provider says it used.
        usage: None where the provider did not say; never a made-up zero.
        finish: why the answer ended, in the provider's own word ("stop", "end_turn", "length", ...).
    """

    text: str
    model: str
    usage: Usage | None = None
    finish: str = ""
