"""A pool in a Kubernetes cluster: one Pod for each node, made and deleted by name, followed by list and watch.

The watch goes on from the version at which the last one ended, and begins with a list again where the cluster no
longer has that version (410) or anything else went wrong. While nothing is heard for longer than a watch lasts,
``machines`` says that it does not know.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import aiohttp
import structlog
from kubernetes_asyncio import client, config
from kubernetes_asyncio.watch import Watch

from session_broker.core.pools.pod import labels_of, machine_of, pod_of
from session_broker.core.pools.pool import Pool
from session_broker.core.pools.records import Machine, NodeName
from session_broker.io.clock import monotonic_s
from session_broker.io.fleet.adapter import MachineRefused

REQUEST_TIMEOUT_S = 8.0
"""Seconds that the API server has to answer."""

WATCH_S = 20
"""Seconds after which the server ends a watch, so that one that hangs is noticed soon."""

WATCH_SILENT_S = WATCH_S + 5.0
"""Seconds of silence after which a watch hangs."""

RETRY_S = 2.0
"""Seconds before a list that failed is tried again, unless the server asks for more."""

FORCE_AFTER_S = 120.0
"""Seconds after which a Pod that does not go is removed without its computer's word: that may be gone for good. The
node's key was revoked before, so nothing that still runs there is of any use."""

_log = structlog.get_logger()


class KubernetesFleet:
    """Owns a client of the cluster, made at first use."""

    def __init__(self, pool: Pool, broker_url: str, deployment: str) -> None:
        assert pool.cluster is not None
        self._pool = pool
        self._place = pool.cluster
        self._broker_url = broker_url
        self._deployment = deployment
        self._selector = ",".join(f"{key}={value}" for key, value in labels_of(pool, deployment).items())
        self._machines: dict[NodeName, Machine] | None = None
        self._unseen = ""
        self._deleted_at: dict[NodeName, float] = {}
        self._client: client.ApiClient | None = None
        self._connecting = asyncio.Lock()

    async def create(self, name: NodeName, token: str) -> None:
        """Have a Pod made; one of that name is this one, since names are used once."""
        pod = pod_of(self._pool, self._deployment, name, token, self._broker_url)
        with _refusals(but=409):
            await self._call("POST", "", pod)

    async def delete(self, name: NodeName) -> None:
        """Have exactly this Pod deleted, after a while also if its computer does not answer."""
        since = self._deleted_at.setdefault(name, monotonic_s())
        options = {"gracePeriodSeconds": 0} if monotonic_s() - since >= FORCE_AFTER_S else {}
        with _refusals(but=404):
            await self._call("DELETE", f"/{name}", options)

    def machines(self) -> Mapping[NodeName, Machine] | None:
        """Return the Pods as last heard."""
        return self._machines

    def unseen(self) -> str:
        """Return what the cluster answered in place of its Pods, until it lists them."""
        return self._unseen

    async def follow(self) -> None:
        """List, then watch, until cancelled."""
        version: str | None = None
        while True:
            rest_s = 0.0
            try:
                if version is None:
                    version = await self._list()
                version = await self._watch(version)
            except Exception as error:
                gone = isinstance(error, client.ApiException) and error.status == 410
                if not gone:
                    # What was heard is of no use any more: a machine that is not listed may be there by now.
                    self._machines, rest_s = None, max(RETRY_S, _retry_after_s(error))
                    self._unseen = _words_of(error)
                    _log.warning("pods_unseen", pool=self._pool.name, error=self._unseen, rest_s=rest_s)
                version = None
            await asyncio.sleep(rest_s)

    async def close(self) -> None:
        """Close the client; the Pods stay, since players may be on them."""
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def _list(self) -> str:
        body = await self._call("GET", "", query={"labelSelector": self._selector})
        self._machines, self._unseen = {}, ""
        for pod in body["items"]:
            self._take("ADDED", pod)
        self._deleted_at = {name: at for name, at in self._deleted_at.items() if name in self._machines}
        return str(body["metadata"]["resourceVersion"])

    async def _watch(self, version: str) -> str:
        """Follow from a version until the server ends the watch; returns the version to go on from."""
        api = client.CoreV1Api(await self._connected())
        timeout = aiohttp.ClientTimeout(sock_connect=REQUEST_TIMEOUT_S, sock_read=WATCH_SILENT_S)
        watching = Watch("object").stream(
            api.list_namespaced_pod, self._place.namespace, label_selector=self._selector, resource_version=version,
            allow_watch_bookmarks=True, timeout_seconds=WATCH_S, _request_timeout=timeout,
        )  # fmt: skip
        async with watching as events:
            async for event in events:
                pod = event["raw_object"]
                version = pod["metadata"]["resourceVersion"]
                if event["type"] != "BOOKMARK":
                    self._take(event["type"], pod)
        return version

    def _take(self, what: str, pod: Mapping[str, Any]) -> None:
        assert self._machines is not None
        machine = machine_of(pod)
        if what == "DELETED":
            self._machines.pop(machine.name, None)
            self._deleted_at.pop(machine.name, None)
        else:
            self._machines[machine.name] = machine

    async def _call(
        self, method: str, what: str, body: Mapping[str, Any] | None = None, query: Mapping[str, str] | None = None
    ) -> Any:
        """Ask the API server about Pods; returns its answer as it is, without a model of every field."""
        connected = await self._connected()
        return await connected.call_api(
            f"/api/v1/namespaces/{self._place.namespace}/pods{what}", method,
            query_params=list((query or {}).items()), body=body,
            header_params={"Accept": "application/json", "Content-Type": "application/json"},
            response_types_map={200: "object", 201: "object", 202: "object"}, auth_settings=["BearerToken"],
            _return_http_data_only=True, _request_timeout=REQUEST_TIMEOUT_S,
        )  # fmt: skip

    async def _connected(self) -> client.ApiClient:
        async with (
            self._connecting
        ):  # a second client, made while the first one's file is read, would never be closed
            if self._client is None:
                configuration = client.Configuration()
                if self._place.kubeconfig is None:
                    config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
                else:
                    await config.load_kube_config(
                        str(self._place.kubeconfig), self._place.context, client_configuration=configuration,
                        persist_config=False,
                    )  # fmt: skip
                self._client = client.ApiClient(configuration)
            return self._client


@contextmanager
def _refusals(*, but: int) -> Iterator[None]:
    """Put what a cluster answers, or that it does not, into words; the status ``but`` is no failure.

    Raises:
        MachineRefused: the call failed.
    """
    try:
        yield
    except (client.ApiException, config.ConfigException, aiohttp.ClientError, TimeoutError, OSError) as error:
        if not isinstance(error, client.ApiException) or error.status != but:
            raise MachineRefused(_words_of(error), _retry_after_s(error)) from error


def _words_of(error: Exception) -> str:
    if isinstance(error, client.ApiException):
        return f"the cluster answers {error.status}: {_message(error)}"
    if isinstance(error, config.ConfigException):
        return f"there is no access to a cluster: {error}"
    return f"the cluster does not answer ({type(error).__name__})"


def _message(error: client.ApiException) -> str:
    try:
        message = json.loads(error.body or "")["message"]
    except (TypeError, ValueError, KeyError):
        message = error.reason
    return " ".join(str(message).replace("\x00", "").split())[:400]


def _retry_after_s(error: Exception) -> float:
    """Return what the server asked for with 429 or 503; at most five minutes."""
    headers = getattr(error, "headers", None) or {}
    try:
        return min(300.0, max(0.0, float(headers.get("Retry-After", 0))))
    except ValueError:
        return 0.0
