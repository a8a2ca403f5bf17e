"""How one machine serves the other devices of its network: which certificate, address and ports."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from farplay.certificates import Address, HostNames
from farplay.config import DEFAULT_LAN_PORT, DEFAULT_TRUST_PORT, LanOptions, UpReady
from farplay.failures import CommandFailure, ExitStatus
from farplay.lan_names import machine_names, main_address
from farplay.local_ca import ServingCertificate, keep_local_certificate
from farplay.ports import pick_port
from farplay.role_config import BOTH_FILES
from farplay.tls_files import check_tls_files, link_name

EVERY_ADDRESS = "*"
FOLDER = "tls"
"""In the data folder."""


@dataclass(frozen=True, slots=True)
class LanServing:
    """All that the broker is told."""

    certificate: ServingCertificate
    link_host: str
    """Name or address that links carry."""
    listen_host: str
    port: int
    trust_port: int

    def at_ports(self, ready: UpReady) -> LanServing:
        """Return the same at the ports that the broker got, so that it gets them again when it is started anew."""
        trust_port = urlsplit(ready.trust_url).port if ready.trust_url else None
        return replace(
            self, port=urlsplit(ready.https_url).port or self.port, trust_port=trust_port or self.trust_port
        )

    def broker_arguments(self) -> list[str]:
        """Return the options of ``farplay broker``."""
        made = self.certificate
        arguments = ["--tls-cert", str(made.certificate_file), "--tls-key", str(made.key_file)]
        arguments += ["--tls-name", self.link_host, "--tls-host", self.listen_host, "--tls-port", str(self.port)]
        if made.ca_file is not None:
            arguments += ["--trust-cert", str(made.ca_file), "--trust-port", str(self.trust_port)]
        names = (name for name in made.names.texts() if not name.startswith("*"))
        return arguments + [part for name in names for part in ("--allowed-host", name)]


def prepare_lan(options: LanOptions, data_dir: Path, now: datetime) -> LanServing:
    """Return how to serve other devices; makes or renews this machine's own certificate where one is needed.

    Raises:
        CommandFailure: the machine is on no network, an address is not its own, or a file cannot be used.
    """
    machine = machine_names()
    address = _own_address(options.host, machine)
    if options.certificate_file is not None or options.key_file is not None:
        certificate = _given(options, now)
        link_host = options.host or link_name(certificate.names)
    else:
        main = address or main_address(machine)
        if main is None:
            raise CommandFailure(
                ExitStatus.FAILED,
                "This machine is on no network, so no other device can reach it.",
                "Connect it, or leave --lan out to play on this machine.",
            )
        names = machine if options.host is None or address else _with_name(machine, options.host)
        certificate = keep_local_certificate(data_dir / FOLDER, names, main, now)
        link_host = options.host or str(main)
        if address is None and options.host is not None and options.host.lower() not in certificate.names.dns:
            raise CommandFailure(
                ExitStatus.FAILED,
                f"This machine's own authority cannot vouch for {options.host}.",
                "Leave --host out, use a .local name, or bring a certificate with --tls-cert and --tls-key.",
            )
    listen_host = str(address) if address is not None else EVERY_ADDRESS
    probe_host = "0.0.0.0" if listen_host == EVERY_ADDRESS else listen_host
    port = pick_port(probe_host, options.port, DEFAULT_LAN_PORT)
    trust_port = 0 if port == 0 else pick_port(probe_host, None, DEFAULT_TRUST_PORT)
    return LanServing(certificate, link_host, listen_host, port, trust_port)


def _own_address(host: str | None, machine: HostNames) -> Address | None:
    """Return the address that ``host`` is, None if it is a name."""
    try:
        address = ip_address((host or "").strip("[]"))
    except ValueError:
        return None
    if address not in machine.addresses:
        raise CommandFailure(
            ExitStatus.FAILED,
            f"{address} is not an address of this machine.",
            f"It has {', '.join(map(str, machine.addresses))}; leave --host out to use the right one.",
        )
    return address


def _given(options: LanOptions, now: datetime) -> ServingCertificate:
    if options.certificate_file is None or options.key_file is None:
        raise CommandFailure(ExitStatus.FAILED, "A certificate and its key belong together.", BOTH_FILES)
    return check_tls_files(options.certificate_file.absolute(), options.key_file.absolute(), now)


def _with_name(machine: HostNames, name: str) -> HostNames:
    return replace(machine, dns=tuple(dict.fromkeys((*machine.dns, name.lower()))))
