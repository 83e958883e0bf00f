"""Croissant 1.0 metadata of a corpus, with the part for responsible AI (RAI 1.0).

Names and licence come from the card's front matter, the languages from the documents, the authors
from CITATION.cff, annotators from `corpus/annotators.json`, limits and biases from the card's
section "Bias and limitations", and figures from the manifest.
"""

import re
from pathlib import Path

import orjson

from statevisit import layout
from statevisit.dataset.configs import columns, configs
from statevisit.dataset.features import Column, Feature
from statevisit.dataset.sources import SPLIT
from statevisit.document.codec import read_text
from statevisit.document.scheme import Scheme
from statevisit.document.strict_json import JsonObject
from statevisit.printable import counted
from statevisit.publishing import card
from statevisit.publishing.manifest import Overview
from statevisit.publishing.texts import Texts

_CONTEXT: JsonObject = {
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

_TYPES = {
    "string": "sc:Text",
    "int32": "cr:Int32",
    "int64": "cr:Int64",
    "bool": "sc:Boolean",
    "float64": "cr:Float64",
    "date32": "sc:Date",
}
LICENSES = {
    "cc-by-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "apache-2.0": "https://www.apache.org/licenses/LICENSE-2.0",
}


def metadata(root: Path, about: Overview) -> bytes | None:
    """Return the metadata as JSON-LD; None if the root has no card.

    The columns are those of the manifest's edition.
    """
    front = card.front_matter(root)
    if front is None:
        return None
    manifest = about.manifest
    parquet_files = [file for file in manifest["files"] if file["path"].endswith(".parquet")]
    paths = [file["path"] for file in parquet_files]
    splits = list(manifest.get("splits", ()))
    record_sets = [_split_set(splits)] if splits else []
    for config in configs(about.scheme):
        record_sets += _record_sets(config, about.scheme, paths, bool(splits))
    value: JsonObject = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": [
            "http://mlcommons.org/croissant/1.0",
            "http://mlcommons.org/croissant/RAI/1.0",
        ],
        **_description(front, about),
        **_citation(root, manifest["version"]),
        **_responsible(root, about),
        **({"isBasedOn": about.texts.works} if about.texts.works else {}),
        "distribution": [_file_object(file) for file in parquet_files],
        "recordSet": record_sets,
    }
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _description(front: JsonObject, about: Overview) -> JsonObject:
    """Return the fields that the card's front matter and the documents give."""
    name = front.get("pretty_name")
    size = counted(about.manifest["documents"], "document")
    return {
        "name": re.sub(r"[^\w.-]+", "-", name or "corpus"),
        "description": f"{name or 'A corpus'}: an annotated corpus of {size}.",
        "version": about.manifest["version"],
        "inLanguage": list(about.languages),
        "keywords": [*front.get("task_ids", []), *front.get("tags", [])],
        "license": _licence(front, about.texts),
    }


def _licence(front: JsonObject, texts: Texts) -> str | list[str]:
    """Return the licence that the card states; without one, or for `other`, those of the texts."""
    stated = front.get("license") or "not stated"
    if stated in LICENSES or front.get("license_name"):
        return LICENSES.get(stated) or str(front["license_name"])
    if stated not in ("other", "not stated"):
        return str(stated)
    of_texts = sorted({licence or "not stated" for licence in texts.licences})
    if of_texts in ([], ["not stated"]):
        return str(stated)
    return of_texts if len(of_texts) > 1 else of_texts[0]


def _citation(root: Path, version: str) -> JsonObject:
    """Return the fields that CITATION.cff gives."""
    path = root / layout.CITATION
    cff = card.mapping(path, read_text(path), "the file", 1) if path.is_file() else {}
    listed = cff.get("authors")
    authors = [_author(author) for author in listed or [] if isinstance(author, dict)]
    fields: JsonObject = {}
    if authors:
        fields["creator"] = [{"@type": "sc:Organization", "name": name} for name in authors]
    if authors and "title" in cff:
        fields["citeAs"] = f"{', '.join(authors)}: {cff['title']}, version {version}"
    if "date-released" in cff:
        fields["datePublished"] = str(cff["date-released"])
    if "repository-code" in cff:
        fields["url"] = cff["repository-code"]
    return fields


def _author(author: JsonObject) -> str:
    """Return the name of an author, who is an organization or a person."""
    full_name = f"{author.get('given-names', '')} {author.get('family-names', '')}"
    name: str = author.get("name") or full_name.strip()
    return name


def _responsible(root: Path, about: Overview) -> JsonObject:
    """Return the fields for responsible AI."""
    protocol = (
        "Stand-off annotation of spans on token boundaries, validated by a JSON Schema and "
        "consistency checks"
    )
    if (root / layout.GUIDELINES).is_file():
        protocol += f", by the guidelines in {layout.GUIDELINES}"
    annotators = about.annotators
    tools = [annotator for annotator in annotators if annotator["kind"] != "human"]
    fields: JsonObject = {
        "rai:dataAnnotationProtocol": f"{protocol}.",
        "rai:annotatorDemographics": [_annotator(a) for a in annotators] or ["not stated"],
        "rai:machineAnnotationTools": [_annotator(tool) for tool in tools],
        "rai:dataAnnotationAnalysis": _agreement(about.manifest),
    }
    limits = _limits(root)
    if limits:
        fields["rai:dataBiases"] = limits
        fields["rai:dataLimitations"] = limits
    return fields


def _annotator(annotator: JsonObject) -> str:
    return f"{annotator['name']} ({annotator['kind']}): {', '.join(annotator['layers'])}"


def _limits(root: Path) -> list[str]:
    """Return the items of the card's list of limits, each on one line."""
    section = card.limits(root)
    if section is None:
        return []
    items = re.split(r"^- ", section[1], flags=re.MULTILINE)[1:]
    return [" ".join(item.split()) for item in items]


def _agreement(manifest: JsonObject) -> list[str]:
    agreement = manifest.get("agreement")
    if agreement is None:
        return ["No agreement between independent annotations is published."]
    annotators = ", ".join(agreement["annotators"])
    documents = counted(agreement["documents"], "document")
    return [
        f"{figure['layer']}, {figure['coefficient']} of {figure['of']} between {annotators}: "
        f"{figure['value']} (n = {figure['n']}, {documents})"
        for figure in agreement["figures"]
    ]


def _file_object(file: JsonObject) -> JsonObject:
    return {
        "@type": "cr:FileObject",
        "@id": file["path"],
        "name": file["path"],
        "contentUrl": file["path"].removeprefix("corpus/"),  # relative to the metadata
        "contentSize": f"{file['size']} B",
        "encodingFormat": "application/x-parquet",
        "sha256": file["sha256"],
    }


_SPLITS = {
    "train": "cr:TrainingSplit",
    "validation": "cr:ValidationSplit",
    "dev": "cr:ValidationSplit",
    "test": "cr:TestSplit",
}
"""What the usual names of splits mean."""


def _split_set(splits: list[str]) -> JsonObject:
    """Return the record set of the splits, which the column `split` of the others refers to."""
    types = {"splits/name": "sc:Text", "splits/url": "sc:URL"}
    return {
        "@type": "cr:RecordSet",
        "@id": "splits",
        "name": "splits",
        "description": "The splits and what they are for.",
        "dataType": "cr:Split",
        "key": {"@id": "splits/name"},
        "field": [
            {"@type": "cr:Field", "@id": name, "name": name, "dataType": type_}
            for name, type_ in types.items()
        ],
        "data": [
            {"splits/name": split, "splits/url": _SPLITS.get(split, "cr:Split")} for split in splits
        ],
    }


def _record_sets(
    config: str, scheme: Scheme, paths: list[str], has_splits: bool
) -> list[JsonObject]:
    """Return the record sets of a config: one for each file, since a source is one file."""
    paths_of_config = [path for path in paths if path.startswith(f"{layout.PARQUET}/{config}/")]
    record_sets: list[JsonObject] = []
    for path in paths_of_config:
        name = config if len(paths_of_config) == 1 else f"{config}-{Path(path).stem}"
        of_config = columns(config, scheme)
        fields = [_column_field(name, column, path) for column in of_config]
        if has_splits and of_config[-1] == SPLIT:
            fields[-1]["references"] = {"field": {"@id": "splits/name"}}
        record_sets.append(
            {
                "@type": "cr:RecordSet",
                "@id": name,
                "name": name,
                "description": f"Config {config}.",
                "field": fields,
            }
        )
    return record_sets


def _column_field(record_set: str, column: Column, path: str) -> JsonObject:
    source = {"fileObject": {"@id": path}, "extract": {"column": column.name}}
    name = f"{record_set}/{column.name}"
    return _field(name, column.feature, source, column.description)


def _field(
    name: str, feature: Feature, source: JsonObject, description: str | None = None
) -> JsonObject:
    """Return the field of a column or, in a column of structs, of a key."""
    is_list = feature.get("_type") == "List"
    item = feature["feature"] if is_list else feature
    field: JsonObject = {"@type": "cr:Field", "@id": name, "name": name}
    if description:
        field["description"] = description
    if is_list:
        field["repeated"] = True
    if "_type" in item:
        return {**field, "dataType": _data_type(item), "source": source}
    sub_fields = []
    for key, key_feature in item.items():
        if key_feature.get("_type") in ("Value", "ClassLabel"):  # mlcroissant reads one level
            key_source = {**source, "transform": {"jsonPath": key}}
            sub_fields.append(_field(f"{name}/{key}", key_feature, key_source))
    return {**field, "source": source, "subField": sub_fields}


def _data_type(feature: Feature) -> str:
    if feature["_type"] == "Value":
        return _TYPES[feature["dtype"]]
    return "cr:Int64" if feature["_type"] == "ClassLabel" else "sc:Text"
