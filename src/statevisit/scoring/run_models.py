"""The predictions of language models: one request for each document and group of layers."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import NamedTuple, TypeVar

import orjson
from msgspec import convert, to_builtins
from msgspec.structs import replace

from statevisit import files
from statevisit.annotation.prompt import prompt
from statevisit.annotation.recovery import recover
from statevisit.document.model import Document
from statevisit.document.schema import id_node
from statevisit.document.scheme import Scheme, scheme_of
from statevisit.document.strict_json import JsonObject
from statevisit.errors import FormatError
from statevisit.scoring.answer_cache import Cache, key_of
from statevisit.scoring.endpoint import TIMEOUT, Completion, Endpoint
from statevisit.scoring.prediction import Note
from statevisit.scoring.run_file import System
from statevisit.scoring.run_task import Advance, Predictions, SystemFailed, Task, empty_place

Job = TypeVar("Job")
Result = TypeVar("Result")


class Question(NamedTuple):
    """A request about one document: the layers that it asks for, its key in the cache, its body."""

    document: Document
    layers: tuple[str, ...]
    key: str
    body: JsonObject


def by_model(system: System, task: Task, advance: Advance) -> Predictions:
    """Return what a model of an endpoint predicts.

    Raises EndpointError if the endpoint fails, and SystemFailed if no answer can be read.
    """
    endpoint = endpoint_of(system)
    questions = list(_questions(system, task, endpoint.address))
    by_key = {
        question.key: completion
        for question, completion in completions(system, endpoint, questions, task.cache, advance)
    }
    given = [by_key[question.key] for question in questions]
    read = [_read(question, answer) for question, answer in zip(questions, given, strict=True)]
    outcomes = Counter(answer.outcome for answer in read)
    if outcomes.keys() == {"unreadable"}:
        raise SystemFailed(f"no answer can be read; the first: {read[0].notes[0].message}")
    path = empty_place(system, task.run) / "predictions.jsonl"
    files.write(path, _joined(questions, read))
    models = dict.fromkeys(answer.model for answer in given if answer.model)
    return Predictions(
        path,
        versions={"model": ", ".join(models)} if models else {},
        tokens={
            "input": sum(answer.prompt_tokens for answer in given),
            "output": sum(answer.completion_tokens for answer in given),
        },
        answers={name: outcomes[name] for name in ("read", "cut", "unreadable")},
        notes=[note for answer in read for note in answer.notes],
    )


def requests_of(system: System, task: Task) -> int:
    """Return the number of requests to a model."""
    scheme = scheme_of(task.documents[0])
    return len(task.documents) * len(groups_of(scheme, task.layers, system.per))


def _questions(system: System, task: Task, address: str) -> Iterator[Question]:
    """Yield the questions about each document, in order."""
    groups = groups_of(scheme_of(task.documents[0]), task.layers, system.per)
    shared = {layers: prompt(*layers, path=task.corpus) for layers in groups}
    formats = {layers: request.response_format for layers, request in shared.items()}
    for document in task.documents:
        for layers in groups:
            request = prompt(*layers, path=task.corpus, document=document)
            # a prompt and a schema are in memory once, however many documents there are
            request = replace(request, system=shared[layers].system)
            body = body_of(system, request.messages, formats[layers])
            key = key_of({"address": address, "body": body, "version": system.version})
            yield Question(document, layers, key, body)


class _Answer(NamedTuple):
    """The records of an answer by layer, and how it was read: `read`, `cut` or `unreadable`."""

    records: JsonObject
    outcome: str
    notes: list[Note]


def _read(question: Question, completion: Completion) -> _Answer:
    """Read an answer as far as it goes."""
    document_id, layers = question.document.id, question.layers
    where = f"the answer on {', '.join(layers)}"
    try:
        recovered = recover(completion.content.encode("utf-8", "surrogatepass"), where)
    except FormatError as error:
        begins = f"; it begins {completion.content[:80]!r}" if completion.content else ""
        return _Answer({}, "unreadable", [Note("unreadable", document_id, f"{error}{begins}")])
    is_cut = completion.finish_reason == "length"
    records: JsonObject = {}
    notes = []
    for answer in recovered:
        is_cut = is_cut or answer.is_cut
        notes += [Note("cut", document_id, f"{where}: {note}") for note in answer.notes]
        value = answer.value
        if isinstance(value, list) and len(layers) == 1:
            value = {layers[0]: value}
        if isinstance(value, dict):
            records |= {name: value[name] for name in layers if isinstance(value.get(name), list)}
    if not records:
        message = f"{where}: has none of these layers"
        return _Answer({}, "unreadable", [*notes, Note("unreadable", document_id, message)])
    return _Answer(records, "cut" if is_cut else "read", notes)


def _joined(questions: Sequence[Question], read: Sequence[_Answer]) -> bytes:
    """The answers as JSONL, a line for each document; a layer without an answer is empty."""
    lines: dict[str, JsonObject] = {}
    for question, answer in zip(questions, read, strict=True):
        line = lines.setdefault(question.document.id, {"id": question.document.id})
        line |= {layer: answer.records.get(layer, []) for layer in question.layers}
    return b"".join(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in lines.values())


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
    do without those that they have to refer to: mentions need entities, and entities mentions.
    Those are asked for even if they are not among `layers`.
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


_SPANS_OF = {"entities": "mentions", "event_chains": "events"}
"""The layers whose records have no place in the text but by the spans of another layer."""


def _closed(scheme: Scheme, layers: Sequence[str]) -> list[str]:
    """The layers with those without which their records say nothing: what they refer to."""
    closed = list(layers)
    for layer in closed:  # which grows
        spans = _SPANS_OF.get(layer)
        if spans in scheme.annotated and spans not in closed:
            closed.append(spans)
        for name in scheme.required(layer):
            targets = id_node(scheme.properties(layer)[name]).get("x-refers-to") or []
            if targets and not set(targets) & set(closed):
                closed.append(targets[0])
    return closed


def completions(
    system: System,
    endpoint: Endpoint,
    questions: Sequence[Question],
    cache: Cache,
    advance: Advance,
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
