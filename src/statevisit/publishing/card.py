"""The generated parts of the pages of a corpus root, from the schema and the columns.

The dataset card is `README.md`; each other page stands beside the files that it describes (PAGES).
Every build renews the pages, so this module does not import `datasets`, which takes seconds.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from statevisit import layout
from statevisit.corpus.splits import TRAIN
from statevisit.dataset.configs import columns, configs
from statevisit.dataset.views import views
from statevisit.document.codec import read_text
from statevisit.document.scheme import FULL, Scheme
from statevisit.document.strict_json import JsonObject
from statevisit.errors import FormatError, MissingExtra
from statevisit.publishing.manifest import Overview
from statevisit.publishing.page_tables import signed_sentence, source_table, split_table, table

PAGES = (
    layout.CARD,
    layout.SCHEMA_PAGE,
    layout.CHECKS_PAGE,
    layout.CORPUS_PAGE,
    layout.GUIDELINES,
)
"""The pages that may have generated parts. A root need not have any of them."""

DEFAULT_CONFIG = "documents"

_FRONT = re.compile(r"---\n(.*?)\n---\n", re.DOTALL)
_MARK = re.compile(
    r"(?P<begin><!-- generated: (?P<part>\w+)(?: (?P<layer>\w+)\.(?P<property>\w+))? -->\n)"
    r".*?(?P<end><!-- end -->)",
    re.DOTALL,
)


OF_SCHEME = frozenset(("columns", "labels"))
"""The generated parts that depend on nothing but the scheme."""


def renewed_tables(root: Path, scheme: Scheme) -> dict[str, bytes]:
    """Renew the tables of columns and labels; return the pages that have some, by path.

    Raises FormatError as `renewed_pages`.
    """
    about = Overview({}, scheme, (), ())
    pages = {}
    for name in PAGES:
        text = _text(root / name)
        if _MARK.search(text):
            pages[name] = _renewed(root / name, text, about, OF_SCHEME).encode()
    return pages


def renewed_pages(root: Path, about: Overview) -> dict[str, bytes]:
    """Renew the generated parts of a corpus root's pages; return the pages by path below the root.

    The generated parts are `configs` and `language` in the front matter of the card, and the lines
    between `<!-- generated: NAME -->` and `<!-- end -->`. NAME is one of PARTS or
    `labels LAYER.PROPERTY`. A README without front matter and a page without such marks are left
    out. Raises FormatError for an unknown name, and for a file or front matter that cannot be read.
    """
    pages: dict[str, bytes] = {}
    for name in PAGES:
        path = root / name
        text = _text(path)
        front = _FRONT.match(text)
        if name == layout.CARD:
            if front:
                body = _renewed(path, text[front.end() :], about)
                pages[name] = f"{_renewed_front(path, front[1], about)}{body}".encode()
        elif _MARK.search(text):
            pages[name] = _renewed(path, text, about).encode()
    return pages


def _renewed_front(path: Path, front: str, about: Overview) -> str:
    """Return the front matter with its `configs` and, where it states one, its `language` renewed.

    The Hub knows languages without region and script: `az` for `az-Latn-AZ`. The `dataset_info` of
    earlier versions is dropped: the Parquet files hold the features, and `datasets` would silently
    prefer outdated ones in the card.
    """
    meta = {**mapping(path, front), "configs": _configs(about)}
    meta.pop("dataset_info", None)
    if "language" in meta:
        meta["language"] = sorted({tag.partition("-")[0].lower() for tag in about.languages})
    return f"---\n{dumped(meta)}---\n"


def _renewed(path: Path, text: str, about: Overview, only: frozenset[str] | None = None) -> str:
    """Return a page's text with the lines between its marks renewed; with `only`, some of them."""

    def part(mark: re.Match[str]) -> str:
        if only is not None and mark["part"] not in only:
            return mark[0]
        if mark["layer"]:
            place = f"{path}:{text.count(chr(10), 0, mark.start()) + 1}"
            body = _labels_of(place, mark["part"], (mark["layer"], mark["property"]), about)
        elif mark["part"] in PARTS:
            body = PARTS[mark["part"]](about)
        else:
            names = ", ".join(PARTS)
            raise FormatError(f"{path}: unknown generated part {mark['part']!r}; known are {names}")
        return f"{mark['begin']}{body}\n{mark['end']}"

    return _MARK.sub(part, text)


def _labels_of(place: str, part: str, inventory: tuple[str, str], about: Overview) -> str:
    """Return the label table of one property, for the guidelines; `place` is that of its mark."""
    if part != "labels" or inventory not in about.scheme.inventories:
        known = ", ".join(map(".".join, about.scheme.inventories))
        raise FormatError(
            f"{place}: the scheme has no {part} of {'.'.join(inventory)}: remove the table from "
            f"this line to `<!-- end -->`, or name one of {known}"
        )
    rows = [
        (label.name, label.title, label.description) for label in about.scheme.labels(*inventory)
    ]
    return table(("label", "title", "meaning"), rows)


def front_matter(root: Path) -> JsonObject | None:
    """Return the front matter of a root's card, or None without one. Raises FormatError."""
    path = root / layout.CARD
    front = _FRONT.match(_text(path))
    return mapping(path, front[1]) if front else None


def limits(root: Path) -> re.Match[str] | None:
    """Find the section on bias and limitations in a root's card; group 1 is its text."""
    return _LIMITS.search(_text(root / layout.CARD))


def _text(path: Path) -> str:
    """Return the text of a page; "" if there is no such file."""
    return read_text(path) if path.is_file() else ""


def mapping(
    path: Path, text: str, what: str = "the front matter", first_line: int = 2
) -> JsonObject:
    """Return the mapping in YAML that begins in a line of a file; `what` names it in errors.

    Raises FormatError, MissingExtra without PyYAML.
    """
    try:
        import yaml
    except ImportError:
        raise MissingExtra("PyYAML", "parquet") from None
    try:
        meta = yaml.safe_load(text) or {}
        yaml.safe_dump(meta)  # which fails for some values that can be loaded
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + first_line}" if error.problem_mark else ""
        raise FormatError(f"{path}{line}: {what} is not YAML: {error.problem}") from None
    except RecursionError:
        raise FormatError(f"{path}: {what} is not YAML: nested too deeply") from None
    except (yaml.YAMLError, ValueError, ArithmeticError) as error:
        raise FormatError(f"{path}: {what} is not YAML: {str(error).splitlines()[0]}") from None
    if not isinstance(meta, dict):
        raise FormatError(f"{path}: {what} must be a mapping of keys")
    return meta


_LIMITS = re.compile(
    r"^## (?:Bias and limitations|Bias, Risks, and Limitations|Known limits)\n(.*?)(?=^## |\Z)",
    re.MULTILINE | re.DOTALL,
)
"""The section with the heading of our card, of the Hub's template, or of cards up to 1.0.0."""


def dumped(meta: JsonObject) -> str:
    """Return front matter as YAML."""
    import yaml

    form: Any = {"sort_keys": False, "allow_unicode": True, "default_flow_style": None}
    return str(yaml.safe_dump(meta, width=140, **form))


def _with_rows(about: Overview) -> list[str]:
    """Return the configs with rows: the others have no files, and cannot be loaded from the Hub."""
    return [name for name in configs(about.scheme) if about.manifest["configs"].get(name)]


def _configs(about: Overview) -> list[JsonObject]:
    """Return the configs as the Hub reads them; `data_files` without a split are "train"."""
    listed: list[JsonObject] = []
    for name in _with_rows(about):
        config: JsonObject = {"config_name": name, "data_files": _data_files(about.manifest, name)}
        if name == DEFAULT_CONFIG:
            config["default"] = True
        listed.append(config)
    return listed


def _data_files(manifest: JsonObject, config: str) -> str | list[JsonObject]:
    """Return the files of a config, by split where the corpus has splits."""
    directory = f"{layout.PARQUET}/{config}"
    if "splits" not in manifest:
        return f"{directory}/{TRAIN}-*.parquet"
    return [
        {"split": split, "path": f"{directory}/{split}-*.parquet"}
        for split, part in manifest["splits"].items()
        if part["configs"].get(config)
    ]


def _config_table(about: Overview) -> str:
    rows = []
    for name in _with_rows(about):
        if name == DEFAULT_CONFIG:
            title = f"`{name}` (default)"
            description = "One row per document, all layers nested, as in `corpus/documents/`."
        else:
            title, description = (
                f"`{name}`",
                views(about.scheme.in_edition(FULL))[name].description,
            )
        number = len(columns(name, about.scheme))
        rows.append((title, description, str(number)))
    return table(("config", "rows", "columns"), rows)


def _column_tables(about: Overview) -> str:
    parts = []
    for config in configs(about.scheme):
        rows = [
            (f"`{c.name}`", _kind(c.feature), c.description) for c in columns(config, about.scheme)
        ]
        parts.append(f"### {config}\n\n{table(('column', 'type', 'content'), rows)}")
    return "\n\n".join(parts)


def _kind(feature: JsonObject) -> str:
    """Return the type of a Hugging Face feature in words."""
    kind = feature.get("_type")
    if kind == "Value":
        return str(feature["dtype"])
    if kind == "List":
        return f"list of {_kind(feature['feature'])}"
    if kind == "ClassLabel":
        return f"label ({len(feature['names'])})"
    return "struct"


def _label_tables(about: Overview) -> str:
    parts = []
    for layer, prop in about.scheme.inventories:
        rows = [
            (f"`{label.name}`", label.title, f"{label.description}{_extra(label.extra)}")
            for label in about.scheme.labels(layer, prop)
        ]
        title = f"{layer.replace('_', ' ')}: {prop}"
        parts.append(f"### {title}\n\n{table(('label', 'title', 'meaning'), rows)}")
    return "\n\n".join(parts)


def _extra(properties: JsonObject) -> str:
    """Return further properties of a label in brackets, for example its roles; "" without any."""
    parts = []
    for key, value in properties.items():
        if value:
            words = ", ".join(value) if isinstance(value, list) else value
            parts.append(f"{key.replace('_', ' ')}: {words}")
    return f" ({'; '.join(parts)})" if parts else ""


def _layer_table(about: Overview) -> str:
    rows = []
    for layer in about.scheme.layers:
        description = about.scheme.value["properties"][layer]["description"]
        source = about.scheme.record(layer).get("x-source") or _makers(layer, about)
        counts = about.manifest["counts"][layer]
        rows.append((f"`{layer}`", description, source, f"{counts['records']:,}", _states(counts)))
    if not any(states for *_, states in rows):
        return table(("layer", "content", "based on", "records"), [row[:-1] for row in rows])
    return table(("layer", "content", "based on", "records", "documents"), rows)


def _states(counts: JsonObject) -> str:
    """Return the numbers of documents by the state of a layer; "" if it is done in all of them."""
    states = counts.get("states", {})
    if not states or not (states["none"] or states["partial"]):
        return ""
    words = {"done": "done", "partial": "partial", "none": "not annotated"}
    return ", ".join(f"{states[state]:,} {word}" for state, word in words.items() if states[state])


def _makers(layer: str, about: Overview) -> str:
    """Return who made a layer of the documents, by the list of annotators."""
    makers = [a for a in about.annotators if layer in a["layers"]]
    names = [f"{maker['name']} ({maker['kind']})" for maker in makers]
    return "; ".join(dict.fromkeys(names)) or "not stated"


def _version(about: Overview) -> str:
    return f"This is version **{about.manifest['version']}**."


def _pin(about: Overview) -> str:
    """Return the example that loads this version by its number."""
    return (
        "```python\nimport statevisit\n\n"
        f'corpus = statevisit.load(version="{about.manifest["version"]}")\n'
        "print(corpus.version, list(corpus.ids))\n```"
    )


def _catalogue(about: Overview) -> str:
    """Return every code under a heading of its own, so that a link can lead to it."""
    from statevisit.checks.catalogue import catalogue

    parts, family = [], ""
    for entry in catalogue().values():
        if entry.family != family:
            family = entry.family
            parts.append(f"## {family[0].upper()}{family[1:]}")
        languages = f"- Languages: {entry.languages}\n" if entry.languages else ""
        parts.append(
            f"### {entry.code}\n\n**{entry.message}** ({entry.severity})\n\n{entry.why}\n\n"
            f"{languages}- Wrong: {entry.wrong}\n- Right: {entry.right}"
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
"""The figures of agreement that a page shows, by coefficient; `release.json` has all figures."""


def _agreement(about: Overview) -> str:
    agreement = about.manifest.get("agreement")
    if not agreement:
        return "No agreement between independent annotations is published."
    figures = agreement["figures"]
    span_layers = {figure["layer"] for figure in figures if figure["of"] == "exact"}
    rows = []
    for figure in figures:
        is_shown = figure["of"] in _SHOWN.get(figure["coefficient"], ())
        repeats_exact = figure["of"] == "strict" and figure["layer"] in span_layers
        if is_shown and not repeats_exact:
            rows.append(_agreement_row(figure))
    unit = f"95 % ({agreement['units']} {agreement['unit']}s)"
    figures_table = table(("layer", "figure", "items", "value", unit), rows)
    pairs = "; ".join(map(_shared, agreement.get("pairs", ())))
    if not pairs:
        return figures_table  # of a manifest before 1.1.0
    compared = "Two annotators are compared on the documents that both annotated"
    return f"{compared}: {pairs}.\n\n{figures_table}"


def _shared(pair: JsonObject) -> str:
    """Return two annotators with the number of documents that both annotated."""
    count = pair["documents"] or "no"
    noun = "document" if count == 1 else "documents"
    return f"`{'` and `'.join(pair['annotators'])}` {count} {noun}"


def _agreement_row(figure: JsonObject) -> tuple[str, ...]:
    layer = figure["layer"].replace("_", " ")
    coefficient = "κ" if figure["coefficient"] == "kappa" else "F1"
    items = str(figure["n"] or "")
    interval = " to ".join(f"{value:.3f}" for value in figure.get("interval", ()))
    return (layer, f"{coefficient} {figure['of']}", items, f"{figure['value']:.3f}", interval)


PARTS: dict[str, Callable[[Overview], str]] = {
    "version": _version,
    "pin": _pin,
    "layers": _layer_table,
    "splits": split_table,
    "sources": source_table,
    "configs": _config_table,
    "columns": _column_tables,
    "labels": _label_tables,
    "findings": _catalogue,
    "agreement": _agreement,
    "signed": signed_sentence,
}
"""The generated parts by name. Any page may hold any part."""
