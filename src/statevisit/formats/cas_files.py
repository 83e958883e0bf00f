"""Files with a UIMA CAS: XMI with its type system beside it, ZIP archives of both, and JSON.

DTDs, and with them entities, are refused before another library sees the bytes, and so are names of
types and features that are no identifiers. Nothing is unpacked to the disk.
"""

import json
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator
from functools import lru_cache
from io import BytesIO
from keyword import iskeyword
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import cassis
import defusedxml
from defusedxml import ElementTree

from statevisit import files
from statevisit.document.codec import read_bytes
from statevisit.document.scheme import Scheme
from statevisit.errors import FormatError
from statevisit.formats.cas_names import NAME, STRING
from statevisit.formats.cas_reader import text_of_cas
from statevisit.formats.cas_writer import TYPE_SYSTEM
from statevisit.formats.texts import AnnotatedText

_MOST_MEMBERS = 10_000
_TAG = re.compile(r"\{http:///([\w/]+)\.ecore\}(\w+)", re.ASCII)
"""A tag of XMI, which has the name of a type."""

_FS_ARRAY = "uima.cas.FSArray"
_RESERVED = "%"
"""The prefix of keys in JSON that are not names of features."""


def read_xmi(path: Path, scheme: Scheme) -> Iterator[AnnotatedText]:
    """Yield the text of an XMI file, or those of the XMI files in a ZIP archive.

    Each needs `TypeSystem.xml` beside it. Raises FormatError, with the line of an error in XML.
    """
    if path.suffix.lower() == ".zip":
        yield from _read_archive(path, scheme)
        return
    beside = [path.with_name(TYPE_SYSTEM)]
    if not beside[0].is_file():
        beside = [p for p in path.parent.iterdir() if p.name.lower() == TYPE_SYSTEM.lower()]
    if not beside:
        raise FormatError(
            f"{path}: its type system is missing; put {TYPE_SYSTEM} beside it, or import the ZIP "
            "file of the export"
        )
    system = _type_system(read_bytes(beside[0]), str(beside[0]))
    yield _read_one(read_bytes(path), system, str(path), path, scheme)


def read_json(path: Path, scheme: Scheme) -> Iterator[AnnotatedText]:
    """Yield the text of a UIMA CAS JSON file. Raises FormatError, with the line of an error."""
    data = read_bytes(path)
    try:
        shown = data.decode(json.detect_encoding(data))
        content = json.loads(shown)
    except json.JSONDecodeError as error:
        raise FormatError(f"{path}:{error.lineno}: is not JSON: {error.msg}") from None
    except RecursionError:
        raise FormatError(f"{path}: is not a CAS: nested too deeply") from None
    except ValueError as error:
        raise FormatError(f"{path}: is not JSON in UTF-8: {error}") from None
    system = content.get("%TYPES") if isinstance(content, dict) else None
    if not isinstance(system, dict) or "%FEATURE_STRUCTURES" not in content:
        raise FormatError(
            f"{path}: is not a UIMA CAS in JSON, which has %TYPES and %FEATURE_STRUCTURES; export "
            "it with its type system"
        )
    for name, features in system.items():
        keys = features if isinstance(features, dict) else {}
        _refuse_names(name, [key for key in keys if not key.startswith(_RESERVED)], str(path))
    if _with_elements(content["%FEATURE_STRUCTURES"]):
        shown = json.dumps(content)
    cas = _loaded(lambda: cassis.load_cas_from_json(shown), str(path))
    yield text_of_cas(cas, path, scheme)


def _with_elements(structures: Any) -> bool:
    """Give empty arrays their elements, which cassis needs; return whether there are any."""
    changed = False
    for structure in structures if isinstance(structures, list) else []:
        kind = structure.get("%TYPE") if isinstance(structure, dict) else None
        is_array = isinstance(kind, str) and (kind.endswith("[]") or kind == _FS_ARRAY)
        if is_array and "%ELEMENTS" not in structure:
            structure["%ELEMENTS"] = []
            changed = True
    return changed


def _read_archive(path: Path, scheme: Scheme) -> Iterator[AnnotatedText]:
    """Yield the texts of the XMI files in an archive, each with the type system of its folder."""
    limit = files.size_limit()
    try:
        with zipfile.ZipFile(BytesIO(read_bytes(path))) as archive:
            members = archive.infolist()
            if len(members) > _MOST_MEMBERS or sum(m.file_size for m in members) > limit:
                raise FormatError(f"{path}: {files.beyond_limit('its unpacked content')}")
            contents = {m.filename: _unpacked(archive, m, path) for m in members if _is_cas(m)}
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError, OSError) as error:
        raise FormatError(f"{path}: is not a ZIP archive that can be read: {error}") from None
    systems = {
        name.rpartition("/")[0]: data
        for name, data in contents.items()
        if name.lower().endswith(".xml")
    }
    names = [name for name in contents if name.lower().endswith(".xmi")]
    if not names:
        raise FormatError(f"{path}: has no XMI file; export the documents as UIMA CAS XMI")
    for name in names:
        place = f"{path}/{name}"
        data = systems.get(name.rpartition("/")[0])
        if data is None:
            raise FormatError(f"{place}: its type system {TYPE_SYSTEM} is missing in the archive")
        system = _type_system(data, f"{path}/{TYPE_SYSTEM}")
        beside = path.parent / f"{Path(name).stem}.xmi"
        text = _read_one(contents[name], system, place, beside, scheme)
        text.file = str(path)
        yield text


def _is_cas(member: zipfile.ZipInfo) -> bool:
    name = member.filename.lower().rpartition("/")[2]
    return name.endswith(".xmi") or name == TYPE_SYSTEM.lower()


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> bytes:
    """The content of a member, which must not be longer than it says."""
    with archive.open(member) as file:
        data = file.read(member.file_size + 1)
    if len(data) > member.file_size:
        raise FormatError(f"{path}: {member.filename!r} is longer than the archive says")
    return data


def _read_one(
    data: bytes, system: cassis.TypeSystem, place: str, path: Path, scheme: Scheme
) -> AnnotatedText:
    """The text of an XMI file."""
    _refuse_dtd(data, place)

    def load() -> cassis.Cas:
        # Limits of the parser against entities are needless without a DTD, and refuse long texts
        return cassis.load_cas_from_xmi(BytesIO(data), typesystem=system, trusted=True)

    try:
        cas = _loaded(load, place)
    except FormatError as error:
        if "unexpected keyword argument" not in str(error):
            raise
        declared = system
        system = _loaded(lambda: _with_undeclared(data, declared), place)
        cas = _loaded(load, place)
    return text_of_cas(cas, path, scheme)


def _with_undeclared(data: bytes, system: cassis.TypeSystem) -> cassis.TypeSystem:
    """A type system with the features that a file has and it lacks, as strings.

    UIMA, when it is lenient, leaves these out, and so do tools that write such files.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        extended = cassis.load_typesystem(system.to_xml())
    for _, element in ElementTree.iterparse(BytesIO(data), forbid_dtd=True):
        match = _TAG.fullmatch(element.tag)
        name = f"{match[1].replace('/', '.')}.{match[2]}" if match else ""
        if extended.contains_type(name, True):
            declared = {feature.name for feature in extended.get_type(name).all_features}
            for attribute in set(element.keys()) - declared:
                if NAME.fullmatch(attribute) and not iskeyword(attribute):
                    extended.create_feature(name, attribute, STRING)
    return extended


def _type_system(data: bytes, place: str) -> cassis.TypeSystem:
    try:
        return _system_of(data)
    except FormatError as error:
        raise FormatError(f"{place}{error}") from None


@lru_cache(maxsize=4)  # the files of a directory share one
def _system_of(data: bytes, place: str = "") -> cassis.TypeSystem:
    """The type system in a file; the message of an error goes on after the name of the file."""
    try:
        root = ElementTree.fromstring(data, forbid_dtd=True)
    except (ParseError, defusedxml.DefusedXmlException, ValueError, LookupError) as error:
        raise _bad_xml(error, place) from None
    for description in root.iterfind(".//{*}typeDescription"):
        features = [
            name.text or "" for name in description.iterfind(".//{*}featureDescription/{*}name")
        ]
        _refuse_names(description.findtext("{*}name") or "", features, place)
    return _loaded(lambda: cassis.load_typesystem(BytesIO(data)), place)


def _refuse_names(type_name: str, features: list[str], place: str) -> None:
    """Raise FormatError for names that are no identifiers: cassis makes Python code of them."""
    parts = type_name.strip().split(".")
    for name in [*parts, *(feature.strip() for feature in features)]:
        if not NAME.fullmatch(name):
            shown = f"type {type_name[:80]!r}, name {name[:40]!r}"
            raise FormatError(f"{place}: {shown}: is no name of a type or feature")


def _refuse_dtd(data: bytes, place: str) -> None:
    """Raise FormatError for a document type declaration, which can only precede the root."""
    try:
        for _ in ElementTree.iterparse(BytesIO(data), events=("start",), forbid_dtd=True):
            return
    except (ParseError, defusedxml.DefusedXmlException, ValueError, LookupError) as error:
        raise _bad_xml(error, place) from None


def _bad_xml(error: Exception, place: str) -> FormatError:
    if isinstance(error, defusedxml.DefusedXmlException):
        return FormatError(f"{place}: has a DTD, which is not read; remove it")
    line = f":{error.position[0]}" if isinstance(error, ParseError) else ""
    return FormatError(f"{place}{line}: is not XML: {error}")


def _loaded(load: Callable[[], Any], place: str) -> Any:
    """What cassis loads. Raises FormatError for whatever goes wrong in it, and wrong offsets."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.filterwarnings("error", message="Not mapping")
        try:
            return load()
        except SyntaxError as error:
            line = f":{error.lineno}" if error.lineno else ""
            raise FormatError(f"{place}{line}: is not XML: {error.msg}") from None
        except UserWarning as error:
            offset = re.search(r"\[(-?\d{1,18})\]", str(error))
            shown = offset[1] if offset else "?"
            raise FormatError(
                f"{place}: the offset {shown} is outside the text, or inside a character (UIMA "
                "counts UTF-16 code units)"
            ) from None
        except KeyError as error:
            raise FormatError(f"{place}: is not a CAS: refers to {error}, which it lacks") from None
        except RecursionError:
            raise FormatError(f"{place}: is not a CAS: nested too deeply") from None
        except Exception as error:
            # cassis checks little before it uses a value, and says so in errors of any kind
            message = getattr(error, "message", None) or str(error) or type(error).__name__
            raise FormatError(f"{place}: is not a CAS of its types: {message[:200]}") from None
