"""Handlers that register, change and remove providers and agents."""

from collections.abc import Mapping
from http import HTTPStatus

from msgspec.structs import fields

from tui_failover.control.answer import Answer
from tui_failover.control.change import Change, ChangeKind
from tui_failover.control.looking import agent_of, provider_of
from tui_failover.control.models import FailoverBody, FailoverFields, NewAgent, NewProvider, Removal, one_line
from tui_failover.control.plain import config_json
from tui_failover.control.problem import Detail, refused, unusable
from tui_failover.control.reading import read_name, read_provider
from tui_failover.control.route import Call
from tui_failover.core.errors import OrderRefused
from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.spec import FailoverConfig

_KEPT = ("failback", "max_retries", "mid_stream", "strategy")  # left as they are by callers who do not know them

_PATHS = ("check", "health")  # a provider of this name could not be reached by its path


async def configure(call: Call) -> Answer:
    """Add an agent, or replace its failover."""
    asked = call.asked
    assert isinstance(asked, FailoverBody)  # noqa: S101 - the route's model
    name = read_name(call.path["agent_id"], "agent_id")
    if asked.agent_id not in {None, name}:
        message = "the agent in the body is not the one in the path"
        raise unusable(message, Detail("agent_id", f"must be {name}, or left out"))
    return await _configure(call, name, asked, HTTPStatus.OK)


async def change_agent(call: Call) -> Answer:
    """Replace the failover of an agent that is there."""
    agent_of(call.services.snapshot(), call.path["agent_id"])
    return await configure(call)


async def add_agent(call: Call) -> Answer:
    """Add an agent."""
    asked = call.asked
    assert isinstance(asked, NewAgent)  # noqa: S101 - the route's model
    if call.services.agent(asked.agent_id) is not None:
        message = f"{asked.agent_id}: is there already; change it with PUT /api/agents/{asked.agent_id}"
        raise refused(message)
    return await _configure(call, asked.agent_id, asked, HTTPStatus.CREATED)


async def _configure(call: Call, name: str, asked: FailoverFields, status: HTTPStatus) -> Answer:
    snapshot = call.services.snapshot()
    unknown = [
        Detail(where, f"{one}: no such provider")
        for where, one in _chain(asked)
        if snapshot.provider(ProviderId(one)) is None
    ]
    if unknown:
        message = "the chain names providers that are not registered"
        raise unusable(message, *unknown)
    present = snapshot.agent(AgentId(name))
    config = _config(name, asked, None if present is None else present.config)
    await call.services.manager.configure_failover(config)
    values = {key: value for key, value in _values(config).items() if key != "agent_id"}
    change = Change(ChangeKind.AGENT_CONFIGURED, name, values, revision=call.services.snapshot().revision)
    warnings = await call.services.keep(change)
    if not config.backup_provider_ids:
        warnings = [f"{name} has no backup to fail over to", *warnings]
    return Answer(
        {**_values(config), "message": f"{name}: failover is configured", "warnings": warnings}, status=status
    )


def _chain(asked: FailoverFields) -> list[tuple[str, str]]:
    backups = [(f"backup_provider_ids[{place}]", one) for place, one in enumerate(asked.backup_provider_ids)]
    return [("primary_provider_id", asked.primary_provider_id), *backups]


def _config(name: str, asked: FailoverFields, present: FailoverConfig | None) -> FailoverConfig:
    known = {field.name for field in fields(FailoverConfig)} - {"agent_id"}
    given: dict[str, object] = {field: getattr(asked, field) for field in known}
    given["backup_provider_ids"] = tuple(asked.backup_provider_ids)
    left_out = {field for field in _KEPT if given[field] is None}
    given = {field: value for field, value in given.items() if field not in left_out}
    if present is not None:
        given |= {field: getattr(present, field) for field in left_out}
    return FailoverConfig(AgentId(name), **given)  # type: ignore[arg-type]  # the model has checked every field


def _values(config: FailoverConfig) -> dict[str, object]:
    ours = {"failback": config.failback.value, "max_retries": config.max_retries}
    ours |= {"mid_stream": config.mid_stream.value, "strategy": config.strategy.value}
    return {**config_json(config), **ours}


async def remove_agent(call: Call) -> Answer:
    """Take an agent away."""
    view = agent_of(call.services.snapshot(), call.path["agent_id"])
    await call.services.manager.remove_agent(view.id)
    return await _removed(call, ChangeKind.AGENT_REMOVED, view.id)


async def add_provider(call: Call) -> Answer:
    """Register a provider."""
    asked = call.asked
    assert isinstance(asked, NewProvider)  # noqa: S101 - the route's model
    name = asked.provider_id
    if name in _PATHS:
        message = "the name cannot be used"
        raise unusable(message, Detail("provider_id", f"{name} is a path of this API"))
    if call.services.provider(name) is not None:
        message = f"{name}: is there already; change it with PUT /api/providers/{name}"
        raise refused(message)
    values = {key: value for key, value in call.raw.items() if key != "provider_id"}
    return await _register(call, name, values, ChangeKind.PROVIDER_REGISTERED)


async def change_provider(call: Call) -> Answer:
    """Replace a provider's fields; its history is kept."""
    view = provider_of(call.services.snapshot(), call.path["provider_id"])
    return await _register(call, view.id, call.raw, ChangeKind.PROVIDER_CHANGED)


async def _register(call: Call, name: str, values: Mapping[str, object], kind: ChangeKind) -> Answer:
    services = call.services
    if services.connect is None:
        message = "providers of this process cannot be registered or changed while it runs"
        raise refused(message)
    spec, connection = read_provider(name, values, services.folder)
    spec, upstream = await services.connect(spec, connection)
    await services.manager.register_provider(spec, upstream)
    warnings = await services.keep(Change(kind, name, values, revision=services.snapshot().revision))
    if spec.missing_key is not None:
        warnings = [f"{name} has no key: {spec.missing_key}", *warnings]
    new = kind is ChangeKind.PROVIDER_REGISTERED
    return provider_done(
        call,
        name,
        f"{name} is {'registered' if new else 'changed'}",
        warnings,
        HTTPStatus.CREATED if new else HTTPStatus.OK,
    )


def provider_done(
    call: Call, name: str, message: str, warnings: list[str], status: HTTPStatus = HTTPStatus.OK
) -> Answer:
    """Return what is so after something was done about a provider."""
    snapshot = call.services.snapshot()
    view = provider_of(snapshot, name)
    body = {
        "message": message,
        "revision": snapshot.revision,
        "warnings": warnings,
        "provider_id": view.id,
        "status": view.status.value,
        "available": view.available,
    }
    return Answer(body, status=status)


async def remove_provider(call: Call) -> Answer:
    """Take a provider away."""
    view = provider_of(call.services.snapshot(), call.path["provider_id"])
    try:
        await call.services.manager.remove_provider(view.id)
    except OrderRefused as error:
        raise refused(str(error)) from None
    return await _removed(call, ChangeKind.PROVIDER_REMOVED, view.id)


async def _removed(call: Call, kind: ChangeKind, name: str) -> Answer:
    asked = call.asked
    assert isinstance(asked, Removal)  # noqa: S101 - the route's model
    revision = call.services.snapshot().revision
    change = Change(kind, name, by=one_line(asked.by), reason=one_line(asked.reason), revision=revision)
    warnings = await call.services.keep(change)
    return Answer({"message": f"{name} is removed", "revision": revision, "warnings": warnings})
