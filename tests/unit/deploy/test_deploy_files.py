"""What lies in ``deploy/`` is true of the product: options, variables, metrics, names and limits that exist."""

from __future__ import annotations

import configparser
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from typer.core import TyperGroup

from farplay import secrets_passing
from farplay.cli import app
from session_broker.core.coordinator import Coordinator
from session_broker.core.records import Limits
from session_broker.io.metrics import Metrics
from wire.ids import TenantId

DEPLOY = Path(__file__).resolve().parents[3] / "deploy"
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
TEMPLATES = sorted((DEPLOY / "helm/farplay/templates").glob("*.yaml"))
COMPOSE = sorted((DEPLOY / "compose").glob("*.yaml"))
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
NODE_POD = DEPLOY / "kubernetes/node-pod.yaml"
TEXTS = [path for path in sorted(DEPLOY.rglob("*")) if path.is_file()]

OF_ENGINES = {"FARPLAY_BROKER_IMAGE", "FARPLAY_NODE_IMAGE"}
"""Variables that the compose files themselves read."""
_OPTION = re.compile(r"--[a-z][a-z-]*")
_METRIC = re.compile(r"\bfarplay_[a-z_]+")


def parameters_of(role: str) -> list[Any]:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    return list(group.commands[role].params)


def options_of(role: str) -> set[str]:
    return {option for parameter in parameters_of(role) for option in (*parameter.opts, *parameter.secondary_opts)}


def manifests(path: Path) -> list[dict[str, Any]]:
    return [each for each in yaml.safe_load_all(path.read_text()) if each]


def command_lines() -> Iterator[tuple[str, list[str]]]:
    """Every command line of Farplay in manifests, compose files and units, with the file that has it."""
    for path in MANIFESTS:
        for each in manifests(path):
            pod = each.get("spec", {}).get("template", each).get("spec", {})
            yield from (
                (path.name, container["args"]) for container in pod.get("containers", ()) if "args" in container
            )
    for path in COMPOSE:
        services = yaml.safe_load(path.read_text())["services"]
        yield from ((path.name, service["command"]) for service in services.values() if "command" in service)
    for path in UNITS:
        yield path.name, shlex.split(unit(path)["Service"]["ExecStart"])[1:]


def unit(path: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(path.read_text())
    return parser


def test_every_command_line_has_options_that_there_are() -> None:
    lines = list(command_lines())
    assert {name for name, _ in lines} >= {
        "broker.yaml",
        "node.yaml",
        "farplay-broker.service",
        "farplay-node.service",
    }
    for name, (role, *words) in lines:
        given = {word.partition("=")[0] for word in words if word.startswith("-")}
        assert given <= options_of(role), (name, given - options_of(role))


def test_the_chart_gives_the_broker_the_options_of_the_plain_manifests() -> None:
    template = (DEPLOY / "helm/farplay/templates/broker.yaml").read_text()
    chart = set(_OPTION.findall(template))
    (plain,) = [
        words
        for name, words in command_lines()
        if name == "broker.yaml" and words[1:2] == ["--host=0.0.0.0"] and "--tls-cert=/tls/tls.crt" in words
    ]
    assert chart == {word.partition("=")[0] for word in plain if word.startswith("--")}
    assert chart <= options_of("broker")


def test_what_is_to_be_applied_can_be() -> None:
    words = [word for path in TEXTS for line in path.read_text().splitlines() if "kubectl apply" in line
             for word in shlex.split(line)]  # fmt: skip
    named = [word for word in words if word.startswith("deploy/")]
    files = [path for word in named for path in ([DEPLOY.parent / word] if Path(word).suffix else MANIFESTS)]
    assert {path.name for path in files} == {"broker.yaml", "rbac.yaml", "network-policy.yaml"}
    for path in files:
        assert all({"name", "namespace"} <= each["metadata"].keys() for each in manifests(path)), path


def test_folders_are_made_for_what_is_installed() -> None:
    lines = [line.lstrip("# ").split("#")[0] for path in UNITS for line in path.read_text().splitlines()]
    installs = [shlex.split(line) for line in lines if line.startswith("install ")]
    assert installs
    for words in installs:
        assert "-D" in words or words[-1] == "/etc/systemd/system/", words
        assert (DEPLOY.parent / words[-2]).is_file()


def test_every_variable_of_ours_is_read_by_something() -> None:
    asked = {
        variable
        for role in ("broker", "node")
        for parameter in parameters_of(role)
        for variable in ([parameter.envvar] if isinstance(parameter.envvar, str) else parameter.envvar or ())
    }
    handed = {value for name, value in vars(secrets_passing).items() if name.endswith("_VARIABLE")}
    for path in TEXTS:
        text = path.read_text()
        named = set(re.findall(r"\bFARPLAY_[A-Z_]+", text))
        # A file of variables for the shell, a unit's ExecStart or a Pod's arguments may have some of their own.
        own = set(
            re.findall(r"\$[{(](FARPLAY_[A-Z_]+)", "".join(each.read_text() for each in (*COMPOSE, *UNITS, NODE_POD)))
        )
        assert named <= asked | handed | own | OF_ENGINES, (path.name, named - asked - handed - own)


def exported() -> set[str]:
    metrics = Metrics()
    metrics.watch(Coordinator(TenantId("ten_a"), {}, Limits(), bytes), lambda: (0, 0))
    return {
        sample_name
        for line in metrics.render().decode().splitlines()
        if line.startswith("# TYPE ")
        for _, _, sample_name, _ in [line.split(" ")]
    }


def queries() -> Iterator[tuple[str, str]]:
    for group in yaml.safe_load((DEPLOY / "prometheus/alerts.yaml").read_text())["groups"]:
        yield from ((rule["alert"], rule["expr"]) for rule in group["rules"])
    for panel in json.loads((DEPLOY / "grafana/farplay.json").read_text())["panels"]:
        yield from ((panel["title"], target["expr"]) for target in panel["targets"])


def test_alerts_and_dashboard_name_metrics_that_brokers_export() -> None:
    there = exported()
    for where, query in queries():
        assert set(_METRIC.findall(query)) <= there, where
        assert query.count("(") == query.count(")"), where
    watched = {metric for _, query in queries() for metric in _METRIC.findall(query)}
    assert watched == {name for name in there if not name.endswith("_created")}, "nothing that is exported is unseen"


def test_every_alert_says_what_to_do() -> None:
    for group in yaml.safe_load((DEPLOY / "prometheus/alerts.yaml").read_text())["groups"]:
        for rule in group["rules"]:
            assert set(rule["annotations"]) == {"summary", "description"}, rule["alert"]
            assert rule["labels"]["severity"] in ("critical", "warning", "info")


def test_the_panels_of_the_dashboard_lie_side_by_side() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads((DEPLOY / "grafana/farplay.json").read_text())["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_pods_may_do_as_little_as_can_be(path: Path) -> None:
    for each in manifests(path):
        # A node's Pod is a template: the broker names it.
        assert ("name" in each["metadata"]) == (path != NODE_POD)
        if each["kind"] in ("Deployment", "Pod"):
            pod = each["spec"].get("template", each)["spec"]
            assert pod["securityContext"]["runAsNonRoot"] is True
            (container,) = pod["containers"]
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
            assert container["readinessProbe"]
        if each["kind"] == "Deployment":
            assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
            assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
            ports = {port["name"]: port["containerPort"] for port in container["ports"]}
            assert ports == {"http": 8080, "https": 8443}


def test_services_budgets_and_policies_choose_the_brokers() -> None:
    everything = [each for path in MANIFESTS for each in manifests(path)]
    (broker,) = [each for each in everything if each["kind"] == "Deployment"]
    labels = broker["spec"]["template"]["metadata"]["labels"]
    assert broker["spec"]["selector"]["matchLabels"] == labels
    chosen = [each["spec"]["selector"] for each in everything if each["kind"] == "Service"]
    chosen += [
        each["spec"]["selector"]["matchLabels"] for each in everything if each["kind"] == "PodDisruptionBudget"
    ]
    chosen += [
        each["spec"]["podSelector"]["matchLabels"]
        for each in everything
        if each["kind"] == "NetworkPolicy" and "matchLabels" in each["spec"]["podSelector"]
    ]
    assert len(chosen) == 4
    assert all(selector == labels for selector in chosen)


def test_units_start_anew_and_wait_for_their_end() -> None:
    for path in UNITS:
        service = unit(path)["Service"]
        assert service["Restart"] == "always"
        assert service["NoNewPrivileges"] == "yes"
        assert (DEPLOY / "systemd" / Path(service["EnvironmentFile"]).name).exists()
