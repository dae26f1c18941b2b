"""What was changed through the API, as plain values that a state file can record."""

from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum

from msgspec import Struct, field


class ChangeKind(StrEnum):
    """What sort of change."""

    PROVIDER_REGISTERED = "provider-registered"
    PROVIDER_CHANGED = "provider-changed"
    PROVIDER_REMOVED = "provider-removed"
    AGENT_CONFIGURED = "agent-configured"
    AGENT_REMOVED = "agent-removed"
    ORDER_ACCEPTED = "order-accepted"


class Change(Struct, frozen=True):
    """One change that was carried out.

    Attributes:
        kind: what sort.
        subject: the provider, agent or order it concerns.
        values: JSON values: a provider's or agent's fields by the names of `settings.toml`; an order's fields.
        by: who asked for it.
        reason: why, in their words.
        revision: the first snapshot that shows it.
    """

    kind: ChangeKind
    subject: str
    values: Mapping[str, object] = field(default_factory=dict)
    by: str = "api"
    reason: str = ""
    revision: int = 0


OnChange = Callable[[Change], Awaitable[None]]
"""Told of every change before its answer is sent; where it raises, the answer says that the change is not kept."""


async def forget(_: Change) -> None:
    """Keep nothing."""
