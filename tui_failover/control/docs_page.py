"""The API's description as one page that needs nothing from anywhere: no script, no font, no picture."""

import base64
import hashlib
import json
import shlex
from collections.abc import Sequence
from html import escape
from typing import Final
from urllib.parse import urlencode

from tui_failover.control.route import Route
from tui_failover.control.tokens import Scope

_STYLE: Final = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
body{color:#1b1b1b;background:#fff}
h2{margin-top:2.5rem;border-bottom:1px solid #bbb}
h3{margin-bottom:.2rem;font-family:ui-monospace,monospace;font-size:1rem}
pre{background:#f2f2f2;padding:.7rem;overflow-x:auto;font-size:.85rem}
.scope{font-size:.8rem;color:#555}
table{border-collapse:collapse;font-size:.85rem}td,th{border:1px solid #ccc;padding:.2rem .5rem;text-align:left}
@media(prefers-color-scheme:dark){body{color:#e6e6e6;background:#161616}pre{background:#262626}.scope{color:#aaa}}
"""
_INTRO: Final = """
<p>Every change is sent as <code>application/json</code>. Where the settings name tokens, each call carries
<code>Authorization: Bearer</code> and one of them. Errors have one shape:</p>
<pre>{"error": {"code": "...", "message": "...", "details": [{"field": "...", "message": "..."}]}}</pre>
<p>An order may carry <code>by</code>, <code>reason</code>, <code>order_id</code> (a repeat is answered and not
carried out again) and <code>seen_revision</code> (refused where things have changed since that snapshot). Where an
answer says <code>needs_force</code>, the same order with <code>"force": true</code> is carried out.</p>
<p>The same description for programs: <a href="/api/openapi.json">/api/openapi.json</a></p>
"""
_TITLES: Final = {"agents": "Agents", "providers": "Providers", "": "Everything else"}
_NEEDS: Final = {
    Scope.ANYONE: "open to everybody",
    Scope.USE: "gateway token",
    Scope.READ: "read or write token",
    Scope.WRITE: "write token",
}


def policy() -> str:
    """Return the content security policy: the page's own style and nothing else."""
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; frame-ancestors 'none'"


def page(routes: Sequence[Route], address: str) -> str:
    """Return the page.

    Args:
        routes: the table.
        address: "http://host:port", for the examples.
    """
    parts = [
        "<!doctype html><html lang=en><head><meta charset=utf-8><title>tui-failover control API</title>",
        f"<style>{_STYLE}</style></head><body><h1>tui-failover control API</h1>{_INTRO}",
    ]
    for topic, title in _TITLES.items():
        parts.append(f"<h2>{title}</h2>")
        parts += [_entry(route, address) for route in routes if _topic(route) == topic]
    return "".join((*parts, "</body></html>"))


def _topic(route: Route) -> str:
    second = route.segments[1] if len(route.segments) > 1 else ""
    return second if second in _TITLES else ""


def _entry(route: Route, address: str) -> str:
    shows = "" if route.shows is None else f"<pre>{escape(json.dumps(route.shows, indent=2))}</pre>"
    return (
        f"<h3>{route.method} {escape(route.path)}</h3><div>{escape(route.summary)}. "
        f"<span class=scope>{_NEEDS[route.scope]}</span></div>{_fields(route)}"
        f"<pre>{escape(_curl(route, address))}</pre>{shows}"
    )


def _fields(route: Route) -> str:
    model = route.body or route.query
    if model is None or not model.model_fields:
        return ""
    rows = "".join(
        f"<tr><td><code>{name}</code><td>{'required' if field.is_required() else 'optional'}"
        f"<td>{escape(field.description or '')}"
        for name, field in model.model_fields.items()
    )
    return f"<table><tr><th>field<th>needed<th>meaning{rows}</table>"


def _curl(route: Route, address: str) -> str:
    path = route.path.format(agent_id="my-agent", provider_id="openai-agent")
    words = ["curl"]
    if route.method != "GET":
        words += ["-X", route.method]
    if route.query is not None:
        path = f"{path}?{urlencode(dict(route.example))}"
    words.append(shlex.quote(f"{address}{path}"))
    if route.body is not None:
        words += ["-H", '"Content-Type: application/json"', "-d", shlex.quote(json.dumps(dict(route.example)))]
    return " ".join(words)
