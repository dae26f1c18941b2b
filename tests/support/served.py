"""`tui-failover serve` as a process of its own: read line by line, asked over HTTP, ended by its id."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

SOON_S = 30.0  # far more than ever needed, even on a busy machine; ends a test that would hang
_ADDRESS = re.compile(r"listens on (http://127\.0\.0\.1:\d+)")

PROVIDER = """\
[providers.{name}]
dialect = "openai"
model = "a-model"
base_url = "{url}"
auth = "none"
"""
NOBODY = "http://127.0.0.1:9/v1"  # the discard port: nothing listens there


def settings_text(urls: Mapping[str, str], more: str = "") -> str:
    """Return settings of one agent over unchecked providers; no reference outside this machine is ever asked."""
    first, *others = urls
    providers = "".join(PROVIDER.format(name=name, url=url) for name, url in urls.items())
    return (
        f'{providers}[agents.my-agent]\nprimary_provider_id = "{first}"\n'
        f"backup_provider_ids = {others}\nhealth_check_enabled = false\nmax_retries = 0\n"
        f"[rules.local_fault]\nreferences = []\n{more}"
    )


@dataclass
class Served:
    """One running process.

    Attributes:
        lines: what it wrote to standard error so far.
    """

    process: asyncio.subprocess.Process
    http: httpx.AsyncClient
    lines: list[str] = field(default_factory=list)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    async def line(self, *parts: str) -> str:
        """Return the first line, read or still to come, that holds one of the parts."""
        for line in self.lines:
            if any(part in line for part in parts):
                return line
        async with asyncio.timeout(SOON_S):
            while (new := await self._next()) is not None:
                if any(part in new for part in parts):
                    return new
        message = f"it ended without saying {parts}: {self.lines}"
        raise AssertionError(message)

    async def ready(self) -> None:
        """Wait until it takes requests."""
        found = _ADDRESS.search(await self.line("listens on"))
        assert found is not None
        self.http.base_url = httpx.URL(found[1])
        await self.line("ready, process")

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    async def ended(self) -> int:
        """Wait for its end; return its exit status, negative where a signal ended it."""
        async with asyncio.timeout(SOON_S):
            while await self._next() is not None:
                pass
            return await self.process.wait()

    async def get(self, path: str) -> dict[str, Any]:
        """Return what the control API answers."""
        answer: dict[str, Any] = (await self.http.get(path)).raise_for_status().json()
        return answer

    async def post(self, path: str, **body: object) -> dict[str, Any]:
        """Have the control API do something."""
        answer: dict[str, Any] = (await self.http.post(path, json=body)).raise_for_status().json()
        return answer

    async def switch(self, provider: str, by: str = "ann") -> dict[str, Any]:
        """Move the agent."""
        return await self.post("/api/agents/my-agent/failover/switch", provider_id=provider, by=by, force=True)

    async def stats(self) -> dict[str, Any]:
        """Return where the agent stands."""
        return await self.get("/api/agents/my-agent/failover/stats")

    async def _next(self) -> str | None:
        assert self.process.stderr is not None
        data = await self.process.stderr.readline()
        if not data:
            return None
        line = data.decode().rstrip("\n")
        self.lines.append(line)
        return line


@asynccontextmanager
async def running(*arguments: str, environ: Mapping[str, str] | None = None) -> AsyncIterator[Served]:
    """Run `tui-failover` with these arguments; whatever is left of it at the end is killed."""
    quiet = {key: value for key, value in os.environ.items() if not key.endswith("_API_KEY")}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tui_failover",
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        limit=1 << 20,
        env={**quiet, "NO_PROXY": "127.0.0.1", **(environ or {})},
    )
    async with httpx.AsyncClient(trust_env=False, timeout=SOON_S) as http:
        served = Served(process, http)
        try:
            yield served
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


@asynccontextmanager
async def serving(
    folder: Path, *arguments: str, state: str = "state", environ: Mapping[str, str] | None = None
) -> AsyncIterator[Served]:
    """Run `serve` on the settings and the state in `folder`, on a port the system chooses, until it is ready."""
    places = ("--settings", str(folder / "settings.toml"), "--state", str(folder / state))
    async with running("serve", *places, "--listen", "127.0.0.1:0", *arguments, environ=environ) as served:
        await served.ready()
        yield served
