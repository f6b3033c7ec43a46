"""The page on losses tells of every one, with options that exist."""

from __future__ import annotations

import tomllib

import pytest

from tests.helpers.batches import SIZES
from tests.helpers.docs_pages import Block, read_pages
from textreid import losses

(PAGE,) = (page for page in read_pages() if page.name.endswith("losses.md"))
SNIPPETS = [block for block in PAGE.blocks if block.language == "toml"]


@pytest.mark.parametrize("name", losses.names())
def test_every_loss_has_a_section_and_a_row(name: str) -> None:
    lines = PAGE.text.splitlines()
    assert f"## {name}" in lines
    assert any(line.startswith(f"| [`{name}`](#{name}) |") for line in lines)


@pytest.mark.parametrize("block", SNIPPETS, ids=lambda block: block.where)
def test_snippets_name_losses_and_options_that_exist(block: Block) -> None:
    for name, options in tomllib.loads(block.text)["loss"].items():
        weight, _ = losses.create(name.partition("@")[0], options, SIZES["stripes"])
        assert weight == options.get("weight", 1.0)
