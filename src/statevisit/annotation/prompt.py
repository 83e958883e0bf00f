"""What a language model needs in order to annotate: the task, the rules, the schema, the text."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from statevisit import layout
from statevisit.annotation.answer_schema import answer_schema
from statevisit.annotation.guideline_rules import guidelines_of, rules_of
from statevisit.corpus.reader import load
from statevisit.document.model import Document
from statevisit.document.schema import id_node
from statevisit.document.scheme import Label, Scheme, base, scheme_at, scheme_for, scheme_of
from statevisit.document.strict_json import JsonObject
from statevisit.errors import FormatError

NAME = "annotation"
"""The name of the schema in a request."""

_TASK = """\
You annotate a text. Answer with one JSON object that follows the schema, and with nothing else.

- A span is named by its words: copy `quote` exactly as it stands in the text. If the words occur \
more than once, give `occurrence`, counted from 1, or `prefix` and `suffix`, the characters just \
before and after them; else these are null.
- List the records of a layer in the order of the text, and the layer even if it is empty.
- A property that does not apply is null."""

_IDS = """\
An id is a name of letters, digits, `_` and `-`, such as `m1`, that no two records share. It may \
be null, except where another record refers to it."""


class Prompt(Struct, frozen=True):
    """The parts of a request to a language model.

    `system` has the task, the rules and the labels; `user` the text, None without a document;
    `schema` the JSON Schema of the answer, for structured output in strict mode.
    """

    system: str
    user: str | None
    schema: JsonObject

    @property
    def messages(self) -> list[dict[str, str]]:
        """The messages of a chat request."""
        messages = [{"role": "system", "content": self.system}]
        if self.user is not None:
            messages.append({"role": "user", "content": self.user})
        return messages

    @property
    def response_format(self) -> JsonObject:
        """The `response_format` of a request to an OpenAI-compatible endpoint."""
        schema = {"name": NAME, "strict": True, "schema": self.schema}
        return {"type": "json_schema", "json_schema": schema}

    def to_dict(self) -> dict[str, Any]:
        """Return the three parts by name."""
        return {"system": self.system, "user": self.user, "schema": self.schema}


def prompt(
    *layers: str, path: Path | str | None = None, document: Document | str | None = None
) -> Prompt:
    """Return the prompt by which a language model annotates some layers, by default all.

    Args:
        layers: Layers of the scheme, such as "mentions", "entities".
        path: A corpus; its scheme and its `schema/GUIDELINES.md`, if it has one, are used. Default:
            the scheme of the document, or the base scheme.
        document: The document to annotate, or its id in the corpus; only its text is used.

    The rules come from the guidelines of the corpus or, under the base scheme, from those that
    statevisit ships. Raises FormatError for a layer that the scheme lacks, an id that the corpus
    lacks, and a scheme or a document that is not valid.
    """
    if isinstance(document, str):
        document = _document(document, path)
    scheme, root = _scheme(path, document)
    for layer in layers:
        if layer not in scheme.annotated:
            raise FormatError(f"no layer {layer!r}: the scheme has {', '.join(scheme.annotated)}")
    chosen = [layer for layer in scheme.annotated if layer in layers or not layers]
    return Prompt(
        system=_system(scheme, chosen, guidelines_of(scheme, root)),
        user=None if document is None else _user(document),
        schema=answer_schema(scheme, chosen),
    )


def unasked(prompt: Prompt, scheme: Scheme) -> list[str]:
    """Return the layers to which records of an answer must refer and that it does not have."""
    chosen = set(prompt.schema["properties"])
    missing = [
        targets
        for layer in scheme.annotated
        if layer in chosen
        for name, targets in _references(scheme, layer)
        if name in scheme.required(layer) and not chosen.intersection(targets)
    ]
    return list(dict.fromkeys(target for targets in missing for target in targets))


def _document(document_id: str, path: Path | str | None) -> Document:
    corpus = load(path)
    try:
        return corpus[document_id]
    except KeyError as error:
        raise FormatError(str(error.args[0])) from None


def _scheme(path: Path | str | None, document: Document | None) -> tuple[Scheme, Path | None]:
    """The scheme of the answer, and the root of the corpus that it is of."""
    if path is None:
        return (base() if document is None else scheme_of(document)), None
    place = Path(path)
    root = layout.enclosing_root(place) or layout.holding_root(place)
    return (scheme_for(place) if root is None else scheme_at(root)), root


def _system(scheme: Scheme, layers: list[str], page: str) -> str:
    parts = [_TASK, *_ids(scheme, layers)]
    rules = rules_of(page, scheme, layers)
    if rules:
        parts.append(f"## Rules\n\n{rules}")
    parts.append("## Layers and labels")
    parts += [_layer(scheme, layer) for layer in layers]
    return "\n\n".join(parts) + "\n"


def _ids(scheme: Scheme, layers: list[str]) -> Iterator[str]:
    """How ids work, where records refer to others."""
    lines = [
        f"- `{name}` of {layer.replace('_', ' ')}: of {_listed(targets)}"
        for layer in layers
        for name, targets in _references(scheme, layer)
    ]
    if lines:
        yield "\n".join([_IDS + " These properties hold the ids of other records:", "", *lines])


def _references(scheme: Scheme, layer: str) -> Iterator[tuple[str, list[str]]]:
    """The properties of a layer that hold ids, each with the layers that it refers to."""
    for of_layer in (layer, "arguments") if layer == "events" else (layer,):
        for name, node in scheme.properties(of_layer).items():
            targets = id_node(node).get("x-refers-to")
            if targets:
                yield name if of_layer == layer else f"arguments/{name}", targets


def _listed(layers: Iterable[str]) -> str:
    *most, last = (layer.replace("_", " ") for layer in layers)
    return f"{', '.join(most)} or {last}" if most else last


def _layer(scheme: Scheme, layer: str) -> str:
    """A layer with its labels and their meanings."""
    lines = [f"### {layer}", "", scheme.value["properties"][layer].get("description", "")]
    for of_layer in (layer, "arguments") if layer == "events" else (layer,):
        prefix = "" if of_layer == layer else "arguments/"
        for name, node in scheme.properties(of_layer).items():
            labels = scheme.labels(of_layer, name)
            if labels:
                lines += ["", f"`{prefix}{name}`: {node.get('description', '')}", ""]
                lines += map(_label, labels)
    return "\n".join(lines)


def _label(label: Label) -> str:
    title = "" if label.title.lower() == label.name.lower() else f" ({label.title})"
    return f"- {label.name}{title}: {label.description}{_roles(label)}"


def _roles(label: Label) -> str:
    """The labels of arguments that an event of a label may have, if it lists them."""
    roles = label.extra.get("roles")
    return f" Roles: {', '.join(roles)}." if roles else ""


def _user(document: Document) -> str:
    head = f"Document: {document.id}\nLanguage: {document.language}\nDate (DCT): {document.date}"
    return f"{head}\n\n{document.text}"
