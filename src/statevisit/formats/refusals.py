"""The annotations and relations of an imported text whose records would be errors."""

from statevisit.document.model import SPAN_LAYERS, Document
from statevisit.document.scheme import scheme_of
from statevisit.findings import ERROR
from statevisit.formats.edits import Edited
from statevisit.formats.translation import relation_key
from statevisit.regions.relation_labels import type_label
from statevisit.regions.updates import Update


def refused_by(update: Update, edited: Edited, document: Document) -> dict[str, str]:
    """Return the annotations and relations whose records have errors, each with its loss."""
    wrong: dict[str, str] = {}
    for finding in update.findings:
        layer, _, rest = finding.pointer.removeprefix("/").partition("/")
        number = rest.partition("/")[0]
        if finding.severity != ERROR or not number.isdecimal():
            continue
        summary = f"{finding.code} ({finding.message.partition(':')[0]})"
        if layer in SPAN_LAYERS:
            record = getattr(document, layer)[int(number)]
            annotation = edited.annotations.get(record.id)
            if annotation is not None:
                wrong[annotation] = f"annotations against {summary}"
        elif layer == "event_relations":
            link = document.event_relations[int(number)]
            source, target = map(edited.annotations.get, (link.source, link.target))
            if source is not None and target is not None and link.type:
                label = type_label(link.type, link.modality, scheme_of(document))
                wrong[relation_key(source, label, target)] = f"relations against {summary}"
    return wrong
