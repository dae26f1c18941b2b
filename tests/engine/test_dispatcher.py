"""One query's way through its chain: here again, onward, or stop."""

import pytest

from tests.support.engine_world import AGENT, a_quiet_world, virtually, with_rules
from tui_failover.core.command import Impose, Imposed, Order
from tui_failover.core.errors import QueryRefused, UnknownAgent
from tui_failover.core.event import EventKind
from tui_failover.core.health import Status
from tui_failover.core.names import ProviderId
from tui_failover.core.outcome import Cancelled, FailureKind, Outcome
from tui_failover.core.ports import Limits, UpstreamFactory
from tui_failover.core.query import Query, Role, Turn
from tui_failover.core.spec import AttemptRules, ProbeKind, ProviderSpec
from tui_failover.providers.scripted import Answer, Break, Hang, ScriptedUpstreams, failing

SERVER = failing(FailureKind.SERVER)
CONNECT = failing(FailureKind.CONNECT)
_K = FailureKind


@virtually
async def test_an_answer_tells_who_gave_it_and_how_long_it_took() -> None:
    async with a_quiet_world() as world:
        world["A"].will(Answer("hi", after_s=0.5, lasts_s=1.0))

        served = await world.ask()

    assert (served.reply.text, served.provider, served.attempts) == ("hi", "A", ())
    assert served.elapsed_s == pytest.approx(1.5)


@virtually
async def test_the_provider_is_sent_the_question_with_its_whole_context() -> None:
    context = {
        "system_prompt": "be brief",
        "messages": [{"role": "user", "content": "1"}, {"role": "assistant", "content": "2"}],
        "max_tokens": 7,
    }
    async with a_quiet_world() as world:
        await world.manager.execute_query(AGENT, "3", context)

        sent = world["A"].queries

    assert sent == [Query("3", "be brief", (Turn(Role.USER, "1"), Turn(Role.ASSISTANT, "2")), 7)]


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [(_K.CONNECT, 0.1, 0.25), (_K.SERVER, 0.3, 0.8), (_K.CONFLICT, 0.3, 0.8)],
)
@virtually
async def test_a_fleeting_failure_is_tried_here_once_more_after_a_pause_within_its_bounds(
    kind: FailureKind, low: float, high: float
) -> None:
    async with a_quiet_world() as world:
        world["A"].will(failing(kind), Answer(after_s=0.1))

        served = await world.ask()

    assert (served.provider, len(world["A"].queries)) == ("A", 2)
    assert world.dice.asked == [(low, high)]
    assert 0.2 + low <= served.elapsed_s <= 0.2 + high


@pytest.mark.parametrize(
    "kind",
    [
        _K.CONNECT_TIMEOUT,
        _K.SILENT,
        _K.OVERLOADED,
        _K.RATE_LIMITED,
        _K.QUOTA,
        _K.AUTH,
        _K.MODEL_MISSING,
        _K.DIALECT,
        _K.CONTEXT_LENGTH,
        _K.STREAM_BROKEN,
        _K.LOCAL,
    ],
)
@virtually
async def test_a_lasting_failure_moves_the_query_on_at_once(kind: FailureKind) -> None:
    async with a_quiet_world() as world:
        world["A"].will(failing(kind))

        served = await world.ask()

    assert (served.provider, len(world["A"].queries)) == ("B", 1)
    assert [(one.provider, one.kind) for one in served.attempts] == [("A", kind)]
    assert served.elapsed_s == pytest.approx(0.2)


@pytest.mark.parametrize("kind", [_K.CALLER_FAULT, _K.CONTENT_POLICY])
@virtually
async def test_a_query_at_fault_comes_back_at_once_and_is_booked_to_nobody(kind: FailureKind) -> None:
    async with a_quiet_world() as world:
        world["A"].from_now_on(failing(kind, "400 no such parameter"))
        await world.passes(1.0)

        for _ in range(10):
            with pytest.raises(QueryRefused, match="A: 400 no such parameter") as refused:
                await world.ask()

        assert (refused.value.provider, refused.value.kind) == ("A", kind)
        assert world["B"].queries == []
        assert (world.provider("A").verdict, world.provider("A").available) == (Status.UNKNOWN, True)
        assert (world.agent().queries, world.agent().failed) == (10, 0)
        assert world.told(EventKind.EXHAUSTED) == []


@pytest.mark.parametrize(("wait_s", "provider"), [(1.5, "A"), (2.0, "A"), (2.1, "B")])
@virtually
async def test_a_short_stated_wait_is_waited_out_and_a_long_one_moved_away_from(
    wait_s: float, provider: str
) -> None:
    async with a_quiet_world() as world:
        world["A"].will(failing(_K.SERVER, retry_after_s=wait_s))

        served = await world.ask()

    assert served.provider == provider
    if provider == "A":
        assert wait_s + 0.2 <= served.elapsed_s <= wait_s + 0.2 + 0.3


@virtually
async def test_a_pause_never_reaches_past_the_deadline() -> None:
    rules = with_rules(attempt=AttemptRules(query_s=1.0))
    async with a_quiet_world("A", rules=rules) as world:
        world["A"].from_now_on(Break(SERVER.failure, after_s=0.9))

        await world.ask_in_vain()

    assert world.now <= 1.0 + 0.25


@pytest.mark.parametrize("retries", [0, 1, 2])
@virtually
async def test_the_agent_says_how_often_a_provider_is_tried_again(retries: int) -> None:
    async with a_quiet_world("A", max_retries=retries, max_consecutive_failures=9) as world:
        world["A"].from_now_on(SERVER)

        await world.ask_in_vain()

    assert len(world["A"].queries) == retries + 1


@virtually
async def test_pauses_double_up_to_their_cap() -> None:
    rules = with_rules(attempt=AttemptRules(per_query=9))
    async with a_quiet_world("A", rules=rules, max_retries=6, max_consecutive_failures=20) as world:
        world["A"].from_now_on(CONNECT)

        await world.ask_in_vain()

    assert world.dice.asked == [(0.1, 0.25), (0.0, 1.2), (0.0, 2.4), (0.0, 4.8), (0.0, 5.0), (0.0, 5.0)]


@pytest.mark.parametrize(
    ("chain", "expected"), [("A", [2]), ("AB", [2, 2]), ("ABC", [2, 1, 1]), ("ABCD", [1] * 4), ("ABCDEF", [1] * 6)]
)
@virtually
async def test_a_query_makes_two_attempts_per_provider_and_four_or_one_for_everybody(
    chain: str, expected: list[int]
) -> None:
    async with a_quiet_world(chain) as world:
        for name in chain:
            world[name].from_now_on(SERVER)

        await world.ask_in_vain()

        tries = [len(world[name].queries) for name in chain]

    assert tries == expected


@pytest.mark.parametrize("chain", ["AB", "ABC", "ABCD", "ABCDEF"])
@virtually
async def test_tries_here_are_never_spent_at_the_cost_of_a_provider_not_yet_tried(chain: str) -> None:
    async with a_quiet_world(chain) as world:
        for name in chain[:-1]:
            world[name].from_now_on(SERVER)

        served = await world.ask()

    assert served.provider == chain[-1]


@virtually
async def test_a_query_ends_at_its_deadline_even_where_every_provider_hangs() -> None:
    async with a_quiet_world("ABCD") as world:
        for name in "ABCD":
            world[name].from_now_on(Hang())

        await world.ask_in_vain()

        waited = world.now

    assert 60.0 <= waited <= 60.25


@virtually
async def test_the_last_provider_may_take_until_the_deadline() -> None:
    async with a_quiet_world("AB") as world:
        world["A"].from_now_on(Hang())
        world["B"].from_now_on(Answer(after_s=47.9))

        served = await world.ask()

    assert served.provider == "B"


@virtually
async def test_an_answer_that_breaks_off_after_the_deadline_is_not_started_again() -> None:
    rules = with_rules(attempt=AttemptRules(total_s=100.0))
    async with a_quiet_world("AB", rules=rules) as world:
        world["A"].from_now_on(Answer(after_s=1.0, lasts_s=200.0))

        error = await world.ask_in_vain()

    assert [(one.provider, one.kind) for one in error.attempts] == [("A", _K.STREAM_BROKEN), ("B", None)]
    assert error.attempts[1].reason == "not reached: the query's attempts or time were used up"


@virtually
async def test_the_error_names_every_member_of_the_chain_with_its_reason() -> None:
    async with a_quiet_world("ABCDEF", max_retries=0) as world:
        world["A"].from_now_on(failing(_K.AUTH, "401 key refused"))
        await world.ask()
        for name, kind in zip("BCDE", (_K.SERVER, _K.RATE_LIMITED, _K.CONNECT, _K.OVERLOADED), strict=True):
            world[name].from_now_on(failing(kind, f"{kind} at {name}"))
        await world.manager.submit(Impose(ProviderId("F"), Imposed.MAINTENANCE, Order(force=True, by="ana")))

        error = await world.ask_in_vain()

    assert [(one.provider, one.reason) for one in error.attempts] == [
        ("B", "server at B"),
        ("C", "rate-limited at C"),
        ("D", "connect at D"),
        ("E", "overloaded at E"),
        ("A", "401 key refused"),
        ("F", "passed over: in maintenance by ana"),
    ]
    assert [line.split(":")[0].strip() for line in str(error).splitlines()[1:]] == list("BCDEAF")


@pytest.mark.parametrize(
    ("kinds", "told"),
    [
        ((_K.RATE_LIMITED, _K.SERVER, _K.AUTH), _K.AUTH),
        ((_K.RATE_LIMITED, _K.QUOTA, _K.SERVER), _K.QUOTA),
        ((_K.RATE_LIMITED, _K.SERVER, _K.SILENT), _K.SERVER),
        ((_K.RATE_LIMITED, _K.RATE_LIMITED, _K.RATE_LIMITED), _K.RATE_LIMITED),
        ((_K.LOCAL, _K.LOCAL, _K.LOCAL), _K.LOCAL),
    ],
    ids=lambda value: value.value if isinstance(value, FailureKind) else "-".join(value),
)
@virtually
async def test_the_error_tells_the_cause_people_can_do_something_about(
    kinds: tuple[FailureKind, ...], told: FailureKind
) -> None:
    async with a_quiet_world("ABC", max_retries=0) as world:
        for name, kind in zip("ABC", kinds, strict=True):
            world[name].from_now_on(failing(kind))

        error = await world.ask_in_vain()

    assert error.kind is told


@virtually
async def test_the_error_tells_the_soonest_time_somebody_said_to_come_back_counted_from_its_end() -> None:
    async with a_quiet_world("ABC", max_retries=0) as world:
        world["A"].from_now_on(Break(failing(_K.RATE_LIMITED, retry_after_s=30.0).failure, after_s=0.0))
        world["B"].from_now_on(failing(_K.RATE_LIMITED, retry_after_s=90.0))
        world["C"].from_now_on(Break(SERVER.failure, after_s=4.0))

        error = await world.ask_in_vain()

    assert error.retry_after_s == pytest.approx(30.0 - 4.1)


@virtually
async def test_the_error_tells_no_time_where_nobody_named_one() -> None:
    async with a_quiet_world("AB", max_retries=0) as world:
        world["A"].from_now_on(failing(_K.RATE_LIMITED, retry_after_s=0.0))
        world["B"].from_now_on(SERVER)

        error = await world.ask_in_vain()

    assert error.retry_after_s is None


@virtually
async def test_queries_are_counted_as_asked_failed_and_saved() -> None:
    async with a_quiet_world("AB") as world:
        await world.ask()
        world["A"].will(failing(_K.OVERLOADED))
        await world.ask()
        world["A"].will(failing(_K.OVERLOADED))
        world["B"].will(failing(_K.OVERLOADED))
        await world.ask_in_vain()

        agent = world.agent()

    assert (agent.queries, agent.saved, agent.failed) == (3, 1, 1)


@virtually
async def test_an_unknown_agent_is_refused_and_counted_nowhere() -> None:
    async with a_quiet_world() as world:
        with pytest.raises(UnknownAgent, match="nobody"):
            await world.manager.execute_query("nobody", "hello")

        assert world["A"].queries == []


class BrokenOff:
    """An upstream whose attempts end as if they had been broken off, without anybody breaking them off."""

    async def send(self, query: Query, limits: Limits) -> Outcome:
        return Cancelled(0.5)

    async def probe(self, kind: ProbeKind, query: Query, timeout_s: float) -> Outcome:
        return Cancelled(0.0)

    async def close(self) -> None:
        """Nothing to close."""


def all_broken_off(_: ScriptedUpstreams) -> UpstreamFactory:
    def make(spec: ProviderSpec) -> BrokenOff:
        return BrokenOff()

    return make


@virtually
async def test_an_attempt_that_was_broken_off_ends_the_query_and_blames_nobody() -> None:
    async with a_quiet_world("AB", factory=all_broken_off) as world:
        error = await world.ask_in_vain()

        assert (error.attempts[0].provider, error.attempts[0].reason) == ("A", "was broken off")
        assert (world.provider("A").inflight, world.provider("A").verdict) == (0, Status.UNKNOWN)
