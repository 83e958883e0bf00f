"""A corpus root of many small documents, which have records of every layer."""

import hashlib
import json
from pathlib import Path

from msgspec.structs import replace

from statevisit.document.codec import decode, encode
from statevisit.document.scheme import base
from tests.conftest import ROOT, VALID

LETTERS = str.maketrans("0123456789", "abcdefghij")


def name_of(number: int) -> str:
    """The id of a document, in the order of their numbers."""
    return f"doc-{number:05d}"


def many_documents(root: Path, count: int, in_test: int = 0) -> Path:
    """Make a root of `count` valid documents with different texts; the last ones are for tests."""
    for name in ("corpus/documents", "seeds"):
        (root / name).mkdir(parents=True)
    lines = []
    for number in range(count):
        name = name_of(number)
        word = f"{number:08d}".translate(LETTERS).encode()
        data = VALID.read_bytes().replace(b"visitors", word)
        document = decode(data, name, base())
        seed = f" date {document.date} {document.text}".encode()
        sha256 = hashlib.sha256(seed).hexdigest()
        document = replace(
            document,
            id=name,
            text_sha256=hashlib.sha256(document.text.encode()).hexdigest(),
            source=replace(document.source, file=f"{name}.txt", sha256=sha256),
        )
        (root / f"corpus/documents/{name}.json").write_bytes(encode(document))
        (root / f"seeds/{name}.txt").write_bytes(seed)
        line = {"file": f"{name}.txt", "sha256": sha256, "date": document.date}
        line |= {"language": "en", "publisher": "unknown", "license": "not stated"}
        if in_test:
            line["split"] = "train" if number < count - in_test else "test"
        lines.append(json.dumps(line) + "\n")
    (root / "seeds/sources.jsonl").write_text("".join(lines), encoding="utf-8")
    annotators = json.loads((ROOT / "corpus/annotators.json").read_bytes())["annotators"]
    annotators.append(annotators[1] | {"id": "example"})
    listed = json.dumps({"annotators": annotators})
    (root / "corpus/annotators.json").write_text(listed, encoding="utf-8")
    (root / "README.md").write_text("---\nlicense: other\n---\n", encoding="utf-8")
    return root
