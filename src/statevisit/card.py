"""The dataset card: the generated parts of README.md, from the schema and the columns.

Apart from hub because every build renews the card, and hub imports `datasets`, which takes seconds.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from statevisit import resources, schema, tables, views
from statevisit.errors import FormatError
from statevisit.model import LAYERS

_FRONT = re.compile(r"---\n(.*?)\n---\n", re.DOTALL)
_MARK = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def renewed_card(root: Path, manifest: dict[str, Any]) -> bytes | None:
    """README.md of a corpus root with its generated parts renewed; None where there is no card to renew.

    Generated are `configs` and `dataset_info` of the YAML front matter and what stands between
    `<!-- generated: NAME -->` and `<!-- end -->`, for the names in PARTS. Raises FormatError for a name that
    is none of them, and for a file or front matter that cannot be read.
    """
    path = root / resources.CARD
    text = _text(path)
    front = _FRONT.match(text)
    if not front:
        return None
    meta = {
        **_parsed(path, front[1]),
        "configs": _configs(),
        "dataset_info": _dataset_info(edition_of(manifest)),
    }
    body = _MARK.sub(lambda m: f"{m[1]}{_part(path, m[2], manifest)}\n{m[3]}", text[front.end() :])
    return f"---\n{_yaml(meta)}---\n{body}".encode()


def front_matter(root: Path) -> dict[str, Any] | None:
    """The front matter of a root's card; None where there is none. Raises FormatError."""
    path = root / resources.CARD
    front = _FRONT.match(_text(path))
    return _parsed(path, front[1]) if front else None


def limits(root: Path) -> re.Match[str] | None:
    """The section of a root's card that says what the corpus is not good for; its first group is without the heading."""
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
    """The card of the edition without the text of a corpus root, its generated parts still to be renewed. Raises FormatError.

    Front matter and known limits are those of the root's card.
    """
    meta = front_matter(root) or {}
    found = limits(root)
    meta["pretty_name"] = f"{meta.get('pretty_name', 'An annotated corpus')}, annotations only"
    return f"---\n{_yaml(meta)}---\n{_EDITION.format(title=meta['pretty_name'])}{found[0] if found else ''}".encode()


_EDITION = """# {title}

<!-- generated: version -->
<!-- end -->

The annotation of a corpus without the text that it annotates: spans are offsets and lengths in Unicode code points. What
would repeat words of the text is left out: surface forms, tokens, names, units of counts, and ids that are words, in
whose place there is a letter and a number. `name_in_text`, `unit_in_text` and `id_in_text` say where in the text their
characters stand. Pictures, source texts, the record of adjudication and the names in the list of links are left out whole.
Ids of documents and names of source files are as they were.

With the text, which is not part of this edition, everything is there again:

```sh
statevisit restore . --text SEED -o full
```

A document's `source` names the file and its SHA-256. Documents, annotators' passes and Parquet are then those of the full
edition, to the byte; a text that differs is refused, with the place where it begins to.

## What is annotated

<!-- generated: layers -->
<!-- end -->

### Configs

<!-- generated: configs -->
<!-- end -->

<!-- generated: columns -->
<!-- end -->

### Labels

<!-- generated: labels -->
<!-- end -->

## Agreement

<!-- generated: agreement -->
<!-- end -->

"""

_LIMITS = re.compile(r"^## Known limits\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_LABELS = re.compile(r"(<!-- generated: labels (\w+)\.(\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def renewed_guidelines(root: Path) -> bytes | None:
    """`schema/GUIDELINES.md` of a corpus root with its label tables renewed from the schema; None where there is none.

    Raises FormatError where a mark names a property that has no labels, and for a file that is not UTF-8.
    """
    path = root / resources.GUIDELINES

    def table(mark: re.Match[str]) -> str:
        if (mark[2], mark[3]) not in schema.inventories():
            raise FormatError(f"{path}: there are no labels of {mark[2]}.{mark[3]}")
        rows = [(x.name, x.title, x.description) for x in schema.labels(mark[2], mark[3])]
        return f"{mark[1]}{_table(('label', 'title', 'meaning'), rows)}\n{mark[4]}"

    return _LABELS.sub(table, _text(path)).encode() if path.is_file() else None


def _yaml(meta: dict[str, Any]) -> str:
    return yaml.safe_dump(
        meta, sort_keys=False, allow_unicode=True, default_flow_style=None, width=140
    )


def _part(path: Path, name: str, manifest: dict[str, Any]) -> str:
    if name not in PARTS:
        raise FormatError(f"{path}: nothing generates {name!r}; there are {', '.join(PARTS)}")
    return PARTS[name](manifest)


def _configs() -> list[dict[str, Any]]:
    return [
        {
            "config_name": c,
            "data_files": [{"split": "train", "path": f"{resources.PARQUET}/{c}/train-*.parquet"}],
            **({"default": True} if c == "documents" else {}),
        }
        for c in tables.CONFIGS
    ]


def _dataset_info(edition: str) -> list[dict[str, Any]]:
    return [
        {"config_name": c, "features": _as_yaml(tables.features(c, edition))}
        for c in tables.CONFIGS
    ]


def edition_of(manifest: dict[str, Any]) -> str:
    """The edition that a manifest is of: schema.FULL or schema.ANNOTATIONS_ONLY."""
    return manifest["edition"]["name"] if "edition" in manifest else schema.FULL


def _as_yaml(features: dict[str, Any]) -> list[dict[str, Any]]:
    """Features the way a card writes them (a test compares with what `datasets` reads back)."""
    return [{"name": name, **_spec(feature)} for name, feature in features.items()]


def _spec(feature: dict[str, Any]) -> dict[str, Any]:
    kind = feature.get("_type")
    if kind == "Value":
        return {"dtype": feature["dtype"]}
    if kind == "ClassLabel":
        return {
            "dtype": {"class_label": {"names": {str(i): n for i, n in enumerate(feature["names"])}}}
        }
    if kind is None:
        return {"struct": _as_yaml(feature)}
    inner = _spec(feature["feature"])
    return {"list": inner.get("struct") or inner.get("dtype") or inner}


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
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
        parts.append(
            f"<details><summary><b>{config}</b></summary>\n\n{_table(('column', 'type', 'what it holds'), rows)}\n\n</details>"
        )
    return "\n".join(parts)


def _kind(feature: dict[str, Any]) -> str:
    kind = feature.get("_type")
    if kind == "Value":
        return feature["dtype"]
    if kind == "List":
        return f"list of {_kind(feature['feature'])}"
    return f"label ({len(feature['names'])})" if kind == "ClassLabel" else "struct"


def _label_tables(manifest: dict[str, Any]) -> str:
    parts = []
    for layer, prop in schema.inventories():
        rows = []
        for label in schema.labels(layer, prop):
            extra = "; ".join(
                f"{k.replace('_', ' ')}: {', '.join(v) if isinstance(v, list) else v}"
                for k, v in label.extra.items()
                if v
            )
            rows.append(
                (
                    f"`{label.name}`",
                    label.title,
                    label.description + (f" ({extra})" if extra else ""),
                )
            )
        title = f"{layer.replace('_', ' ')}: {prop}"
        parts.append(
            f"<details><summary><b>{title}</b> ({len(rows)})</summary>\n\n{_table(('label', 'title', 'meaning'), rows)}\n\n</details>"
        )
    return "\n".join(parts)


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


def _finding_tables(manifest: dict[str, Any]) -> str:
    from statevisit.checks.catalogue import catalogue

    parts, entries = [], list(catalogue().values())
    for family in dict.fromkeys(e.family for e in entries):
        rows = [
            (f"`{e.code}`", e.severity, e.message, e.wrong, e.right)
            for e in entries
            if e.family == family
        ]
        parts.append(
            f"<details><summary><b>{family}</b> ({len(rows)})</summary>\n\n{_table(('code', 'severity', 'what is wrong', 'wrong', 'right'), rows)}\n\n</details>"
        )
    return "\n".join(parts)


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
"""The figures of agreement that a card shows; `release.json` has them all."""


def _agreement(manifest: dict[str, Any]) -> str:
    found = manifest.get("agreement")
    if not found:
        return "There is one annotation of each document, so no agreement to report."
    rows = []
    for f in found["figures"]:
        spans = any(g["layer"] == f["layer"] and g["of"] == "exact" for g in found["figures"])
        if f["of"] in _SHOWN.get(f["coefficient"], ()) and not (f["of"] == "strict" and spans):
            interval = " to ".join(f"{v:.3f}" for v in f["interval"]) if "interval" in f else ""
            rows.append(
                (
                    f["layer"].replace("_", " "),
                    f"{'κ' if f['coefficient'] == 'kappa' else 'F1'} {f['of']}",
                    str(f["n"] or ""),
                    f"{f['value']:.3f}",
                    interval,
                )
            )
    return _table(
        ("layer", "figure", "items", "value", f"95 % ({found['units']} {found['unit']}s)"), rows
    )


PARTS: dict[str, Callable[[dict[str, Any]], str]] = {
    "version": _version,
    "layers": _layer_table,
    "configs": _config_table,
    "columns": _column_tables,
    "labels": _label_tables,
    "findings": _finding_tables,
    "agreement": _agreement,
}
"""What the generated parts of a card are made by."""
