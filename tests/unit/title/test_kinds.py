"""The kinds of titles: the manifest, the table and the programs agree."""

import importlib
import inspect

from render_node.title.kinds import KINDS
from wire import title_manifest


def test_the_manifest_knows_every_kind_by_name() -> None:
    assert set(title_manifest.KINDS) == set(KINDS)
    assert all(name == kind.name for name, kind in KINDS.items())


def test_every_kind_has_a_program_that_runs_it() -> None:
    for kind in KINDS.values():
        program = importlib.import_module(kind.program)
        assert list(inspect.signature(program.run).parameters) == ["spec", "link", "ring"], kind.name
