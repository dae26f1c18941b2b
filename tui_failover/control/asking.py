"""The handler that puts a query through an agent's chain."""

import math
from collections.abc import Sequence
from http import HTTPStatus

from tui_failover.control.answer import Answer
from tui_failover.control.models import QueryBody
from tui_failover.control.problem import Detail, Problem, unusable
from tui_failover.control.route import Call
from tui_failover.core.errors import AllProvidersFailed, AttemptRecord, BadQuery, QueryRefused
from tui_failover.core.outcome import FailureKind


async def ask(call: Call) -> Answer:
    """Answer a query as one provider would."""
    asked = call.asked
    assert isinstance(asked, QueryBody)  # noqa: S101 - the route's model
    services = call.services
    agent = services.manager.get_failover_config(call.path["agent_id"]).agent_id
    context = None if asked.context is None else asked.context.model_dump(exclude_none=True)
    started = services.now()
    try:
        served = await services.manager.execute_query(agent, asked.query, context)
    except BadQuery as error:
        message = "the query cannot be used"
        raise unusable(message, *(_detail(one) for one in error.problems)) from None
    except QueryRefused as error:
        services.metrics.failed(agent, services.now() - started, error.kind.value)
        message = f"{error.provider} refused the query itself: {error.reason}"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "query-refused", message) from None
    except AllProvidersFailed as error:
        services.metrics.failed(
            agent, services.now() - started, "none" if error.kind is None else error.kind.value
        )
        raise _exhausted(error) from None
    services.metrics.answered(agent, served.provider, served.elapsed_s, served.reply.usage)
    usage = served.reply.usage
    return Answer(
        {
            "response": served.reply.text,
            "model": served.reply.model,
            "usage": None
            if usage is None
            else {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens},
            "provider": served.provider,
            "attempts": _attempts(served.attempts),
            "finish": served.reply.finish,
            "elapsed_ms": round(served.elapsed_s * 1000, 1),
        }
    )


def _detail(problem: str) -> Detail:
    field, _, message = problem.partition(": ")
    return Detail(field, message)


def _attempts(attempts: Sequence[AttemptRecord]) -> list[dict[str, object]]:
    return [
        {
            "provider": one.provider,
            "kind": None if one.kind is None else one.kind.value,
            "reason": one.reason,
            "elapsed_ms": round(one.elapsed_s * 1000, 1),
        }
        for one in attempts
    ]


def _exhausted(error: AllProvidersFailed) -> Problem:
    """Neither 401 nor 402: the caller's own key and credit are not at fault."""
    limited = error.kind is FailureKind.RATE_LIMITED
    headers = {"X-Should-Retry": "false"}
    if error.retry_after_s is not None:
        headers["Retry-After"] = str(math.ceil(error.retry_after_s))
    reasons = "; ".join(f"{one.provider}: {one.reason}" for one in error.attempts)
    return Problem(
        HTTPStatus.TOO_MANY_REQUESTS if limited else HTTPStatus.SERVICE_UNAVAILABLE,
        "nobody-answered",
        f"no provider of {error.agent} answered: {reasons}",
        headers=headers,
        extra={"attempts": _attempts(error.attempts)},
    )
