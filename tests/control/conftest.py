from collections.abc import AsyncIterator

import pytest

from tests.support.control_world import ControlWorld, control_world


@pytest.fixture
async def world() -> AsyncIterator[ControlWorld]:
    """An agent with three providers that answer, behind a server that lets everybody on this machine in."""
    async with control_world() as running:
        yield running
