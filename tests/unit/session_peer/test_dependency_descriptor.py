"""The dependency descriptor, read back bit by bit by the specification's own syntax."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from render_node.session.core.dependency_descriptor import DISTANCE_MAX, describe_frame


class Bits:
    def __init__(self, data: bytes) -> None:
        self.left = "".join(f"{byte:08b}" for byte in data)

    def take(self, count: int) -> int:
        assert len(self.left) >= count
        taken, self.left = self.left[:count], self.left[count:]
        return int(taken, 2)


@dataclass
class Structure:
    """What a receiver remembers of a template structure."""

    templates: list[list[int]] = field(default_factory=list)
    indications: list[int] = field(default_factory=list)


@dataclass
class Read:
    start: bool
    end: bool
    number: int
    distances: list[int]
    structure: Structure


def read_distances(bits: Bits) -> list[int]:
    distances = []
    while size := bits.take(2):
        distances.append(bits.take(4 * size) + 1)
    return distances


def read_structure(bits: Bits) -> Structure:
    assert bits.take(6) == 0
    assert bits.take(5) + 1 == 1
    structure = Structure([[]])
    while (step := bits.take(2)) != 3:
        assert step == 0
        structure.templates.append([])
    structure.indications = [bits.take(2) for _ in structure.templates]
    for distances in structure.templates:
        while bits.take(1):
            distances.append(bits.take(4) + 1)
    assert bits.take(1) == 0, "chain count, ns(2)"
    assert bits.take(1) == 0, "resolutions"
    return structure


def read(data: bytes, structure: Structure | None) -> Read:
    """Appendix A.8 of the AV1 RTP specification, without chains."""
    bits = Bits(data)
    start, end, template, number = bits.take(1), bits.take(1), bits.take(6), bits.take(16)
    distances = None
    if len(data) > 3:
        has_structure, active, custom_dtis, custom_distances, custom_chains = (bits.take(1) for _ in range(5))
        assert not active | custom_dtis | custom_chains
        if has_structure:
            structure = read_structure(bits)
        if custom_distances:
            distances = read_distances(bits)
    assert structure is not None, "no structure yet"
    assert len(bits.left) < 8
    assert "1" not in bits.left
    if distances is None:
        distances = structure.templates[template]
    return Read(bool(start), bool(end), number, distances, structure)


def test_a_keyframe_brings_the_structure_on_its_first_packet_only() -> None:
    described = describe_frame(70_000, None)
    first = read(described.first, None)
    assert (first.start, first.end, first.number, first.distances) == (True, False, 70_000 % 65536, [])
    assert first.structure.templates == [[], [1]]
    assert first.structure.indications == [2, 2]
    assert len(described.first) == 8
    for value, ends in ((described.middle, False), (described.last, True)):
        later = read(value, first.structure)
        assert (later.start, later.end, later.distances, len(value)) == (False, ends, [], 3)


def test_the_bytes_that_a_browser_was_seen_to_take() -> None:
    assert describe_frame(0x0102, None).first.hex() == "80010280003a4000"
    assert describe_frame(0x0103, 1).middle.hex() == "010103"
    assert describe_frame(0x0103, 10).only.hex() == "c101031320"


@given(st.integers(1, 2**40), st.integers(1, DISTANCE_MAX))
def test_every_distance_comes_back_from_every_packet(frame_id: int, distance: int) -> None:
    structure = read(describe_frame(0, None).first, None).structure
    described = describe_frame(frame_id, distance)
    for index in range(3):
        value = read(described.of_packet(index, 3), structure)
        assert (value.start, value.end) == (index == 0, index == 2)
        assert (value.number, value.distances) == (frame_id % 65536, [distance])
        assert len(described.of_packet(index, 3)) <= 6
    only = read(described.of_packet(0, 1), structure)
    assert (only.start, only.end, only.distances) == (True, True, [distance])
