"""One rehearsed provider: its port, its normal behaviour, the fault it plays, and what it was asked."""

import asyncio
import json
from collections import deque
from collections.abc import Iterator, Mapping

from msgspec import Struct

from tui_failover.core.ports import Clock, Rng
from tui_failover.core.spec import Dialect
from tui_failover.rehearsal.anthropic_dialect import AnthropicVoice
from tui_failover.rehearsal.connection import Connection
from tui_failover.rehearsal.faults import BadFault, Fault, Odd, Oddity, parse
from tui_failover.rehearsal.http1 import Request
from tui_failover.rehearsal.listener import Listener
from tui_failover.rehearsal.openai_dialect import OpenAiVoice
from tui_failover.rehearsal.pace import Pace
from tui_failover.rehearsal.phrases import pick, pieces_of, tokens_in, words_for
from tui_failover.rehearsal.problems import Problem
from tui_failover.rehearsal.responses_api import ResponsesVoice
from tui_failover.rehearsal.resuming import Resuming, resumed
from tui_failover.rehearsal.script import Asked, Exchange, Step, perform
from tui_failover.rehearsal.voice import Answer, Page, Stamp, Voice

REQUESTS_KEPT = 200
CONNECTIONS_MOST = 256

_VOICES: Mapping[Dialect, Voice] = {Dialect.OPENAI: OpenAiVoice(), Dialect.ANTHROPIC: AnthropicVoice()}
_RESPONSES = ResponsesVoice()
_BASE_PATH = {Dialect.OPENAI: "/v1", Dialect.ANTHROPIC: ""}
_MESSAGE_ID = {Dialect.OPENAI: ("chatcmpl-", 29), Dialect.ANTHROPIC: ("msg_01", 22)}
_RESPONSE_ID = ("resp_", 48)
_REQUEST_ID = {Dialect.OPENAI: ("req_", 32), Dialect.ANTHROPIC: ("req_011C", 20)}
_LETTERS = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_LIMITS = ("max_completion_tokens", "max_tokens", "max_output_tokens")
_SECRET_HEADERS = frozenset({"authorization", "x-api-key", "cookie", "proxy-authorization"})
_REFUSE = Odd(Oddity.REFUSE)
_RESET = Odd(Oddity.RESET)


class Received(Struct, frozen=True):
    """A request as it came, without its key.

    Attributes:
        body: the JSON object sent; None where there was none.
        at: monotonic seconds.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: Mapping[str, object] | None
    at: float


class Character(Struct, frozen=True):
    """What a rehearsed provider is.

    Attributes:
        name: for people.
        dialect: the protocol it speaks.
        model: the only model it knows; another is answered with 404.
        pace: how fast it normally is.
        key: the only key it takes; None takes any, or none.
        says: always this answer; None picks sentences.
    """

    name: str
    dialect: Dialect
    model: str
    pace: Pace
    key: str | None = None
    says: str | None = None

    def __repr__(self) -> str:
        return f"Character({self.name!r}, {self.dialect.value}, {self.model!r})"


class RehearsedProvider:
    """A provider on loopback that answers like the real one until it is told to play a fault.

    All methods belong to the loop the provider was added on.
    """

    def __init__(self, character: Character, clock: Clock, rng: Rng, tasks: asyncio.TaskGroup) -> None:
        self.clock = clock
        self.tasks = tasks
        self._character = character
        self._rng = rng
        self._voice = _VOICES[character.dialect]
        self._received: deque[Received] = deque(maxlen=REQUESTS_KEPT)
        self._connections: set[Connection] = set()
        self._hits = 0
        self._accepted = 0
        self._fault: Fault | None = None
        self._times: int | None = None
        self._share = 1.0
        self._resuming = Resuming.REPEATS
        self._closed = False
        self._listener = Listener(tasks, lambda: Connection(self))
        self._listener.listen()

    @property
    def name(self) -> str:
        """What the provider is called."""
        return self._character.name

    @property
    def model(self) -> str:
        """The model it knows."""
        return self._character.model

    @property
    def base_url(self) -> str:
        """What the vendor's SDK takes as `base_url`."""
        return f"http://127.0.0.1:{self._listener.port}{_BASE_PATH[self._character.dialect]}"

    @property
    def fault(self) -> Fault | None:
        """What it plays at present; None while it is calm."""
        return self._fault

    @property
    def requests(self) -> tuple[Received, ...]:
        """The newest requests, oldest first; older ones are forgotten."""
        return tuple(self._received)

    @property
    def hits(self) -> int:
        """Requests received in all."""
        return self._hits

    @property
    def accepted(self) -> int:
        """Connections accepted in all."""
        return self._accepted

    @property
    def open_connections(self) -> int:
        """Connections open now."""
        return len(self._connections)

    def play(self, fault: Fault | str, times: int | None = None, share: float = 1.0) -> None:
        """Play `fault` from now on, instead of what was played before.

        Args:
            fault: the fault or its spelling.
            times: for so many requests (`reset`: connections), then calm; None until `calm`.
            share: of the requests, by chance; the others are answered normally and not counted.

        Raises:
            BadFault: there is no such fault, or it cannot be played that way.
        """
        wanted = parse(fault) if isinstance(fault, str) else fault
        if not 0 < share <= 1 or (times is not None and times < 1):
            msg = f"{wanted}: needs a share above 0 and up to 1, and times of 1 or more"
            raise BadFault(msg)
        if wanted == _REFUSE and (times is not None or share < 1):
            msg = "refuse closes the listener, so it can be neither counted nor shared"
            raise BadFault(msg)
        self._fault, self._times, self._share = wanted, times, share
        if wanted == _REFUSE:
            self._listener.refuse()
            for connection in tuple(self._connections):
                connection.reset()
        else:
            self._listener.listen()

    def resume(self, way: Resuming) -> None:
        """Go on in this way with answers that broke off elsewhere."""
        self._resuming = way

    def calm(self) -> None:
        """Answer normally from now on; answers under way go on as they began."""
        self._fault, self._times, self._share = None, None, 1.0
        self._listener.listen()

    async def close(self) -> None:
        """Give back the port and drop every connection."""
        self._closed = True
        self._listener.close()
        for connection in tuple(self._connections):
            await connection.end()

    def admit(self, connection: Connection) -> bool:
        """Take note of a new connection; False resets it."""
        self._accepted += 1
        self._connections.add(connection)
        if self._closed or len(self._connections) > CONNECTIONS_MOST:
            return False  # closed: the kernel had accepted it before, and it is told only now
        return self._fault != _RESET or self._due() is None

    def forget(self, connection: Connection) -> None:
        """Take note that the connection has ended."""
        self._connections.discard(connection)

    def reply(self, request: Request) -> Iterator[Step]:
        """Return the steps of the answer to `request`, and take note of it."""
        body = _object_in(request.body)
        headers = {name: value for name, value in request.headers.items() if name not in _SECRET_HEADERS}
        self._hits += 1
        now = self.clock.now()
        self._received.append(Received(request.method, request.path, headers, body, now.mono))
        return perform(self._due(), self._exchange(request, body or {}, now.utc))

    def _due(self) -> Fault | None:
        """Return the fault of this request, counting it."""
        fault = self._fault
        if fault is None or (self._share < 1 and self._rng.uniform(0, 1) >= self._share):
            return None
        if self._times is not None:
            self._times -= 1
            if self._times == 0:
                self.calm()
        return fault

    def _exchange(self, request: Request, body: Mapping[str, object], utc: float) -> Exchange:
        voice = _RESPONSES if self._for_responses(request) else self._voice
        form = _RESPONSE_ID if voice is _RESPONSES else _MESSAGE_ID[self._character.dialect]
        answer = self._answer(body, self._id(form), utc)
        stamp = Stamp(self._id(_REQUEST_ID[self._character.dialect]), utc, self.model)
        asked = Asked.STREAM if body.get("stream") is True else Asked.WHOLE
        if request.path == "/v1/models":
            asked = Asked.MODELS
        pace, rng = self._character.pace, self._rng
        pauses = () if asked is Asked.MODELS else tuple(pace.next_wait(rng) for _ in answer.pieces[1:])
        refusal = self._refusal(request, body, voice, stamp)
        return Exchange(voice, stamp, asked, answer, pace.first_wait(rng), pauses, refusal)

    def _for_responses(self, request: Request) -> bool:
        return self._character.dialect is Dialect.OPENAI and request.path == _RESPONSES.chat_path

    def _refusal(self, request: Request, body: Mapping[str, object], voice: Voice, stamp: Stamp) -> Page | None:
        """Return what the real provider would refuse this request with, in the order it looks."""
        problem = self._key_problem(request.headers)
        if problem is not None:
            return voice.problem(problem, stamp)
        match request.method, request.path:
            case "GET", "/v1/models":
                return None
            case "POST", path if path == voice.chat_path:
                if not body:
                    return voice.problem(Problem.BAD_REQUEST, stamp)
                return voice.fault_of_request(body, request.headers, stamp)
            case method, path:
                return voice.no_such_path(method, path, stamp)

    def _key_problem(self, headers: Mapping[str, str]) -> Problem | None:
        """Both vendors' SDKs send the key as a bearer; older Anthropic clients send `x-api-key`."""
        if self._character.key is None:
            return None
        given = headers.get("authorization", "").removeprefix("Bearer ") or headers.get("x-api-key")
        if not given:
            return Problem.NO_KEY
        return None if given == self._character.key else Problem.WRONG_KEY

    def _answer(self, body: Mapping[str, object], identity: str, utc: float) -> Answer:
        question = _question(body)
        says, pace = self._character.says, self._character.pace
        if says is None:
            pieces = words_for(question, pace.length(self._rng), self._rng)
        else:
            pieces = pieces_of(resumed(says, body, self._resuming))
        most = next((body[name] for name in _LIMITS if name in body), None)
        kept = pieces[:most] if isinstance(most, int) and most > 0 else pieces
        options = body.get("stream_options")
        return Answer(
            id=identity,
            model=self.model,
            created=int(utc),
            pieces=kept,
            input_tokens=tokens_in(question) + 7,
            cut_short=len(kept) < len(pieces),
            with_usage=isinstance(options, dict) and options.get("include_usage") is True,
        )

    def _id(self, form: tuple[str, int]) -> str:
        prefix, length = form
        return prefix + "".join(_LETTERS[pick(self._rng, len(_LETTERS))] for _ in range(length))


def _object_in(body: bytes) -> Mapping[str, object] | None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _question(body: Mapping[str, object]) -> str:
    """Return the text of the last message, whichever form its content has."""
    messages = body.get("messages", body.get("input"))
    if isinstance(messages, str):
        return messages
    last = messages[-1] if isinstance(messages, list) and messages else None
    content = last.get("content") if isinstance(last, dict) else None
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return " ".join(str(part.get("text", "")) for part in parts if isinstance(part, dict))
