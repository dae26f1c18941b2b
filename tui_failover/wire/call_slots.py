"""Which tool call a streamed piece belongs to, however carelessly the provider numbers them.

Seen in the wild: no index at all, index 0 for every call, no id, an id on every piece, the name in pieces, a whole
call in one piece. Two calls are told apart by index; where an index repeats, by a new id together with a new name.
"""

from collections.abc import Iterator

from msgspec import Struct, field

from tui_failover.wire.delta import as_mapping, as_text
from tui_failover.wire.sse import ProtocolError

MOST_CALLS = 1_000  # in one answer: more than any model makes, and each piece is compared with those before it


class Slot(Struct):
    """One tool call as far as it has come.

    Attributes:
        pending: its arguments, as far as nobody has taken them.
        begun: arguments have come.
        open: its name counts as complete.
        custom: it takes plain text rather than JSON.
    """

    key: int
    id: str = ""
    name: str = ""
    pending: list[str] = field(default_factory=list)
    begun: bool = False
    open: bool = False
    custom: bool = False

    def document(self) -> dict[str, object]:
        """Return the call as a complete answer of this dialect holds it, with all pending arguments."""
        if self.custom:
            return {"id": self.id, "type": "custom", "custom": {"name": self.name, "input": self.taken()}}
        return {
            "id": self.id,
            "type": "function",
            "function": {"name": self.name, "arguments": self.taken()},
        }

    def take(self, identity: str, name: str, arguments: str) -> None:
        """Add what one piece says; a name that is merely repeated adds nothing."""
        self.id = self.id or identity
        if not self.open and name != self.name:
            self.name += name
        if arguments:
            self.begun = True
            self.pending.append(arguments)

    def taken(self) -> str:
        """Return the pending arguments, which are pending no longer."""
        text = "".join(self.pending)
        self.pending.clear()
        return text


class CallSlots:
    """The tool calls of one streamed answer, in the order in which they began."""

    def __init__(self) -> None:
        self.slots: list[Slot] = []
        self._at: dict[int, Slot] = {}

    def take(self, pieces: object) -> Iterator[Slot]:
        """Yield, per piece of a `tool_calls` list, the call it belongs to; what is no list is skipped.

        Raises `ProtocolError` where there are more calls than any model makes.
        """
        for piece in pieces if isinstance(pieces, list) else ():
            call = as_mapping(piece)
            custom = as_mapping(call.get("custom"))
            function = custom or as_mapping(call.get("function"))
            identity, name = as_text(call.get("id")), as_text(function.get("name"))
            slot = self._slot(call.get("index"), identity, name)
            slot.custom = slot.custom or bool(custom)
            slot.take(identity, name, as_text(function.get("input" if custom else "arguments")))
            yield slot

    def _slot(self, index: object, identity: str, name: str) -> Slot:
        known = self._at.get(index) if isinstance(index, int) else self._without_index(identity, name)
        another = known is not None and bool(identity and name and known.id) and identity != known.id
        if known is not None and not another:
            return known
        if len(self.slots) >= MOST_CALLS:
            msg = f"more than {MOST_CALLS} tool calls"
            raise ProtocolError(msg)
        slot = Slot(len(self.slots))
        self.slots.append(slot)
        if isinstance(index, int):
            self._at[index] = slot
        return slot

    def _without_index(self, identity: str, name: str) -> Slot | None:
        same = next((slot for slot in self.slots if identity and slot.id == identity), None)
        if same is not None or not self.slots or (identity and name):
            return same
        last = self.slots[-1]
        return None if name and last.begun else last
