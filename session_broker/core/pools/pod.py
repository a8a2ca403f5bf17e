"""Pods: a pool's template made into the Pod of one node, and what the cluster says of a Pod in our words.

Only what core/v1 has had since Kubernetes 1.20. Source: kubernetes.io/docs, Pod v1 and Pod Lifecycle.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from session_broker.core.pools.pool import Adapter, Cluster, Pool
from session_broker.core.pools.records import Machine, NodeName, Phase, Trouble

CONTAINER = "node"
"""Name of the container that runs ``farplay node``."""

POOL_LABEL, DEPLOYMENT_LABEL = "farplay/pool", "farplay/deployment"
"""Labels by which a deployment finds its Pods again."""

REGION_LABEL = "topology.kubernetes.io/region"

WORDS_MAX_CHARS = 400

_IMAGE = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable")
_CONFIG = ("CreateContainerConfigError", "CreateContainerError", "RunContainerError", "ContainerCannotRun")
_LOST = ("NodeLost", "NodeShutdown", "Shutdown", "Terminated", "NodeAffinity", "UnexpectedAdmissionError")


def template_fault(template: Any) -> str:
    """Return what keeps a manifest from being a pool's template, in words; empty if nothing does."""
    if not isinstance(template, dict) or template.get("kind") != "Pod":
        return "is not the manifest of one Pod"
    spec = template.get("spec")
    containers = spec.get("containers") if isinstance(spec, dict) else None
    listed = containers if isinstance(containers, list) else []
    if not any(isinstance(each, dict) and each.get("name") == CONTAINER for each in listed):
        return f"has no container called {CONTAINER!r}"
    try:
        probe = Pool("probe", Adapter.KUBERNETES, 1, gpus=1, regions=("anywhere",), cluster=Cluster(template))
        pod_of(probe, "", NodeName(""), "", "")
    except (AttributeError, KeyError, TypeError):
        return "is not built as a Pod is"
    return ""


def labels_of(pool: Pool, deployment: str) -> dict[str, str]:
    """Return the labels that all Pods of a pool have."""
    return {POOL_LABEL: pool.name, DEPLOYMENT_LABEL: deployment}


def pod_of(pool: Pool, deployment: str, name: NodeName, token: str, broker_url: str) -> dict[str, Any]:
    """Return the Pod of one node.

    Args:
        pool: With the template.
        deployment: Whose Pods these are, where several deployments share a namespace.
        name: Of the node, and of the Pod.
        token: One-time, with which the node enrols.
        broker_url: What the node dials.
    """
    assert pool.cluster is not None
    pod: dict[str, Any] = copy.deepcopy(dict(pool.cluster.template))
    metadata = {**pod.get("metadata", {}), "name": name, "namespace": pool.cluster.namespace}
    metadata["labels"] = {**metadata.get("labels", {}), **labels_of(pool, deployment)}
    pod["metadata"] = metadata
    spec: dict[str, Any] = pod["spec"]
    # A Pod that ends is replaced by another with a name and a credential of its own.
    spec["restartPolicy"] = "Never"
    container = next(each for each in spec["containers"] if each["name"] == CONTAINER)
    given = {
        "FARPLAY_BROKER": broker_url,
        "FARPLAY_NODE_NAME": name,
        "FARPLAY_SLOTS": str(pool.slots),
        "FARPLAY_ENROLMENT_TOKEN": token,
    }
    if len(pool.regions) == 1:
        given["FARPLAY_REGION"] = pool.regions[0]
    rest = [each for each in container.get("env", []) if each["name"] not in given]
    # In front, so that the template's own variables and arguments can name them.
    container["env"] = [*({"name": key, "value": value} for key, value in given.items()), *rest]
    if pool.gpus:
        resources = container.setdefault("resources", {})
        resources["limits"] = {**resources.get("limits", {}), pool.gpu_resource: str(pool.gpus)}
    if pool.regions:
        _keep_to_regions(spec, pool.regions)
    return pod


def _keep_to_regions(spec: dict[str, Any], regions: Iterable[str]) -> None:
    rule = {"key": REGION_LABEL, "operator": "In", "values": list(regions)}
    affinity = spec.setdefault("affinity", {}).setdefault("nodeAffinity", {})
    required = affinity.setdefault("requiredDuringSchedulingIgnoredDuringExecution", {})
    terms = required.setdefault("nodeSelectorTerms", [{}])
    for term in terms:  # Of which one must hold.
        term["matchExpressions"] = [*term.get("matchExpressions", []), rule]


def machine_of(pod: Mapping[str, Any]) -> Machine:
    """Return what a Pod, as the API server has it, means for its pool."""
    name, status = NodeName(pod["metadata"]["name"]), pod.get("status") or {}
    match status.get("phase"):
        case "Failed":
            return Machine(name, Phase.GONE, *_failure(status))
        case "Succeeded":
            return Machine(name, Phase.GONE, Trouble.ENDED, "the node ended by itself")
        case "Unknown":
            return Machine(name, Phase.RUNNING, Trouble.LOST, _cut(status.get("message") or "its computer is silent"))
        case "Running":
            leaving = pod["metadata"].get("deletionTimestamp") is not None
            return Machine(name, Phase.RUNNING, words="is being deleted" if leaving else "")
    return Machine(name, Phase.PENDING, *_obstacle(status))


def _failure(status: Mapping[str, Any]) -> tuple[Trouble, str]:
    reason, message = str(status.get("reason") or ""), str(status.get("message") or "")
    if reason == "Evicted":
        return Trouble.EVICTED, _cut(message or reason)
    if reason in _LOST:
        return Trouble.LOST, _cut(f"{reason}: {message}" if message else reason)
    for each in status.get("containerStatuses") or ():
        ended = (each.get("state") or {}).get("terminated")
        if each.get("name") == CONTAINER and ended:
            words = f"exit status {ended.get('exitCode')}, {ended.get('reason')}"
            trouble = Trouble.CONFIG if ended.get("reason") in _CONFIG else Trouble.CRASHED
            return trouble, _cut(f"{words}: {ended['message']}" if ended.get("message") else words)
    return Trouble.CRASHED, _cut(f"{reason}: {message}" if message else reason or "failed")


def _obstacle(status: Mapping[str, Any]) -> tuple[Trouble | None, str]:
    for each in status.get("containerStatuses") or ():
        waiting = (each.get("state") or {}).get("waiting") or {}
        reason = waiting.get("reason")
        if reason in _IMAGE or reason in _CONFIG:
            trouble = Trouble.IMAGE if reason in _IMAGE else Trouble.CONFIG
            return trouble, _cut(f"{reason}: {waiting.get('message') or each.get('image') or ''}")
    for condition in status.get("conditions") or ():
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            return Trouble.NO_ROOM, _cut(condition.get("message") or condition.get("reason") or "not scheduled")
    return None, ""


def _cut(text: str) -> str:
    return " ".join(text.replace("\x00", "").split())[:WORDS_MAX_CHARS]
