"""The console on real settings in a real terminal: it shows where the gateway is, and hands its address on."""

import base64
import re
from pathlib import Path

from tests.support.served import NOBODY, settings_text
from tests.support.terminals import Terminal

_PROGRAM = """
import runpy, sys
sys.argv = ["tui-failover", "--settings", {settings!r}, "--state", {state!r}, "--listen", "127.0.0.1:0"]
runpy.run_module("tui_failover", run_name="__main__")
"""


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
