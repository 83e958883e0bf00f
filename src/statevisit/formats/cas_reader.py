"""A UIMA CAS as an annotated text.

The layers that statevisit writes keep their ids, labels and attributes. Of any other type system,
each annotation with a begin and an end becomes one that is labelled by its feature `label`,
`value` or `category`, the first that has a value, or else by the short name of its type; its other
features are attributes. Relation layers (`Governor`, `Dependent`), slots (`role`, `target`) and
features that refer to an annotation become relations, chains become clusters. Sentences, tokens,
metadata and the annotations of single tokens, such as lemmas, are left out.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from statevisit.document.scheme import Scheme
from statevisit.errors import FormatError
from statevisit.formats import cas_names as types
from statevisit.formats.cas_checks import check_values
from statevisit.formats.sidecar import SUFFIX
from statevisit.formats.texts import AnnotatedText, Annotation, Cluster, Loss, Relation
from statevisit.regions.offsets import Ends

Structure = Any
"""A feature structure of cassis, which has an attribute for each feature."""

_RENAMED = ("type_", "self_")
"""What cassis calls the features `type` and `self`."""

_UNSPECIFIED = "x-unspecified"
_VIEW = "_InitialView"
_LINKED = (types.LAYER_TYPES["mentions"], types.LAYER_TYPES["events"], types.NAMED_ENTITY)
"""The types of annotations for which the links of chains stand."""


def text_of_cas(cas: Any, path: Path, scheme: Scheme) -> AnnotatedText:
    """Return the text and annotation of a CAS of a file.

    Offsets are code points. Raises FormatError for a CAS without a text or with several, and for
    values of other types than their features.
    """
    shown = [view.sofa.sofaID for view in cas.views if view.sofa.sofaString]
    if shown not in ([_VIEW], []):
        raise FormatError(f"{path}: has texts in several views ({', '.join(shown)}); save one each")
    initial = cas.get_view(_VIEW)
    if initial.sofa_string is None:
        raise FormatError(f"{path}: has no text (no sofaString in {_VIEW})")
    check_values(initial, path)
    name = _text_name(initial, path)
    text = AnnotatedText(name, initial.sofa_string, str(path))
    return _Reader(text, initial, scheme).result()


class _Reader:
    """Reads the feature structures that are in the index of a view."""

    def __init__(self, text: AnnotatedText, view: Any, scheme: Scheme) -> None:
        self._text = text
        self._structures: list[Structure] = sorted(view.select_all_fs(), key=lambda fs: fs.xmiID)
        self._system = view.typesystem
        self._own = {
            layer.name: layer
            for layer in types.layer_types(scheme).values()
            if self._has_feature(layer.name, types.RECORD)
        }
        self._ids: dict[int, str] = {}
        """The ids of annotations by those of their feature structures."""
        self._taken: set[str] = set()
        self._linked: dict[Ends, list[str]] = {}
        """The annotations for which the links of chains stand, by span."""

    def _has_feature(self, name: str, feature: str) -> bool:
        if not self._system.contains_type(name, True):
            return False
        return self._system.get_type(name).get_feature(feature) is not None

    def result(self) -> AnnotatedText:
        """Return the text with all annotations, the spans first: others refer to them."""
        self._text.tokens = self._segments("Token")
        self._text.sentences = self._segments("Sentence")
        spans = [fs for fs in self._structures if self._is_span(fs)]
        for structure in spans:
            self._span(structure)
        self._compare_copies()
        self._clusters()
        for structure in self._structures:
            if self._is_a(structure, types.DOCUMENT_ANNOTATION):
                self._metadata(structure)
            elif self._is_relation(structure):
                self._relation(structure)
        for structure in spans:
            if structure.xmiID in self._ids:
                self._references(structure)
        return self._text

    def _segments(self, short_name: str) -> tuple[Ends, ...]:
        """The spans of the tokens or the sentences, in order."""
        ends = {
            (structure.begin, structure.end)
            for structure in self._structures
            if types.short_name(structure.type.name) == short_name
            and self._is_a(structure, types.ANNOTATION)
            and structure.begin is not None
            and structure.end is not None
            and structure.begin < structure.end
        }
        return tuple(sorted(ends))

    def _is_a(self, structure: Structure, name: str) -> bool:
        if not self._system.contains_type(name, True):
            return False
        return bool(self._system.is_instance_of(structure.type.name, name))

    def _is_relation(self, structure: Structure) -> bool:
        return all(
            structure.type.get_feature(end) is not None
            for end in (types.SOURCE_END, types.TARGET_END)
        )

    def _is_link(self, structure: Structure) -> bool:
        """Whether an annotation is a link of a chain: its `next` is of its type."""
        feature = structure.type.get_feature("next")
        return feature is not None and feature.rangeType.name == structure.type.name

    def _is_span(self, structure: Structure) -> bool:
        """Whether a structure is an annotation of a span; one of a token is a loss."""
        if not self._is_a(structure, types.ANNOTATION):
            return False
        if self._is_relation(structure) or self._is_link(structure):
            return False
        name = structure.type.name
        if name.startswith(types.METADATA_PACKAGE) or types.is_segment(name):
            return False
        if self._is_a(structure, types.DOCUMENT_ANNOTATION) or self._is_copy(structure):
            return False
        if any(self._is_a(structure, of_token) for of_token in types.OF_TOKENS):
            self._lose(f"annotations of tokens ({structure.type.short_name})", structure)
            return False
        return True

    def _is_copy(self, structure: Structure) -> bool:
        """Whether an annotation is a named entity that was written as the copy of a mention."""
        is_written = types.LAYER_TYPES["mentions"] in self._own
        return is_written and structure.type.name == types.NAMED_ENTITY

    def _compare_copies(self) -> None:
        """Lose the named entities that were changed in place of the mentions."""
        mentions = {(one.start, one.end, one.label) for one in self._text.annotations}
        for structure in self._structures:
            if self._is_copy(structure):
                place = structure.begin, structure.end, structure["value"]
                if place not in mentions:
                    self._lose("named entities that differ from the layer Mention", structure)

    def _lose(self, kind: str, structure: Structure) -> None:
        self._text.losses.append(Loss(kind, f"xmi:id {structure.xmiID}"))

    def _span(self, structure: Structure) -> None:
        """Read the annotation of a span. One without characters is a loss."""
        start, end = structure.begin, structure.end
        if start is None or end is None or not 0 <= start < end <= len(self._text.text):
            self._lose("annotations without characters", structure)
            return
        values = types.stated(structure.type.name, dict(_values(structure)), self._own)
        self._add(structure, values.record, values.label, values.attributes)

    def _add(
        self, structure: Structure, record: str, label: str, attributes: dict[str, str]
    ) -> str:
        """Add an annotation, with the id of its record unless another has it; return its id."""
        annotation_id = record
        if not record or record in self._taken:
            annotation_id = f"xmi-{structure.xmiID}"
        self._taken.add(annotation_id)
        self._ids[structure.xmiID] = annotation_id
        start, end = structure.begin, structure.end
        words = self._text.text[start:end]
        self._text.annotations.append(
            Annotation(annotation_id, start, end, label, attributes, words)
        )
        if structure.type.name in _LINKED:
            self._linked.setdefault((start, end), []).append(annotation_id)
        return annotation_id

    def _metadata(self, structure: Structure) -> None:
        language = structure.language or ""
        if language != _UNSPECIFIED:
            self._text.language = language

    def _relation(self, structure: Structure) -> None:
        source = structure[types.SOURCE_END]
        target = structure[types.TARGET_END]
        ends = [self._ids.get(end.xmiID) for end in (source, target) if end is not None]
        if len(ends) < 2 or None in ends:
            self._lose("relations without an annotation at both ends", structure)
            return
        values = dict(_values(structure))
        label = types.label_of(structure.type.name, values)
        for name in values:
            self._lose(f"attributes {name!r} of relations", structure)
        self._text.relations.append(Relation(str(ends[0]), label, str(ends[1])))

    def _references(self, structure: Structure) -> None:
        """Read the slots of an annotation, and the features that refer to another one."""
        source = self._ids[structure.xmiID]
        for feature, value in _structured(structure):
            for target, label in _targets(value, feature):
                found = self._ids.get(target.xmiID) if target is not None else None
                if found is not None:
                    self._text.relations.append(Relation(source, label, found))
                elif target is None or self._is_a(target, types.ANNOTATION):
                    kind = f"references {feature!r} without an annotation at their end"
                    self._lose(kind, structure)
                else:
                    self._lose(f"structures in the feature {feature!r}", structure)

    def _clusters(self) -> None:
        """Read the chains. A link at the place of a mention or event stands for it."""
        seen: set[int] = set()
        for structure in self._structures:
            first = getattr(structure, "first", None)
            if first is None or not self._is_link(first):
                continue
            names: Counter[str] = Counter()
            members = []
            link = first
            while link is not None and link.xmiID not in seen:
                seen.add(link.xmiID)
                member = self._member(link)
                if member is not None:
                    members.append(member)
                names[getattr(link, "referenceRelation", None) or ""] += 1
                link = link.next
            if link is not None:
                self._lose("chains that run in a circle or into another", structure)
            del names[""]
            if not members:
                continue
            number = len(self._text.clusters) + 1
            name = names.most_common(1)[0][0] if names else f"cluster-{number}"
            self._text.clusters.append(Cluster(name, list(dict.fromkeys(members))))
        for structure in self._structures:
            if self._is_link(structure) and structure.xmiID not in seen:
                self._lose("links outside a chain", structure)

    def _member(self, link: Structure) -> str | None:
        """The id of the annotation for which a link stands, by its id or else its span."""
        start, end = link.begin, link.end
        candidates = self._linked.get((start, end), [])
        reference = getattr(link, "referenceType", None) or ""
        if reference in candidates:
            return reference
        if candidates:
            return candidates[0]
        if start is None or end is None or not 0 <= start < end <= len(self._text.text):
            self._lose("links without characters", link)
            return None
        return self._add(link, "", reference or link.type.short_name, {})


def _features(structure: Structure) -> Iterator[tuple[str, Any]]:
    """The features of a structure that have a value, and the values."""
    for feature in structure.type.all_features:
        name = feature.name.removesuffix("_") if feature.name in _RENAMED else feature.name
        value = getattr(structure, feature.name)
        if value is not None and name not in ("begin", "end", "sofa"):
            yield name, value


def _values(structure: Structure) -> Iterator[tuple[str, str]]:
    """The features whose values are strings, numbers or lists of these, as strings."""
    for name, value in _features(structure):
        elements = getattr(value, "elements", None)
        if isinstance(value, str):
            yield name, value
        elif isinstance(value, bool):
            yield name, str(value).lower()
        elif isinstance(value, int | float):
            yield name, str(value)
        elif elements and all(isinstance(one, str) for one in elements):
            yield name, "; ".join(elements)


def _structured(structure: Structure) -> Iterator[tuple[str, Any]]:
    """The features whose values are structures, or arrays of these."""
    for name, value in _features(structure):
        elements = getattr(value, "elements", None)
        if elements is not None:
            if any(hasattr(one, "xmiID") for one in elements):
                yield name, value
        elif hasattr(value, "xmiID"):
            yield name, value


def _targets(value: Structure, feature: str) -> Iterator[tuple[Structure | None, str]]:
    """The structures to which a feature refers, each with the label of the relation."""
    for one in getattr(value, "elements", None) or [value]:
        if one is None or not hasattr(one, types.TARGET):
            yield one, feature
        else:
            yield one.target, getattr(one, types.ROLE, None) or feature


def _text_name(view: Any, path: Path) -> str:
    """The name of the text in a CAS: that of the document which lies beside, or of the file.

    INCEpTION calls a document by the name of the file that was imported, and its files by the name
    of the annotator.
    """
    for structure in view.select_all_fs():
        if structure.type.name == types.METADATA:
            for value in (structure["documentId"], structure["documentTitle"]):
                stem = (value or "").removesuffix(path.suffix).removesuffix(".xmi")
                if stem and Path(stem).name == stem and (path.parent / (stem + SUFFIX)).is_file():
                    return stem
    return path.stem
