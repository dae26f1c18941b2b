"""What a connection makes of the bytes that come on it, whichever pieces they come in."""

import asyncio
import gzip
import tracemalloc
import zlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.fake_line import FakeLine
from tui_failover.providers.http_answer import MOST_WAITING, CutOff, HttpAnswer, HungUp, NotDecodable, NotHttp
from tui_failover.providers.http_connection import HttpConnection

WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = (
    b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    b"HTTP/1.1 200 OK\r\nX-Two: a\r\nTransfer-Encoding: chunked\r\nx-two: b\r\n\r\n"
    b"3;ext=1\r\nabc\r\n4\r\ndefg\r\n0\r\nTrailer: t\r\n\r\n"
)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n"


class Ends:
    """A connection on its line, and what becomes of it."""

    def __init__(self) -> None:
        self.freed = 0
        self.lost = 0
        self.line = FakeLine()
        self.connection = HttpConnection(self._freed, self._lost)
        self.connection.connection_made(self.line)

    def ask(self) -> "asyncio.Future[HttpAnswer]":
        return self.connection.ask(b"POST / HTTP/1.1\r\n\r\n", b"{}", lambda: None)

    def hear(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.connection.data_received(piece)

    def _freed(self, _: HttpConnection) -> None:
        self.freed += 1

    def _lost(self, _: HttpConnection) -> None:
        self.lost += 1


async def whole(answer: HttpAnswer) -> bytes:
    """Return the body."""
    body = b""
    while piece := await answer.read():
        body += piece
    return body


def compressed(coding: str, body: bytes) -> bytes:
    """Return an answer with a compressed body."""
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


@given(st.lists(st.integers(0, len(CHUNKED)), max_size=12))
def test_answer_does_not_depend_on_where_its_bytes_were_cut(cuts: list[int]) -> None:
    async def check() -> None:
        ends = Ends()
        coming = ends.ask()
        places = [0, *sorted(cuts), len(CHUNKED)]
        ends.hear(*(CHUNKED[start:end] for start, end in pairwise(places) if start < end))
        answer = await coming

        assert (answer.status, answer.headers["x-two"], await whole(answer)) == (200, "a, b", b"abcdefg")
        assert (ends.freed, ends.line.open) == (1, True)

    asyncio.run(check())


async def test_answer_without_a_length_ends_with_its_connection() -> None:
    ends = Ends()
    coming = ends.ask()
    ends.hear(b"HTTP/1.1 200 OK\r\n\r\nall ", b"of it")
    ends.connection.connection_lost(None)

    assert await whole(await coming) == b"all of it"
    assert (ends.freed, ends.lost) == (0, 1)


async def test_answer_that_is_shorter_than_it_says_broke_off() -> None:
    ends = Ends()
    coming = ends.ask()
    ends.hear(HEAD, b"some")
    answer = await coming
    ends.connection.connection_lost(None)

    assert await answer.read() == b"some"
    with pytest.raises(CutOff):
        await answer.read()


@pytest.mark.parametrize("heard", [b"", b"HTTP/1.1 200"], ids=["silence", "half a head"])
async def test_connection_that_ends_before_an_answer_is_told_from_one_that_broke_off(heard: bytes) -> None:
    ends = Ends()
    coming = ends.ask()
    ends.hear(heard)
    ends.connection.connection_lost(None)

    with pytest.raises(HungUp, match="disconnected"):
        await coming


@pytest.mark.parametrize(
    "said",
    [
        b"hello\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 1_000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\na: " + b"b" * (1 << 20),
    ],
    ids=["no HTTP", "two framings", "two lengths", "less than nothing", "too many headers", "an endless header"],
)
async def test_what_is_no_answer_by_the_standard_ends_the_connection(said: bytes) -> None:
    ends = Ends()
    coming = ends.ask()
    ends.hear(*(said[place : place + 4_096] for place in range(0, len(said), 4_096)))

    with pytest.raises(NotHttp):
        await coming
    assert not ends.connection.usable


async def test_what_came_before_a_fault_is_read_before_it_is_told_also_where_both_came_together() -> None:
    ends = Ends()
    coming = ends.ask()
    ends.hear(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\nno size\r\n")
    answer = await coming

    assert await answer.read() == b"ab"
    with pytest.raises(NotHttp):
        await answer.read()


@pytest.mark.parametrize("endless", [b"1" * 4_096, b"0\r\n" + b"a" * 4_096], ids=["a chunk's size", "a trailer"])
async def test_what_lies_between_pieces_of_a_body_is_bounded(endless: bytes) -> None:
    ends = Ends()
    coming = ends.ask()
    ends.hear(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n", endless)
    answer = await coming
    for _ in range(100):
        ends.hear(b"1" * 4_096) if ends.line.open else None

    assert await answer.read() == b"a"
    with pytest.raises(NotHttp):
        await answer.read()
    assert not ends.connection.usable


async def test_answer_that_nobody_asked_for_is_never_taken_for_the_next_one() -> None:
    ends = Ends()
    coming = ends.ask()
    ends.hear(WHOLE + WHOLE)

    assert await whole(await coming) == b"ok"
    assert (ends.freed, ends.line.open) == (0, False)


@pytest.mark.parametrize("head", [b"", b"Connection: close\r\n"], ids=["kept", "closed"])
@pytest.mark.parametrize("cut", [0, 1], ids=["together", "apart"])
async def test_more_than_an_answer_says_it_has_ends_the_connection_and_leaves_the_answer_whole(
    head: bytes, cut: int
) -> None:
    ends = Ends()
    coming = ends.ask()
    said = WHOLE.replace(b"Content", head + b"Content") + b"\n}"
    ends.hear(*([said[:-2], said[-2:]] if cut else [said]))

    assert await whole(await coming) == b"ok"
    assert not ends.connection.usable


async def test_request_given_up_just_as_its_answer_has_come_leaves_the_connection_to_the_next_one() -> None:
    ends = Ends()
    first = ends.ask()
    ends.hear(WHOLE)
    second = ends.ask()
    ends.connection.give_up(first)
    ends.hear(WHOLE)

    assert await whole(await second) == b"ok"
    assert ends.connection.usable


@pytest.mark.parametrize("heard", [b"", HEAD], ids=["before the answer", "in the middle of it"])
async def test_request_given_up_before_the_end_of_its_answer_takes_the_connection_along(heard: bytes) -> None:
    ends = Ends()
    coming = ends.ask()
    ends.hear(heard)
    ends.connection.give_up(coming)

    assert not ends.connection.usable


async def test_connection_that_says_something_unasked_is_not_used() -> None:
    ends = Ends()
    ends.hear(WHOLE)

    assert not ends.connection.usable


async def test_connection_that_the_provider_wants_closed_is_not_used_again() -> None:
    ends = Ends()
    coming = ends.ask()
    ends.hear(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")

    assert await whole(await coming) == b"ok"
    assert (ends.freed, ends.line.open) == (0, False)


async def test_provider_waits_while_nobody_reads_and_goes_on_once_somebody_has() -> None:
    ends = Ends()
    coming = ends.ask()
    ends.hear(HEAD)
    while ends.line.sends:
        ends.hear(bytes(64 << 10))
    answer = await coming

    assert MOST_WAITING < len(await answer.read()) <= MOST_WAITING + (64 << 10)
    assert ends.line.sends


async def test_connection_of_an_answer_that_ended_before_anybody_read_it_hears_the_next_one() -> None:
    ends = Ends()
    coming = ends.ask()
    piece = bytes(MOST_WAITING)
    ends.hear(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (2 * len(piece)), piece, piece)

    assert (ends.freed, ends.line.sends) == (1, True)
    assert await whole(await coming) == piece + piece


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(b"hello")),
        ("deflate", zlib.compress(b"hello")),
        ("deflate", zlib.compress(b"hello", wbits=-zlib.MAX_WBITS)),
    ],
    ids=["gzip", "deflate", "bare deflate"],
)
async def test_compressed_body_is_read_as_what_it_stands_for(coding: str, body: bytes) -> None:
    ends = Ends()
    coming = ends.ask()
    said = compressed(coding, body)
    ends.hear(*(said[place : place + 1] for place in range(len(said))))

    assert await whole(await coming) == b"hello"


async def test_little_that_stands_for_a_lot_is_read_in_small_pieces() -> None:
    ends = Ends()
    coming = ends.ask()
    ends.hear(compressed("gzip", gzip.compress(bytes(64 << 20))))
    answer = await coming
    sizes = [len(await answer.read()) for _ in range(100)]

    assert max(sizes) <= 64 << 10


@pytest.mark.parametrize("over", [1, 3, 257])
async def test_what_is_left_of_a_compressed_body_once_all_of_it_has_come_is_read(over: int) -> None:
    ends = Ends()
    coming = ends.ask()
    body = bytes((64 << 10) + over)
    ends.hear(compressed("deflate", zlib.compress(body, wbits=-zlib.MAX_WBITS)))

    assert await whole(await coming) == body


async def test_what_follows_a_compressed_body_is_not_kept() -> None:
    ends = Ends()
    coming = ends.ask()
    body = gzip.compress(b"hello")
    ends.hear(HEAD.replace(b"Content-Length", b"Content-Encoding: gzip\r\nContent-Length"), body)
    answer = await coming
    assert await answer.read() == b"hello"
    end = asyncio.ensure_future(answer.read())
    tracemalloc.start()
    for _ in range(32):
        ends.hear(bytes(MOST_WAITING))
        await asyncio.sleep(0)  # noqa: TID251 - it is read meanwhile
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    ends.connection.connection_lost(None)

    assert kept < 2 * MOST_WAITING
    with pytest.raises(CutOff):
        await end


@pytest.mark.parametrize(
    ("body", "error"), [(b"hello", NotDecodable), (gzip.compress(b"hello")[:-4], CutOff)], ids=["other", "half"]
)
async def test_body_that_is_not_in_its_coding_is_no_answer(body: bytes, error: type[Exception]) -> None:
    ends = Ends()
    coming = ends.ask()
    ends.hear(compressed("gzip", body))
    answer = await coming

    with pytest.raises(error):
        await whole(answer)
