"""The console in a real terminal: what reaches it, and what is left when it goes."""

import re
import select
import signal

import pytest

from tests.support.terminals import Terminal

_PROGRAM = """
import asyncio, resource, sys, time
from tui_failover.core.copying import replace
from tests.support import fleets
from tests.support.fake_link import FakeLink
from tui_failover.console.app import Console
from tui_failover.console.desk import Desk, Options
from tui_failover.console.terminal import KeptDriver, run_console
from tui_failover.core.names import Moment

start = fleets.all_healthy().moment

class Clock:
    def now(self):
        passed = time.monotonic() - began
        return Moment(start.mono + passed, start.utc + passed)

began = time.monotonic()
{link}
console = Console(Desk(link, Clock(), Options()), driver_class=KeptDriver)
end = run_console(console)
print(end.why.value, end.exit_code, flush=True)
{after}
sys.exit(end.exit_code)
"""


def _program(situation: str, after: str = "") -> str:
    return _PROGRAM.format(link=f"link = FakeLink(fleets.{situation}())", after=after)


_IDLE = """
before = resource.getrusage(resource.RUSAGE_SELF)
time.sleep(1.0)
after = resource.getrusage(resource.RUSAGE_SELF)
print(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, flush=True)
"""

_GOING_ON = """
import os, signal, threading
os.kill(os.getpid(), signal.SIGCONT)  # a handler of it, if there is one, has run when this returns
print([one.name for one in threading.enumerate() if one.name.startswith("textual")], flush=True)
"""

_BROKEN = """
class Broken(FakeLink):
    def snapshot(self, breathe):
        api_key = "sk-" + "secret-value"
        raise RuntimeError("a bug")
link = Broken(fleets.all_healthy())
"""

_SCRUBBED = "link = FakeLink(fleets.hostile_text())"
_RAW = r"""
raw = "\x1b]52;c;QUFB\x07\x1b[6n\x1b[2J\x9b31m\x1b]8;;https://evil.example\x1b\\\\x\x1b]0;title\x07\x08"
fleet = fleets.failover_in_progress()
sick = replace(fleet.providers[0], error=raw, reason=raw, why_not=replace(fleet.providers[0].why_not, text=raw))
events = tuple(replace(event, text=raw, cause=raw) for event in fleet.events)
link = FakeLink(replace(fleet, providers=(sick, *fleet.providers[1:]), events=events, local_fault=raw))
"""

RESTORED = (b"\x1b[?1049l", b"\x1b[?1000l", b"\x1b[?25h")


def _live(screen: str) -> bool:
    return ("LIVE" in screen and "quit" in screen) or " q " in screen


def test_the_picture_changes_by_itself() -> None:
    with Terminal(_program("all_healthy")) as terminal:
        first = terminal.until(_live)
        clock = re.findall(r"\d\d:\d\d:\d\dZ", first)[0]

        later = terminal.until(lambda screen: _live(screen) and clock not in screen)

        assert "openai" in later


@pytest.mark.parametrize("link", [_SCRUBBED, _RAW], ids=["scrubbed", "not scrubbed"])
def test_nothing_that_providers_say_steers_the_terminal(link: str) -> None:
    """The second case gets past the scrubbing where text enters; the filter before the terminal stops it too."""
    with Terminal(_PROGRAM.format(link=link, after="")) as terminal:
        terminal.until(_live)
        terminal.press("\r")
        terminal.until(lambda screen: "selected:" in screen)
        terminal.insist("s", lambda screen: "› Cancel" in screen)

        # Besides movement, colours and modes the driver itself sets only the shape of the mouse pointer.
        written = terminal.written[: terminal.written.rindex(b"\x1b")]
        known = rb"\x1b\[[?>=<]?[\d;:]*[$]?[hlmHuJKpABCD]|\x1b\]22;[a-z]*\x07"
        foreign = re.sub(known, b"", written)
        assert not {b"\x1b", b"\x07", b"\x08"} & {foreign[at : at + 1] for at in range(len(foreign))}
        assert "\x9b".encode() not in written
        assert b"\x1b[2J" not in written[written.index(b"LIVE") :]


@pytest.mark.parametrize("how", ["hang-up", "signal"])
def test_a_lost_terminal_ends_the_screen_and_not_the_process(how: str) -> None:
    with Terminal(_program("failover_in_progress", after=_IDLE)) as terminal:
        terminal.until(_live)

        if how == "signal":
            terminal.signal(signal.SIGHUP)
        else:
            terminal.hang_up()

        assert terminal.said() == "lost 0"
        assert float(terminal.said()) < 0.02
        assert terminal.process.wait(timeout=10) == 0


def test_sigterm_gives_the_terminal_back_and_asks_for_a_drain() -> None:
    with Terminal(_program("all_healthy")) as terminal:
        terminal.until(_live)

        terminal.signal(signal.SIGTERM)

        assert terminal.said() == "stop-drain 0"
        terminal.drain()
        assert terminal.process.wait(timeout=10) == 0
        assert all(sequence in terminal.written for sequence in RESTORED)


def test_sigterm_ends_the_screen_also_while_nobody_reads_the_terminal() -> None:
    with Terminal(_program("failover_in_progress")) as terminal:
        terminal.until(_live)
        before = -1
        while terminal.unread() > before:  # until not one byte more fits in
            before = terminal.unread()
            terminal.press("T" * 10)
            select.select([], [], [], 0.3)

        terminal.signal(signal.SIGTERM)

        assert terminal.said() == "stop-drain 0"


def test_a_stop_signal_from_the_terminal_is_ignored() -> None:
    with Terminal(_program("all_healthy")) as terminal:
        first = terminal.until(_live)
        clock = re.findall(r"\d\d:\d\d:\d\dZ", first)[0]

        terminal.signal(signal.SIGTSTP)

        assert _live(terminal.until(lambda screen: clock not in screen))


def test_detach_closes_the_screen_for_good_and_nothing_else() -> None:
    """The kernel tells a process to go on when its terminal is closed; that is no wish for a screen."""
    with Terminal(_program("all_healthy", after=_GOING_ON)) as terminal:
        terminal.until(_live)
        terminal.press("q")
        terminal.until(lambda screen: "› Stay" in screen)
        terminal.press("j")
        terminal.until(lambda screen: "› Detach" in screen)

        terminal.insist_until_ended("\r")

        assert terminal.said() == "detached 0"
        assert terminal.said() == "[]"


def test_a_crash_gives_the_terminal_back_and_prints_no_local_variable() -> None:
    program = _PROGRAM.format(link=_BROKEN, after="print('a bug' in end.detail, 'sk-secret' in end.detail)")
    with Terminal(program) as terminal:
        assert terminal.said() == "crashed 70"
        assert terminal.said() == "True False"
        terminal.drain()

        assert terminal.process.wait(timeout=10) == 70
        assert b"sk-secret-value" not in terminal.written
        assert RESTORED[0] in terminal.written


def test_no_screen_is_tried_where_none_can_be_drawn() -> None:
    program = "from tui_failover.console.terminal import unfit; print(unfit(), flush=True)"
    with Terminal(program, TERM="dumb") as terminal:
        assert terminal.said() == "TERM is dumb: the terminal cannot draw a screen"
    with Terminal(program) as terminal:
        assert terminal.said() == "None"
