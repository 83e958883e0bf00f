"""The exceptions of statevisit, which `except StateVisitError` catches."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from statevisit.findings import Finding

_NAMED = 20
"""Documents that one error names beside the first."""


class StateVisitError(Exception):
    """The base class of the exceptions; the message says what to do.

    `findings` are the problems as values, where a function looks for all of them; else empty.
    """

    def __init__(self, message: str = "", findings: "Sequence[Finding]" = ()) -> None:
        super().__init__(message)
        self.findings = tuple(findings)


class FormatError(StateVisitError):
    """A file or record is not in the format; the message names the file and, if any, the line."""


def together(errors: Mapping[str, FormatError]) -> FormatError:
    """Return one error for several documents: the message of the first, and the others' names."""
    (_, first), *others = errors.items()
    if not others:
        return first
    names = [name for name, _ in others[:_NAMED]]
    if len(others) > _NAMED:
        names.append("…")
    return FormatError(f"{first}; {len(others)} more cannot be read: {', '.join(names)}")


class LabelStudioError(StateVisitError):
    """A Label Studio server, export or task cannot be used; neither side was changed."""


class ReleaseError(StateVisitError):
    """A build or release cannot be made, or the built files do not match the documents."""


class MissingExtra(StateVisitError):
    """An optional package is needed and not installed."""

    def __init__(self, package: str, extra: str = "") -> None:
        wanted = f"'statevisit[{extra}]'" if extra else package
        super().__init__(f"this needs {package}: pip install {wanted}")
        self._named = package, extra

    def __reduce__(self) -> tuple[type["MissingExtra"], tuple[str, str]]:
        """Let another process raise it: Python would pass the message, not the arguments."""
        return type(self), self._named
