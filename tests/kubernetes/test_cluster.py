"""Pools in a real cluster, by ``KUBECONFIG``: its API server, scheduler and controllers, with computers of our own.

The cluster's administrator is needed: the tests make a namespace, node objects and a role each time, and remove them.
The broker itself has no more rights than ``deploy/kubernetes/rbac.yaml`` gives it.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import json
import os
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from kubernetes_asyncio import client, config

import session_broker.io.fleet.kubernetes as adapter
from session_broker.core.pools.pool import Adapter, Cluster, FleetConfig, Pool
from session_broker.core.pools.records import NodeName, Phase
from session_broker.io.fleet.adapter import MachineRefused
from session_broker.io.fleet.kubernetes import KubernetesFleet
from tests.support.deadlines import until
from tests.support.fake_computer import FakeComputer
from tests.support.live_broker import FakeTab, broker_config, live_broker, signed_in
from wire.ids import TenantId
from wire.session_control import Coming, SessionState, StateNews

DEPLOY = Path(__file__).resolve().parents[2] / "deploy" / "kubernetes"
SOON_S = 30.0
LOSS_S = 120.0
"""A cluster takes 40 s by itself to notice that a computer is silent."""

pytestmark = [pytest.mark.process, pytest.mark.timeout(400)]


@dataclass
class Place:
    """A namespace of our own in the cluster."""

    api: client.CoreV1Api
    namespace: str
    kubeconfig: Path
    """What the broker may do."""
    template: dict[str, Any]

    async def pods(self) -> dict[str, Any]:
        return {pod.metadata.name: pod for pod in (await self.api.list_namespaced_pod(self.namespace)).items}

    def pool(self, **changes: Any) -> Pool:
        place = Cluster(self.template, self.namespace, self.kubeconfig)
        return replace(
            Pool("gpu", Adapter.KUBERNETES, 3, gpus=1, regions=("lab",), idle_s=1.0, cluster=place), **changes
        )

    @contextlib.asynccontextmanager
    async def fleet(self, tenant: str = "ten_a", **changes: Any) -> AsyncIterator[KubernetesFleet]:
        """A pool of a deployment, closed whatever happens."""
        fleet = KubernetesFleet(self.pool(**changes), "https://play.example.org", TenantId(tenant))
        try:
            yield fleet
        finally:
            await fleet.close()

    def computer(self, name: str, url: str, gpus: int = 1) -> contextlib.AbstractAsyncContextManager[FakeComputer]:
        return FakeComputer.join(self.api, f"{self.namespace}-{name}", self.namespace, url, gpus)


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    assert "KUBECONFIG" in os.environ, "name a cluster's administrator: KUBECONFIG=FILE make test-k8s"
    loaded = client.Configuration()
    await config.load_kube_config(os.environ["KUBECONFIG"], client_configuration=loaded)
    async with client.ApiClient(loaded) as connected:
        api, namespace = client.CoreV1Api(connected), f"farplay-test-{secrets.token_hex(4)}"
        await api.create_namespace({"metadata": {"name": namespace}})  # type: ignore[arg-type]
        try:
            token = await broker_account(connected, namespace)
            kubeconfig = tmp_path / "kubeconfig"
            kubeconfig.write_text(json.dumps(as_broker(await read_kubeconfig(), token)))
            yield Place(api, namespace, kubeconfig, template_for(namespace))
        finally:
            await clear(api, namespace)


async def read_kubeconfig() -> dict[str, Any]:
    text = await asyncio.to_thread(Path(os.environ["KUBECONFIG"]).read_text)
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def as_broker(kubeconfig: dict[str, Any], token: str) -> dict[str, Any]:
    """Return the same cluster for somebody else."""
    named = kubeconfig["current-context"]
    context = next(each["context"] for each in kubeconfig["contexts"] if each["name"] == named)
    user = {"name": "broker", "user": {"token": token}}
    ours = {"name": "broker", "context": {"cluster": context["cluster"], "user": "broker"}}
    return {**kubeconfig, "users": [user], "contexts": [ours], "current-context": "broker"}


async def broker_account(connected: client.ApiClient, namespace: str) -> str:
    """Apply ``rbac.yaml`` in our namespace; returns the account's token."""
    api, rbac = client.CoreV1Api(connected), client.RbacAuthorizationV1Api(connected)
    text = await asyncio.to_thread((DEPLOY / "rbac.yaml").read_text)
    for document in yaml.safe_load_all(text):
        document["metadata"]["namespace"] = namespace
        for subject in document.get("subjects", ()):
            subject["namespace"] = namespace
        match document["kind"]:
            case "ServiceAccount":
                await api.create_namespaced_service_account(namespace, document)
            case "Role":
                await rbac.create_namespaced_role(namespace, document)
            case "RoleBinding":
                await rbac.create_namespaced_role_binding(namespace, document)
    wish: Any = {"spec": {"audiences": [], "expirationSeconds": 3600}}
    made = await api.create_namespaced_service_account_token("farplay-broker", namespace, wish)
    assert made.status is not None

    async def default_account() -> bool:
        names = [each.metadata.name for each in (await api.list_namespaced_service_account(namespace)).items]
        return "default" in names

    await until(default_account, SOON_S, "the namespace is ready for Pods")
    return str(made.status.token)


def template_for(namespace: str) -> dict[str, Any]:
    """Return the template that ships, on our computers, which cannot mount or probe anything."""
    pod: dict[str, Any] = yaml.safe_load((DEPLOY / "node-pod.yaml").read_text())
    spec = pod["spec"]
    spec["nodeSelector"] = {"farplay-test": namespace}
    spec["tolerations"] = [{**each, "tolerationSeconds": 2} if "tolerationSeconds" in each else each
                           for each in spec["tolerations"]]  # fmt: skip
    return pod


async def clear(api: client.CoreV1Api, namespace: str) -> None:
    now: Any = {"gracePeriodSeconds": 0}
    for pod in (await api.list_namespaced_pod(namespace)).items:
        with contextlib.suppress(client.ApiException):
            await api.delete_namespaced_pod(pod.metadata.name, namespace, body=now)
    await api.delete_namespace(namespace)


async def start(http: httpx.AsyncClient, title_id: str) -> str:
    made = await http.post("/api/v1/sessions", json={"title_id": title_id})
    assert made.status_code == 201, made.text
    return str(made.json()["session_id"])


async def becomes(http: httpx.AsyncClient, session_id: str, state: str, within_s: float = SOON_S) -> None:
    async def is_there() -> bool:
        return bool((await http.get(f"/api/v1/sessions/{session_id}")).json()["state"] == state)

    await until(is_there, within_s, f"the session is {state}")


async def row_of(http: httpx.AsyncClient) -> dict[str, Any]:
    (row,) = (await http.get("/api/v1/operator/pools")).json()["pools"]
    return dict(row)


async def node_of(http: httpx.AsyncClient, session_id: str) -> str:
    """Return the name of the Pod on which a session runs."""
    sessions = (await http.get("/api/v1/operator/overview")).json()["sessions"]
    (node_id,) = [each["node_id"] for each in sessions if each["session_id"] == session_id]
    (name,) = [each["name"] for each in (await row_of(http))["nodes"] if each["node_id"] == node_id]
    return str(name)


async def test_out_on_a_queue_by_gpu_with_words_drained_by_name_to_zero_and_back(
    place: Place, tmp_path: Path
) -> None:
    fleet = FleetConfig((place.pool(),), UTC, "https://play.example.org")
    async with (
        live_broker(broker_config(tmp_path, fleet=fleet)) as ready,
        signed_in(ready) as http,
        place.computer("one", ready.url),
    ):
        first = await start(http, "testcard")
        await becomes(http, first, "running")
        (pod,) = (await place.pods()).values()
        assert pod.spec.containers[0].resources.limits["nvidia.com/gpu"] == "1"
        assert pod.metadata.name == await node_of(http, first)

        second = await start(http, "duel")
        async with FakeTab.open(http, second) as tab:
            while (news := await tab.next(StateNews, timeout_s=SOON_S)).coming is not Coming.NONE_FREE:
                assert news.state is SessionState.QUEUED
        stuck = next(each for each in (await row_of(http))["nodes"] if each["state"] == "starting")
        assert stuck["trouble"] == "no_room"
        assert "Insufficient nvidia.com/gpu" in stuck["words"]

        async with place.computer("two", ready.url):
            await becomes(http, second, "running")
            drained, kept = await node_of(http, first), await node_of(http, second)
            nodes = {each["name"]: each["node_id"] for each in (await row_of(http))["nodes"]}
            await http.put(f"/api/v1/operator/nodes/{nodes[drained]}/drain", json={})
            await asyncio.sleep(3.0)
            assert set(await place.pods()) == {drained, kept}, "it is played on"
            await http.delete(f"/api/v1/sessions/{first}")

            async def only_the_other() -> bool:
                return set(await place.pods()) == {kept}

            await until(only_the_other, SOON_S, "exactly the drained node is gone")
            await becomes(http, second, "running")
            await http.delete(f"/api/v1/sessions/{second}")

            async def nothing() -> bool:
                return not await place.pods() and not (await row_of(http))["nodes"]

            await until(nothing, SOON_S, "the pool is at zero")
            third = await start(http, "testcard")
            await becomes(http, third, "running")
            assert await node_of(http, third) not in (drained, kept)


async def test_a_computer_that_is_lost_is_replaced_and_nothing_of_it_stays(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "FORCE_AFTER_S", 5.0)
    monkeypatch.setattr("session_broker.core.pools.standing.RETURN_S", 15.0)
    fleet = FleetConfig((place.pool(min_idle=1),), UTC, "https://play.example.org")
    async with (
        live_broker(broker_config(tmp_path, fleet=fleet)) as ready,
        signed_in(ready) as http,
        place.computer("one", ready.url) as one,
    ):

        async def waits() -> str | None:
            row = await row_of(http)
            return next((each["name"] for each in row["nodes"] if each["state"] == "ready"), None)

        lost = await until(waits, SOON_S, "a node is kept free")
        async with place.computer("two", ready.url):
            await one.die()

            async def replaced() -> bool:
                return await waits() not in (None, lost)

            await until(replaced, LOSS_S, "another takes its place")

            async def gone() -> bool:
                return lost not in await place.pods() and lost not in [
                    n["name"] for n in (await row_of(http))["nodes"]
                ]

            await until(gone, LOSS_S, "the Pod of the lost computer is removed")
            assert len(await place.pods()) == 1


async def test_a_pod_that_is_there_is_made_and_a_version_that_is_gone_is_listed_anew(place: Place) -> None:
    name = NodeName("gpu-twice")
    async with place.fleet() as fleet:
        await fleet.create(name, "secret")
        await fleet.create(name, "secret")
        assert list(await place.pods()) == [name]
        await fleet._list()
        assert await says_gone(fleet), "this API server keeps even its first version: start it once more on its data"
        listings, of_list, first = [], fleet._list, True

        async def from_the_beginning() -> str:
            nonlocal first
            listings.append(await of_list())
            version, first = "1" if first else listings[-1], False
            return version

        fleet._list = from_the_beginning  # type: ignore[method-assign]
        async with followed(fleet):

            async def twice() -> bool:
                return len(listings) == 2

            await until(twice, SOON_S, "after 410 it lists anew")
            await fleet.delete(name)
            await fleet.delete(NodeName("gpu-never"))

            async def empty() -> bool:
                return fleet.machines() == {}

            await until(empty, SOON_S, "it sees the Pod go")


async def says_gone(fleet: KubernetesFleet) -> bool:
    """Say whether the cluster has forgotten its first version, as it does after some minutes or a start."""
    try:
        async with asyncio.timeout(SOON_S):
            await fleet._watch("1")
    except client.ApiException as error:
        return bool(error.status == 410)
    except TimeoutError:
        return False
    return False


@contextlib.asynccontextmanager
async def followed(fleet: KubernetesFleet) -> AsyncIterator[None]:
    following = asyncio.create_task(fleet.follow())
    try:
        yield
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def test_a_pod_that_is_refused_is_refused_in_words(place: Place) -> None:
    template = copy.deepcopy(place.template)
    template["spec"]["containers"][0]["image"] = ""
    async with place.fleet(cluster=Cluster(template, place.namespace, place.kubeconfig)) as fleet:
        with pytest.raises(MachineRefused, match=r"the cluster answers 422: .*image: Required value"):
            await fleet.create(NodeName("gpu-bad"), "secret")
    quota: Any = {"metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}}
    await place.api.create_namespaced_resource_quota(place.namespace, quota)
    async with place.fleet() as fleet:

        async def refused() -> bool:
            try:
                await fleet.create(NodeName("gpu-more"), "secret")
            except MachineRefused as error:
                return error.words.startswith("the cluster answers 403:") and "exceeded quota" in error.words
            await fleet.delete(NodeName("gpu-more"))
            return False

        await until(refused, SOON_S, "a quota is said")


async def test_another_deployment_in_the_same_namespace_is_not_ours(place: Place) -> None:
    async with place.fleet() as ours, place.fleet("ten_b") as theirs:
        await theirs.create(NodeName("gpu-theirs"), "secret")
        await ours.create(NodeName("gpu-ours"), "secret")
        async with followed(ours):

            async def one() -> bool:
                return list(ours.machines() or ()) == ["gpu-ours"]

            await until(one, SOON_S, "only ours is seen")
            assert (ours.machines() or {})[NodeName("gpu-ours")].phase is Phase.PENDING
