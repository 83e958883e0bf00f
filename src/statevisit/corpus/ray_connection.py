"""Connections to a Ray cluster: one that runs already, or one that starts and ends here."""

import ipaddress
import logging
import os
import re
import secrets
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from statevisit.errors import MissingExtra, StateVisitError

_STORE_BYTES = 100_000_000
"""Memory for results that wait for their turn, in a Ray that is started here; more go to disk."""

_CONNECT_SECONDS = 10
"""Seconds in which a cluster must take a connection."""


@contextmanager
def connected(address: str | None, workers: int | None) -> Iterator[tuple[Any, bool]]:
    """Join a cluster, or start one on this machine, for some time; yield Ray and whether it is own.

    A connection that the caller has made is used, and stays.
    """
    try:
        with _environment({}):
            import ray
    except ModuleNotFoundError:
        raise MissingExtra("ray", "ray") from None
    address = address or os.environ.get("RAY_ADDRESS") or "local"
    if address not in ("local", "auto"):
        _check_address(address)
    if ray.is_initialized():
        yield ray, False
        return
    is_own = address == "local"
    handler = signal.getsignal(signal.SIGTERM)
    try:
        with _directory(is_own) as directory:
            try:
                if is_own:
                    _start(ray, directory, workers)
                else:
                    _join(ray, address)
                yield ray, is_own
            finally:
                ray.shutdown()
                _forget_token(ray)
    finally:
        with suppress(ValueError):  # not in the main thread, where Ray sets none either
            signal.signal(signal.SIGTERM, handler)


def _check_address(address: str) -> None:
    """Raise StateVisitError unless something listens at an address: Ray tries for eight minutes."""
    if address.startswith("ray://"):
        raise StateVisitError(
            f"{address}: Ray Client is not supported, since this command reads and writes the same "
            "files as the nodes; run it on a node of the cluster, with `--ray-address auto`"
        )
    host, _, port = address.rpartition(":")
    if not re.fullmatch(r"[\w.-]+|\[[0-9a-fA-F:]+\]", host) or not re.fullmatch("[0-9]{1,5}", port):
        raise StateVisitError(
            f"{address}: must be HOST:PORT or `auto`; run the command on a node of the cluster"
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), _CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise StateVisitError(f"no Ray cluster at {address}: {error.args[-1]}") from None


@contextmanager
def _directory(is_own: bool) -> Iterator[str]:
    """A directory for the sockets and logs of a Ray that is started here, which Ray would keep."""
    if not is_own:
        yield ""
        return
    # The path of a socket has at most 107 bytes, and that of a user's TMPDIR may be long.
    place = os.environ.get("RAY_TMPDIR") or ("/tmp" if os.name == "posix" else None)
    directory = tempfile.mkdtemp(prefix="ray-", dir=place)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _join(ray: Any, address: str) -> None:
    with _one_line(f"cannot join the Ray cluster at {address}"), _environment({}):
        ray.init(address, log_to_driver=False, logging_level=logging.CRITICAL)


def _start(ray: Any, directory: str, workers: int | None) -> None:
    """Start a Ray whose ports are closed to the network and ask others for a token."""
    variables = {
        "RAY_AUTH_TOKEN": secrets.token_hex(32),  # else Ray keeps one in the home directory
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    with _one_line("Ray does not start"), _environment(variables), _loopback():
        ray.init(
            "local",
            num_cpus=workers or os.cpu_count() or 1,
            num_gpus=0,
            include_dashboard=False,
            object_store_memory=_STORE_BYTES,
            log_to_driver=False,
            logging_level=logging.CRITICAL,
            _temp_dir=directory,
        )
    if not ipaddress.ip_address(ray.util.get_node_ip_address()).is_loopback:
        raise StateVisitError("this version of Ray would open ports to the network: update Ray")


@contextmanager
def _one_line(failure: str) -> Iterator[None]:
    """Raise StateVisitError with Ray's reason if it cannot start or join."""
    try:
        yield
    except Exception as error:  # Ray raises plain ones, too
        reason = " ".join(str(error).split())
        raise StateVisitError(f"{failure}: {reason[:400]}") from None


@contextmanager
def _loopback() -> Iterator[None]:
    """Let a Ray that starts meanwhile listen on 127.0.0.1 only.

    Ray puts the address of this machine in the network in its place, unless it takes this for a
    system without clusters, as Windows and macOS are.
    """
    from ray._private import ray_constants

    before = ray_constants.ENABLE_RAY_CLUSTER
    ray_constants.ENABLE_RAY_CLUSTER = False
    try:
        yield
    finally:
        ray_constants.ENABLE_RAY_CLUSTER = before


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """Hand variables to the processes that Ray starts meanwhile.

    It copies the environment of this process, and sets others there; afterwards all are taken back.
    """
    before = _variables_of_ray()
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in _variables_of_ray():
            del os.environ[name]
        os.environ.update(before)


def _variables_of_ray() -> dict[str, str]:
    prefixes = ("RAY_", "PYTHONBREAKPOINT")
    return {name: value for name, value in os.environ.items() if name.startswith(prefixes)}


def _forget_token(ray: Any) -> None:
    """Let this process join other clusters without the token of the one that it started."""
    ray._raylet.Config.initialize("")  # reads the environment again
    ray._raylet.AuthenticationTokenLoader.instance().reset_cache()
