"""A pool in a cluster, against a fake API server: what is asked for, and every way in which it may fail."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes_asyncio import client, config

import session_broker.io.fleet.kubernetes as adapter
from session_broker.core.pools.pool import Adapter, Cluster, Pool
from session_broker.core.pools.records import Machine, NodeName, Phase, Trouble
from session_broker.io.fleet.adapter import MachineRefused
from session_broker.io.fleet.kubernetes import KubernetesFleet
from tests.support.deadlines import until
from tests.support.fake_kubernetes import FakeKubernetes, fake_kubernetes
from wire.ids import TenantId

pytestmark = pytest.mark.process

TEMPLATE: dict[str, Any] = {"kind": "Pod", "spec": {"containers": [{"name": "node", "image": "x"}]}}
A, B = NodeName("gpu-a"), NodeName("gpu-b")
PODS = "/api/v1/namespaces/games/pods"
SELECTOR = "farplay/pool=gpu,farplay/deployment=ten_a"


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "RETRY_S", 0.05)


@contextlib.asynccontextmanager
async def cluster(folder: Path) -> AsyncIterator[tuple[FakeKubernetes, KubernetesFleet]]:
    """A fake cluster and the pool in it, followed."""
    async with fake_kubernetes() as fake:
        place = Cluster(TEMPLATE, "games", fake.kubeconfig(folder / "kubeconfig"))
        fleet = KubernetesFleet(
            Pool("gpu", Adapter.KUBERNETES, 3, gpus=1, cluster=place), "https://play.example.org", TenantId("ten_a")
        )
        following = asyncio.create_task(fleet.follow())
        try:
            yield fake, fleet
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            await fleet.close()


async def sees(fleet: KubernetesFleet, *machines: Machine) -> None:
    wanted = {machine.name: machine for machine in machines}

    async def seen() -> bool:
        return fleet.machines() == wanted

    await until(seen, 5, f"the pool is {wanted}")


async def test_a_pod_is_made_followed_and_deleted_by_name(tmp_path: Path) -> None:
    async with cluster(tmp_path) as (fake, fleet):
        assert fleet.machines() is None, "before the first list nobody knows"
        await sees(fleet)
        await fleet.create(A, "secret")
        await fleet.create(B, "other")
        (first, _) = fake.requests("POST")
        assert first.path == PODS
        assert first.body["metadata"] == {
            "name": "gpu-a", "namespace": "games", "labels": {"farplay/pool": "gpu", "farplay/deployment": "ten_a"},
        }  # fmt: skip
        (container,) = first.body["spec"]["containers"]
        assert container["resources"] == {"limits": {"nvidia.com/gpu": "1"}}
        assert {"name": "FARPLAY_ENROLMENT_TOKEN", "value": "secret"} in container["env"]
        await sees(fleet, Machine(A, Phase.PENDING), Machine(B, Phase.PENDING))
        full = {"type": "PodScheduled", "status": "False", "message": "1 Insufficient nvidia.com/gpu."}
        await fake.status(A, phase="Running")
        await fake.status(B, phase="Pending", conditions=[full])
        stuck = Machine(B, Phase.PENDING, Trouble.NO_ROOM, "1 Insufficient nvidia.com/gpu.")
        await sees(fleet, Machine(A, Phase.RUNNING), stuck)
        await fleet.delete(A)
        assert [(each.path, each.body) for each in fake.requests("DELETE")] == [(f"{PODS}/gpu-a", {})]
        await sees(fleet, stuck)
        listing, watching = fake.requests("GET")[:2]
        assert (listing.path, listing.query) == (PODS, {"labelSelector": SELECTOR})
        assert watching.query == {
            "labelSelector": SELECTOR, "watch": "True", "resourceVersion": "0", "timeoutSeconds": "20",
            "allowWatchBookmarks": "True",
        }  # fmt: skip


async def test_what_is_there_already_is_made_and_what_is_gone_is_deleted(tmp_path: Path) -> None:
    async with cluster(tmp_path) as (fake, fleet):
        await fleet.create(A, "secret")
        await fleet.create(A, "secret")
        await fleet.delete(B)
        assert [len(fake.requests(method)) for method in ("POST", "DELETE")] == [2, 1]


@pytest.mark.parametrize(
    ("status", "headers", "words", "retry_after_s"),
    [
        (403, {}, 'the cluster answers 403: pods "x" is forbidden: exceeded quota', 0.0),
        (422, {}, "the cluster answers 422: spec.containers: Required value", 0.0),
        (429, {"Retry_After": "7"}, "the cluster answers 429: too many", 7.0),
        (429, {"Retry_After": "soon"}, "the cluster answers 429: too many", 0.0),
        (503, {"Retry_After": "99999"}, "the cluster answers 503: away", 300.0),
        (500, {}, "the cluster answers 500: broken", 0.0),
    ],
)
async def test_refusals_are_put_into_words(
    tmp_path: Path, status: int, headers: dict[str, str], words: str, retry_after_s: float
) -> None:
    async with cluster(tmp_path) as (fake, fleet):
        for method, call in (("POST", fleet.create(A, "secret")), ("DELETE", fleet.delete(A))):
            fake.fail(method, status, words.partition(": ")[2], **headers)
            with pytest.raises(MachineRefused) as refused:
                await call
            assert (refused.value.words, refused.value.retry_after_s) == (words, retry_after_s)


async def test_a_server_that_hangs_or_is_not_there_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "REQUEST_TIMEOUT_S", 0.2)
    async with cluster(tmp_path) as (fake, fleet):
        await sees(fleet)
        fake.hang("POST")
        with pytest.raises(MachineRefused, match=r"does not answer \(TimeoutError\)"):
            await fleet.create(A, "secret")
    nobody = Cluster(TEMPLATE, "games", FakeKubernetes("http://127.0.0.1:1").kubeconfig(tmp_path / "nobody"))
    fleet = KubernetesFleet(Pool("gpu", Adapter.KUBERNETES, 3, cluster=nobody), "http://x", TenantId("ten_a"))
    with pytest.raises(MachineRefused, match="does not answer"):
        await fleet.create(A, "secret")
    await fleet.close()
    outside = KubernetesFleet(Pool("gpu", Adapter.KUBERNETES, 3, cluster=Cluster(TEMPLATE)), "", TenantId("ten_a"))
    with pytest.raises(MachineRefused, match="there is no access to a cluster"):
        await outside.delete(A)


async def test_after_410_everything_is_listed_anew_and_nothing_is_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "WATCH_S", 1)
    async with cluster(tmp_path) as (fake, fleet):
        await sees(fleet)
        await fleet.create(A, "secret")
        await sees(fleet, Machine(A, Phase.PENDING))
        fake.forgotten = fake.version + 1
        fake.pods[A]["status"] = {"phase": "Running"}  # No event tells of it.
        await sees(fleet, Machine(A, Phase.RUNNING))
        gets = fake.requests("GET")
        _, again, *_ = (at for at, each in enumerate(gets) if "watch" not in each.query)
        refused = gets[again - 1].query
        assert again > 2, "a watch that ended by itself is gone on with"
        assert refused["resourceVersion"] == str(fake.version)


async def test_while_lists_and_watches_fail_nothing_is_known_and_then_all_is(tmp_path: Path) -> None:
    async with cluster(tmp_path) as (fake, fleet):
        await sees(fleet)
        await fleet.create(A, "secret")
        await sees(fleet, Machine(A, Phase.PENDING))
        for status in (429, 500, 403):
            fake.fail("list", status, Retry_After="0")
        fake.failures["watch"] = fake.failures.pop("list")
        for _ in range(3):
            fake.fail("list", 500)
        # Nothing ends a watch sooner than news, or its time.
        await fake.set("broken", {"metadata": {}})

        async def lost() -> bool:
            return fleet.machines() is None

        await until(lost, 5, "what was heard is of no use any more")
        assert fleet.unseen(), "the operator reads why"
        del fake.pods["broken"]
        await sees(fleet, Machine(A, Phase.PENDING))
        assert not fake.failures["list"]
        assert fleet.unseen() == ""


async def test_a_watch_that_hangs_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "WATCH_SILENT_S", 0.2)
    async with fake_kubernetes() as fake:
        place = Cluster(TEMPLATE, "games", fake.kubeconfig(tmp_path / "kubeconfig"))
        fleet = KubernetesFleet(Pool("gpu", Adapter.KUBERNETES, 3, cluster=place), "http://x", TenantId("ten_a"))
        for _ in range(2):
            fake.hang("watch")
        following = asyncio.create_task(fleet.follow())

        async def again() -> bool:
            return len([each for each in fake.requests("GET") if "watch" not in each.query]) >= 3

        await until(again, 5, "each was given up, and everything listed anew")
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await fleet.close()


async def test_a_pod_that_does_not_go_is_removed_without_its_computers_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [100.0]
    monkeypatch.setattr(adapter, "monotonic_s", lambda: clock[0])
    async with cluster(tmp_path) as (fake, fleet):
        await fleet.create(A, "secret")
        await fake.status(A, phase="Running")
        fake.silent.add(A)
        await fleet.delete(A)
        await sees(fleet, Machine(A, Phase.RUNNING, words="is being deleted"))
        for clock[0] in (100.0 + adapter.FORCE_AFTER_S - 1, 100.0 + adapter.FORCE_AFTER_S):
            await fleet.delete(A)
        assert [each.body for each in fake.requests("DELETE")] == [{}, {}, {"gracePeriodSeconds": 0}]
        await sees(fleet)


async def test_all_requests_share_one_client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[client.ApiClient] = []
    loads = config.load_kube_config

    class CountedClient(client.ApiClient):
        def __init__(self, configuration: client.Configuration) -> None:
            super().__init__(configuration)
            made.append(self)

    async def slow_load(*arguments: Any, **options: Any) -> None:
        await asyncio.sleep(0)  # as with a command or a service that gives the credentials
        await loads(*arguments, **options)

    monkeypatch.setattr(client, "ApiClient", CountedClient)
    monkeypatch.setattr(config, "load_kube_config", slow_load)
    async with cluster(tmp_path) as (fake, fleet):
        await asyncio.gather(fleet.create(A, "secret"), fleet.create(B, "other"))
        await sees(fleet, Machine(A, Phase.PENDING), Machine(B, Phase.PENDING))
        assert len(fake.requests("POST")) == 2
    assert len(made) == 1
