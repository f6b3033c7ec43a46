"""Another website in a real browser: what its pages may try against a server that the browser can reach."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from playwright.sync_api import Browser, Playwright

from tests.helpers.search_page import CHROMIUM, FLAGS

NAME = "evil.example"
"""A name that the browser of `chromium` finds on this machine."""

ATTEMPTS = {
    "reads": "fetch(URL + 'config')",
    "reads blindly": "fetch(URL + 'config', {mode: 'no-cors'})",
    "reads with cookies": "fetch(URL + 'config', {credentials: 'include'})",
    "asks the service": "fetch(URL + 'api/v1/gallery')",
    "calls a function": "fetch(URL + 'gradio_api/call/gallery', {method: 'POST', body: '{\"data\":[]}', "
    "headers: {'content-type': 'application/json'}})",
    "calls it with a plain body": "fetch(URL + 'gradio_api/call/gallery', "
    "{method: 'POST', body: '{\"data\":[]}', mode: 'no-cors'})",
    "deletes by a form": "fetch(URL + 'api/v1/delete', {method: 'POST', mode: 'no-cors', "
    "body: new URLSearchParams({ids: 'north-0-red'})})",
    "uploads": "(() => { const form = new FormData(); form.append('files', new Blob(['x']), 'x.png'); "
    "return fetch(URL + 'gradio_api/upload', {method: 'POST', mode: 'no-cors', body: form}) })()",
    "logs out": "fetch(URL + 'logout', {mode: 'no-cors', credentials: 'include'})",
    "sends a beacon": "Promise.resolve(navigator.sendBeacon(URL + 'api/v1/delete', "
    "new URLSearchParams({ids: 'north-0-red'})))",
    "embeds an image": "new Promise(done => { const image = new Image(); "
    "image.onload = image.onerror = done; image.src = URL + 'static/img/logo_nosize.svg' })",
    "embeds a script": "new Promise(done => { const script = document.createElement('script'); "
    "script.onload = script.onerror = done; script.src = URL + 'config'; document.head.append(script) })",
    "listens to events": "new Promise(done => { const events = new EventSource(URL + "
    "'gradio_api/heartbeat/x'); events.onopen = events.onerror = () => { events.close(); done() } })",
    "opens a socket": "new Promise(done => { const socket = new WebSocket(URL.replace('http', 'ws')); "
    "socket.onopen = socket.onerror = done })",
    "posts a form into a frame": "new Promise(done => { const frame = document.createElement('iframe'); "
    "frame.name = 'hidden'; document.body.append(frame); const form = document.createElement('form'); "
    "form.method = 'POST'; form.target = 'hidden'; form.action = URL + 'api/v1/delete'; "
    "form.innerHTML = '<input name=ids value=north-0-red>'; document.body.append(form); "
    "frame.onload = done; form.submit() })",
    "shows it in a frame": "new Promise(done => { const frame = document.createElement('iframe'); "
    "frame.onload = done; frame.src = URL; document.body.append(frame) })",
}
"""What a page does -> a promise in its script, in which URL is the server's address."""


@contextmanager
def other_website(html: str) -> Iterator[int]:
    """A website of one page; yields its port."""

    class OnePage(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_: object) -> None:
            """Not to the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), OnePage)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """A browser that finds `NAME` on this machine."""
    rule = f"--host-resolver-rules=MAP {NAME} 127.0.0.1"
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, rule])
    yield browser
    browser.close()
