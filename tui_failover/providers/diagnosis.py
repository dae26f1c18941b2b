"""From an exception or a stream gone wrong to the `Failure` that the engine reads."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec import Struct

from tui_failover.core.copying import replace
from tui_failover.core.outcome import Failure, FailureKind
from tui_failover.core.text import scrub
from tui_failover.providers.recognition import Evidence, Seen, Stage, recognise
from tui_failover.providers.redaction import redact
from tui_failover.wire.delta import ErrorShape
from tui_failover.wire.error_body import read_error_body
from tui_failover.wire.retry_after import may_retry, regain_wait_s, retry_after_s, stated_wait_s

_MOST_QUOTED = 4_000  # characters of a sentence that are looked at; far more than a line shows
_DEEPEST = 20  # links of a chain of causes; longer ones are loops
_FURTHER: frozenset[str] = frozenset({Seen.FURTHER_CALL})
_NO_CAUSES: frozenset[str] = frozenset()
_WAITS_FOR_LIMITS = frozenset({FailureKind.RATE_LIMITED, FailureKind.QUOTA})


class HttpFacts(Struct, frozen=True):
    """What an HTTP answer carries besides its body.

    Attributes:
        status: the status.
        headers: with lower-case names; one sent twice is joined with ", ".
    """

    status: int
    headers: Mapping[str, str]


class Diagnostician(Struct, frozen=True):
    """Turns what happened into a `Failure`, with the provider's secrets taken out of its words.

    Attributes:
        secrets: returns what must not appear in a reason.
        now_utc: returns Unix time, for dates in headers of answers that carry no date.
    """

    secrets: Callable[[], tuple[str, ...]]
    now_utc: Callable[[], float]

    def of_exception(self, error: BaseException, stage: Stage, facts: HttpFacts | None = None) -> Failure:
        """Return the failure an exception of an SDK or of its transport stands for."""
        facts = _facts_of(error) or facts
        chain = list(_chain(error))
        evidence = Evidence(
            stage=stage,
            status=None if facts is None else facts.status,
            error=_body_of(error),
            causes=frozenset(name for link in chain for name in _names(link)),
            text=" ".join(str(link) for link in chain)[:_MOST_QUOTED],
        )
        return self._failure(evidence, facts, type(error).__name__)

    def of_sight(
        self, seen: Seen, stage: Stage, facts: HttpFacts | None = None, error: ErrorShape | None = None
    ) -> Failure:
        """Return the failure for what no library reports."""
        status = None if facts is None else facts.status
        evidence = Evidence(stage, status, error or ErrorShape(), frozenset({seen}))
        return self._failure(evidence, facts)

    def of_refusal(self, facts: HttpFacts, body: str, *, further_call: bool = False) -> Failure:
        """Return the failure an answer stands for whose status is not of the 2xx.

        Args:
            facts: the answer's head.
            body: what it said.
            further_call: not every provider of the dialect offers what was called.
        """
        causes = _FURTHER if further_call else _NO_CAUSES
        error = read_error_body(body) if body else ErrorShape()
        evidence = Evidence(Stage.SENDING, facts.status, error, causes)
        return self._failure(evidence, facts)

    def hidden(self, text: str) -> str:
        """Return `text` without the provider's secrets."""
        return redact(text, self.secrets())

    def _failure(self, evidence: Evidence, facts: HttpFacts | None, unforeseen: str = "") -> Failure:
        evidence = replace(evidence, error=_shortened(evidence.error))
        rule = recognise(evidence)
        headers = {} if facts is None else facts.headers
        sentence = unforeseen if rule.id == "local.unforeseen" else _quotable(evidence.error)
        said = rule.words if not sentence else f"{rule.words}: {sentence}"
        refused = evidence.status is not None and evidence.status >= 300
        line = f"{evidence.status} {said}" if refused else said
        return Failure(
            kind=rule.kind,
            reason=self._clean(line),
            rule=rule.id,
            status=evidence.status,
            retry_after_s=_wait_s(rule.kind, evidence.error.message, headers, self.now_utc()),
            may_retry_here=may_retry(headers),
        )

    def _clean(self, line: str) -> str:
        # Scrubbing may join what invisible characters kept apart: look for secrets on both sides of it.
        secrets = self.secrets()
        # A reason becomes part of other sentences, so it ends without a full stop.
        return redact(scrub(redact(line, secrets)), secrets).rstrip(".")


def _wait_s(kind: FailureKind, message: str, headers: Mapping[str, str], now_utc: float) -> float | None:
    # The resets of rate limits come with every answer; only a refusal for rate or quota is about them.
    wait = (retry_after_s if kind in _WAITS_FOR_LIMITS else stated_wait_s)(headers, now_utc)
    if wait is None and kind is FailureKind.QUOTA:
        return regain_wait_s(message, headers, now_utc)
    return wait


def _shortened(error: ErrorShape) -> ErrorShape:
    # The patterns of the table take time that grows with the square of a hostile sentence.
    return replace(error, message=error.message[:_MOST_QUOTED])


def _quotable(error: ErrorShape) -> str:
    sentence = error.message
    looks_html = error.html or "<html" in sentence.lower() or "<!doctype" in sentence.lower()
    return "" if looks_html else sentence or error.code or error.type


def _chain(error: BaseException) -> Iterator[BaseException]:
    waiting, seen = [error], 0
    while waiting and seen < _DEEPEST:
        link = waiting.pop(0)
        seen += 1
        yield link
        if isinstance(link, BaseExceptionGroup):
            waiting += link.exceptions
        # The transport hides the system's error behind `raise ... from None`; it is in the context all the same.
        before = link.__cause__ or link.__context__
        waiting += [] if before is None else [before]


def _names(error: BaseException) -> Iterator[str]:
    return (ancestor.__name__ for ancestor in type(error).__mro__)


def _facts_of(error: BaseException) -> HttpFacts | None:
    response = getattr(error, "response", None)
    status, headers = getattr(response, "status_code", None), getattr(response, "headers", None)
    if not isinstance(status, int) or headers is None:
        return None
    return HttpFacts(status, lower_headers(headers.multi_items()))


def lower_headers(items: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return headers by lower-case name, those sent twice joined with ", " (RFC 9110, 5.2)."""
    joined: dict[str, str] = {}
    for name, text in items:
        key = name.lower()
        joined[key] = f"{joined[key]}, {text}" if key in joined else text
    return joined


def _body_of(error: BaseException) -> ErrorShape:
    response = getattr(error, "response", None)
    try:
        text = getattr(response, "text", "")
    except RuntimeError:  # the body was never read, so it says nothing
        return ErrorShape()
    return read_error_body(text) if isinstance(text, str) and text else ErrorShape()
