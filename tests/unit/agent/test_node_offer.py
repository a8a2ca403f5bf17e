"""What a worker is told of a title can be told, whatever its manifest and its session's options hold."""

from __future__ import annotations

from dataclasses import replace

from render_node.agent.core.node_offer import title_spec
from tests.unit.agent.test_node_sessions import OFFER
from wire.schema import decode, encode
from wire.title_manifest import InstalledTitle, parse_manifest
from wire.title_options import OPTIONS_MAX
from wire.worker_control import TO_WORKER, StartWorker

HEAD = 'manifest = 1\nid = "chess"\nversion = "1.0.0"\nkind = "pygame"\nentry = "main.py"\nname = "Chess"\n'


def test_a_title_with_as_many_variables_and_options_as_there_may_be_can_be_started() -> None:
    options = "".join(f'[[options]]\nname = "o{n}"\nvariable = "GAME_O{n}"\n' for n in range(OPTIONS_MAX))
    variables = "[environment]\n" + "".join(f'GAME_V{n} = "{n}"\n' for n in range(64))
    title = InstalledTitle(parse_manifest(HEAD + options + variables), "/titles/chess")
    spec = title_spec(title, OFFER, {f"o{n}": "on" for n in range(OPTIONS_MAX)})
    start = StartWorker("ses_a", 1, spec, "/data/saves/a", OFFER.ice, OFFER.encoder, OFFER.sandbox)
    assert decode(encode(start), TO_WORKER) == start
    assert len(spec.environment) == 64 + OPTIONS_MAX
    assert "GAME_O7=on" in spec.environment
    assert title_spec(title, replace(OFFER, afk_end_max_s=60), {}).afk_end_s == 60
