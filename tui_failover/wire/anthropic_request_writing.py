"""A neutral request, written for the Messages dialect."""

from tui_failover.wire.aliases import pseudonym
from tui_failover.wire.anthropic_turns_writing import (
    all_blocks,
    end_on_user,
    in_tool_loop,
    limit_marks,
    write_turns,
)
from tui_failover.wire.conversation import Pick, Request, Shape, Tool
from tui_failover.wire.effort import anthropic_thinking
from tui_failover.wire.json_text import json_line
from tui_failover.wire.schema import ONE_OBJECT, PLAIN_INPUT, answer_schema, tool_schema
from tui_failover.wire.translation import Job, Target, Translated, begun
from tui_failover.wire.verdict import invalid, problem_as_value

_Document = dict[str, object]
_MOST_TOKENS = 4_096  # where neither the caller nor the table knows better
_HOTTEST = 1.0  # the other dialect goes to 2
_LONGEST_USER = 256
_TIERS = {"auto": "auto", "default": "standard_only"}
_ENVELOPE = "give_answer"
_FORCED = frozenset({Pick.ANY, Pick.NAMED})


@problem_as_value
def write_anthropic_request(request: Request, target: Target) -> Translated:
    """Return `request` as a Messages body for `target`, or the problem where it cannot be carried."""
    job = begun(request, target)
    messages = write_turns(job)
    tools = _tools(job)
    output = _output(job, tools)
    choice = _choice(job, tools)
    most = _max_tokens(job)
    thinking, effort = _thinking(job, messages, choice, most)
    end_on_user(messages, job, thinking=thinking is not None)
    system = _system(job)
    limit_marks(system, all_blocks(messages))
    stated = {
        "system": system,
        "tools": tools,
        "tool_choice": choice,
        "output_config": {**output, **({"effort": effort} if effort else {})},
        "thinking": thinking,
        "stop_sequences": _stop(job),
        "metadata": _metadata(job),
        "service_tier": _tier(job),
        **_sampling(job, thinking=thinking is not None),
    }
    body: _Document = {"model": target.model, "max_tokens": most, "messages": messages}
    body |= {name: value for name, value in stated.items() if value is not None and value not in ([], {})}
    if request.stream if target.stream is None else target.stream:
        body["stream"] = True
    return job.done(body)


def _system(job: Job) -> list[_Document]:
    blocks: list[_Document] = []
    for text in job.request.system:
        if text.text.strip():
            mark: _Document = {"cache_control": {"type": "ephemeral"}} if text.cached else {}
            blocks.append({"type": "text", "text": text.text, **mark})
    return blocks + [{"type": "text", "text": instruction} for instruction in job.instructions]


def _max_tokens(job: Job) -> int:
    asked, most = job.request.params.max_tokens, job.can.max_output
    if asked is None:
        return most or _MOST_TOKENS
    if asked == 0:
        invalid("max_tokens", "max_tokens is 0.")
    if most is not None and asked > most:
        job.notes.warn("max_tokens_capped", "max_tokens")
        return most
    return asked


def _sampling(job: Job, *, thinking: bool) -> _Document:
    params = job.request.params
    stated = {"temperature": params.temperature, "top_p": params.top_p}
    given = [name for name, value in stated.items() if value is not None]
    # Thinking models refuse any sampling, and the others two settings of it at once.
    kept = given[:1] if job.can.sampling and not thinking else []
    if len(kept) < len(given):
        job.notes.warn("sampling_dropped", given[-1])
    if params.temperature is not None and "temperature" in kept and params.temperature > _HOTTEST:
        job.notes.warn("temperature_capped", "temperature")
        return {"temperature": _HOTTEST}
    return {name: stated[name] for name in kept}


def _stop(job: Job) -> list[str]:
    asked = job.request.params.stop
    kept = [sequence for sequence in asked if sequence.strip()]
    if len(kept) < len(asked):
        job.notes.warn("stop_dropped", "stop")
    return kept


def _metadata(job: Job) -> _Document | None:
    user = job.request.params.user
    if not user:
        return None
    telling = "@" in user or (
        sum(char.isdigit() for char in user) >= _PHONE_DIGITS and not any(map(str.isalpha, user))
    )
    return {"user_id": pseudonym(user) if telling or len(user) > _LONGEST_USER else user}


_PHONE_DIGITS = 7


def _tier(job: Job) -> str | None:
    asked = job.request.params.tier
    if asked is not None and asked not in _TIERS:
        job.notes.warn("service_tier_dropped", "service_tier")
    return _TIERS.get(asked or "")


def _thinking(
    job: Job, messages: list[_Document], choice: _Document | None, most: int
) -> tuple[_Document | None, str | None]:
    thinking, effort = anthropic_thinking(job.request.params, job.can, most, job.notes)
    if thinking is None or thinking["type"] not in ("enabled", "adaptive"):
        return thinking, effort
    forced = choice is not None and choice["type"] in ("any", "tool")
    # A turn that calls tools must begin with the signed thinking that led to them, which no other vendor has.
    unsigned = thinking["type"] == "enabled" and in_tool_loop(messages)
    if forced or unsigned:
        job.notes.warn("reasoning_dropped", "reasoning_effort")
        return None, effort
    return thinking, effort


def _tools(job: Job) -> list[_Document]:
    allowed = job.request.choice.allowed
    tools = [tool for tool in job.request.tools if allowed is None or tool.name in allowed]
    return [_tool(tool, place, job) for place, tool in enumerate(tools)]


def _tool(tool: Tool, place: int, job: Job) -> _Document:
    schema, lost = tool_schema(PLAIN_INPUT if tool.custom else tool.schema)
    description = tool.description
    if lost:
        job.notes.warn("tool_schema_simplified", f"tools[{place}]")
        description = f"{description}\n\nThe input must also satisfy this JSON schema: {lost}".strip()
    written: _Document = {"name": job.names.of(tool.name), "input_schema": schema}
    if description:
        written["description"] = description
    if tool.strict and not lost:
        written["strict"] = True
    return written


def _choice(job: Job, tools: list[_Document]) -> _Document | None:
    choice = job.request.choice
    if job.envelope:
        return {"type": "tool", "name": job.envelope}
    single: _Document = {"disable_parallel_tool_use": True} if choice.parallel is False else {}
    if not tools or (choice.pick is None and not single):
        return None
    if choice.pick is Pick.NONE:
        return {"type": "none"}
    if choice.pick in _FORCED and not job.can.forced_tool_choice:
        job.notes.warn("forced_tool_emulated", "tool_choice")
        which = f"the tool {job.names.of(choice.name)}" if choice.name else "at least one of the tools"
        job.instructions.append(f"Call {which} in your next turn instead of answering in words.")
        return {"type": "auto", **single}
    if choice.pick is Pick.NAMED:
        return {"type": "tool", "name": job.names.of(choice.name), **single}
    return {"type": "any" if choice.pick is Pick.ANY else "auto", **single}


def _output(job: Job, tools: list[_Document]) -> _Document:
    """Return what holds the answer to its format; else a tool of ours or an instruction stands in."""
    wanted = job.request.params.format
    if wanted is None:
        return {}
    if wanted.shape is Shape.JSON_OBJECT:
        job.notes.warn("json_object_emulated", "response_format")
        job.expects_json = True
        job.instructions.append(ONE_OBJECT)
        return {}
    schema, lossy = answer_schema(wanted.schema or {})
    if lossy:
        job.notes.warn("answer_schema_simplified", "response_format")
    if job.can.structured_output:
        return {"format": {"type": "json_schema", "schema": schema}}
    job.notes.warn("json_schema_emulated", "response_format")
    if job.can.forced_tool_choice and not tools:
        job.envelope = _ENVELOPE
        tools.append(
            {"name": _ENVELOPE, "description": "Give the final answer.", "input_schema": tool_schema(schema)[0]}
        )
        return {}
    job.expects_json = True
    job.instructions.append(f"Answer with JSON that satisfies this schema, and nothing else: {json_line(schema)}")
    return {}
