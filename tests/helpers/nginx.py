"""A real nginx that speaks HTTPS in front of a server, with a certificate that signs itself."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NAME = "people.example.org"

CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/errors;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/proxied;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {servers}
}}
"""

AS_IT_IS = """
server {{
    listen {port} ssl;
    ssl_certificate /etc/ssl/people.example.org.pem;
    ssl_certificate_key /etc/ssl/people.example.org.key;
    location / {{
        proxy_pass {behind};
    }}
}}
"""
"""As little as one may write: no name is passed on, everything is buffered, requests are HTTP/1.0."""


@contextmanager
def nginx(folder: Path, servers: str, port: int) -> Iterator[None]:
    """Run nginx until the block ends.

    Args:
        folder: for its certificate, its log and its temporary files.
        servers: the blocks of its servers.
        port: one that it listens on.
    """
    order = f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={NAME} -keyout key -out certificate"
    subprocess.run(order.split(), cwd=folder, check=True, capture_output=True)
    servers = servers.replace(f"/etc/ssl/{NAME}.pem", str(folder / "certificate"))
    servers = servers.replace(f"/etc/ssl/{NAME}.key", str(folder / "key"))
    (folder / "nginx.conf").write_text(CONFIGURATION.format(folder=folder, servers=servers))
    process = subprocess.Popen(
        [shutil.which("nginx") or "/usr/sbin/nginx", "-p", folder, "-c", folder / "nginx.conf"]
    )
    try:
        while process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.02)
        assert process.poll() is None, (folder / "errors").read_text()
        yield
    finally:
        process.terminate()
        process.wait()
