"""What one caller may take."""

from msgspec import Struct


class Bounds(Struct, frozen=True):
    """Seconds, bytes and counts.

    Attributes:
        header_s: from the first byte of a request (or the connection) to the end of its headers.
        idle_s: how long a connection is kept between two requests, or while its caller takes nothing of an answer.
        linger_s: how long an answer may take to leave when a connection ends.
        header_bytes: request line and headers together.
        line_bytes: the request line, or one header.
        headers: how many headers.
        connections: open at once.
        per_source: open at once from one address; loopback is one too, so a host's own scripts share it.
    """

    header_s: float = 10.0
    idle_s: float = 75.0
    linger_s: float = 1.0
    header_bytes: int = 16 * 1024
    line_bytes: int = 4 * 1024
    headers: int = 64
    connections: int = 256
    per_source: int = 192
