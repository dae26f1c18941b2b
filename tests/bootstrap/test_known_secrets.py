"""Secrets are hidden by their value, however they are written."""

import base64
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_failover.bootstrap.known_secrets import MARK, KnownSecrets

CANARY = """c@n"a\\ry/+%&=<k>'7Q!z~{}|^`$#;:?,."""
PART = 8


def knowing(*secrets: str) -> KnownSecrets:
    known = KnownSecrets()
    for secret in secrets:
        known.learn(secret)
    return known


def basic(user: str) -> str:
    return base64.b64encode(f"{user}:{CANARY}".encode()).decode()


FORMS = {
    "as it is": CANARY,
    "in a URL": quote(CANARY, safe=""),
    "in a URL, small letters": quote(CANARY, safe="").lower(),
    "in a form": quote_plus(CANARY),
    "in JSON": json.dumps({"error": CANARY}),
    "in JSON in JSON": json.dumps({"body": json.dumps({"error": CANARY})}),
    "as Python shows it": repr([CANARY]),
    "in base64": base64.b64encode(CANARY.encode()).decode(),
    "in URL-safe base64": base64.urlsafe_b64encode(CANARY.encode()).decode(),
    "behind one character in base64": basic(""),
    "behind two characters in base64": basic("u"),
    "behind three characters in base64": basic("us"),
    "in hexadecimal": CANARY.encode().hex(),
    "its first half": CANARY[: len(CANARY) // 2],
    "its second half": CANARY[len(CANARY) // 2 :],
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_secret_is_hidden_in_every_form(form: str) -> None:
    hidden = knowing(CANARY).hide(f"before {form} after")

    assert MARK in hidden
    assert hidden.startswith("before ")
    assert hidden.endswith(" after")
    if form not in {FORMS["behind one character in base64"], FORMS["behind two characters in base64"]}:
        assert len(hidden) < 60


@pytest.mark.parametrize("name", ["as it is", "in a URL", "in base64", "in hexadecimal"])
def test_nothing_of_a_secret_is_left(name: str) -> None:
    hidden = knowing(CANARY).hide(f"x {FORMS[name]} y {FORMS[name]} z")

    assert hidden.replace("=", "") == f"x {MARK} y {MARK} z"


@given(
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=PART, max_size=80), st.text(), st.text()
)
def test_no_secret_survives_whatever_it_and_its_surroundings_are(secret: str, before: str, after: str) -> None:
    hidden = knowing(secret).hide(f"{before}{secret}{after}")

    assert secret not in hidden


def test_all_secrets_are_hidden_also_where_they_touch() -> None:
    first, second = "first-secret", "second-secret"

    assert knowing(first, second).hide(f"a {first}{second} b {second}") == f"a {MARK} b {MARK}"


def test_words_are_not_hidden() -> None:
    assert knowing("none", "", "dummy").hide("none of the dummy words") == "none of the dummy words"


def test_a_rotated_secret_stays_hidden() -> None:
    known = knowing("the-old-secret")
    known.learn("the-new-secret")

    assert known.hide("the-old-secret") == MARK


def test_without_secrets_text_is_left_alone() -> None:
    assert KnownSecrets().hide("anything") == "anything"
