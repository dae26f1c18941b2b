import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_failover.rehearsal import CATALOGUE, BadFault, parse
from tui_failover.rehearsal.faults import Away, Break, Broken, Denied, Fault, Latency, Limited, Odd, Oddity, Status
from tui_failover.rehearsal.problems import Problem, Wait429, duration_text

_seconds = st.floats(0, 1e7, allow_nan=False)


def _spelled(seconds: float) -> str:
    return str(Latency(seconds)).removeprefix("latency:")


_limits = st.one_of(
    st.builds(
        Limited,
        st.sampled_from([w for w in Wait429 if w not in (Wait429.SILENT, Wait429.GARBAGE)]),
        _seconds.map(_spelled),
    ),
    st.just(Limited(Wait429.SILENT)),
    st.builds(Limited, st.just(Wait429.GARBAGE), st.from_regex(r"[!-~]{0,12}", fullmatch=True)),
)
_faults: st.SearchStrategy[Fault] = st.one_of(
    st.builds(Status, st.integers(299, 999).filter(lambda code: code != 304)),
    st.builds(Away, _seconds),
    st.builds(Latency, _seconds),
    st.builds(Denied, st.sampled_from(Problem)),
    st.builds(Broken, st.sampled_from(Break), st.integers(0, 10_000)),
    st.builds(Odd, st.sampled_from(Oddity)),
    _limits,
)


@given(_faults)
def test_a_fault_is_parsed_from_its_own_spelling(fault: Fault) -> None:
    assert parse(str(fault)) == fault


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_entry_has_words_and_an_example_that_parses(name: str) -> None:
    entry = CATALOGUE[name]

    assert str(parse(entry.example)) == entry.example
    assert entry.example.partition(":")[0] == name
    assert entry.says


def test_every_problem_break_oddity_and_wait_has_a_name() -> None:
    kinds = {*Problem, *Break, *Oddity, *Wait429}

    assert {str(kind) for kind in kinds} | {"status", "away", "latency"} == set(CATALOGUE)


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(BadFault) as caught:
        parse("explode:3")

    assert "'explode'" in str(caught.value)
    for name in CATALOGUE:
        assert name in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cut", "written 'cut:TOKENS'"),
        ("hang:5", "written 'hang'"),
        ("cut:-1", "a number of tokens"),
        ("cut:two", "a number of tokens"),
        ("cut:99999999999", "a number of tokens"),
        ("latency:soon", "needs seconds"),
        ("latency:-1", "needs seconds"),
        ("latency:inf", "needs seconds"),
        ("status:200", "an HTTP status"),
        ("status:1000", "an HTTP status"),
        ("status:304", "304 has no body"),
        ("rate-limit-garbage:a\r\nb", "printable ASCII"),
    ],
)
def test_a_bad_argument_is_refused_with_what_it_needs(text: str, expected: str) -> None:
    with pytest.raises(BadFault, match=r"fault|for example") as caught:
        parse(text)

    assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.12, "120ms"), (1.5, "1.5s"), (20, "20s"), (372, "6m12s"), (3605, "1h0m5s"), (0, "0ms")],
)
def test_durations_are_written_the_way_reset_headers_write_them(seconds: float, expected: str) -> None:
    assert duration_text(seconds) == expected
