"""A finding: bad data as a value, not an exception."""

from typing import Any

from msgspec import Struct

ERROR, WARNING = "error", "warning"


class Finding(Struct, frozen=True, kw_only=True):
    """One thing wrong with a corpus, or (a warning) one that a right corpus can have and mostly has not.

    `code` is stable (E204); `document` the document's id where it is known; `file` the file's path as the
    user gave it; `pointer` a JSON Pointer (RFC 6901) into it; `line` and `column` count from 1, in lines and
    code points, and are 0 where there is none; `message` says what is wrong and what to do. `layer` and `record`
    name what it is in; `excerpt` is the text around the record's span on one line, `mark` where in it the span
    stands, half-open in code points; all four are empty where there is no such thing.
    """

    code: str
    message: str
    file: str = ""
    document: str = ""
    pointer: str = ""
    line: int = 0
    column: int = 0
    layer: str = ""
    record: str = ""
    excerpt: str = ""
    mark: tuple[int, int] = (0, 0)

    @property
    def severity(self) -> str:
        """ "error" or "warning": the code says which."""
        return severity(self.code)

    def as_dict(self) -> dict[str, Any]:
        """The finding as `schema/findings.schema.json` describes it: what is empty is left out."""
        value: dict[str, Any] = {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
        }
        value |= {
            n: getattr(self, n)
            for n in ("file", "document", "pointer", "line", "column", "layer", "record")
            if getattr(self, n)
        }
        return value | ({"excerpt": self.excerpt, "mark": list(self.mark)} if self.excerpt else {})

    @property
    def where(self) -> str:
        """The file, or else the document, with line and column where there is a line."""
        return (self.file or self.document) + (f":{self.line}:{self.column}" if self.line else "")

    def __str__(self) -> str:
        return (
            f"{self.where}: {self.code} {self.message}"
            if self.where
            else f"{self.code} {self.message}"
        )


def severity(code: str) -> str:
    """ "warning" for codes that begin with W and for what is only reported, by `anchor`, `realign` (A1xx) or Label Studio's import (L1xx); else "error"."""
    return WARNING if code.startswith(("W", "A1", "L1")) else ERROR
