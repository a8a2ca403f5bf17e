"""Which earlier frame the next VP8 frame is predicted from, so that a lost frame can be left behind.

VP8 keeps three pictures. The last one predicts as usual; golden and altref are two slots for pictures that every
receiver is known to have. When one lost a frame, the next frame is predicted from such a slot alone: a frame hardly
larger than any other, and everybody decodes on. One slot is refilled while the other one stays, so that a confirmed
picture is always at hand; a slot that nobody confirmed would only move the damage.

Pure; frames are named by the rung's count. Needs a stream coded with ``error-resilient``, whose frames carry no
entropy state over from lost ones.
"""

from __future__ import annotations

from dataclasses import dataclass

from render_node.session.core.dependency_descriptor import DISTANCE_MAX

STORE_EVERY = 4
"""Frames between two pictures that are put into a slot; a slot waits at least for its confirmation in between."""

_NO_LAST, _NO_GOLDEN, _NO_ALTREF = 1 << 16, 1 << 17, 1 << 21
"""VP8_EFLAG_NO_REF_*: do not predict from it."""
_KEEP_GOLDEN, _KEEP_ALTREF = 1 << 22, 1 << 23
"""VP8_EFLAG_NO_UPD_*: leave what is in it."""
_STORE_GOLDEN, _STORE_ALTREF = 1 << 19, 1 << 24
"""VP8_EFLAG_FORCE_*: put this frame into it."""

_KEEP = _KEEP_GOLDEN | _KEEP_ALTREF
_FROM_LAST = _NO_GOLDEN | _NO_ALTREF
_STORE = (_FROM_LAST | _STORE_GOLDEN | _KEEP_ALTREF, _FROM_LAST | _STORE_ALTREF | _KEEP_GOLDEN)
_RECOVER = (_NO_LAST | _NO_ALTREF | _KEEP, _NO_LAST | _NO_GOLDEN | _KEEP)


@dataclass(frozen=True, slots=True)
class ReferencePlan:
    """How a frame is to be coded."""

    flags: int
    """libvpx's VP8_EFLAG_* bits."""
    reference_id: int
    """The frame that it is predicted from."""


@dataclass(slots=True)
class _Slot:
    frame_id: int | None = None
    is_confirmed: bool = False


class ReferenceSlots:
    """The two slots of one encoder."""

    def __init__(self) -> None:
        self._slots = (_Slot(), _Slot())
        self._fresh_id = 0
        """Newest frame that depends on nothing unconfirmed: a keyframe or a recovery."""
        self._stored_id = 0
        self._lost_id: int | None = None

    def keyframe(self, frame_id: int) -> None:
        """A keyframe was coded: it is in every slot, and nothing before it matters."""
        for slot in self._slots:
            slot.frame_id, slot.is_confirmed = frame_id, False
        self._fresh_id = self._stored_id = frame_id
        self._lost_id = None

    def confirm(self, newest_id: int) -> None:
        """Everybody has decoded this frame and all before it."""
        for slot in self._slots:
            if slot.frame_id is not None and slot.frame_id <= newest_id:
                slot.is_confirmed = True

    def lose(self, lost_id: int, newest_id: int) -> bool:
        """Somebody lacks a frame and what is predicted from it.

        Args:
            lost_id: The first frame lost.
            newest_id: The newest one lost or left out since; a recovery after that is on its way already.

        Returns:
            Whether the next frame can do without them, or that was done already; otherwise a keyframe is needed.
        """
        if newest_id < self._fresh_id:
            return True
        for slot in self._slots:
            if slot.frame_id is not None and slot.frame_id >= lost_id:
                slot.frame_id, slot.is_confirmed = None, False
        if self._newest_confirmed(lost_id) is None:
            return False
        self._lost_id = lost_id if self._lost_id is None else min(lost_id, self._lost_id)
        return True

    def plan(self, frame_id: int) -> ReferencePlan:
        """Return how to code the next frame, which is no keyframe."""
        lost_id, self._lost_id = self._lost_id, None
        if lost_id is not None:
            place = self._newest_confirmed(frame_id)
            if place is not None:
                reference_id = self._slots[place].frame_id
                assert reference_id is not None
                self._fresh_id = frame_id
                self._drop_unconfirmed()
                return ReferencePlan(_RECOVER[place], reference_id)
        place = self._to_refill(frame_id)
        if place is None:
            return ReferencePlan(_FROM_LAST | _KEEP, frame_id - 1)
        self._slots[place].frame_id, self._slots[place].is_confirmed = frame_id, False
        self._stored_id = frame_id
        return ReferencePlan(_STORE[place], frame_id - 1)

    def _drop_unconfirmed(self) -> None:
        """Empty the slots whose picture somebody may lack who decodes on from here without having told."""
        for slot in self._slots:
            if not slot.is_confirmed:
                slot.frame_id = None

    def _newest_confirmed(self, before_id: int) -> int | None:
        """Return the slot to recover a frame from, if one is within a descriptor's reach."""
        usable = [
            (slot.frame_id, place)
            for place, slot in enumerate(self._slots)
            if slot.frame_id is not None and slot.is_confirmed and before_id - slot.frame_id < DISTANCE_MAX // 2
        ]
        return max(usable)[1] if usable else None

    def _to_refill(self, frame_id: int) -> int | None:
        """Return the slot that this frame goes into: an empty one, else the older of two confirmed ones."""
        if frame_id - self._stored_id < STORE_EVERY:
            return None
        for place, slot in enumerate(self._slots):
            if slot.frame_id is None:
                return place
        if not all(slot.is_confirmed for slot in self._slots):
            return None
        return min((0, 1), key=lambda place: self._slots[place].frame_id or 0)
