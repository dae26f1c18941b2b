"""The control API's server: guards first, then the route, then the handler; on the loop the manager runs on."""

import asyncio
import errno
import logging
from collections.abc import Awaitable, Iterable
from http import HTTPStatus
from pathlib import Path
from typing import Self

from aiohttp import web
from pydantic import BaseModel

from tui_failover.control import guards
from tui_failover.control.answer import Answer, failed
from tui_failover.control.change import OnChange, forget
from tui_failover.control.connection import Connection
from tui_failover.control.event_streams import EventStreams
from tui_failover.control.metrics import Metrics
from tui_failover.control.ports import Connect, DataPath
from tui_failover.control.problem import Problem, bad_request, not_found, refused, unusable
from tui_failover.control.reading import read_model, read_query
from tui_failover.control.route import Call, Found, Router
from tui_failover.control.services import Services
from tui_failover.control.settings import ControlSettings, Limits, Listen, host_names
from tui_failover.control.table import ROUTES
from tui_failover.control.tokens import Scope, Tokens
from tui_failover.core.errors import (
    BadQuery,
    EngineClosed,
    FailoverError,
    OrderRefused,
    SettingsError,
    UnknownAgent,
    UnknownProvider,
)
from tui_failover.engine.clock import LoopClock
from tui_failover.engine.manager import FailoverManager

_log = logging.getLogger("tui_failover.control")
_BACKLOG = 1024  # applications open many connections at once
_LAST_PORT = 65_535


class ControlRefused(FailoverError):
    """The control API does not start; the message is one sentence for the operator."""


class CannotListen(ControlRefused):
    """The address cannot be taken."""


class UnsafeListen(ControlRefused):
    """It would let strangers in."""


class ControlServer:
    """Serves the control API while its context is entered. Enter it inside the manager's own context and loop.

    Takes no signals, writes nothing to the terminal, and logs under "tui_failover.control".
    """

    def __init__(
        self,
        manager: FailoverManager,
        settings: ControlSettings | None = None,
        connect: Connect | None = None,
        on_change: OnChange = forget,
        folder: Path = Path(),
        data_path: DataPath | None = None,
    ) -> None:
        """Prepare; nothing is opened yet.

        Args:
            manager: a running manager.
            settings: where to listen, whom to let in; loopback and everybody on this machine where None.
            connect: reaches providers registered at run time; they are refused where None.
            on_change: told of every change before its answer is sent.
            folder: where key files named by relative paths are looked for.
            data_path: serves the paths it owns on the same port; None for the control API alone.
        """
        self._settings = settings or ControlSettings()
        self._manager = manager
        self._connect = connect
        self._on_change = on_change
        self._folder = folder
        self._data_path = data_path
        self._peers: set[Connection] = set()
        self._running: _Running | None = None

    async def __aenter__(self) -> Self:
        """Open the address.

        Raises:
            UnsafeListen: other machines could call without a token, or a token is unfit.
            CannotListen: the address is taken or is not ours.
        """
        settings = self._settings
        tokens = Tokens(settings.access)
        _check_safe(settings.listen, tokens)
        loop = asyncio.get_running_loop()
        clock = LoopClock(loop)
        streams = EventStreams(self._manager, clock, settings.limits)
        metrics = Metrics(self._manager, lambda: (streams.open, streams.dropped))
        services = Services(self._manager, self._connect, self._on_change, streams, metrics, self._folder, clock)
        desk = _Desk(services, settings, tokens, self._data_path)
        server = web.Server(desk.serve, handler_cancellation=True)
        socket = await _open(server, settings, self._peers)
        port = socket.sockets[0].getsockname()[1]
        desk.hosts = host_names(settings.listen, port, settings.access.hosts)
        services.address = f"http://{Listen(settings.listen.host, port)}"
        self._running = _Running(socket, server, services, desk)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Take no new connections, let requests under way finish for a limited time, and close."""
        running = self._here
        running.services.stopping = True
        running.socket.close()
        if self._data_path is not None:
            await self._data_path.drain()
        running.services.streams.close()
        running.server.pre_shutdown()
        await running.server.shutdown(self._settings.limits.stop_s)
        await running.desk.finish()
        self._running = None

    @property
    def port(self) -> int:
        """The port that is listened on."""
        port: int = self._here.socket.sockets[0].getsockname()[1]
        return port

    @property
    def address(self) -> str:
        """Where the API is: "http://host:port"."""
        return self._here.services.address

    def stop_taking(self) -> None:
        """Tell load balancers to send nothing more, while what is under way is finished."""
        self._here.services.stopping = True
        if self._data_path is not None:
            self._data_path.stop_taking()

    @property
    def _here(self) -> "_Running":
        if self._running is None:
            message = "the control API is not running: enter its context first"
            raise EngineClosed(message)
        return self._running


class _Running:
    """What exists only while the server runs."""

    def __init__(self, socket: asyncio.Server, server: web.Server, services: Services, desk: "_Desk") -> None:
        self.socket = socket
        self.server = server
        self.services = services
        self.desk = desk


def _check_safe(listen: Listen, tokens: Tokens) -> None:
    if not listen.loopback and not tokens.wanted:
        message = (
            f"{listen} can be reached from other machines, so the control API needs tokens: "
            "name some in the settings, or listen on 127.0.0.1"
        )
        raise UnsafeListen(message)
    faults = tokens.faults()
    if faults:
        message = f"the control API does not start: {'; '.join(faults)}"
        raise UnsafeListen(message)


async def _open(server: web.Server, settings: ControlSettings, peers: set[Connection]) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    listen = settings.listen
    no_address = f"the control API cannot listen on {listen}: this is no address"
    if not 0 <= listen.port <= _LAST_PORT:  # some loops would take what is left of the number in 16 bits
        raise CannotListen(no_address)
    try:
        return await loop.create_server(
            lambda: Connection(server, settings.limits, peers, loop), listen.host, listen.port, backlog=_BACKLOG
        )
    except OSError as error:
        reason = "another program listens there already" if error.errno == errno.EADDRINUSE else _why(error)
        message = f"the control API cannot listen on {listen}: {reason}; choose another address with --listen"
        raise CannotListen(message) from None
    except UnicodeError:
        raise CannotListen(no_address) from None


def _why(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()


class _Desk:
    """Takes every request from its headers to its answer.

    Attributes:
        hosts: every `Host` that is ours.
    """

    def __init__(
        self, services: Services, settings: ControlSettings, tokens: Tokens, data_path: DataPath | None
    ) -> None:
        self.hosts: frozenset[str] = frozenset()
        self._services = services
        self._origins = settings.access.origins
        self._limits: Limits = settings.limits
        self._tokens = tokens
        self._data_path = data_path
        self._router = Router(ROUTES)
        self._under_way: set[asyncio.Future[Answer | web.StreamResponse]] = set()

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """Return the answer; whatever goes wrong, it has the one shape."""
        connection = request.protocol
        assert isinstance(connection, Connection)  # noqa: S101 - the server makes no others
        connection.begun()
        content = request.content
        try:
            response = await self._way(request)
        except ConnectionError:
            raise
        except Exception as error:  # noqa: BLE001 - the outermost frame of a request
            response = failed(_problem_in(error, request))
        finally:
            connection.answered(content)
        unread = not content.is_eof()
        if (unread or response.headers.get("Connection") == "close") and not response.prepared:
            response.force_close()
        return response

    def _way(self, request: web.BaseRequest) -> Awaitable[web.StreamResponse]:
        """Return the answer on its way, for a request that may be answered at all."""
        guards.check_target(request)
        guards.check_host(request, self.hosts)
        guards.check_origin(request, self._origins)
        if self._data_path is not None and self._data_path.owns(request.raw_path):
            return self._data_path.serve(request, self._may_ask)
        return self._answer(request)

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        found = self._router.find(request.method, request.raw_path)
        scopes = self._tokens.check(request, found.route.scope)
        guards.check_kind(request)
        raw = await self._raw(request, found)
        asked = _asked(found, raw)
        call = Call(self._services, request, found.path, asked, raw, scopes)
        work = found.route.handler(call)
        answer = await (self._seen_through(work) if found.route.scope is Scope.WRITE else work)
        return answer if isinstance(answer, web.StreamResponse) else answer.response()

    def _may_ask(self, presented: Iterable[bytes]) -> bool:
        return not self._tokens.wanted or any(Scope.USE in self._tokens.allowed(token) for token in presented)

    async def _seen_through(self, work: Awaitable[Answer | web.StreamResponse]) -> Answer | web.StreamResponse:
        """Carry a change out to its end although its caller leaves half-way."""
        task = asyncio.ensure_future(work)
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    def _ended(self, task: "asyncio.Future[Answer | web.StreamResponse]") -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # told to the caller, if there still is one

    async def finish(self) -> None:
        """Wait for the changes under way, for a limited time."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=self._limits.stop_s)

    async def _raw(self, request: web.BaseRequest, found: Found) -> dict[str, object]:
        """Return what was sent beside the path, the way the route takes it; the other way must be empty."""
        query = read_query(request.raw_path.partition("?")[2])
        if query and found.route.query is None:
            message = "this path takes no query parameters"
            raise bad_request(message, "bad-query")
        limits = self._limits
        most = limits.query_bytes if found.route.scope is Scope.USE else limits.body_bytes
        body = await guards.read_body(request, most, limits.body_s)
        if found.route.body is None:
            if body:
                message = "this method takes no body here"
                raise bad_request(message, "bad-body")
            return query
        guards.check_shape(body, limits.depth)
        return guards.parse_object(body)


def _asked(found: Found, raw: dict[str, object]) -> BaseModel | None:
    if found.route.body is not None:
        return read_model(found.route.body, raw)
    if found.route.query is not None:
        return read_model(found.route.query, raw, HTTPStatus.BAD_REQUEST)
    return None


def _problem_in(error: Exception, request: web.BaseRequest) -> Problem:
    """Return what the caller is told of an error that ended its request."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, FailoverError):
        return _told(error)
    # What was sent stays out of the log: it may hold anything.
    _log.error("%s: a fault of ours", request.method if request.method.isascii() else "a request", exc_info=error)
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "a fault of ours; the log names it")


def _told(error: FailoverError) -> Problem:
    """Return the answer to what the manager refused; each is told where it is raised, this is what is left."""
    match error:
        case UnknownAgent() | UnknownProvider():
            return not_found(str(error))
        case OrderRefused():
            return refused(str(error))
        case SettingsError() | BadQuery():
            return unusable("; ".join(error.problems))
        case EngineClosed():
            return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "stopping", "the failover manager is stopping")
        case _:
            return unusable(str(error))
