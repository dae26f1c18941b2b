"""Whatever stands in the state file is understood, or told to be broken; it never crashes anything."""

import asyncio
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.settings import COMPLETE, KEYS
from tests.support.virtual_loop import VirtualClock, run_virtually
from tui_failover.bootstrap.registry import Registry
from tui_failover.config.reader import parse_settings
from tui_failover.core.fact import Restored
from tui_failover.core.kept import Kept, KeptRoute
from tui_failover.core.names import AgentId, ProviderId
from tui_failover.journal.state_text import Malformed, decode, encode

SETTINGS = parse_settings(COMPLETE, Path("settings.toml"), KEYS)
WORDS = [
    '"',
    "'",
    "[",
    "]",
    "{",
    "}",
    "=",
    "\n",
    ".",
    "-1",
    "1e999",
    "true",
    "nan",
    "\0",
    "é",
    "\u202e",
    "[[",
    "#",
]


async def a_text() -> str:
    registry = Registry(SETTINGS, VirtualClock(), environ=KEYS)
    kept = Kept(
        taken_utc=1.0,
        routes={AgentId("my-agent"): KeptRoute(ProviderId("openai-agent"), 1.0, "first in its chain", first=True)},
        providers={spec.id: spec for spec in SETTINGS.providers},
        agents={config.agent_id: config for config in SETTINGS.agents},
    )
    return encode(kept, registry).decode()


TEXT = run_virtually(a_text())
pieces = st.one_of(st.sampled_from(WORDS), st.text(max_size=5), st.sampled_from(TEXT.split()))
edits = st.lists(st.tuples(st.integers(0, len(TEXT)), st.integers(0, 12), pieces), min_size=1, max_size=4)


def understood(data: bytes) -> Restored | None:
    async def read() -> Restored | None:
        await asyncio.sleep(0)  # noqa: TID251 - virtual time
        try:
            return decode(data, Registry(SETTINGS, VirtualClock(), environ=KEYS))
        except Malformed:
            return None

    return run_virtually(read())


def test_the_text_itself_is_understood() -> None:
    restored = understood(TEXT.encode())

    assert restored is not None
    assert restored.ignored == ()
    assert list(restored.kept.providers.values()) == list(SETTINGS.providers)
    assert list(restored.kept.agents.values()) == list(SETTINGS.agents)


@settings(max_examples=200, deadline=None)
@given(edits)
def test_any_edit_of_it_is_understood_or_told(edits: list[tuple[int, int, str]]) -> None:
    text = TEXT
    for at, cut, piece in edits:
        text = text[:at] + piece + text[at + cut :]

    restored = understood(text.encode("utf-8", "surrogatepass"))

    assert restored is None or all(line.isprintable() for line in restored.ignored)


@given(st.binary(max_size=200))
def test_any_bytes_are_understood_or_told(data: bytes) -> None:
    assert understood(data) is None
