"""Them or us: a neutral reference is asked when several providers cannot be reached at once."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from tests.support.engine_world import World, a_settled_world, a_spec, at_once, virtually, with_rules
from tui_failover.core.copying import replace
from tui_failover.core.errors import SettingsError
from tui_failover.core.event import EventKind
from tui_failover.core.outcome import FailureKind
from tui_failover.core.spec import LocalFaultRules, ProviderSpec, Rules
from tui_failover.engine.reference import host_and_port
from tui_failover.providers.scripted import Answer, Break, failing

REFUSED = Break(failing(FailureKind.CONNECT).failure, after_s=0.0)
BEGAN, ENDED = EventKind.LOCAL_FAULT_BEGAN, EventKind.LOCAL_FAULT_ENDED


@dataclass
class Reference:
    """A neutral host on loopback, and how often it was asked."""

    address: str
    asked: int = 0

    def take(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked += 1
        writer.close()


@asynccontextmanager
async def a_reference(port: int = 0) -> AsyncIterator[Reference]:
    """Listen on loopback."""
    reference = Reference("")
    server = await asyncio.start_server(reference.take, "127.0.0.1", port)
    async with server:
        reference.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield reference


def nobody_there() -> str:
    """Return an address that refuses."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{taken.getsockname()[1]}"


def asking(*references: str) -> Rules:
    """Return rules that suspect our own network and ask these references."""
    return with_rules(local_fault=LocalFaultRules(references=references))


async def the_network_fails(world: World, names: str = "ABC") -> None:
    """Let nobody be reachable any more, and let traffic find out."""
    for name in names:
        world[name].from_now_on(REFUSED)
    for _ in range(5):
        await world.try_asking()
        await world.passes(0.5)


@virtually
async def test_a_reference_that_cannot_be_reached_either_means_it_is_us() -> None:
    async with a_settled_world(rules=asking(nobody_there())) as world:
        await the_network_fails(world)
        await world.passes(120.0)

        assert len(world.told(BEGAN)) == 1
        assert world.told(EventKind.BREAKER_OPENED, EventKind.FAILOVER) == []
        assert world.manager.snapshot().local_fault is not None
        assert all(world.provider(name).available for name in "ABC")
        assert world.active() == "A"


@virtually
async def test_a_reference_that_answers_means_it_is_them() -> None:
    async with a_reference() as reference:
        async with a_settled_world(rules=asking(reference.address)) as world:
            await the_network_fails(world)

            assert world.told(BEGAN) == []
            assert len(world.told(EventKind.BREAKER_OPENED)) == 3
        assert reference.asked == 1


@virtually
async def test_one_reachable_reference_of_several_is_enough() -> None:
    async with (
        a_reference() as reference,
        a_settled_world(rules=asking(nobody_there(), reference.address)) as world,
    ):
        await the_network_fails(world)

        assert world.told(BEGAN) == []


@virtually
async def test_without_a_reference_a_fault_is_never_taken_as_our_own() -> None:
    async with a_settled_world(rules=asking()) as world:
        await the_network_fails(world)

        assert world.told(BEGAN) == []
        assert len(world.told(EventKind.BREAKER_OPENED)) == 3


@pytest.mark.parametrize(
    "address",
    ["", "no port", "127.0.0.1", "127.0.0.1:", "127.0.0.1:https", ":443", "127.0.0.1:0", "127.0.0.1:65536"],
)
@virtually
async def test_a_reference_that_makes_no_sense_is_refused_before_anything_runs(address: str) -> None:
    with pytest.raises(SettingsError, match="is no host and port"):
        async with a_settled_world(rules=asking(address)):
            pass


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("192.0.2.1:443", ("192.0.2.1", 443)),
        ("[::1]:65535", ("::1", 65535)),
        ("dns.example:53", ("dns.example", 53)),
    ],
)
def test_a_reference_is_a_host_and_a_port(address: str, parts: tuple[str, int]) -> None:
    assert host_and_port(address) == parts


@virtually
async def test_the_fault_ends_when_the_reference_answers_again() -> None:
    address = nobody_there()
    async with a_settled_world(rules=asking(address)) as world:
        await the_network_fails(world)
        began = len(world.told(BEGAN))
        async with a_reference(int(address.rpartition(":")[2])):
            await world.passes(6.0)

            assert began == 1
            assert [one.cause for one in world.told(ENDED)] == ["the reference answers again"]
            assert world.manager.snapshot().local_fault is None


@virtually
async def test_the_fault_ends_when_a_provider_answers() -> None:
    async with a_settled_world(rules=asking(nobody_there())) as world:
        await the_network_fails(world)
        world["B"].from_now_on(Answer())

        await world.ask()

        assert [one.cause for one in world.told(ENDED)] == ["B answers"]


@virtually
async def test_nobody_is_asked_while_a_single_host_fails() -> None:
    async with a_reference() as reference:
        async with a_settled_world(rules=asking(reference.address)) as world:
            await the_network_fails(world, "A")
        assert reference.asked == 0


@virtually
async def test_a_provider_on_this_machine_says_nothing_about_the_network() -> None:
    async with a_reference() as reference:
        rules = asking(reference.address)
        async with a_settled_world(rules=rules, specs=[_local("A"), _local("B"), _local("C")]) as world:
            await the_network_fails(world)
        assert reference.asked == 0


def _local(name: str) -> ProviderSpec:
    return replace(a_spec(name), host="127.0.0.1")


@virtually
async def test_queries_go_on_being_tried_while_it_is_us() -> None:
    async with a_settled_world(rules=asking(nobody_there())) as world:
        await the_network_fails(world)
        before = len(world["A"].queries)

        await at_once(*(world.try_asking() for _ in range(5)))

        assert len(world["A"].queries) > before


async def _both_out(world: World) -> None:
    await world.until(lambda: not any(world.provider(name).available for name in "AB"), 600.0, step_s=1.0)


@virtually
async def test_two_idle_providers_that_die_together_are_each_noticed_as_soon_as_one_alone() -> None:
    """What waits for the reference's word is booked, not lost: else a check a minute might be lost each minute."""
    took: list[float] = []
    for seed in range(30):
        async with (
            a_reference() as reference,
            a_settled_world(seed=seed, rules=asking(reference.address)) as world,
        ):
            for name in "AB":
                world[name].from_now_on(REFUSED)
            died = world.now
            await _both_out(world)
            took.append(world.now - died)

    assert max(took) <= 80.0, f"the slowest took {max(took):.0f} s"
