"""Exhaustive search with FAISS, on the GPU where faiss-gpu is installed and sees one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial

import faiss
import numpy as np

from textreid_index.backends._contract import Accepted, Block, VectorBackend
from textreid_index.shared_setting import SharedSetting

GPU_LARGEST_K = 2048
"""faiss refuses a larger k on the GPU."""

BLAS_FROM_QUERIES = 4
"""From this many queries on a matrix product beats one scan a query (faiss waits for 250 at D=512)."""

BLAS_QUERIES, BLAS_VECTORS = 1024, 16384
"""Block of that product, 64 MiB: half the time of faiss's own for 64 queries."""


class Backend(VectorBackend):
    """A flat inner-product index in memory, mirrored on the GPU where there is one."""

    exact = True

    def __init__(self, dim: int) -> None:
        _one_thread_in_forks()
        self._keys = np.empty(0, dtype=np.int64)
        self._index = faiss.IndexFlatIP(dim)
        # faiss-gpu without a visible GPU hands out an empty index instead of failing: ask first.
        has_gpu = hasattr(faiss, "GpuIndexFlatIP") and faiss.get_num_gpus() > 0
        self._gpu = faiss.GpuIndexFlatIP(faiss.StandardGpuResources(), dim) if has_gpu else None
        self._process = os.getpid()  # a process that is forked cannot use the card

    def add(self, block: Block) -> None:
        """Append the vectors."""
        self._keys = np.concatenate([self._keys, block.keys])
        self._index.add(block.vectors)
        self._mirror(block.vectors)

    def remove(self, keys: np.ndarray) -> bool:
        """Close the gaps; the GPU's copy is filled anew."""
        self._index.remove_ids(faiss.IDSelectorBatch(np.searchsorted(self._keys, keys)))
        self._keys = np.setdiff1d(self._keys, keys, assume_unique=True)
        if self._gpu is not None:
            self._gpu.reset()
            self._mirror(self._index.reconstruct_n(0, self._index.ntotal))
        return True

    def search(self, queries: np.ndarray, k: int, accepted: Accepted | None) -> tuple[np.ndarray, np.ndarray]:
        """The k people of largest inner product for each query.

        A filter or a very large k is served by the CPU's copy: the GPU index knows neither.

        The size of faiss's matrix products is a setting of the whole process, which is put back afterwards,
        like the number of OpenMP threads, which belongs to the thread that searches.
        """
        mask = None if accepted is None else np.isin(self._keys, accepted.keys, assume_unique=True)
        k = min(k, len(self._keys) if mask is None else int(mask.sum()))
        if k == 0:
            return np.empty((len(queries), 0), np.float32), np.empty((len(queries), 0), np.int64)
        if os.getpid() != self._process:
            self._gpu = None
        if self._gpu is not None and mask is None and k <= GPU_LARGEST_K:
            scores, rows = self._gpu.search(queries, k)
        else:
            scores, rows = self._search_cpu(queries, k, mask)
        return scores, self._keys[rows]

    def _search_cpu(
        self, queries: np.ndarray, k: int, mask: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Scores and rows [Q, k], among the rows [N] bool that the mask allows."""
        parameters = None
        if mask is not None:
            bits = np.packbits(mask, bitorder="little")
            selector = faiss.IDSelectorBitmap(len(bits), faiss.swig_ptr(bits))
            parameters = faiss.SearchParameters()
            parameters.sel = selector
        if len(queries) > 1:
            with _large_products():
                faiss.cvar.distance_compute_blas_threshold = BLAS_FROM_QUERIES * self._index.d
                return self._index.search(queries, k, params=parameters)
        threads = faiss.omp_get_max_threads()
        faiss.omp_set_num_threads(1)  # one query is bound by memory: a second thread makes it slower
        try:
            return self._index.search(queries, k, params=parameters)
        finally:
            faiss.omp_set_num_threads(threads)

    def _mirror(self, vectors: np.ndarray) -> None:
        """Add vectors to the GPU's copy, while the card has room for it."""
        if self._gpu is not None:
            try:
                self._gpu.add(vectors)
            except RuntimeError:  # no room left on the card: the CPU's copy serves from here on
                self._gpu = None


@SharedSetting
@contextmanager
def _large_products() -> Iterator[None]:
    names = [f"distance_compute_blas_{name}" for name in ("threshold", "query_bs", "database_bs")]
    before = [getattr(faiss.cvar, name) for name in names]
    faiss.cvar.distance_compute_blas_query_bs = BLAS_QUERIES
    faiss.cvar.distance_compute_blas_database_bs = BLAS_VECTORS
    try:
        yield
    finally:
        for name, value in zip(names, before, strict=True):
            setattr(faiss.cvar, name, value)


@cache
def _one_thread_in_forks() -> None:
    """Let processes forked from here on search with one thread: there OpenMP has lost its others."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=partial(faiss.omp_set_num_threads, 1))
