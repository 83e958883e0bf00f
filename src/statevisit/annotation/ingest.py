"""A document from a seed: the text after the header, with sentences and tokens.

This is done once; the text never changes afterwards, except through `realign`.
"""

import hashlib
from typing import Any

from statevisit.annotation.received.plain import decode_seed
from statevisit.annotation.segmentation import Stated, segment, stated_segments
from statevisit.annotation.tokenizers import IMPORTED, tokenizer
from statevisit.document.model import SCHEMA_VERSION, Document, Source
from statevisit.document.scheme import Scheme, base
from statevisit.document.states import NONE


def ingest(
    data: bytes,
    file: str,
    document_id: str,
    language: str = "en",
    scheme: Scheme | None = None,
    by: str | None = None,
) -> Document:
    """Make a document without annotation from a seed; `file` is its name in `seeds/`.

    `scheme` is that of its corpus; None for the base scheme. `by` names another tokenizer than that
    of the language.

    Raises FormatError for a seed that is not in the format or a tokenizer that spaCy lacks,
    MissingExtra without spaCy.
    """
    text, date, length = decode_seed(data, file)
    header = data.decode()[:length]
    return document_of(
        text,
        header,
        date,
        file=file,
        document_id=document_id,
        language=language,
        scheme=scheme,
        by=by,
    )


def document_of(
    text: str,
    header: str,
    date: str,
    *,
    file: str,
    document_id: str,
    language: str = "en",
    scheme: Scheme | None = None,
    by: str | None = None,
    stated: Stated | None = None,
) -> Document:
    """Make a document without annotation from a text, which follows `header` in its seed.

    `file` is the name of the seed in `seeds/`, and `stated` what an imported file says about
    sentences and tokens; the others are as for `ingest`. Raises FormatError if there is no
    tokenizer for the language, MissingExtra without spaCy.
    """
    annotators: tuple[str, ...]
    if stated is not None and stated.is_whole:
        sentences, tokens = stated_segments(text, stated)
        annotators = (IMPORTED["id"],)
    else:
        ours = segment(text, language, by)
        sentences, tokens = stated_segments(text, stated or Stated(), ours)
        annotators = (tokenizer(language, by).annotator["id"],)
        if (sentences, tokens) != ours:
            annotators = (*annotators, IMPORTED["id"])
    digest = hashlib.sha256((header + text).encode()).hexdigest()
    scheme = scheme or base()
    layers: dict[str, tuple[Any, ...]] = dict.fromkeys(scheme.layers, ())
    layers["sentences"] = scheme.typed("sentences", sentences)
    layers["tokens"] = scheme.typed("tokens", tokens)
    return scheme.document_type(
        schema_version=SCHEMA_VERSION,
        id=document_id,
        language=language,
        date=date,
        source=Source(file=file, sha256=digest, header_length=len(header)),
        text_sha256=hashlib.sha256(text.encode()).hexdigest(),
        annotators=annotators,
        layers=dict.fromkeys(scheme.annotated, NONE),
        text=text,
        **layers,
    )
