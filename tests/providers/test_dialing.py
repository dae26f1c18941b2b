"""How connections are opened: whom a name stands for, which of its addresses answers, and who may be trusted."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trustme

from tui_failover.providers.dialing import ConnectTimeout, Dialer, NotConnected, system_trust

HOST = "provider.example"


class Named(asyncio.SelectorEventLoop):
    """A loop on which the one name stands for given addresses.

    Attributes:
        ports: where it is, on this machine, in order; none where the name is not known.
        asked: how often.
        answers: whether the resolver does at all.
        later_s: what time is ahead of the clock.
    """

    def __init__(self, *ports: int) -> None:
        super().__init__()
        self.ports = list(ports)
        self.asked = 0
        self.answers = True
        self.later_s = 0.0

    def time(self) -> float:
        return super().time() + self.later_s

    async def getaddrinfo(self, host: Any, port: Any, **_: Any) -> Any:
        assert host == HOST
        self.asked += 1
        await asyncio.sleep(0)  # noqa: TID251 - others ask meanwhile
        if not self.answers:
            await asyncio.Event().wait()
        if not self.ports:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", one)) for one in self.ports]


def on(loop: Named, main: Coroutine[Any, Any, None]) -> None:
    """Run a test on that loop."""
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(main)


@asynccontextmanager
async def listening(trust: ssl.SSLContext | None = None) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Listen; yield the port, and what comes."""
    came: list[bytes] = []

    class Keeping(asyncio.Protocol):
        def data_received(self, data: bytes) -> None:
            came.append(data)

    server = await asyncio.get_running_loop().create_server(Keeping, "127.0.0.1", 0, ssl=trust)
    async with server:
        yield server.sockets[0].getsockname()[1], came


def closed_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as plug:
        plug.bind(("127.0.0.1", 0))
        port: int = plug.getsockname()[1]
        return port


class Line(asyncio.Protocol):
    """A connection that closes itself where a test is done with it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport


async def dialled(dialer: Dialer, within_s: float = 5.0) -> Line:
    """Open a connection and close it."""
    line = await dialer.dial(Line, within_s)
    line.transport.close()
    return line


def test_many_who_dial_at_once_ask_the_resolver_once() -> None:
    loop = Named()

    async def many() -> None:
        async with listening() as (port, _):
            loop.ports = [port]
            dialer = Dialer(HOST, port)
            await asyncio.gather(*(dialled(dialer) for _ in range(20)))
            await dialled(dialer)

    on(loop, many())
    assert loop.asked == 1


def test_nobody_is_connected_to_where_certificates_cannot_be_checked() -> None:
    loop = Named()

    def broken() -> ssl.SSLContext:
        message = "no authorities"
        raise ssl.SSLError(message)

    async def once() -> None:
        async with listening() as (port, _):
            loop.ports = [port]
            with pytest.raises(NotConnected):
                await dialled(Dialer(HOST, port, broken))

    on(loop, once())
    assert loop.asked == 0


def test_addresses_are_believed_for_a_while_and_no_longer() -> None:
    loop = Named()

    async def later() -> None:
        async with listening() as (port, _):
            loop.ports = [port]
            dialer = Dialer(HOST, port)
            await dialled(dialer)
            loop.later_s += 11.0
            await dialled(dialer)

    on(loop, later())
    assert loop.asked == 2


def test_name_that_is_not_known_is_asked_for_again_the_next_time() -> None:
    loop = Named()

    async def twice() -> None:
        async with listening() as (port, _):
            dialer = Dialer(HOST, port)
            with pytest.raises(NotConnected) as caught:
                await dialled(dialer)
            assert isinstance(caught.value.__cause__, socket.gaierror)

            loop.ports = [port]
            await dialled(dialer)

    on(loop, twice())


def test_address_that_answers_is_found_behind_one_that_does_not() -> None:
    loop = Named()

    async def second() -> None:
        async with listening() as (port, _):
            loop.ports = [closed_port(), port]
            await dialled(Dialer(HOST, port))

    on(loop, second())


def test_host_that_refuses_is_told_as_that() -> None:
    loop = Named(closed_port())

    async def refused() -> None:
        with pytest.raises(NotConnected) as caught:
            await dialled(Dialer(HOST, 1))
        assert isinstance(caught.value.__cause__, ConnectionRefusedError)

    on(loop, refused())


def test_resolver_that_does_not_answer_is_given_up_in_time_and_by_nobody_else() -> None:
    loop = Named()
    loop.answers = False

    async def waiting() -> None:
        dialer = Dialer(HOST, 1)
        patient = asyncio.ensure_future(dialled(dialer, 60.0))
        with pytest.raises(ConnectTimeout):
            await dialled(dialer, 0.01)
        assert not patient.done()
        patient.cancel()

    on(loop, waiting())
    assert loop.asked == 1


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Somebody who vouches for servers, and whom this system does not know."""
    return trustme.CA()


def server_of(authority: trustme.CA, name: str) -> ssl.SSLContext:
    """Return what a server needs to show that it has that name."""
    shown = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(shown)
    return shown


def believing(authority: trustme.CA) -> ssl.SSLContext:
    """Return what believes that authority, and is as strict as ever."""
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    return trust


def test_server_that_somebody_trusted_vouches_for_is_connected_to(authority: trustme.CA) -> None:
    loop = Named()

    async def trusted() -> None:
        async with listening(server_of(authority, HOST)) as (port, _):
            loop.ports = [port]
            await dialled(Dialer(HOST, port, lambda: believing(authority)))

    on(loop, trusted())


@pytest.mark.parametrize("flaw", ["another name", "nobody trusted vouches for it"])
def test_server_that_may_be_somebody_else_is_told_nothing(flaw: str, authority: trustme.CA) -> None:
    loop = Named()
    other = flaw == "another name"
    trust = (lambda: believing(authority)) if other else system_trust

    async def distrusted() -> None:
        async with listening(server_of(authority, "other.example" if other else HOST)) as (port, came):
            loop.ports = [port]
            with pytest.raises(NotConnected) as caught:
                await dialled(Dialer(HOST, port, trust))
            assert isinstance(caught.value.__cause__, ssl.SSLCertVerificationError)
            assert came == []

    on(loop, distrusted())
