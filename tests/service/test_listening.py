"""A server begins on the port that it was told, or says in one sentence why it cannot."""

from __future__ import annotations

import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator

import pytest
from starlette.responses import PlainTextResponse

from tests.helpers.search_page import free_port
from tests.helpers.toy_console import run_textreid
from textreid.errors import InputError
from textreid.service.listening import listen, require_free

HELLO = PlainTextResponse("hello")


def read(url: str) -> str:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(url, timeout=20) as answer:
        return answer.read().decode()


def can_bind(address: str) -> bool:
    try:
        socket.create_server((address, 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


@pytest.mark.parametrize(
    ("host", "called"),
    [("127.0.0.1", "127.0.0.1"), ("localhost", "localhost"), ("0.0.0.0", "localhost")]
    + [(host, "[::1]") for host in ("::1", "[::1]")]
    + [(host, "localhost") for host in ("::", "[::]")],
)
def test_it_answers_on_every_way_to_write_an_address(host: str, called: str) -> None:
    port = free_port()
    if ":" in host and not can_bind(host.strip("[]")):
        with pytest.raises(InputError, match="is no address of this machine"):
            require_free(host, [port])
        return
    with listen(HELLO, host, [port]) as url:
        assert url == f"http://{called}:{port}"
        assert read(url) == "hello"


def test_every_address_of_ipv6_takes_ipv4_too() -> None:
    if not can_bind("::"):
        with pytest.raises(InputError):
            require_free("::", [free_port()])
        return
    port = free_port()
    with listen(HELLO, "::", [port]):
        assert read(f"http://127.0.0.1:{port}") == "hello"


def test_the_first_free_port_is_taken(taken: int) -> None:
    other = free_port()
    with listen(HELLO, "127.0.0.1", [taken, other]) as url:
        assert url.endswith(f":{other}")


@pytest.mark.parametrize(
    ("host", "says"),
    [
        ("203.0.113.7", "--host 203.0.113.7 is no address of this machine. Leave --host out"),
        ("2001:db8::7", "--host 2001:db8::7 is no address of this machine. Leave --host out"),
        ("no-such-name.invalid", "--host no-such-name.invalid: nothing is called so. Leave --host out"),
        ("a" * 300, "nothing is called so"),
        ("x..y", "nothing is called so"),
        ("", "nothing is called so"),
    ],
)
def test_what_is_no_address_of_this_machine_is_told(host: str, says: str) -> None:
    for begin in (require_free, lambda *where: listen(HELLO, *where).__enter__()):
        with pytest.raises(InputError) as told:
            begin(host, [free_port()])
        assert says in str(told.value)


def test_a_port_that_is_taken_is_told_with_another(taken: int) -> None:
    with pytest.raises(InputError, match=rf"Port {taken} of 127\.0\.0\.1 is taken.*--port {taken + 1}$"):
        require_free("127.0.0.1", [taken])


def test_a_port_of_the_system_is_told_with_another() -> None:
    """In a network of its own, where no setting lets everybody take port 80. Needs Linux and root."""
    code = (
        "import os\n"
        "from textreid.service.listening import require_free\n"
        "require_free('0.0.0.0', [8080])\n"  # loads what another user may not read
        "os.setuid(65534)\n"
        "try: require_free('0.0.0.0', [80])\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    command = ["unshare", "--net", sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout == (
        "InputError Port 80 is for the system's own services. Name one from 1024 on: --port 8080\n"
    )


def test_the_command_line_tells_it_before_it_loads_anything(taken: int) -> None:
    for verb in ("serve", "demo"):
        done = run_textreid(verb, "--gallery", "none", "--host", "203.0.113.7", code=2)
        assert "--host 203.0.113.7 is no address of this machine" in done.stderr
        done = run_textreid(verb, "--gallery", "none", "--port", str(taken), code=2)
        assert "is taken" in done.stderr
