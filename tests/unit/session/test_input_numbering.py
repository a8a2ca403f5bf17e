from render_node.session.core.input_numbering import HISTORY_EVENTS, AppliedInput, InputNumbering


def test_numbers_run_over_all_participants_and_lead_back_to_each_ones_own() -> None:
    numbering = InputNumbering()
    assert [numbering.assign(0, 7, 100), numbering.assign(1, 3, 110), numbering.assign(0, 8, 120)] == [1, 2, 3]
    assert numbering.newest_applied(0, 2) == AppliedInput(7, 100)
    assert numbering.newest_applied(0, 3) == AppliedInput(8, 120)
    assert numbering.newest_applied(1, 3) == AppliedInput(3, 110)
    assert numbering.newest_applied(1, 1) is None
    assert numbering.newest_applied(2, 3) is None


def test_zero_means_none_and_is_skipped_at_the_wrap() -> None:
    numbering = InputNumbering()
    numbering._last = 2**32 - 2
    assert [numbering.assign(0, 1, 0), numbering.assign(0, 2, 0)] == [2**32 - 1, 1]
    assert numbering.newest_applied(0, 0) is None
    assert numbering.newest_applied(0, 2**32 - 1) == AppliedInput(1, 0)
    assert numbering.newest_applied(0, 1) == AppliedInput(2, 0)


def test_a_lying_title_gets_no_further_than_what_was_assigned() -> None:
    numbering = InputNumbering()
    numbering.assign(0, 5, 1)
    assert numbering.newest_applied(0, 1000) == AppliedInput(5, 1)


def test_history_is_bounded_and_forgotten() -> None:
    numbering = InputNumbering()
    for seq in range(HISTORY_EVENTS + 10):
        numbering.assign(0, seq, seq)
    assert numbering.newest_applied(0, 5) is None
    numbering.forget(0)
    assert numbering.newest_applied(0, HISTORY_EVENTS) is None
