"""Pods: what is asked for, and what the cluster says of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from typer.main import get_command

from farplay.cli import app
from session_broker.core.pools.pod import machine_of, pod_of, template_fault
from session_broker.core.pools.pool import Adapter, Cluster, Pool
from session_broker.core.pools.records import Machine, NodeName, Phase, Trouble

TEMPLATE = Path(__file__).resolve().parents[3] / "deploy" / "kubernetes" / "node-pod.yaml"
SMALL: dict[str, Any] = {"kind": "Pod", "spec": {"containers": [{"name": "node", "image": "x"}]}}
NAME = NodeName("gpu-abc")


def pool_of(template: dict[str, Any], **changes: Any) -> Pool:
    return replace(Pool("gpu", Adapter.KUBERNETES, 3, slots=4, cluster=Cluster(template, "games")), **changes)


def made(template: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return pod_of(pool_of(template, **changes), "ten_a", NAME, "secret", "https://play.example.org")


def test_the_smallest_template_becomes_the_pod_of_one_node() -> None:
    assert made(SMALL) == {
        "kind": "Pod",
        "metadata": {
            "name": "gpu-abc", "namespace": "games", "labels": {"farplay/pool": "gpu", "farplay/deployment": "ten_a"},
        },
        "spec": {
            "restartPolicy": "Never",
            "containers": [
                {
                    "name": "node",
                    "image": "x",
                    "env": [
                        {"name": "FARPLAY_BROKER", "value": "https://play.example.org"},
                        {"name": "FARPLAY_NODE_NAME", "value": "gpu-abc"},
                        {"name": "FARPLAY_SLOTS", "value": "4"},
                        {"name": "FARPLAY_ENROLMENT_TOKEN", "value": "secret"},
                    ],
                }
            ],
        },
    }  # fmt: skip
    assert SMALL == {"kind": "Pod", "spec": {"containers": [{"name": "node", "image": "x"}]}}, "and stays as it was"


def test_what_the_template_says_stays_and_ours_wins() -> None:
    template = {
        "kind": "Pod",
        "metadata": {"name": "other", "labels": {"mine": "1", "farplay/pool": "no"}, "annotations": {"a": "b"}},
        "spec": {
            "restartPolicy": "Always",
            "containers": [
                {"name": "sidecar"},
                {
                    "name": "node",
                    "env": [
                        {"name": "FARPLAY_SLOTS", "value": "99"},
                        {"name": "HOST_IP", "value": "$(FARPLAY_BROKER)"},
                    ],
                    "resources": {"limits": {"memory": "4Gi"}, "requests": {"cpu": "2"}},
                },
            ],
        },
    }
    pod = made(template, gpus=2, gpu_resource="amd.com/gpu")
    assert pod["metadata"]["labels"] == {"mine": "1", "farplay/pool": "gpu", "farplay/deployment": "ten_a"}
    assert pod["metadata"]["annotations"] == {"a": "b"}
    assert pod["spec"]["restartPolicy"] == "Never"
    sidecar, node = pod["spec"]["containers"]
    assert sidecar == {"name": "sidecar"}
    assert [each["name"] for each in node["env"]][-1] == "HOST_IP"
    assert [each["value"] for each in node["env"] if each["name"] == "FARPLAY_SLOTS"] == ["4"]
    assert node["resources"] == {"limits": {"memory": "4Gi", "amd.com/gpu": "2"}, "requests": {"cpu": "2"}}


def test_a_node_says_where_it_is_where_that_is_certain() -> None:
    def said(*regions: str) -> list[str]:
        (node,) = made(SMALL, regions=regions)["spec"]["containers"]
        return [each["value"] for each in node["env"] if each["name"] == "FARPLAY_REGION"]

    assert (said(), said("eu-1"), said("eu-1", "eu-2")) == ([], ["eu-1"], [])


def test_regions_hold_beside_whatever_the_template_wants() -> None:
    rule = {"key": "topology.kubernetes.io/region", "operator": "In", "values": ["eu-1", "eu-2"]}
    affinity = made(SMALL, regions=("eu-1", "eu-2"))["spec"]["affinity"]["nodeAffinity"]
    required = "requiredDuringSchedulingIgnoredDuringExecution"
    assert affinity == {required: {"nodeSelectorTerms": [{"matchExpressions": [rule]}]}}
    own = {"key": "disk", "operator": "Exists"}
    terms = {required: {"nodeSelectorTerms": [{"matchExpressions": [own]}, {}]}}
    template = {"kind": "Pod", "spec": {**SMALL["spec"], "affinity": {"nodeAffinity": terms}}}
    both = made(template, regions=("eu-1", "eu-2"))["spec"]["affinity"]["nodeAffinity"][required]
    assert both == {"nodeSelectorTerms": [{"matchExpressions": [own, rule]}, {"matchExpressions": [rule]}]}


def test_the_template_that_ships_is_one_and_walls_its_node_in() -> None:
    template = yaml.safe_load(TEMPLATE.read_text(encoding="utf-8"))
    assert template_fault(template) == ""
    pod = made(template, gpus=1)
    (container,) = pod["spec"]["containers"]
    assert container["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert not pod["spec"]["automountServiceAccountToken"]
    command, *arguments = container["args"]
    options = {name for each in get_command(app).commands[command].params for name in each.opts}  # type: ignore[attr-defined]
    assert {argument.partition("=")[0] for argument in arguments} <= options
    given = {each["name"] for each in container["env"]}
    used = {argument.partition("$(")[2].rstrip(")") for argument in arguments if "$(" in argument}
    assert used <= given


@pytest.mark.parametrize(
    ("template", "fault"),
    [
        (None, "is not the manifest of one Pod"),
        ([], "is not the manifest of one Pod"),
        ({"kind": "Deployment", "spec": {}}, "is not the manifest of one Pod"),
        ({"kind": "Pod"}, "has no container called 'node'"),
        ({"kind": "Pod", "spec": {"containers": "node"}}, "has no container called 'node'"),
        ({"kind": "Pod", "spec": {"containers": [{"name": "main"}, 3]}}, "has no container called 'node'"),
        ({**SMALL, "metadata": []}, "is not built as a Pod is"),
        ({"kind": "Pod", "spec": {"containers": [{"name": "node", "env": [{}]}]}}, "is not built as a Pod is"),
        ({"kind": "Pod", "spec": {**SMALL["spec"], "affinity": "near"}}, "is not built as a Pod is"),
    ],
)
def test_what_is_not_a_template_is_said(template: Any, fault: str) -> None:
    assert template_fault(template) == fault


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    state = {"waiting": {"reason": reason, "message": message}}
    return {"phase": "Pending", "containerStatuses": [{"name": "node", "image": "img", "state": state}]}


def ended(code: int, reason: str) -> dict[str, Any]:
    state = {"terminated": {"exitCode": code, "reason": reason}}
    return {"phase": "Failed", "containerStatuses": [{"name": "node", "state": state}]}


FULL = "0/2 nodes are available: 2 Insufficient nvidia.com/gpu."
UNSCHEDULED = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": FULL}


@pytest.mark.parametrize(
    ("status", "phase", "trouble", "words"),
    [
        ({}, Phase.PENDING, None, ""),
        ({"phase": "Pending"}, Phase.PENDING, None, ""),
        ({"phase": "Pending", "conditions": [UNSCHEDULED]}, Phase.PENDING, Trouble.NO_ROOM, FULL),
        ({"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "True"}]}, Phase.PENDING, None, ""),
        (waiting("ContainerCreating"), Phase.PENDING, None, ""),
        (waiting("ImagePullBackOff", "Back-off"), Phase.PENDING, Trouble.IMAGE, "ImagePullBackOff: Back-off"),
        (waiting("ErrImagePull"), Phase.PENDING, Trouble.IMAGE, "ErrImagePull: img"),
        (waiting("CreateContainerConfigError", "no secret"), Phase.PENDING, Trouble.CONFIG,
         "CreateContainerConfigError: no secret"),
        ({"phase": "Running"}, Phase.RUNNING, None, ""),
        ({"phase": "Unknown"}, Phase.RUNNING, Trouble.LOST, "its computer is silent"),
        ({"phase": "Succeeded"}, Phase.GONE, Trouble.ENDED, "the node ended by itself"),
        ({"phase": "Failed", "reason": "Evicted", "message": "low on memory"}, Phase.GONE, Trouble.EVICTED,
         "low on memory"),
        ({"phase": "Failed", "reason": "NodeLost"}, Phase.GONE, Trouble.LOST, "NodeLost"),
        ({"phase": "Failed", "reason": "Terminated", "message": "shutdown"}, Phase.GONE, Trouble.LOST,
         "Terminated: shutdown"),
        (ended(137, "OOMKilled"), Phase.GONE, Trouble.CRASHED, "exit status 137, OOMKilled"),
        (ended(128, "ContainerCannotRun"), Phase.GONE, Trouble.CONFIG, "exit status 128, ContainerCannotRun"),
        ({"phase": "Failed"}, Phase.GONE, Trouble.CRASHED, "failed"),
    ],
)  # fmt: skip
def test_what_the_cluster_says_is_put_into_words(
    status: dict[str, Any], phase: Phase, trouble: Trouble | None, words: str
) -> None:
    assert machine_of({"metadata": {"name": NAME}, "status": status}) == Machine(NAME, phase, trouble, words)


def test_a_pod_on_its_way_out_still_runs_and_long_words_are_cut() -> None:
    leaving = {
        "metadata": {"name": NAME, "deletionTimestamp": "2026-11-27T00:00:00Z"},
        "status": {"phase": "Running"},
    }
    assert machine_of(leaving) == Machine(NAME, Phase.RUNNING, None, "is being deleted")
    talks = {"phase": "Failed", "reason": "Evicted", "message": "x\x00\n" * 1000}
    assert len(machine_of({"metadata": {"name": NAME}, "status": talks}).words) == 400


JSON = st.recursive(
    st.none() | st.booleans() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(JSON, JSON, JSON)
def test_whatever_passes_the_check_can_be_made_a_pod(anything: Any, metadata: Any, more: Any) -> None:
    assert isinstance(template_fault(anything), str)
    container = {"name": "node", **(more if isinstance(more, dict) else {"env": more, "resources": anything})}
    template = {"kind": "Pod", "metadata": metadata, "spec": {"containers": [container], "affinity": anything}}
    if not template_fault(template):
        made(template, gpus=1, regions=("eu",))
