"""The exceptions of statevisit; `except StateVisitError` catches all of them."""


class StateVisitError(Exception):
    """The root of statevisit's exceptions; its message says what to do."""


class FormatError(StateVisitError):
    """A file or record is not in the format; the message names the file and, if known, the line."""


class LabelStudioError(StateVisitError):
    """A Label Studio server, export or task cannot be used; nothing was changed on either side."""


class ReleaseError(StateVisitError):
    """A build or release cannot be made, or the committed files differ from a new build."""


class MissingExtra(StateVisitError):
    """An optional package is needed and not installed."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"this needs {package}: pip install 'statevisit[{extra}]'")
