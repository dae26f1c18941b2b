"""A neutral request, written for the Chat Completions dialect."""

from tui_failover.wire.aliases import pseudonym
from tui_failover.wire.conversation import Pick, Request, Shape, Tool
from tui_failover.wire.effort import openai_effort
from tui_failover.wire.json_text import json_line
from tui_failover.wire.openai_turns_writing import BETWEEN, system_role, write_turns
from tui_failover.wire.schema import ONE_OBJECT, PLAIN_INPUT, is_strict, tool_schema
from tui_failover.wire.translation import Job, Target, Translated, begun
from tui_failover.wire.verdict import invalid, problem_as_value

_Document = dict[str, object]
_TIERS = {
    "auto": "auto",
    "standard_only": "default",
    "default": "default",
    "flex": "flex",
    "priority": "priority",
}
_FORCED = frozenset({Pick.ANY, Pick.NAMED})
_PICKS = {Pick.AUTO: "auto", Pick.NONE: "none", Pick.ANY: "required"}


@problem_as_value
def write_openai_request(request: Request, target: Target) -> Translated:
    """Return `request` as a Chat Completions body for `target`, or the problem where it cannot be carried."""
    job = begun(request, target)
    messages = write_turns(job)
    allowed = request.choice.allowed
    offered = [tool for tool in request.tools if allowed is None or tool.name in allowed]
    tools = [_tool(tool, place, job) for place, tool in enumerate(offered)]
    effort = openai_effort(request.params, job.can, job.notes)
    stated = {
        "tools": tools,
        **(_choice(job) if tools else {}),
        "response_format": _format(job),
        "reasoning_effort": effort,
        "stop": _stop(job),
        "safety_identifier": pseudonym(request.params.user) if request.params.user else None,
        "service_tier": _tier(job),
        job.can.max_tokens_field: _max_tokens(job),
        **_sampling(job),
    }
    body: _Document = {"model": target.model, "messages": [*_system(job), *messages]}
    body |= {name: value for name, value in stated.items() if value is not None and value != []}
    if request.stream if target.stream is None else target.stream:
        body["stream"] = True
        if job.can.usage_in_stream:
            body["stream_options"] = {"include_usage": True}
    return job.done(body)


def _system(job: Job) -> list[_Document]:
    texts = [*(text.text for text in job.request.system if text.text), *job.instructions]
    return [{"role": system_role(job), "content": BETWEEN.join(texts)}] if texts else []


def _max_tokens(job: Job) -> int | None:
    asked, most = job.request.params.max_tokens, job.can.max_output
    if asked == 0:
        invalid("max_tokens", "max_tokens is 0: nothing but its own provider's cache could be warmed by that.")
    if asked is not None and most is not None and asked > most:
        job.notes.warn("max_tokens_capped", "max_tokens")
        return most
    return asked


def _sampling(job: Job) -> _Document:
    params = job.request.params
    stated = {"temperature": params.temperature, "top_p": params.top_p}
    given: _Document = {name: value for name, value in stated.items() if value is not None}
    if given and not job.can.sampling:
        job.notes.warn("sampling_dropped", next(iter(given)))
        return {}
    return given


def _stop(job: Job) -> list[str]:
    asked, most = [sequence for sequence in job.request.params.stop if sequence], job.can.stop_max
    if most is not None and len(asked) > most:
        job.notes.warn("stop_dropped", "stop_sequences")
    return asked[:most]


def _tier(job: Job) -> str | None:
    asked = job.request.params.tier
    if asked is not None and asked not in _TIERS:
        job.notes.warn("service_tier_dropped", "service_tier")
    return _TIERS.get(asked or "")


def _tool(tool: Tool, place: int, job: Job) -> _Document:
    # Compatible servers know functions only, so plain text goes as the one argument of one.
    schema, lost = tool_schema(PLAIN_INPUT if tool.custom else tool.schema)
    description = tool.description
    if lost:
        job.notes.warn("tool_schema_simplified", f"tools[{place}]")
        description = f"{description}\n\nThe input must also satisfy this JSON schema: {lost}".strip()
    function: _Document = {"name": job.names.of(tool.name), "parameters": schema}
    if description:
        function["description"] = description
    if tool.strict and is_strict(schema) and not lost:
        function["strict"] = True
    elif tool.strict:
        job.notes.warn("strict_dropped", f"tools[{place}].strict")
    return {"type": "function", "function": function}


def _choice(job: Job) -> _Document:
    choice = job.request.choice
    single: _Document = {}
    if choice.parallel is not None and choice.pick is not Pick.NONE:
        if job.can.parallel_flag:
            single = {"parallel_tool_calls": choice.parallel}
        elif not choice.parallel:
            job.notes.warn("parallel_flag_dropped", "tool_choice.disable_parallel_tool_use")
    if choice.pick is None:
        return single
    if choice.pick in _FORCED and not job.can.forced_tool_choice:
        job.notes.warn("forced_tool_emulated", "tool_choice")
        which = f"the tool {job.names.of(choice.name)}" if choice.name else "at least one of the tools"
        job.instructions.append(f"Call {which} in your next turn instead of answering in words.")
        return {"tool_choice": "auto", **single}
    if choice.pick is Pick.NAMED:
        return {"tool_choice": {"type": "function", "function": {"name": job.names.of(choice.name)}}, **single}
    return {"tool_choice": _PICKS[choice.pick], **single}


def _format(job: Job) -> _Document | None:
    wanted = job.request.params.format
    if wanted is None:
        return None
    if wanted.shape is Shape.JSON_OBJECT:
        return _any_object(job)
    if job.can.structured_output:
        schema = dict(wanted.schema or {})
        strict = is_strict(schema)
        if not strict:
            # Strict mode would refuse the request; without it the model is only asked to keep to the schema.
            job.notes.warn("strict_dropped", "output_config.format")
        return {"type": "json_schema", "json_schema": {"name": wanted.name, "schema": schema, "strict": strict}}
    job.expects_json = True
    job.notes.warn("json_schema_emulated", "output_config.format")
    job.instructions.append(f"Answer with JSON that satisfies this schema: {json_line(wanted.schema or {})}")
    return {"type": "json_object"} if job.can.json_object else None


def _any_object(job: Job) -> _Document | None:
    if job.can.json_object:
        return {"type": "json_object"}
    job.expects_json = True
    job.notes.warn("json_object_emulated", "response_format")
    job.instructions.append(ONE_OBJECT)
    return None
