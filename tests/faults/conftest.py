"""What gradio and its parts leave behind does not fail the tests that serve the page."""

from __future__ import annotations

import pytest

from tests.helpers.served_page import GRADIO_NOISE


def pytest_configure(config: pytest.Config) -> None:
    for message in GRADIO_NOISE:
        config.addinivalue_line("filterwarnings", message)
