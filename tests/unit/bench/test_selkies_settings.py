"""What Selkies is started with: the bench's own terms, nothing of the machine's, no server asked outside it."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.bench.baselines.selkies.install import LOCK
from tests.bench.baselines.selkies.server import settings
from tests.support.card_source import FPS
from tests.support.offline_encoder import TARGET_BPS


def test_it_gets_the_same_rate_and_frames_and_asks_no_public_server(tmp_path: Path) -> None:
    given = dict(each.removeprefix("--").split("=", 1) for each in settings("webrtc", 8123, tmp_path))
    assert given["mode"] == "webrtc"
    assert given["addr"] == "127.0.0.1"
    assert int(given["port"]) == 8123
    assert int(given["video-bitrate"]) * 1000 == TARGET_BPS
    assert int(given["framerate"]) == FPS
    assert json.loads(Path(given["rtc-config-json"]).read_text()) == {"iceServers": []}


def test_every_package_is_pinned_with_hashes() -> None:
    entries = re.split(r"\n(?=\S)", LOCK.read_text().strip())
    assert any(each.startswith("selkies==") for each in entries)
    for entry in entries:
        assert re.match(r"[a-z0-9._-]+==[^ ]+ ", entry), entry.splitlines()[0]
        assert "--hash=sha256:" in entry
