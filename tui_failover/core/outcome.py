"""How one attempt ended. A failure is a value; nothing here is raised."""

from enum import StrEnum

from msgspec import Struct

from tui_failover.core.query import Reply, Usage


class FailureKind(StrEnum):
    """The cause of a failed attempt; what each one leads to stands in `core.failure.POLICY`."""

    CONNECT = "connect"
    CONNECT_TIMEOUT = "connect-timeout"
    SILENT = "silent"
    SERVER = "server"
    OVERLOADED = "overloaded"
    RATE_LIMITED = "rate-limited"
    QUOTA = "quota"
    AUTH = "auth"
    MODEL_MISSING = "model-missing"
    DIALECT = "dialect"
    CONTEXT_LENGTH = "context-length"
    CONTENT_POLICY = "content-policy"
    CALLER_FAULT = "caller-fault"
    CONFLICT = "conflict"
    STREAM_BROKEN = "stream-broken"
    LOCAL = "local"


class Failure(Struct, frozen=True):
    """Why an attempt failed.

    Attributes:
        kind: the cause, as the policy table knows it.
        reason: one scrubbed line for people ("429 rate limited: Rate limit reached for requests").
        rule: id of the recognition rule that decided the kind ("openai.429.insufficient_quota").
        status: the HTTP status, where there was one.
        retry_after_s: seconds the provider asked to be left alone; None where it did not say.
        may_retry_here: False where the provider said `x-should-retry: false`.
    """

    kind: FailureKind
    reason: str
    rule: str = ""
    status: int | None = None
    retry_after_s: float | None = None
    may_retry_here: bool = True


class Answered(Struct, frozen=True):
    """The provider answered.

    Attributes:
        reply: the answer; for a probe that closed the stream at first content it is what had come by then.
        first_content_s: seconds from sending to the first content.
        elapsed_s: seconds from sending to the end.
    """

    reply: Reply
    first_content_s: float
    elapsed_s: float


class Failed(Struct, frozen=True):
    """The attempt failed.

    Attributes:
        failure: why.
        elapsed_s: seconds from sending to the failure.
        usage: tokens spent all the same, where known.
    """

    failure: Failure
    elapsed_s: float
    usage: Usage | None = None


class Cancelled(Struct, frozen=True):
    """The caller went away; nobody's fault."""

    elapsed_s: float


Outcome = Answered | Failed | Cancelled
