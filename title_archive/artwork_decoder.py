"""The process that decodes one picture: ``python artwork_decoder.py ENDING < picture > picture.png``."""

import io
import resource
import sys

MEMORY_MAX_BYTES = 1 << 30
CPU_MAX_S = 10
SOURCE_MAX_PX = 8192
SIZE_MAX = (1280, 720)


def main() -> None:
    """Bound this process, then decode, shrink and write."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX_BYTES, MEMORY_MAX_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_MAX_S, CPU_MAX_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    import pygame

    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    picture = pygame.image.load(io.BytesIO(sys.stdin.buffer.read()), f"artwork.{sys.argv[1]}")
    width, height = picture.get_size()
    if max(width, height) > SOURCE_MAX_PX:
        raise SystemExit(1)
    scale = min(SIZE_MAX[0] / width, SIZE_MAX[1] / height, 1.0)
    flat = pygame.Surface((width, height), depth=24)
    flat.blit(picture, (0, 0))
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    written = io.BytesIO()
    pygame.image.save(pygame.transform.smoothscale(flat, size), written, "artwork.png")
    sys.stdout.buffer.write(written.getvalue())


if __name__ == "__main__":
    main()
