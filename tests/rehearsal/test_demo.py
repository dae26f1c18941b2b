"""The demo's script, its player and its traffic."""

import asyncio
from collections.abc import AsyncIterator
from itertools import islice, pairwise, takewhile

import pytest

from tests.support.rehearsal import MODELS, InstantClock, a_random
from tui_failover.core.names import Moment
from tui_failover.core.spec import Dialect
from tui_failover.rehearsal import Rehearsal
from tui_failover.rehearsal.demo import (
    BACKUP,
    CAST,
    CHAINS,
    DEMO,
    LOOP_FROM_S,
    LOOP_S,
    MAIN,
    SMALL,
    Calm,
    Demo,
    Play,
    Scene,
    cast,
    timeline,
    traffic,
)


class SteppedClock:
    """A clock on which waits end when the test says so."""

    def __init__(self) -> None:
        self.at = 0.0
        self._wakes: list[tuple[float, asyncio.Event]] = []

    def now(self) -> Moment:
        return Moment(self.at, self.at)

    async def sleep(self, seconds: float) -> None:
        wake = asyncio.Event()
        self._wakes.append((self.at + seconds, wake))
        await wake.wait()

    async def advance_to(self, at: float) -> None:
        while due := sorted((pair for pair in self._wakes if pair[0] <= at), key=lambda pair: pair[0])[:1]:
            self.at = max(self.at, due[0][0])
            self._wakes.remove(due[0])
            due[0][1].set()
            await self.let_run()
        self.at = at

    @staticmethod
    async def let_run() -> None:
        """Let the player reach its next wait."""
        for _ in range(5):
            await asyncio.sleep(0)  # noqa: TID251 - yields once, waits for nothing


@pytest.fixture
async def stage(clock: InstantClock) -> AsyncIterator[Rehearsal]:
    async with Rehearsal(clock=clock, rng=a_random()) as rehearsal:
        await cast(rehearsal)
        yield rehearsal


def _playing(rehearsal: Rehearsal) -> dict[str, str]:
    return {part.name: str(rehearsal[part.name].fault) for part in CAST if rehearsal[part.name].fault}


def test_an_outage_its_end_and_the_way_back_are_played_within_a_minute() -> None:
    first_minute = list(takewhile(lambda scene: scene.at_s <= 60, timeline()))

    acts = [act for scene in first_minute[1:] for act in scene.acts]
    assert [(type(act), act.provider) for act in acts] == [(Play, MAIN), (Calm, MAIN)]
    assert first_minute[-1].at_s == 60


def test_the_end_of_the_outage_leaves_time_to_prove_the_recovery() -> None:
    """A failback needs 10 s of passing checks after 30 s on the backup, then a ramp of three stages of 5 s."""
    outage, recovery = [scene for scene in DEMO if any(act.provider == MAIN for act in scene.acts)][1:3]

    assert 10 <= recovery.at_s - outage.at_s <= 15
    assert LOOP_FROM_S - outage.at_s >= 30 + 3 * 5 + 10


def test_the_loop_shows_a_rate_limit_slowness_and_cut_streams() -> None:
    shown = [act for scene in DEMO if scene.at_s >= LOOP_FROM_S for act in scene.acts if isinstance(act, Play)]

    assert [(act.provider, str(act.fault)) for act in shown] == [
        (SMALL, "rate-limit:20"),
        (MAIN, "latency:3"),
        (BACKUP, "cut:6"),
    ]
    assert 180 <= LOOP_S <= 240


def test_scenes_come_in_order_for_ever_and_repeat_after_the_loop() -> None:
    scenes = list(islice(timeline(), 100))

    assert all(one.at_s < two.at_s for one, two in pairwise(scenes))
    looped = [scene for scene in scenes if scene.at_s >= LOOP_FROM_S]
    round_length = sum(scene.at_s >= LOOP_FROM_S for scene in DEMO)
    assert looped[round_length].caption == looped[0].caption
    assert looped[round_length].at_s == looped[0].at_s + LOOP_S


def test_whatever_is_played_is_calmed_before_the_next_fault() -> None:
    playing: set[str] = set()

    for scene in islice(timeline(), 100):
        for act in scene.acts:
            assert not (isinstance(act, Play) and playing)
            playing = {act.provider} if isinstance(act, Play) else playing - {act.provider}


@pytest.mark.parametrize("scene", DEMO, ids=lambda scene: f"{scene.at_s:g}")
def test_a_caption_is_one_sentence_that_80_columns_hold(scene: Scene) -> None:
    caption = scene.caption

    assert len(caption) <= 80 - len(" demo  ") - 1
    assert caption.endswith(".")
    assert "!" not in caption


def test_a_caption_names_the_provider_that_acts() -> None:
    for scene in DEMO[1:]:
        assert all(act.provider in scene.caption for act in scene.acts)


def test_every_provider_is_the_first_of_one_agent() -> None:
    assert {chain[0] for chain in CHAINS.values()} == {part.name for part in CAST}
    assert all(sorted(chain) == sorted(part.name for part in CAST) for chain in CHAINS.values())


async def test_the_player_plays_what_its_caption_says(stage: Rehearsal) -> None:
    clock = SteppedClock()
    demo = Demo(stage, clock)
    story: dict[float, tuple[str, dict[str, str]]] = {}

    async with asyncio.TaskGroup() as tasks:
        player = tasks.create_task(demo.play())
        for at in (7, 9, 15, 21, 76, 96, 121, 151, 176, 201, 286):
            await clock.let_run()
            await clock.advance_to(at)
            story[at] = demo.caption, _playing(stage)
        player.cancel()

    assert {at: playing for at, (_, playing) in story.items()} == {
        7: {},
        9: {MAIN: "status:503"},
        15: {MAIN: "status:503"},
        21: {},
        76: {SMALL: "rate-limit:20"},
        96: {},
        121: {MAIN: "latency:3"},
        151: {},
        176: {BACKUP: "cut:6"},
        201: {},
        286: {SMALL: "rate-limit:20"},
    }
    assert story[9][0] == "openai-main answers 503: watch three failures open its breaker."
    assert story[286][0] == story[76][0]


async def test_faults_played_by_somebody_else_do_not_stop_the_player(stage: Rehearsal) -> None:
    clock = SteppedClock()
    demo = Demo(stage, clock)

    async with asyncio.TaskGroup() as tasks:
        player = tasks.create_task(demo.play())
        await clock.let_run()
        stage[MAIN].play("refuse")
        await clock.advance_to(9)
        stage[MAIN].calm()
        stage[MAIN].play("reset", times=3)
        await clock.advance_to(21)
        player.cancel()

    assert _playing(stage) == {}


async def test_scenes_missed_while_the_machine_slept_leave_the_right_one_showing(stage: Rehearsal) -> None:
    clock = SteppedClock()
    demo = Demo(stage, clock)

    async with asyncio.TaskGroup() as tasks:
        player = tasks.create_task(demo.play())
        await clock.let_run()
        clock.at = 1000.0
        await clock.advance_to(1000.0)
        player.cancel()

    due = list(takewhile(lambda scene: scene.at_s <= 1000, timeline()))[-1]
    assert demo.caption == due.caption


def test_traffic_is_about_two_questions_a_second_over_all_agents() -> None:
    asked = list(takewhile(lambda one: one.at_s < 1000, traffic(a_random())))

    shares = {agent: sum(one.agent == agent for one in asked) / len(asked) for agent in CHAINS}
    assert 1800 <= len(asked) <= 2200
    assert shares == pytest.approx({"support-bot": 0.45, "coder": 0.25, "batch": 0.3}, abs=0.05)
    assert all(one.text for one in asked)


def test_traffic_comes_in_order_and_irregularly() -> None:
    asked = list(islice(traffic(a_random()), 500))

    gaps = [two.at_s - one.at_s for one, two in pairwise(asked)]
    mean = sum(gaps) / len(gaps)
    deviation = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
    assert min(gaps) >= 0
    assert deviation == pytest.approx(mean, rel=0.25)


class _Edge:
    """Chance at the very end of its range."""

    def uniform(self, low: float, high: float) -> float:
        return high


def test_traffic_survives_chance_at_its_edge() -> None:
    first = next(traffic(_Edge()))

    assert first.at_s < 60
    assert first.agent in CHAINS


async def test_the_cast_speaks_both_dialects(stage: Rehearsal) -> None:
    assert {stage[part.name].model for part in CAST} >= {MODELS[Dialect.OPENAI], MODELS[Dialect.ANTHROPIC]}
    assert {part.dialect for part in CAST} == set(Dialect)
