"""The words writers use for garments, hair, bags and people. The first of each is the plainest."""

from __future__ import annotations

PEOPLE: dict[tuple[str, str], tuple[str, ...]] = {
    ("female", "child"): ("girl", "little girl", "young girl", "child"),
    ("female", "young"): ("woman", "young woman", "lady", "young lady"),
    ("female", "adult"): ("woman", "lady", "woman", "female"),
    ("female", "elderly"): ("older woman", "elderly woman", "old lady", "elderly lady"),
    ("male", "child"): ("boy", "little boy", "young boy", "child"),
    ("male", "young"): ("man", "young man", "guy", "man"),
    ("male", "adult"): ("man", "man", "gentleman", "male"),
    ("male", "elderly"): ("older man", "elderly man", "old man", "elderly gentleman"),
}

HAIR: dict[str, tuple[str, ...]] = {
    "bald": ("a bald head", "no hair", "a shaved head"),
    "short": ("short {c} hair", "short {c} hair", "short, {c} hair", "{c} hair cut short"),
    "medium": (
        "shoulder-length {c} hair",
        "medium length {c} hair",
        "chin-length {c} hair",
        "{c} hair in a bob",
    ),
    "long": ("long {c} hair", "long {c} hair", "long, {c} hair", "{c} hair worn long and loose"),
    "ponytail": (
        "{c} hair in a ponytail",
        "a {c} ponytail",
        "{c} hair tied back in a ponytail",
        "long {c} hair pulled back",
    ),
    "bun": ("{c} hair in a bun", "{c} hair tied up in a bun", "{c} hair pulled up", "{c} hair worn up"),
    "curly": ("curly {c} hair", "thick curly {c} hair", "bushy {c} hair", "big curly {c} hair"),
}

HATS: dict[str, tuple[str, ...]] = {
    "cap": ("cap", "baseball cap", "cap", "hat"),
    "beanie": ("beanie", "knit hat", "woolly hat", "knit cap"),
    "sun hat": ("sun hat", "wide-brimmed hat", "brimmed hat", "hat"),
}

UPPERS: dict[str, tuple[str, ...]] = {
    "t-shirt": ("t-shirt", "tee shirt", "T-shirt", "shirt", "tee"),
    "polo shirt": ("polo shirt", "polo", "collared shirt"),
    "shirt": ("shirt", "button-down shirt", "button-up shirt", "collared shirt"),
    "blouse": ("blouse", "top", "shirt"),
    "sweater": ("sweater", "jumper", "pullover", "sweatshirt"),
    "hoodie": ("hoodie", "hooded sweatshirt", "hooded top", "hoodie"),
    "jacket": ("jacket", "jacket", "windbreaker"),
    "coat": ("coat", "long coat", "overcoat"),
    "suit jacket": ("suit jacket", "blazer", "suit coat"),
    "down jacket": ("down jacket", "puffer jacket", "puffy jacket", "padded jacket"),
    "tank top": ("tank top", "sleeveless top", "sleeveless shirt", "tank top"),
    "dress": ("dress", "knee-length dress", "dress"),
}

SLEEVES: dict[str, tuple[str, ...]] = {
    "none": ("sleeveless",),
    "short": ("short-sleeved", "short sleeve", "short sleeved"),
    "long": ("long-sleeved", "long sleeve", "long sleeved"),
}
SLEEVES_UNDERSTOOD = ("sweater", "hoodie", "jacket", "coat", "suit jacket", "down jacket", "tank top")

LOWERS: dict[str, tuple[str, ...]] = {
    "trousers": ("trousers", "pants", "slacks", "pants"),
    "jeans": ("jeans", "jeans", "denim jeans", "denim pants"),
    "leggings": ("leggings", "tight pants", "leggings"),
    "shorts": ("shorts", "shorts", "knee-length shorts"),
    "cropped trousers": ("cropped trousers", "capris", "capri pants", "cropped pants"),
    "skirt": ("skirt", "short skirt", "knee-length skirt"),
    "long skirt": ("long skirt", "ankle-length skirt", "maxi skirt"),
}
SINGULAR_LOWERS = ("skirt", "long skirt")

SHOES: dict[str, tuple[str, ...]] = {
    "sneakers": ("sneakers", "trainers", "tennis shoes", "running shoes", "shoes"),
    "shoes": ("shoes", "dress shoes", "leather shoes", "shoes"),
    "boots": ("boots", "ankle boots", "boots"),
    "sandals": ("sandals", "open sandals", "sandals"),
    "flats": ("flats", "flat shoes", "shoes"),
}

BAGS: dict[str, tuple[str, ...]] = {
    "backpack": ("backpack", "rucksack", "back pack", "book bag"),
    "handbag": ("handbag", "purse", "hand bag"),
    "shoulder bag": ("shoulder bag", "purse", "bag"),
    "messenger bag": ("messenger bag", "crossbody bag", "cross-body bag"),
    "tote bag": ("tote bag", "large bag", "tote"),
    "suitcase": ("suitcase", "rolling suitcase", "trolley case", "wheeled suitcase"),
    "shopping bag": ("shopping bag", "plastic bag", "carrier bag"),
    "briefcase": ("briefcase", "laptop bag", "briefcase"),
}

# How a view is introduced; what somebody does who walks, or stands; and the verb of a sentence about walking.
ACTIONS: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "front": (
        ("Seen from the front", "Facing the camera"),
        ("walking towards the camera", "walking forward"),
        ("standing and facing the camera", "standing still"),
        ("walks forward", "comes closer"),
    ),
    "back": (
        ("Seen from behind", "With {own} back to the camera", "From the back"),
        ("walking away from the camera", "walking away"),
        ("standing with {own} back to the camera",),
        ("walks away", "walks on"),
    ),
    "side": (
        ("In profile facing {side}", "Side-on to the {side}", "Seen from the side"),
        ("walking to the {side}", "walking {side}"),
        ("standing side-on and facing {side}",),
        ("walks to the {side}", "walks past"),
    ),
}

PATTERNS: dict[str, tuple[str, ...]] = {
    "plain": ("a {main} {noun}",) * 3,
    "striped": (
        "a {main} and {second} striped {noun}",
        "a {main} {noun} with {second} stripes",
        "a striped {main} and {second} {noun}",
    ),
    "checked": (
        "a {main} and {second} plaid {noun}",
        "a {main} and {second} checked {noun}",
        "a checkered {main} and {second} {noun}",
    ),
    "print": (
        "a {main} {noun} with a {second} print on the front",
        "a {main} {noun} with a {second} logo",
        "a {main} {noun} with a {second} design on the chest",
    ),
    "floral": (
        "a {main} {noun} with {second} flowers",
        "a {main} and {second} floral {noun}",
        "a {main} {noun} with a {second} flower pattern",
    ),
    "camouflage": (
        "a camouflage {noun}",
        "a green and brown camouflage {noun}",
        "an army camouflage {noun}",
    ),
    "two-tone": (
        "a {main} and {second} {noun}",
        "a two-tone {main} and {second} {noun}",
        "a {main} {noun} with a {second} lower half",
    ),
    "dotted": (
        "a {main} {noun} with {second} dots",
        "a {main} and {second} polka dot {noun}",
        "a {main} {noun} with {second} polka dots",
    ),
}
