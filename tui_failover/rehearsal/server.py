"""The rehearsal: many providers on loopback, one port each, on the loop they were added on."""

import asyncio
from types import TracebackType
from typing import Self

from tui_failover.core.ports import Clock, Rng
from tui_failover.core.spec import Dialect
from tui_failover.rehearsal.pace import Pace
from tui_failover.rehearsal.provider import Character, RehearsedProvider


class Rehearsal:
    """Rehearsed providers, from `async with` or `close`; nothing of them is left afterwards."""

    def __init__(self, clock: Clock, rng: Rng) -> None:
        self._clock = clock
        self._rng = rng
        self._tasks = asyncio.TaskGroup()
        self._providers: dict[str, RehearsedProvider] = {}
        self._closed = False

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def add(
        self,
        name: str,
        dialect: Dialect,
        *,
        model: str,
        pace: Pace | None = None,
        key: str | None = None,
        says: str | None = None,
    ) -> RehearsedProvider:
        """Return a new provider that is listening.

        Args:
            name: unlike those of the others.
            dialect: the protocol it speaks.
            model: the only model it knows.
            pace: how fast it normally is; None for the usual pace.
            key: the only key it takes; None takes any.
            says: its one answer; None picks sentences.
        """
        if name in self._providers:
            msg = f"there is a rehearsed provider {name!r} already"
            raise ValueError(msg)
        character = Character(name, dialect, model, pace or Pace(), key, says)
        provider = RehearsedProvider(character, self._clock, self._rng, self._tasks)
        self._providers[name] = provider
        return provider

    def __getitem__(self, name: str) -> RehearsedProvider:
        """Return the provider of that name; `KeyError` if there is none."""
        return self._providers[name]

    async def close(self) -> None:
        """End every provider; a second call does nothing."""
        if self._closed:
            return
        self._closed = True
        for provider in self._providers.values():
            await provider.close()
        await self._tasks.__aexit__(None, None, None)
