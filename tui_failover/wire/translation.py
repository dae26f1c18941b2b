"""What a request is translated for, and what comes of it."""

from msgspec import Struct, field

from tui_failover.wire.aliases import Aliases
from tui_failover.wire.answer import Wording
from tui_failover.wire.capabilities import Capabilities
from tui_failover.wire.conversation import Request, Verdict
from tui_failover.wire.json_text import json_bytes
from tui_failover.wire.verdict import Note, Notes, refuse


class Target(Struct, frozen=True):
    """The provider's model a request goes to.

    Attributes:
        model: the provider's id for it.
        strict: refuse rather than lose or approximate anything.
        stream: whether the provider is asked to stream; None does as the caller does.
    """

    model: str
    capabilities: Capabilities
    strict: bool = False
    stream: bool | None = None


class Translated(Struct, frozen=True):
    """A request in the provider's dialect.

    Attributes:
        body: what to send.
        encoded: the same as JSON.
        wording: how to word the answer for the caller.
        notes: all that was changed or left out.
    """

    body: dict[str, object]
    encoded: bytes
    wording: Wording
    notes: tuple[Note, ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        """Codes of what the caller should know, each once, in order."""
        return tuple(dict.fromkeys(note.code for note in self.notes if not note.quiet))


class Job(Struct):
    """One translation under way.

    Attributes:
        names: aliases of tool names.
        ids: aliases of tool call ids.
        instructions: sentences that stand in for what the provider has no setting for.
        envelope: a tool of ours that carries a structured answer; "" without one.
        expects_json: the answer must be JSON, and only words say so.
    """

    request: Request
    target: Target
    notes: Notes
    names: Aliases
    ids: Aliases
    instructions: list[str] = field(default_factory=list)
    envelope: str = ""
    expects_json: bool = False

    @property
    def can(self) -> Capabilities:
        """What the provider's model can carry."""
        return self.target.capabilities

    def done(self, body: dict[str, object]) -> Translated:
        """Return the finished translation."""
        request = self.request
        wording = Wording(
            model=request.model,
            tool_names=self.names.changed(),
            custom_tools=frozenset(tool.name for tool in request.tools if tool.custom),
            envelope=self.envelope,
            functions=request.functions,
            include_usage=request.include_usage,
            expects_json=self.expects_json,
            echo=request.echo,
        )
        return Translated(body, json_bytes(body), wording, self.notes.taken())


def begun(request: Request, target: Target) -> Job:
    """Return the translation of `request` with its leftovers settled; refuses what must not get lost."""
    notes = Notes(strict=target.strict, named=request.named)
    for lost in request.leftovers:
        if lost.verdict is Verdict.REFUSE:
            refuse(lost.field, f"{lost.field} is not supported by the active provider ({target.model}).")
        if lost.verdict is Verdict.DROP:
            notes.warn(lost.code, lost.field)
        else:
            notes.quiet(lost.code, lost.field)
    can = target.capabilities
    return Job(request, target, notes, Aliases(can.tool_name_max), Aliases(can.tool_id_max))
