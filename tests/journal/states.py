"""States to keep, and a registry of providers that knows nothing but what it is given."""

from collections.abc import Mapping

from hypothesis import strategies as st
from msgspec.structs import fields

from tests.support.world import a_chain, a_spec
from tui_failover.core.command import BreakerHand, Imposed
from tui_failover.core.errors import SettingsError
from tui_failover.core.kept import Kept, KeptHand, KeptPin, KeptRoute, KeptService
from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.spec import FailoverConfig, ProviderSpec
from tui_failover.core.text import scrub

AGENT = AgentId("my-agent")
UTC = 1_790_000_000.125

texts = st.text(max_size=40).map(scrub)
names = st.text(min_size=1, max_size=20).map(lambda text: scrub(text) or "x")
instants = st.integers(0, 4_000_000_000_000).map(lambda ms: ms / 1000)
expiries = st.none() | instants
letters = st.sampled_from("ABCDEFGH")
pins = st.builds(
    KeptPin, names.map(ProviderId), expiries, texts, texts, st.booleans(), st.booleans(), names.map(ProviderId)
)
routes = st.builds(
    KeptRoute,
    names.map(ProviderId),
    instants,
    texts,
    st.booleans(),
    st.none() | pins,
    st.none() | texts,
    st.booleans(),
    st.booleans(),
)
hands = st.builds(KeptHand, st.sampled_from(BreakerHand), expiries, texts)
services = st.builds(KeptService, st.sampled_from(Imposed), texts, st.none() | hands)
states = st.builds(
    Kept,
    taken_utc=instants,
    routes=st.dictionaries(names.map(AgentId), routes, max_size=4),
    services=st.dictionaries(names.map(ProviderId), services, max_size=4),
    providers=st.sets(letters).map(lambda known: {ProviderId(one): a_spec(one) for one in known}),
    agents=st.sets(letters).map(lambda known: {AgentId(one): a_chain("AB", AgentId(one)) for one in known}),
    removed_providers=st.lists(names.map(ProviderId), max_size=3).map(tuple),
    removed_agents=st.lists(names.map(AgentId), max_size=3).map(tuple),
)


def a_state(active: str = "B", *, by: str = "ann") -> Kept:
    """Return the state after somebody switched the agent."""
    pin = KeptPin(
        ProviderId(active), UTC + 1800.0, by, "a drill", trial=False, hard=False, came_from=ProviderId("A")
    )
    route = KeptRoute(ProviderId(active), UTC, f"switched by {by}", first=False, pin=pin)
    return Kept(taken_utc=UTC, routes={AGENT: route})


class Letters:
    """A registry of providers called by letters; `unusable` ones are refused when they are read back."""

    def __init__(self, unusable: str = "") -> None:
        self.unusable = unusable

    def provider_table(self, spec: ProviderSpec) -> Mapping[str, object]:
        return {"model": spec.model, "api_key_env": spec.credential.removeprefix("env:")}

    def agent_table(self, config: FailoverConfig) -> Mapping[str, object]:
        chain = {
            "primary_provider_id": config.primary_provider_id,
            "backup_provider_ids": config.backup_provider_ids,
        }
        assert {one.name for one in fields(config)} >= chain.keys()
        return {key: list(one) if isinstance(one, tuple) else one for key, one in chain.items()}

    def provider(self, name: str, table: Mapping[str, object]) -> ProviderSpec:
        self._refuse(name)
        assert set(table) == {"model", "api_key_env"}
        return a_spec(name)

    def agent(self, name: str, table: Mapping[str, object]) -> FailoverConfig:
        self._refuse(name)
        assert set(table) == {"primary_provider_id", "backup_provider_ids"}
        return a_chain("AB", AgentId(name))

    def _refuse(self, name: str) -> None:
        if name in self.unusable:
            problem = "model: is missing"
            raise SettingsError([problem])
