"""What outlives a process, and how it comes back."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.world import AGENT, World, a_chain, a_failure, a_spec, a_world, provider_id
from tui_failover.core.command import (
    BreakerHand,
    Command,
    ConfirmTrial,
    HoldAutomation,
    HoldBreaker,
    Impose,
    Imposed,
    Order,
    ReleaseAutomation,
    ReleasePin,
    SwitchTo,
    Undo,
)
from tui_failover.core.copying import replace
from tui_failover.core.event import Event, EventKind
from tui_failover.core.fact import (
    AgentConfigured,
    AgentRemoved,
    KeepingTurned,
    Noticed,
    ProviderRegistered,
    ProviderRemoved,
    Restored,
    Started,
)
from tui_failover.core.fleet import Fleet
from tui_failover.core.fold import apply
from tui_failover.core.kept import Kept, kept_of
from tui_failover.core.names import AgentId, Moment, ProviderId
from tui_failover.core.spec import FailoverConfig, Price, ProviderSpec, Strategy

ANN = Order(by="ann", reason="a drill", force=True)
OTHER = AgentId("other")
BOOTED_AT = 7.0  # a machine that has just started counts its seconds from anew


class Restart:
    """A process that ended after `world`, and the one that follows `down_s` seconds of wall clock later."""

    def __init__(
        self,
        world: World,
        down_s: float = 0.0,
        *,
        specs: tuple[ProviderSpec, ...] | None = None,
        agents: tuple[FailoverConfig, ...] | None = None,
        ignored: tuple[str, ...] = (),
    ) -> None:
        self.kept = kept_of(world.fleet, world.moment)
        self.moment = Moment(BOOTED_AT, world.moment.utc + down_s)
        told = Started(
            tuple(world.specs) if specs is None else specs,
            tuple(world.agents) if agents is None else agents,
            Restored(self.kept, ignored),
        )
        self.fleet, self.events = apply(Fleet(world.rules, self.moment, seed=2), told, self.moment)

    @property
    def story(self) -> Event:
        (event,) = self.of(EventKind.RESTORED)
        return event

    def of(self, kind: EventKind) -> list[Event]:
        return [one for one in self.events if one.kind is kind]


def switch(provider: str, hold_s: float | None = None, *, trial: bool = False, agent: AgentId = AGENT) -> SwitchTo:
    return SwitchTo(agent, ProviderId(provider), hold_s, trial, order=ANN)


providers = st.sampled_from("ABC").map(ProviderId)
agents = st.sampled_from([AGENT, OTHER])
holds = st.none() | st.sampled_from([0.0, 10.0, 500.0])
orders = st.builds(
    Order, by=st.sampled_from(["ann", "bob"]), reason=st.text(max_size=8), force=st.just(value=True)
)
commands: st.SearchStrategy[Command] = st.one_of(
    st.builds(SwitchTo, agents, providers, holds, st.booleans(), st.booleans(), orders),
    st.builds(ConfirmTrial, agents, orders),
    st.builds(ReleasePin, agents, orders),
    st.builds(HoldAutomation, agents, st.booleans(), orders),
    st.builds(ReleaseAutomation, agents, orders),
    st.builds(Impose, providers, st.sampled_from(Imposed), orders),
    st.builds(HoldBreaker, providers, st.none() | st.sampled_from(BreakerHand), holds, orders),
    st.builds(Undo, orders),
)
chains = st.permutations("ABCD").flatmap(lambda order: st.integers(1, 4).map(lambda most: "".join(order[:most])))
happenings = st.one_of(
    commands,
    commands,
    st.builds(lambda chain, agent: AgentConfigured(a_chain(chain, agent)), chains, agents),
    st.sampled_from([0.5, 9.0, 70.0, 2000.0]),
    st.sampled_from("ABC"),
)


def lived_through(steps: list[object]) -> World:
    world = World([a_spec(name) for name in "ABC"], [a_chain("ABC"), a_chain("CB", OTHER)])
    world.happens(ProviderRegistered(a_spec("D")))
    for step in steps:
        match step:
            case float():
                world.passes(0.5)
                world.now += step
                world.passes(0.5)
            case str():
                world.attempts(step, *[a_failure()] * 3) if world.available(step) else None
            case AgentConfigured():
                world.happens(step)
            case _:
                world.orders(step)  # type: ignore[arg-type]
    return world


@settings(max_examples=300)
@given(st.lists(happenings, max_size=12), st.sampled_from([0.0, 3.0, 100.0]))
def test_a_restored_fleet_has_the_routes_switches_and_holds_it_had(steps: list[object], down_s: float) -> None:
    world = lived_through(steps)

    after = Restart(world, down_s)

    again = kept_of(after.fleet, after.moment)
    moved = {one.agent for one in after.events if one.agent is not None}  # expired, or nothing available there
    ended = {one.provider for one in after.events if one.kind is EventKind.BREAKER_BY_HAND}
    assert {name: one for name, one in again.routes.items() if name not in moved} == {
        name: one for name, one in after.kept.routes.items() if name not in moved
    }
    assert {one: again.services[one] for one in again.services.keys() - ended} == {
        one: after.kept.services[one] for one in after.kept.services.keys() - ended
    }
    assert (again.providers, again.agents) == (after.kept.providers, after.kept.agents)
    assert {name: state.held_by for name, state in after.fleet.agents.items()} == {
        name: state.held_by for name, state in world.fleet.agents.items()
    }


def test_nothing_changes_while_nothing_of_it_changes() -> None:
    world = a_world()
    world.orders(switch("B"))
    before = kept_of(world.fleet, world.moment)

    world.passes(60.0, asking_every_s=1.0)

    assert kept_of(world.fleet, world.moment).says_the_same_as(before)


def test_a_switch_lasts_for_what_was_left_of_it_downtime_included() -> None:
    world = a_world()
    world.orders(switch("B", 600.0))

    after = Restart(world, down_s=100.0)

    agent = after.fleet.agents[AGENT]
    assert agent.active == "B"
    assert agent.pin is not None
    assert agent.pin.until_at == pytest.approx(BOOTED_AT + 500.0, abs=0.01)
    assert (agent.pin.by, agent.pin.reason) == ("ann", "a drill")
    assert after.moment.mono - agent.active_since_at == pytest.approx(100.0, abs=0.01)


def test_a_switch_until_undone_is_still_until_undone() -> None:
    world = a_world()
    world.orders(switch("B", 0.0))

    pin = Restart(world, down_s=1e7).fleet.agents[AGENT].pin

    assert pin is not None
    assert pin.until_at is None


def test_a_switch_that_expired_meanwhile_ends_with_its_event() -> None:
    world = a_world()
    world.orders(switch("B", 600.0))

    after = Restart(world, down_s=601.0)

    assert after.fleet.agents[AGENT].pin is None
    assert [one.agent for one in after.of(EventKind.PIN_ENDED)] == [AGENT]


def test_a_trial_that_expired_meanwhile_goes_back_where_it_came_from() -> None:
    world = a_world()
    world.orders(switch("B", trial=True))

    after = Restart(world, down_s=3600.0)

    assert after.fleet.agents[AGENT].active == "A"
    assert [one.text for one in after.of(EventKind.PIN_ENDED)] == ["back to A"]


def test_a_wall_clock_set_back_lengthens_no_expiry() -> None:
    world = a_world()
    world.orders(switch("B", 600.0))

    pin = Restart(world, down_s=-1e8).fleet.agents[AGENT].pin

    assert pin is not None
    assert pin.until_at == pytest.approx(BOOTED_AT + 600.0, abs=0.01)


def test_a_breaker_held_by_hand_is_given_back_when_its_time_is_up() -> None:
    world = a_world()
    world.orders(HoldBreaker(provider_id("C"), BreakerHand.OPEN, 60.0, ANN))

    soon, late = Restart(world, down_s=30.0), Restart(world, down_s=61.0)

    hand = soon.fleet.providers[provider_id("C")].hand
    assert hand is not None
    assert (hand.way, hand.by) == (BreakerHand.OPEN, "ann")
    assert hand.until_at == pytest.approx(BOOTED_AT + 30.0, abs=0.01)
    assert late.fleet.providers[provider_id("C")].hand is None
    assert [one.provider for one in late.of(EventKind.BREAKER_BY_HAND)] == ["C"]


def test_one_event_says_what_holds_again() -> None:
    world = a_world()
    world.orders(switch("B"))
    world.orders(Impose(provider_id("C"), Imposed.MAINTENANCE, ANN))
    world.orders(HoldAutomation(AGENT, order=ANN))

    after = Restart(world)

    assert after.story.text == (
        "restored: my-agent on B, switched by ann; automation of my-agent held by ann; C in maintenance by ann"
    )
    assert after.story.cause == ""


def test_a_quiet_fleet_is_restored_in_a_word() -> None:
    assert Restart(a_world()).story.text == "restored: nothing was imposed"


def test_names_that_are_no_longer_configured_are_ignored_and_told() -> None:
    world = World([a_spec(name) for name in "ABC"], [a_chain("AB"), a_chain("CA", OTHER)])
    world.orders(switch("B"))
    world.orders(HoldBreaker(provider_id("B"), BreakerHand.CLOSED, order=ANN))

    after = Restart(world, specs=(a_spec("A"), a_spec("C")), agents=(a_chain("AC"),), ignored=("line 3 is odd",))

    assert after.fleet.agents[AGENT].active == "A"
    assert after.fleet.agents[AGENT].pin is None
    assert after.story.cause == (
        "ignored: line 3 is odd; switch of my-agent to B: it is not in its chain any more; "
        "route of my-agent: B is not in its chain any more; agent other is not configured any more; "
        "provider B is not configured any more"
    )


def test_a_long_story_is_cut() -> None:
    specs = [a_spec(name) for name in "ABCDEFGHIJ"]
    world = World(specs, [a_chain("A")])
    for spec in specs:
        world.orders(Impose(spec.id, Imposed.DRAIN, ANN))

    assert Restart(world).story.text.endswith("; H in drain by ann; and 2 more")


@pytest.mark.parametrize(("pinned", "active"), [(False, "C"), (True, "A")], ids=["by itself", "by a person"])
def test_another_first_choice_in_the_settings_is_followed_unless_a_person_chose(pinned: bool, active: str) -> None:
    world = a_world()
    if pinned:
        world.orders(switch("A"))

    after = Restart(world, agents=(a_chain("CAB"),))

    assert after.fleet.agents[AGENT].active == active


def test_a_route_that_had_failed_over_stays_on_its_backup() -> None:
    world = a_world()
    world.fails("A")
    world.passes(60.0, asking_every_s=1.0)
    assert world.active() == "B"

    after = Restart(world, down_s=5.0)

    assert after.fleet.agents[AGENT].active == "B"
    assert after.of(EventKind.FAILOVER) == []


def test_a_route_by_price_is_on_its_first_choice_again() -> None:
    specs = [replace(a_spec(name), price=Price(cents, cents)) for name, cents in (("A", 9), ("B", 1))]
    world = World(specs, [a_chain("AB")])
    world.happens(AgentConfigured(replace(a_chain("AB"), strategy=Strategy.CHEAPEST)))
    world.happens(ProviderRegistered(replace(specs[0], weight=7)))
    world.orders(switch("B"))

    after = Restart(world)

    agent = after.fleet.agents[AGENT]
    assert (agent.active, agent.ranked, agent.config.strategy) == ("B", tuple("BA"), Strategy.CHEAPEST)
    assert after.fleet.providers[provider_id("A")].spec.weight == 7
    assert after.kept.routes[AGENT].first


def test_a_suspended_failback_stays_suspended() -> None:
    world = a_world()
    world.fleet = replace(
        world.fleet, agents={AGENT: replace(world.fleet.agents[AGENT], active=provider_id("B"), suspended=True)}
    )

    after = Restart(world)

    assert after.fleet.agents[AGENT].suspended
    assert "failback of my-agent suspended" in after.story.text


def test_what_was_configured_at_run_time_is_there_again_and_shows_as_such() -> None:
    world = a_world()
    world.happens(ProviderRegistered(a_spec("D")))
    world.happens(AgentConfigured(a_chain("DA")))
    world.happens(AgentConfigured(a_chain("BD", OTHER)))
    assert [world.view(name).overridden for name in "AD"] == [False, True]
    assert [world.agent_view(name).overridden for name in (AGENT, OTHER)] == [True, True]

    after = Restart(world)

    assert after.fleet.agents[AGENT].config == a_chain("DA")
    assert after.fleet.users[provider_id("D")] == (AGENT, OTHER)
    assert after.story.text == (
        "restored: provider D as registered at run time; failover of my-agent as set at run time; "
        "failover of other as set at run time; my-agent on A"
    )
    assert kept_of(after.fleet, after.moment) == after.kept


def test_a_provider_changed_at_run_time_is_changed_again() -> None:
    world = a_world()
    changed = replace(a_spec("A"), model="another")
    world.happens(ProviderRegistered(changed))

    after = Restart(world)

    assert after.fleet.providers[provider_id("A")].spec == changed
    assert after.story.text == "restored: provider A as changed at run time"


def test_a_failover_set_back_to_what_the_settings_say_is_no_override() -> None:
    world = a_world()
    world.happens(AgentConfigured(a_chain("BA")))
    world.happens(AgentConfigured(a_chain("ABC")))

    assert not world.agent_view().overridden
    assert kept_of(world.fleet, world.moment).agents == {}


def test_what_was_removed_at_run_time_stays_away() -> None:
    world = World([a_spec(name) for name in "ABC"], [a_chain("AB"), a_chain("C", OTHER)])
    world.happens(AgentRemoved(OTHER))
    world.happens(ProviderRemoved(provider_id("C")))

    after = Restart(world)

    assert list(after.fleet.agents) == [AGENT]
    assert list(after.fleet.providers) == ["A", "B"]
    assert after.story.text == "restored: agent other removed; provider C removed"
    assert kept_of(after.fleet, after.moment) == after.kept


def test_a_removed_provider_that_a_chain_needs_by_now_stays() -> None:
    world = World([a_spec(name) for name in "ABC"], [a_chain("AB")])
    world.happens(ProviderRemoved(provider_id("C")))

    after = Restart(world, agents=(a_chain("ABC"),))

    assert "C" in after.fleet.providers
    assert after.story.cause == "ignored: removal of C: it is in the chain of my-agent"


def test_a_failover_whose_providers_are_gone_falls_back_to_the_settings() -> None:
    world = a_world("ABC")
    world.happens(AgentConfigured(a_chain("CA")))

    after = Restart(world, specs=(a_spec("A"), a_spec("B")), agents=(a_chain("AB"),))

    assert after.fleet.agents[AGENT].config == a_chain("AB")
    assert "failover of my-agent: C is not configured any more" in after.story.cause


def test_without_a_start_nothing_differs_from_it() -> None:
    moment = Moment(1.0, 2.0)
    fleet, _ = apply(Fleet(a_world().rules, moment), ProviderRegistered(a_spec("A")), moment)
    fleet, _ = apply(fleet, AgentConfigured(a_chain("A")), moment)

    kept = kept_of(fleet, moment)

    assert (kept.agents, kept.removed_agents, kept.removed_providers) == ({}, (), ())


def test_what_was_kept_can_also_be_told_to_a_running_fleet() -> None:
    before, world = a_world(), a_world()
    before.orders(switch("C"))

    world.happens(Restored(kept_of(before.fleet, before.moment)))

    assert world.active() == "C"


def test_failing_to_keep_is_told_once_and_shown_until_it_works_again() -> None:
    world = a_world()

    world.happens(KeepingTurned("disk full"))
    world.happens(KeepingTurned("read-only file system"))
    shown = world.snapshot().unkept
    world.happens(KeepingTurned(""))
    world.happens(KeepingTurned(""))

    assert [one.cause for one in world.events(EventKind.UNKEPT)] == ["disk full"]
    assert shown == "read-only file system"
    assert len(world.events(EventKind.KEPT_AGAIN)) == 1
    assert world.snapshot().unkept is None


def test_the_process_can_say_something_of_its_own() -> None:
    world = a_world()

    world.happens(Noticed("no control API", "127.0.0.1:5000 is taken"))

    (event,) = world.events(EventKind.NOTICE)
    assert (event.text, event.cause) == ("no control API", "127.0.0.1:5000 is taken")


def test_an_empty_memory_restores_nothing() -> None:
    world = a_world()
    moment = world.moment

    fleet, _ = apply(Fleet(world.rules, moment), Started(tuple(world.specs), tuple(world.agents)), moment)

    assert kept_of(fleet, moment).services == {}
    assert Kept().routes == {}
