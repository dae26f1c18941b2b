"""The demo's applications: they ask through the gateway with the vendors' own clients, as anybody's would."""

import contextlib
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final, Self

from tui_failover.providers.transport import LOADING
from tui_failover.rehearsal.demo import HABITS, Asked, Habit
from tui_failover.wire.dialect import Dialect

if TYPE_CHECKING:
    import httpx2

_ANY_KEY: Final = "demo"  # the clients insist on one, the gateway asks for none
_ANY_MODEL: Final = "gpt-5.6"
_MOST_TOKENS: Final = 400
_Ask = Callable[[str], Coroutine[Any, Any, None]]


class Callers:
    """One client for each application, with the retries and limits clients come with.

    Making them loads what they need from disk and takes a while: make them in a thread.
    """

    def __init__(self, address: str) -> None:
        """Make the clients.

        Args:
            address: the gateway's, "http://host:port".
        """
        with LOADING:
            import anthropic
            import openai

            self._shown = (openai.APIError, anthropic.APIError)
            self._open: list[openai.AsyncOpenAI | anthropic.AsyncAnthropic] = []
            self._asks = {agent: self._ask_of(agent, habit, address) for agent, habit in HABITS.items()}

    async def __aenter__(self) -> Self:
        """Return the callers."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Give back the connections."""
        for client in self._open:
            await client.close()

    async def ask(self, asked: Asked) -> None:
        """Ask and read the answer to its end.

        What a client raises then is part of the show, and the screen tells it; anything else is a mistake.
        """
        with contextlib.suppress(*self._shown):
            await self._asks[asked.agent](asked.text)

    def _ask_of(self, agent: str, habit: Habit, address: str) -> _Ask:
        base = f"{address}/agents/{agent}" if habit.by_path else address
        model = _ANY_MODEL if habit.by_path else agent
        if habit.dialect is Dialect.ANTHROPIC:
            return self._anthropic(base, model)
        return self._openai(f"{base}/v1", model, streams=habit.streams)

    def _openai(self, base: str, model: str, *, streams: bool) -> _Ask:
        import openai

        client = openai.AsyncOpenAI(api_key=_ANY_KEY, base_url=base, http_client=_on_this_machine())
        self._open.append(client)

        async def read_as_it_comes(text: str) -> None:
            answer = await client.chat.completions.create(
                model=model, messages=[{"role": "user", "content": text}], stream=True
            )
            async for _ in answer:
                pass

        async def read_whole(text: str) -> None:
            await client.chat.completions.create(model=model, messages=[{"role": "user", "content": text}])

        return read_as_it_comes if streams else read_whole

    def _anthropic(self, base: str, model: str) -> _Ask:
        import anthropic

        client = anthropic.AsyncAnthropic(api_key=_ANY_KEY, base_url=base, http_client=_on_this_machine())
        self._open.append(client)

        async def read_whole(text: str) -> None:
            await client.messages.create(
                model=model, max_tokens=_MOST_TOKENS, messages=[{"role": "user", "content": text}]
            )

        return read_whole


def _on_this_machine() -> "httpx2.AsyncClient":
    """Return a connection that no proxy of the environment gets in between."""
    import httpx2

    return httpx2.AsyncClient(trust_env=False)
