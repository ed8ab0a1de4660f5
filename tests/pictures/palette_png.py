"""Small PNG files: a picture in few colours, compressed as far as zlib can. For the gallery and the references.

The screens have few colours, with many shades at smoothed edges: 32 colours are enough, and the file is a quarter of
what pygame writes. The same picture gives the same bytes.
"""

import struct
import zlib
from array import array
from collections import Counter
from pathlib import Path

from kiosk.screen.sdl import pygame

COLOURS = 32
SIGNATURE = b"\x89PNG\r\n\x1a\n"
Colour = tuple[int, int, int]


def write(surface: pygame.Surface, path: Path, colours: int = COLOURS) -> None:
    """Write a surface as PNG, unless the file holds this very picture already."""
    data = encoded(surface, colours)
    if not path.exists() or path.read_bytes() != data:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def encoded(surface: pygame.Surface, colours: int = COLOURS) -> bytes:
    """The surface as a PNG of at most so many colours (256 at most), each pixel in the nearest one."""
    wide, high = surface.get_size()
    pixels = array("I", pygame.image.tostring(surface, "RGBX"))
    seen = Counter(pixels)
    chosen = [_split(pixel) for pixel, _ in sorted(seen.items(), key=lambda item: (-item[1], item[0]))[:colours]]
    nearest = {pixel: _nearest(_split(pixel), chosen) for pixel in seen}
    places = bytes(map(nearest.__getitem__, pixels))
    rows = b"".join(b"\0" + places[row * wide : (row + 1) * wide] for row in range(high))
    palette = b"".join(bytes(colour) for colour in chosen)
    header = struct.pack(">IIBBBBB", wide, high, 8, 3, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(kind, body) for kind, body in chunks)


def _split(pixel: int) -> Colour:
    return (pixel & 255, pixel >> 8 & 255, pixel >> 16 & 255)


def _nearest(colour: Colour, chosen: list[Colour]) -> int:
    return min(
        range(len(chosen)), key=lambda place: sum((a - b) ** 2 for a, b in zip(chosen[place], colour, strict=True))
    )


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
