"""The settings once they are read: frozen values, free of secrets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from tui_failover.config.secret import KeySource
from tui_failover.core.names import ProviderId
from tui_failover.core.spec import FailoverConfig, ProviderSpec, Rules


class Auth(StrEnum):
    """How a key is sent: `Authorization: Bearer`, `x-api-key`, or not at all."""

    BEARER = "bearer"
    X_API_KEY = "x-api-key"
    NONE = "none"


class Theme(StrEnum):
    """The console's colours."""

    DARK = "dark"
    LIGHT = "light"
    COLOUR_BLIND = "colour-blind"
    MONO = "mono"


@dataclass(frozen=True, slots=True)
class Connection:
    """How a provider is reached; the key itself is read from `key` for each use.

    Attributes:
        base_url: where the SDK sends its requests, the vendor's own address where none was configured.
        key: where the key is found; None where the endpoint needs none.
        auth: how the key is sent.
        headers: further headers, none of them secret.
        max_tokens: cap on an answer's tokens for queries that set none themselves.
    """

    base_url: str
    key: KeySource | None
    auth: Auth
    headers: tuple[tuple[str, str], ...] = ()
    max_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """How the console starts.

    Attributes:
        environment: the operator's name for this installation, shown in the first line.
        theme: see `Theme`.
        ascii: draw with ASCII characters only.
        read_only: orders are switched off.
    """

    environment: str = ""
    theme: Theme = Theme.DARK
    ascii: bool = False
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a settings file says.

    Attributes:
        path: the file.
        providers: in the file's order.
        agents: in the file's order.
        rules: every number of the semantics.
        connections: how each provider is reached.
        console: how the console starts.
        warnings: sentences on what works but deserves a look.
    """

    path: Path
    providers: tuple[ProviderSpec, ...]
    agents: tuple[FailoverConfig, ...]
    rules: Rules
    connections: Mapping[ProviderId, Connection]
    console: ConsoleSettings = field(default_factory=ConsoleSettings)
    warnings: tuple[str, ...] = ()
