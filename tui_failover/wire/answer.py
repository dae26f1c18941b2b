"""An answer in no vendor's dialect, why it ended, and what is needed to word it for the caller who asked."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field

from tui_failover.wire.conversation import Opaque, Refusal, Text, Thinking, ToolCall
from tui_failover.wire.tokens import Tokens


class Stop(StrEnum):
    """Why an answer ended; `UNKNOWN` is a word nobody has listed."""

    END = "end"
    STOP_SEQUENCE = "stop sequence"
    LENGTH = "length"
    CONTEXT_WINDOW = "context window"
    TOOL = "tool"
    REFUSAL = "refusal"
    PAUSE = "pause"
    UNKNOWN = "unknown"


_FROM_ANTHROPIC = {
    "end_turn": Stop.END,
    "stop_sequence": Stop.STOP_SEQUENCE,
    "max_tokens": Stop.LENGTH,
    "tool_use": Stop.TOOL,
    "refusal": Stop.REFUSAL,
    "model_context_window_exceeded": Stop.CONTEXT_WINDOW,
    "pause_turn": Stop.PAUSE,
}
_FROM_OPENAI = {
    "stop": Stop.END,
    "length": Stop.LENGTH,
    "tool_calls": Stop.TOOL,
    "function_call": Stop.TOOL,
    "content_filter": Stop.REFUSAL,
}
_TO_OPENAI = {
    Stop.LENGTH: "length",
    Stop.CONTEXT_WINDOW: "length",
    Stop.TOOL: "tool_calls",
    Stop.REFUSAL: "content_filter",
}
_TO_ANTHROPIC = {stop: word for word, stop in _FROM_ANTHROPIC.items()}
_ENDS_OF_ITS_OWN = frozenset({Stop.END, Stop.STOP_SEQUENCE, Stop.UNKNOWN, Stop.TOOL})


def stop_from_anthropic(word: str) -> Stop:
    """Return the meaning of a `stop_reason`."""
    return _FROM_ANTHROPIC.get(word, Stop.UNKNOWN)


def stop_from_openai(word: str) -> Stop:
    """Return the meaning of a `finish_reason`."""
    return _FROM_OPENAI.get(word, Stop.UNKNOWN)


def settled(stop: Stop, *, called: bool) -> Stop:
    """Return `stop` made to agree with what the answer holds: tool calls under "stop" make it a tool stop."""
    if stop not in _ENDS_OF_ITS_OWN:
        return stop
    return Stop.TOOL if called else Stop.END if stop is Stop.TOOL else stop


def stop_to_openai(stop: Stop) -> str:
    """Return the `finish_reason` of a settled `stop`; what OpenAI has no word for is a "stop"."""
    return _TO_OPENAI.get(stop, "stop")


def stop_to_anthropic(stop: Stop) -> str:
    """Return the `stop_reason` of a settled `stop`."""
    return _TO_ANTHROPIC.get(stop, "end_turn")


class Cited(Struct, frozen=True):
    """Text with the web pages it quotes, as (title, address)."""

    text: str
    pages: tuple[tuple[str, str], ...]


Part = Text | Cited | Thinking | ToolCall | Refusal | Opaque


class Answer(Struct, frozen=True):
    """One complete answer.

    Attributes:
        model: the one the provider says it used.
        stop_sequence: the sequence that ended it, where the provider tells.
        explanation: why the model would not answer, where the provider tells.
        tokens: None where the provider states no usage.
    """

    parts: tuple[Part, ...]
    stop: Stop
    model: str = ""
    stop_sequence: str | None = None
    explanation: str = ""
    tokens: Tokens | None = None


class Wording(Struct, frozen=True):
    """How the answer to one translated request has to be worded for its caller; made with the translation.

    Attributes:
        model: echoed in the answer: what the caller asked for.
        tool_names: the caller's name for each tool that was renamed.
        custom_tools: the caller's tools that take plain text.
        envelope: a tool of ours whose arguments are the structured answer itself; "" without one.
        functions: the caller expects the old `function_call`.
        include_usage: the caller's stream ends with a usage chunk.
        reasoning: reasoning is shown as `reasoning_content`.
        expects_json: the answer must parse as JSON although the provider does not guarantee it.
        input_tokens: our estimate of the request, for providers that do not count; None without one.
        echo: the caller speaks Responses, and its answers repeat these members of its request; None for others.
    """

    model: str
    tool_names: Mapping[str, str] = field(default_factory=dict)
    custom_tools: frozenset[str] = frozenset()
    envelope: str = ""
    functions: bool = False
    include_usage: bool = False
    reasoning: bool = True
    expects_json: bool = False
    input_tokens: int | None = None
    echo: Mapping[str, object] | None = None

    def name_of(self, tool: str) -> str:
        """Return the caller's name for the tool the provider calls `tool`."""
        return self.tool_names.get(tool, tool)
