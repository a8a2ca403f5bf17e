"""What placement looks at: one row per node in numpy columns, kept current by hellos and claims."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from session_broker.core.regions import NO_REGION, ROUND_TRIP_MAX_MS
from wire.ids import NodeId
from wire.node_control import NodeCapacity

Flags = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64]
Times = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]

Mark = tuple[str, ...]
"""``(kind,)`` or ``(title_id, version)``: something that a node has or has not."""

_FIRST_ROWS = 16


@dataclass(frozen=True, slots=True)
class Needs:
    """What a title needs of a node beside a free slot."""

    gpu: bool = False
    memory_mib: int = 0
    """Of all the memory that the node may use; what its other sessions take is bounded by its slots."""
    python_minor: int = 0
    """Minor version of the Python 3 that its titles must run on; 0 for any."""


NO_NEEDS = Needs()


class Fleet:
    """Columns over nodes. A row stays with its node until that is forgotten."""

    def __init__(self) -> None:
        self.node_ids: list[NodeId] = []
        self._rows: dict[NodeId, int] = {}
        self._free: list[int] = []
        """Rows of no node."""
        self._ready: Flags = np.zeros(_FIRST_ROWS, bool)
        self._slots: Counts = np.zeros(_FIRST_ROWS, np.int64)
        self._claims: Counts = np.zeros(_FIRST_ROWS, np.int64)
        self._reserved: Counts = np.zeros(_FIRST_ROWS, np.int64)
        self._encode_ms = np.zeros(_FIRST_ROWS)
        self._memory_mib: Counts = np.zeros(_FIRST_ROWS, np.int64)
        self._has_gpu: Flags = np.zeros(_FIRST_ROWS, bool)
        self._fetches: Flags = np.zeros(_FIRST_ROWS, bool)
        self._python_minor: Counts = np.zeros(_FIRST_ROWS, np.int64)
        self._region: Counts = np.zeros(_FIRST_ROWS, np.int64)
        self._regions = [NO_REGION]
        """Names of the regions, at the places that their nodes' rows hold."""
        self._inside: dict[str, Flags] = {NO_REGION: np.ones(_FIRST_ROWS, bool)}
        """The rows of each region, by its name."""
        self._any: Flags = np.ones(_FIRST_ROWS, bool)
        self._archives: dict[int, frozenset[str]] = {}
        self._holders: dict[str, set[int]] = {}
        """Rows of the nodes on which an archive lies, by its digest; only those that some node names."""
        self._marks: dict[Mark, Flags] = {}
        self._formers: dict[int, int] = {}
        """By the row of a node, that of the one beside it on the same machine in whose place it has come."""

    def __len__(self) -> int:
        """Return the length of the columns, rows of no node included."""
        return len(self.node_ids)

    @property
    def known(self) -> int:
        """How many nodes have a row."""
        return len(self._rows)

    @property
    def ready(self) -> Flags:
        """Nodes that are here and take sessions."""
        return self._ready[: len(self)]

    @property
    def slots(self) -> Counts:
        """Sessions that each node can run at once."""
        return self._slots[: len(self)]

    @property
    def claims(self) -> Counts:
        """Slots of each node that are claimed."""
        return self._claims[: len(self)]

    @property
    def has_room(self) -> Flags:
        """Nodes with a slot that is neither claimed nor reserved, nor used by the node before on its machine."""
        taken = self.claims + self._reserved[: len(self)]
        for row, former in self._formers.items():
            taken[row] += self._claims[former]
        room: Flags = self.slots > taken
        return room

    @property
    def encode_ms(self) -> Times:
        """Median time to encode a 720p frame, as the node measured it."""
        return self._encode_ms[: len(self)]

    def runs_kind(self, kind: str) -> Flags:
        """Nodes that run titles of this kind."""
        return self._column((kind,))[: len(self)]

    def has_title(self, title_id: str, version: str) -> Flags:
        """Nodes on which this title version lies."""
        return self._column((title_id, version))[: len(self)]

    @property
    def fetches_titles(self) -> Flags:
        """Nodes that fetch the archives of published titles."""
        return self._fetches[: len(self)]

    def has_gpu(self, needs: Needs) -> Flags:
        """Nodes with a GPU, or all of them if none is needed."""
        return (self._has_gpu if needs.gpu else self._any)[: len(self)]

    def wastes_gpu(self, needs: Needs, rows: Rows) -> Flags:
        """Which of these rows have a GPU that is not needed."""
        return self._has_gpu[rows] & (not needs.gpu)

    def has_memory(self, needs: Needs) -> Flags:
        """Nodes with as much memory as is needed."""
        if not needs.memory_mib:
            return self._any[: len(self)]
        enough: Flags = self._memory_mib[: len(self)] >= needs.memory_mib
        return enough

    def has_python(self, needs: Needs) -> Flags:
        """Nodes with the Python that is needed, or all of them if any will do."""
        if not needs.python_minor:
            return self._any[: len(self)]
        found: Flags = self._python_minor[: len(self)] == needs.python_minor
        return found

    def in_regions(self, names: Iterable[str]) -> Flags:
        """Nodes in one of these regions, and those that do not say where they are."""
        chosen = self._inside[NO_REGION][: len(self)].copy()
        for name in names:
            if name in self._inside:
                chosen |= self._inside[name][: len(self)]
        return chosen

    def round_trips_ms(self, measured: Mapping[str, float], unsaid_ms: float, rows: Rows) -> Times:
        """Return how far the nodes in these rows are from a player.

        Args:
            measured: Round trips to regions. Those that are not among them count as out of reach; if none is, nothing
                is known, and all nodes are equally far.
            unsaid_ms: Of nodes that do not say where they are.
            rows: Which nodes.
        """
        if not measured:
            return np.zeros(len(rows))
        known = {NO_REGION: unsaid_ms, **measured}
        times = np.array([known.get(name, ROUND_TRIP_MAX_MS) for name in self._regions])
        return times[self._region[rows]]

    def region(self, row: int) -> str:
        """Return the region of the node in a row."""
        return self._regions[int(self._region[row])]

    def describe(
        self,
        node_id: NodeId,
        capacity: NodeCapacity,
        kinds: Iterable[str],
        titles: Iterable[tuple[str, str]],
        region: str = NO_REGION,
    ) -> None:
        """Take what a node said of itself in its hello; replaces what it said before.

        Args:
            node_id: Who said it.
            capacity: What it measured.
            kinds: Kinds of title that it runs, of those that are known; each is remembered for ever.
            titles: Titles and versions that lie there, of those in the catalogue.
            region: Where it is, of the regions that the operator named; each is remembered for ever.
        """
        row = self._row(node_id)
        self._slots[row] = capacity.slots
        self._encode_ms[row] = capacity.encode_ms_720p
        self._memory_mib[row] = capacity.memory_bytes >> 20
        self._has_gpu[row] = bool(capacity.gpus)
        self._fetches[row] = capacity.fetches_titles
        self._python_minor[row] = capacity.python_minor
        if region not in self._regions:
            self._regions.append(region)
            self._inside[region] = np.zeros(len(self._ready), bool)
        self._inside[self.region(row)][row] = False
        self._inside[region][row] = True
        self._region[row] = self._regions.index(region)
        for column in self._marks.values():
            column[row] = False
        for mark in (*((kind,) for kind in kinds), *titles):
            self._marks.setdefault(mark, np.zeros(len(self._ready), bool))[row] = True

    def set_archives(self, node_id: NodeId, archives: Iterable[str]) -> None:
        """Say which archives lie unpacked on a node; replaces what was said before."""
        row, now = self._row(node_id), frozenset(archives)
        before = self._archives.get(row, frozenset())
        for digest in before - now:
            self._holders[digest].discard(row)
            if not self._holders[digest]:
                del self._holders[digest]
        for digest in now - before:
            self._holders.setdefault(digest, set()).add(row)
        self._archives[row] = now

    def has_archive(self, digest: str) -> Flags:
        """Nodes on which an archive lies unpacked."""
        chosen = np.zeros(len(self), bool)
        chosen[list(self._holders.get(digest, ()))] = True
        return chosen

    def rows_of(self, node_ids: Iterable[NodeId]) -> Flags:
        """Return which rows are those of the given nodes; nodes without a row are left out."""
        chosen = np.zeros(len(self), bool)
        chosen[[self._rows[node_id] for node_id in node_ids if node_id in self._rows]] = True
        return chosen

    def counts_of(self, counted: Mapping[NodeId, int], rows: Rows) -> Counts:
        """Return the numbers of the given nodes for these rows, 0 for all others."""
        counts = np.zeros(len(rows), np.int64)
        for node_id, count in counted.items():
            if node_id in self._rows:
                counts[rows == self._rows[node_id]] = count
        return counts

    def set_ready(self, node_id: NodeId, ready: bool) -> None:
        """Say whether a node takes sessions now."""
        row = self._row(node_id)
        self._ready[row] = ready

    def is_ready(self, node_id: NodeId) -> bool:
        """Tell whether a node takes sessions now."""
        row = self._rows.get(node_id)
        return row is not None and bool(self._ready[row])

    def add_claim(self, node_id: NodeId) -> None:
        """Count one more slot of a node as claimed."""
        row = self._row(node_id)
        self._claims[row] += 1

    def reserve(self, node_id: NodeId) -> None:
        """Keep one slot of a node until ``free_reserved``."""
        row = self._row(node_id)
        self._reserved[row] += 1

    def free_reserved(self) -> None:
        """Keep nothing any more."""
        self._reserved[:] = 0

    def set_former(self, node_id: NodeId, former: NodeId) -> None:
        """Say that a node shares its machine with one in whose place it has come; they share its slots."""
        row = self._row(node_id)
        self._formers[row] = self._row(former)

    def set_claims(self, node_id: NodeId, claims: int) -> None:
        """Say how many of a node's slots are claimed."""
        row = self._row(node_id)  # First: for a new node it puts longer columns in the place of these.
        self._claims[row] = claims

    def forget(self, node_id: NodeId) -> None:
        """Free the row of a node that is not here any more, for the next new one."""
        if node_id in self._rows:
            self.set_archives(node_id, ())
            row = self._rows.pop(node_id)
            self._formers = {each: former for each, former in self._formers.items() if row not in (each, former)}
            self._ready[row] = False
            self._claims[row] = self._reserved[row] = 0
            self._free.append(row)

    def _row(self, node_id: NodeId) -> int:
        row = self._rows.get(node_id)
        if row is None and self._free:
            row = self._rows[node_id] = self._free.pop()
            self.node_ids[row] = node_id
        elif row is None:
            row = self._rows[node_id] = len(self.node_ids)
            self.node_ids.append(node_id)
            if row >= len(self._ready):
                self._grow()
        return row

    def _grow(self) -> None:
        extra = len(self._ready)
        self._ready = np.concatenate([self._ready, np.zeros(extra, bool)])
        self._slots = np.concatenate([self._slots, np.zeros(extra, np.int64)])
        self._claims = np.concatenate([self._claims, np.zeros(extra, np.int64)])
        self._reserved = np.concatenate([self._reserved, np.zeros(extra, np.int64)])
        self._encode_ms = np.concatenate([self._encode_ms, np.zeros(extra)])
        self._memory_mib = np.concatenate([self._memory_mib, np.zeros(extra, np.int64)])
        self._has_gpu = np.concatenate([self._has_gpu, np.zeros(extra, bool)])
        self._fetches = np.concatenate([self._fetches, np.zeros(extra, bool)])
        self._python_minor = np.concatenate([self._python_minor, np.zeros(extra, np.int64)])
        self._region = np.concatenate([self._region, np.zeros(extra, np.int64)])
        self._any = np.concatenate([self._any, np.ones(extra, bool)])
        for name, inside in self._inside.items():
            # A row is in no region until its node says otherwise, as ``_region`` has it.
            self._inside[name] = np.concatenate([inside, np.full(extra, name == NO_REGION)])
        for mark, column in self._marks.items():
            self._marks[mark] = np.concatenate([column, np.zeros(extra, bool)])

    def _column(self, mark: Mark) -> Flags:
        column = self._marks.get(mark)
        return np.zeros(len(self._ready), bool) if column is None else column
