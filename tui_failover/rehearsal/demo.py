"""The demo: who takes part, what happens when, and who asks what.

The script knows nothing of the engine. It makes providers misbehave and says what to watch, so nothing an operator
does in the meantime can put it out of step.
"""

import math
from collections.abc import Iterator
from itertools import count
from typing import Final

from msgspec import Struct

from tui_failover.core.ports import Clock, Rng
from tui_failover.core.spec import Dialect
from tui_failover.rehearsal.faults import Fault, parse
from tui_failover.rehearsal.pace import Pace
from tui_failover.rehearsal.phrases import pick
from tui_failover.rehearsal.server import Rehearsal

MAIN: Final = "openai-main"
BACKUP: Final = "claude-backup"
SMALL: Final = "openai-small"


class Part(Struct, frozen=True):
    """A provider of the demo."""

    name: str
    dialect: Dialect
    model: str
    pace: Pace


CAST: Final = (
    Part(MAIN, Dialect.OPENAI, "gpt-5.6", Pace(first_content_s=0.45, between_s=0.015, tokens=40)),
    Part(BACKUP, Dialect.ANTHROPIC, "claude-sonnet-5-5", Pace(first_content_s=0.6, between_s=0.02, tokens=40)),
    Part(SMALL, Dialect.OPENAI, "gpt-5.6-mini", Pace(first_content_s=0.25, between_s=0.008, tokens=30)),
)

CHAINS: Final[dict[str, tuple[str, ...]]] = {
    "support-bot": (MAIN, BACKUP, SMALL),
    "coder": (BACKUP, MAIN, SMALL),
    "batch": (SMALL, MAIN, BACKUP),
}
"""The agents' chains that make every scene visible: each provider is the first of one agent."""


class Play(Struct, frozen=True):
    """A provider misbehaves; `share` as in `RehearsedProvider.play`."""

    provider: str
    fault: Fault
    share: float = 1.0


class Calm(Struct, frozen=True):
    """A provider answers normally."""

    provider: str


class Scene(Struct, frozen=True):
    """What happens at a time of the script.

    Attributes:
        at_s: seconds since the demo began, in its first round.
        caption: one sentence on what is being shown from now on.
        acts: what the providers do.
    """

    at_s: float
    caption: str
    acts: tuple[Play | Calm, ...] = ()


LOOP_FROM_S: Final = 75.0
LOOP_S: Final = 210.0

DEMO: Final = (
    Scene(0, f"All three providers answer; support-bot asks {MAIN} first.", tuple(Calm(p.name) for p in CAST)),
    Scene(
        8,
        f"{MAIN} answers 503: watch three failures open its breaker.",
        (Play(MAIN, parse("status:503")),),
    ),
    Scene(14, f"{MAIN} still answers 503: watch {BACKUP} serve support-bot."),
    Scene(20, f"{MAIN} answers again: watch its checks pass and its breaker close.", (Calm(MAIN),)),
    Scene(34, f"{MAIN} proves itself: watch support-bot come back to it in steps."),
    Scene(60, "All three providers answer: a good moment to try a key; ? lists them."),
    Scene(
        75,
        f"{SMALL} answers 429, Retry-After 20 s: watch it held, not blamed.",
        (Play(SMALL, parse("rate-limit:20")),),
    ),
    Scene(95, f"{SMALL} has room again: watch its hold run out.", (Calm(SMALL),)),
    Scene(
        120,
        f"{MAIN} answers three seconds late: watch its response time rise.",
        (Play(MAIN, parse("latency:3")),),
    ),
    Scene(150, f"{MAIN} is quick again: watch its response time fall.", (Calm(MAIN),)),
    Scene(
        175,
        f"{BACKUP} breaks off some answers: watch those queries asked again.",
        (Play(BACKUP, parse("cut:6"), share=0.4),),
    ),
    Scene(200, f"{BACKUP} finishes its sentences again: watch its error rate fall.", (Calm(BACKUP),)),
    Scene(230, "All three providers answer; the rate limit comes next, in a minute."),
)
"""The script. From `LOOP_FROM_S` on it repeats every `LOOP_S` seconds."""


def timeline() -> Iterator[Scene]:
    """Yield the scenes for ever, with `at_s` counted from the beginning of the demo."""
    yield from (scene for scene in DEMO if scene.at_s < LOOP_FROM_S)
    for done in count():
        for scene in DEMO:
            if scene.at_s >= LOOP_FROM_S:
                yield Scene(scene.at_s + done * LOOP_S, scene.caption, scene.acts)


async def cast(rehearsal: Rehearsal) -> None:
    """Add the demo's providers to `rehearsal`."""
    for part in CAST:
        await rehearsal.add(part.name, part.dialect, model=part.model, pace=part.pace)


class Demo:
    """Plays the script on a rehearsal whose providers `cast` added."""

    def __init__(self, rehearsal: Rehearsal, clock: Clock) -> None:
        self._rehearsal = rehearsal
        self._clock = clock
        self._caption = DEMO[0].caption

    @property
    def caption(self) -> str:
        """One short sentence on what is being shown right now; may be read from any thread."""
        return self._caption

    async def play(self) -> None:
        """Play until cancelled; times count from here, and scenes that came due together are played at once."""
        began_at = self._clock.now().mono
        for scene in timeline():
            wait_s = began_at + scene.at_s - self._clock.now().mono
            if wait_s > 0:
                await self._clock.sleep(wait_s)
            for act in scene.acts:
                self._perform(act)
            self._caption = scene.caption

    def _perform(self, act: Play | Calm) -> None:
        provider = self._rehearsal[act.provider]
        match act:
            case Play(_, fault, share):
                provider.play(fault, share=share)
            case Calm():
                provider.calm()


class Asked(Struct, frozen=True):
    """One question of the demo's traffic, `at_s` seconds after it began."""

    at_s: float
    agent: str
    text: str


class Habit(Struct, frozen=True):
    """How an application asks.

    Attributes:
        dialect: of its client.
        streams: it reads the answer as it comes; what breaks off after its first words is lost to it.
        by_path: it names its agent in the address, else as the model.
    """

    dialect: Dialect
    streams: bool
    by_path: bool


HABITS: Final[dict[str, Habit]] = {
    "support-bot": Habit(Dialect.OPENAI, streams=True, by_path=True),
    # Its first provider is the one that breaks off answers, and the caption promises that they are asked again.
    "coder": Habit(Dialect.ANTHROPIC, streams=False, by_path=False),
    "batch": Habit(Dialect.OPENAI, streams=False, by_path=False),
}
"""The applications behind the agents."""

_QUERIES_PER_S: Final = {"support-bot": 0.9, "coder": 0.5, "batch": 0.6}

_QUESTIONS: Final[dict[str, tuple[str, ...]]] = {
    "support-bot": (
        "My parcel shows as delivered, but I have nothing. What can I do?",
        "How do I change the address of an order that is on its way?",
        "I was charged twice this month. Who can look at it?",
        "The password mail does not arrive. What should I check?",
        "Can I move my contract to another name?",
    ),
    "coder": (
        "Why does this test fail only on Mondays?",
        "Write a query that finds the ten slowest requests of an hour.",
        "Is it safe to retry this call after a timeout?",
        "What is the simplest way to read this file in pieces?",
    ),
    "batch": (
        "Summarise the incident notes of yesterday in three sentences.",
        "Which of these tickets are about billing?",
        "Give this paragraph a title.",
    ),
}


def traffic(rng: Rng) -> Iterator[Asked]:
    """Yield questions for ever, in order of time: a Poisson stream of two a second over the three agents."""
    rate = sum(_QUERIES_PER_S.values())
    at_s = 0.0
    while True:
        at_s += -math.log(max(1e-9, 1.0 - rng.uniform(0, 1))) / rate
        agent = _by_rate(rng.uniform(0, rate))
        texts = _QUESTIONS[agent]
        yield Asked(at_s, agent, texts[pick(rng, len(texts))])


def _by_rate(point: float) -> str:
    for agent, rate in _QUERIES_PER_S.items():
        point -= rate
        if point < 0:
            return agent
    return next(reversed(_QUERIES_PER_S))
