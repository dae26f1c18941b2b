"""Rehearsed providers seen from a bare socket: a clock that never waits, and a client that hides nothing."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from random import Random

from tui_failover.core.names import Moment
from tui_failover.core.spec import Dialect
from tui_failover.rehearsal import RehearsedProvider

EPOCH = 1_795_428_000.0  # Monday, 23 November 2026, 10:00:00 UTC
MODELS = {Dialect.OPENAI: "gpt-5.6", Dialect.ANTHROPIC: "claude-sonnet-5-5"}
END_MARKS = {Dialect.OPENAI: (None, "[DONE]"), Dialect.ANTHROPIC: ("message_stop", '{"type":"message_stop"}')}
CHAT_PATHS = {Dialect.OPENAI: "/v1/chat/completions", Dialect.ANTHROPIC: "/v1/messages"}


@dataclass(slots=True)
class InstantClock:
    """A clock on which every wait is over at once.

    Attributes:
        passed_s: the sum of all waits.
        waits: each wait asked for, in order.
    """

    passed_s: float = 0.0
    waits: list[float] = field(default_factory=list)

    def now(self) -> Moment:
        """Return the instant after all waits so far."""
        return Moment(self.passed_s, EPOCH + self.passed_s)

    async def sleep(self, seconds: float) -> None:
        """Let the time pass and others run."""
        self.passed_s += max(0.0, seconds)
        self.waits.append(seconds)
        await asyncio.sleep(0)  # noqa: TID251 - yields once, waits for nothing


def a_random(seed: int = 7) -> Random:
    """Return chance that repeats itself."""
    return Random(seed)  # noqa: S311 - no secret depends on it


@dataclass(frozen=True, slots=True)
class Seen:
    """What came over the socket until the answer was complete or the connection ended.

    Attributes:
        status: of the answer; 0 where no header came.
        headers: in the order they came, names in lower case.
        body: decoded from chunks where it was chunked.
        end: "complete", "closed" (inside the answer) or "reset".
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    end: str

    def header(self, name: str) -> str | None:
        """Return the first header of that name."""
        return next((value for key, value in self.headers if key == name), None)

    def json(self) -> dict[str, object]:
        """Return the body as a JSON object."""
        value = json.loads(self.body)
        assert isinstance(value, dict)
        return value

    def events(self) -> list[tuple[str | None, str]]:
        """Return the server-sent events as (event, data)."""
        return events_in(self.body)


class RawClient:
    """One connection to a rehearsed provider, byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.writer.write(data)

    async def receive(self) -> Seen:
        """Return one answer."""
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return Seen(0, (), b"", "closed")
        except ConnectionResetError:
            return Seen(0, (), b"", "reset")
        first, *lines = head.decode("latin-1")[:-4].split("\r\n")
        pairs = (line.partition(": ") for line in lines)
        headers = tuple((name.lower(), value) for name, _, value in pairs)
        chunked = dict(headers).get("transfer-encoding") == "chunked"
        length = int(dict(headers).get("content-length", "0"))
        body, end = await (self._chunked() if chunked else self._counted(length))
        return Seen(int(first.split(" ")[1]), headers, body, end)

    async def _counted(self, length: int) -> tuple[bytes, str]:
        body = b""
        while len(body) < length:
            more, end = await self._read(self.reader.read(length - len(body)))
            body += more
            if end or not more:
                return body, end or "closed"
        return body, "complete"

    async def _chunked(self) -> tuple[bytes, str]:
        body = b""
        while True:
            line, end = await self._read(self.reader.readline())
            if end or not line.endswith(b"\r\n"):
                return body, end or "closed"
            size = int(line, 16)
            more, end = await self._read(self.reader.readexactly(size + 2))
            if end:
                return body, end
            if size == 0:
                return body, "complete"
            body += more[:-2]

    @staticmethod
    async def _read(reading: Awaitable[bytes]) -> tuple[bytes, str]:
        try:
            return await reading, ""
        except asyncio.IncompleteReadError:
            return b"", "closed"
        except ConnectionResetError:
            return b"", "reset"

    async def close(self) -> None:
        """End the connection."""
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except ConnectionError:
            return


async def connect(provider: RehearsedProvider) -> RawClient:
    """Return a new connection to `provider`; raises `ConnectionRefusedError`."""
    return RawClient(*await asyncio.open_connection("127.0.0.1", port_of(provider)))


def port_of(provider: RehearsedProvider) -> int:
    """Return the port `provider` listens on."""
    return int(provider.base_url.removesuffix("/v1").rpartition(":")[2])


async def ask(provider: RehearsedProvider, request: bytes) -> Seen:
    """Send one request over a connection of its own and return the answer."""
    return await exchanged(port_of(provider), request)


async def exchanged(port: int, request: bytes) -> Seen:
    """Send one request to whoever listens on a port of this machine, and return the answer."""
    client = RawClient(*await asyncio.open_connection("127.0.0.1", port))
    try:
        client.send(request)
        return await client.receive()
    finally:
        await client.close()


async def until(clock: InstantClock, true: Callable[[], bool]) -> None:
    """Let others run until `true()`; the test's own timeout ends a wait for what never comes."""
    while not true():
        await clock.sleep(0)


async def settled(clock: InstantClock) -> None:
    """Let others run so long that whatever could follow without time passing has followed."""
    for _ in range(200):
        await clock.sleep(0)


def a_request(
    dialect: Dialect,
    *,
    stream: bool = False,
    text: str = "Why?",
    headers: Mapping[str, str] | None = None,
    change: Mapping[str, object] | None = None,
) -> bytes:
    """Return a chat request as bytes; `change` goes into the body, where None takes a field out."""
    body: dict[str, object] = {"model": MODELS[dialect], "messages": [{"role": "user", "content": text}]}
    if stream:
        body["stream"] = True
    if dialect is Dialect.ANTHROPIC:
        body["max_tokens"] = 500
    body = {name: value for name, value in {**body, **(change or {})}.items() if value is not None}
    return http_request("POST", CHAT_PATHS[dialect], json.dumps(body).encode(), headers)


def http_request(method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> bytes:
    """Return a request as bytes."""
    fields = {
        "host": "127.0.0.1",
        "content-length": str(len(body)),
        "anthropic-version": "2026-10-21",
        "authorization": "Bearer key",
        **(headers or {}),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body


def events_in(body: bytes) -> list[tuple[str | None, str]]:
    """Return the server-sent events of `body` as (event, data); comments are left out."""
    found: list[tuple[str | None, str]] = []
    for block in body.decode().split("\n\n")[:-1]:
        name, data = None, []
        for line in block.split("\n"):
            field_name, _, value = line.partition(": ")
            if field_name == "event":
                name = value
            elif field_name == "data":
                data.append(value)
        if data:
            found.append((name, "\n".join(data)))
    return found


def text_in(events: list[tuple[str | None, str]]) -> str:
    """Return the text that the events of either dialect carry."""
    said = ""
    for _, data in events:
        if data == "[DONE]":
            continue
        event = json.loads(data)
        said += event.get("delta", {}).get("text", "")
        for choice in event.get("choices", []):
            said += choice["delta"].get("content") or ""
    return said


def is_complete(seen: Seen, dialect: Dialect, *, stream: bool) -> bool:
    """Tell whether a normal, complete answer came."""
    if (seen.status, seen.end) != (200, "complete"):
        return False
    if stream:
        return seen.events()[-1] == END_MARKS[dialect] and text_in(seen.events()) != ""
    return ("choices" if dialect is Dialect.OPENAI else "content") in seen.json()


def error_in(seen: Seen) -> dict[str, object]:
    """Return the error object of either dialect."""
    error = seen.json()["error"]
    assert isinstance(error, dict)
    return error


def is_json(text: str) -> bool:
    """Tell whether `text` is JSON."""
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
