"""Exhaustive search with FAISS, on the GPU where faiss-gpu is installed and sees one."""

from __future__ import annotations

import faiss
import numpy as np

GPU_LARGEST_K = 2048
"""faiss refuses a larger k on the GPU."""

BLAS_FROM_QUERIES = 4
"""From this many queries on a matrix product beats one scan a query (faiss waits for 250 at D=512)."""

BLAS_QUERIES, BLAS_VECTORS = 1024, 16384
"""Block of that product, 64 MiB: half the time of faiss's own for 64 queries."""


class Backend:
    """A flat inner-product index in memory, mirrored on the GPU where there is one."""

    def __init__(self, dim: int) -> None:
        self._index = faiss.IndexFlatIP(dim)
        # faiss-gpu without a visible GPU hands out an empty index instead of failing: ask first.
        has_gpu = hasattr(faiss, "GpuIndexFlatIP") and faiss.get_num_gpus() > 0
        self._gpu = faiss.GpuIndexFlatIP(faiss.StandardGpuResources(), dim) if has_gpu else None

    def add(self, vectors: np.ndarray) -> None:
        """Append [N, D] rows."""
        self._index.add(vectors)
        if self._gpu is not None:
            try:
                self._gpu.add(vectors)
            except RuntimeError:  # no room left on the card: the CPU's copy serves from here on
                self._gpu = None

    def keep(self, rows: np.ndarray) -> None:
        """Keep only these rows, in their order."""
        vectors = self.take(rows)
        self._index.reset()
        if self._gpu is not None:
            self._gpu.reset()
        self.add(vectors)

    def take(self, rows: np.ndarray) -> np.ndarray:
        """The vectors of these rows."""
        return self._index.reconstruct_batch(np.ascontiguousarray(rows))

    def search(self, queries: np.ndarray, k: int, mask: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """The k rows of largest inner product for each query; `mask` says which may be returned.

        A mask or a very large k is served by the CPU's copy: the GPU index knows neither.
        """
        if self._gpu is not None and mask is None and k <= GPU_LARGEST_K:
            return self._gpu.search(queries, k)
        faiss.cvar.distance_compute_blas_threshold = BLAS_FROM_QUERIES * self._index.d
        faiss.cvar.distance_compute_blas_query_bs = BLAS_QUERIES
        faiss.cvar.distance_compute_blas_database_bs = BLAS_VECTORS
        parameters = None
        if mask is not None:
            bits = np.packbits(mask, bitorder="little")
            selector = faiss.IDSelectorBitmap(len(bits), faiss.swig_ptr(bits))
            parameters = faiss.SearchParameters()
            parameters.sel = selector
        if len(queries) > 1:
            return self._index.search(queries, k, params=parameters)
        threads = faiss.omp_get_max_threads()
        faiss.omp_set_num_threads(1)  # one query is bound by memory: a second thread makes it slower
        try:
            return self._index.search(queries, k, params=parameters)
        finally:
            faiss.omp_set_num_threads(threads)
