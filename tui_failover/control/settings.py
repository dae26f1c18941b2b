"""How the control API listens, whom it lets in, and how much it takes from one caller."""

from msgspec import Struct, field

from tui_failover.config.secret import KeySource
from tui_failover.config.words import is_loopback
from tui_failover.serving import Bounds

_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
_HTTP_PORT = 80  # a port that callers leave out of the Host header


class Listen(Struct, frozen=True):
    """An address; port 0 takes a free one."""

    host: str = "127.0.0.1"
    port: int = 5000

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return is_loopback(self.host)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Access(Struct, frozen=True):
    """Who may call; tokens are references, read anew for every request, so that a rotated one counts at once.

    Attributes:
        gateway: tokens that may ask agents.
        read: tokens that may look.
        write: tokens that may look and change.
        hosts: names besides the loopback ones under which callers may reach us, "host" or "host:port".
        origins: web pages that may call, "https://host"; none by default.
    """

    gateway: tuple[KeySource, ...] = ()
    read: tuple[KeySource, ...] = ()
    write: tuple[KeySource, ...] = ()
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()

    @property
    def tokens(self) -> tuple[KeySource, ...]:
        """Every token there is."""
        return (*self.gateway, *self.read, *self.write)


class Limits(Bounds, frozen=True):
    """What one caller may take, besides what every connection may. Seconds, bytes and counts.

    Attributes:
        body_s: from the headers to the end of the body.
        stop_s: how long requests under way may take when the server stops.
        body_bytes: a body.
        query_bytes: the body of a query to an agent.
        depth: lists and objects inside each other in a body.
        streams: event streams open at once.
        stall_s: how long a reader of events may take none before it is dropped.
        pulse_s: between two signs of life on a quiet event stream.
    """

    body_s: float = 10.0
    stop_s: float = 5.0
    body_bytes: int = 64 * 1024
    query_bytes: int = 1024 * 1024
    depth: int = 32
    streams: int = 32
    stall_s: float = 10.0
    pulse_s: float = 15.0


class ControlSettings(Struct, frozen=True):
    """Everything the control API is told at its start."""

    listen: Listen = field(default_factory=Listen)
    access: Access = field(default_factory=Access)
    limits: Limits = field(default_factory=Limits)


def host_names(listen: Listen, port: int, more: tuple[str, ...]) -> frozenset[str]:
    """Return every `Host` that is ours, in lower case.

    Args:
        listen: what was asked for.
        port: the port that was got.
        more: names from the settings; one without a port stands for ours.
    """
    own = str(Listen(listen.host, port)).rpartition(":")[0]
    names = [f"{name}:{port}" for name in (*_LOOPBACK_NAMES, own)]
    if port == _HTTP_PORT:
        names += [*_LOOPBACK_NAMES, own]
    for name in more:
        bare = ":" not in name.rpartition("]")[2]
        names.append(f"{name}:{port}" if bare else name)
        if bare:
            names.append(name)
    return frozenset(name.lower() for name in names)
