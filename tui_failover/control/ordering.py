"""Handlers that give orders: each builds the same command a key press builds, and submits it the same way."""

from collections.abc import Callable

from tui_failover.control.answer import Answer
from tui_failover.control.change import Change, ChangeKind
from tui_failover.control.changing import provider_done
from tui_failover.control.looking import provider_of
from tui_failover.control.models import BreakerBody, HoldBody, OrderBody, SwitchBody, TrialBody, one_line
from tui_failover.control.problem import refused
from tui_failover.control.route import Call, Handler
from tui_failover.core.command import (
    Accepted,
    Command,
    ConfirmTrial,
    HoldAutomation,
    HoldBreaker,
    Impose,
    Imposed,
    Order,
    Refused,
    ReleaseAutomation,
    ReleasePin,
    ResetBreaker,
    SwitchTo,
    Undo,
)
from tui_failover.core.copying import replace
from tui_failover.core.names import AgentId, ProviderId

AgentOrder = Callable[[AgentId, OrderBody], Command]
ProviderOrder = Callable[[ProviderId, OrderBody], Command]


def agent_order(command: AgentOrder) -> Handler:
    """Return the handler of an order about an agent."""

    async def handle(call: Call) -> Answer:
        manager = call.services.manager
        agent = manager.get_failover_config(call.path["agent_id"]).agent_id
        body = _body(call)
        verdict, warnings = await _give(call, command(agent, body), agent, body)
        return Answer(
            {
                "message": verdict.text,
                "revision": verdict.revision,
                "warnings": warnings,
                "agent_id": agent,
                "active_provider": manager.get_active_provider(agent),
            }
        )

    return handle


def provider_order(command: ProviderOrder) -> Handler:
    """Return the handler of an order about a provider."""

    async def handle(call: Call) -> Answer:
        provider = provider_of(call.services.snapshot(), call.path["provider_id"]).id
        body = _body(call)
        verdict, warnings = await _give(call, command(provider, body), provider, body)
        return provider_done(call, provider, verdict.text, warnings)

    return handle


async def undo(call: Call) -> Answer:
    """Take back the last order."""
    body = _body(call)
    verdict, warnings = await _give(call, Undo(), "undo", body)
    return Answer({"message": verdict.text, "revision": verdict.revision, "warnings": warnings})


def switch(agent: AgentId, body: OrderBody) -> Command:
    """Return the switch that was asked for."""
    assert isinstance(body, SwitchBody)  # noqa: S101 - the route's model
    return SwitchTo(agent, ProviderId(body.provider_id), body.hold_s, trial=body.trial, hard=body.hard)


def trial(agent: AgentId, body: OrderBody) -> Command:
    """Return a switch that returns by itself."""
    assert isinstance(body, TrialBody)  # noqa: S101 - the route's model
    return SwitchTo(agent, ProviderId(body.provider_id), trial=True)


def confirm(agent: AgentId, _: OrderBody) -> Command:
    """Return the order to keep a trial."""
    return ConfirmTrial(agent)


def release_switch(agent: AgentId, _: OrderBody) -> Command:
    """Return the order to give the route back."""
    return ReleasePin(agent)


def hold(agent: AgentId, body: OrderBody) -> Command:
    """Return the order to hold automation."""
    assert isinstance(body, HoldBody)  # noqa: S101 - the route's model
    return HoldAutomation(agent, strict=body.strict)


def release_automation(agent: AgentId, _: OrderBody) -> Command:
    """Return the order to let automation go on."""
    return ReleaseAutomation(agent)


def impose(what: Imposed) -> ProviderOrder:
    """Return what makes the order to drain, maintain or return."""
    return lambda provider, _: Impose(provider, what)


def breaker(provider: ProviderId, body: OrderBody) -> Command:
    """Return the order to hold a breaker."""
    assert isinstance(body, BreakerBody)  # noqa: S101 - the route's model
    return HoldBreaker(provider, body.hand, body.hold_s)


def reset(provider: ProviderId, _: OrderBody) -> Command:
    """Return the order to close a breaker and forget."""
    return ResetBreaker(provider)


def _body(call: Call) -> OrderBody:
    assert isinstance(call.asked, OrderBody)  # noqa: S101 - the route's model
    return call.asked


async def _give(call: Call, command: Command, subject: str, body: OrderBody) -> tuple[Accepted, list[str]]:
    """Submit; a repeat of an order that was given before is answered again and kept once."""
    order = Order(
        by=one_line(body.by, 64),
        reason=one_line(body.reason),
        id=one_line(body.order_id),
        seen_revision=body.seen_revision,
        force=getattr(body, "force", False),
    )
    before = call.services.snapshot().revision
    verdict = await call.services.manager.submit(replace(command, order=order))
    if isinstance(verdict, Refused):
        raise refused(verdict.why, needs_force=verdict.needs_force)
    if verdict.revision <= before:
        return verdict, []
    values = {"command": type(command).__name__, **call.raw, "path": dict(call.path)}
    change = Change(ChangeKind.ORDER_ACCEPTED, subject, values, order.by, order.reason, verdict.revision)
    return verdict, await call.services.keep(change)
