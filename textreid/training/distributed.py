"""Several processes, one batch: each encodes its part, and all compare with the rows of all."""

from __future__ import annotations

import atexit
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import accumulate
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import AutocastKwargs, DistributedDataParallelKwargs, InitProcessGroupKwargs
from torch import Tensor, distributed
from torch.nn import functional as F

from textreid.errors import InputError
from textreid.io.forked import one_thread_in_forks
from textreid.types import Batch, Encoded, Features

PATIENCE = timedelta(days=1)
"""How long processes wait for the first one, which measures and reads features alone."""


def is_shared() -> bool:
    """Whether other processes train the same model."""
    return distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1


def gather(encoded: Encoded, batch: Batch) -> tuple[Encoded, Batch]:
    """The rows of all processes, in order of their ranks; a process alone has them all.

    A loss of these rows has the same value in every process. Only a process's own rows have a graph, and
    their gradient comes back times the number of processes, because data-parallel training takes the mean
    over processes: so what is learned from a batch is the same, however many processes there are.

    Args:
        encoded: of the images and texts of this process; their numbers may differ between processes, but
            all or none of them must have texts, be it [0, D] of them.
        batch: of this process.

    Returns:
        Pooled vectors and views of all rows, without tokens; labels, ids, attributes and trust of all rows,
        without pixels and tokens. Texts are None if no process has any.
    """
    if not is_shared():
        return encoded, batch
    images, texts = _lengths(batch.labels), _lengths(batch.text_rows)
    first = torch.tensor([0, *accumulate(images[:-1])], device=batch.labels.device)
    shift = first.repeat_interleave(torch.tensor(texts, device=first.device))
    of_images = ("labels", "image_ids", "camera_ids", "domains", "attributes")
    images_of_all: Any = {name: _everywhere(getattr(batch, name), images) for name in of_images}
    whole = replace(
        batch,
        **images_of_all,
        text_rows=_everywhere(batch.text_rows, texts) + shift,
        trust=_everywhere(batch.trust, texts),
        images=batch.images[:0],
        token_ids=batch.token_ids[:0],
        token_mask=batch.token_mask[:0],
        masked_ids=None,
        masked_targets=None,
        text_ids=None,
    )

    def join(own: Encoded) -> Encoded:
        text = _features(own.text, texts) if own.text is not None and any(texts) else None
        return Encoded(_features(own.image, images), text, teacher=own.teacher and join(own.teacher))

    return join(encoded), whole


def _features(own: Features, lengths: Sequence[int]) -> Features:
    views = {name: join_rows(parts, lengths) for name, parts in own.views.items()}
    return Features(join_rows(own.pooled, lengths), views)


def split_rows(count: int) -> list[int]:
    """How many of `count` rows each process takes, in order of their ranks."""
    processes = distributed.get_world_size() if is_shared() else 1
    return [count // processes + (rank < count % processes) for rank in range(processes)]


def own_rows(count: int) -> range:
    """Which of `count` rows this process takes; none where there are fewer rows than processes."""
    lengths = split_rows(count)
    rank = distributed.get_rank() if is_shared() else 0
    return range(sum(lengths[:rank]), sum(lengths[: rank + 1]))


def same_everywhere(number: int) -> int:
    """The number that the first process has drawn."""
    drawn = [number]
    if is_shared():
        distributed.broadcast_object_list(drawn)
    return drawn[0]


def join_rows(own: Tensor, lengths: Sequence[int]) -> Tensor:
    """The rows of all processes, of which those of this one have a graph.

    For a loss that every process computes alike from all rows: see `gather` for the gradient.

    Args:
        own: [n, ...] of this process.
        lengths: n of each process.
    """
    if not is_shared():
        return own
    parts = list(_everywhere(own.detach(), lengths).split(list(lengths)))
    if own.requires_grad:
        own = own.view_as(own)  # so that the hook is on these rows as they are compared, and on no other use
        own.register_hook(lambda gradient: gradient * len(parts))
    parts[distributed.get_rank()] = own
    return torch.cat(parts)


def _everywhere(own: Tensor, lengths: Sequence[int]) -> Tensor:
    """The rows of all processes, without a graph."""
    padded = F.pad(own, (0, 0) * (own.ndim - 1) + (0, max(lengths) - len(own))).contiguous()
    parts = [torch.empty_like(padded) for _ in lengths]
    if padded.numel():
        distributed.all_gather(parts, padded)
    return torch.cat([part[:length] for part, length in zip(parts, lengths, strict=True)])


def _lengths(own: Tensor) -> list[int]:
    """How many rows each process has."""
    length = torch.tensor([len(own)], device=own.device)
    lengths = [torch.empty_like(length) for _ in range(distributed.get_world_size())]
    distributed.all_gather(lengths, length)
    return [int(one) for one in torch.cat(lengths).tolist()]


def make_accelerator(device: str, precision: str) -> Accelerator:
    """Devices and processes, as `accelerate` finds them.

    Args:
        device: "cpu", or the kind of device to find; "cuda:1" is that one.
        precision: as in a recipe; the towers choose where they compute in it (see `Step`).

    Raises:
        InputError: "fp16" on a CPU.
    """
    atexit.unregister(_take_leave)
    one_thread_in_forks()
    if precision == "fp16" and device == "cpu":
        raise InputError("fp16 is for GPUs: --set precision=bf16")
    if device.startswith("cuda:"):
        torch.cuda.set_device(device)
    # A process may have nothing to learn with some weights, such as those of a matcher without texts.
    # Batch statistics are the first process's own, and memory banks are alike everywhere: none is sent.
    handlers = [
        AutocastKwargs(enabled=False),
        DistributedDataParallelKwargs(find_unused_parameters=True, broadcast_buffers=False),
        InitProcessGroupKwargs(timeout=PATIENCE),
    ]
    scaled = "fp16" if precision == "fp16" else "no"
    return Accelerator(cpu=device == "cpu", mixed_precision=scaled, kwargs_handlers=handlers)


def leave_at_exit() -> None:
    """Let this process take leave of the others before Python ends, which threads of theirs would abort.

    After an error it does not: one that waits for the others then waits for ever.
    """
    atexit.register(_take_leave)


def _take_leave() -> None:
    if distributed.is_available() and distributed.is_initialized():
        distributed.destroy_process_group()
