"""What operators see at ``/metrics``. Names and labels are stable; no label holds personal data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from session_broker.core.coordinator import Coordinator
from session_broker.core.effects import Tally
from session_broker.core.node_table import NodeState
from session_broker.core.pools.figures import PoolFigures
from session_broker.core.pools.records import PoolNodeState, Trouble
from wire.errors import Reason
from wire.session_control import SessionState


class Metrics:
    """Counters of one broker; gauges are read from the coordinator when somebody looks."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.store_failures = self._counter("farplay_store_failures", "Transactions that the database did not take")
        self.sign_ins = self._counter("farplay_sign_ins", "Sign-in links redeemed, by result", "result")
        self.slow_consumers = self._counter("farplay_slow_consumers", "Sockets closed for not reading", "side")
        self.refused = self._counter(
            "farplay_messages_refused", "Messages refused, by sender and reason", "side", "reason"
        )
        self.requests_refused = self._counter(
            "farplay_requests_refused", "HTTP requests refused, by reason", "reason"
        )
        self.handler_errors = self._counter("farplay_handler_errors", "Faults of our own, by place", "place")
        placed = self._counter("farplay_placements", "Placement decisions, by result", "result")
        ended = self._counter("farplay_sessions_ended", "Sessions that ended, by reason", "reason")
        anew = self._counter(
            "farplay_sessions_restarted", "Sessions that began anew on another node, by reason", "reason"
        )
        stray = self._counter("farplay_node_stray", "Node messages about things not (or no longer) its own", "kind")
        violations = self._counter(
            "farplay_title_violations", "Sessions whose title ran against the sandbox's walls, by title", "title"
        )
        self._tallies = {
            Tally.PLACEMENT: placed,
            Tally.SESSION_END: ended,
            Tally.SESSION_RESTART: anew,
            Tally.NODE_STRAY: stray,
            Tally.VIOLATIONS: violations,
        }
        # From the start, so that the first event is a rise: Prometheus sees none where a series begins.
        for result in ("placed", *map(str, Reason)):
            placed.labels(result)
        for reason in Reason:
            ended.labels(str(reason))
        anew.labels(str(Reason.NODE_LOST))
        for side in ("tab", "node"):
            self.slow_consumers.labels(side)
        for place in ("tab", "node", "tick"):
            self.handler_errors.labels(place)
        self._pools = _Pools()
        self.registry.register(self._pools)

    def _counter(self, name: str, words: str, *labels: str) -> Counter:
        return Counter(name, words, labels, registry=self.registry)

    def count(self, tally: Tally, label: str, by: int) -> None:
        """Count what the core wants counted."""
        self._tallies[tally].labels(label).inc(by)

    def show_pools(self, figures: Sequence[PoolFigures]) -> None:
        """Show these pools from now on; the replica that leads the fleet does, so that sums count each pool once."""
        self._pools.figures = figures

    def watch(self, coordinator: Coordinator, sockets: Callable[[], tuple[int, int]]) -> None:
        """Read gauges from here: the coordinator, and how many tab and node sockets are open."""
        self.registry.register(_Live(coordinator, sockets))

    def render(self) -> bytes:
        """Return the text exposition."""
        return generate_latest(self.registry)


class _Live(Collector):
    def __init__(self, coordinator: Coordinator, sockets: Callable[[], tuple[int, int]]) -> None:
        self._coordinator = coordinator
        self._sockets = sockets

    def collect(self) -> Iterator[GaugeMetricFamily]:
        sessions = GaugeMetricFamily("farplay_sessions", "Live sessions by state", labels=["state"])
        by_state = self._coordinator.sessions_by_state()
        for state in SessionState:
            sessions.add_metric([state], by_state.get(state, 0))
        nodes = GaugeMetricFamily("farplay_nodes", "Nodes by state", labels=["state"])
        nodes_by_state = self._coordinator.nodes_by_state()
        for node_state in NodeState:
            nodes.add_metric([node_state], nodes_by_state.get(node_state, 0))
        slots, claimed = self._coordinator.slots()
        tabs, links = self._sockets()
        yield sessions
        yield nodes
        yield GaugeMetricFamily("farplay_slots", "Slots of this broker's nodes that take sessions", slots)
        yield GaugeMetricFamily("farplay_slots_claimed", "Slots of this broker's nodes that are claimed", claimed)
        yield GaugeMetricFamily("farplay_tab_sockets", "Open session sockets of tabs", tabs)
        yield GaugeMetricFamily("farplay_node_sockets", "Open sockets of nodes", links)


class _Pools(Collector):
    """Labels are the names of configured pools, and states and troubles of a node."""

    def __init__(self) -> None:
        self.figures: Sequence[PoolFigures] = ()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        nodes = _by_pool("farplay_pool_nodes", "Nodes of a pool by state", "state")
        troubled = _by_pool("farplay_pool_nodes_troubled", "Nodes of a pool that do not start, by why", "trouble")
        most = _by_pool("farplay_pool_nodes_max", "Most nodes that a pool may have")
        slots = _by_pool("farplay_pool_slots", "Slots of a pool's nodes that take sessions")
        claimed = _by_pool("farplay_pool_slots_claimed", "Slots of a pool's nodes that are claimed")
        kept = _by_pool("farplay_pool_slots_kept_free", "Slots of a pool that shall be free at this time")
        cost = _by_pool("farplay_pool_cost_per_hour", "Price of a pool's nodes, in the operator's currency")
        refused = _by_pool("farplay_pool_refused", "Whether a pool's nodes can be neither made nor deleted")
        for pool in self.figures:
            for state in PoolNodeState:
                nodes.add_metric([pool.name, state], pool.states.get(state, 0))
            for trouble in Trouble:
                troubled.add_metric([pool.name, trouble], pool.troubles.get(trouble, 0))
            most.add_metric([pool.name], pool.max_nodes)
            slots.add_metric([pool.name], pool.slots)
            claimed.add_metric([pool.name], pool.slots_used)
            kept.add_metric([pool.name], pool.idle_wanted)
            cost.add_metric([pool.name], pool.cost_per_hour)
            refused.add_metric([pool.name], pool.refused)
        yield from (nodes, troubled, most, slots, claimed, kept, cost, refused)


def _by_pool(name: str, words: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, words, labels=["pool", *labels])
