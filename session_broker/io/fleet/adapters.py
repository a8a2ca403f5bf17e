"""Which adapter a pool has."""

from __future__ import annotations

from session_broker.core.pools.pool import Adapter, Pool
from session_broker.io.fleet.adapter import FleetAdapter
from session_broker.io.fleet.local import LocalFleet, StartLocal
from wire.ids import TenantId


def adapter_of(pool: Pool, broker_url: str, tenant_id: TenantId, start_local: StartLocal | None) -> FleetAdapter:
    """Return the adapter of a pool; the caller closes it.

    Args:
        pool: The pool.
        broker_url: What its nodes dial.
        tenant_id: Whose machines these are, where several deployments share a place.
        start_local: Starts nodes on this machine; needed for pools of it.
    """
    if pool.adapter is Adapter.LOCAL:
        assert start_local is not None, "whoever configures a local pool says how its nodes are started"
        return LocalFleet(pool.name, pool.slots, broker_url, start_local)
    # The client takes most of a second to load, which only those wait for who have such a pool.
    from session_broker.io.fleet.kubernetes import KubernetesFleet

    return KubernetesFleet(pool, broker_url, tenant_id)
