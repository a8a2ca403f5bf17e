"""The bench beside other projects: what a run must show, the tables, and runs kept for later, on made-up figures."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from tests.bench.gates import Gate, Run, peer_bars
from tests.bench.reading import Reading, Spread, Usage
from tests.bench.recorded import recorded, runs_from
from tests.bench.tables import stream_table, usage_table

SHARE = "p50 as a share of Selkies' better mode"


def reading(stream: str, p50_ms: float, *, rendered_fps: float = 60.0, neighbour_cores: float = 0.02) -> Reading:
    return Reading(
        stream=stream, visible_ms=Spread(p50_ms, 2 * p50_ms, 3 * p50_ms, 100), presses=100, decoded_fps=60.0,
        shown_fps=59.0, rendered_fps=rendered_fps, media_bps=8e6, width=1280, height=720, codec="video/H264",
        jitter_buffer_ms=0.5, decode_ms=1.0, psnr_db=28.0, neighbour_cores=neighbour_cores,
        stages_ms={"draw": Spread(1.0, 2.0, 3.0, 4)},
        usage={"server": Usage(0.25, 90.0)},
    )  # fmt: skip


def run(*, websocket_ms: float = 50.0, webrtc_ms: float | None = 80.0) -> Run:
    p50s = {"farplay": 20.0, "selkies_websocket": websocket_ms, "selkies_webrtc": webrtc_ms, "our_packets": 50.0}
    readings = {name: reading(name, p50) for name, p50 in p50s.items() if p50 is not None}
    missing = {name: "a black page" for name, p50 in p50s.items() if p50 is None}
    return Run(readings, 6.0, 31.0, {"warm": 400.0}, "superfast", missing)


def gate(name: str, of: Run) -> Gate:
    return next(each for each in peer_bars(of) if each.name == name)


@pytest.mark.parametrize(("websocket_ms", "webrtc_ms", "share"), [(50, 80, 0.4), (80, 40, 0.5), (40, None, 0.5)])
def test_we_are_compared_with_the_better_mode(websocket_ms: float, webrtc_ms: float | None, share: float) -> None:
    found = gate(SHARE, run(websocket_ms=websocket_ms, webrtc_ms=webrtc_ms))
    assert found.value == pytest.approx(share)
    assert found.passed


def test_a_peer_close_to_us_fails_the_bar() -> None:
    assert not gate(SHARE, run(websocket_ms=36.0)).passed


def test_a_peer_without_any_picture_is_no_win() -> None:
    usual = run()
    assert not gate(
        SHARE, replace(usual, readings={name: usual.readings[name] for name in ("farplay", "our_packets")})
    ).passed


def test_a_title_held_up_beside_the_peer_makes_the_run_invalid() -> None:
    usual = run()
    slow = reading("selkies_webrtc", 80.0, rendered_fps=40.0)
    held_up = replace(usual, readings={**usual.readings, "selkies_webrtc": slow})
    found = gate("frames rendered beside Selkies", held_up)
    assert found.validity
    assert not found.passed
    assert gate("frames rendered beside Selkies", usual).passed


def test_a_busy_neighbour_of_any_stream_makes_the_run_invalid() -> None:
    usual = run()
    disturbed = reading("our_packets", 50.0, neighbour_cores=0.4)
    found = gate("neighbours of the bench", replace(usual, readings={**usual.readings, "our_packets": disturbed}))
    assert found.validity
    assert not found.passed
    assert gate("neighbours of the bench", usual).passed


def test_runs_come_back_from_their_record_as_they_were() -> None:
    runs = [run(), run(webrtc_ms=None)]
    assert runs_from(json.loads(json.dumps(recorded(runs)))) == runs


def test_a_record_of_another_version_is_refused() -> None:
    (record,) = recorded([run()])
    del record["preset"]
    with pytest.raises(KeyError, match="preset"):
        runs_from([record])


def test_the_table_says_how_often_a_stream_showed_nothing() -> None:
    rows = {row[0]: row for row in stream_table([run(webrtc_ms=None), run(webrtc_ms=90.0)])}
    assert rows["selkies_webrtc (1 of 2 runs)"][1] == "90.0 / 180.0 / 270.0"
    assert rows["farplay"][2] == "200 of 200"
    never = {row[0]: row for row in stream_table([run(webrtc_ms=None)])}
    assert never["selkies_webrtc"][1:] == ["no picture", *["-"] * 9]
    assert [row[0] for row in usage_table([run(webrtc_ms=None)])[1:]] == [
        "farplay",
        "selkies_websocket",
        "our_packets",
    ]


def test_a_figure_that_a_stream_does_not_have_is_a_dash() -> None:
    usual = run()
    unknown = replace(usual.readings["selkies_websocket"], jitter_buffer_ms=math.nan)
    rows = stream_table([replace(usual, readings={**usual.readings, "selkies_websocket": unknown})])
    heading, row = rows[0], next(each for each in rows if each[0] == "selkies_websocket")
    assert row[heading.index("jitter buffer ms")] == "-"
    assert {len(each) for each in rows} == {len(heading)}
