"""The ASGI application: the gate, the routes, the words for failures."""

from __future__ import annotations

from fastapi import FastAPI

from session_broker.io import problems
from session_broker.io.broker import Broker
from session_broker.io.routes import health, invitations, pages, sessions, sign_in, table, titles
from session_broker.io.security import Gate


def create_app(broker: Broker) -> FastAPI:
    """Return the application of an open broker."""
    # The interactive pages load scripts from elsewhere, which the content policy forbids.
    app = FastAPI(title="Farplay session broker", version="1", openapi_url=None, docs_url=None, redoc_url=None)
    app.state.broker = broker
    for topic in (health, sign_in, titles, sessions, table, invitations, pages):
        # Taken over one by one, so that the app's table shows each route with its declared right.
        app.router.routes.extend(topic.router.routes)
    problems.install(app)
    config = broker.config
    app.add_middleware(
        Gate, hosts=config.host_names(), origins=frozenset(config.allowed_origins), metrics=broker.metrics
    )
    return app
