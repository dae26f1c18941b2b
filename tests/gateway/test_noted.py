"""What of a request is noted for the console: its needs and its tokens, never its words."""

from tests.support.gateway_world import AGENT, a_gateway
from tui_failover.core.names import AgentId
from tui_failover.core.need import Need
from tui_failover.core.spec import Dialect
from tui_failover.core.traffic import Wanted

TOOL = {"name": "look", "input_schema": {"type": "object", "properties": {}}}


async def test_needs_and_tokens_of_a_request_are_noted_of_its_agent() -> None:
    async with a_gateway({"claude": Dialect.ANTHROPIC}) as world:
        messages = [{"role": "user", "content": "x"}]
        plain = {"model": "any", "max_tokens": 50, "messages": messages}
        await world.anthropic().messages.create(**plain)  # type: ignore[call-overload]
        await world.anthropic().messages.create(**plain, tools=[TOOL])  # type: ignore[call-overload]
        snapshot = world.manager.snapshot()
        agent = snapshot.agent(AgentId(AGENT))

    assert agent is not None
    recent = agent.traffic.recent(snapshot.moment.mono)
    assert (agent.inflight, recent.ended, recent.unmetered) == (0, 2, 0)
    assert recent.wanted == (Wanted(frozenset({Need.TOOLS}), 1),)
    assert recent.output_tokens > 0
    assert agent.tokens_per_s > 0
