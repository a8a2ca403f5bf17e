"""The ASGI applications: the gate, the routes, the words for failures."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, FastAPI

from session_broker.core.regions import origin_of
from session_broker.io import problems
from session_broker.io.broker import Broker
from session_broker.io.cookie import device_of, sign_in_device
from session_broker.io.forwarding import ForwardingGate
from session_broker.io.routes import (
    check,
    devices,
    health,
    invitations,
    ledger,
    operator,
    pages,
    pools,
    regions,
    releases,
    reports,
    sessions,
    sign_in,
    table,
    title_checks,
    titles,
    trust,
    upgrades,
)
from session_broker.io.security import Gate, HeaderRules
from session_broker.io.tab_socket import put_out_here


def create_app(broker: Broker) -> FastAPI:
    """Return the application of an open broker."""
    tls = broker.config.tls
    # An own authority may be gone tomorrow; a browser told to insist on HTTPS would then be locked out of this host.
    rules = HeaderRules(strict_transport=tls is not None and tls.ca_file is None, connect=_asked_by_pages(broker))
    routers = [
        topic.router
        for topic in (
            health,
            sign_in,
            devices,
            titles,
            releases,
            reports,
            title_checks,
            sessions,
            table,
            invitations,
            check,
            operator,
            pools,
            regions,
            upgrades,
            ledger,
            trust,
            pages,
        )
    ]
    app = _app(broker, routers, rules)
    broker.forwarding.app = app
    broker.replicas.on_device_signed_out = partial(put_out_here, broker)
    return app


def create_trust_app(broker: Broker) -> FastAPI:
    """Return what answers over plain HTTP on the network: how to trust this machine, and the way to its pages."""
    rules = HeaderRules(isolated=False, connect=_own_https(broker))
    return _app(broker, [trust.router, pages.files, trust.elsewhere], rules)


def _own_https(broker: Broker) -> tuple[str, ...]:
    """Return the network's address, which the trust page asks whether this browser takes its certificate."""
    return (broker.reach.https_url,) if broker.reach is not None else ()


def _asked_by_pages(broker: Broker) -> tuple[str, ...]:
    """Return the origins, beside their own, that pages ask: also those that the regions answer from."""
    return (*_own_https(broker), *dict.fromkeys(map(origin_of, broker.config.regions.urls.values())))


def _app(broker: Broker, routers: list[APIRouter], rules: HeaderRules) -> FastAPI:
    # The interactive pages load scripts from elsewhere, which the content policy forbids.
    app = FastAPI(title="Farplay session broker", version="1", openapi_url=None, docs_url=None, redoc_url=None)
    app.state.broker = broker
    for router in routers:
        # Taken over one by one, so that the app's table shows each route with its declared right.
        app.router.routes.extend(router.routes)
    problems.install(app)
    config = broker.config
    if not broker.replicas.alone:
        app.add_middleware(
            ForwardingGate,
            forwarding=broker.forwarding,
            replicas=broker.replicas,
            is_here=broker.runner.coordinator.has,
            find_session=broker.rows.whereabouts,
            find_node=broker.rows.home_of,
            invited_to=broker.rows.invited_to,
            device_of=partial(device_of, broker),
            sign_in=partial(sign_in_device, broker),
            lease_s=config.replica_lease_s,
        )
    app.add_middleware(
        Gate,
        hosts=config.host_names(),
        origins=frozenset(config.allowed_origins),
        metrics=broker.metrics,
        rules=rules,
        upload_max_bytes=config.archive_max_bytes,
    )
    return app
