from render_node.session.core.rung_stats import RungStats


def test_times_are_ranked_over_the_last_frames() -> None:
    stats = RungStats()
    assert (stats.encode_ms_p50, stats.encode_ms_p99) == (0.0, 0.0)
    for n in range(100):
        stats.encoded_one(1000 * (n + 1), 10)
    assert (stats.encode_ms_p50, stats.encode_ms_p99) == (51.0, 100.0)
    assert (stats.encoded, stats.encoded_bytes) == (100, 1000)
