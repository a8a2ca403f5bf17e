"""Graphics processors of this machine, as the kernel lists them; no driver library is loaded for it."""

from __future__ import annotations

from pathlib import Path

GPUS_MAX = 16
NVIDIA_LIST = Path("/proc/driver/nvidia/gpus")
RENDER_NODES = Path("/sys/class/drm")

_VENDORS = {"0x1002": "AMD", "0x8086": "Intel", "0x1af4": "virtio", "0x15ad": "VMware", "0x1234": "QEMU"}
_NVIDIA = "0x10de"


def find_gpus(nvidia_list: Path = NVIDIA_LIST, render_nodes: Path = RENDER_NODES) -> tuple[str, ...]:
    """Return a name for each, NVIDIA's first."""
    found = [_nvidia_name(path) for path in sorted(nvidia_list.glob("*/information"))]
    for node in sorted(render_nodes.glob("renderD*")):
        vendor = _first_line(node / "device" / "vendor")
        if vendor == _NVIDIA and found:
            continue
        maker = _VENDORS.get(vendor, "NVIDIA" if vendor == _NVIDIA else f"vendor {vendor or 'unknown'}")
        device = _first_line(node / "device" / "device").removeprefix("0x")
        found.append(f"{maker} {device} ({node.name})".replace("  ", " "))
    return tuple(name[:120] for name in found[:GPUS_MAX])


def _nvidia_name(information: Path) -> str:
    try:
        lines = information.read_text(errors="replace").splitlines()
    except OSError:
        return "NVIDIA"
    models = (value.strip() for name, _, value in (line.partition(":") for line in lines) if name.strip() == "Model")
    return next(models, "NVIDIA")


def _first_line(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip().split("\n")[0]
    except OSError:
        return ""
