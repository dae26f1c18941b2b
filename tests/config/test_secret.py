"""Keys are read when they are needed and never shown."""

import copy
import pickle
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.settings import COMPLETE, PROVIDERS, settings_of, told
from tui_failover.config.effective import effective
from tui_failover.config.secret import EnvKey, FileKey, Missing, Secret, looks_secret, redact

CANARY = "sk-canary-4f9a8b7c6d5e4f3a2b1c"


@dataclass
class Holder:
    secret: Secret


SHOWN = {
    "repr": repr(Secret(CANARY)),
    "str": str(Secret(CANARY)),
    "f-string": f"{Secret(CANARY)}",
    "f-string-with-width": f"{Secret(CANARY):>40}",
    "f-string-repr": f"{Secret(CANARY)!r}",
    "percent": "%s %r" % (Secret(CANARY), Secret(CANARY)),  # noqa: UP031  # this form is the case
    "dataclass": repr(Holder(Secret(CANARY))),
    "list": str([Secret(CANARY)]),
    "exception": str(ValueError(Secret(CANARY))),
}


@pytest.mark.parametrize("shown", SHOWN.values(), ids=SHOWN.keys())
def test_secret_shows_stars(shown: str) -> None:
    assert "****" in shown
    assert CANARY[3:11] not in shown


@pytest.mark.parametrize("copied", [pickle.dumps, copy.copy, copy.deepcopy], ids=["pickle", "copy", "deepcopy"])
def test_secret_refuses_to_be_written(copied: object) -> None:
    assert callable(copied)

    with pytest.raises(TypeError, match="a secret is not written anywhere"):
        copied(Secret(CANARY))


def test_secret_reveals_itself_on_demand_only() -> None:
    assert Secret(CANARY).reveal() == CANARY


def test_secrets_are_equal_by_value() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1


def test_key_in_the_environment_is_read_at_each_use() -> None:
    environ = {"OPENAI_API_KEY": "first"}
    key = EnvKey("OPENAI_API_KEY")
    before = key.read(environ)

    environ["OPENAI_API_KEY"] = " second\n"

    assert (before, key.read(environ)) == (Secret("first"), Secret("second"))


def test_key_in_a_file_is_read_at_each_use(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("first\n")
    key = FileKey("key", path)
    before = key.read()

    path.write_text("second")

    assert (before, key.read()) == (Secret("first"), Secret("second"))


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        pytest.param(None, "set OPENAI_API_KEY", id="unset"),
        pytest.param("  ", "set OPENAI_API_KEY", id="blank"),
        pytest.param(
            "two words", "set OPENAI_API_KEY to the key alone: it holds characters that no key has", id="two-words"
        ),
        pytest.param(
            "kéy", "set OPENAI_API_KEY to the key alone: it holds characters that no key has", id="not-ascii"
        ),
    ],
)
def test_unusable_variable_says_what_to_do(value: str | None, advice: str) -> None:
    environ = {} if value is None else {"OPENAI_API_KEY": value}

    assert EnvKey("OPENAI_API_KEY").read(environ) == Missing(advice)


@pytest.mark.parametrize(
    ("data", "advice"),
    [
        pytest.param(None, "put the key into my.key: there is no such file", id="missing"),
        pytest.param(b" \n", "put the key into my.key: the file is empty", id="empty"),
        pytest.param(
            b"one\ntwo\n", "put the key alone into my.key: the file holds characters that no key has", id="lines"
        ),
        pytest.param(
            b"\xff\xfe", "put the key alone into my.key: the file holds characters that no key has", id="binary"
        ),
        pytest.param(b"k" * 20_000, "put the key into my.key: is larger than 16 KiB", id="too-large"),
    ],
)
def test_unusable_file_says_what_to_do(tmp_path: Path, data: bytes | None, advice: str) -> None:
    path = tmp_path / "my.key"
    if data is not None:
        path.write_bytes(data)

    assert FileKey("my.key", path).read() == Missing(advice)


@pytest.mark.parametrize(
    "text",
    [
        "sk-proj-Ab12Cd34Ef56Gh78",
        "sk-ant-api03-Ab12Cd34Ef56",
        "gsk_abcdefghijklmnop",
        "xai-abcdefghijklmnop",
        "AIzaSyAbcdefghijklmnop",
        "Bearer abcdefghijkl",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc",
    ],
)
def test_known_forms_of_keys_are_recognised_and_starred(text: str) -> None:
    assert looks_secret(text)
    assert redact(f"before {text} after") == "before ******** after"


@pytest.mark.parametrize("text", ["openai-agent", "task-force-number-1234567890", "sk-learn", "gpt-6.1-terra"])
def test_ordinary_names_are_no_secrets(text: str) -> None:
    assert not looks_secret(text)


PLACES = {
    "api-key": f'[providers.p]\ndialect = "openai"\nmodel = "m"\napi_key = "{CANARY}"\n',
    "api-key-env": f'[providers.p]\ndialect = "openai"\nmodel = "m"\napi_key_env = "{CANARY}"\n',
    "api-key-file": f'[providers.p]\ndialect = "openai"\nmodel = "m"\napi_key_file = "{CANARY}"\n',
    "model": f'[providers.p]\ndialect = "openai"\nmodel = "{CANARY}"\nauth = "none"\n',
    "dialect": f'[providers.p]\ndialect = "{CANARY}"\nmodel = "m"\nauth = "none"\n',
    "auth": f'[providers.p]\ndialect = "openai"\nmodel = "m"\nauth = "{CANARY}"\n',
    "base-url": f'{PROVIDERS}base_url = "https://{CANARY}@example.com"\n',
    "header": f'{PROVIDERS}headers = {{ X-Thing = "{CANARY}" }}\n',
    "bearer-header": f'{PROVIDERS}headers = {{ X-Thing = "Bearer {CANARY}" }}\n',
    "name": f'[providers.{CANARY}]\ndialect = "openai"\n',
    "unknown-key": f"{PROVIDERS}{CANARY} = 1\n",
    "primary": f'{PROVIDERS}[agents.a]\nprimary_provider_id = "{CANARY}"\n',
    "backup": f'{PROVIDERS}[agents.b]\nprimary_provider_id = "openai-agent"\nbackup_provider_ids = ["{CANARY}"]\n',
    "question": f'{COMPLETE}health_check_query = "{CANARY}"\n',
    "broken-line": f'{PROVIDERS}api_key = "{CANARY}\n',
    "broken-key": f"{PROVIDERS}{CANARY} {CANARY}\n",
    "twice": f"{PROVIDERS}[{CANARY}]\n[{CANARY}]\n",
}


@pytest.mark.parametrize("text", PLACES.values(), ids=PLACES.keys())
def test_secret_written_into_the_file_is_refused_and_not_repeated(text: str) -> None:
    sentences = told(text)

    assert sentences
    assert not any(CANARY[3:11] in sentence for sentence in sentences)


def test_keys_appear_neither_in_the_settings_nor_in_what_is_printed_of_them() -> None:
    settings = settings_of(COMPLETE, environ={"OPENAI_API_KEY": CANARY, "ANTHROPIC_API_KEY": CANARY})

    shown = repr(settings) + str(settings) + effective(settings)

    assert CANARY[3:11] not in shown
    assert "env:OPENAI_API_KEY" in shown
