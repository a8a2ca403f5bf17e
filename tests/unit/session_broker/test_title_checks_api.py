"""Checks of titles over HTTP: who may ask, what a node may bring, and what becomes of a check whose node goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from session_broker.io import title_checks
from session_broker.io.title_checks import ORPHANED_LOOKS
from tests.support.broker_api import reason_of
from tests.support.check_stand import DATA, PNG, REPORT, Stand, stand
from tests.support.deadlines import until
from tests.support.published_title import KEY, OTHER_KEY, archive, release_of
from tests.unit.session_broker.test_releases_api import account_of, publish, send
from wire.errors import Reason
from wire.schema import encode
from wire.title_check import SCREENSHOTS_MAX, CheckFailure


@pytest.fixture(autouse=True)
def no_looks_but_those_of_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(title_checks, "LOOK_S", 3600.0)


async def test_only_a_publisher_asks_and_for_own_titles_alone(tmp_path: Path) -> None:
    async with stand(tmp_path) as at:
        where = await at.asked()
        await publish(at.client, release_of(DATA))
        async with account_of(at.broker, "developer") as other:
            taken = {"release": encode(release_of(DATA))}
            assert reason_of(await other.post("/api/v1/title-checks", json=taken)) == (403, "forbidden")
            for answer in (await other.get(where), await other.delete(where)):
                assert reason_of(answer) == (404, "not_found")
            go = archive("go")
            await send(other, go, release_of(go, "go"))
            mine = await other.post("/api/v1/title-checks", json={"release": encode(release_of(go, "go"))})
            assert mine.status_code == 201
            await at.client.delete(where)
            await at.look()
            check = (await other.get(f"/api/v1/title-checks/{mine.json()['check_id']}")).json()
            assert (check["state"], check["reason"]) == ("queued", "title_untrusted"), "no node has the walls"
        forged = release_of(DATA, key=OTHER_KEY)
        assert reason_of(await at.ask(release=forged)) == (400, "bad_signature"), "the title is bound to a key"
        await at.client.post(f"/api/v1/archives/{release_of(DATA).archive_sha256}/block")
        blocked = await at.client.post("/api/v1/title-checks", json={"release": encode(release_of(DATA, key=KEY))})
        assert reason_of(blocked) == (403, "title_blocked")


async def test_a_player_may_not_and_a_broker_without_checks_says_so(tmp_path: Path) -> None:
    async with stand(tmp_path, most=0) as at:
        assert reason_of(await at.ask()) == (403, "forbidden")
        never = release_of(archive(main_py=b"other"))
        unknown = await at.client.post("/api/v1/title-checks", json={"release": encode(never)})
        assert reason_of(unknown) == (403, "forbidden")
        async with account_of(at.broker, "player") as player:
            body = {"release": encode(release_of(DATA))}
            assert reason_of(await player.post("/api/v1/title-checks", json=body)) == (403, "forbidden")


async def test_no_more_run_at_once_than_the_operator_allows_and_one_of_each_publisher(tmp_path: Path) -> None:
    async with stand(tmp_path, slots=8) as at:
        where = await at.asked()
        more = archive(main_py=b"print('more')\n")
        assert reason_of(await at.ask(more)) == (429, "too_many")
        await at.look()
        async with account_of(at.broker, "operator") as other:
            go = archive("go")
            await send(other, go, release_of(go, "go"))
            second = await other.post("/api/v1/title-checks", json={"release": encode(release_of(go, "go"))})
            path = f"/api/v1/title-checks/{second.json()['check_id']}"
            await at.look()
            waits = (await other.get(path)).json()
            assert (waits["state"], waits["reason"], waits["place"]) == ("queued", "too_many", 1)
            await at.bring(f"{where}/result", REPORT)
            await at.look()
            assert (await other.get(path)).json()["state"] == "running"


async def test_what_is_no_report_or_picture_is_not_taken_nor_from_another_node(tmp_path: Path) -> None:
    async with stand(tmp_path) as at:
        where = await at.asked()
        assert reason_of(await at.bring(f"{where}/result", REPORT)) == (403, "forbidden"), "it waits"
        await at.look()
        no_finding = '{"type":"check_report","title":"x","findings":[{}],"took_s":1}'
        for nonsense in ("{}", "[]", no_finding, b"\xed\xa0\x80"):
            assert (await at.bring(f"{where}/result", nonsense)).status_code == 400
        assert reason_of(await at.bring(f"{where}/screenshots/start", b"GIF89a")) == (400, "malformed")
        assert reason_of(await at.bring(f"{where}/screenshots/..%2Fx", PNG))[0] in (400, 404)
        assert reason_of(await at.bring(f"{where}/screenshots/Start", PNG)) == (400, "malformed")
        other = await at.broker.accounts.enrol_node(await enrolment(at), "cellar")
        key = {"Authorization": f"Bearer {other.node_id}:{other.new_key}"}
        stranger = await at.client.put(f"{where}/result", content=REPORT, headers=key)
        assert reason_of(stranger) == (403, "forbidden")
        for number in range(SCREENSHOTS_MAX):
            assert (await at.bring(f"{where}/screenshots/s{number}", PNG)).status_code == 204
        assert reason_of(await at.bring(f"{where}/screenshots/more", PNG)) == (429, "too_many")
        assert (await at.see(where))["state"] == "running"


async def enrolment(at: Stand) -> str:
    return str((await at.client.post("/api/v1/operator/enrolments")).json()["token"])


async def test_a_node_that_cannot_run_it_says_why(tmp_path: Path) -> None:
    async with stand(tmp_path) as at:
        where = await at.asked()
        await at.look()
        failure = encode(CheckFailure(Reason.SANDBOX_UNAVAILABLE, "no walls\x00"))
        assert (await at.bring(f"{where}/result", failure)).status_code == 204
        check = await at.see(where)
        assert (check["state"], check["reason"], check["detail"][:8]) == ("failed", "sandbox_unavailable", "no walls")


async def test_a_check_comes_along_with_its_node_and_waits_for_one_whose_replica_is_gone(tmp_path: Path) -> None:
    async with stand(tmp_path) as at:
        where = await at.asked()
        await at.look()
        await at.change(where, owner="rep_gone")
        await at.look()
        coordinator = at.broker.runner.coordinator
        [row] = await at.broker.title_checks._rows.open()
        assert row.owner == at.broker.replicas.me, "its node is here"
        for _ in range(2):
            await at.beat()
        await at.broker.runner.run(lambda now: coordinator.drain(at.node_id, None, now))
        await at.change(where, owner="rep_gone")
        for _ in range(ORPHANED_LOOKS):
            assert (await at.see(where))["state"] == "running"
            await at.look()
        assert (await at.see(where))["state"] == "queued"


async def test_a_check_gives_its_slot_to_a_player_and_waits_again(tmp_path: Path) -> None:
    async with stand(tmp_path, slots=1) as at:
        where = await at.asked()
        await at.look()
        assert (await at.see(where))["state"] == "running"
        session = (await at.client.post("/api/v1/sessions", json={"title_id": "testcard"})).json()
        assert session["state"] == "queued"
        await at.look()
        check = await at.see(where)
        assert (check["state"], check["reason"]) == ("queued", "no_room")
        path = f"/api/v1/sessions/{session['session_id']}"
        assert (await at.client.get(path)).json()["state"] != "queued"
        assert reason_of(await at.bring(f"{where}/result", REPORT)) == (403, "forbidden"), "it gave way"
        [row] = await at.broker.title_checks._rows.open()
        assert row.attempts == 0, "that it gave way is no attempt"


async def test_one_check_gives_way_to_one_player(tmp_path: Path) -> None:
    async with stand(tmp_path, slots=2, most=2) as at:
        first = await at.asked()
        async with account_of(at.broker, "operator") as other:
            go = archive("go")
            await send(other, go, release_of(go, "go"))
            await other.post("/api/v1/title-checks", json={"release": encode(release_of(go, "go"))})
            await at.look()
            assert (await at.see(first))["state"] == "running"
            await at.client.post("/api/v1/sessions", json={"title_id": "testcard"})
            await at.look()
            states = [row.state for row in await at.broker.title_checks._rows.open()]
            assert sorted(states) == ["queued", "running"]


async def test_a_check_that_is_cancelled_late_or_waits_for_ever_ends(tmp_path: Path) -> None:
    async with stand(tmp_path) as at:
        where = await at.asked()
        await at.look()
        assert (await at.client.delete(where)).status_code == 204
        assert (await at.see(where))["state"] == "cancelled"
        await at.look()
        assert at.broker.runner.coordinator.running_checks() == {}
        where = await at.asked()
        await at.look()
        await at.change(where, due_at_ms=1, attempts=2)
        await at.look()
        check = await at.see(where)
        assert (check["state"], check["reason"]) == ("failed", "node_lost")
        where = await at.asked()
        await at.change(where, created_at_ms=1)
        await at.look()
        assert (await at.see(where))["reason"] == "no_room"


async def test_reports_are_kept_for_a_week(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(title_checks, "LOOKS_PER_CLEARING", 1)
    async with stand(tmp_path) as at:
        where = await at.asked()
        await at.look()
        await at.bring(f"{where}/screenshots/start", PNG)
        await at.bring(f"{where}/result", REPORT)
        kept = list((tmp_path / "objects" / "checks").rglob("*.png")) or [
            path for path in (tmp_path / "objects" / "checks").rglob("*") if path.is_file()
        ]
        assert len(kept) == 1
        await at.look()
        assert (await at.see(where))["state"] == "done"
        await at.change(where, ended_at_ms=1)
        await at.look()
        assert reason_of(await at.client.get(where)) == (404, "not_found")
        assert not kept[0].exists()


async def test_a_broker_looks_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(title_checks, "LOOK_S", 0.01)
    async with stand(tmp_path) as at:
        where = await at.asked()

        async def runs() -> bool:
            return bool((await at.see(where))["state"] == "running")

        await until(runs, 10.0, "the check to be given to a node")
