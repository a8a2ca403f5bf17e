"""One session on this node, as the agent keeps it."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

from wire.errors import Reason
from wire.ids import is_title_id
from wire.node_control import StartSession
from wire.worker_control import PlacementState, StartWorker

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""Of what a folder or a control group is named after."""


def is_well_named(ask: StartSession) -> bool:
    """Tell whether folders and a control group may be named after what a broker asks for."""
    names = _NAME.fullmatch(ask.player_key) is not None and _NAME.fullmatch(ask.session_id) is not None
    return names and is_title_id(ask.title_id) and (ask.release is None or ask.release.title_id == ask.title_id)


@dataclass(slots=True)
class PlacedSession:
    """From the broker's wish until its worker has released it or is gone."""

    epoch: int
    state: PlacementState
    start_due: float
    """When it must be serving, monotonic seconds."""
    save_dir: str
    title_id: str
    fetching: bool = False
    """Its title's files are on their way; nothing was launched."""
    folders: tuple[str, ...] = ()
    """The title's and its runtime's, once they are known."""
    options: Mapping[str, str] = field(default_factory=dict)
    """What was set for it."""
    waiting: StartWorker | None = None
    """Launched once the session before it has let go of the save folder."""
    end_due: float | None = None
    """When its title's longest session is over, monotonic seconds."""
    ending: Reason | None = None
    paused: bool = False
    """The worker said that nobody plays."""
    peers: OrderedDict[str, None] = field(default_factory=OrderedDict)
