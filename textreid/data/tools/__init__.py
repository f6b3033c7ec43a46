"""Tools for data sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textreid._names import hand_on

if TYPE_CHECKING:
    from textreid.data.tools.doctor import Finding, examine
    from textreid.data.tools.parquet import read_parquet, read_splits, to_dataset_dict, write_parquet
    from textreid.data.tools.unpack_cuhk03 import unpack
else:
    __getattr__, __dir__ = hand_on(__name__)

__all__ = ["Finding", "examine", "read_parquet", "read_splits", "to_dataset_dict", "unpack", "write_parquet"]
