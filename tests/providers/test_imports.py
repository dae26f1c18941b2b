"""The SDKs cost a second of start-up; nothing loads them before the first request."""

import subprocess
import sys

import pytest

from tests.providers.conftest import MakeUpstream, a_spec
from tests.providers.virtual_time import LoopClock
from tui_failover.core.names import ProviderId
from tui_failover.core.spec import Dialect
from tui_failover.providers import Connection, SdkUpstreams

_HEAVY = ("openai", "anthropic", "httpx2", "genai_prices", "pydantic")


def loaded_after(statements: str) -> set[str]:
    code = f"import sys\n{statements}\nprint(*[name for name in {_HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - our own interpreter
    return set(done.stdout.split())


@pytest.mark.parametrize("module", ["tui_failover", "tui_failover.providers"])
def test_import_loads_no_sdk(module: str) -> None:
    assert loaded_after(f"import {module}") == set()


def test_making_an_upstream_loads_no_sdk() -> None:
    statements = "\n".join(
        [
            "from tests.providers.test_imports import made",
            "made()",
        ]
    )

    assert not {"openai", "anthropic", "httpx2"} & loaded_after(statements)


def made() -> None:
    """Make one upstream of each dialect."""
    connections = {ProviderId("first"): Connection("https://provider.invalid", lambda: "key-12345678")}
    factory = SdkUpstreams(connections, LoopClock())
    for dialect in Dialect:
        factory(a_spec(dialect))


@pytest.mark.parametrize("dialect", Dialect, ids=str)
async def test_sdk_can_be_loaded_before_it_is_needed_and_twice(
    dialect: Dialect, upstream_at: MakeUpstream
) -> None:
    upstream = upstream_at(dialect, "http://127.0.0.1:9")

    await upstream.warm()
    await upstream.warm()

    assert dialect.value in sys.modules


@pytest.mark.parametrize("dialect", Dialect, ids=str)
async def test_sdks_can_be_imported_before_there_is_an_upstream(dialect: Dialect) -> None:
    await SdkUpstreams({}, LoopClock()).warm([dialect])

    assert dialect.value in sys.modules


async def test_upstream_that_was_never_used_can_be_closed(upstream_at: MakeUpstream) -> None:
    await upstream_at(Dialect.OPENAI, "http://127.0.0.1:9").close()
