"""What went wrong: one table, read from the top; the first row that matches decides.

Codes and details come before the status: the same 429 may mean "wait two seconds" or "no money until next month",
and a spend limit may arrive as a 400. The id of the row is kept with the failure, so that a verdict can be traced.
"""

import re
from enum import StrEnum

from msgspec import Struct, field

from tui_failover.core.outcome import FailureKind
from tui_failover.wire.delta import ErrorShape


class Stage(StrEnum):
    """How far an attempt had come: no answer yet, an answer without content, content."""

    SENDING = "sending"
    ANSWERING = "answering"
    TALKING = "talking"


class Seen(StrEnum):
    """What we see ourselves and no library reports; stands among the causes like the name of an exception."""

    NO_KEY = "no key"
    SILENT = "first-content limit passed"
    STALLED = "progress limit passed"
    TOO_LONG = "total limit passed"
    ENDLESS = "more than any answer holds"
    NO_END_MARK = "ended without its mark"
    EMPTY = "nothing in it"
    PAGE = "page for people"
    NO_ANSWER = "neither answer nor error"
    NOTHING_SAID = "ended properly without content"
    MALFORMED = "dialect broken"
    ERROR_INSIDE = "error inside a 2xx"
    UNEXPECTED = "expected text missing"
    FURTHER_CALL = "a call that not every provider of the dialect offers"


class Evidence(Struct, frozen=True):
    """What is known about a failed attempt.

    Attributes:
        stage: how far it had come.
        status: the HTTP status, where there was one.
        error: what the provider said, where it said anything.
        causes: what we saw, or the class names of the exception and of everything it came from.
        text: what the exceptions say; only matched against, never shown.
    """

    stage: Stage
    status: int | None = None
    error: ErrorShape = field(default_factory=ErrorShape)
    causes: frozenset[str] = frozenset()
    text: str = ""

    @property
    def effective_status(self) -> int | None:
        """The status, or the one that an error inside a 2xx gives as its code: relays pass the original on so."""
        code = self.error.code
        inside = self.status is not None and self.status < 300
        return int(code) if inside and re.fullmatch("[45][0-9]{2}", code) else self.status


class Rule(Struct, frozen=True):
    """One row: every criterion it gives must hold.

    Attributes:
        id: shown beside the failure.
        kind: the verdict.
        words: the cause for people; the provider's own sentence follows it.
        statuses: HTTP statuses, one of them.
        codes: words, one of which is the error's type, code or detail.
        says: found in the provider's sentence or, in rows on causes, in the exceptions' text.
        causes: one of them among the evidence's causes.
        stage: how far the attempt had come.
        html: the body was a page for people.
    """

    id: str
    kind: FailureKind
    words: str
    statuses: frozenset[int] = frozenset()
    codes: frozenset[str] = frozenset()
    says: re.Pattern[str] | None = None
    causes: frozenset[str] = frozenset()
    stage: Stage | None = None
    html: bool = False

    def matches(self, evidence: Evidence) -> bool:
        """Tell whether every criterion of the row holds."""
        error = evidence.error
        named = {error.type.lower(), error.code.lower(), error.detail.lower()}
        sentence = evidence.text if self.causes else error.message
        return (
            (not self.statuses or evidence.effective_status in self.statuses)
            and (not self.codes or bool(self.codes & named))
            and (not self.causes or bool(self.causes & evidence.causes))
            and self.stage in {None, evidence.stage}
            and (error.html or not self.html)
            and (self.says is None or self.says.search(sentence) is not None)
        )


def recognise(evidence: Evidence) -> Rule:
    """Return the row that decides; the last one matches everything."""
    return next(rule for rule in RULES if rule.matches(evidence))


def _of(*values: str) -> frozenset[str]:
    return frozenset(values)


def _re(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


_K = FailureKind
_SENDING, _ANSWERING, _TALKING = Stage
_REFUSED = frozenset({400, 403, 422})
_INFORMAL = frozenset(range(300))
_REDIRECT = frozenset(range(300, 400))
_CLIENT = frozenset(range(400, 500))
_CUT = _of(
    "ReadError",
    "WriteError",
    "CloseError",
    "RemoteProtocolError",
    "ConnectionError",
)

# fmt: off
# A table is read by its rows.
RULES: tuple[Rule, ...] = (
    # Content had come. Whatever ended it, the caller holds a part of an answer; that is the fact that matters.
    Rule("stream.error-event", _K.STREAM_BROKEN, "broke off with an error", stage=_TALKING,
         causes=_of(Seen.ERROR_INSIDE)),
    Rule("stream.stalled", _K.STREAM_BROKEN, "stalled in the middle", stage=_TALKING, causes=_of(Seen.STALLED)),
    Rule("stream.too-long", _K.STREAM_BROKEN, "did not end in time", stage=_TALKING, causes=_of(Seen.TOO_LONG)),
    Rule("stream.endless", _K.STREAM_BROKEN, "did not come to an end", stage=_TALKING, causes=_of(Seen.ENDLESS)),
    Rule("stream.no-end-mark", _K.STREAM_BROKEN, "ended without its end mark", stage=_TALKING,
         causes=_of(Seen.NO_END_MARK)),
    Rule("stream.malformed", _K.STREAM_BROKEN, "broke the dialect in the middle", stage=_TALKING,
         causes=_of(Seen.MALFORMED)),
    Rule("stream.cut", _K.STREAM_BROKEN, "was cut off in the middle", causes=_CUT, stage=_TALKING),
    Rule("stream.other", _K.STREAM_BROKEN, "broke off in the middle", stage=_TALKING),
    # Money: under four statuses and a dozen names.
    Rule("quota.code", _K.QUOTA, "quota exhausted", codes=_of(
        "insufficient_quota", "enforced_spend_limit_reached", "billing_error", "billing_not_active",
        "billing_hard_limit_reached", "insufficient_balance", "insufficient_credits", "credit_balance_too_low",
        "quota_exceeded", "spend_limit_reached", "spend_limit_exceeded", "payment_required",
    )),
    Rule("quota.402", _K.QUOTA, "payment required", statuses=frozenset({402})),
    Rule("quota.sentence", _K.QUOTA, "quota exhausted", statuses=frozenset({400, 403, 429}), says=_re(
        r"credit balance is too low", r"(spend|usage|billing)( hard)? limits?\b.*\b(reach|exceed|regain)",
        r"(reach|exceed)\w*\b.*\b(spend|usage|billing)( hard)? limits?\b", r"exceeded your current quota",
        r"insufficient (credits?|balance|funds|quota)",
    )),
    # The question itself.
    Rule("policy.code", _K.CONTENT_POLICY, "refused by the content policy", codes=_of(
        "content_policy_violation", "content_filter", "content_policy", "responsibleaipolicyviolation",
        "moderation_blocked", "safety_violation",
    )),
    Rule("policy.sentence", _K.CONTENT_POLICY, "refused by the content policy", statuses=_REFUSED, says=_re(
        r"content (management |filtering |filter )?policy",
        r"(flagged|blocked).*\b(usage|safety|policy|moderation)",
        r"safety system", r"violat\w+ .*\b(usage|content) polic", r"output blocked by content filtering",
    )),
    Rule("context.code", _K.CONTEXT_LENGTH, "too long for the model", codes=_of(
        "context_length_exceeded", "request_too_large", "string_above_max_length", "model_context_window_exceeded",
    )),
    Rule("context.413", _K.CONTEXT_LENGTH, "request too large", statuses=frozenset({413})),
    Rule("context.sentence", _K.CONTEXT_LENGTH, "too long for the model", statuses=frozenset({400, 422}), says=_re(
        r"(prompt|input|request) is too (long|large)", r"maximum context length", r"context (window|length|size)",
        r"exceeds? .*\b(token|context) limit", r"input length and .?max_tokens.? exceed",
    )),
    # The key and the model.
    Rule("auth.code", _K.AUTH, "key refused", codes=_of(
        "invalid_api_key", "authentication_error", "invalid_authentication", "account_deactivated",
        "incorrect_api_key", "permission_error", "permission_denied", "unsupported_country_region_territory",
    )),
    Rule("auth.401", _K.AUTH, "key refused", statuses=frozenset({401})),
    Rule("model.code", _K.MODEL_MISSING, "model not available", codes=_of(
        "model_not_found", "not_found_error", "deploymentnotfound", "model_not_available", "model_deprecated",
        "model_decommissioned", "invalid_model",
    )),
    Rule("model.sentence", _K.MODEL_MISSING, "model not available", statuses=_REFUSED, says=_re(
        r"\bmodel\b.*\b(not exist|not found|deprecated|decommissioned|retired|no longer (available|supported))",
        r"invalid model (name|id)", r"not a valid model",
    )),
    # A provider without some further call of its dialect still has its model.
    Rule("dialect.call", _K.DIALECT, "does not offer this call", statuses=frozenset({404, 405, 410, 501}),
         causes=_of(Seen.FURTHER_CALL)),
    Rule("model.404", _K.MODEL_MISSING, "model or address not found", statuses=frozenset({404, 410})),
    # Load.
    Rule("overloaded.code", _K.OVERLOADED, "overloaded", codes=_of(
        "overloaded_error", "overloaded", "engine_overloaded", "model_overloaded", "server_overloaded",
        "slow_down",
    )),
    Rule("overloaded.529", _K.OVERLOADED, "overloaded", statuses=frozenset({529})),
    Rule("overloaded.sentence", _K.OVERLOADED, "overloaded", statuses=frozenset({500, 503}), says=_re(
        r"\boverloaded\b", r"\bat capacity\b", r"^slow down",
    )),
    Rule("rate.code", _K.RATE_LIMITED, "rate limited", codes=_of(
        "rate_limit_error", "rate_limit_exceeded", "rate_limited", "too_many_requests", "throttling_error",
    )),
    Rule("rate.429", _K.RATE_LIMITED, "rate limited", statuses=frozenset({429})),
    # The dialect: what this model or endpoint does not take.
    Rule("dialect.code", _K.DIALECT, "does not take a parameter", codes=_of(
        "unsupported_parameter", "unsupported_value", "unknown_parameter", "unknown_argument",
    )),
    Rule("dialect.state", _K.DIALECT, "does not have what the request refers to", codes=_of(
        "previous_response_not_found", "invalid_encrypted_content",
    )),
    Rule("dialect.sentence", _K.DIALECT, "does not take a parameter", statuses=frozenset({400, 422}), says=_re(
        r"(unsupported|unknown|unrecognized) (parameter|value|request argument|argument|field)",
        r"extra inputs are not permitted", r"(parameter|field|argument)\b.*\bnot supported",
        r"\b(temperature|top_p|top_k|thinking|effort|stream_options|max_tokens)\b.*\b(not supported|deprecated)",
        r"\bmodel does not support\b.*\b(prefill|tool_choice|temperature|top_[kp]|thinking|effort|logprobs|tools)",
        r"invalid .?signature.? in .?thinking",
    )),
    # A relay or a wall in front of the provider.
    Rule("relay.page", _K.SERVER, "an HTML page instead of an answer", statuses=_CLIENT, html=True),
    Rule("relay.sentence", _K.SERVER, "the relay cannot reach its upstream", statuses=_REFUSED, says=_re(
        r"upstream (request|connect|connection|service|server)? ?(failed|error|unavailable)", r"bad gateway",
    )),
    Rule("auth.403", _K.AUTH, "not allowed", statuses=frozenset({403})),
    # An answer that is none, though the status says so; both SDKs pass these on as success.
    Rule("answer.error", _K.SERVER, "an error inside a 2xx answer", statuses=_INFORMAL,
         causes=_of(Seen.ERROR_INSIDE)),
    Rule("answer.page", _K.SERVER, "an HTML page instead of an answer", causes=_of(Seen.PAGE)),
    Rule("answer.empty", _K.SERVER, "an empty answer", causes=_of(Seen.EMPTY)),
    Rule("answer.nothing-said", _K.SERVER, "an answer without content", causes=_of(Seen.NOTHING_SAID)),
    Rule("answer.no-end-mark", _K.SERVER, "ended before any content", causes=_of(Seen.NO_END_MARK)),
    Rule("answer.unreadable", _K.SERVER, "an answer in no known form", causes=_of(Seen.NO_ANSWER)),
    Rule("answer.malformed", _K.SERVER, "broke the dialect", causes=_of(Seen.MALFORMED)),
    Rule("answer.encoding", _K.SERVER, "an answer that cannot be decoded",
         causes=_of("DecodingError", "NotDecodable")),
    Rule("answer.unexpected", _K.SERVER, "the expected text is missing", causes=_of(Seen.UNEXPECTED)),
    Rule("answer.cut", _K.SERVER, "cut off before any content", causes=_CUT, stage=_ANSWERING),
    # Statuses that are left.
    Rule("status.conflict", _K.CONFLICT, "try again", statuses=frozenset({408, 409, 425})),
    Rule("status.caller", _K.CALLER_FAULT, "request refused", statuses=_CLIENT),
    Rule("status.server", _K.SERVER, "server error", statuses=frozenset(range(500, 1000))),
    Rule("status.redirect", _K.SERVER, "a redirect, not followed", statuses=_REDIRECT),
    # Time and the network, by the chain of causes: an SDK may call a refused connection a timeout.
    Rule("time.first-content", _K.SILENT, "no answer in time", causes=_of(Seen.SILENT, Seen.TOO_LONG)),
    Rule("network.connect-timeout", _K.CONNECT_TIMEOUT, "connecting timed out",
         causes=_of("ConnectTimeout")),
    Rule("network.read-timeout", _K.SILENT, "no answer in time", causes=_of("ReadTimeout", "WriteTimeout")),
    Rule("network.dns", _K.CONNECT, "the name cannot be resolved", causes=_of("gaierror")),
    Rule("network.certificate", _K.CONNECT, "the certificate is not valid",
         causes=_of("SSLCertVerificationError")),
    Rule("network.tls", _K.CONNECT, "the TLS handshake failed", causes=_of("SSLError")),
    Rule("network.refused", _K.CONNECT, "connection refused", causes=_of("ConnectionRefusedError")),
    Rule("network.proxy", _K.CONNECT, "the proxy refused", causes=_of("ProxyError")),
    Rule("network.connect", _K.CONNECT, "cannot connect", causes=_of("ConnectError", "NotConnected")),
    Rule("network.hung-up", _K.CONNECT, "hung up before answering",
         causes=_of("RemoteProtocolError", "HungUp"), says=_re("disconnected")),
    Rule("network.http", _K.SERVER, "an answer that is no HTTP",
         causes=_of("RemoteProtocolError", "NotHttp")),
    Rule("network.reset", _K.CONNECT, "connection reset before an answer", causes=_CUT),
    # Ours.
    Rule("local.request", _K.LOCAL, "a request that cannot be sent",
         causes=_of("LocalProtocolError", "UnsupportedProtocol", "InvalidURL")),
    Rule("local.key", _K.AUTH, "no usable key", causes=_of(Seen.NO_KEY)),
    Rule("local.pool", _K.LOCAL, "no free connection of our own", causes=_of("PoolTimeout")),
    Rule("network.other", _K.CONNECT, "cannot connect", causes=_of("APIConnectionError", "TransportError")),
    Rule("local.unforeseen", _K.LOCAL, "an error of our own"),
)
# fmt: on
