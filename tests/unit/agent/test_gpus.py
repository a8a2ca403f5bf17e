from __future__ import annotations

from pathlib import Path

from render_node.agent.io.gpus import GPUS_MAX, find_gpus


def render_node(folder: Path, name: str, vendor: str, device: str) -> None:
    place = folder / name / "device"
    place.mkdir(parents=True)
    (place / "vendor").write_text(f"{vendor}\n")
    (place / "device").write_text(f"{device}\n")


def test_gpus_are_named_and_an_nvidia_one_only_once(tmp_path: Path) -> None:
    nvidia, drm = tmp_path / "nvidia", tmp_path / "drm"
    assert find_gpus(nvidia, drm) == ()
    render_node(drm, "renderD128", "0x10de", "0x2684")
    render_node(drm, "renderD129", "0x1002", "0x73bf")
    render_node(drm, "renderD130", "0xffff", "")
    assert find_gpus(nvidia, drm)[0] == "NVIDIA 2684 (renderD128)"
    (nvidia / "0000:01:00.0").mkdir(parents=True)
    (nvidia / "0000:01:00.0" / "information").write_text("Model: \t\t NVIDIA GeForce RTX 4090\nIRQ: 1\n")
    names = find_gpus(nvidia, drm)
    assert names == ("NVIDIA GeForce RTX 4090", "AMD 73bf (renderD129)", "vendor 0xffff (renderD130)")
    for number in range(200, 240):
        render_node(drm, f"renderD{number}", "0x8086", "0x1")
    assert len(find_gpus(nvidia, drm)) == GPUS_MAX
