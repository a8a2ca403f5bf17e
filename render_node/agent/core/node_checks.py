"""The checks of titles that one node runs, each in a slot. Sans-IO.

What cannot be started is not answered: the broker sees in the next heartbeats that it does not run.
"""

from __future__ import annotations

from render_node.agent.core.effects import Effect, RunCheck, StopCheck
from render_node.agent.core.trust_levels import lacks
from wire.ids import is_id
from wire.node_control import EndTitleCheck, StartTitleCheck
from wire.sandbox import SandboxSpec


class NodeChecks:
    """Which checks run.

    Args:
        sandbox: The walls that hold here.
    """

    def __init__(self, sandbox: SandboxSpec) -> None:
        self._sandbox = sandbox
        self._running: dict[str, None] = {}

    def __len__(self) -> int:
        """Return how many slots they take."""
        return len(self._running)

    def running(self) -> tuple[str, ...]:
        """Return what runs, for ``hello`` and heartbeats."""
        return tuple(self._running)

    def handle_broker(self, message: StartTitleCheck | EndTitleCheck, *, has_room: bool) -> list[Effect]:
        """Start a check, if there is a slot and the walls that its title needs; or stop one."""
        if isinstance(message, EndTitleCheck):
            return [StopCheck(message.check_id)] if message.check_id in self._running else []
        return self._start(message) if has_room else []

    def _start(self, ask: StartTitleCheck) -> list[Effect]:
        walls = lacks(ask.trust, self._sandbox.profile, self._sandbox.walls)
        if ask.check_id in self._running or walls or not is_id(ask.check_id, "chk"):
            return []
        self._running[ask.check_id] = None
        return [RunCheck(ask.check_id, ask.release, ask.trust)]

    def handle_over(self, check_id: str) -> None:
        """Free the slot of a check of which nothing runs any more."""
        self._running.pop(check_id, None)

    def handle_shutdown(self) -> list[Effect]:
        """Stop all of them."""
        return [StopCheck(check_id) for check_id in self._running]
