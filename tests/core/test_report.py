"""Health and failover in the names users of the library know."""

from datetime import UTC, datetime, timedelta

from tests.support.world import AGENT, EPOCH, World, a_chain, a_failure, a_settled_world, a_spec, an_answer
from tui_failover.core.copying import replace
from tui_failover.core.names import ProviderId
from tui_failover.core.report import FailoverStats, ProviderHealth, health_of, stats_of

A, B = ProviderId("A"), ProviderId("B")


def at(world: World, ago_s: float) -> datetime:
    """Return the UTC time of `ago_s` seconds before now."""
    return datetime.fromtimestamp(EPOCH, UTC) + timedelta(seconds=world.now - ago_s)


def test_the_eight_health_fields_after_a_success_and_a_failure() -> None:
    world = World([a_spec("A")], [a_chain("A")])
    world.checks("A", an_answer(in_s=0.25))
    world.now += 60.0
    world.checks("A", a_failure())
    world.now += 5.0

    health = health_of(world.view("A"), world.moment)

    assert health == ProviderHealth(
        A, "unhealthy", at(world, 5), at(world, 65), at(world, 5), 1, 250.0, "server on purpose"
    )


def test_what_was_never_checked_has_no_times() -> None:
    world = World([a_spec("A")], [a_chain("A")])

    health = health_of(world.view("A"), world.moment)

    assert health == ProviderHealth(A, "unknown", None, None, None, 0, None, None)


def test_the_stats_of_an_agent_name_its_chain_and_what_failover_did() -> None:
    world = a_settled_world("AB")
    world.fails("A")
    world.asks(times=2)

    stats = stats_of(world.agent_view(), world.snapshot())

    assert stats == FailoverStats(
        agent_id=AGENT,
        primary_provider=A,
        backup_providers=(B,),
        active_provider=B,
        provider_chain=(A, B),
        health_check_enabled=True,
        auto_failover_enabled=True,
        provider_health={name: health_of(world.view(name), world.moment) for name in (A, B)},
        queries=2,
        failed=0,
        failovers=1,
        saved_by_failover=2,
        queries_per_s=2 / 30,
        error_share=0.0,
    )


def test_a_provider_of_the_chain_that_is_not_registered_has_no_health() -> None:
    world = World([a_spec("A")], [a_chain("AZ")])

    assert set(stats_of(world.agent_view(), world.snapshot()).provider_health) == {A}


def test_a_provider_without_its_key_says_what_to_set() -> None:
    world = World([replace(a_spec("A"), missing_key="set OPENAI_API_KEY")], [a_chain("A")])

    assert health_of(world.view("A"), world.moment).error_message == "no key: set OPENAI_API_KEY"
