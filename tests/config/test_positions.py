"""Every key of a TOML text has its line."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_failover.config.positions import line_numbers, nearest_line

LINES = {
    "plain": ("# note\n\na = 1\n", {("a",): 3}),
    "dotted": ('a.b."c d" = 1\n', {("a",): 1, ("a", "b"): 1, ("a", "b", "c d"): 1}),
    "escaped": ('"a\\u0062" = 1\n', {("ab",): 1}),
    "literal-key": ("'a.b' = 1\n", {("a.b",): 1}),
    "table": ("[a]\nb = 1\n[ a . c ]\nd = 2\n", {("a",): 1, ("a", "b"): 2, ("a", "c"): 3, ("a", "c", "d"): 4}),
    "list-of-several-lines": (
        'a = [\n  "x", # ]\n  "]",\n]\nb = 1\n',
        {("a",): 1, ("a", 0): 2, ("a", 1): 3, ("b",): 5},
    ),
    "inline-tables": (
        "a = [\n{ b = 1 },\n{ b.c = '}' }]\n",
        {("a",): 1, ("a", 0): 2, ("a", 0, "b"): 2, ("a", 1): 3, ("a", 1, "b"): 3, ("a", 1, "b", "c"): 3},
    ),
    "text-of-several-lines": ('a = """\n[no]\nb = 1\\"""\n"""""\nc = 1\n', {("a",): 1, ("c",): 5}),
    "literal-text-of-several-lines": ("a = '''\n[no]\n'b = 1''''\nc = 1\n", {("a",): 1, ("c",): 4}),
    "empty-texts": (
        "a = \"\"\nb = ''\nc = [\"\", '']\n",
        {("a",): 1, ("b",): 2, ("c",): 3, ("c", 0): 3, ("c", 1): 3},
    ),
    "array-of-tables": (
        "[[a]]\nb = 1\n[a.c]\nd = 1\n[[a]]\nb = 2\n[a.c]\nd = 2\n",
        {
            ("a",): 1,
            ("a", 0): 1,
            ("a", 0, "b"): 2,
            ("a", 0, "c"): 3,
            ("a", 0, "c", "d"): 4,
            ("a", 1): 5,
            ("a", 1, "b"): 6,
            ("a", 1, "c"): 7,
            ("a", 1, "c", "d"): 8,
        },
    ),
    "values-of-all-kinds": (
        "a = 1979-05-27 07:32:00Z\nb = -1_000.5e3\nc = true # x = 1\nd = nan\n",
        {("a",): 1, ("b",): 2, ("c",): 3, ("d",): 4},
    ),
    "windows-line-ends": ("a = 1\r\nb = 2\r\n", {("a",): 1, ("b",): 2}),
}


@pytest.mark.parametrize(("text", "lines"), LINES.values(), ids=LINES.keys())
def test_each_key_has_the_line_it_stands_on(text: str, lines: dict[tuple[str | int, ...], int]) -> None:
    tomllib.loads(text)

    assert line_numbers(text) == lines


def test_what_is_not_written_has_the_line_of_the_table_around_it() -> None:
    lines = line_numbers("\n[a.b]\nc = 1\n")

    assert nearest_line(lines, ("a", "b", "missing")) == 2
    assert nearest_line(lines, ("missing",)) is None


@given(st.text(alphabet="ab.[]{}\"'=, #\\\n1", max_size=60))
def test_any_text_is_walked_over_without_an_error(text: str) -> None:
    lines = line_numbers(text)

    assert all(1 <= line <= text.count("\n") + 1 for line in lines.values())


NAMES = st.text(min_size=1, max_size=5)
VALUES = st.recursive(
    st.text(max_size=12) | st.integers(-9, 9) | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_every_key_of_a_written_document_is_found(document: dict[str, object]) -> None:
    import tomli_w

    lines = line_numbers(tomli_w.dumps(document, multiline_strings=True))

    assert {path for path in paths(document) if path not in lines} == set()


def paths(value: object, above: tuple[str | int, ...] = ()) -> set[tuple[str | int, ...]]:
    """The paths of all keys and items in a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found: set[tuple[str | int, ...]] = {above} - {()}
    for key, item in inner:
        found |= paths(item, (*above, key))
    return found
