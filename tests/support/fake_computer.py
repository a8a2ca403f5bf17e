"""A computer of a real cluster without a kubelet: it beats, and what is bound to it runs as a broker's fake node."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from kubernetes_asyncio import client

from tests.support.fake_node import FakeNode, hello

BEAT_S = 0.5
TITLES = (("testcard", "1.0.0"), ("duel", "2.1.0"))


class FakeComputer:
    """One node object of the cluster, in whose place this process acts while ``runs``."""

    def __init__(self, api: client.CoreV1Api, name: str, namespace: str, broker_url: str, gpus: int) -> None:
        self.name = name
        self._api = api
        self._namespace = namespace
        self._broker_url = broker_url
        self._gpus = gpus
        self._running: dict[str, asyncio.Task[None]] = {}

    @classmethod
    @contextlib.asynccontextmanager
    async def join(
        cls, api: client.CoreV1Api, name: str, namespace: str, broker_url: str, gpus: int = 1
    ) -> AsyncIterator[FakeComputer]:
        """Join the cluster, with a label named after the namespace; leave it at the end of the block."""
        computer = cls(api, name, namespace, broker_url, gpus)
        labels = {"farplay-test": namespace, "topology.kubernetes.io/region": "lab"}
        await api.create_node({"metadata": {"name": name, "labels": labels}, "spec": {}})  # type: ignore[arg-type]
        beating = asyncio.create_task(computer._live())
        try:
            yield computer
        finally:
            await computer.die(beating)
            await api.delete_node(name)

    async def die(self, beating: asyncio.Task[None] | None = None) -> None:
        """Fall silent: no beats any more, and whatever ran is gone without a word to the cluster."""
        self._gpus = -1
        tasks = [*self._running.values(), *([beating] if beating is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _live(self) -> None:
        while self._gpus >= 0:
            await self._beat()
            bound = await self._api.list_namespaced_pod(self._namespace, field_selector=f"spec.nodeName={self.name}")
            for pod in bound.items:
                await self._take(pod)
            await asyncio.sleep(BEAT_S)

    async def _beat(self) -> None:
        now = datetime.now(UTC).isoformat()
        size = {"cpu": "8", "memory": "32Gi", "pods": "20", "nvidia.com/gpu": str(self._gpus)}
        ready = {"type": "Ready", "status": "True", "lastHeartbeatTime": now, "lastTransitionTime": now}
        status = {"capacity": size, "allocatable": size, "conditions": [ready]}
        await self._api.patch_node_status(self.name, {"status": status})

    async def _take(self, pod: Any) -> None:
        name = pod.metadata.name
        if pod.metadata.deletion_timestamp is not None:
            task = self._running.pop(name, None)
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            now: Any = {"gracePeriodSeconds": 0}
            with contextlib.suppress(client.ApiException):
                await self._api.delete_namespaced_pod(name, self._namespace, body=now)
        elif name not in self._running:
            self._running[name] = asyncio.create_task(self._run(pod))
            running = {"status": {"phase": "Running"}}
            await self._api.patch_namespaced_pod_status(name, self._namespace, running)

    async def _run(self, pod: Any) -> None:
        (container,) = pod.spec.containers
        variables = {each.name: each.value for each in container.env}
        first = hello(
            slots=int(variables["FARPLAY_SLOTS"]), titles=TITLES, token=variables["FARPLAY_ENROLMENT_TOKEN"]
        )
        async with FakeNode.dial(self._broker_url, first) as node:
            await node.socket.wait_closed()
