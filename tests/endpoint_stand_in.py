"""A stand-in for an OpenAI-compatible endpoint: it answers with canned text, and asks no model."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

KEY = "sk-stand-in-1234567890"
"""The key that the stand-in takes."""


class Reply(NamedTuple):
    """A response: its status, body and headers."""

    body: dict[str, Any] | bytes
    status: int = 200
    headers: dict[str, str] = {}  # noqa: RUF012 nobody changes it


Answering = Callable[[dict[str, Any]], Reply]
"""Gives the response to the body of a request."""


def completion(content: str, finish_reason: str = "stop", **more: Any) -> Reply:
    """A response in the form of a chat completion, with 100 tokens in and 20 out."""
    message = {"role": "assistant", "content": content}
    choice = {"index": 0, "message": message, "finish_reason": finish_reason}
    usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
    return Reply({"model": "canned-1", "choices": [choice], "usage": usage, **more})


def refusal(status: int, message: str, **headers: str) -> Reply:
    """A response that refuses the request, in OpenAI's form."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply({"error": {"message": message, "type": "invalid_request_error"}}, status, named)


class Endpoint:
    """A server on 127.0.0.1: `requests` are the bodies that it got, `keys` the keys with them."""

    def __init__(self) -> None:
        self.answer: Answering = lambda body: refusal(500, "no answer is canned")
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.url = ""

    def respond(self, path: str, key: str, body: dict[str, Any]) -> Reply:
        """The response to a request."""
        self.requests.append(body)
        self.keys.append(key)
        if path != "/v1/chat/completions":
            return refusal(404, f"no such path: {path}")
        if key != f"Bearer {KEY}":
            return refusal(401, f"Incorrect API key provided: {key.removeprefix('Bearer ')}")
        return self.answer(body)


@contextmanager
def serving() -> Iterator[Endpoint]:
    """The stand-in, as long as the block lasts."""
    endpoint = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = json.loads(self.rfile.read(length))
            reply = endpoint.respond(self.path, self.headers.get("Authorization", ""), body)
            data = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            with suppress(BrokenPipeError):  # who asked has left
                self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    endpoint.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield endpoint
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
