"""The compiled adapter: when they take over, what they may change, and when they must not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from tests.helpers.small_models import CAPTIONS, small_recipe, write_clip
from tests.helpers.small_text_graph import MeanEmbedding, token_batch
from textreid.inference import openvino as fast
from textreid.inference.adapters import load_adapter
from textreid.inference.encoder import Encoder
from textreid.inference.onnx_graphs import TextGraph
from textreid.inference.openvino import Switch
from textreid.models.folder import save_model
from textreid.models.pretrained.joint import start_model

ROOT = Path(__file__).parents[2]


class Restless(MeanEmbedding):
    def twist(self, vectors: Tensor) -> Tensor:
        return vectors + torch.randn_like(vectors)


class Branching(MeanEmbedding):
    def twist(self, vectors: Tensor) -> Tensor:
        return vectors if vectors.sum() > 0 else -vectors


@pytest.fixture
def early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast, "COMPILE_AFTER_ROWS", 6)


@pytest.mark.usefixtures("early")
class TestSwitch:
    def test_it_compiles_when_so_many_rows_have_passed(self) -> None:
        graph = TextGraph(MeanEmbedding())
        switch = Switch(graph)
        with torch.inference_mode():
            switch(*token_batch(5, 5))
            assert not switch.compiled
            switch(*token_batch(1, 5))
            assert switch.compiled
            for rows, length in [(1, 3), (2, 9), (7, 2)]:
                tokens = token_batch(rows, length)
                torch.testing.assert_close(switch(*tokens), graph(*tokens), rtol=0, atol=5e-3)

    @pytest.mark.parametrize("kind", [Restless, Branching])
    def test_torch_stays_where_compiling_fails_or_gives_other_vectors(
        self, kind: type[MeanEmbedding]
    ) -> None:
        switch = Switch(TextGraph(kind()))
        with torch.inference_mode():
            for _ in range(3):
                assert switch(*token_batch(4, 5)).shape == (4, 8)
        assert not switch.compiled


def test_rows_agree_up_to_a_cosine_and_a_length() -> None:
    expected = torch.tensor([[3.0, 4.0], [0.6, 0.8]])
    for angle, agrees in [(0.0, True), (0.044, True), (0.046, False)]:  # cos 0.0447 = 1 - 0.001
        turn = torch.tensor([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]).float()
        assert fast.agree(expected @ turn, expected, 25.0) == agrees
    assert not fast.agree(1.1 * expected, expected, 25.0)
    assert not fast.agree(torch.full((2, 2), torch.nan), expected, 1.0)


def test_where_vectors_lie_close_together_less_may_change() -> None:
    """Unit vectors of mean cosine .99 have a variance of .01, so a hundredth of the square is allowed."""
    expected = torch.tensor([[3.0, 4.0], [0.6, 0.8]])
    for angle, agrees in [(0.0044, True), (0.0046, False)]:
        turn = torch.tensor([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]).float()
        assert fast.agree((expected @ turn)[1:], expected[1:], 0.01) == agrees


def test_the_spread_of_rows_seen_in_parts_is_their_variance() -> None:
    rows, spread = torch.randn(50, 3, 4, generator=torch.Generator().manual_seed(0)), fast.Spread()
    assert spread.variance == 0
    for part in rows.split(7):
        spread.add(part)
    assert spread.variance == pytest.approx(float(rows.view(-1, 4).var(dim=0, correction=0).sum()), rel=1e-5)


@pytest.mark.usefixtures("early")
@pytest.mark.parametrize(("rows", "compiled"), [(5, False), (6, True)])
def test_settled_it_runs_everything_with_one_runtime(rows: int, compiled: bool) -> None:
    switch = Switch(TextGraph(MeanEmbedding()))
    switch.settle(rows)
    with torch.inference_mode():
        first = switch(*token_batch(3, 5))
        assert switch.compiled == compiled
        assert (switch.runtime == "torch") != compiled
        for _ in range(3):
            assert torch.equal(switch(*token_batch(3, 5)), first)


@pytest.mark.usefixtures("early")
def test_what_an_encoder_gives_is_the_same_before_and_after(tmp_path: Path) -> None:
    """Vectors of crops and of texts, and the places that a matcher reads."""
    model, processor = start_model(small_recipe(matcher={"width": 16, "heads": 2}), (64, 32), CAPTIONS)
    model.matcher.verdict[-1].weight.data.normal_()
    save_model(model, processor, tmp_path / "model")
    encoder = Encoder.load(tmp_path / "model", device="cpu")
    plain = Encoder(load_adapter(tmp_path / "model", "cpu"), encoder.info)
    rng = np.random.default_rng(0)
    crops = [
        Image.fromarray(rng.integers(0, 256, (h, w, 3), dtype=np.uint8))
        for w, h in [(40, 90), (7, 200), (64, 64)]
    ]
    images, texts, logits = (
        plain.encode_images(crops),
        plain.encode_texts(CAPTIONS),
        match(plain, crops),
    )
    for _ in range(3):  # torch at first, compiled in the end
        assert (encoder.encode_images(crops) * images).sum(axis=1).min() >= 1 - fast.TOLERANCE
        assert (encoder.encode_texts(CAPTIONS) * texts).sum(axis=1).min() >= 1 - fast.TOLERANCE
        np.testing.assert_allclose(match(encoder, crops), logits, atol=0.05)
    switches = encoder._adapter.switches  # type: ignore[attr-defined]
    assert {name: switch.compiled for name, switch in switches.items()} == {
        "images": True,
        "texts": True,
        "places": True,
    }
    assert (encoder.encode_texts(CAPTIONS[:1]) * texts[:1]).sum() >= 1 - fast.TOLERANCE
    assert np.ptp(logits) > 0.1


def match(encoder: Encoder, crops: list[Image.Image]) -> np.ndarray:
    matcher = encoder.matcher
    assert matcher is not None
    return matcher.score_pairs(matcher.text_tokens(CAPTIONS[0]), matcher.image_tokens(crops))


def test_a_signal_is_handled_after_two_were_compiled_and_let_go() -> None:
    """In a process of its own, which a signal without a stack to handle it on would end."""
    script = """
import gc, os, signal, sys
import torch
from tests.helpers.small_text_graph import MeanEmbedding, token_batch
from textreid.inference.openvino import load_onnx
from textreid.inference.onnx_graphs import TextGraph, to_onnx

onnx = to_onnx(TextGraph(MeanEmbedding(), ("input_ids", "attention_mask")).eval(), *token_batch(4, 6))
first, second = load_onnx(onnx), load_onnx(onnx)
for run in (first, second):
    run(*token_batch(4, 6))
del run
del first
gc.collect()
del second
gc.collect()
signal.signal(signal.SIGUSR1, lambda *_: print("handled"))
os.kill(os.getpid(), signal.SIGUSR1)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stdout) == (0, "handled\n"), done.stderr


@pytest.mark.parametrize("preloaded", ["libtcmalloc_minimal.so.4", "/usr/lib/libjemalloc.so.2"])
def test_nothing_is_compiled_under_another_allocator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, preloaded: str
) -> None:
    """OpenVINO ends such a process when it compiles."""
    adapter = load_adapter(write_clip(tmp_path), "cpu")
    assert isinstance(fast.compile_for_cpu(adapter), fast.CompiledAdapter)
    monkeypatch.setenv("LD_PRELOAD", preloaded)
    assert fast.compile_for_cpu(adapter) is adapter
