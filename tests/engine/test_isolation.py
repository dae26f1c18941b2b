"""Whatever the others do: a query that somebody would answer is answered, and a refusal accounts for everybody."""

from collections import Counter
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.engine_world import World, a_quiet_world
from tests.support.virtual_loop import run_virtually
from tui_failover.core.failure import POLICY, Step
from tui_failover.core.outcome import FailureKind
from tui_failover.providers.scripted import Answer, Break, Hang, failing
from tui_failover.providers.scripted import Step as Played

LASTING = [kind for kind in FailureKind if POLICY[kind].then is not Step.STOP]
PLAYED: st.SearchStrategy[Played] = st.one_of(
    st.builds(Answer, after_s=st.floats(0.0, 2.0), lasts_s=st.floats(0.0, 2.0)),
    st.builds(
        lambda kind, after_s, wait_s: Break(failing(kind, retry_after_s=wait_s).failure, after_s),
        st.sampled_from(LASTING),
        st.floats(0.0, 2.0),
        st.one_of(st.none(), st.floats(0.0, 100.0)),
    ),
    st.just(Hang()),
)


@dataclass(frozen=True)
class Episode:
    """What the providers do from now on, and how long after it a query is sent."""

    played: tuple[Played, ...]
    after_s: float


def stories(chain: str) -> st.SearchStrategy[list[Episode]]:
    """Some episodes of a chain."""
    played = st.tuples(*(PLAYED for _ in chain))
    return st.lists(st.builds(Episode, played, st.sampled_from([0.0, 1.0, 12.0, 70.0])), min_size=1, max_size=8)


CHAINS = st.sampled_from(["A", "AB", "ABC", "ABCD", "ABCDEF"])
MOST_SILENT = 3  # more of them use the deadline up before everybody's turn has come


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_query_somebody_would_answer_is_answered_whatever_is_thought_of_it_and_every_query_ends_in_time(
    data: st.DataObject,
) -> None:
    chain = data.draw(CHAINS)
    story = data.draw(stories(chain))

    async def play() -> None:
        async with a_quiet_world(chain) as world:
            for episode in story:
                await _one(world, chain, episode)

    run_virtually(play())


async def _one(world: World, chain: str, episode: Episode) -> None:
    for name, played in zip(chain, episode.played, strict=True):
        world[name].from_now_on(played)
    await world.passes(episode.after_s)
    at_hand = [
        played for name, played in zip(chain, episode.played, strict=True) if world.provider(name).available
    ]
    all_asked = sum(isinstance(one, Hang) for one in episode.played) <= MOST_SILENT and not _all_at_fault(at_hand)
    able = [
        name
        for name, played in zip(chain, episode.played, strict=True)
        if isinstance(played, Answer) and (world.provider(name).available or all_asked)
    ]
    before = Counter({name: len(world[name].queries) for name in chain})
    began = world.now

    served = await world.try_asking()

    sent = Counter({name: len(world[name].queries) for name in chain}) - before
    assert world.now - began <= 60.25
    assert sent.total() <= max(4, len(chain))
    assert max(sent.values(), default=0) <= 2
    assert served is not None or not able, f"{able} would have answered: {world.failures[-1]}"
    assert all(world.provider(name).inflight == 0 for name in chain)
    if served is None:
        named = Counter(one.provider for one in world.failures[-1].attempts)
        assert set(named) == set(chain)
        assert {name: count for name, count in named.items() if name in sent} == dict(sent)


def _all_at_fault(played: list[Played]) -> bool:
    """Whether everybody available blames the query: those kept out are not burdened with it then."""
    return bool(played) and all(
        isinstance(one, Break) and one.failure.kind in {FailureKind.DIALECT, FailureKind.CONTEXT_LENGTH}
        for one in played
    )
