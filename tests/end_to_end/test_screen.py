"""The console on real settings in a real terminal: it shows where the gateway is, and hands its address on."""

import base64
import re
import signal
import socket
from pathlib import Path

from tests.support.served import NOBODY, SOON_S, settings_text
from tests.support.terminals import Terminal

_PROGRAM = """
import runpy, sys
sys.argv = ["tui-failover", "--settings", {settings!r}, "--state", {state!r}, "--listen", "127.0.0.1:0"]
runpy.run_module("tui_failover", run_name="__main__")
"""

_BODY = b'{"model": "my-agent", "messages": [{"role": "user", "content": "hello"}]}'
_QUESTION = (
    b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost:%d\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n%s"
)
_DOWN = "\x1b[B"


def test_y_on_the_gateways_address_sends_its_export_line_to_the_terminals_clipboard(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text(settings_text({"a": NOBODY, "b": NOBODY}))
    state = tmp_path / "state"
    program = _PROGRAM.format(settings=str(tmp_path / "settings.toml"), state=str(state))
    with Terminal(program) as terminal:
        shown = terminal.until(lambda screen: "gateway :" in screen)
        port = re.findall(r"gateway :(\d+)", shown)[0]
        terminal.press("\t\t")
        terminal.until(lambda screen: f"http://127.0.0.1:{port}/v1  y copies its export line" in screen)
        terminal.insist("y", lambda screen: "clipboard" in screen)

        line = f"export OPENAI_BASE_URL=http://127.0.0.1:{port}/v1 ANTHROPIC_BASE_URL=http://127.0.0.1:{port}\n"
        assert (state / "gateway.sh").read_text() == line
        assert b"\x1b]52;c;" + base64.b64encode(line.encode()) in terminal.written


def test_stopping_in_order_says_what_is_waited_for_once_the_screen_is_gone(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(SOON_S)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        (tmp_path / "settings.toml").write_text(settings_text({"a": url, "b": NOBODY}))
        program = _PROGRAM.format(settings=str(tmp_path / "settings.toml"), state=str(tmp_path / "state"))
        with Terminal(program) as terminal:
            shown = terminal.until(lambda screen: "gateway :" in screen)
            port = int(re.findall(r"gateway :(\d+)", shown)[0])
            with socket.create_connection(("127.0.0.1", port)) as caller:
                caller.sendall(_QUESTION % (port, len(_BODY), _BODY))
                under_way = silent.accept()[0]
                with under_way:
                    terminal.insist("q", lambda screen: "Drain and stop" in screen)
                    terminal.press(_DOWN + _DOWN)
                    told = b"tui-failover: 1 attempt may take 30 s to finish; ctrl+c stops at once"
                    terminal.insist("\r", lambda _: told in terminal.written)
                    terminal.signal(signal.SIGINT)  # as ctrl+c does where the terminal is the process's own

                    assert terminal.process.wait(timeout=5) == 0  # long before the silent provider is given up
