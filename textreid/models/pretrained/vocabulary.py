"""WordPiece vocabularies of a wanted size: a pretrained one made smaller, or one learned from captions."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import BertProcessing
from tokenizers.trainers import WordPieceTrainer
from transformers import PreTrainedTokenizerFast

MAX_TOKENS = 128
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def prune_vocabulary(
    path: Path, captions: Sequence[str], size: int
) -> tuple[PreTrainedTokenizerFast, list[int]]:
    """A smaller tokenizer, and the old id of each piece that it keeps, in the old order.

    All single ASCII characters stay, so every English word still splits into known pieces; then come the
    pieces that the captions use, most frequent first, then the rest in the vocabulary's own order, which is
    by frequency in general text.

    Args:
        path: a `tokenizer.json` of BERT's form.
        captions: the training captions.
        size: how many pieces to keep, the special ones included.
    """
    spec = json.loads(path.read_text(encoding="utf-8"))
    old: dict[str, int] = spec["model"]["vocab"]
    whole = Tokenizer.from_file(str(path))
    used = Counter(piece for encoding in whole.encode_batch(captions) for piece in encoding.tokens)
    english = [piece for piece in old if piece.isascii() and not piece.startswith("[unused")]
    characters = [piece for piece in english if len(piece.removeprefix("##")) == 1]
    by_use = [piece for piece, _ in used.most_common()]
    chosen = set(list(dict.fromkeys([*SPECIAL, *characters, *by_use, *english]))[:size])
    kept = [piece for piece in sorted(old, key=old.__getitem__) if piece in chosen]
    new = {piece: index for index, piece in enumerate(kept)}
    spec["model"]["vocab"] = new
    for token in spec["added_tokens"]:
        token["id"] = new[token["content"]]
    for token in spec["post_processor"]["special_tokens"].values():
        token["ids"] = [new[piece] for piece in token["tokens"]]
    spec["truncation"] = spec["padding"] = None
    return _wrap(Tokenizer.from_str(json.dumps(spec))), [old[piece] for piece in kept]


def learn_vocabulary(captions: Sequence[str], size: int) -> PreTrainedTokenizerFast:
    """A tokenizer whose pieces are learned from the captions; equal captions give equal pieces.

    Args:
        captions: the training captions.
        size: at most how many pieces, the special ones included.
    """
    normalizer = BertNormalizer()
    characters = sorted(set("".join(map(normalizer.normalize_str, captions))) - set(" "))
    # The trainer numbers characters as a hash table gives them, unless they have their numbers already.
    first = [*SPECIAL, *characters, *(f"##{character}" for character in characters)]
    learner = Tokenizer(WordPiece(unk_token="[UNK]"))
    learner.normalizer, learner.pre_tokenizer = normalizer, BertPreTokenizer()
    trainer = WordPieceTrainer(vocab_size=size, special_tokens=first, show_progress=False)
    learner.train_from_iterator(captions, trainer)
    tokenizer = Tokenizer(WordPiece(learner.get_vocab(), unk_token="[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizer, BertPreTokenizer()
    start, end = ((piece, SPECIAL.index(piece)) for piece in ("[CLS]", "[SEP]"))
    tokenizer.post_processor = BertProcessing(end, start)
    return _wrap(tokenizer)


def _wrap(tokenizer: Tokenizer) -> PreTrainedTokenizerFast:
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=MAX_TOKENS,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_input_names=["input_ids", "attention_mask"],
    )
