"""What statevisit raises: one root, so that `except StateVisitError` catches all of it."""


class StateVisitError(Exception):
    """The root of statevisit's exceptions; its message says what to do."""


class FormatError(StateVisitError):
    """A file or record is not in the format; the message names the file and, where there is one, the line."""


class LabelStudioError(StateVisitError):
    """A Label Studio server, export or task cannot be used; nothing was changed on either side."""


class ReleaseError(StateVisitError):
    """A build or release cannot be made, or what is there does not match what would be built."""


class MissingExtra(StateVisitError):
    """An optional package is needed and not installed."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"this needs {package}: pip install 'statevisit[{extra}]'")
