"""Findings as text and in the formats that programs read: each a writer that takes findings one by one."""

import hashlib
from collections import Counter
from collections.abc import Callable
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import click
import orjson

from statevisit.commands import report
from statevisit.findings import ERROR, Finding, severity

if TYPE_CHECKING:
    from statevisit.checks.catalogue import Entry


class Writer:
    """What all formats have: `add` takes a finding, `end` says that there are no more.

    `address` gives the web address of a page of the corpus; "" for a corpus that is not published.
    """

    def __init__(self, address: Callable[[str], str] = lambda page: "") -> None:
        self.address = address
        self.counts: Counter[str] = Counter()
        self.documents = 0

    def add(self, finding: Finding) -> None:
        """Take a finding."""
        self.counts[finding.code] += 1

    def end(self) -> None:
        """There are no more findings."""

    @property
    def errors(self) -> int:
        """The number of findings that are errors."""
        return sum(n for code, n in self.counts.items() if severity(code) == ERROR)

    def summary(self) -> str:
        """The number of documents where nothing was found, else the number of findings."""
        total, errors = self.counts.total(), self.errors
        if not total:
            return f"{self.documents} document{'' if self.documents == 1 else 's'}, no findings"
        parts = [
            f"{n} {word}{'' if n == 1 else 's'}"
            for n, word in ((errors, "error"), (total - errors, "warning"))
            if n
        ]
        return f"{total} finding{'' if total == 1 else 's'}: {', '.join(parts)}"


class Text(Writer):
    """For people: a line for each finding, and the text around it with the span underlined."""

    def add(self, finding: Finding) -> None:
        """Take a finding."""
        super().add(finding)
        report([finding], excerpts=True)


class Statistics(Writer):
    """How many findings of each code, instead of the findings."""

    def end(self) -> None:
        """Print what there is to print."""
        from statevisit.checks.catalogue import catalogue

        for code, count in sorted(self.counts.items(), key=lambda c: (-c[1], c[0])):
            click.echo(f"{count:>7} {code} {catalogue()[code].message}")


class JsonLines(Writer):
    """A finding a line."""

    def add(self, finding: Finding) -> None:
        """Take a finding."""
        super().add(finding)
        click.echo(orjson.dumps(finding.as_dict()))


class Json(Writer):
    """One object that follows `schema/findings.schema.json`."""

    def __init__(self, address: Callable[[str], str] = lambda page: "") -> None:
        super().__init__(address)
        self.found: list[Finding] = []

    def add(self, finding: Finding) -> None:
        """Take a finding."""
        super().add(finding)
        self.found.append(finding)

    def end(self) -> None:
        """Print what there is to print."""
        from statevisit.resources import version

        value = {
            "tool": {"name": "statevisit", "version": version()},
            "documents": self.documents,
            "errors": self.errors,
            "warnings": self.counts.total() - self.errors,
            "findings": [f.as_dict() for f in self.found],
        }
        click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2))


class Sarif(Json):
    """SARIF 2.1.0 (OASIS), for code scanning."""

    def end(self) -> None:
        """Print what there is to print."""
        from statevisit.checks.catalogue import catalogue
        from statevisit.resources import version

        codes = sorted(self.counts)
        rules = [self._rule(catalogue()[code]) for code in codes]
        driver = {
            "name": "statevisit",
            "semanticVersion": version(),
            "informationUri": "urn:statevisit",
            "rules": rules,
        }
        run = {
            "tool": {"driver": driver},
            "columnKind": "unicodeCodePoints",
            "results": [self._result(f, codes) for f in self.found],
        }
        log = {
            "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
            "version": "2.1.0",
            "runs": [run],
        }
        click.echo(orjson.dumps(log, option=orjson.OPT_INDENT_2))

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

    @staticmethod
    def _result(f: Finding, codes: list[str]) -> dict[str, Any]:
        place: dict[str, Any] = {"artifactLocation": {"uri": _uri(f.file)}}
        if f.line:
            place["region"] = {"startLine": f.line} | (
                {"startColumn": f.column} if f.column else {}
            )
        location: dict[str, Any] = {"physicalLocation": place}
        if f.document:
            logical = {
                "name": f.record or f.document,
                "fullyQualifiedName": f"{f.document}{f.pointer}",
                "kind": "member",
            }
            location["logicalLocations"] = [logical]
        same = hashlib.sha256(
            f"{f.code}\0{f.document or f.file}\0{f.record or f.pointer}".encode()
        ).hexdigest()
        result = {
            "ruleId": f.code,
            "ruleIndex": codes.index(f.code),
            "level": f.severity,
            "message": {"text": f.message},
            "locations": [location],
        }
        result["partialFingerprints"] = {"codeDocumentRecord/v1": same}
        return result | (
            {"properties": {"excerpt": f.excerpt, "mark": list(f.mark)}} if f.excerpt else {}
        )


def _uri(file: str) -> str:
    from urllib.parse import quote

    path = PurePath(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


class GitHub(Writer):
    """Workflow commands: annotations on the lines of a pull request."""

    def add(self, finding: Finding) -> None:
        """Take a finding."""
        super().add(finding)
        where = {
            "file": finding.file,
            "line": finding.line,
            "col": finding.column,
            "title": finding.code,
        }
        properties = ",".join(f"{k}={_escape(str(v), ',:')}" for k, v in where.items() if v)
        click.echo(f"::{finding.severity} {properties}::{_escape(finding.message)}")


def _escape(text: str, more: str = "") -> str:
    for character in "%\r\n" + more:
        text = text.replace(character, f"%{ord(character):02X}")
    return text


class JUnit(Json):
    """JUnit's XML: a test case for each file with findings, which fails where one of them is an error."""

    def end(self) -> None:
        """Print what there is to print."""
        from xml.etree import ElementTree

        by_file: dict[str, list[Finding]] = {}
        for f in self.found:
            by_file.setdefault(f.file, []).append(f)
        failing = sum(any(f.severity == ERROR for f in fs) for fs in by_file.values())
        suite = ElementTree.Element(
            "testsuite",
            name="statevisit validate",
            tests=str(len(by_file) + 1),
            failures=str(failing),
            errors="0",
            skipped="0",
        )
        ElementTree.SubElement(
            suite, "testcase", classname="statevisit", name=f"{self.documents} documents read"
        )
        for file, findings in by_file.items():
            case = ElementTree.SubElement(
                suite, "testcase", classname="statevisit", name=_xml(file), file=_xml(file)
            )
            errors = [f for f in findings if f.severity == ERROR]
            if errors:
                failure = ElementTree.SubElement(
                    case, "failure", type=errors[0].code, message=_xml(errors[0].message)
                )
                failure.text = _xml("\n".join(map(str, errors)))
            if warnings := [str(f) for f in findings if f.severity != ERROR]:
                ElementTree.SubElement(case, "system-out").text = _xml("\n".join(warnings))
        root = ElementTree.Element("testsuites")
        root.append(suite)
        ElementTree.indent(root)
        click.echo(
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            + ElementTree.tostring(root, encoding="unicode")
        )


def _xml(text: str) -> str:
    """Without the control characters that XML 1.0 cannot hold."""
    return "".join(
        c
        for c in text
        if c in "\t\n"
        or 0x20 <= ord(c) <= 0xD7FF
        or 0xE000 <= ord(c) <= 0xFFFD
        or ord(c) >= 0x10000
    )


WRITERS: dict[str, type[Writer]] = {
    "text": Text,
    "json": Json,
    "jsonl": JsonLines,
    "sarif": Sarif,
    "github": GitHub,
    "junit": JUnit,
}
