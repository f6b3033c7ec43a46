"""How a person stands or walks: joints in the body frame, and the view they are seen in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from textreid.data.synthetic.pedestrian import Pedestrian

SIDES = ("front", "left", "right", "back")


@dataclass(frozen=True)
class View:
    """One moment of a person before a camera.

    Attributes:
        yaw: degrees; 0 faces the camera, 90 faces the image's right, 180 is seen from behind, -90 faces left.
        pitch: degrees that the camera looks down.
        phase: 0..1, where in the walking cycle.
        walking: False stands still.
        gesture: "none", "phone" (held in front), "call" (phone at the ear), "pockets" or "book".
        hidden: share of the person, from the ground up, that something in front hides (0..0.4).
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


def joints(
    figure: Figure, view: View, *, umbrella: bool, bag: str, stoop: float = 0.0
) -> dict[str, np.ndarray]:
    """Joint name -> [3] position in the body frame, metres.

    "l" and "r" are the person's own left and right (left is +x when facing the camera).
    """
    h = figure.height
    swing = 0.46 if view.walking else 0.06
    leg = {"l": np.sin(2 * np.pi * view.phase), "r": -np.sin(2 * np.pi * view.phase)}
    rising = {"l": np.cos(2 * np.pi * view.phase), "r": -np.cos(2 * np.pi * view.phase)}
    found: dict[str, np.ndarray] = {}
    thigh, shin = 0.245 * h, 0.235 * h
    spread = 0.046 * h
    lowest = 0.0
    for side, sign in (("l", 1.0), ("r", -1.0)):
        hip = np.array([sign * spread, 0.0, 0.0])
        angle = swing * leg[side] * 0.95 + 0.06
        bend = (
            (0.08 + 0.75 * max(rising[side], 0.0) ** 1.5 + 0.12 * max(-leg[side], 0))
            if view.walking
            else 0.05
        )
        knee = hip + thigh * np.array([sign * 0.01, -np.cos(angle), np.sin(angle)])
        ankle = knee + shin * np.array([-sign * 0.02, -np.cos(angle - bend), np.sin(angle - bend)])
        found |= {f"hip_{side}": hip, f"knee_{side}": knee, f"ankle_{side}": ankle}
        found[f"toe_{side}"] = np.array([sign * 0.12, 0.0, 1.0])
        drop = angle - bend
        found[f"toe_{side}"] = np.array([sign * 0.15, np.sin(min(drop, 0.0)) * 0.8 + max(drop, 0) * 0.5, 1.0])
        lowest = min(lowest, float(ankle[1]))
    ground = -lowest + 0.042 * h
    for name in list(found):
        if not name.startswith("toe"):
            found[name] = found[name] + [0, ground, 0]
    pelvis = np.array([0.0, ground, 0.0])
    lean = 0.05 * view.walking + stoop
    up = np.array([0.0, np.cos(lean), np.sin(lean)])
    chest = pelvis + up * 0.315 * h
    neck = pelvis + up * 0.335 * h
    head = neck + np.array([0, 0.087 * h, 0.018 * h + 0.03 * stoop]) + up * (figure.head - 0.069 * h)
    found |= {"pelvis": pelvis, "chest": chest, "neck": neck, "head": head}
    arm, fore = 0.165 * h, 0.145 * h
    twist = 0.12 * leg["l"] * view.walking
    for side, sign in (("l", 1.0), ("r", -1.0)):
        shoulder = (
            pelvis
            + up * 0.285 * h
            + np.array([sign * (figure.shoulder - 0.029 * h), 0, -sign * twist * figure.shoulder])
        )
        angle = -swing * leg[side] * 1.0 + 0.02
        flex = 0.22 + 0.35 * max(angle, 0) + (0.12 if view.walking else 0)
        out = 0.13 + 0.12 * (figure.waist / h - 0.08) / 0.02 * 0.3
        gesture = view.gesture
        turn_in = 0.0
        if umbrella and side == "r":
            angle, flex, out, turn_in = 0.35, 1.9, 0.12, 0.1
        elif gesture == "phone" and side == "r":
            angle, flex, out, turn_in = 0.35, 1.45, 0.1, 0.45
        elif gesture == "call" and side == "r":
            angle, flex, out, turn_in = 0.5, 2.45, 0.35, 0.25
        elif gesture == "book":
            angle, flex, out, turn_in = 0.15, 1.35, 0.1, 0.75
        elif gesture == "pockets":
            angle, flex, out, turn_in = -0.22, 0.55, 0.32, 0.4
        elif bag in ("suitcase",) and side == "r":
            angle, flex, out = -0.42, 0.05, 0.2
        elif bag in ("briefcase", "shopping bag", "handbag") and side == "l":
            angle, flex, out = angle * 0.25, 0.12, 0.16
        elif bag == "shoulder bag" and side == "l":
            angle, flex, out, turn_in = 0.1, 1.0, 0.2, 0.2
        elbow = shoulder + arm * np.array([sign * np.sin(out), -np.cos(angle) * np.cos(out), np.sin(angle)])
        total = angle + flex
        wrist = elbow + fore * np.array(
            [-sign * turn_in + sign * np.sin(out) * 0.35 * np.cos(total), -np.cos(total), np.sin(total)]
        )
        found |= {f"shoulder_{side}": shoulder, f"elbow_{side}": elbow, f"wrist_{side}": wrist}
    return found
