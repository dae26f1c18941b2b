"""A request in no vendor's dialect: turns of blocks, tools, parameters.

Small on purpose. What has no place here is listed in `Request.leftovers` with the verdict on it.
"""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field

from tui_failover.wire.dialect import Dialect


class Text(Struct, frozen=True):
    """Words; `cached` where the caller marked the end of a prefix worth caching."""

    text: str
    cached: bool = False


class Inline(Struct, frozen=True):
    """Bytes carried in the request, base64, with a plain media type."""

    media_type: str
    data: str


class Link(Struct, frozen=True):
    """Something the provider would have to fetch; never fetched by us."""

    url: str


class Stored(Struct, frozen=True):
    """A file kept by one provider; means nothing to another."""

    file_id: str


Source = Inline | Link | Stored


class Image(Struct, frozen=True):
    """A picture."""

    source: Source


class Document(Struct, frozen=True):
    """A file to read, with its name."""

    source: Source
    title: str = ""


class ToolCall(Struct, frozen=True):
    """The assistant calls a tool; `arguments` is JSON as the model wrote it, or plain text if `custom`."""

    id: str
    name: str
    arguments: str
    custom: bool = False


class Thinking(Struct, frozen=True):
    """Reasoning shown to the caller; `signature` means something only to the provider and model that made it."""

    text: str
    signature: str
    origin: Dialect


class Refusal(Struct, frozen=True):
    """The assistant's words when it would not answer."""

    text: str


class Opaque(Struct, frozen=True):
    """A block only the dialect it came from knows, as it came."""

    kind: str
    document: Mapping[str, object]
    origin: Dialect


class ToolResult(Struct, frozen=True):
    """What a tool answered; `failed` where the caller says that it went wrong."""

    call_id: str
    content: "tuple[Text | Image | Document | Opaque, ...]"
    failed: bool = False


Block = Text | Image | Document | ToolCall | ToolResult | Thinking | Refusal | Opaque


class Speaker(StrEnum):
    """Whose turn it is."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


class Turn(Struct, frozen=True):
    """One message; `field` is its path in the caller's body, for notes and refusals."""

    speaker: Speaker
    blocks: tuple[Block, ...]
    field: str = ""


class Tool(Struct, frozen=True):
    """A tool the caller offers; `schema` None where it states none, `custom` where it takes plain text."""

    name: str
    description: str = ""
    schema: Mapping[str, object] | None = None
    strict: bool | None = None
    custom: bool = False


class Pick(StrEnum):
    """How free the model is in its choice of tools."""

    AUTO = "auto"
    NONE = "none"
    ANY = "any"
    NAMED = "named"


class ToolChoice(Struct, frozen=True):
    """Which tools may or must be called; `allowed` None means all, `parallel` None means not stated."""

    pick: Pick | None = None
    name: str = ""
    allowed: tuple[str, ...] | None = None
    parallel: bool | None = None


class Shape(StrEnum):
    """What the answer must look like."""

    JSON_SCHEMA = "json_schema"
    JSON_OBJECT = "json_object"


class Format(Struct, frozen=True):
    """Structured output."""

    shape: Shape
    schema: Mapping[str, object] | None = None
    name: str = "answer"


class Wish(StrEnum):
    """What the caller says about thinking, apart from effort."""

    ADAPTIVE = "adaptive"
    BUDGET = "enabled"
    BETWEEN_TOOLS = "between_tools"
    OFF = "disabled"


class Params(Struct, frozen=True):
    """How to answer; None where the caller does not say. `budget` is the thinking budget in tokens."""

    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: tuple[str, ...] = ()
    effort: str | None = None
    thinking: Wish | None = None
    budget: int | None = None
    user: str | None = None
    tier: str | None = None
    format: Format | None = None


class Verdict(StrEnum):
    """What happens to a field the neutral request has no place for, when the dialect changes."""

    QUIET = "quiet"
    DROP = "drop"
    REFUSE = "refuse"


class Leftover(Struct, frozen=True):
    """A field without a place here; `code` names its loss."""

    field: str
    verdict: Verdict
    code: str


class Request(Struct, frozen=True):
    """One request.

    Attributes:
        model: as the caller asked for it.
        system: what stands before the conversation.
        include_usage: the caller wants a usage chunk at the end of its stream.
        functions: the caller uses the old `functions` field and expects `function_call` in return.
        named: what the caller calls fields that translations know by another name.
        echo: members that answers of the Responses API repeat; None where another API is asked.
    """

    model: str
    system: tuple[Text, ...]
    turns: tuple[Turn, ...]
    tools: tuple[Tool, ...] = ()
    choice: ToolChoice = ToolChoice()
    params: Params = Params()
    stream: bool = False
    include_usage: bool = False
    functions: bool = False
    leftovers: tuple[Leftover, ...] = ()
    named: Mapping[str, str] = field(default_factory=dict)
    echo: Mapping[str, object] | None = None
