"""The explanations of the codes without a registered check, in the form of a check's docstring.

These findings come from other places: form (E1xx) and corpus (E7xx) from this room, quotes and
realignment (A) from `annotation`, the import from Label Studio (L) from `labelstudio`. A1xx and
L1xx are warnings; A0xx, A2xx and L2xx are errors, and nothing is written.
"""

EXPLANATIONS = {
    "E101": """
        The file is not UTF-8.

        Offsets count code points of the decoded text, so every reader has to decode a file in the
        same way. RFC 8259 requires UTF-8 for JSON that programs exchange, without a byte order
        mark.

        Wrong: a file saved as Latin-1, UTF-16, or UTF-8 with BOM
        Right: the same file saved as UTF-8 without BOM
        """,
    "E102": """
        The file is not JSON.

        A file that cannot be read or parsed is not checked any further; the message gives the
        reason and the place. NaN and Infinity are not JSON, and nesting deeper than 1,024 levels
        is refused. So is a document, line or row of more than 128 MB, since a small compressed
        file can expand without end; STATEVISIT_MAX_MB sets another limit.

        Wrong: `{"id":"x",}`
        Right: `{"id":"x"}`
        """,
    "E103": """
        A key occurs twice in one object.

        Parsers disagree about which of the two counts, so the same file would mean different
        things to different programs.

        Wrong: `{"id":"m1","level":"NAM","level":"NOM"}`
        Right: `{"id":"m1","level":"NAM"}`
        """,
    "E104": """
        The schema does not allow this.

        `schema/document.schema.json` states which properties a record has, which of them are
        required, and the form of their values. Without it a misspelt property or label would be
        lost without a message. The other checks run only on documents that the schema accepts.

        Wrong: `{"id":"m1","start":0,"end":4,"text":"Baku","level":"NAME","entity":"baku"}`
        Right: `{"id":"m1","start":0,"end":4,"text":"Baku","level":"NAM","entity":"baku"}`
        """,
    "E105": """
        The document follows a newer schema than this statevisit knows.

        An older program would misread or drop the properties that it does not know. A newer
        statevisit reads the document.

        Wrong: `"schema_version":3`, read by a statevisit that knows version 2
        Right: the same document, read by a newer statevisit
        """,
    "E210": """
        The file's name is not the document's id.

        A document is looked up by the name of its file, without opening the others. A copied file
        with the old id inside would hide one of the two documents.

        Wrong: `corpus/documents/b.json` that holds `"id":"a"`
        Right: `corpus/documents/a.json` that holds `"id":"a"`
        """,
    "E701": """
        Two documents have the same id.

        Tables, exports and citations name a document by its id. If two documents share it, the id
        identifies neither.

        Wrong: two lines of a JSONL file with `"id":"a"`
        Right: `"id":"a"` and `"id":"b"`
        """,
    "E702": """
        A foreign file lies among the documents.

        `corpus/documents/` holds `<id>.json` only, so that exactly the published files are the
        checked files. Any other file there would not be checked.

        Wrong: `corpus/documents/notes.txt`
        Right: `notes.txt` outside `corpus/`
        """,
    "E703": """
        A line of the source list does not follow its schema.

        `seeds/sources.jsonl` states the origin and the licence of every text. A line that cannot
        be read leaves a text without both.

        Wrong: `{"file":"a.txt"}`
        Right: the same with `sha256`, `date`, `language`, `publisher` and `license`
        """,
    "E704": """
        A list beside the documents does not follow its schema.

        The list of annotators, the decisions between annotators and the release manifest are data,
        just like the documents. Each has a schema, and programs rely on it.

        Wrong: `{"annotators":[{"id":"a","kind":"robot","name":"A","layers":[]}]}`
        Right: `{"annotators":[{"id":"a","kind":"rule","name":"A","layers":["tokens"]}]}`
        """,
    "E705": """
        One Wikidata item has two types in the corpus.

        An item stands for one thing. If two documents give it two entity types, one of them has
        the wrong item or the wrong type, and counts of linked entities count it under both.

        Wrong: `"wikidata":"Q43"` with `"type":"GPE"` in one document and `"type":"ORG"` in another
        Right: `"type":"GPE"` in both
        """,
    "W706": """
        One Wikidata item has two names in the corpus.

        `name` is the fullest name. Two names for one item are usually a slip, or one of the items
        is wrong. Names in texts of two languages are not compared. Two names can be right if each
        text uses another one (Myanmar, Burma).

        Wrong: Q43 has `"name":"Türkiye"` in one document, `"name":"Turkey"` in another
        Right: `"name":"Türkiye"` in both
        """,
    "W707": """
        An id means something else than in the last release.

        Ids are never reused: someone who stored `m12` or `baku` from a release must find the same
        thing under it later. A record that replaces another one gets a new id. A corrected record
        keeps its id, and this warning can then be ignored. The comparison is with the commit that
        gave `corpus/release.json` its version; there is none outside a git checkout.

        Wrong: `baku` had `"name":"Baku"` and Q9248, now it has `"name":"Tbilisi"` and Q994
        Right: a new entity `tbilisi`
        """,
    "E708": """
        The document and the source list disagree.

        `seeds/sources.jsonl` states the publisher and the licence of every text. A document has no
        stated origin if its seed is not listed there, or is listed with another hash, date or
        language.

        Wrong: a document made from `b.txt`, and a list without `b.txt`
        Right: a line for `b.txt` with its SHA-256, as `statevisit ingest` writes it
        """,
    "E709": """
        A listed source is missing from seeds/, or its bytes differ.

        The seeds are kept byte for byte, so that anyone can derive the texts again. A document
        cannot be compared with a seed that is missing or changed.

        Wrong: a line for `a.txt` and no `seeds/a.txt`
        Right: `seeds/a.txt` with the SHA-256 that the line states
        """,
    "W710": """
        Some system cannot hold a file of this name.

        A document is a file, an annotator a directory, a source a seed. Windows reserves names such
        as CON and NUL and refuses some characters, macOS and Windows take `Anna` and `anna` for one
        name, and no common system allows more than 255 bytes. A clone on such a system fails or
        silently lacks a file.

        Wrong: the documents `Anna` and `anna`, a document `nul`, a source `interview?.txt`
        Right: the documents `anna-1` and `anna-2`, `null-results`, `interview.txt`
        """,
    "E711": """
        The schema of the corpus is not the one that its `scheme.toml` gives.

        `schema/scheme.toml` says which layers, labels and properties the corpus has, and
        `statevisit scheme` compiles `schema/document.schema.json` from it. A label that is added to
        the schema by hand is in no table, in no column and not in Label Studio. After an upgrade
        of statevisit the schema is compiled again. From a `scheme.toml` with an error no schema
        can be compiled, and no document can be checked.

        Wrong: `"enum":["PERSON","VESSEL"]` written into `schema/document.schema.json`
        Right: `[labels."entities.type".VESSEL]` in `schema/scheme.toml`, then `statevisit scheme`
        """,
    "E721": """
        One text is in two splits.

        A system that has seen a text while it learned is tested on what it remembers, and its
        figures are too high. Texts are the same if their words are; case, white space and
        punctuation do not count.

        Wrong: the text of `storm` in `train`, and again as `storm-2` in `test`
        Right: both documents in `train`, or `storm-2` removed
        """,
    "W722": """
        Two texts in different splits are nearly the same.

        The versions of a news agency's report differ in a headline or a paragraph, and a later
        edition repeats an earlier one. Half of all runs of eight words of the shorter text are in
        the other (of fewer than 40 runs, four fifths), which a quotation or a notice below every
        text does not reach.

        Wrong: a report in `train`, and in `test` the same report with a paragraph more
        Right: both in `test`; two reports of one event by different authors in two splits
        """,
    "W723": """
        The name of a split looks like a slip.

        Every name makes a split of its own, which nobody asks for under a wrong name. The usual
        names are train, validation, dev and test; other names are free, unless they differ from
        one of these by a letter, or from another name in the list by case.

        Wrong: `"split":"validaton"`; `"split":"Test"` beside `"split":"test"`
        Right: `"split":"validation"`; `"split":"test_unseen"` beside `"split":"test"`
        """,
    "W724": """
        A document is in no split, and others are in one.

        Without a split a document counts as `train`. That is rarely meant for one that was added
        after the others got theirs. `statevisit split` gives a split to those that have none, and
        leaves the others where they are.

        Wrong: three sources with a split and one without
        Right: four sources with a split, or four without
        """,
    "A001": """
        The quote does not occur in the text.

        A quote is searched for exactly, then with all quotation marks and dashes treated alike and
        without white space and invisible characters. A quote that neither search finds, or not
        between its `prefix` and `suffix`, is a misquotation, and no place is guessed for it.

        Wrong: `{"quote":"presidents"}` where the text says "president"
        Right: `{"quote":"president"}`
        """,
    "A002": """
        The quote occurs in several places.

        The draft has to say which place is meant: `occurrence` counts from 1, `prefix` and
        `suffix` are the characters around the quote.

        Wrong: `{"quote":"visit"}` in a text with five visits
        Right: `{"quote":"visit","occurrence":2}`
        """,
    "A003": """
        The quote occurs only inside a token.

        Spans take whole tokens. Half a word is a slip, or the token is wrong: then `statevisit
        tokens split` divides it. No other place is taken for the quote, not even one that differs
        from it in white space only.

        Wrong: `{"quote":"resident"}` inside "president"
        Right: `{"quote":"president"}`
        """,
    "A004": """
        The draft or selector is not in quote notation.

        A draft is a JSON object with layers; a selector has a `quote`, and `occurrence` counts
        from 1.

        Wrong: `{"quote":"visit","occurrence":0}`
        Right: `{"quote":"visit","occurrence":1}`
        """,
    "A101": """
        The quote differs from the text in marks or white space, and was resolved.

        Straight and curly quotation marks, hyphens and dashes, and white space are easily mixed
        up. The place is certain all the same; it is reported so that someone can look at it.

        Wrong: `{"quote":"two - day"}` where the text says "two-day"
        Right: `{"quote":"two-day"}`
        """,
    "A102": """
        The span was moved, and its words changed.

        `statevisit realign` is certain of the place, but the correction changed words inside the
        span. Annotations of the old words (a value, a link) may no longer hold.

        Wrong: "Feb. 14" became "Feb. 15" and the value is still `2024-02-14`
        Right: the value `2024-02-15`
        """,
    "A201": """
        The span has no certain place in the corrected text.

        The first or the last word of the span was removed or rewritten, so a program could only
        guess the new place. The document is not written: delete the record or annotate it anew,
        then realign again.

        Wrong: a mention of "the envoy" after that sentence was cut
        Right: the document without that mention
        """,
    "L101": """
        The annotation makes a new entity or event chain.

        A region without an id, or with an unknown id, gets a new entity or chain. Often an
        existing one is meant. A new entity has no name, link or reference yet, because the editor
        cannot show them.

        Wrong: a region "the President" whose `entity` is empty, in a text about `aliyev`
        Right: the same region with `entity` set to `aliyev`, from the list beside the text
        """,
    "L102": """
        A region lacks a value that its record needs.

        The schema requires some values once a layer is done, and a certain form for some values. A
        new region that it refuses is left out until it is corrected in the editor; a region that
        was exported keeps its old record. The other regions are imported. A layer in which a value
        is missing does not become done.

        Wrong: a region labelled DATE without `value`
        Right: the same region with `value` 2024-02-19
        """,
    "L103": """
        The mentions of an entity have different labels.

        The label of a mention is the type of its entity, and an entity has one type. If the
        mentions disagree, the type cannot be derived from them and stays unchanged.

        Wrong: two mentions of `ankara`, one labelled GPE and one ORG
        Right: both labelled GPE, or the second with another `entity`
        """,
    "L104": """
        The annotation holds something that cannot be read as it stands.

        The server checks nothing. It stores and exports unknown labels, controls and relations,
        spans outside the text, relations without an end, and regions whose `text` is not what
        stands at their offsets. They are left out of the import, and a record, answer or relation
        that the document had there stays. Offsets that count UTF-16 code units or bytes, as the
        words show, are read so. Each is reported, and all stay on the server.

        Wrong: a relation AGENT that leads from a mention to an event
        Right: a relation AGENT from the event to the mention, or the label `← AGENT`
        """,
    "L105": """
        A region does not begin and end on word boundaries.

        Spans take whole tokens. A region that begins or ends inside a word is widened to the whole
        word; a region that covers no word is left out. White space at the edges does not matter.

        Wrong: a region "zerbaijani Presiden"
        Right: a region "Azerbaijani President"
        """,
    "L106": """
        Something depends on a record that was deleted or changed.

        If a record is deleted, references to it (the anchor of a time, the `literal` of a mention)
        are left out of the other records. ACE roles that a new event type does not have are left
        out as well. An entity or chain that is no longer mentioned stays in the document.

        Wrong: the only mention of `baku` deleted, and `baku` still among the entities
        Right: the entity deleted in the document too, if it is not needed
        """,
    "L107": """
        A record has several relations of a kind of which it can have one.

        MEASURES, CONVERSION_OF, PROPERTY, WHOLE and CUE each set one property of the record at
        which they start, and an event relation has one modality. The relation that was exported
        stays; if none was, the first one counts.

        Wrong: a quotation with two relations CUE, to "said" and to "added"
        Right: a relation CUE to "said"
        """,
    "L108": """
        An annotation was set aside.

        If one person has several annotations of a task, the latest that is not empty counts. A
        draft that was not submitted does not count. Everything set aside stays on the server.

        Wrong: a draft with changes that were never submitted
        Right: the draft submitted, or discarded
        """,
    "L201": """
        Both the annotation and the corpus changed the same thing.

        The exported base shows the changes of each side. If both sides changed one property in
        different ways, either could be right, and the document is not written until someone
        decides.

        Wrong: a unit is "trip" in the annotation and "journey" in the corpus, imported as it is
        Right: the same import with `--theirs` (the annotation's) or `--ours` (the corpus's)
        """,
}
"""An explanation by code: message, why, `Wrong:` and `Right:`."""
