"""How fast crops and texts become vectors on a CPU, by runtime, beside a CLIP ViT-B/16 at 384 x 128.

    python benchmarks/runtime.py > benchmarks/results/runtime.json
    python benchmarks/runtime.py --root data > benchmarks/results/runtime.json

Crops are drawn people as JPEG; their time goes from the bytes to the vectors, decoding and resizing included.
CLIP has the shape of the published one and random weights. Each runtime has the same two threads, and int8 is
calibrated on drawn crops, for CLIP too. `textreid` is the product: `Encoder` after it has seen enough to
compile. With `--root`, a folder that holds CUHK-PEDES/, every runtime also encodes the val split: R@1 of text
to image, and the largest difference of a cosine from torch's. Needs `pip install "textreid[dev,cpu]"`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_dynamic, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from PIL import Image
from torch import nn
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel

from textreid.catalog import find_model
from textreid.evaluate import Benchmark
from textreid.inference import (
    COMPILE_AFTER_ROWS,
    Encoder,
    ImageGraph,
    TextGraph,
    load_adapter,
    load_onnx,
    to_onnx,
)
from textreid.io import open_image
from textreid.synthetic import write_cuhk_pedes

THREADS, BATCH, TURNS = 2, 64, 3
SENTENCE = (
    "A young woman with long dark hair wears a white t-shirt, blue denim shorts and white sneakers; she "
    "carries a black backpack and walks to the left."
)

Run = Callable[..., np.ndarray]


class Clip(nn.Module):
    """ViT-B/16, which reads crops of other sizes than it was made for."""

    def __init__(self) -> None:
        super().__init__()
        self.model = CLIPModel(CLIPConfig(vision_config={"patch_size": 16})).eval()

    def get_image_features(self, pixels):
        return self.model.get_image_features(pixels, interpolate_pos_encoding=True)


class Few(CalibrationDataReader):
    """Inputs to calibrate by, a batch at a time."""

    def __init__(self, name: str, crops: np.ndarray) -> None:
        self.batches = iter([{name: crops[start : start + 8]} for start in range(0, len(crops), 8)])

    def get_next(self):
        return next(self.batches, None)


def with_torch(graph: nn.Module) -> Run:
    def run(*inputs: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return graph(*map(torch.from_numpy, inputs)).numpy()

    return run


def with_onnxruntime(onnx: bytes) -> Run:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    session = onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_inputs()]
    return lambda *inputs: session.run(None, dict(zip(names, inputs, strict=True)))[0]


def with_openvino(onnx: bytes, precision: str | None = None) -> Run:
    run = load_onnx(onnx, precision)
    return lambda *inputs: run(*map(torch.from_numpy, inputs)).numpy()


def in_int8(onnx: bytes, crops: np.ndarray | None) -> bytes:
    """Convolutions and products in 8 bits: calibrated by crops, or dynamic without."""
    with tempfile.TemporaryDirectory() as folder:
        source, ready, out = (str(Path(folder) / name) for name in ("a.onnx", "b.onnx", "c.onnx"))
        Path(source).write_bytes(onnx)
        quant_pre_process(source, ready, skip_symbolic_shape=True)
        if crops is None:
            quantize_dynamic(ready, out, weight_type=QuantType.QInt8)
        else:
            quantize_static(ready, out, Few("crops", crops), per_channel=True)
        return Path(out).read_bytes()


def image_runtimes(graph: ImageGraph, crops: np.ndarray) -> Iterator[tuple[str, Run]]:
    """One after the other, so that two never share the cores."""
    yield "torch", with_torch(graph)
    onnx = to_onnx(graph, torch.from_numpy(crops[:2]))
    yield "torch, channels last", with_torch(graph.to(memory_format=torch.channels_last))
    yield "torch.compile", with_torch(torch.compile(graph))
    yield "ONNX Runtime", with_onnxruntime(onnx)
    yield "OpenVINO f32", with_openvino(onnx, "f32")
    yield "OpenVINO bf16", with_openvino(onnx, "bf16")
    calibrated = in_int8(onnx, crops[:64])
    yield "ONNX Runtime int8", with_onnxruntime(calibrated)
    yield "OpenVINO int8", with_openvino(calibrated)


def text_runtimes(graph: TextGraph, tokens: Sequence[np.ndarray]) -> Iterator[tuple[str, Run]]:
    yield "torch", with_torch(graph)
    onnx = to_onnx(graph, *map(torch.from_numpy, tokens))
    yield "ONNX Runtime", with_onnxruntime(onnx)
    yield "OpenVINO f32", with_openvino(onnx, "f32")
    yield "OpenVINO bf16", with_openvino(onnx, "bf16")
    yield "ONNX Runtime int8", with_onnxruntime(in_int8(onnx, None))


def crops_per_second(jpegs: list[bytes], encode: Callable[[list[bytes]], np.ndarray]) -> float:
    """The best of some turns: whatever else the machine does can only slow one down."""
    encode(jpegs[:BATCH])
    rates = []
    for _ in range(TURNS):
        start = time.perf_counter()
        for first in range(0, len(jpegs), BATCH):
            encode(jpegs[first : first + BATCH])
        rates.append(len(jpegs) / (time.perf_counter() - start))
    return round(max(rates), 1)


def milliseconds(encode: Callable[[], np.ndarray]) -> float:
    """The median of thirty."""
    times = []
    for _ in range(33):
        start = time.perf_counter()
        encode()
        times.append(1000 * (time.perf_counter() - start))
    return round(statistics.median(times[3:]), 2)


def resized(size: tuple[int, int], resample: int) -> Callable[[bytes], np.ndarray]:
    def read(jpeg: bytes) -> np.ndarray:
        with Image.open(BytesIO(jpeg)) as image:
            return np.asarray(image.convert("RGB").resize(size, resample))

    return read


def image_speeds(
    graph: ImageGraph, jpegs: list[bytes], size: tuple[int, int], resample: int
) -> dict[str, float]:
    read, speeds = resized(size, resample), {}
    with ThreadPoolExecutor(THREADS) as pool:
        for name, run in image_runtimes(graph, np.stack([read(jpeg) for jpeg in jpegs[:BATCH]])):
            speeds[name] = crops_per_second(
                jpegs, lambda some, run=run: run(np.stack(list(pool.map(read, some))))
            )
            print(name, speeds[name], "crops/s", file=sys.stderr)
    return speeds


def text_speeds(graph: TextGraph, tokens: Sequence[np.ndarray]) -> dict[str, float]:
    one = [each[:1] for each in tokens]
    return {name: milliseconds(lambda run=run: run(*one)) for name, run in text_runtimes(graph, tokens)}


def accuracy(graphs: tuple[ImageGraph, TextGraph], adapter, root: Path, read: Callable[[bytes], np.ndarray]):
    """Runtime -> R@1 on CUHK-PEDES val, and the largest difference of an image's cosine from torch's."""
    gallery = Benchmark.read("cuhk-pedes", root, "val").gallery
    crops = np.stack([read(crop.image.read_bytes()) for crop in gallery])
    persons = np.array([crop.person_id for crop in gallery])
    captions = [(text, crop.person_id) for crop in gallery for text in crop.captions]
    captions.sort(key=lambda pair: len(pair[0]))
    tokens = [
        [
            each.numpy()
            for each in adapter.tokens([text for text, _ in captions[start : start + BATCH]]).values()
        ]
        for start in range(0, len(captions), BATCH)
    ]
    queried = np.array([person for _, person in captions])
    texts = {
        name: np.concatenate([run(*batch) for batch in tokens])
        for name, run in text_runtimes(graphs[1], tokens[0])
    }
    rows, plain = {}, None
    for name, run in image_runtimes(graphs[0], crops):
        if name == "torch.compile":
            continue  # the arithmetic of torch
        images = np.concatenate([run(crops[start : start + BATCH]) for start in range(0, len(crops), BATCH)])
        plain = images if plain is None else plain
        words = texts.get(name, texts["OpenVINO bf16" if name.startswith("OpenVINO") else "torch"])
        best = (words @ images.T).argmax(axis=1)
        rows[name] = {
            "R1": round(100 * float((persons[best] == queried).mean()), 2),
            "largest_difference": float(1 - (images * plain).sum(axis=1).min()),
        }
        print(name, rows[name], file=sys.stderr)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="pocket")
    parser.add_argument("--crops", type=int, default=1024, help="how many are timed; of CLIP an eighth")
    parser.add_argument("--root", type=Path, help="holds CUHK-PEDES/")
    given = parser.parse_args()
    torch.set_num_threads(THREADS)
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        write_cuhk_pedes(Path(folder), identities=given.crops // 4, images_per_identity=4)
        jpegs = [path.read_bytes() for path in sorted(Path(folder).rglob("*.jpg"))][: given.crops]
    adapter = load_adapter(find_model(given.model)[1], "cpu")
    pixels = adapter.processor.image_processor
    graphs = ImageGraph(adapter.model, pixels).eval(), TextGraph(adapter.model, adapter.text_inputs).eval()
    size = pixels.size["width"], pixels.size["height"]
    tokens = [each.numpy() for each in adapter.tokens([SENTENCE, "a man"]).values()]

    texts = text_speeds(graphs[1], tokens)
    images = image_speeds(graphs[0], jpegs, size, pixels.resample)
    encoder = Encoder.load(given.model, device="cpu")
    texts["textreid"] = milliseconds(lambda: encoder.encode_texts([SENTENCE]))
    some = [open_image(jpeg) for jpeg in jpegs[:BATCH]]
    for _ in range(COMPILE_AFTER_ROWS // BATCH):
        encoder.encode_images(some)
    with ThreadPoolExecutor(THREADS) as pool:
        images["textreid"] = crops_per_second(
            jpegs, lambda some: encoder.encode_images(list(pool.map(open_image, some)))
        )
    clip = image_speeds(
        ImageGraph(Clip(), CLIPImageProcessor()).eval(), jpegs[: given.crops // 8], (128, 384), Image.BICUBIC
    )
    report = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {THREADS} threads",
        "load": round(load, 1),
        "tower": given.model,
        "pixels": f"{size[1]} x {size[0]}",
        "crops_per_second": images,
        "clip_crops_per_second": clip,
        "times_clip": round(images["textreid"] / max(clip.values()), 1),
        "ms_per_sentence": texts,
    }
    if given.root:
        read = resized(size, pixels.resample)
        report["cuhk_pedes_val"] = accuracy(graphs, adapter, given.root, read)
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
