"""The one guard around code of the libraries that reads somebody's model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from textreid.errors import ModelError, TextReIDError


@contextmanager
def reading_model(source: object, doing: str = "Cannot load the model in") -> Iterator[None]:
    """Turn whatever a damaged model makes the libraries raise, `Exception` itself too, into one sentence.

    Args:
        source: what is read.
        doing: how the sentence begins.

    Raises:
        ModelError: they raised something.
    """
    try:
        yield
    except TextReIDError:
        raise
    except RecursionError as error:
        raise ModelError(f"{doing} '{source}': its settings nest without end.") from error
    except MemoryError as error:
        raise ModelError(f"{doing} '{source}': it asks for more memory than there is.") from error
    except Exception as error:
        reason = str(error) or type(error).__name__
        raise ModelError(f"{doing} '{source}': {reason}") from error
