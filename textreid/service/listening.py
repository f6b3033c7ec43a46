"""An ASGI application on a port of this machine."""

from __future__ import annotations

import errno
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
    listener = _open_first(host, ports)
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
        yield f"http://{_name(host)}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def _name(host: str) -> str:
    """A host as it stands in an address."""
    host = host.strip("[]")
    if host in ("0.0.0.0", "::"):
        return "localhost"
    return f"[{host}]" if ":" in host else host


def require_free(host: str, ports: Sequence[int]) -> None:
    """Find out whether `listen` could begin, before anything that takes long.

    Raises:
        InputError: no port is free, or `host` is no address of this machine.
    """
    _open_first(host, ports).close()


def _open_first(host: str, ports: Sequence[int]) -> socket.socket:
    """A socket that listens on the first port that is free."""
    family, address = _resolve(host)
    for port in ports:
        try:
            return socket.create_server((address, port), family=family, dualstack_ipv6=_takes_both(address))
        except OSError as error:
            reason = _explain(error, host, port)
    raise InputError(reason)


def _resolve(host: str) -> tuple[socket.AddressFamily, str]:
    """The family and the address of a host, of IPv4 where it has one."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        found = []
    if not host or not found:
        raise InputError(
            f"--host {host}: nothing is called so. Leave --host out to listen on this machine alone, or name"
            " an address of this machine."
        )
    family, _, _, _, address = min(found, key=lambda each: each[0] != socket.AF_INET)
    return family, str(address[0])


def _takes_both(address: str) -> bool:
    """Whether a socket takes IPv4 too: on every address of IPv6, where the system lets it."""
    return address == "::" and socket.has_dualstack_ipv6()


def _explain(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} of {host} is taken. Name another: --port {port + 1}"
    if error.errno == errno.EACCES:
        return f"Port {port} is for the system's own services. Name one from 1024 on: --port 8080"
    if error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
        other = "::1" if "." in host else "127.0.0.1"
        return (
            f"--host {host} is no address of this machine. Leave --host out to listen on this machine alone,"
            f" or try --host {other}; with --auth-file, --host 0.0.0.0 listens on all its addresses."
        )
    return f"--host {host}, port {port}: {error.strerror or error}."
