"""What is told about wrong files, word for word."""

import pytest

from tests.support.settings import AGENT, COMPLETE, PROVIDERS, told


def provider(*lines: str) -> str:
    """A file with one provider of an extra line or more, from line 5."""
    head = '[providers.p]\ndialect = "openai"\nmodel = "m"\napi_key_env = "OPENAI_API_KEY"\n'
    return head + "\n".join(lines) + "\n"


def agent(*lines: str) -> str:
    """The two usual providers and one agent; the lines begin at line 12."""
    return f'{PROVIDERS}[agents.a]\nprimary_provider_id = "openai-agent"\n' + "\n".join(lines) + "\n"


WRONG = {
    "unknown-primary": (
        PROVIDERS + '[agents.my-agent]\nprimary_provider_id = "opnai-agent"\n',
        'settings.toml:11: agents.my-agent.primary_provider_id: "opnai-agent" is not a provider; '
        'did you mean "openai-agent"?',
    ),
    "unknown-backup-of-several-lines": (
        agent("backup_provider_ids = [", '  "claude-agent",', '  "nobody",', "]"),
        'settings.toml:14: agents.a.backup_provider_ids[1]: "nobody" is not a provider; '
        'configured are "openai-agent", "claude-agent"',
    ),
    "twice-in-chain": (
        agent('backup_provider_ids = ["openai-agent"]'),
        'settings.toml:12: agents.a.backup_provider_ids[0]: "openai-agent" stands twice in this chain; remove one',
    ),
    "no-primary": (
        PROVIDERS + "[agents.a]\n",
        "settings.toml:10: agents.a.primary_provider_id: is missing; "
        'add primary_provider_id = "..." with the name of a provider',
    ),
    "agent-id-written": (
        agent('agent_id = "a"'),
        "settings.toml:12: agents.a.agent_id: is the name of the agent's table; remove this line",
    ),
    "unknown-agent-key": (
        agent("health_check_intervall = 5"),
        "settings.toml:12: agents.a.health_check_intervall: is not a setting; "
        'did you mean "health_check_interval"?',
    ),
    "word-of-another-tool": (
        provider('url = "https://example.com"'),
        'settings.toml:5: providers.p.url: is not a setting; did you mean "base_url"?',
    ),
    "unknown-table": (
        COMPLETE + "[rule.breaker]\n",
        'settings.toml:13: rule: is not a setting; did you mean "rules"?',
    ),
    "unknown-topic-without-neighbour": (
        COMPLETE + "[rules.zzz]\n",
        "settings.toml:13: rules.zzz: is not a setting; known here are breaker, hold, probe, attempt, failback, "
        "override, panic, limit, affinity, local_fault",
    ),
    "interval-as-text": (
        agent('health_check_interval = "60"'),
        "settings.toml:12: agents.a.health_check_interval: must be a number, without quotes",
    ),
    "interval-nan": (
        agent("health_check_interval = nan"),
        "settings.toml:12: agents.a.health_check_interval: must be a finite number",
    ),
    "interval-infinite": (
        agent("health_check_interval = inf"),
        "settings.toml:12: agents.a.health_check_interval: must be a finite number",
    ),
    "interval-negative": (
        agent("health_check_interval = -60"),
        "settings.toml:12: agents.a.health_check_interval: must be at least 1",
    ),
    "interval-of-years": (
        agent("health_check_interval = 1e12"),
        "settings.toml:12: agents.a.health_check_interval: must be at most 604800",
    ),
    "failures-fraction": (
        agent("max_consecutive_failures = 2.5"),
        "settings.toml:12: agents.a.max_consecutive_failures: must be a whole number, without quotes",
    ),
    "failures-true": (
        agent("max_consecutive_failures = true"),
        "settings.toml:12: agents.a.max_consecutive_failures: must be a whole number, without quotes",
    ),
    "flag-as-text": (
        agent('auto_failover_enabled = "yes"'),
        "settings.toml:12: agents.a.auto_failover_enabled: must be true or false, without quotes",
    ),
    "query-empty": (
        agent('health_check_query = "  "'),
        "settings.toml:12: agents.a.health_check_query: must not be empty",
    ),
    "query-with-escape-code": (
        agent('health_check_query = "\\u001b[2J"'),
        "settings.toml:12: agents.a.health_check_query: holds control characters; remove them",
    ),
    "backups-as-text": (
        agent('backup_provider_ids = "claude-agent"'),
        'settings.toml:12: agents.a.backup_provider_ids: must be a list, such as ["one", "two"]',
    ),
    "failback-near-miss": (
        agent('failback = "automatic"'),
        'settings.toml:12: agents.a.failback: must be "auto", "manual" or "off"; did you mean "auto"?',
    ),
    "mid-stream-near-miss": (
        agent('mid_stream = "contnue"'),
        'settings.toml:12: agents.a.mid_stream: must be "error", "buffer" or "continue"; did you mean "continue"?',
    ),
    "providers-no-table": (
        "providers = 1\n",
        "settings.toml:1: providers: must be a table",
    ),
    "provider-no-table": (
        "[providers]\np = 1\n",
        "settings.toml:2: providers.p: must be a table",
    ),
    "empty-file": (
        "",
        "settings.toml: providers: none is configured; add a table such as [providers.openai-agent]",
    ),
    "no-dialect": (
        '[providers.p]\nmodel = "m"\nauth = "none"\n',
        'settings.toml:1: providers.p.dialect: is missing; add dialect = "openai" or dialect = "anthropic"',
    ),
    "unknown-dialect": (
        '[providers.p]\ndialect = "gemini"\nmodel = "m"\nauth = "none"\n',
        'settings.toml:2: providers.p.dialect: must be "openai" or "anthropic"',
    ),
    "no-key-named": (
        '[providers.p]\ndialect = "anthropic"\nmodel = "m"\n',
        'settings.toml:1: providers.p: names no key; add api_key_env = "ANTHROPIC_API_KEY", '
        'or auth = "none" for an endpoint that needs none',
    ),
    "two-keys-named": (
        provider('api_key_file = "key"'),
        "settings.toml:5: providers.p.api_key_file: names a second place for the same key; keep it or api_key_env",
    ),
    "keyless-with-key": (
        provider('auth = "none"'),
        'settings.toml:5: providers.p.auth: is "none", yet api_key_env names a key; remove one of the two',
    ),
    "variable-in-small-letters": (
        '[providers.p]\ndialect = "openai"\nmodel = "m"\napi_key_env = "hunter2hunter2"\n',
        "settings.toml:4: providers.p.api_key_env: must be the name of an environment variable in capitals, "
        "such as OPENAI_API_KEY, never the key itself",
    ),
    "variable-with-dollar": (
        '[providers.p]\ndialect = "openai"\nmodel = "m"\napi_key = "${MY_KEY}"\n',
        'settings.toml:4: providers.p.api_key: is not a setting; write api_key_env = "MY_KEY"',
    ),
    "key-none": (
        '[providers.p]\ndialect = "openai"\nmodel = "m"\napi_key = "none"\n',
        "settings.toml:4: providers.p.api_key: is not a setting; "
        'write auth = "none" for an endpoint that needs no key',
    ),
    "key-written-out": (
        '[providers.p]\ndialect = "anthropic"\nmodel = "m"\napi_key = "hunter2"\n',
        "settings.toml:4: providers.p.api_key: holds a secret; remove it and name where the key is: "
        'api_key_env = "ANTHROPIC_API_KEY" for an environment variable, or api_key_file = "path" for a file',
    ),
    "address-without-scheme": (
        provider('base_url = "api.example.com/v1"'),
        "settings.toml:5: providers.p.base_url: must begin with https:// or http:// and a host",
    ),
    "address-of-file": (
        provider('base_url = "file:///etc/passwd"'),
        "settings.toml:5: providers.p.base_url: must begin with https:// or http:// and a host",
    ),
    "address-with-wrong-port": (
        provider('base_url = "http://localhost:99999/v1"'),
        "settings.toml:5: providers.p.base_url: is not an address; write it like https://host:port/v1",
    ),
    "address-with-open-bracket": (
        provider('base_url = "http://[::1/v1"'),
        "settings.toml:5: providers.p.base_url: is not an address; write it like https://host:port/v1",
    ),
    "address-with-password": (
        provider('base_url = "https://me:hunter2@example.com/v1"'),
        "settings.toml:5: providers.p.base_url: must not hold a user name or password; "
        "name the key with api_key_env or api_key_file",
    ),
    "address-with-query": (
        provider('base_url = "https://example.com/v1?key=hunter2"'),
        "settings.toml:5: providers.p.base_url: must end with its path, without ? or #",
    ),
    "header-for-secrets": (
        provider('headers = { Authorization = "hunter2" }'),
        "settings.toml:5: providers.p.headers.Authorization: is for secrets; "
        "name the key with api_key_env or api_key_file and choose auth instead",
    ),
    "header-with-line-break": (
        provider('headers = { X-Team = "a\\r\\nX-Evil: b" }'),
        "settings.toml:5: providers.p.headers.X-Team: holds characters a header cannot have; "
        "plain ASCII without line breaks is allowed",
    ),
    "header-of-the-connection": (
        provider('headers.Host = "example.com"'),
        "settings.toml:5: providers.p.headers.Host: is set by the connection itself; remove it",
    ),
    "address-with-port-zero": (
        provider('base_url = "http://localhost:0/v1"'),
        "settings.toml:5: providers.p.base_url: is not an address; write it like https://host:port/v1",
    ),
    "address-with-space": (
        provider('base_url = "http://localhost/a b"'),
        "settings.toml:5: providers.p.base_url: holds characters an address cannot have; "
        "write them percent-encoded",
    ),
    "header-with-odd-name": (
        provider('headers = { "X Team" = "a" }'),
        'settings.toml:5: providers.p.headers."X Team": is not the name of an HTTP header',
    ),
    "header-without-end": (
        provider(f'headers = {{ X-Team = "{"a" * 1001}" }}'),
        "settings.toml:5: providers.p.headers.X-Team: is longer than 1000 characters",
    ),
    "headers-without-end": (
        provider("[providers.p.headers]", *(f'X-{number} = ""' for number in range(33))),
        "settings.toml:5: providers.p.headers: has more than 32 entries",
    ),
    "query-without-end": (
        agent(f'health_check_query = "{"a" * 4001}"'),
        "settings.toml:12: agents.a.health_check_query: is 4001 characters long; at most 4000 are allowed",
    ),
    "reference-with-wrong-port": (
        COMPLETE + '[rules.local_fault]\nreferences = ["192.0.2.1:70000"]\n',
        'settings.toml:14: rules.local_fault.references[0]: is no host and port; write them like "192.0.2.1:443"',
    ),
    "one-price": (
        provider("price_input = 2"),
        "settings.toml:5: providers.p.price_input: needs price_output beside it",
    ),
    "responses-of-the-other-dialect": (
        provider("responses = true").replace('"openai"', '"anthropic"'),
        'settings.toml:5: providers.p.responses: is for the dialect "openai" only; remove it',
    ),
    "expect-without-custom": (
        provider('probe.expect = "ready"'),
        'settings.toml:5: providers.p.probe.expect: is only looked at with kind = "custom"; '
        "add that or remove this",
    ),
    "custom-without-expect": (
        provider('probe = { kind = "custom" }'),
        'settings.toml:5: providers.p.probe.kind: "custom" needs expect = "..." beside it, '
        "the text an answer must contain",
    ),
    "budget-nan": (
        provider("[providers.p.probe]", "daily_budget_usd = nan"),
        "settings.toml:6: providers.p.probe.daily_budget_usd: must be at least 0",
    ),
    "name-with-escape-code": (
        provider() + '[providers."a\\u001b[31m"]\ndialect = "openai"\nmodel = "m"\nauth = "none"\n',
        'settings.toml:6: providers."a[31m": holds control or invisible characters, '
        "or white space at an end or doubled; remove them",
    ),
    "name-too-long": (
        provider() + f'[providers.{"n" * 65}]\ndialect = "openai"\nmodel = "m"\nauth = "none"\n',
        f"settings.toml:6: providers.{'n' * 63}…: is 65 characters long; at most 64 are allowed",
    ),
    "rule-out-of-range": (
        COMPLETE + "[rules]\nbreaker.failure_share = 1.5\n",
        "settings.toml:14: rules.breaker.failure_share: must be at most 1",
    ),
    "rule-zero": (
        COMPLETE + "[rules.breaker]\nopen_s = 0\n",
        "settings.toml:14: rules.breaker.open_s: must be more than 0",
    ),
    "rules-crossed": (
        COMPLETE + "[rules.breaker]\nopen_s = 100\n",
        "settings.toml:14: rules.breaker.open_s: open_max_s = 60 must not be below open_s = 100",
    ),
    "reference-without-port": (
        COMPLETE + '[rules.local_fault]\nreferences = ["192.0.2.1:443", "192.0.2.2"]\n',
        'settings.toml:14: rules.local_fault.references[1]: is no host and port; write them like "192.0.2.1:443"',
    ),
    "theme-near-miss": (
        COMPLETE + '[console]\ntheme = "color-blind"\n',
        'settings.toml:14: console.theme: must be "dark", "light", "colour-blind" or "mono"; '
        'did you mean "colour-blind"?',
    ),
    "dotted-without-end": (
        COMPLETE + f"x.{'a.' * 100_000}a = 1\n",
        "settings.toml:13: has more than 32 names joined by dots",
    ),
    "number-without-end": (
        COMPLETE + f"x = {'9' * 10_000}\n",
        "settings.toml: holds a number with too many digits",
    ),
    "nested-without-end": (
        COMPLETE + f"x = {'[' * 100_000}",
        "settings.toml: is nested too deeply",
    ),
}


@pytest.mark.parametrize(("text", "sentence"), WRONG.values(), ids=WRONG.keys())
def test_mistake_is_told_with_line_key_and_remedy(text: str, sentence: str) -> None:
    sentences = told(text)

    assert sentences == (sentence,)


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file() -> None:
    text = """\
[agents.a]
primary_provider_id = "nobody"
health_check_timeout = -1
[providers.p]
dialect = "openai"
model_name = "m"
api_key_env = "OPENAI_API_KEY"
[console]
ascii = 1
"""

    sentences = told(text)

    assert [sentence.partition(": ")[0] for sentence in sentences] == [
        "settings.toml:2",
        "settings.toml:3",
        "settings.toml:4",
        "settings.toml:6",
        "settings.toml:9",
    ]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        pytest.param("a = \n", "settings.toml:1: is not valid TOML: ", id="no-value"),
        pytest.param('a = 1\nb = "x\n', "settings.toml:2: is not valid TOML: ", id="open-string"),
        pytest.param("a = 1\n\na = 2\n", "settings.toml:3: is not valid TOML: ", id="twice"),
        pytest.param("a = 1\nb = [1,\n", "settings.toml:3: is not valid TOML: ", id="ends-early"),
    ],
)
def test_broken_syntax_is_told_with_its_line(text: str, place: str) -> None:
    (sentence,) = told(text)

    assert sentence.startswith(place)


def test_too_many_mistakes_are_counted_instead_of_told() -> None:
    text = COMPLETE + "[console]\n" + "".join(f"unknown{number} = 1\n" for number in range(300))

    sentences = told(text)

    assert len(sentences) == 201
    assert sentences[-1] == "settings.toml: and 100 more"


def test_the_complete_text_of_these_tests_has_no_mistake() -> None:
    assert told(PROVIDERS + AGENT) == ()
