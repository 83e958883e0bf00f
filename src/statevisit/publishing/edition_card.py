"""The pages of the edition without the text, whose generated parts `card` fills in."""

from pathlib import Path

from statevisit.publishing.card import dumped, front_matter, limits


def edition_card(root: Path) -> bytes:
    """Return the card of a root's edition without the text; its generated parts are empty.

    Front matter and limitations are those of the root's card. Raises FormatError.
    """
    meta = front_matter(root) or {}
    section = limits(root)
    limitations = section[0] if section else ""
    meta["pretty_name"] = f"{meta.get('pretty_name', 'An annotated corpus')}, annotations only"
    body = _EDITION.format(title=meta["pretty_name"])
    return f"---\n{dumped(meta)}---\n{body}{limitations}".encode()


_EDITION = """# {title}

<!-- generated: version -->
<!-- end -->

This edition holds the annotation of a corpus without the annotated text. Spans are offsets and
lengths in Unicode code points. Everything that would repeat words of the text is left out: surface
forms, tokens, names, units of counts, and properties of the corpus's own that hold any string. An
id made of words is replaced by a letter and a number. `name_in_text`, `unit_in_text`, `id_in_text`
and the like give the place of the missing characters in the text. Pictures,
source texts, the record of adjudication and the names in the list of links are left out completely.
Ids of documents and names of source files are unchanged.

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

<!-- generated: splits -->
<!-- end -->

<!-- generated: sources -->
<!-- end -->

<!-- generated: configs -->
<!-- end -->

[schema/README.md](schema/README.md) describes every column and every label.

## Annotations

<!-- generated: signed -->
<!-- end -->

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
