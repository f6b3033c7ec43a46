"""No other website reaches a server, and every answer stays at home."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from textreid.errors import InputError
from textreid.service.accounts import is_loopback
from textreid.service.refusals import refuse

ELSEWHERE = "This server answers no other website."
ONLY_HERE = "This server answers on this machine only: open it as http://localhost."
POLICY = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; object-src 'none'; base-uri 'self'; "
    "frame-ancestors {ancestors}"
)
HEADERS = {
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
"""With the policy: the browser loads nothing from elsewhere, and tells nobody where it was."""
DEFAULT_PORTS = {"http": ":80", "https": ":443"}


@dataclass(frozen=True)
class Site:
    """What a server is called, and who may show it in a frame.

    Attributes:
        local_only: it listens for this machine alone, and answers to this machine's names alone.
        public_url: what it is called outside, where another server stands in front of it.
        framed_by: the website that may show the page in a frame, such as "https://huggingface.co".

    Raises:
        InputError: an address that is none.
    """

    local_only: bool = True
    public_url: str | None = None
    framed_by: str | None = None

    def __post_init__(self) -> None:
        for option, address in (("--public-url", self.public_url), ("--framed-by", self.framed_by)):
            if address is not None and not _is_address(address):
                raise InputError(
                    f"{option} {address}: write a whole address, such as https://people.example."
                )

    @property
    def policy(self) -> str:
        """The content security policy of every answer."""
        ancestors = "'none'" if self.framed_by is None else _origin(self.framed_by)
        return POLICY.format(ancestors=ancestors)

    @property
    def path(self) -> str:
        """The path below which the server is called outside, without a slash at its end; "" for none."""
        return urlsplit(self.public_url or "").path.rstrip("/")

    @property
    def is_encrypted(self) -> bool:
        """Whether it is called by HTTPS outside."""
        return urlsplit(self.public_url or "").scheme == "https"

    def has_name(self, host: str) -> bool:
        """Whether a `Host` header has the public name, with whatever port or without one."""
        return self.public_url is not None and _hostname(f"//{host}") == _hostname(self.public_url)

    def is_called(self, name: str, scheme: str) -> bool:
        """Whether this is the public name, with its port where it has one."""
        return self.public_url is not None and name == _name(urlsplit(self.public_url).netloc, scheme)


class Guard:
    """ASGI middleware, outside of all others: refuses what other websites send, before its body is read.

    A browser says where a request comes from: in `Origin`, which no website can forge or leave out of a
    request that changes something, and in `Sec-Fetch-Site`. Programs say neither. What passes all the same is
    a visit: the page itself, opened as a page of its own by a link.

    A request under another host name is refused while the server is for this machine alone: else a website
    whose name was made to point at 127.0.0.1 (DNS rebinding) could read the gallery as its own.
    """

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self.app = app
        self.site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass the request on; the answer's headers are made the server's own."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        sentence = self._find_reason(scope)
        if sentence and scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": sentence})
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                _guard_headers(MutableHeaders(scope=message), self.site)
            await send(message)

        app = refuse(403, sentence) if sentence else self.app
        await app(scope, receive, send_guarded)

    def _find_reason(self, scope: Scope) -> str | None:
        """Why a request is refused, or None."""
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        host = hosts[0].lower() if len(hosts) == 1 else ""
        if self.site.local_only and not (_is_this_machine(host) or self.site.has_name(host)):
            return ONLY_HERE
        if self._is_visit(scope, headers):
            return None
        if not all(self._is_own(origin, host) for origin in headers.getlist("origin")):
            return ELSEWHERE
        sites = {site.strip().lower() for site in headers.getlist("sec-fetch-site")}
        return ELSEWHERE if sites & {"cross-site", "same-site"} else None

    def _is_own(self, origin: str, host: str) -> bool:
        """Whether an origin is this server, as the request addresses it or as it is called outside."""
        try:
            address = urlsplit(origin.strip().lower())
        except ValueError:
            return False
        name = _name(address.netloc, address.scheme)
        return name != "" and (
            name == _name(host, address.scheme) or self.site.is_called(name, address.scheme)
        )

    def _is_visit(self, scope: Scope, headers: Headers) -> bool:
        """Whether somebody opens the page itself: by a link, or inside a frame of whoever may show it."""
        places = {"document"} if self.site.framed_by is None else {"document", "iframe", "frame"}
        return (
            scope["type"] == "http"
            and (scope["method"], scope["path"]) == ("GET", "/")
            and headers.getlist("sec-fetch-mode") == ["navigate"]
            and headers.get("sec-fetch-dest") in places
        )


def _guard_headers(headers: MutableHeaders, site: Site) -> None:
    cookies = headers.getlist("set-cookie")
    for name in {name for name in headers if name.startswith("access-control-")} | {"set-cookie"}:
        del headers[name]
    for cookie in cookies:
        headers.append("set-cookie", _guard_cookie(cookie, site))
    for name, value in HEADERS.items():
        headers[name] = value
    headers["content-security-policy"] = site.policy
    if headers.get("content-type", "").startswith("text/event-stream"):
        headers["x-accel-buffering"] = "no"  # nginx would keep events until it has some thousand bytes


def _guard_cookie(cookie: str, site: Site) -> str:
    """The cookie as this server sends it: with requests of its own pages, and inside a frame that may be."""
    ours = ["SameSite=Lax"] if site.framed_by is None else ["SameSite=None", "Partitioned"]
    if site.is_encrypted or site.framed_by is not None:
        ours.insert(1, "Secure")
    replaced = {attribute.partition("=")[0].lower() for attribute in (*ours, "Partitioned")}
    if site.path:
        ours.append(f"Path={site.path}/")
        replaced.add("path")
    parts = [part.strip() for part in cookie.split(";")]
    return "; ".join([*(part for part in parts if part.partition("=")[0].lower() not in replaced), *ours])


def _is_this_machine(host: str) -> bool:
    """Whether a `Host` header names this machine."""
    return is_loopback(_hostname(f"//{host}"))


def _hostname(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _is_address(text: str) -> bool:
    try:
        address = urlsplit(text)
        return (
            address.scheme in DEFAULT_PORTS
            and bool(address.hostname)
            and "@" not in address.netloc
            and not (address.query or address.fragment)
            and not set(text) & set(" ;,'\"")
            and text.isprintable()
            and (address.port or 1) > 0
        )
    except ValueError:
        return False


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _name(netloc: str, scheme: str) -> str:
    """Host and port, without the port that the scheme has anyway."""
    return netloc.lower().removesuffix(DEFAULT_PORTS.get(scheme, ":"))
