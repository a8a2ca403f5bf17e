"""Published titles on a node: fetched once, checked before every start, thrown away when there is no room."""

from __future__ import annotations

import asyncio
import os
import platform
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from render_node.agent.io import archive_download, title_cache
from render_node.agent.io.archive_download import TRIES, TRY_AGAIN_MAX_S, Wanted, download
from render_node.agent.io.title_cache import DOWNLOADS_MAX, TitleCache
from tests.support.deadlines import patient, until
from tests.support.published_title import (
    LAMPS_TOML,
    OTHER_KEY,
    archive,
    archive_on,
    manifest_of,
    pin_of,
    release_of,
    runtime_archive,
)
from title_archive.signing import sign_release
from wire.errors import Reason, WireError
from wire.package_lock import LockedWheel, PackageLock, write_lock
from wire.title_manifest import InstalledTitle, TitleManifest
from wire.title_release import Release


@pytest.fixture(autouse=True)
def tried_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_download, "TRY_AGAIN_S", 0.01)


def there_is(path: str) -> bool:
    return os.path.exists(path)


class Source:
    """A broker that gives archives by digest to whoever has the node's key."""

    def __init__(self) -> None:
        self.archives: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.faults: list[str] = []
        """What goes wrong with the next answers, the first one first."""
        self.answers = threading.Event()
        """Cleared, it lets whoever asks wait."""
        self.answers.set()
        source = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                digest = self.path.rpartition("/")[2]
                source.asked.append(digest)
                source.answers.wait()
                fault = source.faults.pop(0) if source.faults else ""
                data = source.archives.get(digest)
                if self.headers["Authorization"] != "Bearer node_a:key":
                    self.answer(403, b'{"reason": "bad_enrolment", "detail": "no"}')
                elif fault == "store":
                    self.answer(503, b'{"reason": "internal", "detail": "the object store does not answer"}')
                elif data is None:
                    self.answer(404, b'{"reason": "not_found", "detail": "gone"}')
                else:
                    self.answer(200, data, breaks_off=fault == "breaks off")

            def answer(self, status: int, body: bytes, *, breaks_off: bool = False) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Retry-After", "0")
                self.end_headers()
                self.wfile.write(body[: len(body) // 2] if breaks_off else body)

            def log_message(self, *_: object) -> None:
                """Stay quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def offer(self, version: str, data: bytes | None = None) -> Release:
        content = archive(version=version)
        release = release_of(content, version=version)
        self.archives[release.archive_sha256] = data or content
        return release

    async def into(self, cache: TitleCache, release: Release, *keep: str, key: str = "key") -> InstalledTitle:
        return await cache.get(release, broker_url=self.url, node_id="node_a", node_key=key, keep=lambda: keep)

    async def was_asked(self, count: int) -> None:
        """Return once this many have asked, since the beginning."""
        await until(lambda: self._has_been_asked(count), 10, f"question {count}")

    async def _has_been_asked(self, count: int) -> bool:
        return len(self.asked) >= count


@pytest.fixture
def source() -> Iterator[Source]:
    made = Source()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.answers.set()
    made.server.shutdown()
    thread.join()
    made.server.server_close()


async def test_a_title_is_fetched_once_and_read_only(tmp_path: Path, source: Source) -> None:
    cache, release = TitleCache(tmp_path / "titles", 1 << 20), source.offer("1.0.0")
    title = await source.into(cache, release)
    assert (title.manifest.id, title.manifest.version) == ("chess", "1.0.0")
    assert (Path(title.folder) / "main.py").read_bytes() == b"print('chess')\n"
    assert {stat.S_IMODE(entry.stat().st_mode) for entry in os.scandir(title.folder)} == {0o444}
    assert await source.into(TitleCache(tmp_path / "titles", 1 << 20), release) == title
    assert len(source.asked) == 1
    assert cache.held() == (release.archive_sha256,)
    assert sorted(os.listdir(tmp_path / "titles")) == [release.archive_sha256, f"{release.archive_sha256}.stamp"]


async def test_a_title_that_was_altered_on_the_disk_is_fetched_anew(tmp_path: Path, source: Source) -> None:
    cache, release = TitleCache(tmp_path / "titles", 1 << 20), source.offer("1.0.0")
    program = Path((await source.into(cache, release)).folder) / "main.py"
    program.chmod(0o644)
    program.write_text("print('other')")
    program.chmod(0o444)
    await source.into(cache, release)
    assert program.read_bytes() == b"print('chess')\n"
    assert len(source.asked) == 2


@pytest.mark.parametrize(
    ("altered", "reason"),
    [
        ({"signature": ""}, Reason.BAD_SIGNATURE),
        ({"version": "1.0.1"}, Reason.BAD_SIGNATURE),
        ({"archive_sha256": "a" * 64}, Reason.BAD_SIGNATURE),
        ({"archive_sha256": "a" * 64, "signature": "anew"}, Reason.NOT_FOUND),
        ({"version": "1.0.1", "signature": "anew"}, Reason.BAD_ARCHIVE),
        ({"archive_bytes": 100, "signature": "anew"}, Reason.BAD_ARCHIVE),
        ({"archive_bytes": 1 << 40, "signature": "anew"}, Reason.TOO_LARGE),
    ],
)
async def test_what_is_not_rightly_signed_is_not_kept(
    tmp_path: Path, source: Source, altered: dict[str, str], reason: Reason
) -> None:
    release = replace(source.offer("1.0.0"), **altered)  # type: ignore[arg-type]
    if release.signature == "anew":
        release = sign_release(release, OTHER_KEY)
    with pytest.raises(WireError) as caught:
        await source.into(TitleCache(tmp_path, 1 << 20), release)
    assert caught.value.reason is reason
    assert os.listdir(tmp_path) == []


async def test_another_archive_than_was_signed_is_not_kept(tmp_path: Path, source: Source) -> None:
    cache = TitleCache(tmp_path, 1 << 20)
    for data in (archive(version="1.0.1"), archive(version="1.0.0") + b"x", archive(version="1.0.0")[:-1]):
        with pytest.raises(WireError) as caught:
            await source.into(cache, source.offer("1.0.0", data))
        assert caught.value.reason is Reason.BAD_ARCHIVE
    with pytest.raises(WireError) as caught:
        await source.into(cache, source.offer("1.0.0"), key="other")
    assert caught.value.reason is Reason.BAD_ENROLMENT
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("fault", ["store", "breaks off"])
async def test_what_fails_for_a_moment_is_fetched_all_the_same(tmp_path: Path, source: Source, fault: str) -> None:
    release = source.offer("1.0.0")
    source.faults = [fault] * (TRIES - 1)
    title = await source.into(TitleCache(tmp_path, 1 << 20), release)
    assert there_is(title.folder)
    assert len(source.asked) == TRIES


@pytest.mark.parametrize(
    ("fault", "reason", "words"),
    [
        ("store", Reason.INTERNAL, "the broker did not give its archive: the object store does not answer"),
        ("breaks off", Reason.TITLE_MISSING, "its archive could not be fetched: IncompleteRead"),
    ],
)
async def test_what_goes_on_failing_is_told_and_leaves_nothing(
    tmp_path: Path, source: Source, fault: str, reason: Reason, words: str
) -> None:
    release = source.offer("1.0.0")
    source.faults = [fault] * TRIES
    cache = TitleCache(tmp_path, 1 << 20)
    with pytest.raises(WireError) as caught:
        await source.into(cache, release)
    assert (caught.value.reason, caught.value.detail) == (reason, words)
    assert os.listdir(tmp_path) == []
    assert there_is((await source.into(cache, release)).folder), "the next start finds it"


async def test_who_waits_no_more_does_not_ask_again(
    tmp_path: Path, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_download, "_seconds", lambda _said: TRY_AGAIN_MAX_S * 100)
    release = source.offer("1.0.0")
    source.faults = ["store"]
    fetching = asyncio.create_task(source.into(TitleCache(tmp_path, 1 << 20), release))
    await source.was_asked(1)
    fetching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fetching
    await until(lambda: _is_empty(tmp_path), 10, "nothing is left of it")
    assert len(source.asked) == 1


async def _is_empty(folder: Path) -> bool:
    return os.listdir(folder) == []


async def test_a_broker_that_is_away_is_told(tmp_path: Path, source: Source) -> None:
    release = source.offer("1.0.0")
    source.url = "http://127.0.0.1:9"
    with pytest.raises(WireError) as caught:
        await source.into(TitleCache(tmp_path, 1 << 20), release)
    assert caught.value.reason is Reason.TITLE_MISSING


async def test_a_fault_of_the_network_is_told_from_one_of_the_disk(tmp_path: Path, source: Source) -> None:
    release = source.offer("1.0.0")
    wanted = Wanted(release.archive_sha256, release.archive_bytes)
    url = f"{source.url}/{wanted.sha256}"

    def to_a_full_disk() -> None:
        with open("/dev/full", "wb") as full:
            download(url, "node_a:key", full, wanted, threading.Event())

    with pytest.raises(OSError, match="No space left"):
        await asyncio.to_thread(to_a_full_disk)
    source.url = source.url.replace("http", "https")
    with pytest.raises(WireError, match="could not be fetched: SSLError"):
        await source.into(TitleCache(tmp_path, 1 << 20), release)


async def test_the_longest_unused_goes_first_and_what_runs_stays(tmp_path: Path, source: Source) -> None:
    releases = [source.offer(f"1.0.{number}") for number in range(4)]
    cache = TitleCache(tmp_path, releases[0].archive_bytes * 2 + 10)
    running = await source.into(cache, releases[0])
    second = await source.into(cache, releases[1])
    await source.into(cache, releases[2], running.folder)
    assert there_is(running.folder)
    assert not there_is(second.folder)
    await source.into(cache, releases[3])
    assert not there_is(running.folder)


async def test_two_that_come_at_once_find_room_for_both(tmp_path: Path, source: Source) -> None:
    releases = [source.offer(f"1.0.{number}") for number in range(4)]
    cache = TitleCache(tmp_path, releases[0].archive_bytes * 2 + 10)
    for release in releases[:2]:
        await source.into(cache, release)
    source.answers.clear()
    getting = asyncio.gather(*(source.into(cache, release) for release in releases[2:]))
    await source.was_asked(4)
    source.answers.set()
    folders = {title.folder for title in await getting}
    assert {entry.path for entry in os.scandir(tmp_path) if entry.is_dir()} == folders


async def test_a_title_that_was_just_found_stays_when_another_needs_room(
    tmp_path: Path, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    releases = [source.offer(f"1.0.{number}") for number in range(2)]
    cache = TitleCache(tmp_path, releases[0].archive_bytes + 10)
    await source.into(cache, releases[0])
    opened, may_open, open_title = threading.Event(), threading.Event(), title_cache._open

    def open_late(target: Path) -> TitleManifest:
        opened.set()
        may_open.wait(patient(10.0))
        return open_title(target)

    with monkeypatch.context() as patch:
        patch.setattr(title_cache, "_open", open_late)
        found = asyncio.create_task(source.into(cache, releases[0]))
        await asyncio.to_thread(opened.wait, patient(10.0))
        other = asyncio.create_task(source.into(cache, releases[1]))
        await source.was_asked(2)
        may_open.set()
        assert there_is((await found).folder)
        await other


async def test_a_title_that_is_here_starts_while_archives_come(tmp_path: Path, source: Source) -> None:
    cache, release = TitleCache(tmp_path, 1 << 20), source.offer("1.0.0")
    await source.into(cache, release)
    # What other threads of the agent take their turns on.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    source.answers.clear()
    others = [source.offer(f"2.0.{number}") for number in range(DOWNLOADS_MAX + 1)]
    coming = asyncio.gather(*(source.into(cache, each) for each in others))
    await source.was_asked(1 + DOWNLOADS_MAX)
    async with asyncio.timeout(patient(10.0)):
        await source.into(cache, release)
    assert not coming.done()
    source.answers.set()
    await coming
    cache.close()


async def test_what_a_killed_agent_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".abc.part").write_text("half")
    (tmp_path / ".abc.1234").mkdir()
    (tmp_path / ".abc.1234").chmod(0o555)
    TitleCache(tmp_path, 1)
    assert os.listdir(tmp_path) == []


def test_what_is_half_done_is_left_to_another_agent_that_works_on_the_folder(tmp_path: Path) -> None:
    part = tmp_path / ".half.part"
    part.write_bytes(b"PK")
    TitleCache(tmp_path, 1 << 20, alone=False).close()
    assert part.exists()
    TitleCache(tmp_path, 1 << 20).close()
    assert not part.exists()


def offer_on_runtime(
    source: Source, runtime: bytes, version: str = "1.0.0", *, given: bytes | None = None
) -> Release:
    """Offer a title that runs on a runtime; what is given for the runtime's digest may be something else."""
    pin = pin_of(runtime)
    source.archives[pin.sha256] = runtime if given is None else given
    data = archive_on(pin, version=version)
    release = release_of(data, version=version)
    source.archives[release.archive_sha256] = data
    return release


async def test_a_runtime_is_fetched_once_for_all_titles_on_it(tmp_path: Path, source: Source) -> None:
    runtime = runtime_archive()
    cache, pin = TitleCache(tmp_path, 1 << 20), pin_of(runtime)
    releases = [offer_on_runtime(source, runtime, version) for version in ("1.0.0", "1.1.0")]
    titles = [await source.into(cache, release) for release in releases]
    assert {title.runtime for title in titles} == {str(tmp_path / pin.sha256)}
    lamp = Path(titles[0].runtime, "usr/share/lamp")
    assert await asyncio.to_thread(lamp.read_bytes) == b"light"
    assert source.asked.count(pin.sha256) == 1
    assert set(cache.held()) == {pin.sha256, *(release.archive_sha256 for release in releases)}
    os.chmod(lamp, 0o644)
    await source.into(cache, releases[0])
    assert source.asked.count(pin.sha256) == 2, "it was touched"


async def test_a_runtime_in_use_stays_and_an_unused_one_makes_room(tmp_path: Path, source: Source) -> None:
    runtime = runtime_archive(b"x" * 50_000)
    release = offer_on_runtime(source, runtime)
    cache = TitleCache(tmp_path, len(runtime) + release.archive_bytes * 2)
    title = await source.into(cache, release)
    others = [source.offer(f"2.0.{number}") for number in range(4)]
    for other in others[:3]:
        await source.into(cache, other, title.folder, title.runtime)
    assert there_is(title.runtime)
    await source.into(cache, others[3])
    big = offer_on_runtime(source, runtime_archive(b"y" * 50_000), "1.1.0")
    await source.into(cache, big)
    assert not there_is(title.runtime)


@pytest.mark.parametrize(
    ("runtime", "given", "reason", "words"),
    [
        (runtime_archive(), runtime_archive(b"night"), Reason.BAD_ARCHIVE, "another archive came"),
        (archive(), None, Reason.BAD_ARCHIVE, "it has no runtime.toml"),
        (runtime_archive(toml=b"runtime = 1\n"), None, Reason.MALFORMED, "name is missing"),
        (
            runtime_archive(toml=LAMPS_TOML.replace(b"lamps", b"moons", 1)), None, Reason.MALFORMED,
            "is that of moons 1.0.0, and title.toml names lamps 1.0.0",
        ),
        (runtime_archive(machine="pdp11"), None, Reason.NO_CAPABILITY, "compiled for pdp11, and this machine is"),
    ],
    ids=["other", "title", "faulty", "renamed", "machine"],
)  # fmt: skip
async def test_a_runtime_that_is_not_the_titles_is_refused(
    tmp_path: Path, source: Source, runtime: bytes, given: bytes | None, reason: Reason, words: str
) -> None:
    with pytest.raises(WireError, match=words) as caught:
        await source.into(TitleCache(tmp_path, 1 << 20), offer_on_runtime(source, runtime, given=given))
    assert caught.value.reason is reason


async def test_wheels_that_do_not_go_with_the_titles_python_are_refused_before_it_starts(
    tmp_path: Path, source: Source
) -> None:
    wheel = LockedWheel("fast", "1", "fast-1-cp312-cp312-manylinux_2_17_x86_64.whl", "0" * 64)
    lock = write_lock(PackageLock(("fast",), platform.machine(), (wheel,))).encode()
    for version, words in (("", "runs on one version of Python only"), ("3.13", "does not run on Python 3.13")):
        named = f'version = "{version}"\n' if version else ""
        toml = manifest_of("chess", "1.0.0") + f'[python]\nrequires = ["fast"]\n{named}'.encode()
        data = archive(title_toml=toml, title_lock=lock)
        release = release_of(data)
        source.archives[release.archive_sha256] = data
        with pytest.raises(WireError, match=words) as caught:
            await source.into(TitleCache(tmp_path, 1 << 20), release)
        assert caught.value.reason is Reason.BAD_ARCHIVE
