"""What a handler returns, and how it leaves."""

import json
from collections.abc import Mapping
from http import HTTPStatus

from msgspec import Struct, field

from tui_failover.control.problem import Problem
from tui_failover.serving import Response

JSON = "application/json"
_EVERY = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Server": "tui-failover",
    "X-Content-Type-Options": "nosniff",
}


class Answer(Struct, frozen=True):
    """A whole answer.

    Attributes:
        body: a JSON value, or text of another `kind`.
        status: the HTTP status.
        kind: the media type.
        headers: further headers.
    """

    body: object
    status: HTTPStatus = HTTPStatus.OK
    kind: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        """Return it as it is sent."""
        text = self.body if isinstance(self.body, str) and self.kind != JSON else encoded(self.body)
        headers = {**_EVERY, "Content-Type": f"{self.kind}; charset=utf-8", **self.headers}
        if self.kind == JSON:
            headers["Content-Type"] = JSON
        return Response(self.status, headers, text.encode("utf-8", "replace"))


def encoded(value: object) -> str:
    """Return the value as JSON text on one line."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def failed(problem: Problem) -> Response:
    """Return the answer that tells of a problem."""
    return Answer(problem.body(), problem.status, headers=problem.headers).response()


def stream_headers(kind: str) -> dict[str, str]:
    """Return the headers of an answer that goes on."""
    return {**_EVERY, "Content-Type": kind}
