import pytest
from textual.command import CommandPalette, DiscoveryHit, Hit

from tests.support.consoles import Bench, a_console
from tests.support.fleets import all_healthy, hostile_text, no_keys
from tui_failover.console import theme
from tui_failover.console.desk import Options
from tui_failover.console.keymap import BY_ID, KEYS, READ_ONLY
from tui_failover.console.palette import ConsoleCommands
from tui_failover.console.sheets.sheet import Sheet
from tui_failover.core.command import SwitchTo
from tui_failover.core.copying import replace


async def _offers(bench: Bench) -> dict[str, DiscoveryHit | Hit]:
    commands = ConsoleCommands(bench.console.screen)
    return {hit.text or "": hit async for hit in commands.discover()}


async def _search(bench: Bench, wanted: str) -> list[str]:
    commands = ConsoleCommands(bench.console.screen)
    return [hit.text or "" async for hit in commands.search(wanted)]


async def test_every_action_of_the_key_table_is_offered() -> None:
    async with a_console(all_healthy()) as bench:
        offered = await _offers(bench)

        assert {key.help.rstrip(".") for key in KEYS if key.id != "palette"} <= set(offered)


async def test_switches_checks_and_themes_are_offered_by_name() -> None:
    async with a_console(all_healthy()) as bench:
        offered = await _offers(bench)

        assert "switch support-bot to anthropic" in offered
        assert "switch support-bot to openai" not in offered
        assert "check backup-openai" in offered
        assert {f"theme {name}" for name in theme.NAMES} <= set(offered)


async def test_the_gateways_export_line_is_offered_where_there_is_a_gateway() -> None:
    name = "copy the gateway's export line for a shell"
    async with a_console(all_healthy(), gateway="http://127.0.0.1:5000") as bench:
        offered = await _offers(bench)
        assert not offered[name].help
        run = offered[name].command
        run()
        await bench.settled()
        assert bench.toasts[-1].startswith("export line for http://127.0.0.1:5000 sent")
    async with a_console(all_healthy(), gateway_problem="the address is taken") as bench:
        assert (await _offers(bench))[name].help == "not now, the address is taken"


async def test_what_cannot_be_done_now_says_why() -> None:
    async with a_console(no_keys(), options=Options(read_only=True)) as bench:
        offered = await _offers(bench)

        assert offered["switch my-agent to anthropic"].help == f"not now, {READ_ONLY}"
        assert offered["check openai"].help == f"not now, {READ_ONLY}"
        assert READ_ONLY in (offered[BY_ID["undo"].help.rstrip(".")].help or "")


async def test_a_provider_without_its_key_cannot_be_checked_by_name_either() -> None:
    async with a_console(no_keys()) as bench:
        offered = await _offers(bench)

        assert offered["check openai"].help == "not now, no key: set OPENAI_KEY"


async def test_typing_narrows_the_offers() -> None:
    async with a_console(all_healthy()) as bench:
        found = await _search(bench, "check anthropic")

        assert found == ["check anthropic"]


@pytest.mark.parametrize("key", BY_ID["palette"].keys)
async def test_the_palette_opens_and_runs_what_was_chosen(key: str) -> None:
    async with a_console(all_healthy()) as bench:
        await bench.press(key)
        opened = isinstance(bench.console.screen, CommandPalette)
        await bench.press(*"switch support-bot to anthropic")
        await bench.press("down", "enter")
        sheet = isinstance(bench.console.screen, Sheet)
        await bench.press("down", "enter")

        [command] = bench.link.commands
        assert opened
        assert sheet
        assert isinstance(command, SwitchTo)
        assert command.provider == "anthropic"


async def test_foreign_names_are_only_text_in_the_palette() -> None:
    calm = hostile_text()
    shifted = replace(calm, agents=tuple(replace(agent, active=agent.chain[2]) for agent in calm.agents))
    async with a_console(shifted) as bench:
        await bench.press("colon", "[", "r")
        shown = bench.text()
        await bench.press("escape")

        assert "[red]" in shown
        assert bench.console.is_running
