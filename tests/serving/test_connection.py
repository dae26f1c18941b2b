"""Requests on one connection: read whichever pieces they come in, answered one after the other, under limits."""

import asyncio
import errno
import gc
import weakref
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.serving.callers import BOUNDS, CallerEnd, after, asking, settled
from tests.support.engine_world import virtually
from tests.support.fake_line import FakeLine
from tests.support.virtual_loop import run_virtually
from tui_failover.serving import BodyBroken, Bounds, Request, Response, Stream

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = asking("/a", "Transfer-Encoding: chunked", body=b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: t\r\n\r\n")
TWO = asking("/one", body=b"abc") + CHUNKED


def answered(*bodies: bytes) -> bytes:
    """Return the answers with these bodies, on a connection that stays."""
    return b"".join(OK + b"Content-Length: %d\r\n\r\n" % len(body) + body for body in bodies)


@given(st.lists(st.integers(0, len(TWO)), max_size=12))
def test_requests_do_not_depend_on_where_their_bytes_were_cut(cuts: list[int]) -> None:
    async def check() -> None:
        caller = CallerEnd()
        for start, end in pairwise(sorted({0, *cuts, len(TWO)})):
            caller.say(TWO[start:end])
            await settled()

        assert caller.heard == answered(b"POST /one abc", b"POST /a abcde")
        assert caller.line.open

    run_virtually(check())


@virtually
async def test_requests_sent_ahead_are_answered_in_order_one_at_a_time() -> None:
    gates: list[asyncio.Event] = []

    async def slowly(request: Request) -> Response:
        gates.append(asyncio.Event())
        await gates[-1].wait()
        return Response(200, {}, request.target.encode())

    caller = CallerEnd(slowly)
    caller.say(asking("/1") + asking("/2") + asking("/3") + asking("/4"))
    await settled()
    assert (len(gates), caller.line.sends) == (1, False)

    for number in range(4):
        gates[number].set()
        await settled()
    assert caller.heard == answered(b"/1", b"/2", b"/3", b"/4")
    assert caller.line.sends


@virtually
async def test_caller_that_has_sent_a_little_ahead_is_listened_to_so_that_its_leaving_is_noticed() -> None:
    async def never(_: Request) -> Response:
        await asyncio.Event().wait()
        return Response(200, {}, b"")

    async def once(request: Request) -> Response:
        return Response(200, {}, b"") if request.target == "/1" else await never(request)

    caller, other = CallerEnd(never), CallerEnd(once)
    caller.say(asking("/1") + asking("/2") + asking("/3"))
    other.say(asking("/1") + asking("/2") + asking("/3") + asking("/4"))
    await settled()

    assert caller.line.sends
    assert other.line.sends


@virtually
async def test_more_requests_ahead_than_anybody_needs_are_refused_after_the_first_is_answered() -> None:
    gate = asyncio.Event()

    async def later(_: Request) -> Response:
        await gate.wait()
        return Response(200, {"Connection": "close"}, b"")

    caller = CallerEnd(later)
    caller.say(asking() * 1_000)
    caller.say(asking() * 1_000)
    gate.set()
    await settled()

    assert caller.heard == OK + b"Content-Length: 0\r\nConnection: close\r\n\r\n"


@virtually
async def test_answer_that_ends_its_connection_says_so_once_to_callers_of_both_versions() -> None:
    async def last(_: Request) -> Response:
        return Response(200, {"Connection": "close"}, b"")

    callers = CallerEnd(last), CallerEnd(last)
    callers[0].say(asking())
    callers[1].say(asking("/", "Connection: keep-alive", version="1.0"))
    await settled()

    assert [caller.heard for caller in callers] == [OK + b"Content-Length: 0\r\nConnection: close\r\n\r\n"] * 2


@virtually
async def test_nothing_is_left_of_a_caller_that_has_left_though_nobody_collects() -> None:
    caller = CallerEnd()
    caller.say(asking())
    await settled()
    caller.leave()
    await settled()
    left = weakref.ref(caller.connection)
    gc.disable()
    try:
        del caller
        assert left() is None
    finally:
        gc.enable()


@virtually
async def test_caller_that_leaves_ends_what_is_done_for_it() -> None:
    ended = asyncio.Event()

    async def waiting(_: Request) -> Response:
        try:
            await asyncio.Event().wait()
            return Response(200, {}, b"")
        finally:
            ended.set()

    caller = CallerEnd(waiting)
    caller.say(asking())
    await settled()
    caller.leave()
    await settled()

    assert ended.is_set()
    assert not caller.peers


@virtually
async def test_body_that_is_not_in_the_form_its_head_names_broke_off_and_ends_the_connection() -> None:
    async def reading(request: Request) -> Response:
        try:
            return Response(200, {}, await request.body(1_000, 10.0))
        except BodyBroken:
            return Response(400, {}, b"broken")

    caller = CallerEnd(reading)
    caller.say(asking("/", "Transfer-Encoding: chunked", body=b"3\r\nabcd\r\n"))
    await settled()

    assert caller.heard == b"HTTP/1.1 400 Bad Request\r\nContent-Length: 6\r\nConnection: close\r\n\r\nbroken"
    assert caller.line.ended


@virtually
async def test_caller_waits_with_its_body_while_nobody_reads_it() -> None:
    gate = asyncio.Event()

    async def later(request: Request) -> Response:
        await gate.wait()
        return Response(200, {}, str(len(await request.body(1 << 20, 10.0))).encode())

    caller = CallerEnd(later)
    said = asking(body=bytes(400_000))
    caller.say(said[:300_000])
    await settled()
    held_back = not caller.line.sends
    gate.set()
    await settled()
    let_come = caller.line.sends
    caller.say(said[300_000:])
    await settled()

    assert (held_back, let_come) == (True, True)
    assert caller.heard == answered(b"400000")


@virtually
async def test_caller_whose_long_body_nobody_has_read_is_heard_again_after_its_answer() -> None:
    gate = asyncio.Event()

    async def later(_: Request) -> Response:
        await gate.wait()
        return Response(200, {}, b"no need")

    caller = CallerEnd(later)
    said = asking(body=bytes(400_000))
    caller.say(said[:200_000], said[200_000:])
    gate.set()
    await settled()

    assert caller.heard == answered(b"no need")
    assert caller.line.sends


@virtually
async def test_callers_that_send_ahead_wait_although_a_long_body_is_read() -> None:
    read, gate = asyncio.Event(), asyncio.Event()

    async def reading(request: Request) -> Response:
        await read.wait()
        await request.body(1 << 20, 10.0)
        await gate.wait()
        return Response(200, {}, b"")

    caller = CallerEnd(reading)
    said = asking(body=bytes(400_000))
    caller.say(said[:200_000], said[200_000:] + asking() * 3)
    read.set()
    await settled()

    assert not caller.line.sends


@virtually
async def test_answer_given_before_the_body_has_come_ends_the_connection_without_losing_the_answer() -> None:
    async def hasty(_: Request) -> Response:
        return Response(200, {}, b"no need")

    caller = CallerEnd(hasty)
    caller.say(asking(body=bytes(1_000))[:200])
    await settled()
    caller.say(bytes(300))

    assert caller.heard == OK + b"Content-Length: 7\r\nConnection: close\r\n\r\nno need"
    assert (caller.line.open, caller.line.ended) == (True, True)
    await after(BOUNDS.linger_s + 0.01)
    assert not caller.line.open


@virtually
async def test_caller_that_has_left_while_the_rest_of_its_body_was_waited_for_is_no_fault_of_ours() -> None:
    class Gone(FakeLine):
        def write_eof(self) -> None:
            raise OSError(errno.ENOTCONN, "Transport endpoint is not connected")

    async def hasty(_: Request) -> Response:
        return Response(200, {}, b"")

    caller = CallerEnd(hasty, line=Gone())
    caller.say(asking(body=bytes(1_000))[:200])
    answering = caller.connection.task
    assert answering is not None
    await answering
    await after(BOUNDS.linger_s + 0.01)

    assert not caller.line.open


@virtually
async def test_old_callers_are_answered_in_their_version() -> None:
    kept, single = CallerEnd(), CallerEnd()
    kept.say(asking("/", "Connection: keep-alive", version="1.0"))
    single.say(asking("/", version="1.0"))
    await settled()

    assert kept.heard == OK + b"Content-Length: 7\r\nConnection: keep-alive\r\n\r\nPOST / "
    assert single.heard == OK + b"Content-Length: 7\r\nConnection: close\r\n\r\nPOST / "
    assert (kept.line.open, single.line.open) == (True, False)


@virtually
async def test_chunks_from_a_caller_whose_version_has_none_are_refused() -> None:
    caller = CallerEnd()
    said = asking("/", "Transfer-Encoding: chunked", "Connection: keep-alive", body=b"0\r\n\r\n", version="1.0")
    caller.say(said + asking("/smuggled"))
    await settled()

    assert caller.heard.startswith(b"HTTP/1.1 400 ")
    assert caller.line.ended


@virtually
async def test_head_is_answered_without_a_body_but_with_its_length() -> None:
    caller = CallerEnd()
    caller.say(asking(method="HEAD"))
    await settled()

    assert caller.heard == OK + b"Content-Length: 7\r\n\r\n"


@virtually
async def test_answer_without_content_has_no_length() -> None:
    async def nothing(_: Request) -> Response:
        return Response(204, {}, b"")

    caller = CallerEnd(nothing)
    caller.say(asking())
    await settled()

    assert caller.heard == b"HTTP/1.1 204 No Content\r\n\r\n"


@virtually
async def test_header_of_an_answer_that_would_end_its_line_is_never_sent() -> None:
    async def careless(_: Request) -> Response:
        return Response(200, {"X-Note": "a\r\nX-Other: b"}, b"")

    caller = CallerEnd(careless)
    caller.say(asking())
    await settled()

    assert caller.heard.startswith(b"HTTP/1.1 500 ")
    assert b"X-Other" not in caller.heard


@virtually
async def test_fault_of_ours_is_told_in_one_word_and_ends_the_connection() -> None:
    async def faulty(_: Request) -> Response:
        message = "a secret"
        raise ZeroDivisionError(message)

    caller = CallerEnd(faulty)
    caller.say(asking())
    await settled()

    assert caller.heard.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert b"secret" not in caller.heard
    assert not caller.line.open


async def streaming(request: Request) -> Stream:
    """Answer in pieces."""
    stream = request.begin(200, {"X": "y"})
    for piece in (b"one", b"", b"two"):
        await stream.write(piece)
    return stream


@virtually
async def test_answer_that_goes_on_comes_in_chunks_and_ends_with_its_mark() -> None:
    caller = CallerEnd(streaming)
    caller.say(asking())
    await settled()

    assert caller.heard == (OK + b"Transfer-Encoding: chunked\r\nX: y\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n")
    assert caller.line.open


@virtually
async def test_answer_that_goes_on_ends_with_the_connection_for_old_callers() -> None:
    caller = CallerEnd(streaming)
    caller.say(asking("/", "Connection: keep-alive", version="1.0"))
    await settled()

    assert caller.heard == OK + b"Connection: close\r\nX: y\r\n\r\nonetwo"
    assert not caller.line.open


@virtually
async def test_answer_that_breaks_off_is_never_taken_for_whole() -> None:
    async def breaking(request: Request) -> Stream:
        stream = request.begin(200, {})
        await stream.write(b"one")
        stream.break_off(b"sorry")
        return stream

    caller = CallerEnd(breaking)
    caller.say(asking())
    await settled()

    assert caller.heard.endswith(b"3\r\none\r\n5\r\nsorry\r\n")
    assert not caller.line.open


@pytest.mark.parametrize("how", ["returns another", "fails"])
@virtually
async def test_answer_that_has_begun_is_broken_off_where_whoever_gives_it_changes_its_mind(how: str) -> None:
    async def changing_its_mind(request: Request) -> Response:
        await request.begin(200, {}).write(b"one")
        if how == "fails":
            raise ZeroDivisionError
        return Response(200, {}, b"two")

    caller = CallerEnd(changing_its_mind)
    caller.say(asking())
    await settled()

    assert caller.heard.endswith(b"\r\n\r\n3\r\none\r\n")
    assert not caller.line.open


@virtually
async def test_writing_to_a_caller_that_has_left_is_told() -> None:
    told: list[BaseException] = []

    async def writing(request: Request) -> Stream:
        stream = request.begin(200, {})
        caller.line.open = False
        try:
            await stream.write(b"one")
        except ConnectionError as error:
            told.append(error)
            raise
        return stream

    caller = CallerEnd(writing)
    caller.say(asking())
    await settled()

    assert len(told) == 1


@pytest.mark.parametrize("protocol", ["websocket", "h2c"])
@pytest.mark.parametrize("cut", [10, 100, -2])
@virtually
async def test_caller_that_wants_another_protocol_is_answered_in_this_one(protocol: str, cut: int) -> None:
    caller = CallerEnd()
    said = asking("/", "Connection: Upgrade, HTTP2-Settings", f"Upgrade: {protocol}", body=b"abc")
    caller.say(said[:cut], said[cut:] + asking("/next"))
    await settled()

    assert caller.heard == answered(b"POST / abc", b"POST /next ")


@virtually
async def test_callers_that_want_another_protocol_again_and_again_are_answered_in_this_one() -> None:
    caller = CallerEnd()
    caller.say(asking("/", "Connection: Upgrade", "Upgrade: websocket", body=b"abc") * 3)
    await settled()

    assert caller.heard == answered(b"POST / abc", b"POST / abc", b"POST / abc")


@pytest.mark.parametrize(("version", "kept"), [("1.1", "close"), ("1.0", "")], ids=["said", "by its version"])
@virtually
async def test_caller_that_wants_another_protocol_and_one_answer_gets_just_that(version: str, kept: str) -> None:
    caller = CallerEnd()
    caller.say(asking("/", f"Connection: Upgrade, {kept}", "Upgrade: websocket", version=version))
    await settled()

    assert caller.heard == OK + b"Content-Length: 7\r\nConnection: close\r\n\r\nPOST / "
    assert not caller.line.open


@pytest.mark.parametrize(
    ("begun", "word"), [(0, b"HTTP/1.1 100 Continue\r\n\r\n"), (1, b"")], ids=["waits", "does not wait"]
)
@virtually
async def test_caller_that_asks_before_it_sends_is_told_once_to_go_on(begun: int, word: bytes) -> None:
    caller = CallerEnd()
    said = asking("/", "Expect: 100-continue", body=b"abc")
    for piece in (said[: begun - 3], *(said[place:][:1] for place in range(len(said) + begun - 3, len(said)))):
        caller.say(piece)
        await settled()

    assert caller.heard == word + answered(b"POST / abc")


@virtually
async def test_what_follows_a_good_request_is_refused_after_its_answer() -> None:
    caller = CallerEnd()
    caller.say(asking("/one") + b"nonsense\r\n\r\n")
    await settled()

    assert caller.heard.startswith(answered(b"POST /one ") + b"HTTP/1.1 400 Bad Request\r\n")
    assert caller.line.ended


@pytest.mark.parametrize("endless", [b"1" * 4_096, b"0\r\n" + b"a" * 4_096], ids=["a chunk's size", "a trailer"])
@virtually
async def test_what_lies_between_pieces_of_a_body_is_bounded(endless: bytes) -> None:
    caller = CallerEnd()
    caller.say(asking("/", "Transfer-Encoding: chunked", body=b"1\r\na\r\n"), endless)
    for _ in range(20):
        caller.say(b"1" * 4_096)
    await settled()

    assert caller.line.ended


@pytest.mark.parametrize(("more", "status"), [(0, b"200"), (1, b"431")], ids=["up to the cap", "beyond it"])
@virtually
async def test_head_that_comes_byte_by_byte_has_the_same_cap(more: int, status: bytes) -> None:
    bare = len(asking("/", "X: "))
    said = asking("/", "X: " + "a" * (2_000 - bare + more))
    caller = CallerEnd(bounds=Bounds(header_bytes=2_000 - len(b"\r\n\r\n")))
    caller.say(*(said[place : place + 1] for place in range(len(said))))
    await settled()

    assert caller.heard.startswith(b"HTTP/1.1 " + status)


@virtually
async def test_slow_caller_of_a_long_answer_is_waited_for_while_it_takes_something() -> None:
    caller = CallerEnd(bounds=Bounds(idle_s=10.0))
    caller.say(asking())
    caller.stop_taking(1_000)
    for waits in (800, 500, 1):
        await after(8.0)
        caller.line.waits = waits
        await after(2.0)
        assert caller.line.open
    caller.take_all()
    caller.say(asking())
    await settled()

    assert caller.heard == answered(b"POST / ", b"POST / ")


@virtually
async def test_caller_that_takes_nothing_of_its_answer_is_let_go() -> None:
    caller = CallerEnd(bounds=Bounds(idle_s=10.0))
    caller.say(asking())
    caller.stop_taking(1_000)
    await after(10.1)

    assert not caller.line.open


@virtually
async def test_caller_that_takes_nothing_of_an_answer_that_goes_on_is_let_go_with_whoever_gives_it() -> None:
    ended = asyncio.Event()

    async def endless(request: Request) -> Stream:
        stream = request.begin(200, {})
        try:
            while True:
                await stream.write(b"more")
                await asyncio.sleep(1.0)  # noqa: TID251 - virtual time
        finally:
            ended.set()

    caller = CallerEnd(endless, bounds=Bounds(idle_s=10.0))
    caller.say(asking())
    await after(100.0)
    for _ in range(3):
        caller.stop_taking(1_000)
        await after(9.0)
        caller.take_all()
        await after(100.0)
    caller.stop_taking(1_000)
    await after(9.0)
    caller.line.waits = 900
    await after(10.0)
    kept_while_it_takes = caller.line.open
    await after(11.1)
    kept_longer = caller.line.open
    caller.leave()
    await settled()

    assert (kept_while_it_takes, kept_longer) == (True, False)
    assert ended.is_set()


@virtually
async def test_next_request_is_waited_for_as_long_as_is_allowed_and_no_longer() -> None:
    caller = CallerEnd(bounds=Bounds(idle_s=10.0, header_s=3.0))
    for _ in range(3):
        caller.say(asking())
        await after(9.9)
    assert caller.line.open

    await after(0.2)
    assert not caller.line.open


@virtually
async def test_next_request_that_has_begun_has_a_deadline_of_its_own() -> None:
    caller = CallerEnd(bounds=Bounds(idle_s=100.0, header_s=3.0))
    caller.say(asking())
    await settled()
    caller.say(b"POST / HTT")
    await after(2.9)
    caller.say(b"P/1.1\r\n")
    assert caller.line.open

    await after(0.2)
    assert b"HTTP/1.1 408 Request Timeout\r\n" in caller.heard


@virtually
async def test_empty_line_behind_a_request_is_not_taken_for_the_beginning_of_another() -> None:
    caller = CallerEnd(bounds=Bounds(idle_s=10.0, header_s=3.0))
    caller.say(asking())
    await settled()
    caller.say(b"\r\n")
    await after(9.0)
    caller.say(asking())
    await settled()

    assert caller.heard == answered(b"POST / ", b"POST / ")
