"""A finding: bad data as a value, not an exception."""

from msgspec import Struct


class Finding(Struct, frozen=True, kw_only=True):
    """One thing wrong with a corpus.

    `code` is stable (E204); `document` the document's id where it is known; `file` the file's path as the
    user gave it; `pointer` a JSON Pointer (RFC 6901) into it; `line` and `column` count from 1, in lines and
    code points, and are 0 where there is none; `message` says what is wrong and what to do.
    """

    code: str
    message: str
    file: str = ""
    document: str = ""
    pointer: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        where = self.file or self.document
        if self.line:
            where += f":{self.line}:{self.column}"
        return f"{where}: {self.code} {self.message}" if where else f"{self.code} {self.message}"
