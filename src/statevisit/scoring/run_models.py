"""The predictions of language models: one request for each document and group of layers."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import NamedTuple, TypeVar

from msgspec import convert, to_builtins

from statevisit.document.model import Document
from statevisit.document.schema import id_node
from statevisit.document.scheme import Scheme
from statevisit.document.strict_json import JsonObject
from statevisit.scoring.answer_cache import Cache, key_of
from statevisit.scoring.endpoint import TIMEOUT, Completion, Endpoint
from statevisit.scoring.run_file import System

Job = TypeVar("Job")
Result = TypeVar("Result")


class Question(NamedTuple):
    """A request about one document: the layers that it asks for, its key in the cache, its body."""

    document: Document
    layers: tuple[str, ...]
    key: str
    body: JsonObject


def body_of(system: System, messages: list[JsonObject], response_format: JsonObject) -> JsonObject:
    """Return the body of a request to a model."""
    body: JsonObject = {
        "model": system.model,
        "messages": messages,
        "temperature": 0,
        "seed": system.seed,
        "response_format": response_format,
    }
    for name in system.omit:
        del body[name]
    return body | system.parameters


def groups_of(scheme: Scheme, layers: Iterable[str], per: str) -> list[tuple[str, ...]]:
    """Return the layers that are asked for together.

    With `per` "document" these are all. Else a layer stands alone, except that its records cannot
    do without those that they have to refer to: mentions need entities. Those are asked for even
    if they are not among `layers`.
    """
    chosen = [layer for layer in scheme.annotated if layer in set(layers)]
    if per == "document":
        return [tuple(_closed(scheme, chosen))]
    groups: list[set[str]] = []
    for layer in chosen:
        group = set(_closed(scheme, [layer]))
        for other in [other for other in groups if other & group]:
            groups.remove(other)
            group |= other
        groups.append(group)
    ordered = [tuple(name for name in scheme.annotated if name in group) for group in groups]
    return sorted(ordered, key=lambda group: scheme.annotated.index(group[0]))


def _closed(scheme: Scheme, layers: Sequence[str]) -> list[str]:
    """The layers with those to which their records have to refer."""
    closed = list(layers)
    for layer in closed:  # which grows
        for name in scheme.required(layer):
            targets = id_node(scheme.properties(layer)[name]).get("x-refers-to") or []
            if targets and not set(targets) & set(closed):
                closed.append(targets[0])
    return closed


def completions(
    system: System, questions: Sequence[Question], cache: Cache, advance: Callable[[], None]
) -> Iterator[tuple[Question, Completion]]:
    """Yield the answer to each question, those that are known first.

    Every answer is kept as soon as it is complete. Raises EndpointError for the first question that
    gets none, after the answers to those that were asked at the same time.
    """
    unknown = []
    for question in questions:
        known = cache.read(question.key)
        if known is None:
            unknown.append(question)
        else:
            cache.known += 1
            advance()
            yield question, convert(known, Completion)
    if not unknown:
        return
    endpoint = endpoint_of(system)
    for question, completion in in_parallel(
        lambda question: endpoint.ask(question.body), unknown, system.parallel
    ):
        cache.write(question.key, to_builtins(completion))
        cache.asked += 1
        advance()
        yield question, completion


def endpoint_of(system: System) -> Endpoint:
    """Return the endpoint of a system. Raises EndpointError without an address."""
    timeout = TIMEOUT if system.timeout is None else system.timeout
    return Endpoint(system.base_url_env, system.api_key_env, timeout)


def in_parallel(
    work: Callable[[Job], Result], jobs: Iterable[Job], workers: int
) -> Iterator[tuple[Job, Result]]:
    """Yield the jobs with their results as they come, from several threads.

    After the first exception no job is begun; it is raised when those that were begun are done.
    The threads end with the process, so that nobody waits for a slow one after Ctrl-C.
    """
    waiting: SimpleQueue[Job] = SimpleQueue()
    for job in jobs:
        waiting.put(job)
    done: SimpleQueue[tuple[Job, Result] | BaseException | None] = SimpleQueue()
    stop = Event()
    arguments = (work, waiting, done, stop)
    threads = [Thread(target=_work_off, args=arguments, daemon=True) for _ in range(workers)]
    first: BaseException | None = None
    try:
        for thread in threads:
            thread.start()
        running = len(threads)
        while running:
            result = done.get()
            if result is None:
                running -= 1
            elif isinstance(result, BaseException):
                first = first or result
            else:
                yield result
    finally:
        stop.set()
    if first is not None:
        raise first


def _work_off(
    work: Callable[[Job], Result],
    waiting: "SimpleQueue[Job]",
    done: "SimpleQueue[tuple[Job, Result] | BaseException | None]",
    stop: Event,
) -> None:
    """Do the jobs that wait until there are none, or one fails; None ends what is done."""
    while not stop.is_set():
        try:
            job = waiting.get_nowait()
        except Empty:
            break
        try:
            done.put((job, work(job)))
        except BaseException as error:
            stop.set()
            done.put(error)
    done.put(None)


def question_of(
    system: System,
    document: Document,
    layers: tuple[str, ...],
    messages: list[JsonObject],
    response_format: JsonObject,
    address: str,
) -> Question:
    """Return a question; its key is the hash of all that determines the answer."""
    body = body_of(system, messages, response_format)
    key = key_of({"address": address, "body": body, "version": system.version})
    return Question(document, layers, key, body)
