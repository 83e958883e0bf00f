"""The exceptions of statevisit, which `except StateVisitError` catches."""


class StateVisitError(Exception):
    """The base class of the exceptions; the message says what to do."""


class FormatError(StateVisitError):
    """A file or record is not in the format; the message names the file and, if any, the line."""


class LabelStudioError(StateVisitError):
    """A Label Studio server, export or task cannot be used; neither side was changed."""


class ReleaseError(StateVisitError):
    """A build or release cannot be made, or the built files do not match the documents."""


class MissingExtra(StateVisitError):
    """An optional package is needed and not installed."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"this needs {package}: pip install 'statevisit[{extra}]'")
