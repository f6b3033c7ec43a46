"""Keypoints: the decoder by hand, and the shipped network on a drawn person."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import ImageOps

from textreid.people.networks.load import load_movenet
from textreid.people.networks.movenet import GRID, KEYPOINTS, SIZE, decode
from textreid.synthetic import built_in_gallery


def test_the_person_in_the_middle_is_read() -> None:
    """Of two centres of equal strength the one near the middle counts, and a keypoint is the cell that looks
    like it near where that centre expects it, moved by the offset inside the cell.
    """
    heat, centre = torch.full((1, 17, GRID, GRID), 0.01), torch.zeros(1, 1, GRID, GRID)
    regress, offset = torch.zeros(1, 34, GRID, GRID), torch.zeros(1, 34, GRID, GRID)
    centre[0, 0, 24, 20] = centre[0, 0, 2, 2] = 0.9
    regress[0, 0, 24, 20], regress[0, 1, 24, 20] = -10.0, 3.0  # the nose is expected in row 14, column 23
    heat[0, 0, 15, 23], heat[0, 0, 40, 40] = 0.8, 0.9  # a nose there, and a stronger one far away
    offset[0, 0, 15, 23], offset[0, 1, 15, 23] = 0.25, 0.5
    nose = decode(heat, regress, centre, offset)[0, 0]
    np.testing.assert_allclose(nose, [15.25 / GRID, 23.5 / GRID, 0.8], rtol=1e-6)


@pytest.fixture(scope="module")
def person() -> torch.Tensor:
    """[2, 3, 192, 192]: the tallest drawn person, on a square ground, and the same mirrored."""
    frame = next(iter(built_in_gallery(4, cameras=1)))
    box = max((person.box for person in frame.people), key=lambda box: box[3] - box[1])
    crop = ImageOps.pad(frame.image.crop(box), (SIZE, SIZE))
    both = [np.asarray(crop), np.asarray(ImageOps.mirror(crop))]
    return torch.from_numpy(np.stack(both)).permute(0, 3, 1, 2).float()


def test_head_hips_and_feet_of_a_person_stand_over_one_another(person: torch.Tensor) -> None:
    rows = dict(zip(KEYPOINTS, load_movenet()(person)[0, :, 0].tolist(), strict=True))
    for side in ("left", "right"):
        order = [rows["nose"], rows[f"{side}_shoulder"], rows[f"{side}_hip"], rows[f"{side}_knee"]]
        order.append(rows[f"{side}_ankle"])
        assert order == sorted(order)


def test_a_mirrored_person_has_mirrored_keypoints(person: torch.Tensor) -> None:
    plain, mirrored = load_movenet()(person)
    middle = lambda points: points[[5, 6, 11, 12], 1].mean().item()  # noqa: E731
    assert middle(mirrored) == pytest.approx(1 - middle(plain), abs=0.05)
