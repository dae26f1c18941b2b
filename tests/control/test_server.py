"""How the server starts and ends."""

import asyncio
import signal
import subprocess
import sys

import pytest

from tests.support.control_world import AGENT, LOOPBACK, ControlWorld, a_manager, control_world, read_answer
from tui_failover.control import CannotListen, ControlServer, ControlSettings, Limits, Listen
from tui_failover.core.errors import EngineClosed
from tui_failover.core.names import ProviderId
from tui_failover.providers.scripted import Answer


async def test_taken_port_is_one_sentence(world: ControlWorld) -> None:
    settings = ControlSettings(Listen("127.0.0.1", world.server.port))

    with pytest.raises(CannotListen) as refusal:
        await ControlServer(world.manager, settings).__aenter__()

    assert str(refusal.value) == (
        f"the control API cannot listen on 127.0.0.1:{world.server.port}: another program listens there already; "
        "choose another address with --listen"
    )


@pytest.mark.parametrize("listen", [Listen("127.0.0.1", 70000), Listen("127.1.2.3.4.localhost", 1)], ids=str)
async def test_address_that_is_none_is_one_sentence(listen: Listen) -> None:
    async with a_manager() as manager:
        with pytest.raises(CannotListen, match="cannot listen on") as refusal:
            await ControlServer(manager, ControlSettings(listen)).__aenter__()

        assert "\n" not in str(refusal.value)


async def test_server_takes_no_signals_and_says_nothing_on_the_terminal(
    capfd: pytest.CaptureFixture[str],
) -> None:
    before = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    async with control_world() as world:
        await world.asks("GET", "/healthz")
        await world.sends(b"nonsense\r\n\r\n")

        assert [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)] == before
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("log", ["tui_failover.control", "tui_failover.serving"])
def test_log_that_nobody_has_configured_is_not_written_to_the_terminal(log: str) -> None:
    code = f"import logging, tui_failover.control; logging.getLogger({log!r}).error('a fault of ours')"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=50)  # noqa: S603

    assert (told.stdout, told.stderr) == (b"", b"")


async def test_port_is_free_again_afterwards() -> None:
    async with control_world() as world:
        port = world.server.port

    async with (
        a_manager() as manager,
        ControlServer(manager, ControlSettings(Listen("127.0.0.1", port))) as server,
    ):
        assert server.port == port


async def test_server_that_is_not_running_says_so() -> None:
    async with a_manager() as manager:
        server = ControlServer(manager, ControlSettings(LOOPBACK))

        with pytest.raises(EngineClosed):
            _ = server.port


async def test_query_under_way_is_answered_before_the_server_ends() -> None:
    async with control_world() as world:
        world.upstreams[ProviderId("openai-agent")].from_now_on(Answer("late but whole", after_s=0.05))
        reader, writer = await _asking(world)
    got = await read_answer(reader)
    writer.close()

    assert got.json["response"] == "late but whole"


async def test_query_that_takes_too_long_is_cut_when_the_server_ends() -> None:
    async with control_world(limits=Limits(stop_s=0.02)) as world:
        world.upstreams[ProviderId("openai-agent")].from_now_on(Answer(after_s=5.0))
        reader, writer = await _asking(world)
        started = asyncio.get_running_loop().time()
    took = asyncio.get_running_loop().time() - started
    rest = await reader.read()
    writer.close()

    assert rest == b""
    assert took < 1.0


async def test_caller_that_leaves_cancels_its_attempt(world: ControlWorld) -> None:
    upstream = world.upstreams[ProviderId("openai-agent")]
    upstream.from_now_on(Answer(after_s=5.0))
    _, writer = await _asking(world)

    writer.close()
    async with asyncio.timeout(1):
        while upstream.inflight:
            await world.asks("GET", "/healthz")

    view = world.manager.snapshot().provider(ProviderId("openai-agent"))
    assert view is not None
    assert view.failures == 0


async def test_server_that_is_about_to_end_is_not_ready_but_lives(world: ControlWorld) -> None:
    world.server.stop_taking()

    ready, alive = [await world.asks("GET", path) for path in ("/readyz", "/healthz")]

    assert (ready.status, ready.json) == (503, {"status": "down"})
    assert alive.status == 200


async def _asking(world: ControlWorld) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Send a query and return once its attempt is under way."""
    reader, writer = await world.connect()
    body = b'{"query": "Hello"}'
    head = f"POST /api/agents/{AGENT}/query HTTP/1.1\r\nHost: {world.host}\r\nContent-Type: application/json\r\n"
    writer.write(head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    async with asyncio.timeout(1):
        while not world.upstreams[ProviderId("openai-agent")].inflight:
            await world.asks("GET", "/healthz")
    return reader, writer
