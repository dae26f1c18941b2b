"""Token counts: OpenAI nests cached tokens inside the prompt's, Anthropic counts each kind apart."""

from msgspec import Struct

from tui_failover.wire.delta import as_mapping, as_tokens

CHARACTERS_PER_TOKEN = 4  # for estimates, where a provider does not count


class Tokens(Struct, frozen=True):
    """What an answer took.

    Attributes:
        input: input that was neither read from nor written to a cache.
        cache_read, cache_write: input that was.
        output: all output, reasoning included.
        reasoning: the part of `output` nobody sees; None where not stated.
        estimated: no provider counted this.
    """

    input: int = 0
    cache_read: int = 0
    cache_write: int = 0
    output: int = 0
    reasoning: int | None = None
    estimated: bool = False


def together(one: Tokens, other: Tokens) -> Tokens:
    """Return what two parts of one answer took; a guess makes the sum a guess."""
    both = [count for count in (one.reasoning, other.reasoning) if count is not None]
    return Tokens(
        one.input + other.input,
        one.cache_read + other.cache_read,
        one.cache_write + other.cache_write,
        one.output + other.output,
        sum(both) if both else None,
        one.estimated or other.estimated,
    )


def estimate(input_tokens: int | None, characters: int) -> Tokens:
    """Return a marked guess from the characters of an answer, where the provider states no usage."""
    return Tokens(input=input_tokens or 0, output=-(-characters // CHARACTERS_PER_TOKEN), estimated=True)


def of_openai(usage: object) -> Tokens | None:
    """Return the counts of a Chat `usage`, or None where it states none."""
    stated = as_mapping(usage)
    prompt, output = as_tokens(stated.get("prompt_tokens")), as_tokens(stated.get("completion_tokens"))
    if prompt is None and output is None:
        return None
    nested = as_mapping(stated.get("prompt_tokens_details"))
    read = as_tokens(nested.get("cached_tokens")) or 0
    write = as_tokens(nested.get("cache_write_tokens")) or 0
    reasoning = as_tokens(as_mapping(stated.get("completion_tokens_details")).get("reasoning_tokens"))
    return Tokens(max(0, (prompt or 0) - read - write), read, write, output or 0, reasoning)


def of_anthropic(usage: object) -> Tokens | None:
    """Return the counts of a Messages `usage`, or None where it states none."""
    stated = as_mapping(usage)
    fresh, output = as_tokens(stated.get("input_tokens")), as_tokens(stated.get("output_tokens"))
    if fresh is None and output is None:
        return None
    return Tokens(
        fresh or 0,
        as_tokens(stated.get("cache_read_input_tokens")) or 0,
        as_tokens(stated.get("cache_creation_input_tokens")) or 0,
        output or 0,
        as_tokens(as_mapping(stated.get("output_tokens_details")).get("thinking_tokens")),
    )


def to_openai(tokens: Tokens) -> dict[str, object]:
    """Return a Chat `usage`; an estimate carries the mark `estimated`."""
    prompt = tokens.input + tokens.cache_read + tokens.cache_write
    usage: dict[str, object] = {
        "prompt_tokens": prompt,
        "completion_tokens": tokens.output,
        "total_tokens": prompt + tokens.output,
        "prompt_tokens_details": {
            "cached_tokens": tokens.cache_read,
            "cache_write_tokens": tokens.cache_write,
        },
    }
    if tokens.reasoning is not None:
        usage["completion_tokens_details"] = {"reasoning_tokens": tokens.reasoning}
    return _marked(usage, tokens)


def to_anthropic(tokens: Tokens) -> dict[str, object]:
    """Return a Messages `usage`; an estimate carries the mark `estimated`."""
    usage: dict[str, object] = {
        "input_tokens": tokens.input,
        "cache_read_input_tokens": tokens.cache_read,
        "cache_creation_input_tokens": tokens.cache_write,
        "output_tokens": tokens.output,
    }
    if tokens.reasoning is not None:
        usage["output_tokens_details"] = {"thinking_tokens": tokens.reasoning}
    return _marked(usage, tokens)


def latest(before: dict[str, object], usage: object) -> dict[str, object]:
    """Return `before` overwritten by the counts `usage` states: counts of a stream are running totals."""
    return before | without_nulls(as_mapping(usage))


def without_nulls(members: dict[str, object]) -> dict[str, object]:
    """Return the members that say something."""
    if None not in members.values():
        return members
    return {name: value for name, value in members.items() if value is not None}


def _marked(usage: dict[str, object], tokens: Tokens) -> dict[str, object]:
    return {**usage, "estimated": True} if tokens.estimated else usage
