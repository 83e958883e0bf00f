"""An OpenAI-compatible endpoint: chat completions over HTTP, tried again where that can help."""

import base64
import os
import time
from email.message import Message
from http.client import HTTPException
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, Request, build_opener

import orjson
from msgspec import Struct

from statevisit.document.strict_json import JsonObject
from statevisit.errors import StateVisitError
from statevisit.files import size_limit

TIMEOUT = 120.0
"""Seconds that the endpoint may be silent, unless the run file says otherwise."""

TRIES = 5
"""How often one question is asked before its system fails."""

_LATER = (408, 429, 500, 502, 503, 504)
"""The statuses after which the same request can succeed."""

_LONGEST_WAIT = 60.0
"""The most seconds to wait before the next try, whatever the endpoint asks for."""

_LONGEST_DETAIL = 300
"""Characters of the endpoint's words in a message."""

_SHORTEST_SECRET = 4
"""Characters; a shorter secret would be removed from words that merely contain it."""


class EndpointError(StateVisitError):
    """The endpoint cannot be reached, refuses a request, or fails; the message says what to do."""


class Completion(Struct, frozen=True):
    """The answer of a model.

    `finish_reason` is `length` for one that is cut off. `prompt_tokens` and `completion_tokens` are
    those that the endpoint counted; `model` is the name that it gives the model.
    """

    content: str
    finish_reason: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    model: str = ""


class _NoRedirects(HTTPRedirectHandler):
    """Follows no redirect: the key would go to whatever address it names."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> Request | None:
        return None


class Endpoint:
    """An endpoint whose address and key are in environment variables.

    `address` is without user, password and query. Raises EndpointError if the variable of the
    address is not set, or holds none.
    """

    def __init__(self, url_variable: str, key_variable: str, timeout: float) -> None:
        self._url_variable, self._key_variable = url_variable, key_variable
        self._timeout = timeout or None
        self._key = os.environ.get(key_variable, "").strip()
        url = os.environ.get(url_variable, "").strip()
        if not url:
            raise EndpointError(
                f"{url_variable} is not set; set it to the address of the endpoint, such as"
                " http://127.0.0.1:8000/v1 or https://api.openai.com/v1"
            )
        try:
            parts = urlsplit(url)
            host, password = parts.hostname, unquote(parts.password or "")
            port = f":{parts.port}" if parts.port else ""
        except ValueError:
            host = None
        if host is None or parts.scheme not in ("http", "https"):
            raise EndpointError(
                f"{url_variable} is no address that begins with http:// or https://; correct it"
            )
        host = f"[{host}]" if ":" in host else host
        self.address = f"{parts.scheme}://{host}{port}{parts.path.rstrip('/')}"
        self._target = f"{self.address}/chat/completions"
        if parts.query:
            self._target += f"?{parts.query}"
        self._login = f"{unquote(parts.username or '')}:{password}" if parts.username else ""
        secrets = (self._key, password, parts.query)
        self._secrets = [secret for secret in secrets if len(secret) >= _SHORTEST_SECRET]
        self._opener: OpenerDirector = build_opener(_NoRedirects)

    def ask(self, body: JsonObject) -> Completion:
        """Return the answer to a request. Raises EndpointError."""
        for number in range(1, TRIES + 1):
            wait = 2.0 ** (number - 1)
            try:
                return self._completion(self._answer(body))
            except HTTPError as error:
                detail = self._detail(error)
                if error.code not in _LATER or number == TRIES:
                    raise EndpointError(self._refused(error, detail, number)) from None
                wait = _wait_of(error.headers.get("Retry-After"), wait)
            except (URLError, OSError, HTTPException) as error:
                if not _is_timeout(error) or number == TRIES:
                    raise EndpointError(self._unreachable(error, number)) from None
            time.sleep(wait)
        raise AssertionError("the last try returns or raises")

    def _answer(self, body: JsonObject) -> bytes:
        headers = {"Content-Type": "application/json", "User-Agent": "statevisit"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        elif self._login:
            login = base64.b64encode(self._login.encode()).decode()
            headers["Authorization"] = f"Basic {login}"
        try:
            request = Request(self._target, orjson.dumps(body), headers)
            with self._opener.open(request, timeout=self._timeout) as response:
                data: bytes = response.read(size_limit() + 1)
        except (ValueError, UnicodeError):  # of the address or the key; it may repeat the secret
            raise EndpointError(
                f"{self._url_variable} or {self._key_variable} holds a character that no address"
                " or key has; correct it"
            ) from None
        if len(data) > size_limit():
            raise EndpointError(f"{self.address}: answers with more than {size_limit():,} bytes")
        return data

    def _completion(self, data: bytes) -> Completion:
        """The answer in the bytes of a response."""
        try:
            value = orjson.loads(data)
            choice = value["choices"][0]
            message = choice["message"]
            content = message.get("content") or message.get("refusal") or ""
            usage = value.get("usage") or {}
            return Completion(
                content=content if isinstance(content, str) else _joined(content),
                finish_reason=str(choice.get("finish_reason") or ""),
                prompt_tokens=int(usage.get("prompt_tokens") or 0),
                completion_tokens=int(usage.get("completion_tokens") or 0),
                model=str(value.get("model") or ""),
            )
        except (ValueError, LookupError, TypeError, AttributeError):
            raise EndpointError(
                f"{self.address}: answers with something other than a chat completion:"
                f" {self._open(data.decode('utf-8', 'replace'))}; check {self._url_variable}"
            ) from None

    def _detail(self, error: HTTPError) -> str:
        """The words of an endpoint about an error."""
        try:
            data = error.read(100_000)
        except (OSError, HTTPException):
            return ""
        words = data.decode("utf-8", "replace")
        try:
            value: Any = orjson.loads(data)
            stated = value["error"] if isinstance(value, dict) and "error" in value else value
            words = str(stated["message"] if isinstance(stated, dict) else stated)
        except (ValueError, LookupError):
            pass
        return self._open(words)

    def _open(self, words: str) -> str:
        """Words of the endpoint on one line, without what is secret."""
        for secret in self._secrets:
            words = words.replace(secret, "…")
        return " ".join(words.split())[:_LONGEST_DETAIL]

    def _refused(self, error: HTTPError, detail: str, tries: int) -> str:
        status, said = error.code, f": {detail}" if detail else ""
        where = f"{self.address}: "
        if status in (401, 403):
            stated = "the key in" if self._key else "a request without a key: set"
            return f"{where}refuses {stated} {self._key_variable} (status {status}){said}"
        if status == 404:
            return (
                f"{where}not found (status 404){said}; check `model`, and {self._url_variable},"
                " which often ends in /v1"
            )
        if 300 <= status < 400:
            place = self._open(error.headers.get("Location") or "another address")
            return f"{where}redirects to {place}; set {self._url_variable} to where it leads"
        again = f" after {tries} tries" if tries > 1 else ""
        return f"{where}answers with status {status}{again}{said}"

    def _unreachable(self, error: Exception, tries: int) -> str:
        if _is_timeout(error):
            return (
                f"{self.address}: no answer within {self._timeout:g} seconds, {tries} times;"
                " a larger `timeout` waits longer"
            )
        reason = error.reason if isinstance(error, URLError) else error
        words = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
        return (
            f"{self.address}: cannot be reached ({self._open(words)});"
            f" start it, or correct {self._url_variable}"
        )


def _joined(content: list[JsonObject]) -> str:
    """The text of an answer in parts."""
    return "".join(str(part.get("text") or "") for part in content)


def _is_timeout(error: Exception) -> bool:
    reason = error.reason if isinstance(error, URLError) else error
    return isinstance(reason, TimeoutError)


def _wait_of(stated: str | None, otherwise: float) -> float:
    """The seconds that an endpoint asks to wait, if it states a number, up to a limit."""
    try:
        seconds = float(stated or "")
    except ValueError:
        seconds = otherwise
    return min(max(seconds, 0.0), _LONGEST_WAIT) if seconds == seconds else otherwise
