"""Drawn licence plates, a class for each string of characters: other things than people to learn."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from textreid.config import check_at_least
from textreid.io.whole_folder import whole_folder
from textreid.synthetic.drawing.seeding import rng as seeded

SIZE = (96, 32)
LETTERS, DIGITS = "ABCDEFGHJKLMNPRSTUVWXYZ", "0123456789"
GROUNDS = ((238, 238, 230), (232, 196, 60), (214, 222, 238))


def write_plates(
    root: Path | str,
    *,
    identities: int = 100,
    images_per_identity: int = 8,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write `root/plates` in the layout of one's own data: `SPLIT/STRING/c1_00.png`.

    Of the images of each string three in four are for training, and two or more for testing.

    Args:
        root: folder that will hold `plates`.
        identities: how many different strings.
        images_per_identity: images of each, at least 3.
        seed: equal seeds give equal bytes.
        progress: called with (strings written, strings in all).

    Returns:
        The folder `root/plates`.

    Raises:
        InputError: the folder exists or a number is too small.
    """
    check_at_least("identities", identities, 1)
    check_at_least("images_per_identity", images_per_identity, 3)
    tested = max(2, images_per_identity // 4)
    with whole_folder(Path(root) / "plates") as folder:
        for index, string in enumerate(strings(identities, seed)):
            for shot in range(images_per_identity):
                place = folder / ("test" if shot < tested else "train") / string
                place.mkdir(parents=True, exist_ok=True)
                drawn = draw_plate(string, seeded(seed, "plate", string, shot))
                drawn.save(place / f"c{shot % 4 + 1}_{shot:02}.png")
            if progress is not None:
                progress(index + 1, identities)
    return Path(root) / "plates"


def strings(count: int, seed: int) -> list[str]:
    """Different strings of two letters, two digits and two letters, such as "KD07RX".

    Args:
        count: how many.
        seed: of the draw.
    """
    random, found = seeded(seed, "plates"), dict[str, None]()
    while len(found) < count:
        parts = [(LETTERS, 2), (DIGITS, 2), (LETTERS, 2)]
        found["".join(str(c) for kind, n in parts for c in random.choice(list(kind), n))] = None
    return list(found)


def draw_plate(string: str, random: np.random.Generator) -> Image.Image:
    """One view of a plate: its ground, its angle, the light and the focus differ.

    Args:
        string: what stands on it.
        random: what is drawn from.
    """
    ground = GROUNDS[int(random.integers(len(GROUNDS)))]
    plate = Image.new("RGB", (3 * SIZE[0], 3 * SIZE[1]), ground)
    pen, font = ImageDraw.Draw(plate), ImageFont.load_default(size=58)
    pen.rectangle((4, 4, plate.width - 5, plate.height - 5), outline=(30, 30, 34), width=4)
    spaced = f"{string[:2]} {string[2:4]} {string[4:]}"
    pen.text((plate.width / 2, plate.height / 2), spaced, (24, 24, 30), font, anchor="mm")
    corners = np.array([(0, 0), (0, plate.height), (plate.width, plate.height), (plate.width, 0)], float)
    seen = corners + random.uniform(-0.12, 0.12, (4, 2)) * plate.height
    turned = plate.transform(
        plate.size,
        Image.Transform.QUAD,
        seen.ravel().tolist(),
        Image.Resampling.BILINEAR,
        fillcolor=(90, 92, 96),
    )
    soft = turned.filter(ImageFilter.GaussianBlur(float(random.uniform(0.5, 4)))).resize(SIZE)
    light = np.asarray(soft, np.float32) * random.uniform(0.55, 1.1) + random.normal(
        0, 8, (SIZE[1], SIZE[0], 3)
    )
    return Image.fromarray(light.clip(0, 255).astype(np.uint8))
