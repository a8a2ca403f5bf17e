"""The node's own key, from its enrolment: a file that only the node's user may read."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from render_node.agent.io.private_file import write_private

FILE_NAME = "node_credential.json"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Credential:
    """Who this node is to its broker."""

    node_id: str
    node_key: str = field(repr=False)


def load_credential(data_dir: Path) -> Credential | None:
    """Return the stored credential, or None if there is none that can be read."""
    path = data_dir / FILE_NAME
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
        credential = Credential(body["node_id"], body["node_key"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.error("credential_unreadable", path=str(path), detail=type(error).__name__)
        return None
    return credential if isinstance(credential.node_id, str) and isinstance(credential.node_key, str) else None


def save_credential(data_dir: Path, credential: Credential) -> None:
    """Keep the credential with mode 0600."""
    body = {"node_id": credential.node_id, "node_key": credential.node_key}
    write_private(data_dir / FILE_NAME, json.dumps(body))
