"""What one view of a person lets a writer see."""

from __future__ import annotations

from textreid.synthetic.pedestrians.pedestrian import Pedestrian
from textreid.synthetic.pedestrians.pose import View

_ON_THE_LEFT = ("handbag", "shoulder bag", "tote bag", "shopping bag", "briefcase")


def visible_facts(person: Pedestrian, view: View) -> frozenset[str]:
    """Names of the things about a person that a view shows.

    Args:
        person: who.
        view: the moment.

    Returns:
        A subset of "hair", "hat", "glasses", "upper", "print", "inner", "scarf", "lower", "shoes", "bag",
        "umbrella", "gesture".
    """
    side = view.side
    seen = {"upper"}
    if person.hat in ("none",) or (person.hat != "hood" and person.hair in ("long", "ponytail", "medium")):
        seen.add("hair")
    if person.hat != "none":
        seen.add("hat")
    if person.glasses != "none" and side == "front":
        seen.add("glasses")
    if side == "front":
        seen |= {"print"} | ({"inner"} if person.inner_colour else set())
    if person.scarf and side != "back":
        seen.add("scarf")
    if person.lower != "none" and view.hidden < 0.32:
        seen.add("lower")
    if view.hidden < 0.04 and person.lower != "long skirt":
        seen.add("shoes")
    if (
        person.bag != "none"
        and not _bag_is_behind(person.bag, side)
        and (view.hidden < 0.15 or person.bag != "suitcase")
    ):
        seen.add("bag")
    if person.umbrella:
        seen.add("umbrella")
    if view.gesture != "none" and (side != "back" or view.gesture == "call"):
        seen.add("gesture")
    return frozenset(seen)


def _bag_is_behind(bag: str, side: str) -> bool:
    return (side == "right" and bag in _ON_THE_LEFT) or (side == "left" and bag == "messenger bag")
