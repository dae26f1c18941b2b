"""Callers and an upstream for benchmarks, both with as little work of their own as possible."""

import asyncio
import json
import time
from dataclasses import dataclass
from statistics import quantiles
from typing import cast

STREAMS = 1_000
PATH = "/v1/chat/completions"
_USAGE = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
_HEAD = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m"}
_MESSAGE = {"index": 0, "message": {"role": "assistant", "content": "Yes, it is."}, "finish_reason": "stop"}
_WHOLE = json.dumps({**_HEAD, "choices": [_MESSAGE], "usage": _USAGE}).encode()
_PIECES = [{"role": "assistant", "content": ""}, {"content": "Yes,"}, {"content": " it is."}]


def _event(delta: dict[str, str], finish: str | None = None) -> bytes:
    chunk = {**_HEAD, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


_LAST = b"data: " + json.dumps({**_HEAD, "choices": [], "usage": _USAGE}).encode() + b"\n\ndata: [DONE]\n\n"
_STREAM = [*map(_event, _PIECES), _event({}, "stop") + _LAST]


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


LONG_CHUNKS = 1_000
_LONG = [_event({"role": "assistant", "content": ""}), *(_event({"content": " word"}) for _ in range(LONG_CHUNKS))]
_STREAMED = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
_ANSWERS = {
    False: b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
    % (len(_WHOLE), _WHOLE),
    True: _STREAMED + b"".join(map(_chunk, [*_STREAM, b""])),
}


_TASKS: set[asyncio.Future[None]] = set()


class Upstream(asyncio.Protocol):
    """Answers every request at once, with as little work as possible."""

    def __init__(self) -> None:
        self._pending = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        self._pending += data
        while (end := self._pending.find(b"\r\n\r\n")) >= 0:
            head = self._pending[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0])
            if len(self._pending) < end + 4 + length:
                return
            body = self._pending[end + 4 : end + 4 + length]
            self._pending = self._pending[end + 4 + length :]
            streams = b'"stream":true' in body or b'"stream": true' in body
            assert self._transport is not None
            if b"At length" in body:
                _TASKS.add(asyncio.ensure_future(self._at_length()))
            else:
                self._transport.write(_ANSWERS[streams])

    async def _at_length(self) -> None:
        """Write a long answer chunk by chunk, each a packet of its own, as a model would; only faster."""
        assert self._transport is not None
        self._transport.write(_STREAMED)
        for piece in [*_LONG, _event({}, "stop") + _LAST, b""]:
            self._transport.write(_chunk(piece))
            await asyncio.sleep(0)  # noqa: TID251 - lets the loop send it


@dataclass(frozen=True)
class Figures:
    """Of one run: milliseconds until the first byte of the body and until the end, and how many in a second."""

    first: list[float]
    whole: list[float]
    per_s: float


def _request(address: str, question: str, *, stream: bool) -> bytes:
    body = json.dumps(
        {"model": "m", "messages": [{"role": "user", "content": question}], "stream": stream}
    ).encode()
    host = address.removeprefix("http://")
    head = f"POST {PATH} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


class Caller:
    """One connection that asks again and again."""

    def __init__(self, address: str, *, stream: bool, question: str = "Is it?") -> None:
        self._host, _, port = address.removeprefix("http://").partition(":")
        self._port = int(port)
        self._request = _request(address, question, stream=stream)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self) -> tuple[float, float]:
        """Return the milliseconds to the first byte of the body and to the end of the answer."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        began = time.perf_counter()
        writer.write(self._request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        assert head.startswith(b"http/1.1 200"), head
        first = time.perf_counter() - began
        at = head.find(b"content-length:")
        if at >= 0:
            await reader.readexactly(int(head[at + 15 :].split(b"\r\n", 1)[0]))
        else:
            while size := int(await reader.readline(), 16):
                await reader.readexactly(size + 2)
            await reader.readline()
        return first * 1e3, (time.perf_counter() - began) * 1e3

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()


async def load(address: str, parallel: int, *, stream: bool, seconds: float) -> Figures:
    """Let so many callers ask one after the other, each on its own connection."""
    ends = time.perf_counter() + seconds
    figures = Figures([], [], 0.0)

    async def caller() -> None:
        one = Caller(address, stream=stream)
        while time.perf_counter() < ends:
            first, whole = await one.ask()
            figures.first.append(first)
            figures.whole.append(whole)
        one.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(parallel):
            group.create_task(caller())
    return Figures(figures.first, figures.whole, len(figures.whole) / seconds)


async def at_length(address: str, seconds: float) -> int:
    """Ask for long answers one after the other; return how many there were."""
    caller = Caller(address, stream=True, question="At length, please.")
    ends, answers = time.perf_counter() + seconds, 0
    while time.perf_counter() < ends:
        await caller.ask()
        answers += 1
    caller.close()
    return answers


async def crowd(address: str) -> tuple[int, float]:
    """Open a thousand streams at once; return how many failed, and the seconds it took."""
    callers = [Caller(address, stream=True) for _ in range(STREAMS)]
    began = time.perf_counter()
    ended = await asyncio.gather(*(one.ask() for one in callers), return_exceptions=True)
    for one in callers:
        one.close()
    return sum(isinstance(one, BaseException) for one in ended), time.perf_counter() - began


def percentile(values: list[float], percent: int) -> float:
    """Return the value that so many percent stay within."""
    return quantiles(values, n=100)[percent - 1]
