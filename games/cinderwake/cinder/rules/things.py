"""Everything that lies or flies in the arena, as plain data. What it does is in the modules named after it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """Kinds of foe."""

    MOTE = "mote"
    HUNTER = "hunter"
    DART = "dart"
    BLOOM = "bloom"
    SHARD = "shard"
    SPLINTER = "splinter"
    WEAVER = "weaver"
    SOWER = "sower"
    MINE = "mine"
    LANCER = "lancer"
    AEGIS = "aegis"
    WARDEN = "warden"
    LOOM = "loom"
    COMET = "comet"


class Gift(StrEnum):
    """What a foe may leave behind besides embers."""

    HEART = "heart"
    OVERDRIVE = "overdrive"
    BUBBLE = "bubble"


class What(StrEnum):
    """What happened in a tick, for eyes and ears."""

    SHOT = "shot"
    HIT = "hit"
    BLOCKED = "blocked"
    KILL = "kill"
    DASH = "dash"
    NOVA = "nova"
    NOVA_READY = "nova_ready"
    HURT = "hurt"
    BUBBLE_BURST = "bubble_burst"
    EMBER = "ember"
    GIFT = "gift"
    PORTAL = "portal"
    FOE_SHOT = "foe_shot"
    CHARGE = "charge"
    BEAM = "beam"
    BOSS = "boss"
    BOSS_DOWN = "boss_down"
    WAVE = "wave"
    CLEARED = "cleared"
    CHAIN_UP = "chain_up"
    CHAIN_LOST = "chain_lost"
    OVER = "over"


@dataclass(slots=True, frozen=True)
class Happening:
    """One thing that happened, and where."""

    what: What
    x: float = 0.0
    y: float = 0.0
    kind: Kind | None = None
    amount: int = 0


@dataclass(slots=True, frozen=True)
class Steering:
    """What the player wants in one tick."""

    x: float = 0.0
    y: float = 0.0
    """Where to, each from -1 to 1."""
    aim_x: float = 0.0
    aim_y: float = 0.0
    """Where to shoot; at rest the nearest foe is shot at."""
    dash: bool = False
    nova: bool = False


@dataclass(slots=True)
class Foe:
    """A foe; ``phase`` and ``clock`` belong to its behaviour."""

    id: int
    kind: Kind
    x: float
    y: float
    hp: float
    radius: float
    hp_max: float
    vx: float = 0.0
    vy: float = 0.0
    angle: float = 0.0
    phase: int = 0
    clock: int = 0
    age: int = 0
    flash: int = 0
    """Ticks for which it shows that it was hit."""
    charge: float = 0.0
    """From 0 to 1: how soon it strikes, for the eye."""
    side: int = 1
    """1 or -1: the way round it goes."""
    burnt: int = 0
    """Ticks until fire hurts it again."""


@dataclass(slots=True)
class Shot:
    """One of the player's shots."""

    x: float
    y: float
    vx: float
    vy: float
    damage: float
    pierce: int
    ticks: int = 70
    struck: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Bullet:
    """One of the foes' shots."""

    x: float
    y: float
    vx: float
    vy: float
    radius: float = 7.0
    ticks: int = 600


@dataclass(slots=True)
class Line:
    """The burning line of a dash."""

    x1: float
    y1: float
    x2: float
    y2: float
    ticks: int
    ticks_max: int


@dataclass(slots=True)
class Blast:
    """A ring of fire that grows."""

    x: float
    y: float
    reach: float
    damage: float
    radius: float = 20.0
    struck: set[int] = field(default_factory=set)


@dataclass(slots=True, frozen=True)
class Beam:
    """A ray of a foe in this tick; ``live`` rays hurt, others warn, the more the nearer ``charge`` is to 1."""

    x1: float
    y1: float
    x2: float
    y2: float
    live: bool
    charge: float


@dataclass(slots=True)
class Ember:
    """What a foe leaves: score, heat and time for the chain."""

    x: float
    y: float
    vx: float
    vy: float
    ticks: int = 480


@dataclass(slots=True)
class Present:
    """A gift that floats."""

    gift: Gift
    x: float
    y: float
    ticks: int = 720


@dataclass(slots=True)
class Portal:
    """Where a foe is about to appear."""

    kind: Kind
    x: float
    y: float
    ticks: int = 50
