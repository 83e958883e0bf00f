"""A finding: bad data as a value, not as an exception."""

from typing import Any

from msgspec import Struct

from statevisit.printable import one_line

ERROR, WARNING = "error", "warning"


class Finding(Struct, frozen=True, kw_only=True):
    """One problem of a corpus: an error, or a warning, which a valid corpus may have.

    `code` is stable (E204), and `message` says what is wrong and what to do. `file` is the path as
    the user gave it, `document` an id, `pointer` a JSON Pointer (RFC 6901) into the file; `line`
    and `column` count from 1, in lines and code points. `layer` and `record` name the record of
    the problem. `excerpt` is the text around its span, on one line, and `mark` the span in it,
    half-open in code points. A property that does not apply is empty or 0.
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
        """Return "error" or "warning", as the code determines."""
        return severity(self.code)

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as `schema/findings.schema.json` describes it, without empty parts."""
        value: dict[str, Any] = {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
        }
        for name in ("file", "document", "pointer", "line", "column", "layer", "record"):
            if getattr(self, name):
                value[name] = getattr(self, name)
        if self.excerpt:
            value["excerpt"] = self.excerpt
            value["mark"] = list(self.mark)
        return value

    @property
    def where(self) -> str:
        """Return the file, or else the document, with line and column if known."""
        place = self.file or self.document
        return f"{place}:{self.line}:{self.column}" if self.line else place

    def __str__(self) -> str:
        message = f"{self.code} {self.message}"
        return one_line(f"{self.where}: {message}" if self.where else message)


def severity(code: str) -> str:
    """Return "warning" or "error" for a code.

    Warnings are W, and A1xx and L1xx: `anchor`, `realign` and the import from Label Studio report
    them and go on.
    """
    return WARNING if code.startswith(("W", "A1", "L1")) else ERROR
