"""The SDKs cost a second of start-up; nothing loads them before the first request."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.providers.conftest import MakeUpstream
from tests.providers.loop_clock import LoopClock
from tui_failover.core.spec import Dialect
from tui_failover.providers import SdkUpstreams

_HEAVY = ("openai", "anthropic", "httpx2", "genai_prices")
_ROOT = Path(__file__).parents[2]
_ONE_UPSTREAM_EACH = """
from tests.providers.conftest import a_spec
from tests.providers.loop_clock import LoopClock
from tui_failover.core.spec import Dialect
from tui_failover.providers import Connection, SdkUpstreams
factory = SdkUpstreams({"first": Connection("https://provider.invalid", lambda: "key-12345678")}, LoopClock())
for dialect in Dialect:
    factory(a_spec(dialect))
"""


def loaded_after(statements: str) -> set[str]:
    """Return which of the heavy modules a fresh interpreter has loaded after `statements`."""
    code = f"import sys\n{statements}\nprint(*[name for name in {_HEAVY!r} if name in sys.modules])"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=_ROOT)  # noqa: S603 - our own
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "statements",
    ["import tui_failover", "import tui_failover.providers", _ONE_UPSTREAM_EACH],
    ids=["the package", "the room", "an upstream of each dialect"],
)
def test_no_sdk_is_loaded_by(statements: str) -> None:
    assert loaded_after(statements) == set()


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
