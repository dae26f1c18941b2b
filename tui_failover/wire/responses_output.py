"""What a Responses answer consists of: the object itself, and the items of its output."""

from collections.abc import Callable

from msgspec import Struct

from tui_failover.wire.aliases import kept_or_made
from tui_failover.wire.answer import Stop, Wording
from tui_failover.wire.chat_stream_writing import plain_input
from tui_failover.wire.json_text import read_arguments
from tui_failover.wire.tokens import Tokens

_Document = dict[str, object]
MakeId = Callable[[str], str]
MADE_HERE = "rs_unsigned_"
"""How ids of reasoning begin that no provider can look up: it is taken out when a caller sends it back."""


class Form(Struct, frozen=True):
    """A kind of words: the item that holds them, and the events that bring them.

    Attributes:
        item: the item's type.
        prefix: its id begins so.
        holder: its member that lists parts.
        part: a part's type.
        field: the part's member that holds the words.
        index: what an event calls the part's place.
        part_event, word_event: how the names of the events begin.
    """

    item: str
    prefix: str
    holder: str
    part: str
    field: str
    index: str
    part_event: str
    word_event: str

    def part_of(self, text: str, annotations: list[_Document] | None = None) -> _Document:
        """Return the part that holds `text`."""
        more: _Document = {"annotations": annotations or [], "logprobs": []} if self is TEXT else {}
        return {"type": self.part, **more, self.field: text}

    def item_of(self, identity: str, parts: list[_Document], *, whole: bool) -> _Document:
        """Return the item that holds `parts`."""
        item: _Document = {"id": identity, "type": self.item, self.holder: parts}
        if self is not THINKING:
            item |= {"status": "completed" if whole else "in_progress", "role": "assistant"}
        return item


# fmt: off
TEXT = Form(
    "message", "msg_", "content", "output_text", "text", "content_index", "response.content_part",
    "response.output_text",
)
REFUSAL = Form(
    "message", "msg_", "content", "refusal", "refusal", "content_index", "response.content_part",
    "response.refusal",
)
THINKING = Form(
    "reasoning", MADE_HERE, "summary", "summary_text", "text", "summary_index",
    "response.reasoning_summary_part", "response.reasoning_summary_text",
)
# fmt: on


class CallItems:
    """Makes the items of tool calls; two calls of an answer never share an id, which tells them apart."""

    def __init__(self, wording: Wording, make_id: MakeId) -> None:
        self._wording = wording
        self._make_id = make_id
        self._taken: set[str] = set()

    def begun(self, identity: str, name: str) -> _Document:
        """Return the item of a call that begins; `identity` and `name` are the provider's."""
        own, kept = self._wording.name_of(name), "" if identity in self._taken else identity
        call_id = kept_or_made(kept, "call_", self._make_id)
        self._taken.add(call_id)
        said: _Document = {"status": "in_progress", "call_id": call_id, "name": own}
        if own in self._wording.custom_tools:
            return {"id": self._make_id("ctc_"), "type": "custom_tool_call", **said, "input": ""}
        return {"id": self._make_id("fc_"), "type": "function_call", **said, "arguments": ""}


def called(item: _Document, arguments: str) -> _Document:
    """Return the item of a tool call that is complete; one that a limit cut is told from the others."""
    if "input" in item:
        return {**item, "status": "completed", "input": plain_input(arguments)}
    status = "incomplete" if read_arguments(arguments) is None else "completed"
    return {**item, "status": status, "arguments": arguments or "{}"}


_UNSAID: _Document = {
    "instructions": None,
    "max_output_tokens": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "reasoning": {"effort": None, "summary": None},
    "temperature": None,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_p": None,
    "user": None,
}


def begun(wording: Wording, identity: str, created: int) -> _Document:
    """Return the response as it begins; `created` is in Unix seconds."""
    return {
        "id": identity,
        "object": "response",
        "created_at": created,
        "status": "in_progress",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "model": wording.model,
        "output": [],
        "previous_response_id": None,
        "store": False,  # nothing can be fetched later, whatever was asked for
        "truncation": "disabled",
        "usage": None,
        **_UNSAID,
        **(wording.echo or {}),
    }


def ended(response: _Document, output: list[_Document], reason: str | None, tokens: Tokens) -> _Document:
    """Return the response at its end; `reason` says why it is incomplete, None that it is complete."""
    return {
        **response,
        "status": "incomplete" if reason else "completed",
        "incomplete_details": {"reason": reason} if reason else None,
        "output": output,
        "usage": _usage(tokens),
    }


def reason_for(stop: Stop, *, refused: bool) -> str | None:
    """Return why an answer is incomplete, or None where it is complete; so is a refusal put into words."""
    if stop is Stop.REFUSAL:
        return None if refused else "content_filter"
    return "max_output_tokens" if stop in {Stop.LENGTH, Stop.CONTEXT_WINDOW} else None


def _usage(tokens: Tokens) -> _Document:
    read = tokens.input + tokens.cache_read + tokens.cache_write
    usage: _Document = {
        "input_tokens": read,
        "input_tokens_details": {"cached_tokens": tokens.cache_read, "cache_write_tokens": tokens.cache_write},
        "output_tokens": tokens.output,
        "output_tokens_details": {"reasoning_tokens": tokens.reasoning or 0},
        "total_tokens": read + tokens.output,
    }
    return {**usage, "estimated": True} if tokens.estimated else usage
