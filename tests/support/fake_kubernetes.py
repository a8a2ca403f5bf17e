"""An API server with Pods and nothing else, which fails as it is told to."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

TOKEN = "token-of-the-fake-cluster"


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    query: dict[str, str]
    body: Any


@dataclass
class FakeKubernetes:
    """Objects by name, a version that goes up, and every event since the start."""

    url: str = ""
    pods: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    failures: dict[str, deque[web.Response | None]] = field(default_factory=dict)
    """Answers to the next requests by ``list``, ``watch``, ``POST`` or ``DELETE``; None does not answer at all."""
    forgotten: int = 0
    """The version up to which watches can no longer begin: they are answered 410."""
    silent: set[str] = field(default_factory=set)
    """Pods whose computers do not answer: they go only when they are forced to."""
    version: int = 0
    events: list[dict[str, Any]] = field(default_factory=list)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    def fail(self, what: str, status: int, message: str = "", **headers: str) -> None:
        """Let the next request of a kind fail."""
        body = json.dumps({"kind": "Status", "code": status, "reason": "Fails", "message": message})
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = web.Response(status=status, text=body, content_type="application/json", headers=named)
        self.failures.setdefault(what, deque()).append(answer)

    def hang(self, what: str) -> None:
        """Let the next request of a kind never be answered."""
        self.failures.setdefault(what, deque()).append(None)

    async def set(self, name: str, pod: dict[str, Any] | None, what: str = "MODIFIED") -> None:
        """Make, change or (with None) delete a Pod, and tell the watches."""
        async with self.news:
            self.version += 1
            gone = self.pods.pop(name, None)
            shown = pod or gone or {}
            shown["metadata"]["resourceVersion"] = str(self.version)
            if pod is not None:
                self.pods[name] = pod
            self.events.append(
                {"type": what if pod is not None else "DELETED", "object": json.loads(json.dumps(shown))}
            )
            self.news.notify_all()

    async def status(self, name: str, **status: Any) -> None:
        """Change what the cluster says of a Pod."""
        await self.set(name, {**self.pods[name], "status": status})

    def requests(self, method: str) -> list[Asked]:
        return [each for each in self.asked if each.method == method]

    def kubeconfig(self, path: Path) -> Path:
        """Write how to reach it."""
        cluster = {"name": "c", "cluster": {"server": self.url}}
        user = {"name": "u", "user": {"token": TOKEN}}
        context = {"name": "x", "context": {"cluster": "c", "user": "u"}}
        path.write_text(
            json.dumps(
                {"apiVersion": "v1", "kind": "Config", "clusters": [cluster], "users": [user], "contexts": [context],
                 "current-context": "x"}
            )
        )  # fmt: skip
        return path

    async def handle(self, request: web.Request) -> web.StreamResponse:
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        text = await request.text()
        query = dict(request.query)
        self.asked.append(Asked(request.method, request.path, query, json.loads(text) if text else None))
        what = request.method
        if what == "GET":
            what = "watch" if query.get("watch") in ("true", "True") else "list"
        failing = self.failures.get(what)
        if failing:
            answer = failing.popleft()
            if answer is not None:
                return answer
            await asyncio.Event().wait()
        match what:
            case "list":
                items = list(self.pods.values())
                return web.json_response({"metadata": {"resourceVersion": str(self.version)}, "items": items})
            case "watch":
                return await self._watch(request, int(query["resourceVersion"]), float(query["timeoutSeconds"]))
            case "POST":
                return await self._create(json.loads(text))
        name = request.path.rpartition("/")[2]
        if name not in self.pods:
            return web.json_response({"code": 404, "message": f'pods "{name}" not found'}, status=404)
        forced = json.loads(text).get("gracePeriodSeconds") == 0
        if name in self.silent and not forced:
            pod = self.pods[name]
            await self.set(
                name, {**pod, "metadata": {**pod["metadata"], "deletionTimestamp": "2026-11-27T00:00:00Z"}}
            )
        else:
            await self.set(name, None)
        return web.json_response({"status": "Success"})

    async def _create(self, pod: dict[str, Any]) -> web.Response:
        name = pod["metadata"]["name"]
        if name in self.pods:
            body = {"code": 409, "reason": "AlreadyExists", "message": f'pods "{name}" already exists'}
            return web.json_response(body, status=409)
        await self.set(name, {**pod, "status": {"phase": "Pending"}}, "ADDED")
        return web.json_response(self.pods[name], status=201)

    async def _after(self, version: int) -> list[dict[str, Any]]:
        async with self.news:
            await self.news.wait_for(lambda: self.version > version)
            return self.events[version:]

    async def _watch(self, request: web.Request, version: int, seconds: float) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        if version < self.forgotten:
            gone = {"kind": "Status", "code": 410, "reason": "Expired", "message": f"too old: {version}"}
            await response.write(json.dumps({"type": "ERROR", "object": gone}).encode() + b"\n")
            return response
        sent = version
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    for event in await self._after(sent):
                        await response.write(json.dumps(event).encode() + b"\n")
                        sent += 1
        bookmark = {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": str(self.version)}}}
        await response.write(json.dumps(bookmark).encode() + b"\n")
        return response


@contextlib.asynccontextmanager
async def fake_kubernetes() -> AsyncIterator[FakeKubernetes]:
    """Serve on a port of loopback until the block ends."""
    fake = FakeKubernetes()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", fake.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield fake
    finally:
        await runner.cleanup()
