"""From annotated crops to the batch that a training step sees."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader
from transformers import PreTrainedTokenizerBase

from textreid.data.batches import EpochBatches, PairDataset, collate
from textreid.data.image_augment import train_transform
from textreid.data.training_set import TrainingSet, contiguous_labels
from textreid.errors import ImageError
from textreid.models.pretrained.vocabulary import learn_vocabulary
from textreid.recipe import AugmentRecipe, TextRecipe
from textreid.types import PersonCrop

CAPTIONS = ("a man in red", "a tall man in a red coat with a very long black umbrella")
ORDER = [[0, 1, 2], [3, 4, 5], [1, 1, 0]]


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerBase:
    return learn_vocabulary(CAPTIONS, 100)


@pytest.fixture
def pairs(tmp_path: Path) -> PairDataset:
    crops = []
    for number in range(6):
        path = tmp_path / f"{number}.png"
        Image.effect_noise((20 + number, 50), 80).convert("RGB").save(path)
        camera = None if number == 5 else number
        crops.append(PersonCrop(path.name, path, 10 * number, camera, captions=CAPTIONS))
    crops.append(PersonCrop("silent", path, 10, 1))  # an image that nobody has described
    trust = [[1.0, 0.5]] * 6 + [[]]
    data = TrainingSet(crops, [0, 1, 2, 3, 4, 5, 1], [0] * 6 + [1], trust, torch.arange(14).reshape(7, 2), {})
    return PairDataset(data, train_transform(AugmentRecipe(), (64, 32)))


def epoch(
    pairs: PairDataset, tokenizer: PreTrainedTokenizerBase, *, seed: int = 0, epoch: int = 0
) -> EpochBatches:
    return EpochBatches(pairs, ORDER, tokenizer, TextRecipe(), seed=seed, epoch=epoch)


def test_shapes_and_types(pairs: PairDataset, tokenizer: PreTrainedTokenizerBase) -> None:
    batch = collate([pairs[index] for index in (0, 5, 3)], tokenizer, TextRecipe())
    assert (batch.images.shape, batch.images.dtype) == ((3, 3, 64, 32), torch.uint8)
    assert batch.token_ids.shape == batch.token_mask.shape
    for name in ("token_ids", "token_mask", "labels", "image_ids", "camera_ids"):
        assert getattr(batch, name).dtype == torch.int64
    assert batch.labels.tolist() == [0, 5, 3]
    assert batch.image_ids.tolist() == [0, 5, 3]
    assert batch.camera_ids.tolist() == [0, -1, 3]


def test_captions_are_padded_to_the_longest_and_no_further(
    pairs: PairDataset, tokenizer: PreTrainedTokenizerBase
) -> None:
    batch = collate([pairs[index] for index in range(6)], tokenizer, TextRecipe())
    assert batch.token_mask.sum(1).max() == batch.token_mask.shape[1]
    assert torch.equal(batch.token_mask == 0, batch.token_ids == tokenizer.pad_token_id)


def test_only_some_images_have_a_caption(pairs: PairDataset, tokenizer: PreTrainedTokenizerBase) -> None:
    batch = collate([pairs[index] for index in (6, 2, 6, 1)], tokenizer, TextRecipe(), epoch=3)
    assert batch.text_rows.tolist() == [1, 3]
    assert batch.text_labels.tolist() == [2, 1]
    assert len(batch.token_ids) == len(batch.token_mask) == len(batch.trust) == 2
    assert batch.domains.tolist() == [1, 0, 1, 0]
    assert batch.attributes.tolist() == [[12, 13], [4, 5], [12, 13], [2, 3]]
    assert batch.epoch == 3


def test_a_text_is_known_by_its_place_among_all_captions(
    pairs: PairDataset, tokenizer: PreTrainedTokenizerBase
) -> None:
    samples = [pairs[index] for index in (4, 6, 0, 5, 0)]
    batch = collate(samples, tokenizer, TextRecipe())
    captions = [sample.caption for sample in samples if sample.caption is not None]
    assert [pairs.data.captions[place] for place in batch.text_ids.tolist()] == captions
    assert [place // 2 for place in batch.text_ids.tolist()] == [4, 0, 5, 0]


def test_no_image_has_a_caption(pairs: PairDataset, tokenizer: PreTrainedTokenizerBase) -> None:
    batch = collate([pairs[6], pairs[6]], tokenizer, TextRecipe())
    assert (len(batch.token_ids), len(batch.text_rows), len(batch.text_labels)) == (0, 0, 0)


def test_a_caption_is_believed_as_far_as_the_data_says(pairs: PairDataset) -> None:
    torch.manual_seed(0)
    trust = dict(zip(CAPTIONS, (1.0, 0.5), strict=True))
    assert all(sample.trust == trust[sample.caption] for sample in (pairs[0] for _ in range(20)))


def test_an_image_that_cannot_be_read_is_named(pairs: PairDataset) -> None:
    broken = pairs.data.crops[2].image
    broken.write_bytes(b"no image")
    with pytest.raises(ImageError, match=re.escape(str(broken))):
        pairs[2]


def test_every_caption_is_drawn(pairs: PairDataset) -> None:
    torch.manual_seed(0)
    assert {pairs[0].caption for _ in range(20)} == set(CAPTIONS)


def test_a_batch_depends_on_seed_epoch_and_number_alone(
    pairs: PairDataset, tokenizer: PreTrainedTokenizerBase
) -> None:
    first, again = epoch(pairs, tokenizer)[1], epoch(pairs, tokenizer)[1]
    assert torch.equal(first.images, again.images)
    assert torch.equal(first.token_ids, again.token_ids)
    for other in (epoch(pairs, tokenizer, seed=1)[1], epoch(pairs, tokenizer, epoch=1)[1]):
        assert not torch.equal(first.images, other.images)


def test_an_image_that_comes_twice_in_a_batch_is_varied_twice(
    pairs: PairDataset, tokenizer: PreTrainedTokenizerBase
) -> None:
    images = epoch(pairs, tokenizer)[2].images
    assert not torch.equal(images[0], images[1])


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_change_nothing(pairs: PairDataset, tokenizer: PreTrainedTokenizerBase, workers: int) -> None:
    batches = epoch(pairs, tokenizer)
    loader = DataLoader(batches, batch_size=None, sampler=range(1, 3), num_workers=workers)
    for number, batch in zip(range(1, 3), loader, strict=True):
        assert torch.equal(batch.images, batches[number].images)
        assert torch.equal(batch.token_ids, batches[number].token_ids)


def test_labels_are_contiguous_and_keep_data_sets_apart() -> None:
    crops = [PersonCrop(str(n), Path("x"), person) for n, person in enumerate([7, 3, 7, 3, 900])]
    assert contiguous_labels(crops, [0, 0, 0, 1, 1]) == [1, 0, 1, 2, 3]


def test_junk_and_unknown_people_have_no_class() -> None:
    crops = [PersonCrop(str(n), Path("x"), person) for n, person in enumerate([-1, 3, None, 0])]
    assert contiguous_labels(crops, [0, 0, 0, 0]) == [-1, 1, -1, 0]


class TestVariedCaptions:
    def test_hidden_tokens_are_a_second_copy(
        self, pairs: PairDataset, tokenizer: PreTrainedTokenizerBase
    ) -> None:
        batch = collate([pairs[index] for index in (0, 6, 1)], tokenizer, TextRecipe(predict=0.3))
        assert batch.masked_ids is not None
        assert batch.masked_targets is not None
        guessed = batch.masked_targets != -100
        assert guessed.any(dim=1).all()
        assert torch.equal(batch.masked_targets[guessed], batch.token_ids[guessed])
        assert torch.equal(batch.masked_ids[~guessed], batch.token_ids[~guessed])

    def test_nothing_hidden_unless_asked(
        self, pairs: PairDataset, tokenizer: PreTrainedTokenizerBase
    ) -> None:
        batch = collate([pairs[0]], tokenizer, TextRecipe())
        assert batch.masked_ids is None
        assert not (batch.token_ids == tokenizer.mask_token_id).any()

    def test_masked_tokens_are_those_of_the_mask(
        self, pairs: PairDataset, tokenizer: PreTrainedTokenizerBase
    ) -> None:
        batch = collate([pairs[0]], tokenizer, TextRecipe(mask=1.0))
        special = torch.isin(batch.token_ids, torch.tensor(tokenizer.all_special_ids))
        assert special.all()

    def test_words_are_left_out_before_they_are_tokens(
        self, pairs: PairDataset, tokenizer: PreTrainedTokenizerBase
    ) -> None:
        whole = collate([pairs[0]] * 4, tokenizer, TextRecipe())
        fewer = collate([pairs[0]] * 4, tokenizer, TextRecipe(delete=0.9))
        assert fewer.token_mask.sum() < whole.token_mask.sum()
