"""How long a provider asks to be left alone."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_failover.wire.retry_after import may_retry, regain_wait_s, retry_after_s, stated_wait_s

DATE = "Mon, 23 Nov 2026 10:00:00 GMT"
DATE_UTC = 1795428000.0


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param({"retry-after": "2"}, 2.0, id="seconds"),
        pytest.param({"retry-after": " 2.5 "}, 2.5, id="seconds with a fraction"),
        pytest.param({"retry-after": "0"}, 0.0, id="zero means zero"),
        pytest.param({"retry-after": "86400"}, 86_400.0, id="a day is passed on uncapped"),
        pytest.param({"retry-after-ms": "1500"}, 1.5, id="milliseconds"),
        pytest.param({"retry-after-ms": "1500", "retry-after": "9"}, 1.5, id="milliseconds come first"),
        pytest.param(
            {"retry-after-ms": "soon", "retry-after": "9"}, 9.0, id="unreadable milliseconds are skipped"
        ),
        pytest.param(
            {"retry-after": "Mon, 23 Nov 2026 10:00:30 GMT", "date": DATE},
            30.0,
            id="date against the answer's own",
        ),
        pytest.param({"retry-after": "Mon, 23 Nov 2026 09:00:00 GMT", "date": DATE}, 0.0, id="a past date is now"),
        pytest.param({"retry-after": "Mon, 23 Nov 2026 10:00:30 GMT"}, None, id="a date without any clock"),
        pytest.param({"retry-after": "-5"}, None, id="negative"),
        pytest.param({"retry-after": "NaN"}, None, id="not a number"),
        pytest.param({"retry-after": "inf"}, None, id="infinite"),
        pytest.param({"retry-after": "1e309"}, None, id="overflow"),
        pytest.param({"retry-after": "soon"}, None, id="a word"),
        pytest.param({"retry-after": ""}, None, id="empty"),
        pytest.param({"retry-after": "20, 40"}, None, id="two headers"),
        pytest.param({"retry-after": "٣"}, None, id="digits of another script"),
        pytest.param({}, None, id="nothing"),
        pytest.param({"x-ratelimit-reset-requests": "6m12s"}, 372.0, id="reset in minutes and seconds"),
        pytest.param({"x-ratelimit-reset-tokens": "120ms"}, 0.12, id="reset in milliseconds"),
        pytest.param({"x-ratelimit-reset-tokens": "1h0m5.5s"}, 3605.5, id="reset in hours"),
        pytest.param({"x-ratelimit-reset-tokens": "17"}, 17.0, id="reset in plain seconds"),
        pytest.param({"x-ratelimit-reset": str(int(DATE_UTC) + 8), "date": DATE}, 8.0, id="reset as Unix time"),
        pytest.param(
            {"x-ratelimit-reset": str((int(DATE_UTC) + 8) * 1000), "date": DATE},
            8.0,
            id="reset as Unix milliseconds",
        ),
        pytest.param(
            {"anthropic-ratelimit-requests-reset": "2026-11-23T10:00:45Z", "date": DATE},
            45.0,
            id="reset as RFC 3339",
        ),
        pytest.param(
            {"x-ratelimit-reset-requests": "1s", "x-ratelimit-reset-tokens": "6m0s"}, 360.0, id="the largest reset"
        ),
        pytest.param(
            {
                "x-ratelimit-reset-requests": "1s",
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-tokens": "6m0s",
                "x-ratelimit-remaining-tokens": "149000",
            },
            1.0,
            id="only what is used up",
        ),
        pytest.param(
            {
                "anthropic-ratelimit-input-tokens-reset": "2026-11-23T10:01:00Z",
                "anthropic-ratelimit-input-tokens-remaining": "12",
                "date": DATE,
            },
            None,
            id="nothing is used up",
        ),
        pytest.param(
            {"retry-after": "3", "x-ratelimit-reset-requests": "6m0s"}, 3.0, id="what is stated comes first"
        ),
        pytest.param({"x-ratelimit-reset-requests": "-6m"}, None, id="negative reset"),
    ],
)
def test_wait_is_read_from(headers: dict[str, str], expected: float | None) -> None:
    wait = retry_after_s(headers)

    assert wait == (None if expected is None else pytest.approx(expected))


def test_dates_are_measured_against_our_clock_where_the_answer_has_none() -> None:
    wait = retry_after_s({"retry-after": "Mon, 23 Nov 2026 10:00:30 GMT"}, now_utc=DATE_UTC)

    assert wait == pytest.approx(30.0)


def test_rate_limit_resets_are_not_a_stated_wait() -> None:
    assert stated_wait_s({"x-ratelimit-reset-requests": "6m12s"}) is None


@pytest.mark.parametrize(("value", "allowed"), [("false", False), ("FALSE ", False), ("true", True), ("", True)])
def test_another_try_is_forbidden_only_by_a_plain_false(value: str, allowed: bool) -> None:
    assert may_retry({"x-should-retry": value}) is allowed


def test_another_try_is_allowed_where_nothing_is_said() -> None:
    assert may_retry({})


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        pytest.param("You will regain access on 2026-11-24 at 10:00 UTC.", 86_400.0, id="with an hour"),
        pytest.param("You will regain access on 2026-11-24.", 50_400.0, id="date alone means midnight"),
        pytest.param("You will regain access on 2026-13-40.", None, id="no such date"),
        pytest.param("You have reached your limit.", None, id="no promise"),
    ],
)
def test_spend_limit_message_promises(message: str, expected: float | None) -> None:
    assert regain_wait_s(message, {"date": DATE}) == expected


_NAMES = st.sampled_from(
    [
        "retry-after",
        "retry-after-ms",
        "date",
        "x-ratelimit-reset",
        "x-ratelimit-reset-requests",
        "x-ratelimit-remaining-requests",
        "anthropic-ratelimit-tokens-reset",
        "anthropic-ratelimit-tokens-remaining",
        "x-should-retry",
    ]
)
_VALUES = st.one_of(
    st.text(max_size=40),
    st.floats().map(str),
    st.integers().map(str),
    st.datetimes().map(lambda moment: moment.isoformat() + "Z"),
    st.from_regex(r"(\d{1,12}(\.\d)?(d|h|m|s|ms)){1,3}", fullmatch=True),
    st.from_regex(
        r"[A-Z][a-z]{2}, \d{1,3} [A-Z][a-z]{2} \d{1,5} \d\d:\d\d:\d\d ([A-Z]{3}|[+-]\d{4})", fullmatch=True
    ),
)


@settings(deadline=None)
@given(headers=st.dictionaries(_NAMES, _VALUES), now_utc=st.none() | st.floats(0, 4e9))
def test_any_headers_give_a_usable_wait_or_none(headers: dict[str, str], now_utc: float | None) -> None:
    wait = retry_after_s(headers, now_utc)
    may_retry(headers)

    assert wait is None or (wait >= 0 and math.isfinite(wait))


@settings(deadline=None)
@given(
    message=st.text() | st.from_regex(r"regain access on \d{4}-\d{2}-\d{2} at \d{2}:\d{2}"),
    now_utc=st.floats(0, 4e9),
)
def test_any_message_gives_a_usable_wait_or_none(message: str, now_utc: float) -> None:
    wait = regain_wait_s(message, {}, now_utc)

    assert wait is None or (wait >= 0 and math.isfinite(wait))
