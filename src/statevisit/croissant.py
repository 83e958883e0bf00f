"""Croissant 1.0 metadata of a corpus root with a card, its responsible-AI part (RAI 1.0) included.

Names and licence come from the card's front matter, the authors from CITATION.cff, annotators from
`corpus/annotators.json`, limits and biases from the card's section "Bias and limitations", and
figures from the manifest.
"""

import re
from pathlib import Path
from typing import Any

import orjson
import yaml

from statevisit import card, resources, tables

_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
    "data": {"@id": "cr:data", "@type": "@json"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
}
_TYPES = {"string": "sc:Text", "int32": "cr:Int32", "float64": "cr:Float64", "date32": "sc:Date"}
LICENSES = {
    "cc-by-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "apache-2.0": "https://www.apache.org/licenses/LICENSE-2.0",
}


def metadata(root: Path, manifest: dict[str, Any]) -> bytes | None:
    """The metadata as JSON-LD; None where a root has no card. Columns are those of the manifest's edition."""
    front = card.front_matter(root)
    if front is None:
        return None
    edition = card.edition_of(manifest)
    files = [f for f in manifest["files"] if f["path"].endswith(".parquet")]
    value: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": [
            "http://mlcommons.org/croissant/1.0",
            "http://mlcommons.org/croissant/RAI/1.0",
        ],
        "name": re.sub(r"[^\w.-]+", "-", front.get("pretty_name", "corpus")),
        "description": f"{front.get('pretty_name', 'A corpus')}: an annotated corpus of {manifest['documents']} document{'' if manifest['documents'] == 1 else 's'}.",
        "version": manifest["version"],
        "inLanguage": front.get("language", []),
        "keywords": [*front.get("task_ids", []), *front.get("tags", [])],
        "license": LICENSES.get(
            front.get("license", ""),
            front.get("license_name") or front.get("license", "not stated"),
        ),
        **_citation(root, manifest["version"]),
        **_responsible(root, manifest),
        "distribution": [_file(f) for f in files],
        "recordSet": [
            r
            for config in tables.CONFIGS
            for r in _records(config, edition, [f["path"] for f in files])
        ],
    }
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _citation(root: Path, version: str) -> dict[str, Any]:
    path = root / resources.CITATION
    found = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}
    authors = [
        a.get("name") or f"{a.get('given-names', '')} {a.get('family-names', '')}".strip()
        for a in found.get("authors", [])
    ]
    day = {"datePublished": str(found["date-released"])} if "date-released" in found else {}
    cited = (
        {"citeAs": f"{', '.join(authors)}: {found['title']}, version {version}"}
        if authors and "title" in found
        else {}
    )
    url = {"url": found["repository-code"]} if "repository-code" in found else {}
    return {
        **(
            {"creator": [{"@type": "sc:Organization", "name": a} for a in authors]}
            if authors
            else {}
        ),
        **cited,
        **day,
        **url,
    }


def _responsible(root: Path, manifest: dict[str, Any]) -> dict[str, Any]:
    annotators = (
        orjson.loads((root / resources.ANNOTATORS).read_bytes())["annotators"]
        if (root / resources.ANNOTATORS).is_file()
        else []
    )
    found = card.limits(root)
    limits = (
        [" ".join(p.split()) for p in re.split(r"^- ", found[1], flags=re.MULTILINE)[1:]]
        if found
        else []
    )
    kinds = [f"{a['name']} ({a['kind']}): {', '.join(a['layers'])}" for a in annotators]
    return {
        "rai:dataAnnotationProtocol": "Stand-off annotation of spans on token boundaries, validated by a JSON Schema and consistency checks"
        + (
            f", by the guidelines in {resources.GUIDELINES}."
            if (root / resources.GUIDELINES).is_file()
            else "."
        ),
        "rai:annotatorDemographics": kinds or ["not stated"],
        "rai:machineAnnotationTools": [
            k for k, a in zip(kinds, annotators, strict=True) if a["kind"] != "human"
        ],
        "rai:dataAnnotationAnalysis": _agreement(manifest),
        **({"rai:dataBiases": limits, "rai:dataLimitations": limits} if limits else {}),
    }


def _agreement(manifest: dict[str, Any]) -> list[str]:
    if "agreement" not in manifest:
        return ["No agreement between independent annotations is published."]
    found = manifest["agreement"]
    who = f"between {', '.join(found['annotators'])}"
    return [
        f"{f['layer']}, {f['coefficient']} of {f['of']} {who}: {f['value']} (n = {f['n']})"
        for f in found["figures"]
    ]


def _file(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": entry["path"],
        "name": entry["path"],
        "contentUrl": entry["path"].removeprefix("corpus/"),  # relative to this file
        "contentSize": f"{entry['size']} B",
        "encodingFormat": "application/x-parquet",
        "sha256": entry["sha256"],
    }


def _records(config: str, edition: str, paths: list[str]) -> list[dict[str, Any]]:
    """The record set of a config; of a config in several files one for each, because a source is one file."""
    own = [p for p in paths if p.startswith(f"{resources.PARQUET}/{config}/")]
    found = []
    for path in own:
        name = config if len(own) == 1 else f"{config}-{Path(path).stem}"
        fields = [
            _field(
                f"{name}/{c.name}",
                c.name,
                c.feature,
                {"fileObject": {"@id": path}, "extract": {"column": c.name}},
                c.description,
            )
            for c in tables.columns(config, edition)
        ]
        found.append(
            {
                "@type": "cr:RecordSet",
                "@id": name,
                "name": name,
                "description": f"Config {config}.",
                "field": fields,
            }
        )
    return found


def _field(
    name: str, column: str, feature: dict[str, Any], source: dict[str, Any], description: str
) -> dict[str, Any]:
    many = feature.get("_type") == "List"
    inner = feature["feature"] if many else feature
    field: dict[str, Any] = {"@type": "cr:Field", "@id": name, "name": name}
    if description:
        field["description"] = description
    if many:
        field["repeated"] = True
    if "_type" in inner:
        return {
            **field,
            "dataType": _TYPES[inner["dtype"]]
            if inner["_type"] == "Value"
            else "cr:Int64"
            if inner["_type"] == "ClassLabel"
            else "sc:Text",
            "source": source,
        }
    flat = {
        k: v for k, v in inner.items() if v.get("_type") in ("Value", "ClassLabel")
    }  # mlcroissant reads one level of structs
    below = [
        _field(f"{name}/{k}", column, v, {**source, "transform": {"jsonPath": k}}, "")
        for k, v in flat.items()
    ]
    return {**field, "source": source, "subField": below}
