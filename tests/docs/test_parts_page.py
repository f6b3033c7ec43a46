"""The page on parts tells of every branch, with options that exist and modules that can be frozen."""

from __future__ import annotations

import tomllib

import pytest

from tests.helpers.docs_pages import Block, read_pages
from textreid import losses
from textreid.models import aligners, branches

(PAGE,) = (page for page in read_pages() if page.name.endswith("parts.md"))
SNIPPETS = [block for block in PAGE.blocks if block.language == "toml" and "[model.branches" in block.text]
ALIGNERS = [block for block in PAGE.blocks if block.language == "toml" and "[model.aligner]" in block.text]


@pytest.mark.parametrize("name", branches.names())
def test_every_branch_has_a_section_and_a_row(name: str) -> None:
    lines = PAGE.text.splitlines()
    assert f"## {name}" in lines
    assert any(line.startswith(f"| [`{name}`](#{name}) |") for line in lines)


def test_every_aligner_is_told_of_with_options_that_exist() -> None:
    tables = [tomllib.loads(block.text)["model"]["aligner"] for block in ALIGNERS]
    assert {table["name"] for table in tables} == set(aligners.names())
    assert all(aligners.create(table, image_width=8) for table in tables)


@pytest.mark.parametrize("block", SNIPPETS, ids=lambda block: block.where)
def test_snippets_name_branches_options_losses_and_modules_that_exist(block: Block) -> None:
    recipe = tomllib.loads(block.text)
    text_width = 12 if recipe["model"].get("reads_text", True) else None
    found = {
        name: branches.create(name, options, image_width=8, text_width=text_width)
        for name, options in recipe["model"]["branches"].items()
    }
    assert found
    for loss, _, branch in (name.partition("@") for name in recipe.get("loss", {})):
        assert loss in losses.names()
        assert not branch or branch in found
    for module in (name for stage in recipe.get("stages", []) for name in stage.get("frozen", [])):
        where, _, within = module.partition(".")
        assert where in ("image_tower", "image_projection", "branches")
        if within:
            name, _, part = within.partition(".")
            assert found[name].get_submodule(part) is not None
