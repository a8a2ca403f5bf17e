"""The rink: where its walls and goals are, and how fast things move. Pixels and seconds; y grows downwards."""

from __future__ import annotations

from enum import IntEnum

WIDTH, HEIGHT = 1280, 720
LEFT, RIGHT, TOP, BOTTOM = 60.0, 1220.0, 104.0, 684.0
MIDDLE_X, MIDDLE_Y = (LEFT + RIGHT) / 2, (TOP + BOTTOM) / 2
CORNER_RADIUS = 96.0

GOAL_HALF = 104.0
"""Half of a goal's height when a rally begins."""
GOAL_HALF_PER_HIT = 12.0
"""Both goals open with each exchange, so that no rally lasts for ever."""
GOAL_HALF_EXTRA = 60.0
"""What a wide goal has more."""
GOAL_HALF_MAX = 194.0
GOAL_DEPTH = 34.0
"""How far behind the wall an orb counts."""

DISC_RADIUS = 36.0
DISC_SPEED = 600.0
DISC_ACCELERATION = 5200.0

ORB_RADIUS = 20.0
ORB_SPEED_MIN = 90.0
ORB_SPEED_MAX = 820.0
"""At the start of a rally; each hit raises it."""
ORB_SPEED_PER_HIT = 60.0
ORB_SPEED_LIMIT = 1440.0
ORB_DRAG_PER_S = 0.14
SERVE_SPEED = 260.0

TIDE_PERIOD_S = 15.0
TIDE_ACCELERATION = 110.0
GALE_ACCELERATION = 430.0

PULSE_CHARGE_S = 0.65
PULSE_REST_S = 0.7
PULSE_RADIUS_MIN, PULSE_RADIUS_MAX = 118.0, 208.0
PULSE_SPEED_MIN, PULSE_SPEED_MAX = 430.0, 980.0
CHARGING_SLOWDOWN = 0.6

GOALS_TO_WIN = 5
STEPS_PER_S = 60


class Side(IntEnum):
    """Who: Ember plays on the left, Tide on the right."""

    EMBER = 0
    TIDE = 1

    @property
    def other(self) -> Side:
        """The opponent."""
        return Side(1 - self)

    @property
    def forward(self) -> int:
        """Sign of the x direction towards the opponent."""
        return 1 if self is Side.EMBER else -1

    @property
    def goal_x(self) -> float:
        """Where its own goal line is."""
        return LEFT if self is Side.EMBER else RIGHT
