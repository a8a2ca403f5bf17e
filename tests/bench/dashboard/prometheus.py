"""A Prometheus of Debian's package that reads the brokers of a run, and answers a dashboard's queries."""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.support.deadlines import until
from tests.support.free_port import free_port

ROOT = Path(__file__).resolve().parents[3]
UNPACKED = ROOT / "build" / "debian"
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yaml"
SCRAPE_S = 5
FETCH_LIMIT_S = 300
JOB = "farplay"


@dataclass(frozen=True, slots=True)
class Line:
    """One series of a query: its labels, and values by Unix seconds."""

    labels: Mapping[str, str]
    at_s: tuple[float, ...]
    values: tuple[float, ...]


def program() -> Path:
    """Return the program: installed, or of Debian's package unpacked under ``build``.

    Raises:
        subprocess.CalledProcessError: if the package cannot be had.
    """
    if found := shutil.which("prometheus"):
        return Path(found)
    unpacked = UNPACKED / "usr" / "bin" / "prometheus"
    if not unpacked.exists():
        UNPACKED.mkdir(parents=True, exist_ok=True)
        for command in (["apt-get", "update", "--quiet"], ["apt-get", "download", "prometheus"]):
            subprocess.run(command, cwd=UNPACKED, check=True, timeout=FETCH_LIMIT_S, capture_output=True)
        for archive in UNPACKED.glob("prometheus_*.deb"):
            subprocess.run(["dpkg-deb", "--extract", archive, "."], cwd=UNPACKED, check=True, timeout=FETCH_LIMIT_S)
            archive.unlink()
    return unpacked


class Prometheus:
    """A running server.

    Args:
        url: Where it answers.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    async def lines(self, query: str, begin_s: float, end_s: float, step_s: int) -> list[Line]:
        """Return what a dashboard's query gives over a span of Unix seconds.

        Raises:
            httpx.HTTPStatusError: if the server does not understand the query.
        """
        asked = {
            "query": re.sub(r"\$__rate_interval", f"{4 * SCRAPE_S}s", query.replace("$job", JOB)),
            "start": str(begin_s), "end": str(end_s), "step": str(step_s),
        }  # fmt: skip
        async with httpx.AsyncClient(timeout=30) as client:
            answer = (await client.post(f"{self._url}/api/v1/query_range", data=asked)).raise_for_status()
        return [
            Line(
                each["metric"],
                tuple(float(at) for at, _ in each["values"]),
                tuple(float(value) for _, value in each["values"]),
            )
            for each in answer.json()["data"]["result"]
        ]

    async def firing(self) -> list[str]:
        """Return the names of the alerts that fire or are about to."""
        async with httpx.AsyncClient(timeout=30) as client:
            answer = (await client.get(f"{self._url}/api/v1/alerts")).raise_for_status()
        return sorted({each["labels"]["alertname"] for each in answer.json()["data"]["alerts"]})


@contextlib.asynccontextmanager
async def prometheus(folder: Path, targets: Sequence[str], token: str) -> AsyncIterator[Prometheus]:
    """Run a server with our alerts until the block ends.

    Args:
        folder: Where it keeps its data and its log.
        targets: Host and port of each broker.
        token: The brokers' metrics token.
    """
    (folder / "token").write_text(token)
    (folder / "prometheus.yaml").write_text(
        f"global: {{scrape_interval: {SCRAPE_S}s, evaluation_interval: {SCRAPE_S}s}}\n"
        f"rule_files: [{ALERTS}]\n"
        f"scrape_configs:\n  - job_name: {JOB}\n"
        f"    authorization: {{credentials_file: {folder / 'token'}}}\n"
        f"    static_configs: [{{targets: [{', '.join(repr(each) for each in targets)}]}}]\n"
    )
    port = free_port()
    with (folder / "prometheus.log").open("w") as log:
        process = await asyncio.create_subprocess_exec(
            program(), f"--config.file={folder / 'prometheus.yaml'}", f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn", stdout=log, stderr=log,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}"

    async def ready() -> bool:
        assert process.returncode is None, (folder / "prometheus.log").read_text()
        with contextlib.suppress(httpx.HTTPError):
            async with httpx.AsyncClient() as client:
                return (await client.get(f"{url}/-/ready")).status_code == 200
        return False

    try:
        await until(ready, 30, "Prometheus is ready")
        yield Prometheus(url)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
