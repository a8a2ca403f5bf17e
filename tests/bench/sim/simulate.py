"""A day of players on the real placement, queue and reconcile cores; the same seed gives the same day."""

from __future__ import annotations

import heapq
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import UTC

import numpy as np

from session_broker.core.fleet import Fleet
from session_broker.core.placing import Affinity, place
from session_broker.core.pools.pool import FleetConfig
from session_broker.core.pools.reconcile import Reconciler
from session_broker.core.pools.records import NodeName, Outlook, Want
from session_broker.core.queue import Places, Queue, Waiting
from session_broker.core.regions import Line
from session_broker.core.turnover import Standing, Turnover
from tests.bench.sim import demand
from tests.bench.sim.fairness import overtakes
from tests.bench.sim.machines import VERSION, Park, SimNode
from tests.bench.sim.result import Result, Sample, Told, Waits
from tests.bench.sim.scenario import CLASSES, REGIONS, ROUND_TRIPS_MS, Scenario, TitleClass
from wire.ids import NodeId, PlayerId, SessionId, TitleId
from wire.session_control import Coming

SAMPLE_S = 300.0
CLICKS_AGAIN_S = 10.0
"""Seconds after which whoever was cut clicks again."""
NEEDS_GPU = {TitleId(each.name): each.needs.gpu for each in CLASSES}


def _account(player_id: PlayerId) -> int:
    return int(player_id[4:])


class Simulation:
    """One run. Sessions are numbered by when their players first clicked."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self._scenario, self._seed = scenario, seed
        self._clicks = demand.draw(scenario, np.random.default_rng(seed))
        self._rng = random.Random(seed)
        self._fleet, self._turnover = Fleet(), Turnover()
        self._park = Park(scenario, self._fleet, random.Random(seed + 1))
        self._reconciler = Reconciler(scenario.pools(), random.Random(seed + 2).randbytes)
        self._outlook: Outlook = {}
        self._pools = FleetConfig(scenario.pools(), UTC)
        self._left_s = self._clicks.played_s.tolist()
        """What each session has still to play."""
        self._next = 0
        self._again: list[tuple[float, int]] = []
        self._queue = Queue(scenario.regions, lambda player_id: self._playing[_account(player_id)])
        self._waiting: dict[int, Waiting] = {}
        self._untold: list[int] = []
        """Those who have come since the queue was last told."""
        self._patience: list[tuple[float, int]] = []
        """When those who wait, and some who do no more, go away."""
        self._node_of: dict[int, SimNode] = {}
        self._ends: list[tuple[float, int]] = []
        self._ends_at: dict[int, float] = {}
        self._playing: Counter[int] = Counter()
        """Sessions of each account that do not wait."""
        self._plays_on: defaultdict[int, Counter[NodeId]] = defaultdict(Counter)
        """On which nodes these are."""
        self._placed = self._far = 0
        self._first_tick: dict[int, float] = {}
        self._told: dict[int, Standing] = {}
        self._waits: list[tuple[int, float]] = []
        self._kept: list[tuple[Standing, float]] = []
        self._gave_up: list[int] = []
        self._ended = self._overtakes = self._nodes_most = 0
        self._cuts: Counter[str] = Counter()
        self._faults: list[str] = []
        self._slot_s = self._played_s = 0.0
        self._samples: list[Sample] = []

    def run(self) -> Result:
        """Live through it."""
        began, scenario = time.perf_counter(), self._scenario
        now = reconcile_at = -scenario.warm_up_s
        cost_before = self._park.cost(0.0)
        counting = False
        while now < scenario.lasts_s:
            if now >= 0.0 and not counting:
                counting, cost_before = True, self._park.cost(0.0)
            self._step(now)
            if now >= reconcile_at:
                self._reconcile(now)
                reconcile_at = now + (scenario.reconcile_s if self._waiting else scenario.reconcile_calm_s)
            if counting:
                self._count(now)
            now += scenario.tick_s
        cost = {sort: spent - cost_before[sort] for sort, spent in self._park.cost(now).items()}
        return self._result(cost, time.perf_counter() - began)

    def _step(self, now: float) -> None:
        for outage in self._scenario.outages:
            if outage.at_s <= now < outage.at_s + self._scenario.tick_s:
                dead = self._park.close_region(outage.region, outage.at_s + outage.lasts_s, now)
                self._cut(dead, "region lost", now)
        self._cut(self._park.step(now), "node lost", now)
        while self._ends and self._ends[0][0] <= now:
            at, number = heapq.heappop(self._ends)
            if self._ends_at.get(number) == at:
                self._leave(number)
                self._ended += 1
        self._arrive(now)
        self._lose_patience(now)
        if self._waiting:
            self._place(now)
        self._tell(now)
        self._turnover.keep({line for _, line in self._in_lines(now)}, now)

    def _arrive(self, now: float) -> None:
        at_s = self._clicks.at_s
        while self._next < len(at_s) and at_s[self._next] <= now:
            self._come(self._next, float(at_s[self._next]), now)
            self._next += 1
        while self._again and self._again[0][0] <= now:
            at, number = heapq.heappop(self._again)
            self._come(number, at, now)

    def _come(self, number: int, at_s: float, now: float) -> None:
        if number in self._waiting or number in self._node_of:
            self._faults.append(f"session {number} is there twice")
        account, title = int(self._clicks.account[number]), CLASSES[self._clicks.title[number]]
        at_ms = round((at_s + self._scenario.warm_up_s) * 1000)
        who = PlayerId(f"plr_{account}")
        far_ms = ROUND_TRIPS_MS[REGIONS[self._clicks.region[number]].name]
        entry = Waiting(SessionId(f"{number:09d}"), who, TitleId(title.name), at_ms, round_trips_ms=far_ms)
        self._waiting[number] = entry
        self._queue.put(entry)
        self._untold.append(number)
        self._first_tick[number] = now
        heapq.heappush(self._patience, (self._gives_up_at(number), number))

    def _gives_up_at(self, number: int) -> float:
        return self._first_tick[number] + float(self._clicks.patience_s[number])

    def _lose_patience(self, now: float) -> None:
        gone = set()
        while self._patience and self._patience[0][0] < now:
            at, number = heapq.heappop(self._patience)
            # One that was placed and cut since then waits with new patience.
            if number in self._waiting and at == self._gives_up_at(number):
                gone.add(number)
        lines: Counter[Line] = Counter()
        for number in sorted(gone):
            entry = self._waiting.pop(number)
            waited_s = (self._at_ms(now) - entry.queued_at_ms) / 1000
            lines[self._scenario.regions.line(entry.round_trips_ms, waited_s)] += 1
            self._queue.remove(entry.session_id)
            self._told.pop(number, None)
            if self._first_tick.pop(number) >= 0.0:
                self._gave_up.append(number)
            else:
                self._ended += 1
        self._note_departures(lines, now)

    def _at_ms(self, now: float) -> float:
        return (now + self._scenario.warm_up_s) * 1000

    def _in_lines(self, now: float) -> Iterator[tuple[Waiting, Line]]:
        return self._queue.in_lines(self._at_ms(now))

    def _note_departures(self, lines: Counter[Line], now: float) -> None:
        for line, departures in lines.items():
            self._turnover.note(line, departures, now)

    def _place(self, now: float) -> None:
        """Place whom a node has room for, next first, as a replica does."""
        hopeless: set[tuple[TitleId, Line]] = set()
        placed: list[tuple[Waiting, Line]] = []
        lines: Counter[Line] = Counter()
        for entry, line in self._in_lines(now):
            if (entry.title_id, line) in hopeless:
                continue
            number = int(entry.session_id)
            title = CLASSES[self._clicks.title[number]]
            draw = self._rng.random()
            affinity = self._affinity(entry, title, line)
            decision = place(self._fleet, title.name, VERSION, title.kind, draw, title.needs, affinity=affinity)
            if decision.node_id is None:
                hopeless.add((entry.title_id, line))
                continue
            if now >= 0.0:
                self._placed += 1
                self._far += (decision.round_trip_ms or 0.0) > self._scenario.regions.rtt_max_ms
            lines[line] += self._first_tick[number] < now
            self._claim(number, NodeName(decision.node_id), now)
            placed.append((entry, line))
        self._note_departures(lines, now)
        for entry, _ in placed:
            self._note_wait(int(entry.session_id), now)
        if placed:
            self._overtakes += overtakes(placed, list(self._in_lines(now)), lambda who: self._playing[_account(who)])

    def _affinity(self, entry: Waiting, title: TitleClass, line: Line) -> Affinity:
        rules, plays_on = self._scenario.regions, self._plays_on[_account(entry.player_id)]
        comes = line is not None and self._pools.brings(gpu=title.needs.gpu, line=line)
        if self._outlook.get(Want(title.needs.gpu, line)) is Coming.NONE_FREE:
            comes = False
        return Affinity(entry.round_trips_ms, line, comes, rules.rtt_max_ms, plays_on)

    def _claim(self, number: int, name: NodeName, now: float) -> None:
        node = self._park.nodes[name]
        if len(node.sessions) >= node.sort.slots or number in self._node_of:
            self._faults.append(f"session {number} is placed twice, or a slot is")
        self._queue.remove(self._waiting.pop(number).session_id)
        node.sessions.add(number)
        self._node_of[number] = node
        self._fleet.set_claims(node.node_id, len(node.sessions))
        account = int(self._clicks.account[number])
        self._playing[account] += 1
        self._plays_on[account][node.node_id] += 1
        self._queue.recount(PlayerId(f"plr_{account}"))
        ends_at = self._ends_at[number] = now + self._left_s[number]
        heapq.heappush(self._ends, (ends_at, number))

    def _leave(self, number: int) -> None:
        node = self._node_of.pop(number)
        del self._ends_at[number]
        node.sessions.remove(number)
        self._fleet.set_claims(node.node_id, len(node.sessions))
        self._forget(number, node)

    def _forget(self, number: int, node: SimNode) -> None:
        account = int(self._clicks.account[number])
        self._playing[account] -= 1
        self._plays_on[account][node.node_id] -= 1
        self._queue.recount(PlayerId(f"plr_{account}"))
        if not self._playing[account]:
            del self._plays_on[account]

    def _cut(self, dead: Iterable[SimNode], why: str, now: float) -> None:
        for node in dead:
            for number in list(node.sessions):
                self._left_s[number] = self._ends_at.pop(number) - now
                del self._node_of[number]
                self._forget(number, node)
                heapq.heappush(self._again, (now + CLICKS_AGAIN_S, number))
                self._cuts[why] += now >= 0.0
            node.sessions.clear()

    def _note_wait(self, number: int, now: float) -> None:
        since, told = self._first_tick.pop(number), self._told.pop(number, None)
        if since >= 0.0:
            self._waits.append((number, now - since))
            if told is not None and told.wait_s is not None:
                self._kept.append((told, now - since))

    def _tell(self, now: float) -> None:
        """Tell those who have come just now and must wait how long that will be."""
        told = {self._waiting[number].session_id for number in self._untold if number in self._waiting}
        self._untold.clear()
        if told:
            places = Places()
            for entry, line in self._in_lines(now):
                place_ = places.next(line)
                if entry.session_id in told:
                    self._told[int(entry.session_id)] = self._turnover.standing(place_, line, now)

    def _reconcile(self, now: float) -> None:
        waiting = Counter((entry.title_id, line) for entry, line in self._in_lines(now))
        wants: Counter[Want] = Counter()
        for (title_id, line), count in waiting.items():
            wants[Want(NEEDS_GPU[title_id], line)] += count
        view = self._park.view(wants, now)
        plan = self._reconciler.step(view, now)
        self._outlook = plan.outlook
        self._park.apply(plan.effects, now)

    def _count(self, now: float) -> None:
        tick_s = self._scenario.tick_s
        slots = int(self._fleet.slots[self._fleet.ready].sum())
        self._slot_s += slots * tick_s
        self._played_s += len(self._node_of) * tick_s
        if now % SAMPLE_S < tick_s:
            nodes = self._park.ready_by_sort()
            self._nodes_most = max(self._nodes_most, sum(nodes.values()))
            self._samples.append(Sample(now, len(self._node_of), len(self._waiting), slots, dict(nodes)))

    def _result(self, cost: dict[str, float], took_s: float) -> Result:
        there = self._ended + len(self._gave_up) + len(self._waiting) + len(self._node_of) + len(self._again)
        if there != self._next:
            self._faults.append(f"{self._next} have come and {there} are accounted for")
        if self._park.deleted_playing:
            self._faults.append(f"{self._park.deleted_playing} sessions were on machines that were deleted")
        gpu = [bool(CLASSES[title].needs.gpu) for title in self._clicks.title]
        waits = {
            "all": Waits.of([wait_s for _, wait_s in self._waits], len(self._gave_up)),
            "with GPU": Waits.of([w for n, w in self._waits if gpu[n]], sum(gpu[n] for n in self._gave_up)),
        }
        told = Told.of(self._kept, sum(wait_s > 0.0 for _, wait_s in self._waits))
        return Result(
            asdict(self._scenario), self._seed, took_s, waits, told,
            self._far / max(1, self._placed), dict(self._cuts),
            self._played_s / max(1.0, self._slot_s), self._played_s / 3600, cost, self._nodes_most,
            self._park.created, self._park.died, self._overtakes, self._faults, self._samples,
        )  # fmt: skip
