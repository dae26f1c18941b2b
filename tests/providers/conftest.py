"""Providers are tested against upstreams on this machine."""

from collections.abc import AsyncIterator, Callable
from random import Random
from typing import Any

import pytest

from tests.providers.loop_clock import LoopClock
from tui_failover.core.names import ProviderId
from tui_failover.core.spec import Dialect, ProbeSpec, ProviderSpec
from tui_failover.providers import Connection, SdkUpstreams
from tui_failover.providers.upstream import SdkUpstream
from tui_failover.rehearsal import Rehearsal

CANARY = "sk-Zq9~x!7%2B&/canary=='`$(K)"

MakeUpstream = Callable[..., SdkUpstream]


class SeededRng:
    """An Rng that always says the same."""

    def __init__(self) -> None:
        self._random = Random(7)  # noqa: S311 - no secret depends on it

    def uniform(self, low: float, high: float) -> float:
        return self._random.uniform(low, high)


@pytest.fixture
async def rehearsal() -> AsyncIterator[Rehearsal]:
    async with Rehearsal(clock=LoopClock(), rng=SeededRng()) as rehearsal:
        yield rehearsal


def a_spec(dialect: Dialect, base_url: str = "", **fields: Any) -> ProviderSpec:
    return ProviderSpec(
        **{
            "id": ProviderId("first"),
            "dialect": dialect,
            "model": "rehearsed",
            "endpoint": base_url,
            "host": "127.0.0.1",
            "credential": "env:KEY",
            "probe": ProbeSpec(),
            **fields,
        }
    )


@pytest.fixture
async def upstream_at() -> AsyncIterator[MakeUpstream]:
    """Makes upstreams that are closed after the test."""
    made: list[SdkUpstream] = []

    def make(
        dialect: Dialect, base_url: str, *, spec: dict[str, Any] | None = None, **connection: Any
    ) -> SdkUpstream:
        reached = Connection(base_url, **{"key": lambda: CANARY, **connection})
        factory = SdkUpstreams({ProviderId("first"): reached}, LoopClock())
        made.append(factory(a_spec(dialect, base_url, **(spec or {}))))
        return made[-1]

    yield make
    for upstream in made:
        await upstream.close()
