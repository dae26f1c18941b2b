"""What the gateway is told at its start."""

from collections.abc import Mapping

from msgspec import Struct, field

from tui_failover.core.names import ProviderId


class GatewaySettings(Struct, frozen=True):
    """How callers are served.

    Attributes:
        default_agent: whose chain is used where a caller names no agent; the first one where None.
        models: for each provider, what it is asked for instead of its own model, by the caller's word.
        capabilities: for each provider, what its model can do, where the table of models is wrong.
        rescue_whole: answers for callers who do not stream are streamed to us, so that one that stalls or is cut
            is noticed at once and given by another provider.
        strict_translation: what would be lost in translation is a reason to refuse, for every caller.
        echo_model: a translated answer carries the model the caller asked for, else the one the provider was asked
            for. Where both speak the same dialect the provider's bytes pass as they are, with the name it gives.
        body_bytes: the longest request.
        body_s: how long a request's body may take to come.
        at_once: queries under way; beyond it callers are told to come back.
        drain_s: how long queries under way may take when the gateway stops.
    """

    default_agent: str | None = None
    models: Mapping[ProviderId, Mapping[str, str]] = field(default_factory=dict)
    capabilities: Mapping[ProviderId, Mapping[str, object]] = field(default_factory=dict)
    rescue_whole: bool = True
    strict_translation: bool = False
    echo_model: bool = True
    body_bytes: int = 32 << 20
    body_s: float = 60.0
    at_once: int = 2000
    drain_s: float = 30.0
