"""The settings once they are read: frozen values, free of secrets."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from msgspec import Struct, field

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


class Connection(Struct, frozen=True):
    """How a provider is reached and asked; the key itself is read from `key` for each use.

    Attributes:
        base_url: where the SDK sends its requests, the vendor's own address where none was configured.
        key: where the key is found; None where the endpoint needs none.
        auth: how the key is sent.
        headers: further headers, none of them secret.
        max_tokens: cap on an answer's tokens for queries that set none themselves.
        models: what applications ask for, each with what the provider is asked for in its place.
        capabilities: what the model can carry, where the built-in table is wrong.
    """

    base_url: str
    key: KeySource | None
    auth: Auth
    headers: tuple[tuple[str, str], ...] = ()
    max_tokens: int | None = None
    models: tuple[tuple[str, str], ...] = ()
    capabilities: tuple[tuple[str, object], ...] = ()  # see `config.capabilities`


class ConsoleSettings(Struct, frozen=True):
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


class LogStyle(StrEnum):
    """How log lines are written: for people, or one JSON object a line."""

    PLAIN = "plain"
    JSON = "json"


class ListenAt(Struct, frozen=True):
    """An address to listen on; port 0 takes a free one."""

    host: str = "127.0.0.1"
    port: int = 5000

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class ControlSettings(Struct, frozen=True):
    """How the control API is reached, and by whom.

    Attributes:
        enabled: whether it is opened at all.
        listen: where.
        gateway_tokens, read_tokens, write_tokens: where the tokens are found that may ask agents, look, and look
            and change; read anew for every request.
        allowed_hosts: names besides the loopback ones under which callers may reach it.
        allowed_origins: web pages that may call it.
    """

    enabled: bool = True
    listen: ListenAt = ListenAt()
    gateway_tokens: tuple[KeySource, ...] = ()
    read_tokens: tuple[KeySource, ...] = ()
    write_tokens: tuple[KeySource, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()


class GatewaySettings(Struct, frozen=True):
    """How applications' queries are taken and answered.

    Attributes:
        default_agent: whose chain is used where an application names no agent; "" is the first one.
        rescue_whole: answers nobody streams are streamed to us, so that half an answer can be given by another.
        strict_translation: a request that would lose anything in translation is refused.
        echo_model: a translated answer carries the model that was asked for, else the one that gave it.
        body_mb: the longest request, in MiB.
        body_s: how long a request may take to come in.
        at_once: queries under way; beyond it applications are told to come back.
    """

    default_agent: str = ""
    rescue_whole: bool = True
    strict_translation: bool = False
    echo_model: bool = True
    body_mb: int = 32
    body_s: float = 60.0
    at_once: int = 2000


class ProcessSettings(Struct, frozen=True):
    """How the process keeps its state, logs and ends.

    Attributes:
        state: the folder where what was ordered at run time is kept; "" is the user's own.
        log: how `serve` writes its log.
        drain_s: how long queries under way may take to finish when it is to stop.
    """

    state: str = ""
    log: LogStyle = LogStyle.PLAIN
    drain_s: float = 30.0


class Settings(Struct, frozen=True):
    """Everything a settings file says.

    Attributes:
        path: the file.
        providers: in the file's order.
        agents: in the file's order.
        rules: every number of the semantics.
        connections: how each provider is reached.
        console: how the console starts.
        control: how the control API is reached.
        gateway: how applications' queries are taken and answered.
        process: how the process keeps its state, logs and ends.
        warnings: sentences on what works but deserves a look.
    """

    path: Path
    providers: tuple[ProviderSpec, ...]
    agents: tuple[FailoverConfig, ...]
    rules: Rules
    connections: Mapping[ProviderId, Connection]
    console: ConsoleSettings = field(default_factory=ConsoleSettings)
    control: ControlSettings = field(default_factory=ControlSettings)
    gateway: GatewaySettings = field(default_factory=GatewaySettings)
    process: ProcessSettings = field(default_factory=ProcessSettings)
    warnings: tuple[str, ...] = ()
