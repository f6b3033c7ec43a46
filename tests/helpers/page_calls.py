"""Calls of the page's functions as a browser makes them: by number, through the queue."""

from __future__ import annotations

import json
import secrets
from typing import Any

import httpx


def functions(client: httpx.Client) -> dict[int, list[str]]:
    """Every function of the page: its number, and the kinds of components that its arguments come from."""
    config = client.get("/config").json()
    kinds = {component["id"]: component["type"] for component in config["components"]}
    return {
        function["id"]: [kinds[id] for id in function["inputs"]]
        for function in config["dependencies"]
        if function["backend_fn"]
    }


def call(client: httpx.Client, number: int, data: Any, **more: Any) -> tuple[int, Any]:
    """The status of a call, and what the function answered in the end, or why it was refused."""
    session = secrets.token_hex(8)
    body = json.dumps({"fn_index": number, "session_hash": session, "data": data, **more})
    headers = {"content-type": "application/json"}
    joined = client.post("/gradio_api/queue/join", content=body, headers=headers)
    if joined.status_code != 200:
        return joined.status_code, joined.json()
    with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as stream:
        for line in stream.iter_lines():
            message = json.loads(line.removeprefix("data: ")) if line else {}
            if message.get("msg") in ("process_completed", "unexpected_error"):
                return 200, message
    raise AssertionError("the stream ended without an answer")
