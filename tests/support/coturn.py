"""A coturn of the test's own: the TURN and STUN server that operators run."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.find_nat_tools import find_coturn
from tests.support.deadlines import patient
from tests.support.free_port import free_port
from wire.worker_control import TurnServer, TurnTransport

USER, PASSWORD, SECRET, REALM = "node", "a long password", "shared", "farplay.test"
READY_S = 10.0
END_S = 5.0


@dataclass(frozen=True)
class Coturn:
    """A running server.

    Attributes:
        port: For UDP and TCP.
        tls_port: 0 without a certificate.
    """

    host: str
    port: int
    tls_port: int
    process: subprocess.Popen[bytes]
    log_path: Path

    def server(self, transport: TurnTransport = TurnTransport.UDP, *, secret: bool = False) -> TurnServer:
        """Return how a node is told of it, by its password or by its secret."""
        port = self.tls_port if transport is TurnTransport.TLS else self.port
        if secret:
            return TurnServer(self.host, port, transport, USER, secret=SECRET)
        return TurnServer(self.host, port, transport, USER, PASSWORD)

    def log(self) -> str:
        """Return what it wrote."""
        return self.log_path.read_text(errors="replace")


@contextmanager
def coturn(
    host: str = "127.0.0.1", *, secret: bool = False, certificate: tuple[Path, Path] | None = None
) -> Iterator[Coturn]:
    """Run one on an address of this network namespace, until the block ends.

    Args:
        host: Where it listens and relays.
        secret: Whether it takes names made from its secret, in place of one user.
        certificate: Its certificate and key; None serves no TLS.
    """
    port, tls_port = free_port(host), free_port(host)
    with tempfile.TemporaryDirectory(prefix="farplay-coturn-") as name:
        folder = Path(name)
        options = [
            f"--listening-ip={host}", f"--relay-ip={host}", f"--listening-port={port}", f"--realm={REALM}",
            f"--pidfile={folder}/pid", f"--userdb={folder}/db", f"--log-file={folder}/log", "--simple-log", "-n",
            "--no-cli", "--no-multicast-peers", "--allow-loopback-peers", "--fingerprint", "--verbose",
        ]  # fmt: skip
        options += ["--use-auth-secret", f"--static-auth-secret={SECRET}"] if secret else []
        options += [] if secret else ["--lt-cred-mech", f"--user={USER}:{PASSWORD}"]
        if certificate is not None:
            options += [f"--tls-listening-port={tls_port}", f"--cert={certificate[0]}", f"--pkey={certificate[1]}"]
        options += ["--no-dtls"] if certificate is not None else ["--no-dtls", "--no-tls"]
        process = subprocess.Popen(
            [find_coturn(), *options], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        running = Coturn(host, port, tls_port if certificate else 0, process, folder / "log")
        try:
            _await(running)
            yield running
        finally:
            process.terminate()
            try:
                process.wait(patient(END_S))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(END_S)


def _await(server: Coturn) -> None:
    """Ask until it answers: a STUN question needs no password."""
    question = b"\x00\x01\x00\x00\x21\x12\xa4\x42farplay-test"
    deadline = time.monotonic() + patient(READY_S)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.settimeout(0.05)
        while time.monotonic() < deadline:
            probe.sendto(question, (server.host, server.port))
            try:
                if probe.recv(200):
                    return
            except OSError:
                time.sleep(0.01)
    raise AssertionError(f"coturn did not answer: {server.process.poll()}\n{server.log()[-2000:]}")
