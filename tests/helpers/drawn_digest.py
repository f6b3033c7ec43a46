"""What drawing gives, as one number."""

from __future__ import annotations

import hashlib

from textreid.synthetic import Camera, View, caption, draw_crop, sample_pedestrians
from textreid.synthetic.drawing.seeding import rng


def digest(order: list[int]) -> str:
    """Of crops and captions drawn in the given order, hashed in the order of numbers."""
    people = sample_pedestrians(6, seed=11)
    pages: dict[int, bytes] = {}
    for number in order:
        person, camera = people[number], Camera.place(11, number)
        view = View.sample(rng(11, number), person, pitch=camera.pitch)
        pages[number] = draw_crop(person, view, camera, seed=4).tobytes() + caption(person, view, 4).encode()
    return hashlib.sha256(b"".join(pages[number] for number in sorted(pages))).hexdigest()
