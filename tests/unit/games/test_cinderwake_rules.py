"""Cinderwake's rules: the same seed gives the same run, nothing leaves the arena, deaths are fair."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from games.cinderwake.cinder.rules import autopilot, hatching
from games.cinderwake.cinder.rules.arena import BOTTOM, CENTRE, LEFT, RIGHT, TOP, to_wall
from games.cinderwake.cinder.rules.clashes import HURT_CLEARS_PX
from games.cinderwake.cinder.rules.flyer import SAFE_AFTER_HURT_TICKS
from games.cinderwake.cinder.rules.run import Phase, Run
from games.cinderwake.cinder.rules.things import Bullet, Ember, Gift, Kind, Present, Steering, What
from games.cinderwake.cinder.rules.world import BULLETS_MAX, World

STILL = Steering()

steerings = st.builds(
    Steering,
    st.floats(-1, 1, width=16),
    st.floats(-1, 1, width=16),
    dash=st.booleans(),
    nova=st.booleans(),
)
Pilot = Callable[[World], Steering]


def play(run: Run, pilot: Pilot, ticks: int) -> list[What]:
    """Play on, taking the first upgrade each time; return what happened."""
    seen = []
    for _ in range(ticks):
        while run.phase is Phase.CHOICE:
            run.choose(0)
        seen += [happening.what for happening in run.step(pilot(run.world))]
    return seen


def arena_with(kind: Kind, x: float = 400.0, y: float = 300.0) -> World:
    world = World(random.Random(1))
    world.flyer.x, world.flyer.y = 800.0, 300.0
    world.add_foe(kind, x, y)
    return world


@settings(max_examples=25, deadline=None)
@example(1, 13, [Steering(1.0, 1.0)])
@given(st.integers(0, 2**32), st.integers(1, 21), st.lists(steerings, min_size=1, max_size=12))
def test_whatever_a_player_does_all_stays_in_bounds(seed: int, first_wave: int, moves: list[Steering]) -> None:
    run = Run(seed, first_wave=first_wave)
    score = 0
    for tick in range(600):
        while run.phase is Phase.CHOICE:
            run.choose(len(run.offer) - 1)
        run.step(moves[tick // 20 % len(moves)])
        world = run.world
        places = [(world.flyer.x, world.flyer.y)]
        places += [(foe.x, foe.y) for foe in world.foes]
        places += [(bullet.x, bullet.y) for bullet in world.bullets]
        places += [(shot.x, shot.y) for shot in world.shots]
        assert all(LEFT - 4 <= x <= RIGHT + 4 and TOP - 4 <= y <= BOTTOM + 4 for x, y in places)
        assert len(world.bullets) <= BULLETS_MAX
        assert 0 <= world.flyer.lives <= world.flyer.loadout.lives_max
        assert 0 <= world.flyer.heat <= 100
        assert world.chain.score >= score
        score = world.chain.score


def test_equal_seeds_give_equal_runs_and_others_do_not() -> None:
    runs = [Run(seed, first_wave=8) for seed in (5, 5, 6)]
    for run in runs:
        play(run, autopilot.steer, 1500)
    first, same, other = ((run.result, run.world.flyer.x, len(run.world.foes)) for run in runs)
    assert first == same
    assert first != other


def test_who_does_nothing_is_done_within_minutes_and_who_plays_comes_far() -> None:
    idle = Run(1)
    play(idle, lambda world: STILL, 60 * 60 * 4)
    assert idle.phase is Phase.OVER
    able = Run(1)
    play(able, autopilot.steer, 60 * 60 * 5)
    assert able.wave.number >= 9
    assert able.result.score > 8 * idle.result.score
    assert able.world.flyer.loadout.levels


def test_a_run_meets_every_boss_and_each_can_be_beaten() -> None:
    for wave, boss in ((5, Kind.WARDEN), (10, Kind.LOOM), (15, Kind.COMET)):
        run = Run(3, first_wave=wave, choices=wave // 2)
        run.world.flyer.lives = 100
        seen: list[What] = []
        while run.wave.number == wave and run.world.ticks < 60 * 120:
            seen += play(run, autopilot.steer, 60)
        assert (run.wave.number, seen.count(What.BOSS), seen.count(What.BOSS_DOWN)) == (wave + 1, 1, 1), boss


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 25), st.floats(LEFT, RIGHT), st.floats(TOP, BOTTOM))
def test_nobody_appears_on_top_of_the_player(seed: int, wave: int, x: float, y: float) -> None:
    run = Run(seed, first_wave=wave)
    world = run.world
    for group in run.wave.groups:
        world.flyer.x, world.flyer.y = x, y
        hatching.open_group(world, group)
        assert all(portal.ticks >= 50 for portal in world.portals)
        world.flyer.x, world.flyer.y = world.portals[0].x, world.portals[0].y
        while world.portals:
            before = len(world.foes)
            hatching.tick(world)
            for foe in world.foes[before:]:
                assert math.hypot(foe.x - world.flyer.x, foe.y - world.flyer.y) >= 60


def test_rays_warn_before_they_burn() -> None:
    for kind, notice in ((Kind.LANCER, 34), (Kind.LOOM, 80)):
        world = arena_with(kind)
        world.foes[0].hp = 10**6
        warned = burnt = 0
        for _ in range(900):
            world.step(STILL)
            live = any(beam.live for beam in world.beams)
            assert not live or warned >= notice
            burnt += live
            if not live:
                warned = warned + 1 if world.beams else 0
        assert burnt


def test_a_hit_costs_one_life_then_grants_time_and_room() -> None:
    world = arena_with(Kind.MOTE, 60.0, 100.0)
    flyer = world.flyer
    world.bullets = [Bullet(flyer.x + dx, flyer.y, 0.0, 0.0) for dx in (0.0, 4.0, HURT_CLEARS_PX + 40)]
    lives = flyer.lives
    world.step(STILL)
    assert flyer.lives == lives - 1
    assert len(world.bullets) == 1
    for _ in range(SAFE_AFTER_HURT_TICKS - 1):
        world.bullets = [Bullet(flyer.x, flyer.y, 0.0, 0.0)]
        world.step(STILL)
    assert flyer.lives == lives - 1


def test_a_bubble_takes_the_hit() -> None:
    world = arena_with(Kind.MOTE, 60.0, 100.0)
    world.presents.append(Present(Gift.BUBBLE, world.flyer.x, world.flyer.y))
    world.step(STILL)
    lives = world.flyer.lives
    world.bullets.append(Bullet(world.flyer.x, world.flyer.y, 0.0, 0.0))
    world.step(STILL)
    assert (world.flyer.lives, world.flyer.bubble) == (lives, False)
    assert world.flyer.safe_ticks


def test_a_dash_is_safe_and_its_line_burns_foes_and_bullets() -> None:
    world = arena_with(Kind.BLOOM, 980.0, 300.0)
    world.bullets = [Bullet(860.0 + step * 20, 300.0, 0.0, 0.0) for step in range(5)]
    lives, strength = world.flyer.lives, world.foes[0].hp
    world.step(Steering(1.0, 0.0, dash=True))
    for _ in range(12):
        world.step(Steering(1.0, 0.0))
    assert world.flyer.lives == lives
    assert world.bullets == []
    assert not world.foes or world.foes[0].hp < strength
    world.step(Steering(1.0, 0.0, dash=True))
    assert len(world.lines) == 1, "a second dash before the first has cooled"


def test_a_nova_needs_heat_and_clears_what_is_near() -> None:
    world = arena_with(Kind.HUNTER, 600.0, 300.0)
    world.step(Steering(nova=True))
    assert not world.blasts
    world.flyer.heat = 99
    world.embers.append(Ember(world.flyer.x, world.flyer.y, 0.0, 0.0))
    world.step(STILL)
    assert world.flyer.nova_ready
    world.bullets = [Bullet(world.flyer.x - 150, 300.0, 0.0, 0.0)]
    for _ in range(30):
        world.step(Steering(nova=True))
    assert (world.foes, world.bullets, world.flyer.heat < 100) == ([], [], True)


def test_an_aegis_turns_shots_away_from_the_front_only() -> None:
    for angle, hurt in ((0.0, False), (math.pi, True)):
        world = arena_with(Kind.AEGIS, 600.0, 300.0)
        foe = world.foes[0]
        foe.angle = angle
        for _ in range(25):
            foe.angle = angle
            world.step(STILL)
        assert (foe.hp < foe.hp_max) is hurt


def test_a_shard_breaks_into_three_and_a_boss_takes_its_helpers_along() -> None:
    world = arena_with(Kind.SHARD)
    world.foes[0].hp = 0.0
    world.step(STILL)
    assert [foe.kind for foe in world.foes] == [Kind.SPLINTER] * 3
    boss = world.add_foe(Kind.WARDEN, 300.0, 300.0)
    world.summon(Kind.HUNTER, 3)
    boss.hp = 0.0
    world.step(STILL)
    world.step(STILL)
    assert (world.foes, world.portals, world.boss) == ([], [], None)
    assert [present.gift for present in world.presents] == [Gift.HEART]


def test_a_mine_bursts_after_a_fuse_when_the_player_comes_near() -> None:
    world = arena_with(Kind.MINE, 760.0, 300.0)
    world.flyer.shot_wait = 10**6
    for _ in range(52):
        world.step(STILL)
    assert world.foes[0].phase == 1
    for _ in range(34):
        world.step(STILL)
    assert world.foes == []
    assert len(world.bullets) + (world.flyer.lives < 4) > 0


def test_shots_go_for_the_nearest_foe_or_where_the_player_aims() -> None:
    world = arena_with(Kind.SHARD, 800.0, 160.0)
    world.add_foe(Kind.MOTE, 300.0, 300.0)
    world.step(STILL)
    assert world.shots[0].vy < -10
    world.shots.clear()
    for _ in range(12):
        world.step(Steering(aim_x=1.0))
    assert world.shots[-1].vx > 14


def test_choices_only_when_there_are_some() -> None:
    run = Run(1, choices=2)
    assert run.phase is Phase.CHOICE
    assert run.step(STILL) == []
    with pytest.raises(ValueError, match="7"):
        run.choose(7)
    run.choose(0)
    run.choose(0)
    assert run.offer == ()
    with pytest.raises(ValueError, match="0"):
        run.choose(0)


def test_rays_end_at_the_wall() -> None:
    assert to_wall(*CENTRE, 0.0) == (RIGHT, CENTRE[1])
    x, y = to_wall(*CENTRE, math.pi / 2)
    assert (round(x), y) == (round(CENTRE[0]), BOTTOM)
