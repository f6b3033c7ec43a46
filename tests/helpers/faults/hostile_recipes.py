"""Recipes with values that nobody means: of a wrong type, beyond any size, with half a character, endless."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

NUMBERS = [
    *("nan", "-nan", "inf", "-inf", "1e999", "1e308", "1e-308", "-1", "0", "-0.0", "0.5", "true", "false"),
]
LARGE = [str(10**9), str(-(10**9)), str(2**63 - 1), str(2**63), "9" * 4_000, "9" * 5_000]
TEXTS = [
    '""',
    '"x"',
    '"\\u0000"',
    '"a\\nb"',
    '"../.."',
    '"~nobody-at-all/x"',
    f'"{"x" * 300}"',
    f'"{"/x" * 3_000}"',
    '"\udc80"',  # as the shell hands on a byte that is no UTF-8
]
LISTS = [
    *("[]", "[1]", "[1, 2, 3]", '["x", 1]', "[[]]", "[nan, inf]", "[-1, -1]", "[0, 0]", "[" * 5_000),
    *("[1000000000, 1000000000]", "{}", "{ x = 1 }", "{ name = [] }", "1979-05-27"),
]
_KEYS = """
description accumulate average precision recompute save_epochs workers seed
model model.init model.image_init model.text_init model.image_backbone model.image_options model.frozen
model.text_layers_to_keep model.text_length model.projection_dim model.text_layers model.text_width
model.vocabulary model.text_dropout model.reads_text model.keep model.branches model.matcher model.hubs
model.global_weight model.neck_weight model.interpolate model.image_options.depth model.image_options.pooling
model.branches.stripes.count model.branches.stripes.dim model.branches.granularity.counts
model.branches.selection.words model.branches.patches.weight model.branches.x.y
model.matcher.width model.matcher.heads model.matcher.weight model.matcher.name
data data.0.name data.0.root data.0.split data.0.identities data.0.images data.0.trust data.0.attributes
data.9.x val sampler sampler.identities sampler.images sampler.balance sampler.hard_neighbours
augment augment.flip augment.pad augment.erase augment.erase_with augment.erase_area augment.jitter
text text.shuffle text.mask noise noise.warmup
loss loss.sdm loss.sdm.weight loss.sdm.temperature loss.triplet.margin loss.circle.scale loss.mlm.layers
loss.mlm.heads loss.mlm.width loss.identification.smoothing loss.cmpm.epsilon loss.x.y
stages stages.0 stages.0.name stages.0.epochs stages.0.image_size stages.0.image_rate stages.0.warmup
stages.0.schedule stages.0.drops stages.0.drop stages.0.final stages.0.frozen locked phases phases.0.epochs
optimizer optimizer.name optimizer.weight_decay optimizer.betas optimizer.momentum optimizer.clip
a.b.c .
"""
KEYS = _KEYS.split()


def values() -> st.SearchStrategy[str]:
    """A value as TOML spells it, or nearly."""
    drawn = st.integers().map(str) | st.floats().map(str) | st.text(max_size=30).map(json.dumps)
    return st.sampled_from([*NUMBERS, *LARGE, *TEXTS, *LISTS]) | drawn


def overrides() -> st.SearchStrategy[list[str]]:
    """One or two `key=value`, as after `--set`."""
    one = st.builds("{}={}".format, st.sampled_from(KEYS), values())
    return st.lists(one | st.text(max_size=20), min_size=1, max_size=2)


def files() -> st.SearchStrategy[bytes]:
    """What may stand in a recipe's file."""
    lines = st.lists(st.builds("{} = {}".format, st.sampled_from(KEYS), values()), max_size=4)
    spelled = lines.map(lambda rows: "\n".join(rows).encode("utf-8", "surrogateescape"))
    marks = st.sampled_from(
        [b"", b"\xff\xfea\x00", b"\xef\xbb\xbfseed = 1", b"\0", b"a = [" * 3_000, b"a." * 3_000 + b"b = 1"]
    )
    return spelled | marks | st.binary(max_size=80)


def tables() -> st.SearchStrategy[dict[str, Any]]:
    """What a run's recipe.json may hold after somebody wrote into it."""
    scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    names = st.sampled_from(sorted({key.partition(".")[0] for key in KEYS}))
    keys = names | st.text(max_size=8)
    inner: st.SearchStrategy[Any] = st.recursive(
        scalars,
        lambda deeper: st.lists(deeper, max_size=3) | st.dictionaries(keys, deeper, max_size=3),
        max_leaves=6,
    )
    return st.dictionaries(names, inner, max_size=4)
