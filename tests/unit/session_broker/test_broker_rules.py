"""Small rules: hosts and origins, sign-in links, rates, tokens."""

from __future__ import annotations

import pytest

from session_broker.core.host_rules import host_allowed, must_ask, origin_allowed
from session_broker.core.rate_limit import STRIKES_MAX, Strikes, TokenBucket
from session_broker.core.sign_in import LINK_TTL_MS, SignInLink, check_link
from session_broker.core.tickets import TOKEN_RANDOM_BYTES, digest, make_token
from wire.errors import Reason, WireError
from wire.ids import PlayerId, TenantId

HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]", "play.example.org"})


@pytest.mark.parametrize(
    ("header", "allowed"),
    [
        ("localhost:8080", True),
        ("LOCALHOST", True),
        ("localhost.", True),
        ("[::1]:8080", True),
        ("play.example.org", True),
        ("evil.example", False),
        ("localhost.evil.example", False),
        ("localhost@evil.example", False),
        ("localhost:8080:1", False),
        ("", False),
        ("localhost\x00", False),
    ],
)
def test_hosts(header: str, *, allowed: bool) -> None:
    assert host_allowed(header, HOSTS) is allowed


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("http://localhost:8080", True),
        ("https://localhost:8080", True),
        ("http://localhost:9090", False),
        ("http://127.0.0.1:8080", False),
        ("null", False),
        ("file://localhost:8080", False),
        ("https://play.example.org", True),
    ],
)
def test_origins(origin: str, *, allowed: bool) -> None:
    assert origin_allowed(origin, "localhost:8080", {"https://play.example.org"}) is allowed


@pytest.mark.parametrize(
    ("site", "asked", "must"),
    [
        ("cross-site", False, True),
        ("same-site", False, True),
        ("cross-site", True, False),
        ("none", False, False),
        ("same-origin", False, False),
        (None, False, False),
    ],
)
def test_only_other_sites_must_ask(site: str | None, *, asked: bool, must: bool) -> None:
    assert must_ask(site, asked) is must


def link(used_at_ms: int | None = None) -> SignInLink:
    return SignInLink(PlayerId("p"), TenantId("t"), LINK_TTL_MS, used_at_ms)


@pytest.mark.parametrize(
    ("given", "now_ms", "reason"),
    [
        (None, 0, Reason.LINK_EXPIRED),
        (link(used_at_ms=5), 10, Reason.LINK_USED),
        (link(used_at_ms=5), LINK_TTL_MS + 1, Reason.LINK_USED),
        (link(), LINK_TTL_MS, Reason.LINK_EXPIRED),
    ],
)
def test_bad_links(given: SignInLink | None, now_ms: int, reason: Reason) -> None:
    with pytest.raises(WireError) as refused:
        check_link(given, now_ms)
    assert refused.value.reason is reason


def test_a_link_holds_to_its_last_millisecond() -> None:
    assert check_link(link(), LINK_TTL_MS - 1) == link()


def test_a_bucket_allows_its_burst_and_then_its_rate() -> None:
    bucket = TokenBucket(10.0, 3.0, now=0.0)
    assert [bucket.take(0.0) for _ in range(4)] == [True, True, True, False]
    assert bucket.take(0.1)
    assert not bucket.take(0.1)
    assert [bucket.take(100.0) for _ in range(4)] == [True, True, True, False]


def test_a_borrower_waits_until_its_tokens_are_paid_for() -> None:
    bucket = TokenBucket(10.0, 1.0, now=0.0)
    assert [bucket.borrow(0.0) for _ in range(3)] == pytest.approx([0.0, 0.1, 0.2])


def test_strikes_are_counted_in_a_row() -> None:
    strikes = Strikes()
    assert not any(strikes.bad() for _ in range(STRIKES_MAX - 1))
    strikes.good()
    assert [strikes.bad() for _ in range(STRIKES_MAX)] == [False] * (STRIKES_MAX - 1) + [True]


def test_tokens_fit_the_wire_and_digests_take_any_text() -> None:
    token = make_token(bytes(range(TOKEN_RANDOM_BYTES)))
    assert len(token) == 43
    assert len(digest(token)) == 64
    assert digest("\ud800") != digest("")
    with pytest.raises(ValueError, match="32 random bytes"):
        make_token(b"short")
