"""The elements of an XML file with their places in its characters, read safely."""

from io import BytesIO
from pathlib import Path
from xml.sax import SAXException, SAXParseException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl, Locator

from defusedxml import DefusedXmlException
from defusedxml.expatreader import create_parser
from msgspec import Struct

from statevisit.document.codec import read_bytes
from statevisit.errors import FormatError


class Element(Struct):
    """An element: its span in the characters between the tags, and the line, from 1, of its tag."""

    name: str
    attributes: dict[str, str]
    start: int
    line: int
    end: int = 0


class Frame(Struct):
    """The part of the characters of a file that is the text, and whether a tag says so."""

    start: int
    end: int
    has_tag: bool

    def has(self, element: Element) -> bool:
        """Whether an element stands in it."""
        return self.start <= element.start and element.end <= self.end


class _Handler(ContentHandler):
    """Collects the characters and the elements, in the order of their tags."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self._length = 0

    def setDocumentLocator(self, locator: Locator) -> None:
        self._locator = locator

    def startElement(self, name: str, attrs: AttributesImpl) -> None:
        line = self._locator.getLineNumber() or 0
        element = Element(name, dict(attrs.items()), self._length, line)
        self.elements.append(element)
        self._open.append(element)

    def endElement(self, name: str) -> None:
        self._open.pop().end = self._length

    def characters(self, content: str) -> None:
        self.parts.append(content)
        self._length += len(content)


def parsed(path: Path) -> tuple[str, list[Element]]:
    """Return the characters between the tags of an XML file, and its elements, the root first.

    Raises FormatError, with file and line, if it is not well-formed, and if it has a DTD, in which
    entities could be defined.
    """
    handler = _Handler()
    parser = create_parser(forbid_dtd=True)
    parser.setContentHandler(handler)
    try:
        parser.parse(BytesIO(read_bytes(path)))
    except SAXParseException as error:
        line = error.getLineNumber() or 1
        raise FormatError(f"{path}:{line}: not well-formed XML: {error.getMessage()}") from None
    except DefusedXmlException:
        line = parser.getLineNumber() or 1
        raise FormatError(
            f"{path}:{line}: has a DTD or entities of its own, which are not read; "
            "remove the <!DOCTYPE …>"
        ) from None
    except (SAXException, ValueError, LookupError) as error:
        raise FormatError(f"{path}: not readable as XML: {error}; save it as UTF-8") from None
    return "".join(handler.parts), handler.elements


def framed(characters: str, elements: list[Element]) -> Frame:
    """Return the text in the characters of a file: in `TEXT`, or all of them.

    A line end after `<TEXT>` and one before `</TEXT>` are not part of the text.
    """
    tagged = next((e for e in elements if e.name == "TEXT"), None)
    if tagged is None:
        return Frame(*trimmed(characters, 0, len(characters)), has_tag=False)
    start, end = tagged.start, tagged.end
    if characters[start:end].startswith("\n"):
        start += 1
    if characters[start:end].endswith("\n"):
        end -= 1
    return Frame(start, end, has_tag=True)


def trimmed(characters: str, start: int, end: int) -> tuple[int, int]:
    """Return a span without white space at its edges."""
    words = characters[start:end]
    start += len(words) - len(words.lstrip(_WHITE))
    return start, max(start, end - len(words) + len(words.rstrip(_WHITE)))


_WHITE = " \t\r\n"
