"""Options of ``farplay broker`` and ``farplay node`` made into their configurations; all faults in words."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path

from aioice.ice import get_host_addresses

from farplay.failures import CommandFailure, ExitStatus
from farplay.ice_options import IceOptions, ice_spec
from farplay.pools_file import read_pools
from farplay.region_options import check_pools
from farplay.secrets_passing import take_enrolment_token, take_metrics_token, take_turn_secrets
from farplay.title_folders import installed_titles
from farplay.tls_files import check_tls_files, link_name
from farplay.trace_variables import traces_endpoint
from render_node.agent.io.broker_link import socket_url
from render_node.config import NodeConfig
from session_broker.config import BrokerConfig, TlsConfig
from session_broker.core.pools.pool import Adapter, FleetConfig
from session_broker.core.regions import RegionRules
from wire.errors import WireError
from wire.sandbox import Profile
from wire.title_manifest import InstalledTitle
from wire.worker_control import X264Preset

NAME_MAX_CHARS = 64
BOTH_FILES = "Give both --tls-cert FILE and --tls-key FILE."


def broker_config(
    *,
    host: str,
    port: int,
    data_dir: Path,
    titles: tuple[Path, ...],
    with_bundled: bool,
    database_url: str | None,
    objects_url: str | None,
    replica_lease_s: float,
    bus_notify: bool,
    reserve_s: float,
    violations_max: int,
    title_checks_max: int,
    allowed_hosts: tuple[str, ...],
    regions: RegionRules,
    pools: Path | None = None,
    tls: TlsConfig | None = None,
) -> BrokerConfig:
    """Return a broker's configuration.

    Raises:
        CommandFailure: a title or the pools file cannot be used, a shared database comes without shared objects, or
            traces cannot go where they are to.
    """
    fleet = read_pools(pools) if pools is not None else None
    shared = database_url is not None and not database_url.startswith("sqlite")
    if objects_url is None and shared:
        raise CommandFailure(
            ExitStatus.FAILED,
            "Brokers that share a database must share published games too; a folder of this one is not enough.",
            "Add --objects-url s3://bucket/prefix, or file:///FOLDER for a folder that all of them have.",
        )
    if fleet is not None:
        _check_local(fleet, shared=shared)
        check_pools(fleet, regions)
    return BrokerConfig(
        data_dir=data_dir,
        host=host,
        port=port,
        database_url=database_url,
        objects_url=objects_url,
        replica_lease_s=replica_lease_s,
        bus_notify=bus_notify,
        reserve_s=reserve_s,
        violations_max=violations_max,
        title_checks_max=title_checks_max,
        titles=_titles(titles, with_bundled),
        node_enrolment_token=take_enrolment_token(),
        metrics_token=take_metrics_token(),
        allowed_hosts=allowed_hosts,
        regions=regions,
        fleet=fleet,
        tls=tls,
        traces_endpoint=traces_endpoint(os.environ),
    )


def _check_local(fleet: FleetConfig, *, shared: bool) -> None:
    local = [pool.name for pool in fleet.pools if pool.adapter is Adapter.LOCAL]
    if local and shared:
        raise CommandFailure(
            ExitStatus.FAILED,
            f"The pool {local[0]!r} is of the adapter local: its nodes would end with the broker that started them.",
            "Where several brokers share a database, start the nodes of these machines by farplay node, or by "
            "Kubernetes.",
        )


def tls_config(
    *,
    certificate_file: Path | None,
    key_file: Path | None,
    link_host: str | None,
    host: str,
    port: int,
    ca_file: Path | None,
    trust_port: int,
) -> TlsConfig | None:
    """Return how a broker serves HTTPS, None if it is not asked to.

    Raises:
        CommandFailure: the files cannot be used, or one of them is missing.
    """
    if certificate_file is None and key_file is None:
        return None
    if certificate_file is None or key_file is None:
        raise CommandFailure(ExitStatus.FAILED, "A certificate and its key belong together.", BOTH_FILES)
    names = check_tls_files(certificate_file, key_file, datetime.now(UTC)).names
    return TlsConfig(
        certificate_file=certificate_file,
        key_file=key_file,
        link_host=link_host or link_name(names),
        host=host,
        port=port,
        ca_file=ca_file,
        trust_port=trust_port,
    )


def node_config(
    *,
    broker_url: str,
    data_dir: Path,
    titles: tuple[Path, ...],
    with_bundled: bool,
    name: str | None,
    region: str,
    slots: int | None,
    x264_preset: X264Preset | None,
    warm_workers: int,
    media_host: str,
    media_ports: str,
    advertised: tuple[str, ...],
    ice: IceOptions,
    afk_pause_max_s: int,
    afk_end_max_s: int,
    sandbox: Profile | None = None,
    watch_titles: bool = False,
    kept: bool = False,
    successor: bool = False,
) -> NodeConfig:
    """Return a node's configuration.

    Raises:
        CommandFailure: an option or a title cannot be used.
    """
    try:
        socket_url(broker_url)
    except ValueError as error:
        raise CommandFailure(ExitStatus.FAILED, f"{error}.", "Use --broker http://HOST:PORT.") from error
    spec = ice_spec(
        ice,
        take_turn_secrets(),
        media_host=media_host,
        ports=port_range(media_ports),
        advertised=advertised or reached_at(media_host),
    )
    return NodeConfig(
        broker_url=broker_url,
        data_dir=data_dir,
        titles=_titles(titles, with_bundled),
        name=(name or os.uname().nodename or "node")[:NAME_MAX_CHARS],
        region=region,
        enrolment_token=take_enrolment_token(),
        ice=spec,
        slots=slots,
        x264_preset=x264_preset,
        warm_workers=warm_workers,
        afk_pause_max_s=afk_pause_max_s,
        afk_end_max_s=afk_end_max_s,
        sandbox=sandbox,
        watch_titles=watch_titles,
        kept=kept,
        successor=successor,
        traces_endpoint=traces_endpoint(os.environ),
    )


def reached_at(media_host: str) -> tuple[str, ...]:
    """Return the addresses at which sockets bound to ``media_host`` are reached, loopback first."""
    if media_host in ("0.0.0.0", "::"):
        ipv6 = media_host == "::"
        return ("::1" if ipv6 else "127.0.0.1", *get_host_addresses(use_ipv4=not ipv6, use_ipv6=ipv6))
    return (media_host,)


def _titles(paths: tuple[Path, ...], with_bundled: bool) -> tuple[InstalledTitle, ...]:
    try:
        return installed_titles(paths, with_bundled=with_bundled)
    except WireError as error:
        raise CommandFailure(ExitStatus.BAD_TITLE, error.detail) from error


def port_range(text: str) -> tuple[int, int]:
    """Return the first and last port of a range; 0 and 0 for any.

    Raises:
        CommandFailure: it is not a range.
    """
    match = re.fullmatch(r"(\d{1,5})-(\d{1,5})", text)
    if match is not None:
        low, high = int(match[1]), int(match[2])
        if low <= high <= 65535 and (low > 0 or high == 0):
            return low, high
    raise CommandFailure(ExitStatus.FAILED, f"{text!r} is not a range of UDP ports.", "Write it like 40000-40100.")
