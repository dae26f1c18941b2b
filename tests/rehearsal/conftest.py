from collections.abc import AsyncIterator

import pytest

from tests.support.rehearsal import MODELS, InstantClock, a_random
from tui_failover.core.spec import Dialect
from tui_failover.rehearsal import AT_ONCE, Rehearsal, RehearsedProvider


@pytest.fixture
def clock() -> InstantClock:
    return InstantClock()


@pytest.fixture
async def rehearsal(clock: InstantClock) -> AsyncIterator[Rehearsal]:
    async with Rehearsal(clock=clock, rng=a_random()) as rehearsal:
        yield rehearsal


@pytest.fixture(params=list(Dialect), ids=lambda dialect: dialect.value)
def dialect(request: pytest.FixtureRequest) -> Dialect:
    dialect: Dialect = request.param
    return dialect


@pytest.fixture
async def provider(rehearsal: Rehearsal, dialect: Dialect) -> RehearsedProvider:
    return await rehearsal.add("one", dialect, model=MODELS[dialect], pace=AT_ONCE)
