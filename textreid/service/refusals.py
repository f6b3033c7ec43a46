"""What every refusal and error of a server looks like: a sentence under `error`."""

from __future__ import annotations

import math

from starlette.responses import JSONResponse

from textreid.io.printable import printable


def refuse(status: int, sentence: str, *, wait: float | None = None) -> JSONResponse:
    """An answer that says why there is none; `wait`: seconds after which it is worth asking again."""
    answer = JSONResponse({"error": printable(sentence)}, status_code=status)
    if wait is not None:
        answer.headers["retry-after"] = str(math.ceil(wait))
    return answer
