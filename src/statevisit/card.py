"""The generated parts of the pages of a corpus root, from the schema and the columns.

The dataset card is `README.md`; the other pages stand beside what they describe (PAGES). Apart from
hub because every build renews the pages, and hub imports `datasets`, which takes seconds.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yaml

from statevisit import resources, schema, tables, views
from statevisit.errors import FormatError
from statevisit.model import LAYERS

PAGES = (
    resources.CARD,
    resources.SCHEMA_PAGE,
    resources.CHECKS_PAGE,
    resources.CORPUS_PAGE,
    resources.GUIDELINES,
)
"""The pages that may have generated parts. A root need not have any of them."""

_FRONT = re.compile(r"---\n(.*?)\n---\n", re.DOTALL)
_MARK = re.compile(
    r"(?P<begin><!-- generated: (?P<part>\w+)(?: (?P<layer>\w+)\.(?P<property>\w+))? -->\n)"
    r".*?(?P<end><!-- end -->)",
    re.DOTALL,
)


def renewed_pages(root: Path, manifest: dict[str, Any]) -> dict[str, bytes]:
    """Every page of a corpus root that has generated parts, renewed: path below the root -> bytes.

    Generated are `configs` in the front matter of the card, and the lines between
    `<!-- generated: NAME -->` and `<!-- end -->`, for the names in PARTS and for
    `labels LAYER.PROPERTY`. A README without front matter and a page without such marks are left
    alone. Raises FormatError for an unknown name, and for a file or front matter that cannot be
    read.
    """
    pages: dict[str, bytes] = {}
    for name in PAGES:
        path = root / name
        text = _text(path)
        front = _FRONT.match(text)
        if name == resources.CARD:
            if front:
                body = _renewed(path, text[front.end() :], manifest)
                pages[name] = f"{_renewed_front(path, front[1])}{body}".encode()
        elif _MARK.search(text):
            pages[name] = _renewed(path, text, manifest).encode()
    return pages


def _renewed_front(path: Path, front: str) -> str:
    """The front matter with its `configs` renewed.

    `dataset_info`, which earlier versions wrote, is dropped: the Parquet files hold the features,
    and `datasets` would silently prefer outdated ones in the card.
    """
    meta = {**_parsed(path, front), "configs": _configs()}
    meta.pop("dataset_info", None)
    return f"---\n{_yaml(meta)}---\n"


def _renewed(path: Path, text: str, manifest: dict[str, Any]) -> str:
    """A page's text with what stands between its marks renewed."""

    def part(mark: re.Match[str]) -> str:
        if mark["layer"]:
            body = _labels_of(path, mark["part"], (mark["layer"], mark["property"]))
        elif mark["part"] in PARTS:
            body = PARTS[mark["part"]](manifest)
        else:
            names = ", ".join(PARTS)
            raise FormatError(f"{path}: nothing generates {mark['part']!r}; there are {names}")
        return f"{mark['begin']}{body}\n{mark['end']}"

    return _MARK.sub(part, text)


def _labels_of(path: Path, part: str, inventory: tuple[str, str]) -> str:
    """The label table of one property, as the guidelines have it."""
    if part != "labels" or inventory not in schema.inventories():
        raise FormatError(f"{path}: there are no {part} of {'.'.join(inventory)}")
    rows = [(x.name, x.title, x.description) for x in schema.labels(*inventory)]
    return _table(("label", "title", "meaning"), rows)


def front_matter(root: Path) -> dict[str, Any] | None:
    """The front matter of a root's card; None where there is none. Raises FormatError."""
    path = root / resources.CARD
    front = _FRONT.match(_text(path))
    return _parsed(path, front[1]) if front else None


def limits(root: Path) -> re.Match[str] | None:
    """The section about bias and limitations in a root's card; group 1 is without the heading."""
    return _LIMITS.search(_text(root / resources.CARD))


def _text(path: Path) -> str:
    """What a page holds; nothing where there is none."""
    try:
        return path.read_text(encoding="utf-8") if path.is_file() else ""
    except UnicodeDecodeError as error:
        raise FormatError(f"{path}: is not UTF-8: {error.reason} at byte {error.start}") from None


def _parsed(path: Path, front: str) -> dict[str, Any]:
    try:
        meta = yaml.safe_load(front) or {}
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 2}" if error.problem_mark else ""
        raise FormatError(f"{path}{line}: the front matter is not YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise FormatError(
            f"{path}: the front matter is not YAML: {str(error).splitlines()[0]}"
        ) from None
    if not isinstance(meta, dict):
        raise FormatError(f"{path}: the front matter must be a mapping of keys")
    return meta


def edition_card(root: Path) -> bytes:
    """The card of the edition without the text of a corpus root, its generated parts still empty.

    Front matter and limitations are those of the root's card. Raises FormatError.
    """
    meta = front_matter(root) or {}
    section = limits(root)
    limitations = section[0] if section else ""
    meta["pretty_name"] = f"{meta.get('pretty_name', 'An annotated corpus')}, annotations only"
    body = _EDITION.format(title=meta["pretty_name"])
    return f"---\n{_yaml(meta)}---\n{body}{limitations}".encode()


_EDITION = """# {title}

<!-- generated: version -->
<!-- end -->

This edition holds the annotation of a corpus without the annotated text. Spans are offsets and
lengths in Unicode code points. Everything that would repeat words of the text is left out: surface
forms, tokens, names and units of counts. An id made of words is replaced by a letter and a number.
`name_in_text`, `unit_in_text` and `id_in_text` give the place of the missing characters in the
text. Pictures, source texts, the record of adjudication and the names in the list of links are left
out completely. Ids of documents and names of source files are unchanged.

If you have the text, this command restores the full edition:

```sh
statevisit restore . --text SEED -o full
```

The `source` of a document gives the name of the file and its SHA-256. The restored documents,
annotators' passes and Parquet files equal those of the full edition byte for byte. A text that
differs is refused, and the message gives the place of the first difference.

## Dataset structure

<!-- generated: layers -->
<!-- end -->

<!-- generated: configs -->
<!-- end -->

[schema/README.md](schema/README.md) describes every column and every label.

## Annotations

<!-- generated: agreement -->
<!-- end -->

"""

EDITION_SCHEMA_PAGE = b"""# Columns and labels

<!-- generated: columns -->
<!-- end -->

## Labels

<!-- generated: labels -->
<!-- end -->
"""
"""`schema/README.md` of the edition without the text, its generated parts still empty."""

_LIMITS = re.compile(
    r"^## (?:Bias and limitations|Bias, Risks, and Limitations|Known limits)\n(.*?)(?=^## |\Z)",
    re.MULTILINE | re.DOTALL,
)
"""The heading of our card, that of the Hub's template, and that of cards up to version 1.0.0."""


def _yaml(meta: dict[str, Any]) -> str:
    dumped: str = yaml.safe_dump(
        meta, sort_keys=False, allow_unicode=True, default_flow_style=None, width=140
    )
    return dumped


def _configs() -> list[dict[str, Any]]:
    """The configs as the Hub reads them; `data_files` without a split are those of "train"."""
    configs: list[dict[str, Any]] = []
    for name in tables.CONFIGS:
        config = {"config_name": name, "data_files": f"{resources.PARQUET}/{name}/train-*.parquet"}
        configs.append(config | ({"default": True} if name == "documents" else {}))
    return configs


def edition_of(manifest: dict[str, Any]) -> str:
    """The edition that a manifest is of: schema.FULL or schema.ANNOTATIONS_ONLY."""
    return str(manifest["edition"]["name"]) if "edition" in manifest else schema.FULL


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |"
        for line in lines
    )


def _config_table(manifest: dict[str, Any]) -> str:
    described = {
        "documents": "One row a document, all layers nested, as in `corpus/documents/`.",
        **{k: v.description for k, v in views.VIEWS.items()},
    }
    return _table(
        ("config", "what a row is", "columns"),
        [
            (
                f"`{c}`" + (" (default)" if c == "documents" else ""),
                described[c],
                str(len(tables.columns(c, edition_of(manifest)))),
            )
            for c in tables.CONFIGS
        ],
    )


def _column_tables(manifest: dict[str, Any]) -> str:
    parts = []
    for config in tables.CONFIGS:
        rows = [
            (f"`{c.name}`", _kind(c.feature), c.description)
            for c in tables.columns(config, edition_of(manifest))
        ]
        parts.append(f"### {config}\n\n{_table(('column', 'type', 'what it holds'), rows)}")
    return "\n\n".join(parts)


def _kind(feature: dict[str, Any]) -> str:
    kind = feature.get("_type")
    if kind == "Value":
        return str(feature["dtype"])
    if kind == "List":
        return f"list of {_kind(feature['feature'])}"
    return f"label ({len(feature['names'])})" if kind == "ClassLabel" else "struct"


def _label_tables(manifest: dict[str, Any]) -> str:
    parts = []
    for layer, prop in schema.inventories():
        rows = [
            (f"`{label.name}`", label.title, f"{label.description}{_extra(label.extra)}")
            for label in schema.labels(layer, prop)
        ]
        title = f"{layer.replace('_', ' ')}: {prop}"
        parts.append(f"### {title}\n\n{_table(('label', 'title', 'meaning'), rows)}")
    return "\n\n".join(parts)


def _extra(properties: dict[str, Any]) -> str:
    """Further properties of a label in brackets, for example its roles; empty if it has none."""
    parts = []
    for key, value in properties.items():
        if value:
            words = ", ".join(value) if isinstance(value, list) else value
            parts.append(f"{key.replace('_', ' ')}: {words}")
    return f" ({'; '.join(parts)})" if parts else ""


def _layer_table(manifest: dict[str, Any]) -> str:
    rows = []
    for layer in LAYERS:
        node = schema.load()["properties"][layer]
        rows.append(
            (
                f"`{layer}`",
                node["description"],
                schema.record(layer)["x-source"],
                f"{manifest['counts'][layer]['records']:,}",
            )
        )
    return _table(("layer", "what it holds", "after", "records"), rows)


def _version(manifest: dict[str, Any]) -> str:
    return f"This is version **{manifest['version']}**."


def _pin(manifest: dict[str, Any]) -> str:
    """The example that loads this version by its number."""
    return (
        "```python\nimport statevisit\n\n"
        f'corpus = statevisit.load(version="{manifest["version"]}")\n'
        "print(corpus.version, list(corpus.ids))\n```"
    )


def _catalogue(manifest: dict[str, Any]) -> str:
    """Every code under a heading of its own, so that a link can lead to it."""
    from statevisit.checks.catalogue import catalogue

    parts, family = [], ""
    for entry in catalogue().values():
        if entry.family != family:
            family = entry.family
            parts.append(f"## {family[0].upper()}{family[1:]}")
        parts.append(
            f"### {entry.code}\n\n**{entry.message}** ({entry.severity})\n\n{entry.why}\n\n"
            f"- Wrong: {entry.wrong}\n- Right: {entry.right}"
        )
    return "\n\n".join(parts)


_SHOWN = {
    "F1": ("exact", "CoNLL", "end to end", "by cluster", "strict"),
    "kappa": (
        "type",
        "level",
        "value",
        "unit",
        "class",
        "modality",
        "polarity",
        "doc_time_rel",
        "link",
    ),
}
"""The figures of agreement that a page shows; `release.json` has all figures."""


def _agreement(manifest: dict[str, Any]) -> str:
    agreement = manifest.get("agreement")
    if not agreement:
        return "Each document was annotated once, so there is no agreement to report."
    figures = agreement["figures"]
    span_layers = {f["layer"] for f in figures if f["of"] == "exact"}
    rows = []
    for f in figures:
        if f["of"] not in _SHOWN.get(f["coefficient"], ()):
            continue
        if f["of"] == "strict" and f["layer"] in span_layers:
            continue
        name = "κ" if f["coefficient"] == "kappa" else "F1"
        interval = " to ".join(f"{v:.3f}" for v in f["interval"]) if "interval" in f else ""
        items = str(f["n"] or "")
        layer = f["layer"].replace("_", " ")
        rows.append((layer, f"{name} {f['of']}", items, f"{f['value']:.3f}", interval))
    unit = f"95 % ({agreement['units']} {agreement['unit']}s)"
    return _table(("layer", "figure", "items", "value", unit), rows)


PARTS: dict[str, Callable[[dict[str, Any]], str]] = {
    "version": _version,
    "pin": _pin,
    "layers": _layer_table,
    "configs": _config_table,
    "columns": _column_tables,
    "labels": _label_tables,
    "findings": _catalogue,
    "agreement": _agreement,
}
"""The generated parts by name. Any page may hold any part."""
