"""A photo and the words for what is different: by which way to combine them is the person meant found?

    python benchmarks/composed.py > benchmarks/results/composed.json

Drawn people. The photo shows somebody; the words change one thing ("but with a red backpack"); the one to
find is the person so changed, from another camera and side, among others and among everybody unchanged.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import random

import numpy as np

from textreid import Encoder
from textreid.errors import InputError
from textreid.search import PHOTO, Part, combine
from textreid.synthetic import Camera, Pedestrian, View, draw_crop, sample_pedestrians

PEOPLE, ASKED, SEED = 240, 180, 123
COLOURS = ("red", "blue", "green", "yellow", "white", "black")
WEIGHTS = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 2.5)


def changed(person: Pedestrian, kind: int, draw: random.Random) -> tuple[Pedestrian, str]:
    """The person with another upper garment, lower garment or bag, and the words for it."""
    worn = (person.upper_colour, person.lower_colour, person.bag_colour)
    colour = draw.choice([colour for colour in COLOURS if colour not in worn])
    if kind == 0:
        other = dataclasses.replace(person, upper_colour=colour, upper_pattern="plain", upper_second=None)
        return other, f"but in a {colour} {person.upper}"
    if kind == 1 and person.lower != "none":
        other = dataclasses.replace(person, lower_colour=colour, lower_pattern="plain")
        return other, f"but with {colour} {person.lower}"
    return dataclasses.replace(person, bag="backpack", bag_colour=colour), f"but with a {colour} backpack"


def draw_task():
    """Photos and words to ask with, the gallery, and the place in it of the one meant."""
    draw = random.Random(SEED)
    cameras = [Camera.place(seed=5, number=number) for number in range(1, 5)]

    def picture(person: Pedestrian):
        view = View(yaw=draw.uniform(-60, 60))
        return draw_crop(person, view, draw.choice(cameras), seed=draw.randrange(2**31))

    people = sample_pedestrians(PEOPLE, seed=SEED)
    gallery, photos, words, meant = [picture(person) for person in people], [], [], []
    for number, person in enumerate(people[:ASKED]):
        try:
            other, text = changed(person, number % 3, draw)
        except InputError:  # this garment cannot have that
            continue
        meant.append(len(gallery))
        gallery.append(picture(other))
        photos.append(picture(person))
        words.append(text)
    return photos, words, gallery, np.asarray(meant)


def measure(queries: np.ndarray, gallery: np.ndarray, meant: np.ndarray) -> dict[str, float]:
    """R@1, R@5, R@10 and mean reciprocal rank in percent."""
    scores = queries @ gallery.T
    ranks = (scores > scores[np.arange(len(meant)), meant][:, None]).sum(axis=1) + 1
    found = {f"R{k}": (ranks <= k).mean() for k in (1, 5, 10)} | {"MRR": (1 / ranks).mean()}
    return {name: round(100 * float(value), 2) for name, value in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="pocket")
    encoder = Encoder.load(parser.parse_args().model)
    photos, words, pictures, meant = draw_task()
    gallery, images = encoder.encode_images(pictures), encoder.encode_images(photos)
    texts = encoder.encode_texts(words)

    def balanced(weight: float) -> np.ndarray:
        rows = zip(texts, images, strict=True)
        return np.stack([combine([Part(t[None]), Part(i[None], weight)], lambda: gallery) for t, i in rows])

    ways = {"photo": images, "words": texts, "plain sum": texts + images}
    ways |= {f"balanced, photo x {weight}": balanced(weight) for weight in WEIGHTS}
    report = {
        "model": encoder.info.name,
        "fingerprint": encoder.info.fingerprint,
        "queries": len(meant),
        "gallery": len(gallery),
        "spread": {
            "photo": round(float((images @ gallery.T).std(axis=1).mean()), 4),
            "words": round(float((texts @ gallery.T).std(axis=1).mean()), 4),
        },
        "used": PHOTO,
        "ways": {name: measure(queries, gallery, meant) for name, queries in ways.items()},
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
