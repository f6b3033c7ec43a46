"""Every error of the page is a sentence for whoever asked; surprises are told on the terminal too."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.requests import Request
from starlette.responses import Response

from textreid.io.printable import printable
from textreid.service.refusals import refuse
from textreid_demo import words
from textreid_demo.from_gradio import Error, gr

WRONG_FORM = "An argument has the wrong form: /gradio_api/info says what each function takes."
NO_FUNCTION = "There is no such function: /gradio_api/info lists those that there are."


def speak_in_sentences(page: gr.Blocks) -> None:
    """Make a page say what is wrong with what it was asked, in place of gradio's `"error": null`."""
    page.preprocess_data = _checked(page.preprocess_data)
    page.process_api = _spoken(page.process_api)


def _checked(preprocess: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """What fails while arguments are read was sent wrong."""

    @wraps(preprocess)
    async def call(function: Any, inputs: list[Any], *args: Any, **kwargs: Any) -> Any:
        if function.fn is None:  # the browser does that by itself
            raise _error(NO_FUNCTION)
        if len(inputs) != len(function.inputs):
            told = f"This function takes {len(function.inputs)} arguments; these are {len(inputs)}."
            raise _error(told)
        try:
            return await preprocess(function, inputs, *args, **kwargs)
        except Exception as error:
            family = isinstance(error, (Error, *words.ON_PURPOSE))
            raise _error(str(error) if family else WRONG_FORM) from None

    return call


def _spoken(process: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    @wraps(process)
    async def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return await process(*args, **kwargs)
        except Error:
            raise
        except Exception as error:
            raise _error(words.describe_error(error)) from None

    return call


def _error(sentence: str) -> gr.Error:
    return gr.Error(printable(sentence), print_exception=False)


def explain_arguments(_: Request, error: Exception) -> Response:
    """The answer to a body that is no request."""
    assert isinstance(error, RequestValidationError)
    lines = [f"{'.'.join(map(str, wrong['loc'][1:]))}: {wrong['msg']}" for wrong in error.errors()]
    return refuse(400, "; ".join(lines))


def explain_unknown(*_: object) -> Response:
    """The answer to a call of what does not exist."""
    return refuse(404, NO_FUNCTION)
