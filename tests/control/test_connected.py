"""A provider registered over REST is reached as one from the settings is: through its vendor's own SDK."""

import asyncio
from pathlib import Path

import pytest

from tests.support.control_world import LOOPBACK, asks
from tui_failover.bootstrap.registry import Registry
from tui_failover.config.reader import parse_settings
from tui_failover.control import ControlServer, ControlSettings
from tui_failover.core.spec import Dialect
from tui_failover.engine.clock import LoopClock, SystemRng
from tui_failover.engine.manager import FailoverManager
from tui_failover.rehearsal import Rehearsal

KEY = "rehearsal-key-0123456789"


@pytest.mark.parametrize("dialect", list(Dialect))
async def test_registered_provider_answers_with_the_key_that_was_only_named(
    dialect: Dialect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REHEARSAL_KEY", KEY)
    settings = parse_settings(
        '[providers.a]\ndialect = "openai"\nmodel = "m"\nauth = "none"\n', Path("settings.toml")
    )
    clock = LoopClock(asyncio.get_running_loop())
    registry = Registry(settings, clock)
    async with (
        Rehearsal(clock, SystemRng()) as rehearsal,
        FailoverManager(registry.upstreams, clock=clock) as manager,
        ControlServer(manager, ControlSettings(LOOPBACK), registry) as server,
    ):
        played = await rehearsal.add("new", dialect, model="the-model", key=KEY, says="from the rehearsal")
        provider = {"provider_id": "new", "dialect": dialect.value, "model": "the-model"}
        reach = {"base_url": played.base_url, "api_key_env": "REHEARSAL_KEY"}
        failover = {"primary_provider_id": "new", "health_check_enabled": False}

        registered = await asks(server, "POST", "/api/providers", {**provider, **reach})
        await asks(server, "POST", "/api/agents/one/failover", failover)
        served = await asks(server, "POST", "/api/agents/one/query", {"query": "Hello"})

        assert registered.status == 201
        assert (served.status, served.json["response"]) == (200, "from the rehearsal")
