"""The pools file: what it says, and every fault in words."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farplay.failures import CommandFailure
from farplay.pools_file import read_pools
from farplay.role_config import broker_config
from session_broker.core.pools.pool import Adapter, Cluster, FleetConfig, Hours, Pool
from session_broker.core.regions import RegionRules

POD = "kind: Pod\nspec: {containers: [{name: node, image: x}]}\n"
TEMPLATE = {"kind": "Pod", "spec": {"containers": [{"name": "node", "image": "x"}]}}
WHOLE = """
timezone = "Europe/Berlin"
broker_url = "https://play.example.org"

[[pool]]
name = "own"
adapter = "local"
max_nodes = 1

[[pool]]
name = "l4-spot"
adapter = "kubernetes"
template = "pod.yaml"
kubeconfig = "kubeconfig"
context = "gpus"
namespace = "games"
max_nodes = 20
slots = 4
min_idle = 2
idle_s = 120
start_timeout_s = 900.5
priority = 10
price_per_hour = 0.71
regions = ["eu-west-1"]
gpus = 1
gpu_resource = "amd.com/gpu"

[[pool.schedule]]
days = ["fri", "sat"]
begin = "18:00"
end = "2:30"
min_idle = 8
"""


def read(folder: Path, text: str) -> FleetConfig:
    path = folder / "pools.toml"
    path.write_text(text, encoding="utf-8")
    (folder / "pod.yaml").write_text(POD)
    (folder / "kubeconfig").write_text("")
    return read_pools(path)


def test_everything_that_can_be_said(tmp_path: Path) -> None:
    fleet = read(tmp_path, WHOLE)
    assert (fleet.timezone, fleet.broker_url) == (ZoneInfo("Europe/Berlin"), "https://play.example.org")
    own, rented = fleet.pools
    assert own == Pool("own", Adapter.LOCAL, max_nodes=1)
    assert rented == Pool(
        "l4-spot", Adapter.KUBERNETES, max_nodes=20, slots=4, min_idle=2, idle_s=120, start_timeout_s=900.5,
        priority=10, price_per_hour=0.71, regions=("eu-west-1",), gpus=1, gpu_resource="amd.com/gpu",
        schedule=(Hours(frozenset({4, 5}), 18 * 60, 2 * 60 + 30, 8),),
        cluster=Cluster(TEMPLATE, "games", tmp_path / "kubeconfig", "gpus"),
    )  # fmt: skip


def test_the_least_that_must_be_said(tmp_path: Path) -> None:
    fleet = read(tmp_path, '[[pool]]\nname = "a"\nadapter = "local"\nmax_nodes = 0\n')
    assert fleet == FleetConfig((Pool("a", Adapter.LOCAL, 0),), UTC, None)


LOCAL = '[[pool]]\nname = "a"\nadapter = "local"\nmax_nodes = 1\n'


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "the file: there is no [[pool]]"),
        ("pool = 3", "the file: pool must be written as [[pool]], not 3"),
        ("pool = [3]", "the file: pool must be written as [[pool]]"),
        ('timezone = "Mars/Base"\n' + LOCAL, "the file: timezone must be one such as Europe/Berlin, not 'Mars/Base'"),
        ('broker_url = "play"\n' + LOCAL, "the file: broker_url must begin with http:// or https://, not 'play'"),
        ("colour = 1\n" + LOCAL, "the file: colour is not a setting"),
        (LOCAL + LOCAL, "the file: two pools are called 'a'"),
        ("[[pool]]\n", "pool 1: name is missing (a word)"),
        (LOCAL.replace('"a"', '"Big Pool"'), "pool 'Big Pool': name must be up to 30 of a-z, 0-9 and -"),
        (LOCAL.replace("local", "lambda"), "pool 'a': adapter must be local or kubernetes, not 'lambda'"),
        (LOCAL.replace("= 1", "= -1"), "pool 'a': max_nodes must be a whole number from 0 to 10000, not -1"),
        (LOCAL.replace("= 1", "= 1.5"), "pool 'a': max_nodes must be a whole number from 0 to 10000, not 1.5"),
        (LOCAL.replace("= 1", "= true"), "pool 'a': max_nodes must be a whole number from 0 to 10000, not True"),
        (LOCAL.replace("max_nodes = 1", ""), "pool 'a': max_nodes is missing"),
        (LOCAL + "slots = 0\n", "pool 'a': slots must be a whole number from 1 to"),
        (LOCAL + 'idle_s = "5"\n', "pool 'a': idle_s must be a number from 0 to 86400, not '5'"),
        (LOCAL + "regions = []\n", "pool 'a': regions is not a setting"),
        (LOCAL + '[[pool.schedule]]\ndays = ["mo"]\nbegin = "1:00"\nend = "2:00"\nmin_idle = 1\n',
         "pool 'a', schedule 1: days must be a list of mon, tue, wed, thu, fri, sat, sun, not ['mo']"),
        (LOCAL + '[[pool.schedule]]\ndays = ["mon"]\nbegin = "24:00"\nend = "2:00"\nmin_idle = 1\n',
         "pool 'a', schedule 1: begin must be a time such as 17:30, not '24:00'"),
        (LOCAL.replace("local", "kubernetes"), "pool 'a': template is missing"),
        (LOCAL.replace("local", "kubernetes") + 'template = "pod.yaml"\n', "the file: broker_url is missing"),
        (LOCAL.replace("local", "kubernetes") + 'template = "no.yaml"\n', "No such file"),
        (LOCAL.replace("local", "kubernetes") + 'template = "kubeconfig"\n', "is not the manifest of one Pod"),
        (LOCAL.replace("local", "kubernetes") + 'template = "pod.yaml"\nkubeconfig = "x"\n', "there is no file"),
        ("[[pool]", "is not TOML"),
    ],
)  # fmt: skip
def test_faults_are_named(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(CommandFailure) as failure:
        read(tmp_path, text)
    assert fault in str(failure.value)


def test_all_faults_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(CommandFailure) as failure:
        read(tmp_path, LOCAL + "slots = 0\nmin_idle = -1\ncolour = 2\n")
    assert str(failure.value).count("pool 'a':") == 3


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandFailure, match="cannot be read"):
        read_pools(tmp_path / "nothing.toml")


@given(st.text(max_size=200))
def test_no_text_breaks_it(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CommandFailure):
        read_pools(path)


def test_nodes_that_end_with_their_broker_need_it_to_be_alone(tmp_path: Path) -> None:
    (tmp_path / "pools.toml").write_text(LOCAL)
    options = {
        "host": "localhost", "port": 0, "data_dir": tmp_path, "titles": (), "with_bundled": False,
        "objects_url": "file:///x", "replica_lease_s": 5.0, "bus_notify": True, "reserve_s": 30.0,
        "violations_max": 4, "title_checks_max": 1,
        "allowed_hosts": (), "regions": RegionRules(), "pools": tmp_path / "pools.toml",
    }  # fmt: skip
    assert broker_config(database_url=None, **options).fleet is not None  # type: ignore[arg-type]
    with pytest.raises(CommandFailure, match="would end with the broker"):
        broker_config(database_url="postgresql+asyncpg://h/d", **options)  # type: ignore[arg-type]
