"""Mistakes that concern several keys, looked for in the raw file, so that a wrong type elsewhere hides none."""

import re
from collections.abc import Iterator
from types import MappingProxyType

from tui_failover.config.positions import Path
from tui_failover.config.problems import Problem, quote, suggestion
from tui_failover.config.secret import looks_secret
from tui_failover.config.syntax import Raw
from tui_failover.config.words import is_loopback, split_listen
from tui_failover.core.spec import Rules

_MOST_NAMED = 6
_LITERALS = frozenset(
    {
        "api_key",
        "apikey",
        "api-key",
        "key",
        "token",
        "api_token",
        "auth_token",
        "access_token",
        "secret",
        "password",
    }
)
_REFERENCE = re.compile(r"\$\{?([A-Z_][A-Z0-9_]*)\}?|env:([A-Z_][A-Z0-9_]*)")
_KEY_NAMES = MappingProxyType({"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"})
_TOKENS = ("read_tokens", "write_tokens", "gateway_tokens")
_NOT_BELOW = (
    ("breaker", "open_max_s", "open_s"),
    ("hold", "rate_cap_s", "rate_floor_s"),
    ("hold", "rate_unstated_max_s", "rate_unstated_s"),
    ("attempt", "first_content_max_s", "first_content_min_s"),
    ("attempt", "backoff_cap_s", "backoff_base_s"),
    ("attempt", "total_s", "query_s"),
    ("failback", "min_stay_max_s", "min_stay_s"),
)


def across(data: Raw) -> Iterator[Problem]:
    """Yield every mistake that only shows when keys are looked at together."""
    yield from _literal_secrets(data)
    yield from _no_providers(data)
    for name, provider in _tables(data, "providers"):
        yield from _literal_key(name, provider)
        yield from _key_reference(name, provider)
        yield from _prices(name, provider)
        yield from _responses(name, provider)
        yield from _expectation(name, provider)
    for name, agent in _tables(data, "agents"):
        yield from _chain(name, agent, _names(data, "providers"))
    yield from _default_agent(data)
    yield from _open_to_strangers(data)
    yield from _order_of_rules(data)


def _tables(data: Raw, topic: str) -> Iterator[tuple[str, Raw]]:
    tables = data.get(topic)
    if isinstance(tables, dict):
        yield from ((name, table) for name, table in tables.items() if isinstance(table, dict))


def _names(data: Raw, topic: str) -> tuple[str, ...]:
    tables = data.get(topic)
    return tuple(tables) if isinstance(tables, dict) else ()


def _literal_secrets(data: Raw) -> Iterator[Problem]:
    waiting: list[tuple[Path, object]] = [((), data)]
    while waiting:
        where, value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(((*where, key), inner) for key, inner in value.items())
        elif isinstance(value, list):
            waiting.extend(((*where, index), inner) for index, inner in enumerate(value))
        elif isinstance(value, str) and looks_secret(value):
            yield Problem(where, _instead_of_a_secret("OPENAI_API_KEY"))


def _instead_of_a_secret(variable: str) -> str:
    return (
        "holds a secret; remove it and name where the key is: "
        f'api_key_env = "{variable}" for an environment variable, or api_key_file = "path" for a file'
    )


def _variable(provider: Raw) -> str:
    return _KEY_NAMES.get(str(provider.get("dialect")), "OPENAI_API_KEY")


def _literal_key(name: str, provider: Raw) -> Iterator[Problem]:
    for key, value in provider.items():
        if key.lower() not in _LITERALS:
            continue
        reference = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
        if reference is not None:
            what = f'is not a setting; write api_key_env = "{reference[1] or reference[2]}"'
        elif value in {"", "none", "None"} if isinstance(value, str) else False:
            what = 'is not a setting; write auth = "none" for an endpoint that needs no key'
        else:
            what = _instead_of_a_secret(_variable(provider))
        yield Problem(("providers", name, key), what)


def _no_providers(data: Raw) -> Iterator[Problem]:
    if data.get("providers", {}) == {}:
        yield Problem(("providers",), "none is configured; add a table such as [providers.openai-agent]")


def _key_reference(name: str, provider: Raw) -> Iterator[Problem]:
    where: Path = ("providers", name)
    named = [key for key in ("api_key_env", "api_key_file") if key in provider]
    keyless = provider.get("auth") == "none"
    if keyless and named:
        yield Problem((*where, "auth"), f'is "none", yet {named[0]} names a key; remove one of the two')
    elif len(named) > 1:
        yield Problem((*where, named[1]), f"names a second place for the same key; keep it or {named[0]}")
    elif not keyless and not named and not any(key.lower() in _LITERALS for key in provider):
        advice = f'add api_key_env = "{_variable(provider)}", or auth = "none" for an endpoint that needs none'
        yield Problem(where, f"names no key; {advice}")


def _prices(name: str, provider: Raw) -> Iterator[Problem]:
    given = [key for key in ("price_input", "price_output") if key in provider]
    if len(given) == 1:
        other = "price_output" if given[0] == "price_input" else "price_input"
        yield Problem(("providers", name, given[0]), f"needs {other} beside it")


def _responses(name: str, provider: Raw) -> Iterator[Problem]:
    if provider.get("responses") is True and provider.get("dialect") == "anthropic":
        yield Problem(("providers", name, "responses"), 'is for the dialect "openai" only; remove it')


def _expectation(name: str, provider: Raw) -> Iterator[Problem]:
    probe = provider.get("probe")
    if not isinstance(probe, dict):
        return
    where: Path = ("providers", name, "probe")
    custom = probe.get("kind") == "custom"
    if custom and "expect" not in probe:
        yield Problem((*where, "kind"), '"custom" needs expect = "..." beside it, the text an answer must contain')
    if not custom and "expect" in probe:
        yield Problem((*where, "expect"), 'is only looked at with kind = "custom"; add that or remove this')


def _chain(name: str, agent: Raw, providers: tuple[str, ...]) -> Iterator[Problem]:
    where: Path = ("agents", name)
    chain: list[tuple[Path, object]] = [((*where, "primary_provider_id"), agent.get("primary_provider_id"))]
    backups = agent.get("backup_provider_ids")
    if isinstance(backups, list):
        chain += [((*where, "backup_provider_ids", index), one) for index, one in enumerate(backups)]
    seen: set[str] = set()
    for place, provider in chain:
        if not isinstance(provider, str) or looks_secret(provider):
            continue
        if provider not in providers:
            yield Problem(place, f"{quote(provider)} is not a provider{_instead(provider, providers)}")
        elif provider in seen:
            yield Problem(place, f"{quote(provider)} stands twice in this chain; remove one")
        seen.add(provider)


def _default_agent(data: Raw) -> Iterator[Problem]:
    gateway = data.get("gateway")
    named = gateway.get("default_agent") if isinstance(gateway, dict) else None
    agents = _names(data, "agents")
    if isinstance(named, str) and named and named not in agents and not looks_secret(named):
        yield Problem(("gateway", "default_agent"), f"{quote(named)} is not an agent{_instead(named, agents)}")


def _open_to_strangers(data: Raw) -> Iterator[Problem]:
    control = data.get("control")
    if not isinstance(control, dict) or any(control.get(tokens) for tokens in _TOKENS):
        return
    try:
        host, port = split_listen(str(control.get("listen", "")))
    except ValueError:
        return  # told where the key itself is read
    if not is_loopback(host):
        here = quote(f"127.0.0.1:{port}")
        advice = f"name some in {' or '.join(_TOKENS)}, or listen on {here}"
        yield Problem(("control", "listen"), f"can be reached from other machines, so tokens are needed: {advice}")


def _instead(name: str, known: tuple[str, ...]) -> str:
    meant = suggestion(name, known)
    if meant is not None:
        return f"; did you mean {quote(meant)}?"
    if not known:
        return ""
    more = ", ..." if len(known) > _MOST_NAMED else ""
    return f"; configured are {', '.join(map(quote, known[:_MOST_NAMED]))}{more}"


def _order_of_rules(data: Raw) -> Iterator[Problem]:
    rules = dict(_tables(data, "rules"))
    defaults = Rules()
    for topic, upper, lower in _NOT_BELOW:
        given = rules.get(topic, {})
        standard = getattr(defaults, topic)
        high, low = given.get(upper, getattr(standard, upper)), given.get(lower, getattr(standard, lower))
        if isinstance(high, int | float) and isinstance(low, int | float) and high < low:
            named = upper if upper in given else lower
            what = f"{upper} = {high:g} must not be below {lower} = {low:g}"
            yield Problem(("rules", topic, named), what)
