"""What a request looks like on its connection, and which connections are used again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tui_failover.bootstrap.loops import new_loop
from tui_failover.providers.http_answer import HttpAnswer
from tui_failover.providers.http_client import HttpClient

WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
BEGUN = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"
REFUSED = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno"
LONG = 64 << 20  # bytes; more than what stands between two sockets holds
SMALL_HEAD = 1 << 16


class Provider:
    """Answers each request's head with the next of its answers, whatever of the body has come.

    Attributes:
        requests: what came on each connection, in order.
        gone: set once a connection has ended from the other side.
    """

    def __init__(self, *answers: bytes) -> None:
        self.requests: list[list[bytes]] = []
        self.gone = asyncio.Event()
        self._answers = list(answers)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until it ends."""
        mine: list[bytes] = []
        self.requests.append(mine)
        try:
            while head := await reader.read(SMALL_HEAD):
                mine.append(head)
                if self._answers:
                    writer.write(self._answers.pop(0))
        except ConnectionError:
            pass
        finally:
            self.gone.set()
            writer.close()


@asynccontextmanager
async def talking_to(provider: Provider, idle_s: float = 15.0) -> AsyncIterator[HttpClient]:
    """Run the provider and a client for it."""
    server = await asyncio.start_server(provider.serve, "127.0.0.1", 0)
    async with server:
        client = HttpClient(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/", idle_s)
        try:
            yield client
        finally:
            await client.close()


async def ask(client: HttpClient, body: bytes = b"{}", headers: dict[str, str] | None = None) -> HttpAnswer:
    """Send a request."""
    return await client.post("/chat/completions", headers or {}, body, 5.0, lambda: None)


async def read_whole(answer: HttpAnswer) -> bytes:
    """Return the body."""
    body = b""
    while piece := await answer.read():
        body += piece
    return body


async def test_request_is_one_post_below_the_base_address_with_its_length() -> None:
    provider = Provider(WHOLE)
    async with talking_to(provider) as client:
        answer = await ask(client, b'{"a":1}', {"x-api-key": "k"})

        assert (answer.status, answer.headers, await read_whole(answer)) == (200, {"content-length": "2"}, b"ok")
    head, _, body = provider.requests[0][0].partition(b"\r\n\r\n")
    lines = head.decode().splitlines()
    assert lines[0] == "POST /v1/chat/completions HTTP/1.1"
    assert lines[1].startswith("host: 127.0.0.1:")
    assert lines[2:] == ["content-length: 7", "x-api-key: k"]
    assert body == b'{"a":1}'


@pytest.mark.parametrize("value", ["a\r\nx-other: b", "a\nb", "a\rb"])
async def test_header_that_would_end_its_line_is_never_sent(value: str) -> None:
    provider = Provider(WHOLE)
    async with talking_to(provider) as client:
        with pytest.raises(ValueError, match="end of a line"):
            await ask(client, headers={"user-agent": value})

    assert provider.requests == []


async def test_connection_of_an_answer_that_was_read_serves_the_next_request() -> None:
    provider = Provider(WHOLE, WHOLE)
    async with talking_to(provider) as client:
        assert await read_whole(await ask(client)) == b"ok"
        assert await read_whole(await ask(client)) == b"ok"

    assert [len(requests) for requests in provider.requests] == [2]


async def test_connection_that_nobody_uses_for_a_while_is_given_back() -> None:
    provider = Provider(WHOLE, WHOLE)
    async with talking_to(provider, idle_s=0.01) as client:
        assert await read_whole(await ask(client)) == b"ok"
        await asyncio.wait_for(provider.gone.wait(), 5.0)
        assert await read_whole(await ask(client)) == b"ok"

    assert [len(requests) for requests in provider.requests] == [1, 1]


async def test_answer_that_is_given_up_takes_its_connection_along() -> None:
    provider = Provider(BEGUN, WHOLE)
    async with talking_to(provider) as client:
        answer = await ask(client)
        assert await answer.read() == b"ok"
        answer.close()
        await asyncio.wait_for(provider.gone.wait(), 5.0)

        assert await read_whole(await ask(client)) == b"ok"

    assert [len(requests) for requests in provider.requests] == [1, 1]


async def test_what_only_says_that_an_answer_is_coming_is_no_answer() -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    async with talking_to(Provider(hints + WHOLE)) as client:
        answer = await ask(client)

        assert (answer.status, await read_whole(answer)) == (200, b"ok")


async def test_who_refuses_a_long_request_early_is_heard_and_gets_no_other_on_that_connection() -> None:
    provider = Provider(REFUSED)
    async with talking_to(provider) as client:
        answer = await ask(client, bytes(LONG))

        assert (answer.status, await read_whole(answer)) == (413, b"no")
        await asyncio.wait_for(provider.gone.wait(), 5.0)


async def test_pieces_of_a_long_request_are_told_as_they_leave() -> None:
    class Reading(Provider):
        async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0]))
            writer.write(WHOLE)
            writer.close()

    told: list[None] = []
    async with talking_to(Reading()) as client:
        answer = await client.post("/x", {}, bytes(LONG), 5.0, lambda: told.append(None))

        assert await read_whole(answer) == b"ok"
    assert len(told) > 1


def test_all_of_it_works_on_the_loop_the_process_runs_on() -> None:
    async def twice() -> None:
        async with talking_to(Provider(WHOLE, WHOLE)) as client:
            assert await read_whole(await ask(client)) == b"ok"
            assert await read_whole(await ask(client)) == b"ok"

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(twice())
