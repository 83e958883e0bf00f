"""What the findings mean that an import from Label Studio gives: L1xx is reported and the import goes on, L2xx stops it.

They are found in `labelstudio`, which needs what is checked here as little as this needs to know an
editor.
"""

EXPLAINED = {
    "L101": """
        The annotation makes a new entity or event chain.

        A region that was given no id, or one that is not there, gets an entity or chain of its own. Often it is meant to
        be one that exists; a new entity lacks its name, link and reference, which the editor cannot show.

        Wrong: a region "the President" whose `entity` is empty, in a text about `aliyev`
        Right: the same region with `entity` set to `aliyev`, from the list beside the text
        """,
    "L102": """
        A region lacks what its record needs.

        The schema asks for some values, and for values in a certain form. A new region that it refuses is left out until
        that is mended there; one that was exported stays as it was. The other regions come in.

        Wrong: a region labelled DATE without `value`
        Right: the same region with `value` 2024-02-19
        """,
    "L103": """
        The mentions of an entity are not labelled alike.

        A mention's label is the type of its entity, which has one. While its mentions say several, nobody can tell which
        is meant, and the type stays.

        Wrong: two mentions of `ankara`, one labelled GPE and one ORG
        Right: both labelled GPE, or the second with another `entity`
        """,
    "L104": """
        The annotation holds what has no place here.

        The server checks nothing: labels, controls and relations that the interface does not have, spans outside the
        text and relations that end nowhere are stored and exported. They are left out, each named, and stay on the server.

        Wrong: a relation AGENT that leads from a mention to an event
        Right: a relation AGENT from the event to the mention, or the label `← AGENT`
        """,
    "L105": """
        A region does not end where words end.

        Spans take whole tokens. One that begins or ends inside a word is widened to it; one that covers no word is left
        out. White space at the edges does not matter.

        Wrong: a region "zerbaijani Presiden"
        Right: a region "Azerbaijani President"
        """,
    "L106": """
        Something that was deleted is still referred to.

        With the last mention of an entity, the anchor of a time or the type of an event goes what depended on it. What is
        referred to and is not there is left out; an entity or chain that nothing mentions stays in the document.

        Wrong: the only mention of `baku` deleted, and `baku` still among the entities
        Right: the entity deleted in the document too, if it is not wanted
        """,
    "L107": """
        A record has several relations of a kind that it can have one of.

        MEASURES, CONVERSION_OF, PROPERTY, CUE and SOURCE set one property of the record they start from. The one it had
        stays, or else the first is taken.

        Wrong: a quotation with two relations CUE, to "said" and to "added"
        Right: a relation CUE to "said"
        """,
    "L108": """
        An annotation was set aside.

        Of one person's annotations of a task the latest that is not empty counts, and a draft that was not submitted does
        not. What is set aside stays on the server.

        Wrong: a draft with changes that were never submitted
        Right: the draft submitted, or discarded
        """,
    "L201": """
        Both the annotation and the corpus changed the same thing.

        The base that was exported says what each side changed. Where both changed one property, and not alike, either
        could be right, and nothing at all is written until that is decided.

        Wrong: a unit that was "visit", is "trip" in the annotation and "journey" in the corpus, imported undecided
        Right: the same import with `--theirs` (the annotation's) or `--ours` (the corpus's)
        """,
}
