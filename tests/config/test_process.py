"""The tables on the control API and the process."""

from pathlib import Path

import pytest

from tests.support.settings import COMPLETE, settings_of, told
from tui_failover.config.effective import effective
from tui_failover.config.secret import EnvKey, FileKey
from tui_failover.config.settings import ControlSettings, ListenAt, LogStyle, ProcessSettings

CONTROL = """\
[control]
enabled = false
listen = "[::1]:8443"
gateway_tokens = ["env:GATEWAY_TOKEN"]
read_tokens = ["env:READ_TOKEN", "file:old read.token"]
write_tokens = ["file:/run/secrets/write"]
allowed_hosts = ["failover.example", "failover.example:8443", "[fd00::1]"]
allowed_origins = ["https://dashboard.example"]
[process]
state = "state"
log = "json"
drain_s = 0
"""


def test_unsaid_the_control_api_is_on_loopback_for_everybody_on_this_machine() -> None:
    settings = settings_of(COMPLETE)

    assert settings.control == ControlSettings(True, ListenAt("127.0.0.1", 5000))
    assert settings.process == ProcessSettings("", LogStyle.PLAIN, 30.0)


def test_everything_said_is_read() -> None:
    settings = settings_of(COMPLETE + CONTROL)

    assert settings.control == ControlSettings(
        enabled=False,
        listen=ListenAt("::1", 8443),
        gateway_tokens=(EnvKey("GATEWAY_TOKEN"),),
        read_tokens=(EnvKey("READ_TOKEN"), FileKey("old read.token", Path("old read.token"))),
        write_tokens=(FileKey("/run/secrets/write", Path("/run/secrets/write")),),
        allowed_hosts=("failover.example", "failover.example:8443", "[fd00::1]"),
        allowed_origins=("https://dashboard.example",),
    )
    assert settings.process == ProcessSettings("state", LogStyle.JSON, 0.0)
    assert settings_of(effective(settings)) == settings


@pytest.mark.parametrize("listen", ["127.0.0.1:0", "0.0.0.0:5000", "[::]:80", "localhost:5000"])
def test_an_address_is_written_as_it_was_read(listen: str) -> None:
    settings = settings_of(f'{COMPLETE}[control]\nlisten = "{listen}"\nread_tokens = ["env:TOKEN"]\n')

    assert str(settings.control.listen) == listen


@pytest.mark.parametrize("more", ["", "write_tokens = []\n"], ids=["none", "an empty list"])
def test_address_that_other_machines_can_reach_needs_a_token_somewhere(more: str) -> None:
    assert told(f'{COMPLETE}[control]\nlisten = "0.0.0.0:5000"\n{more}') == (
        "settings.toml:14: control.listen: can be reached from other machines, so tokens are needed: name some in"
        ' read_tokens or write_tokens or gateway_tokens, or listen on "127.0.0.1:5000"',
    )


@pytest.mark.parametrize(
    "listen",
    ["", "5000", ":5000", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000", "a b:1", "me@host:1", "h:1/p", "::1:5"],
)
def test_what_is_no_address_to_listen_on_is_refused(listen: str) -> None:
    assert told(f'{COMPLETE}[control]\nlisten = "{listen}"\n') == (
        'settings.toml:14: control.listen: is no address to listen on; write it like "127.0.0.1:5000"',
    )


@pytest.mark.parametrize(
    "token", ["hunter2-hunter2-hunter2", "env:", "env:lower", "file:", "READ_TOKEN", "env:A B"]
)
def test_a_token_itself_is_refused_without_repeating_it(token: str) -> None:
    (sentence,) = told(f'{COMPLETE}[control]\nread_tokens = ["{token}"]\n')

    assert sentence.endswith('must say where the token is, never what it is: "env:NAME" or "file:path"')
    assert sentence.startswith("settings.toml:14: control.read_tokens[0]: must")


def test_a_token_in_the_known_form_of_a_key_is_refused_as_a_secret() -> None:
    (sentence,) = told(f'{COMPLETE}[control]\nread_tokens = ["file:sk-0123456789abcdef0123"]\n')

    assert "holds a secret" in sentence
    assert "0123456789" not in sentence


@pytest.mark.parametrize("host", ["", "a b", "http://a", "a:x", "a/b", "u@h"])
def test_what_is_no_host_is_refused(host: str) -> None:
    (sentence,) = told(f'{COMPLETE}[control]\nallowed_hosts = ["{host}"]\n')

    assert sentence.startswith("settings.toml:14: control.allowed_hosts[0]: ")


@pytest.mark.parametrize("origin", ["*", "null", "dashboard.example", "https://a/", "https://a/b", "ftp://a"])
def test_what_is_no_origin_is_refused(origin: str) -> None:
    (sentence,) = told(f'{COMPLETE}[control]\nallowed_origins = ["{origin}"]\n')

    assert sentence.startswith("settings.toml:14: control.allowed_origins[0]: ")


def test_nobody_waits_for_longer_than_an_hour_at_the_end() -> None:
    assert told(f"{COMPLETE}[process]\ndrain_s = 3601\n") == (
        "settings.toml:14: process.drain_s: must be at most 3600",
    )
