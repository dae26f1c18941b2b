"""Every fault of the rehearsal, and what a caller and the books make of it."""

import pytest

from tests.gateway.asking import ANTHROPIC, OPENAI, WAYS, asking, way_id
from tests.support.gateway_world import SAYS, a_gateway
from tui_failover.core.spec import Dialect
from tui_failover.rehearsal import CATALOGUE, Pace

IN_PIECES = Pace(first_content_s=0.0, spread=0.0, between_s=0.005)
# The caller's own fault or nobody's: told to the caller as it is, by the provider that was asked.
HANDED_BACK = {
    "bad-request": 400,
    "content-policy": 400,
}
# Somebody else may be able to; nothing is booked.
BLAMELESS = ["context-length", "unsupported-parameter", "too-large"]
# Right or nearly right: the primary's answer reaches the caller.
FINE = ["latency:0.05", "trickle", "nomark", "hostile-answer"]
# Only a stream breaks in the middle, after content; whole answers are rescued.
_CUTS = ("cut", "cleancut", "stall", "malformed", "error-event", "reset-after")
HALF_WAY = [*(f"{name}:5" for name in _CUTS), "length-too-long"]
DEAD = [
    "status:500", "status:502", "status:503", "status:504", "status:529", "status:408", "status:409", "away:20",
    "spend-limit", "credit-balance", "no-key", "wrong-key", "payment", "forbidden", "challenge", "no-model",
    "request-timeout", "conflict", "quota", "server-error", "bad-gateway", "unavailable", "gateway-timeout",
    "overloaded", "no-retry", "rate-limit:20", "rate-limit-ms:9000", "rate-limit-date:30", "rate-limit-reset:372",
    "rate-limit-silent", "rate-limit-garbage:soon", "rate-limit-garbage:-5", "rate-limit-garbage:NaN",
    "rate-limit-garbage:1e309", "rate-limit-twice:20", "hang", "refuse", "reset", "empty", "html200",
    "json-error-200", "pings", "truncated-json", "hostile", "cut:0", "cleancut:0", "stall:0", "error-event:0",
    "malformed:0", "reset-after:0",
]  # fmt: skip


def test_no_fault_is_left_out() -> None:
    named = {fault.partition(":")[0] for fault in [*HANDED_BACK, *BLAMELESS, *FINE, *HALF_WAY, *DEAD]}

    assert set(CATALOGUE) == named


@pytest.mark.parametrize(("dialect", "stream"), WAYS, ids=way_id)
@pytest.mark.parametrize("fault", DEAD)
async def test_another_provider_answers_instead_of(fault: str, dialect: Dialect, stream: bool) -> None:
    async with a_gateway({"primary": dialect, "backup": dialect}) as world:
        world["primary"].play(fault)

        answer = await asking(world, dialect, stream=stream)()

        hits = world["backup"].hits

    assert (answer, hits) == (SAYS, 1)


@pytest.mark.parametrize("dialect", Dialect, ids=str)
@pytest.mark.parametrize("fault", HALF_WAY)
async def test_another_provider_answers_a_caller_who_does_not_stream_instead_of(
    fault: str, dialect: Dialect
) -> None:
    async with a_gateway({"primary": dialect, "backup": dialect}, pace=IN_PIECES) as world:
        world["primary"].play(fault)

        answer = await asking(world, dialect, stream=False)()
        view = world.provider("primary")

    assert answer == SAYS
    assert view.failures == 1


@pytest.mark.parametrize(("dialect", "stream"), WAYS, ids=way_id)
@pytest.mark.parametrize("fault", FINE)
async def test_the_primary_is_believed_with(fault: str, dialect: Dialect, stream: bool) -> None:
    if fault == "nomark" and dialect is ANTHROPIC:
        pytest.skip("this dialect has no other end than its mark")
    async with a_gateway({"primary": dialect, "backup": dialect}) as world:
        world["primary"].play(fault)

        answer = await asking(world, dialect, stream=stream)()

        hits = world["backup"].hits

    assert hits == 0
    assert answer == SAYS or fault == "hostile-answer"


@pytest.mark.parametrize(("dialect", "stream"), WAYS, ids=way_id)
@pytest.mark.parametrize("fault", HANDED_BACK)
async def test_the_callers_own_fault_is_handed_back_and_booked_against_nobody(
    fault: str, dialect: Dialect, stream: bool
) -> None:
    async with a_gateway({"primary": dialect, "backup": dialect}) as world:
        world["primary"].play(fault)
        ask = asking(world, dialect, stream=stream)

        for _ in range(5):
            with pytest.raises(Exception, match=str(HANDED_BACK[fault])):
                await ask()

        primary, agent = world.provider("primary"), world.manager.snapshot().agents[0]
        hits = world["primary"].hits, world["backup"].hits

    assert hits == (5, 0)
    assert (primary.available, primary.failures, agent.failed) == (True, 0, 0)


@pytest.mark.parametrize("dialect", Dialect, ids=str)
@pytest.mark.parametrize("fault", BLAMELESS)
async def test_what_somebody_else_may_be_able_to_do_is_tried_there_and_booked_against_nobody(
    fault: str, dialect: Dialect
) -> None:
    async with a_gateway({"primary": dialect, "backup": dialect}) as world:
        world["primary"].play(fault)

        answer = await asking(world, dialect, stream=False)()
        world["backup"].play(fault)
        with pytest.raises(Exception, match=r"4(00|13)"):
            await asking(world, dialect, stream=False)()

        views = [world.provider(name) for name in ("primary", "backup")]
        agent = world.manager.snapshot().agents[0]

    assert answer == SAYS
    assert [(view.available, view.failures) for view in views] == [(True, 0)] * 2
    assert agent.failed == 0


@pytest.mark.parametrize("dialect", Dialect, ids=str)
async def test_an_exhausted_chain_tells_every_attempt_and_keeps_clients_from_trying_again(
    dialect: Dialect,
) -> None:
    async with a_gateway({"primary": dialect, "backup": dialect}) as world:
        world["primary"].play("wrong-key")
        world["backup"].play("overloaded")

        with pytest.raises(Exception, match="503") as raised:
            await asking(world, dialect, stream=False)()

        hits = world["primary"].hits + world["backup"].hits
        response = getattr(raised.value, "response", None)

    assert response is not None
    assert response.headers["x-should-retry"] == "false"
    assert "primary: auth" in str(raised.value)
    assert "backup: overloaded" in str(raised.value)
    assert "key refused" in str(raised.value)
    assert hits == 2


async def test_when_everybody_is_limited_the_caller_is_told_the_soonest_honest_time() -> None:
    async with a_gateway({"primary": OPENAI, "backup": OPENAI}) as world:
        world["primary"].play("rate-limit:40")
        world["backup"].play("rate-limit:20")

        with pytest.raises(Exception, match="429") as raised:
            await asking(world, OPENAI, stream=False)()

        response = getattr(raised.value, "response", None)

    assert response is not None
    assert 15 <= int(response.headers["retry-after"]) <= 20
    assert response.headers["x-should-retry"] == "false"
