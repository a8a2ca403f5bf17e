"""Settings and fixtures of all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.support.postgres import PostgresServer, postgres_server

# A busy machine makes single examples slow, and the making of them too; each test as a whole has its time limit. The
# same examples every time, so that a change is judged by itself; ``make fuzz`` looks for new ones.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("gate", UNHURRIED, derandomize=True)
settings.register_profile("fuzz", UNHURRIED, max_examples=1000, print_blob=True)
settings.load_profile(os.environ.get("TEST_PROPERTIES", "gate"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server, one for each process that runs tests."""
    with postgres_server() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """A migrated database on PostgreSQL."""
    with postgres.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str | None:
    """A database as a broker's configuration names it, each kind in turn; None is SQLite in its folder."""
    if request.param == "sqlite":
        return None
    url: str = request.getfixturevalue("postgres_url")
    return url
