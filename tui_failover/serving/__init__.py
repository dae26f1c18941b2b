"""HTTP/1.1 for callers: connections under limits, requests as they come, answers whole or going on (RFC 9112)."""

from tui_failover.serving.answer import Response, Stream
from tui_failover.serving.bounds import Bounds
from tui_failover.serving.request import BodyBroken, BodyTooLong, Request
from tui_failover.serving.server import Server

__all__ = ["BodyBroken", "BodyTooLong", "Bounds", "Request", "Response", "Server", "Stream"]
