"""The pools file: TOML to a fleet's configuration; every fault is named at once, with its place."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import yaml

from farplay.failures import CommandFailure, ExitStatus
from session_broker.core.pools.pod import template_fault
from session_broker.core.pools.pool import DAYS, NAME_PATTERN, Adapter, Cluster, FleetConfig, Hours, Pool
from wire.limits import SESSIONS_PER_NODE_MAX

NODES_MAX = 10_000
DAY_S = 24 * 3600.0
_REQUIRED = object()


def read_pools(path: Path) -> FleetConfig:
    """Read a pools file.

    Raises:
        CommandFailure: it cannot be read or used.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CommandFailure(ExitStatus.FAILED, f"The pools file {path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CommandFailure(ExitStatus.FAILED, f"The pools file {path} is not TOML: {error}.") from error
    faults: list[str] = []
    config = _fleet(_Reader(table, "the file", faults), path.absolute().parent)
    if faults:
        listed = "\n".join(f"  {fault}" for fault in faults)
        raise CommandFailure(
            ExitStatus.FAILED, f"The pools file {path} cannot be used:\n{listed}", "See docs/fleet.md, Pools."
        )
    return config


class _Reader:
    """Takes keys out of one table, noting what is wrong with them; ``done`` notes what nobody has taken."""

    def __init__(self, table: Mapping[str, Any], where: str, faults: list[str]) -> None:
        self.where = where
        self.faults = faults
        self._left = dict(table)

    def fault(self, words: str) -> None:
        self.faults.append(f"{self.where}: {words}")

    def take(self, key: str, kind: type | tuple[type, ...], what: str, default: Any = _REQUIRED) -> Any:
        """Return a key's value, or the default if it is missing or not what it should be."""
        value = self._left.pop(key, _REQUIRED)
        if value is _REQUIRED:
            if default is _REQUIRED:
                self.fault(f"{key} is missing ({what})")
            return None if default is _REQUIRED else default
        if isinstance(value, kind) and not (isinstance(value, bool) and kind is not bool):
            return value
        self.fault(f"{key} must be {what}, not {value!r}")
        return None if default is _REQUIRED else default

    def number(self, key: str, low: float, high: float, default: Any = _REQUIRED, *, whole: bool = False) -> Any:
        """Return a number within bounds."""
        what = f"a {'whole ' if whole else ''}number from {low:g} to {high:g}"
        value = self.take(key, int if whole else (int, float), what, default)
        if value is not None and not low <= value <= high:
            self.fault(f"{key} must be {what}, not {value!r}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of words."""
        listed = self.take(key, list, "a list of words", [])
        if any(not isinstance(each, str) or not each for each in listed):
            self.fault(f"{key} must be a list of words, not {listed!r}")
            return ()
        return tuple(listed)

    def tables(self, key: str, name: str) -> list[_Reader]:
        """Return a list of tables; ``name`` is what faults call each."""
        listed = self.take(key, list, f"written as [[{key}]]", [])
        good = [each for each in listed if isinstance(each, dict)]
        if len(good) < len(listed):
            self.fault(f"{key} must be written as [[{key}]]")
        return [_Reader(each, f"{name} {n}", self.faults) for n, each in enumerate(good, start=1)]

    def done(self) -> None:
        for key in self._left:
            self.fault(f"{key} is not a setting")


def _fleet(reader: _Reader, folder: Path) -> FleetConfig:
    timezone = _timezone(reader)
    broker_url = reader.take("broker_url", str, "an address such as https://play.example.org", None)
    if broker_url is not None and urlsplit(broker_url).scheme not in ("http", "https"):
        reader.fault(f"broker_url must begin with http:// or https://, not {broker_url!r}")
    pools = [_pool(each, folder) for each in reader.tables("pool", "pool")]
    reader.done()
    named = [pool.name for pool in pools if pool is not None]
    if not pools:
        reader.fault("there is no [[pool]]")
    for name in sorted({name for name in named if named.count(name) > 1}):
        reader.fault(f"two pools are called {name!r}")
    if broker_url is None and any(pool is not None and pool.adapter is not Adapter.LOCAL for pool in pools):
        reader.fault("broker_url is missing (the address at which nodes elsewhere reach this deployment)")
    return FleetConfig(tuple(pool for pool in pools if pool is not None), timezone, broker_url)


def _timezone(reader: _Reader) -> tzinfo:
    name = reader.take("timezone", str, "a time zone such as Europe/Berlin", "UTC")
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        reader.fault(f"timezone must be one such as Europe/Berlin, not {name!r}")
        return UTC


def _pool(reader: _Reader, folder: Path) -> Pool | None:
    name = reader.take("name", str, "a word")
    if name is not None:
        reader.where = f"pool {name!r}"
        if NAME_PATTERN.fullmatch(name) is None:
            reader.fault("name must be up to 30 of a-z, 0-9 and -, with a letter in front and no - at the end")
    adapters = " or ".join(Adapter)
    adapter = reader.take("adapter", str, adapters)
    if adapter is not None and adapter not in list(Adapter):
        reader.fault(f"adapter must be {adapters}, not {adapter!r}")
        adapter = None
    default = {field.name: field.default for field in fields(Pool)}
    max_nodes = reader.number("max_nodes", 0, NODES_MAX, whole=True)
    cluster = _cluster(reader, folder) if adapter == Adapter.KUBERNETES else None
    values = {
        "slots": reader.number("slots", 1, SESSIONS_PER_NODE_MAX, default["slots"], whole=True),
        "min_idle": reader.number("min_idle", 0, NODES_MAX, default["min_idle"], whole=True),
        "schedule": tuple(_hours(each) for each in reader.tables("schedule", f"{reader.where}, schedule")),
        "idle_s": reader.number("idle_s", 0, DAY_S, default["idle_s"]),
        "start_timeout_s": reader.number("start_timeout_s", 10, DAY_S, default["start_timeout_s"]),
        "priority": reader.number("priority", -1000, 1000, default["priority"], whole=True),
        "price_per_hour": reader.number("price_per_hour", 0, 1e6, default["price_per_hour"]),
        "gpus": reader.number("gpus", 0, 64, default["gpus"], whole=True),
    }
    if adapter == Adapter.KUBERNETES:
        values |= {
            "regions": reader.texts("regions"),
            "gpu_resource": reader.take("gpu_resource", str, "such as nvidia.com/gpu", default["gpu_resource"]),
        }
    if adapter is not None:
        reader.done()
    if None in (name, adapter, max_nodes):
        return None
    return Pool(name, Adapter(adapter), max_nodes, cluster=cluster, **values)


def _cluster(reader: _Reader, folder: Path) -> Cluster:
    template = reader.take("template", str, "the file of the Pod, such as node-pod.yaml")
    kubeconfig = reader.take("kubeconfig", str, "a file", None)
    if kubeconfig is not None and not (folder / kubeconfig).is_file():
        reader.fault(f"kubeconfig: there is no file {folder / kubeconfig}")
    namespace = reader.take("namespace", str, "a namespace of the cluster", "farplay")
    context = reader.take("context", str, "a context of the kubeconfig", None)
    path = None if kubeconfig is None else folder / kubeconfig
    return Cluster(_template(reader, folder / template) if template is not None else {}, namespace, path, context)


def _template(reader: _Reader, path: Path) -> Mapping[str, Any]:
    """Return a Pod's manifest, if it is one in which a node can run."""
    try:
        pod = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reader.fault(f"template: {path} cannot be read: {error}")
        return {}
    fault = template_fault(pod)
    if fault:
        reader.fault(f"template: {path} {fault}")
        return {}
    return dict(pod)


def _hours(reader: _Reader) -> Hours:
    days = reader.texts("days")
    if not days or any(day not in DAYS for day in days):
        reader.fault(f"days must be a list of {', '.join(DAYS)}, not {list(days)!r}")
    begin, end = (_minute(reader, key) for key in ("begin", "end"))
    min_idle = reader.number("min_idle", 0, NODES_MAX, whole=True)
    reader.done()
    known = frozenset(DAYS.index(day) for day in days if day in DAYS)
    return Hours(known, begin, end, min_idle or 0)


def _minute(reader: _Reader, key: str) -> int:
    text = reader.take(key, str, "a time such as 17:30")
    match = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", text or "")
    if text is not None and match is None:
        reader.fault(f"{key} must be a time such as 17:30, not {text!r}")
    return int(match[1]) * 60 + int(match[2]) if match is not None else 0
