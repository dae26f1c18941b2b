"""Error bodies of both dialects and of servers that imitate them."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_failover.wire.delta import ErrorShape
from tui_failover.wire.error_body import error_in, read_error_body


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(
            {"error": {"message": "m", "type": "t", "param": None, "code": "c"}},
            ErrorShape("t", "c", "", "m"),
            id="openai",
        ),
        pytest.param(
            {
                "type": "error",
                "error": {"type": "t", "message": "m", "details": {"error_code": "d"}},
                "request_id": "r",
            },
            ErrorShape("t", "", "d", "m"),
            id="anthropic with details",
        ),
        pytest.param(
            {
                "error": {
                    "message": "m",
                    "code": "content_filter",
                    "innererror": {"code": "ResponsibleAIPolicyViolation"},
                }
            },
            ErrorShape("", "content_filter", "ResponsibleAIPolicyViolation", "m"),
            id="an inner error",
        ),
        pytest.param(
            {"error": {"message": "m", "code": 429}}, ErrorShape("", "429", "", "m"), id="a number as code"
        ),
        pytest.param({"error": "m"}, ErrorShape(message="m"), id="a string as error"),
        pytest.param(
            {"object": "error", "message": "m", "type": "t", "code": 404},
            ErrorShape("t", "404", "", "m"),
            id="a flat error",
        ),
        pytest.param({"detail": "m"}, ErrorShape(message="m"), id="detail"),
        pytest.param({"detail": [{"msg": "m"}]}, ErrorShape(message='[{"msg": "m"}]'), id="a list of details"),
        pytest.param({"message": "m"}, ErrorShape(message="m"), id="message alone"),
    ],
)
def test_body_says(body: object, expected: ErrorShape) -> None:
    assert read_error_body(json.dumps(body)) == expected


@pytest.mark.parametrize("page", ["<html><body>no</body></html>", "  <!DOCTYPE html>x", "<?xml version='1.0'?>"])
def test_page_is_known_as_one_and_says_nothing(page: str) -> None:
    assert read_error_body(page) == ErrorShape(html=True)


def test_plain_text_is_the_message() -> None:
    assert read_error_body("upstream request failed") == ErrorShape(message="upstream request failed")


def test_empty_body_says_nothing() -> None:
    assert read_error_body("") == ErrorShape()


@pytest.mark.parametrize(
    "document",
    [
        {"choices": []},
        {"data": []},
        {"type": "message", "content": []},
        {"error": None},
        {"error": ""},
        [],
        "x",
        None,
    ],
    ids=repr,
)
def test_document_without_an_error_holds_none(document: object) -> None:
    assert error_in(document) is None


@settings(deadline=None)
@given(body=st.text() | st.recursive(st.none() | st.text(max_size=4), st.lists).map(json.dumps))
def test_any_body_is_read_without_an_exception(body: str) -> None:
    assert isinstance(read_error_body(body), ErrorShape)
