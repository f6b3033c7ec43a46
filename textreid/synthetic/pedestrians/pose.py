"""How a person stands or walks: joints in the body frame, and the view they are seen in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from textreid.synthetic.pedestrians.pedestrian import Pedestrian, skirted


@dataclass(frozen=True)
class View:
    """One moment of a person before a camera.

    Attributes:
        yaw: degrees; 0 faces the camera, 90 faces the image's right, 180 is seen from behind, -90 faces left.
        pitch: degrees that the camera looks down.
        phase: 0..1, where in the walking cycle.
        walking: False stands still.
        gesture: "none", "phone" (held in front), "call" (phone at the ear), "pockets" or "book".
        hidden: fraction of the person, from the ground up, that something in front hides (0..0.4).
    """

    yaw: float = 0.0
    pitch: float = 10.0
    phase: float = 0.0
    walking: bool = True
    gesture: str = "none"
    hidden: float = 0.0

    @property
    def side(self) -> str:
        """Which side shows: "front", "back", "left" (faces the image's left) or "right"."""
        yaw = (self.yaw + 180) % 360 - 180
        if abs(yaw) <= 55:
            return "front"
        if abs(yaw) >= 125:
            return "back"
        return "right" if yaw > 0 else "left"

    @classmethod
    def sample(cls, rng: np.random.Generator, person: Pedestrian, *, pitch: float | None = None) -> View:
        """A plausible view; front, back and both sides come equally often."""
        centre = (0.0, 90.0, 180.0, -90.0)[int(rng.integers(4))]
        walking = bool(rng.random() < 0.75)
        busy = person.umbrella is not None or person.bag in (
            "suitcase",
            "briefcase",
            "shopping bag",
            "handbag",
        )
        gesture = (
            str(rng.choice(["phone", "call", "pockets", "book"]))
            if rng.random() < 0.25 and not busy
            else "none"
        )
        return cls(
            yaw=float(centre + rng.uniform(-38, 38)),
            pitch=float(rng.uniform(3, 22)) if pitch is None else pitch,
            phase=float(rng.random()),
            walking=walking,
            gesture=gesture,
            hidden=float(rng.uniform(0.08, 0.3)) if rng.random() < 0.08 else 0.0,
        )


@dataclass(frozen=True)
class Figure:
    """Lengths and half widths of a body, in metres."""

    height: float
    shoulder: float
    hip: float
    chest_depth: float
    belly: float
    waist: float
    limb: float
    head: float

    @classmethod
    def of(cls, person: Pedestrian, rng: np.random.Generator) -> Figure:
        """The body of a person; `rng` is the person's own."""
        woman = person.sex == "female"
        height = {"child": 1.22, "young": 1.7, "adult": 1.72, "elderly": 1.66}[person.age] - 0.1 * woman * (
            person.age != "child"
        )
        height += float(rng.normal(0, 0.035))
        wide = {"slim": 0.92, "average": 1.0, "heavy": 1.17}[person.build]
        deep = {"slim": 0.88, "average": 1.0, "heavy": 1.38}[person.build]
        child = person.age == "child"
        return cls(
            height=height,
            shoulder=height * (0.112 if woman else 0.124) * (0.96 if child else 1) * (1 + (wide - 1) * 0.6),
            hip=height * (0.098 if woman else 0.092) * wide,
            chest_depth=height * 0.068 * (1 + (deep - 1) * 0.6),
            belly=height * 0.066 * deep,
            waist=height * (0.076 if woman else 0.086) * wide,
            limb=height * wide**0.8,
            head=height * (0.086 if child else 0.069),
        )


def joints(person: Pedestrian, figure: Figure, view: View, stoop: float) -> dict[str, np.ndarray]:
    """Where the joints of a person are.

    Args:
        person: who; clothes shorten the step and what is carried holds the arms.
        figure: the person's body.
        view: the moment.
        stoop: radians that the back leans forward.

    Returns:
        Joint name -> [3] position in the body frame, metres; "toe_l" and "toe_r" are directions. "l" and "r"
        are the person's own sides (left is +x).
    """
    h = figure.height
    narrow = skirted(person)
    swing = (0.46 if view.walking else 0.06) * (0.74 if narrow else 1.0)
    ahead = float(np.sin(2 * np.pi * view.phase))
    found = _legs(h, swing, view)
    lean = 0.05 * view.walking + stoop
    up = np.array([0.0, np.cos(lean), np.sin(lean)])
    pelvis = found["pelvis"]
    neck = pelvis + up * 0.335 * h
    head = neck + np.array([0, 0.087 * h, 0.018 * h + 0.03 * stoop]) + up * (figure.head - 0.069 * h)
    found |= {"neck": neck, "head": head}
    twist = 0.12 * ahead * view.walking * figure.shoulder
    for side, sign in (("l", 1.0), ("r", -1.0)):
        across = sign * np.array([figure.shoulder - 0.029 * h, 0, -twist])
        shoulder = pelvis + up * 0.278 * h + across
        forward, bend, out, inward = _arm(person, figure, view, side, -sign * swing * ahead)
        apart = np.sin(out)
        elbow = shoulder + 0.165 * h * np.array(
            [sign * apart, -np.cos(forward) * np.cos(out), np.sin(forward)]
        )
        total = forward + bend
        sideways = sign * (0.35 * apart * np.cos(total) - inward)
        wrist = elbow + 0.145 * h * np.array([sideways, -np.cos(total), np.sin(total)])
        found |= {f"shoulder_{side}": shoulder, f"elbow_{side}": elbow, f"wrist_{side}": wrist}
    return found


def _legs(h: float, swing: float, view: View) -> dict[str, np.ndarray]:
    """Hips, knees, ankles, toes and the pelvis; the lower foot touches the ground."""
    found: dict[str, np.ndarray] = {}
    for side, sign in (("l", 1.0), ("r", -1.0)):
        ahead = sign * np.sin(2 * np.pi * view.phase)
        rising = max(sign * np.cos(2 * np.pi * view.phase), 0.0)
        angle = 0.95 * swing * ahead + 0.06
        bend = 0.08 + 0.75 * rising**1.5 + 0.12 * max(-ahead, 0.0) if view.walking else 0.05
        low = angle - bend
        hip = np.array([sign * 0.046 * h, 0.0, 0.0])
        knee = hip + 0.245 * h * np.array([sign * 0.01, -np.cos(angle), np.sin(angle)])
        ankle = knee + 0.235 * h * np.array([-sign * 0.02, -np.cos(low), np.sin(low)])
        found |= {f"hip_{side}": hip, f"knee_{side}": knee, f"ankle_{side}": ankle}
        found[f"toe_{side}"] = np.array([sign * 0.15, 0.8 * np.sin(low) if low < 0 else 0.5 * low, 1.0])
    lift = np.array([0.0, 0.042 * h - min(found["ankle_l"][1], found["ankle_r"][1]), 0.0])
    return {name: at if name.startswith("toe") else at + lift for name, at in found.items()} | {
        "pelvis": lift
    }


def _arm(
    person: Pedestrian, figure: Figure, view: View, side: str, swing: float
) -> tuple[float, float, float, float]:
    """Radians that one arm swings forward, bends and is held away; and how far the hand turns in."""
    forward = swing + 0.02
    if side == "r" and person.umbrella is not None:
        return 0.35, 1.9, 0.12, 0.1
    if side == "r" and view.gesture == "phone":
        return 0.35, 1.45, 0.1, 0.45
    if side == "r" and view.gesture == "call":
        return 0.5, 2.45, 0.35, 0.25
    if view.gesture == "book":
        return 0.15, 1.35, 0.1, 0.75
    if view.gesture == "pockets":
        return -0.22, 0.55, 0.32, 0.4
    if side == "r" and person.bag == "suitcase":
        return -0.42, 0.05, 0.2, 0.0
    if side == "l" and person.bag in ("briefcase", "shopping bag", "handbag"):
        return 0.25 * forward, 0.12, 0.16, 0.0
    if side == "l" and person.bag == "shoulder bag":
        return 0.1, 1.0, 0.2, 0.2
    bend = 0.22 + 0.35 * max(forward, 0.0) + 0.12 * view.walking
    return forward, bend, 0.13 + 1.8 * (figure.waist / figure.height - 0.08), 0.0
