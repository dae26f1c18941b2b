"""Whatever a file holds: settings or a `SettingsError`, never anything else."""

import tomllib
from collections.abc import Callable
from typing import Any

import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.settings import FILE, KEYS
from tui_failover.config.effective import effective
from tui_failover.config.reader import parse_settings
from tui_failover.config.settings import Settings
from tui_failover.config.template import template
from tui_failover.core.errors import SettingsError

TEMPLATE = template()
DOCUMENT = tomllib.loads(TEMPLATE)

SNIPPETS = st.sampled_from(
    [
        '"',
        "'",
        '"""',
        "[",
        "]",
        "{",
        "}",
        "=",
        ".",
        ",",
        "#",
        "\n",
        "\\",
        "-",
        "nan",
        "inf",
        "1e999",
        "true",
        "[[a]]",
    ]
) | st.text(max_size=8)
ODD = st.recursive(
    st.none().map(lambda _: "")
    | st.text(max_size=20)
    | st.integers()
    | st.floats()
    | st.booleans()
    | st.datetimes()
    | st.sampled_from(["openai", "openai-agent", "none", "http://[", "a\0b", "\x1b]0;x\x07", "\u202e", 10**30]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


def outcome(text: str) -> Settings | tuple[str, ...]:
    """What reading the text comes to; anything raised but a `SettingsError` fails the test."""
    try:
        return parse_settings(text, FILE, KEYS)
    except SettingsError as error:
        return error.problems


def harmless(sentences: tuple[str, ...]) -> bool:
    """Whether every sentence is one printable line that begins with the file's name."""
    return bool(sentences) and all(
        sentence.startswith("settings.toml") and sentence.isprintable() for sentence in sentences
    )


def spots(value: Any, above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The paths of all keys of the document."""
    found = [above] if above else []
    for key, inner in value.items() if isinstance(value, dict) else ():
        found += spots(inner, (*above, key))
    return found


def changed(document: Any, path: tuple[str, ...], change: Callable[[dict[str, Any], str], None]) -> Any:
    """A copy of the document with `change` made where the path leads."""
    copy: dict[str, Any] = tomllib.loads(tomli_w.dumps(document))
    table = copy
    for part in path[:-1]:
        table = table[part]
    change(table, path[-1])
    return copy


@settings(max_examples=300)
@given(at=st.integers(0, len(TEMPLATE)), cut=st.integers(0, 40), put=SNIPPETS)
def test_any_edit_of_the_shipped_text_is_read_or_refused(at: int, cut: int, put: str) -> None:
    result = outcome(TEMPLATE[:at] + put + TEMPLATE[at + cut :])

    assert isinstance(result, Settings) or harmless(result)


@settings(max_examples=300)
@given(path=st.sampled_from(spots(DOCUMENT)), odd=ODD)
def test_any_value_in_any_place_is_read_or_refused(path: tuple[str, ...], odd: object) -> None:
    document = changed(DOCUMENT, path, lambda table, key: table.update({key: odd}))

    result = outcome(tomli_w.dumps(document))

    assert isinstance(result, Settings) or harmless(result)


@given(path=st.sampled_from(spots(DOCUMENT)), name=st.text(min_size=1, max_size=80))
def test_any_renamed_key_is_read_or_refused(path: tuple[str, ...], name: str) -> None:
    document = changed(DOCUMENT, path, lambda table, key: table.update({name: table.pop(key)}))

    result = outcome(tomli_w.dumps(document))

    assert isinstance(result, Settings) or harmless(result)


@given(path=st.sampled_from(spots(DOCUMENT)), odd=ODD)
def test_what_is_read_can_be_written_out_and_read_again(path: tuple[str, ...], odd: object) -> None:
    result = outcome(tomli_w.dumps(changed(DOCUMENT, path, lambda table, key: table.update({key: odd}))))

    if isinstance(result, Settings):
        assert outcome(effective(result)) == result


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    result = outcome(text)

    assert isinstance(result, Settings) or harmless(result)
