"""What the preview of a switch answers, field by field."""

from tui_failover.control.models import Anything, Told
from tui_failover.core.need import Need
from tui_failover.core.snapshot import Limited


class Recent(Told):
    """An agent's queries of the last minutes, as a switch is judged by them."""

    window_s: float
    queries: int
    failed: int
    input_tokens: int
    output_tokens: int
    longest_input_tokens: int


class Loss(Told):
    """Something that some of those queries needed and the target does not carry."""

    need: Need
    queries: int


class Room(Told):
    """A limit of the target in force: how much is used of it, and what the agent's present queries add."""

    limit: Limited
    most: int
    used: int
    adds: int


class Preview(Told):
    """What a switch would mean."""

    agent_id: str
    active_provider: str
    provider_id: str
    allowed: bool
    needs_force: bool
    consequences: list[str]
    source: Anything
    target: Anything
    in_flight: int
    recent: Recent
    losses: list[Loss]
    losses_known: bool
    room: list[Room]
    revision: int
