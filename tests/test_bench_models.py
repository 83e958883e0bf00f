"""`statevisit bench` with language models, against a stand-in for their endpoint."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from statevisit.document.scheme import base
from statevisit.scoring.run_models import groups_of
from tests.conftest import Result, interrupted, started, wait_until
from tests.endpoint_stand_in import KEY, Endpoint, Reply, completion, refusal, serving
from tests.test_bench_run import DATES, NAMES, TEXTS, files_below, gold, place, results, run_file

Cli = Callable[..., Result]

__all__ = ["gold", "place"]

MODEL = '[systems.llm]\nmodel = "canned"\nparallel = 2\n'
TIMES = 'layers = ["timexes"]'


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    """The stand-in, in the environment variables."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving() as endpoint:
        monkeypatch.setenv("OPENAI_BASE_URL", endpoint.url)
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        yield endpoint


def asked_about(body: dict[str, Any]) -> str:
    """The id of the document that a request is about."""
    user = body["messages"][-1]["content"]
    return next(name for name, text in TEXTS.items() if text in user)


def right(body: dict[str, Any]) -> str:
    """The right answer to a request for mentions, entities or times."""
    text = TEXTS[asked_about(body)]
    layers = body["response_format"]["json_schema"]["schema"]["properties"]
    present = [name for name in NAMES if name in text]
    answer = {
        "mentions": [
            {"id": None, "quote": name, "level": "NAM", "entity": f"e{n}"}
            for n, name in enumerate(present)
        ],
        "entities": [
            {"id": f"e{n}", "name": name, "type": NAMES[name]} for n, name in enumerate(present)
        ],
        "timexes": [
            {"quote": day, "type": "DATE", "value": value}
            for day, value in DATES.items()
            if day in text
        ],
    }
    return json.dumps({layer: records for layer, records in answer.items() if layer in layers})


def answering_right(body: dict[str, Any]) -> Reply:
    """The right answer as a completion."""
    return completion(right(body))


def f1(place: Path, layer: str, measure: str = "strict") -> float:
    """F1 of the only system in the last run."""
    (system,) = results(place)["systems"]
    figures = [f for f in system["figures"] if (f["layer"], f["measure"]) == (layer, measure)]
    value: float = figures[0]["f1"]
    return value


def test_right_answers(place: Path, cli: Cli, endpoint: Endpoint) -> None:
    """A model is asked once for each document and group of layers; tokens are summed."""
    endpoint.answer = answering_right
    run_file(place, MODEL, 'layers = ["mentions", "timexes"]')
    assert (0, "") == cli("bench", "run.toml")[::2]
    assert 1.0 == f1(place, "mentions") == f1(place, "timexes")
    assert 1.0 == f1(place, "timexes", "value (end to end)")
    assert 2 * len(TEXTS) == len(endpoint.requests)
    (system,) = results(place)["systems"]
    assert {"read": 8, "cut": 0, "unreadable": 0} == system["answers"]
    assert {"input": 800, "output": 160} == system["tokens"]
    assert {"model": "canned-1"} == system["versions"]


def test_the_request(place: Path, cli: Cli, endpoint: Endpoint) -> None:
    """It has the prompt, the strict schema, temperature 0 and the seed; the key is nowhere else."""
    endpoint.answer = answering_right
    run_file(place, MODEL + "seed = 7\nparameters = {max_tokens = 900}\n", TIMES)
    cli("bench", "run.toml")
    body = endpoint.requests[0]
    assert ["system", "user"] == [message["role"] for message in body["messages"]]
    form = body["response_format"]
    assert ("json_schema", True) == (form["type"], form["json_schema"]["strict"])
    assert "timexes" in form["json_schema"]["schema"]["properties"]
    assert ("canned", 0, 7, 900) == tuple(
        body[name] for name in ("model", "temperature", "seed", "max_tokens")
    )
    assert {f"Bearer {KEY}"} == set(endpoint.keys)
    written = [path for path in place.rglob("*") if path.is_file()]
    assert [] == [path for path in written if KEY.encode() in path.read_bytes()]


def test_omitted_parameters(place: Path, cli: Cli, endpoint: Endpoint) -> None:
    """`omit` leaves out what an endpoint refuses; `per` asks for all layers at once."""
    endpoint.answer = answering_right
    settings = 'per = "document"\nomit = ["temperature", "seed"]\n'
    run_file(place, MODEL + settings, 'layers = ["mentions", "timexes"]')
    assert 0 == cli("bench", "run.toml").status
    assert len(TEXTS) == len(endpoint.requests)
    assert not {"temperature", "seed"} & endpoint.requests[0].keys()
    assert 1.0 == f1(place, "mentions") == f1(place, "timexes")


def test_a_second_run_asks_nothing(place: Path, cli: Cli, endpoint: Endpoint) -> None:
    """Answers are kept; a change of what determines them asks again, one of anything else not."""
    endpoint.answer = answering_right
    run_file(place, MODEL, TIMES)
    assert "4 answers asked for, 0 known" in cli("bench", "run.toml").out
    before = results(place)
    assert "nothing was asked: 4 answers known" in cli("bench", "run.toml").out
    assert len(TEXTS) == len(endpoint.requests)
    after = results(place)
    del before["last_run"], after["last_run"]
    assert before == after
    run_file(place, MODEL.replace("llm", "renamed"), TIMES + "\nresamples = 0")
    assert "nothing was asked" in cli("bench", "run.toml").out
    run_file(place, MODEL + "seed = 1\n", TIMES)
    assert "4 answers asked for" in cli("bench", "run.toml").out
    assert "4 answers asked for" in cli("bench", "run.toml", "--no-cache").out


FORMS: dict[str, Callable[[str], str]] = {
    "a fence": lambda answer: f"```json\n{answer}\n```",
    "a fence with prose": lambda answer: f"Here you are:\n\n```json\n{answer}\n```\nDone.",
    "prose": lambda answer: f"The answer is {answer} as you asked.",
    "thoughts": lambda answer: f"<think>Which days? {{}}</think>\n{answer}",
    "lines": lambda answer: json.dumps(json.loads(answer), indent=2),
}


@pytest.mark.parametrize("form", FORMS)
def test_answers_in_other_forms(place: Path, cli: Cli, endpoint: Endpoint, form: str) -> None:
    """An answer in a fence, or with prose around it, counts like any other."""
    endpoint.answer = lambda body: completion(FORMS[form](right(body)))
    run_file(place, MODEL, TIMES + "\nresamples = 0")
    assert 0 == cli("bench", "run.toml").status
    assert 1.0 == f1(place, "timexes")
    assert {"read": 4, "cut": 0, "unreadable": 0} == results(place)["systems"][0]["answers"]


def test_an_answer_that_is_cut_off(place: Path, cli: Cli, endpoint: Endpoint) -> None:
    """It is read as far as it goes, counted, and noted with its document."""

    def answer(body: dict[str, Any]) -> Reply:
        whole = right(body)
        if asked_about(body) != "bridge":
            return completion(whole)
        return completion(whole[: whole.index("Ole Berg") + 3], "length")

    endpoint.answer = answer
    run_file(place, MODEL, 'layers = ["mentions"]\nresamples = 0')
    done = cli("bench", "run.toml")
    assert "scored; of 4 answers 1 cut off" in done.out
    (system,) = results(place)["systems"]
    assert {"read": 3, "cut": 1, "unreadable": 0} == system["answers"]
    assert ["bridge"] == [n["document"] for n in system["notes"] if n["kind"] == "cut"]
    exact = next(f for f in system["figures"] if f["measure"] == "exact")
    assert (11, 9, 9) == (exact["gold"], exact["pred"], exact["correct"])


def test_garbage_from_some(place: Path, cli: Cli, endpoint: Endpoint) -> None:
    """An answer that cannot be read predicts nothing; it is counted and noted."""

    def answer(body: dict[str, Any]) -> Reply:
        is_bad = asked_about(body) == "harbour"
        return completion("I cannot help with that." if is_bad else right(body))

    endpoint.answer = answer
    run_file(place, MODEL, TIMES + "\nresamples = 0")
    done = cli("bench", "run.toml")
    assert 0 == done.status
    assert "scored; of 4 answers 1 unreadable" in done.out
    assert f1(place, "timexes") < 1
    notes = results(place)["systems"][0]["notes"]
    assert "it begins 'I cannot help with that.'" in notes[0]["message"]


def test_garbage_from_all(place: Path, cli: Cli, endpoint: Endpoint) -> None:
    """A system without a single answer that can be read has failed."""
    endpoint.answer = lambda body: completion("\U0001f648 nothing")
    run_file(place, MODEL, TIMES)
    done = cli("bench", "run.toml")
    assert 1 == done.status
    assert "llm: no answer can be read; the first: the answer on timexes:1:1: not JSON" in done.err
    assert "--no-cache" not in done.err
    assert "(answered in an earlier run; --no-cache asks again)" in cli("bench", "run.toml").err


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_trying_again(place: Path, cli: Cli, endpoint: Endpoint, status: int) -> None:
    """A request that an endpoint cannot take now is sent again, after the time that it states."""
    refused: set[str] = set()

    def answer(body: dict[str, Any]) -> Reply:
        document = asked_about(body)
        if document not in refused:
            refused.add(document)
            return refusal(status, "busy", Retry_After="0")
        return completion(right(body))

    endpoint.answer = answer
    run_file(place, MODEL, TIMES + "\nresamples = 0")
    assert 0 == cli("bench", "run.toml").status
    assert 2 * len(TEXTS) == len(endpoint.requests)
    assert 1.0 == f1(place, "timexes")


def test_trying_in_vain(place: Path, cli: Cli, endpoint: Endpoint) -> None:
    """After five tries the system fails; what was answered before is known in the next run."""

    def answer(body: dict[str, Any]) -> Reply:
        if asked_about(body) == "train":
            return refusal(429, "quota used up", Retry_After="0")
        return completion(right(body))

    endpoint.answer = answer
    run_file(place, MODEL, TIMES + "\nresamples = 0")
    done = cli("bench", "run.toml")
    assert 1 == done.status
    assert f"llm: {endpoint.url}: answers with status 429 after 5 tries: quota used up" in done.err
    endpoint.answer = answering_right
    assert "1 answer asked for, 3 known from an earlier run" in cli("bench", "run.toml").out


REFUSED = [
    (refusal(404, "The model `canned` does not exist"), "check `model`, and OPENAI_BASE_URL"),
    (refusal(400, "context\nlength exceeded"), "answers with status 400: context length exceeded"),
    (Reply(b"<html>Welcome</html>"), "something other than a chat completion: <html>Welcome"),
    (Reply({"choices": []}), "something other than a chat completion"),
    (Reply(b"", 302, {"Location": "http://127.0.0.1:9/v1"}), "redirects to http://127.0.0.1:9/v1"),
]


@pytest.mark.parametrize(("reply", "message"), REFUSED)
def test_refusals(place: Path, cli: Cli, endpoint: Endpoint, reply: Reply, message: str) -> None:
    """What another try cannot mend fails at once, with the endpoint's words and what to do."""
    endpoint.answer = lambda body: reply
    run_file(place, MODEL.replace("2", "1"), TIMES)
    done = cli("bench", "run.toml")
    assert 1 == done.status
    assert message in done.err
    assert 1 == len(endpoint.requests)
    assert "Traceback" not in done.err
    assert [] == files_below(place / "cache") if (place / "cache").exists() else True


def test_a_wrong_key(
    place: Path, cli: Cli, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names the variable, and not the key, even if the endpoint repeats it."""
    monkeypatch.setenv("OTHER_KEY", "sk-wrong-0987654321")
    run_file(place, MODEL + 'api_key_env = "OTHER_KEY"\n', TIMES)
    done = cli("bench", "run.toml")
    assert "refuses the key in OTHER_KEY (status 401): Incorrect API key provided: …" in done.err
    assert "0987654321" not in done.out + done.err
    assert "0987654321" not in (place / "run-results/report.html").read_text(encoding="utf-8")
    assert "0987654321" not in (place / "run-results/results.json").read_text(encoding="utf-8")
    monkeypatch.delenv("OTHER_KEY")
    assert "refuses a request without a key: set OTHER_KEY" in cli("bench", "run.toml").err


@pytest.mark.parametrize("key", ["sk-\u2603-1234567890", "sk-1234\n567890"])
def test_a_key_that_no_header_can_hold(
    place: Path, cli: Cli, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    """The message names the variable, and not the key."""
    monkeypatch.setenv("OPENAI_API_KEY", key)
    run_file(place, MODEL, TIMES)
    done = cli("bench", "run.toml")
    assert 1 == done.status
    assert "OPENAI_API_KEY holds a character that no address or key has" in done.err
    assert not re.search("567890|Traceback", done.out + done.err)


def test_a_password_in_the_address(
    place: Path, cli: Cli, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """User, password and query of the address are neither printed nor kept."""
    endpoint.answer = lambda body: refusal(400, "bad hunter22 token=secret1")
    url = endpoint.url.replace("//", "//me:hunter22@") + "?token=secret1"
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    run_file(place, MODEL, TIMES)
    done = cli("bench", "run.toml")
    assert done.err.startswith(f"llm: {endpoint.url}: ")
    assert not re.search("hunter22|secret1", done.out + done.err)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "OPENAI_BASE_URL is not set; set it to the address of the endpoint"),
        ("localhost:8000", "OPENAI_BASE_URL is no address that begins with http:// or https://"),
        ("http://[::1", "OPENAI_BASE_URL is no address"),
        ("http://127.0.0.1:1/v1", "cannot be reached (Connection refused); start it, or correct"),
    ],
)
def test_a_wrong_address(
    place: Path,
    cli: Cli,
    endpoint: Endpoint,
    monkeypatch: pytest.MonkeyPatch,
    url: str,
    message: str,
) -> None:
    """The message names the variable of the address."""
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    run_file(place, MODEL, TIMES)
    done = cli("bench", "run.toml")
    assert 1 == done.status
    assert message in done.err
    assert "Traceback" not in done.err


def test_an_endpoint_that_is_silent(
    place: Path, cli: Cli, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A timeout is tried again, and the message says what to change."""
    release = threading.Event()

    def answer(body: dict[str, Any]) -> Reply:
        release.wait(30)
        return completion(right(body))

    endpoint.answer = answer
    monkeypatch.setattr("statevisit.scoring.endpoint.TRIES", 2)
    monkeypatch.setattr("statevisit.scoring.endpoint.time.sleep", lambda seconds: None)
    run_file(place, MODEL.replace("2", "1") + "timeout = 0.2\n", TIMES)
    done = cli("bench", "run.toml")
    release.set()
    assert "no answer within 0.2 seconds, 2 times; a larger `timeout` waits longer" in done.err


def _whole_answers(cache: Path) -> list[str]:
    """The files of answers; one that is being written has another name."""
    names = files_below(cache)
    return [name for name in names if re.fullmatch(r"answers/\w\w/\w{64}\.json", name)]


def test_ctrl_c_keeps_the_answers(place: Path, cli: Cli, endpoint: Endpoint) -> None:
    """A run that is stopped keeps whole answers only, and the next one goes on from there."""
    release = threading.Event()

    def answer(body: dict[str, Any]) -> Reply:
        if asked_about(body) == "train":
            release.wait(60)
        return completion(right(body))

    endpoint.answer = answer
    run_file(place, MODEL, TIMES + "\nresamples = 0")
    process = started("bench", "run.toml")
    answers = partial(_whole_answers, place / "cache")
    wait_until(lambda: len(answers()) == 3, "three answers are not kept")
    began = time.monotonic()
    _, err = interrupted(process)
    assert time.monotonic() - began < 30
    release.set()
    assert 1 == process.returncode
    assert "Traceback" not in err
    assert not (place / "run-results").exists()
    assert answers() == files_below(place / "cache")
    assert "1 answer asked for, 3 known from an earlier run" in cli("bench", "run.toml").out


def test_layers_that_need_each_other_are_asked_for_together() -> None:
    """Mentions refer to entities, so they are one group; times stand alone."""
    scheme = base()
    assert [("mentions", "entities"), ("timexes",)] == groups_of(
        scheme, ["timexes", "mentions"], "layer"
    )
    assert [("mentions", "entities", "relations")] == groups_of(scheme, ["relations"], "layer")
    assert [("events", "event_chains")] == groups_of(scheme, ["event_chains"], "layer")
    (all_at_once,) = groups_of(scheme, ["timexes", "mentions"], "document")
    assert {"mentions", "entities", "timexes"} == set(all_at_once)
