import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pygame.math import Vector2

from games.embertide.duel import arena
from games.embertide.duel.arena import Side
from games.embertide.duel.pieces import Control, Event, Glyph, Orb, Phase, What
from games.embertide.duel.rival import LEVELS, Rival
from games.embertide.duel.rules import Match

REST = (Control(), Control())
axes = st.floats(-1, 1, allow_nan=False)
controls = st.tuples(
    st.builds(Control, axes, axes, st.booleans()),
    st.builds(Control, axes, axes, st.booleans()),
)


def in_play(position: tuple[float, float], velocity: tuple[float, float], owner: Side | None = None) -> Match:
    match = Match.start(1)
    match.phase = Phase.PLAY
    match.orbs = [Orb(Vector2(position), Vector2(velocity), owner)]
    return match


def steps(match: Match, count: int, controls: tuple[Control, Control] = REST) -> list[Event]:
    return [event for _ in range(count) for event in match.step(controls)]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.lists(controls, min_size=1, max_size=12))
def test_whatever_is_pressed_all_stays_on_the_rink(seed: int, script: list[tuple[Control, Control]]) -> None:
    match = Match.start(seed)
    for step in range(600):
        match.step(script[step // 20 % len(script)])
        for disc in match.discs:
            assert arena.LEFT < disc.position.x < arena.RIGHT
            assert arena.TOP < disc.position.y < arena.BOTTOM
            assert (disc.position.x - arena.MIDDLE_X) * disc.side.forward <= -arena.DISC_RADIUS + 0.01
        for orb in match.orbs:
            assert arena.LEFT - arena.GOAL_DEPTH - 30 < orb.position.x < arena.RIGHT + arena.GOAL_DEPTH + 30
            assert arena.TOP <= orb.position.y <= arena.BOTTOM
            assert math.isfinite(orb.velocity.length())
        assert max(match.score) <= arena.GOALS_TO_WIN


def test_the_same_seed_and_controls_give_the_same_match() -> None:
    def play() -> tuple[list[Event], list[int]]:
        match = Match.start(9)
        rivals = [Rival(side, LEVELS[1], 4) for side in Side]
        events = [e for _ in range(2400) for e in match.step((rivals[0].think(match), rivals[1].think(match)))]
        return events, match.score

    assert play() == play()


def test_five_goals_win_and_the_one_who_conceded_is_served() -> None:
    match = in_play((arena.RIGHT - 60, arena.MIDDLE_Y), (900, 0))
    match.discs[Side.TIDE].position.y = arena.TOP + 60
    events = steps(match, 20)
    assert [event.side for event in events if event.what is What.GOAL] == [Side.EMBER]
    assert match.phase.value == "goal"
    match.score[Side.EMBER] = 4
    steps(match, 120)
    assert (match.phase, match.serve_to) == (Phase.SERVE, Side.TIDE)
    steps(match, 70)
    assert match.orbs[0].velocity.x > 0
    match.orbs = [Orb(Vector2(arena.RIGHT - 30, arena.MIDDLE_Y), Vector2(900, 0))]
    assert match.winner is None or match.score[Side.EMBER] == 5
    events = steps(match, 130)
    assert match.winner is Side.EMBER
    assert match.phase is Phase.OVER
    assert events[-1].what is What.WON


def test_a_longer_charge_pulses_farther_and_harder() -> None:
    speeds = []
    for held in (4, 60):
        match = in_play((arena.LEFT + 190 + 100, arena.MIDDLE_Y), (0, 0))
        hold = (Control(hold=True), Control())
        for _ in range(held):
            match.orbs[0].position.update(arena.LEFT + 290, arena.MIDDLE_Y)
            match.step(hold)
        events = steps(match, 1)
        assert [event.what for event in events] == [What.PULSE, What.HIT]
        speeds.append(match.orbs[0].velocity.length())
        assert match.orbs[0].owner is Side.EMBER
        assert not [event for event in steps(match, 20, hold) if event.what is What.PULSE]
        assert match.discs[Side.EMBER].charge == 0
    assert speeds[1] > speeds[0] + 150


def test_the_tide_moves_the_orb_and_turns() -> None:
    match = in_play((arena.MIDDLE_X, arena.MIDDLE_Y + 120), (0, 0.1))
    steps(match, 120)
    assert match.orbs[0].position.x > arena.MIDDLE_X + 50
    match.clock_s = arena.TIDE_PERIOD_S * 0.75
    assert match.tide == pytest.approx(-arena.TIDE_ACCELERATION)


@pytest.mark.parametrize("glyph", list(Glyph))
def test_glyphs_help_whoever_touched_the_orb_last(glyph: Glyph) -> None:
    match = in_play((arena.MIDDLE_X, arena.MIDDLE_Y), (200, 0), Side.TIDE)
    match.glyph, match.glyph_at = glyph, Vector2(arena.MIDDLE_X, arena.MIDDLE_Y)
    events = steps(match, 1)
    assert [(event.side, event.glyph) for event in events] == [(Side.TIDE, glyph)]
    helped = {
        Glyph.TWIN: len(match.orbs) == 2,
        Glyph.WIDE: match.goal_half(Side.EMBER) > match.goal_half(Side.TIDE),
        Glyph.WARD: match.discs[Side.TIDE].ward and not match.discs[Side.EMBER].ward,
        Glyph.GALE: match.tide < -200,
    }
    assert helped == {kind: kind is glyph for kind in Glyph}


def test_an_orb_that_nobody_touched_takes_no_glyph() -> None:
    match = in_play((arena.MIDDLE_X, arena.MIDDLE_Y), (0, 0.1))
    match.glyph, match.glyph_at = Glyph.WARD, Vector2(arena.MIDDLE_X, arena.MIDDLE_Y)
    steps(match, 30)
    assert match.glyph is Glyph.WARD


def test_a_ward_saves_one_goal() -> None:
    match = in_play((arena.LEFT + 60, arena.MIDDLE_Y + 60), (-900, 0), Side.TIDE)
    match.discs[Side.EMBER].ward = True
    match.discs[Side.EMBER].position.y = arena.TOP + 60
    events = steps(match, 10)
    assert What.WARD_BROKEN in [event.what for event in events]
    assert match.orbs[0].velocity.x > 0
    match.orbs[0].velocity.x = -900
    assert What.GOAL in [event.what for event in steps(match, 20)]


def test_rallies_make_goals_wider_up_to_a_bound() -> None:
    match = Match.start(1)
    halves = []
    for rally in range(40):
        match.rally = rally
        halves.append(match.goal_half(Side.EMBER))
    assert halves == sorted(halves)
    assert halves[0] < halves[3]
    assert halves[-1] == arena.GOAL_HALF_MAX


def test_a_better_computer_wins_more_goals_and_matches_end() -> None:
    goals = [0, 0]
    for seed in range(3):
        match = Match.start(seed)
        rivals = (Rival(Side.EMBER, LEVELS[0], seed), Rival(Side.TIDE, LEVELS[2], seed + 50))
        for _ in range(60 * 240):
            match.step((rivals[0].think(match), rivals[1].think(match)))
            if match.phase is Phase.OVER:
                break
        for side in Side:
            goals[side] += match.score[side]
    assert goals[Side.TIDE] >= 2 * goals[Side.EMBER]
    assert goals[Side.TIDE] >= 9
