"""An ASGI application on a port of this machine."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from textreid.errors import InputError

GOODBYE = 3
"""Seconds that running requests have to come to their end when the server stops."""


@contextmanager
def listen(app: ASGIApp, host: str, ports: Sequence[int], *, behind_another: bool = False) -> Iterator[str]:
    """Serve an application on the first port that is free, while the `with` block runs.

    Args:
        app: what answers.
        host: address to listen on, with or without the brackets of IPv6.
        ports: in the order they are tried.
        behind_another: whether a server in front on this machine says in its headers for whom it asks.

    Yields:
        The address, such as "http://127.0.0.1:7870", without a slash at its end.

    Raises:
        InputError: no port is free, or `host` is no address of this machine.
    """
    address = host.strip("[]")
    listener = _open_first(address, ports)
    config = uvicorn.Config(
        app,
        log_level="error",  # what strangers send wrong is no news
        server_header=False,
        proxy_headers=behind_another,
        timeout_graceful_shutdown=GOODBYE,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        while thread.is_alive() and not server.started:
            time.sleep(0.01)
        name = f"[{address}]" if ":" in address else "localhost" if address == "0.0.0.0" else address
        yield f"http://{name}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def _open_first(address: str, ports: Sequence[int]) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for port in ports:
        try:
            return socket.create_server((address, port), family=family)
        except OSError as error:
            reason = error.strerror or str(error)
    raise InputError(f"{address}, port {ports[-1]}: {reason}. Name another: --port {ports[-1] + 1}")
