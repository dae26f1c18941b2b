"""One line for each event and message, without secrets, wherever the lines go."""

import io
import json
import logging
import queue
import stat
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bootstrap.test_known_secrets import CANARY, FORMS
from tests.support.views import an_event
from tui_failover.bootstrap.known_secrets import MARK, KnownSecrets
from tui_failover.bootstrap.log_lines import Entry, entry_of_event, entry_of_record, line_of
from tui_failover.bootstrap.logs import Log, logging_to, to_file, to_stream
from tui_failover.config.settings import LogStyle
from tui_failover.core.event import Event, EventKind, Source
from tui_failover.core.names import AgentId, ProviderId

PLAIN, JSON = LogStyle.PLAIN, LogStyle.JSON
NOON = 1_795_410_000.25  # 2026-11-23T05:00:00.25Z
EVENT = Event(
    7,
    1.0,
    NOON,
    EventKind.UNHEALTHY,
    "healthy -> unhealthy",
    "503 server error",
    Source.PROBE,
    ProviderId("openai-agent"),
)


class Lines:
    """Takes lines, and waits for them."""

    def __init__(self) -> None:
        self._lines: queue.Queue[str] = queue.Queue()

    def __call__(self, line: str) -> None:
        self._lines.put(line)

    def next(self) -> str:
        return self._lines.get(timeout=10.0)


@contextmanager
def logged(style: LogStyle = PLAIN, *secrets: str) -> Iterator[tuple[Log, Lines]]:
    known, lines = KnownSecrets(), Lines()
    for secret in secrets:
        known.learn(secret)
    with logging_to(lines, style, known) as log:
        yield log, lines


def test_an_event_is_a_line_for_people() -> None:
    assert line_of(entry_of_event(EVENT), PLAIN) == (
        "2026-11-23T05:00:00Z INFO openai-agent: healthy -> unhealthy, 503 server error"
    )


def test_an_event_is_a_line_for_machines() -> None:
    assert json.loads(line_of(entry_of_event(EVENT), JSON)) == {
        "time": "2026-11-23T05:00:00.250Z",
        "level": "INFO",
        "message": "healthy -> unhealthy, 503 server error",
        "event": "unhealthy",
        "number": 7,
        "provider": "openai-agent",
        "cause": "503 server error",
        "source": "probe",
    }


def test_an_order_names_who_gave_it() -> None:
    agent, provider = AgentId("my-agent"), ProviderId("b")
    event = Event(1, 1.0, NOON, EventKind.SWITCHED, "a -> b", "a drill", Source.OPERATOR, provider, agent, "ann")

    assert line_of(entry_of_event(event), PLAIN).endswith("INFO my-agent: a -> b, a drill (ann)")
    assert json.loads(line_of(entry_of_event(event), JSON))["actor"] == "ann"


@pytest.mark.parametrize("kind", EventKind)
def test_every_kind_of_event_has_a_level(kind: EventKind) -> None:
    assert entry_of_event(an_event(1, 0.0, kind, "text")).level in {"INFO", "WARNING"}


def test_what_needs_somebody_is_a_warning() -> None:
    assert entry_of_event(an_event(1, 0.0, EventKind.EXHAUSTED, "text")).level == "WARNING"


@given(st.text(), st.sampled_from(LogStyle))
def test_whatever_is_logged_is_one_printable_line(text: str, style: LogStyle) -> None:
    line = line_of(Entry(NOON, "INFO", text, text, {"agent": text}, text), style)

    assert line.isprintable()
    assert len(line.splitlines()) == 1


def test_a_forged_line_stays_inside_the_line_it_came_with() -> None:
    forged = "bad\n2026-11-23T05:00:01Z INFO openai-agent: unhealthy -> healthy\x1b[2J\u2028x"

    assert line_of(Entry(NOON, "INFO", "a", forged), PLAIN) == (
        "2026-11-23T05:00:00Z INFO a: bad\\n2026-11-23T05:00:01Z INFO openai-agent: unhealthy -> healthy"
        "\\x1b[2J\\u2028x"
    )


@pytest.mark.parametrize("style", LogStyle)
def test_an_error_has_its_traceback_in_the_same_line_and_no_local_variables(style: LogStyle) -> None:
    secret = "-".join(["local", "variable", "value"])
    with logged(style) as (_, lines):
        try:
            int(secret[:0])
        except ValueError:
            logging.getLogger("tui_failover.test").exception("it failed")
        line = lines.next()

    assert "ERROR" in line
    assert "it failed" in line
    assert "Traceback (most recent call last)" in line
    assert "ValueError: invalid literal for int()" in line
    assert "local-variable-value" not in line
    assert len(line.splitlines()) == 1
    if style is JSON:
        assert json.loads(line)["traceback"].startswith("Traceback (most recent call last):\n  File ")


def test_a_traceback_is_shortened_at_its_beginning() -> None:
    line = line_of(Entry(NOON, "ERROR", "a", "b", trace="x" * 100_000 + "the end"), PLAIN)

    assert len(line) < 20_000
    assert line.endswith("the end")


def test_a_message_that_cannot_be_written_says_so() -> None:
    record = logging.LogRecord("a", logging.ERROR, "f", 1, "%d", ("no number",), None)

    assert entry_of_record(record).text == "a message that cannot be written (TypeError)"


@pytest.mark.parametrize("style", LogStyle)
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_no_form_of_a_known_secret_reaches_the_sink(form: str, style: LogStyle) -> None:
    with logged(style, CANARY) as (log, lines):
        log.put(Entry(NOON, "INFO", "a", f"said {form} again", {"cause": form}, f"Traceback {form}"))
        line = lines.next()

    assert line.count(MARK) == 2 + (style is JSON)
    assert style is PLAIN or json.loads(line)["message"].startswith("said ")
    for leak in (CANARY, form, json.dumps(form)[1:-1]):
        assert leak not in line


def test_a_secret_in_the_message_of_an_error_is_hidden() -> None:
    with logged(JSON, CANARY) as (_, lines):
        try:
            raise RuntimeError(CANARY)  # noqa: TRY301 - the error is the subject
        except RuntimeError:
            logging.getLogger("some.library").exception("failed with %r", CANARY)
        line = lines.next()

    said = json.loads(line)
    assert said["message"] == f"failed with '{MARK}'"
    assert said["traceback"].endswith(f"RuntimeError: {MARK}")


def test_what_libraries_chat_about_is_left_out_and_what_worries_them_is_not() -> None:
    with logged() as (_, lines):
        logging.getLogger("httpx").info("HTTP Request: GET")
        logging.getLogger("httpx").warning("something odd")
        line = lines.next()

    assert line.endswith("WARNING httpx: something odd")


def test_a_warning_of_python_is_a_line() -> None:
    with logged() as (_, lines), warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=False)
        logging.captureWarnings(capture=True)
        warnings.warn("old ways", stacklevel=1)
        line = lines.next()
        logging.captureWarnings(capture=False)

    assert "WARNING py.warnings: " in line
    assert "old ways" in line


def test_an_error_that_ends_a_thread_is_a_line() -> None:
    def fails() -> None:
        message = "in the thread"
        raise RuntimeError(message)

    with logged() as (_, lines):
        thread = threading.Thread(target=fails, name="worker")
        thread.start()
        thread.join()
        line = lines.next()

    assert "ERROR tui_failover: worker ended by an error of ours | Traceback" in line
    assert line.endswith("RuntimeError: in the thread")


def test_afterwards_logging_is_as_it_was_before() -> None:
    before = logging.getLogger().handlers[:], logging.getLogger().level, threading.excepthook

    with logged():
        pass

    assert (logging.getLogger().handlers[:], logging.getLogger().level, threading.excepthook) == before


def test_everything_that_was_said_is_written_before_the_end() -> None:
    stream = io.StringIO()
    with logging_to(to_stream(stream), PLAIN, KnownSecrets()) as log:
        for number in range(1000):
            log.put(Entry(NOON, "INFO", "a", f"line {number}"))

    assert len(stream.getvalue().splitlines()) == 1000


def test_a_reader_who_takes_nothing_holds_nobody_up_and_is_told_what_is_missing() -> None:
    taken, gate = Lines(), threading.Event()

    def slowly(line: str) -> None:
        gate.wait(10.0)
        taken(line)

    with logging_to(slowly, PLAIN, KnownSecrets()) as log:
        for number in range(12_000):
            log.put(Entry(NOON, "INFO", "a", f"line {number}"))
        gate.set()
        lines = [taken.next() for _ in range(3)]

    assert any("lines were dropped: nobody took them in time" in line for line in lines)


def test_a_reader_who_is_gone_ends_nothing() -> None:
    taken = Lines()

    def broken_once(line: str) -> None:
        if "first" in line:
            raise BrokenPipeError
        taken(line)

    with logging_to(broken_once, PLAIN, KnownSecrets()) as log:
        log.put(Entry(NOON, "INFO", "a", "first"))
        log.put(Entry(NOON, "INFO", "a", "second"))

        assert taken.next().endswith("second")


def test_a_log_file_is_for_its_owner_only(tmp_path: Path) -> None:
    write = to_file(tmp_path / "log")

    write("one")
    write("two \udc80")

    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o600
    assert (tmp_path / "log").read_text(encoding="utf-8") == "one\ntwo \\udc80\n"


def test_a_full_log_file_becomes_the_older_one_of_two(tmp_path: Path) -> None:
    write = to_file(tmp_path / "log", largest=10)

    for line in ("first line", "second line", "third"):
        write(line)

    assert (tmp_path / "log.1").read_text() == "second line\n"
    assert (tmp_path / "log").read_text() == "third\n"


def test_a_link_in_place_of_the_log_file_is_not_followed(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    (tmp_path / "log").symlink_to(precious)

    with pytest.raises(OSError, match="symbolic links"):
        to_file(tmp_path / "log")("line")

    assert precious.read_text() == "mine"
