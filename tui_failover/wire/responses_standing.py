"""Where a Responses stream stands, as its reader was told: its last event may have to be written from outside."""

from msgspec import Struct, field

_REPEATED = ("id", "object", "created_at", "model", "output", "parallel_tool_calls", "tool_choice", "tools")


class Standing(Struct):
    """One stream on its way to its reader.

    Attributes:
        response: as the reader knows it, without what was made; empty before the first event.
        number: of the next event.
    """

    response: dict[str, object] = field(default_factory=dict)
    number: int = 0

    def told(self, document: dict[str, object]) -> None:
        """Take note of an event of a provider that goes on to the reader as it is."""
        number = document.get("sequence_number")
        self.number = number + 1 if isinstance(number, int) else self.number + 1
        response = document.get("response")
        if isinstance(response, dict) and not self.response:
            self.response = {name: response[name] for name in _REPEATED if name in response}
