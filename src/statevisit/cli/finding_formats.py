"""The output formats of `validate`: text for people, and formats that programs read.

Each format is a writer, which receives the findings one by one.
"""

import hashlib
from collections import Counter
from collections.abc import Callable
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import orjson

from statevisit.cli.main import Listing, echo_json, say, write
from statevisit.findings import ERROR, Finding, severity
from statevisit.printable import counted, in_xml, one_line

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from statevisit.checks.catalogue import Entry


class Writer:
    """Counts findings and prints them in one format.

    `add` receives the findings one by one, and `end` follows the last one. A format overrides
    `_add` to print each finding at once, or `_end` to print all of them at the end. `documents` is
    the number of documents checked so far; the caller counts them. `address` returns the web
    address of a page of the corpus, or "" for a corpus that is not published. `verbose` lists every
    finding for people, too; programs always get all.
    """

    def __init__(
        self, address: Callable[[str], str] = lambda page: "", verbose: bool = False
    ) -> None:
        self.verbose = verbose
        self.address = address
        self.counts: Counter[str] = Counter()
        self.documents = 0

    def add(self, finding: Finding) -> None:
        """Count a finding, and print it if the format does so at once."""
        self.counts[finding.code] += 1
        self._add(finding)

    def end(self) -> None:
        """Print the part of the output that needs all findings."""
        self._end()

    def _add(self, finding: Finding) -> None:
        pass

    def _end(self) -> None:
        pass

    @property
    def errors(self) -> int:
        """The number of findings that are errors."""
        return sum(n for code, n in self.counts.items() if severity(code) == ERROR)

    @property
    def warnings(self) -> int:
        """The number of findings that are warnings."""
        return self.counts.total() - self.errors

    def summary(self) -> str:
        """Return the number of findings, or of documents if there are no findings."""
        if not self.counts:
            return f"{counted(self.documents, 'document')}, no findings"
        parts = [(self.errors, "error"), (self.warnings, "warning")]
        kinds = ", ".join(counted(n, kind) for n, kind in parts if n)
        return f"{counted(self.counts.total(), 'finding')}: {kinds}"


class Text(Writer):
    """For people: a line for each finding, and the text around it with the span underlined.

    Of many findings with one code in one file, only the first few are listed unless `verbose`.
    """

    def __init__(
        self, address: Callable[[str], str] = lambda page: "", verbose: bool = False
    ) -> None:
        super().__init__(address, verbose)
        self._listing = Listing(verbose=verbose, excerpts=True, by_file=True)

    def _add(self, finding: Finding) -> None:
        self._listing.add(finding)

    def _end(self) -> None:
        self._listing.end()


class Statistics(Writer):
    """The number of findings of each code, instead of the findings."""

    def _end(self) -> None:
        from statevisit.checks.catalogue import catalogue

        entries = catalogue()
        for code, count in sorted(self.counts.items(), key=lambda item: (-item[1], item[0])):
            say(f"{count:>7} {code} {entries[code].message}")


class JsonLines(Writer):
    """One JSON object for each finding, on a line of its own."""

    def _add(self, finding: Finding) -> None:
        write(orjson.dumps(finding.as_dict(), option=orjson.OPT_APPEND_NEWLINE))


class _AtTheEnd(Writer):
    """A format that can be printed only when all findings are known."""

    def __init__(
        self, address: Callable[[str], str] = lambda page: "", verbose: bool = False
    ) -> None:
        super().__init__(address, verbose)
        self.findings: list[Finding] = []

    def _add(self, finding: Finding) -> None:
        self.findings.append(finding)


class Json(_AtTheEnd):
    """One object that follows `schema/findings.schema.json`."""

    def _end(self) -> None:
        from statevisit.layout import version

        value = {
            "tool": {"name": "statevisit", "version": version()},
            "documents": self.documents,
            "errors": self.errors,
            "warnings": self.warnings,
            "findings": [finding.as_dict() for finding in self.findings],
        }
        echo_json(value)


class Sarif(_AtTheEnd):
    """SARIF 2.1.0 (OASIS), for code scanning."""

    def _end(self) -> None:
        from statevisit.checks.catalogue import catalogue
        from statevisit.layout import version

        codes = sorted(self.counts)
        driver = {
            "name": "statevisit",
            "semanticVersion": version(),
            "informationUri": "urn:statevisit",
            "rules": [self._rule(catalogue()[code]) for code in codes],
        }
        run = {
            "tool": {"driver": driver},
            "columnKind": "unicodeCodePoints",
            "results": [_sarif_result(f, codes.index(f.code)) for f in self.findings],
        }
        log = {"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}
        echo_json(log)

    def _rule(self, entry: "Entry") -> dict[str, Any]:
        address = self.address(entry.page)
        more = f"More: {address or entry.page}"
        help_ = {
            "text": f"{entry.why}\nWrong: {entry.wrong}\nRight: {entry.right}\n{more}",
            "markdown": f"{entry.why}\n\n- Wrong: {entry.wrong}\n- Right: {entry.right}\n\n{more}",
        }
        rule = {
            "id": entry.code,
            "shortDescription": {"text": entry.message},
            "fullDescription": {"text": entry.why},
            "help": help_,
            "defaultConfiguration": {"level": entry.severity},
            "properties": {"tags": [entry.family]},
        }
        if address:  # SARIF 2.1.0, 3.49.12: an absolute URI, so a relative page cannot be named
            rule["helpUri"] = address
        return rule


_SARIF_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def _sarif_result(finding: Finding, rule: int) -> dict[str, Any]:
    """Return a finding as a result; `rule` is the index of its rule."""
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": finding.severity,
        "message": {"text": finding.message},
        "locations": [_sarif_location(finding)],
        "partialFingerprints": {"codeDocumentRecord/v1": _fingerprint(finding)},
    }
    if finding.excerpt:
        result["properties"] = {"excerpt": finding.excerpt, "mark": list(finding.mark)}
    return result


def _sarif_location(finding: Finding) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": _uri(finding.file)}}
    if finding.line:
        place["region"] = {"startLine": finding.line}
        if finding.column:
            place["region"]["startColumn"] = finding.column
    location: dict[str, Any] = {"physicalLocation": place}
    if finding.document:
        logical = {
            "name": finding.record or finding.document,
            "fullyQualifiedName": f"{finding.document}{finding.pointer}",
            "kind": "member",
        }
        location["logicalLocations"] = [logical]
    return location


def _fingerprint(finding: Finding) -> str:
    """Return a hash that stays the same when lines move."""
    parts = (finding.code, finding.document or finding.file, finding.record or finding.pointer)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _uri(file: str) -> str:
    from urllib.parse import quote

    path = PurePath(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


class GitHub(Writer):
    """Workflow commands: annotations on the lines of a pull request."""

    def _add(self, finding: Finding) -> None:
        values = {
            "file": finding.file,
            "line": finding.line,
            "col": finding.column,
            "title": finding.code,
        }
        properties = ",".join(f"{k}={_escape(str(v), ',:')}" for k, v in values.items() if v)
        write(f"::{finding.severity} {properties}::{_escape(finding.message)}\n")


def _escape(text: str, more: str = "") -> str:
    """Escape the characters that end a workflow command, and `more` of them."""
    text = one_line(text)
    for character in "%" + more:
        text = text.replace(character, f"%{ord(character):02X}")
    return text


class JUnit(_AtTheEnd):
    """JUnit's XML: a test case for each file with findings, which fails if one is an error."""

    def _end(self) -> None:
        from xml.etree import ElementTree

        by_file: dict[str, list[Finding]] = {}
        for finding in self.findings:
            by_file.setdefault(finding.file, []).append(finding)
        failing = {finding.file for finding in self.findings if finding.severity == ERROR}
        root = ElementTree.Element("testsuites")
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name="statevisit validate",
            tests=str(len(by_file) + 1),
            failures=str(len(failing)),
            errors="0",
            skipped="0",
        )
        read = f"{counted(self.documents, 'document')} read"
        ElementTree.SubElement(suite, "testcase", classname="statevisit", name=read)
        for file, findings in by_file.items():
            _add_case(suite, file, findings)
        ElementTree.indent(root)
        xml = ElementTree.tostring(root, encoding="unicode")
        write(f'<?xml version="1.0" encoding="UTF-8"?>\n{xml}\n')


def _add_case(suite: "Element", file: str, findings: list[Finding]) -> None:
    from xml.etree import ElementTree

    name = in_xml(file)
    case = ElementTree.SubElement(suite, "testcase", classname="statevisit", name=name, file=name)
    errors = [finding for finding in findings if finding.severity == ERROR]
    warnings = [finding for finding in findings if finding.severity != ERROR]
    if errors:
        first = errors[0]
        failure = ElementTree.SubElement(
            case, "failure", type=first.code, message=in_xml(first.message)
        )
        failure.text = in_xml("\n".join(map(str, errors)))
    if warnings:
        ElementTree.SubElement(case, "system-out").text = in_xml("\n".join(map(str, warnings)))


WRITERS: dict[str, type[Writer]] = {
    "text": Text,
    "json": Json,
    "jsonl": JsonLines,
    "sarif": Sarif,
    "github": GitHub,
    "junit": JUnit,
}
