"""One round of health checks, as a table for people or as JSON for scripts."""

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import asdict

from tui_failover.bootstrap.compose import running
from tui_failover.config.settings import Settings
from tui_failover.core.report import ProviderHealth

_COLUMNS = ("PROVIDER", "STATUS", "RESPONSE", "ERROR")


async def check_once(settings: Settings, names: tuple[str, ...]) -> list[ProviderHealth]:
    """Check the named providers, all of them where none is named, and return what is known afterwards."""
    chosen = names or tuple(spec.id for spec in settings.providers)
    async with running(settings) as manager:
        return await asyncio.gather(*(manager.check_provider_health(name) for name in chosen))


def as_table(report: Sequence[ProviderHealth]) -> str:
    """Return the report as aligned columns with a heading."""
    rows = [_COLUMNS, *(_row(one) for one in report)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS) - 1)]
    lines = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]])
        for row in rows
    ]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def as_json_text(report: Sequence[ProviderHealth]) -> str:
    """Return the report as a JSON document: the eight health fields of each provider, times in ISO 8601, UTC."""
    providers = [{key: _plain(value) for key, value in asdict(one).items()} for one in report]
    return json.dumps({"providers": providers}, indent=2) + "\n"


def _row(one: ProviderHealth) -> tuple[str, str, str, str]:
    response = "-" if one.response_time_ms is None else f"{one.response_time_ms:.0f} ms"
    return one.provider_id, one.status, response, one.error_message or ""


def _plain(value: object) -> object:
    return value.isoformat(timespec="milliseconds") if isinstance(value, datetime) else value
