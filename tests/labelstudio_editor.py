"""The changes that Label Studio's editor makes to results that are opened and saved.

They were measured in a browser. Regions keep their ids, offsets and answers. Results come in
another order and get an `origin`. Relations lose everything but their ends, direction and labels,
and two regions keep one relation with all labels. Unknown keys of `value` are dropped, and
`value.text` may differ from the text (newlines come as a backslash and an n).
"""

import random
from typing import Any

VALUE_KEYS = ("start", "end", "text", "labels", "choices")


def saved(results: list[dict[str, Any]], seed: int = 0) -> list[dict[str, Any]]:
    """The results as the editor saves them."""
    pairs: dict[frozenset[str], dict[str, Any]] = {}
    kept = []
    for result in results:
        if result["type"] == "relation":
            relation = {k: result[k] for k in ("from_id", "to_id", "type", "direction")}
            merged = pairs.setdefault(
                frozenset((result["from_id"], result["to_id"])), {**relation, "labels": []}
            )
            merged["labels"] += [
                label for label in result["labels"] if label not in merged["labels"]
            ]
        else:
            value = {k: v for k, v in result["value"].items() if k in VALUE_KEYS}
            if result["type"] != "textarea" and "text" in value:
                value["text"] = value["text"].replace("\n", "\\n")
            kept.append(
                {
                    **{k: v for k, v in result.items() if k not in ("hidden", "value")},
                    "value": value,
                    "origin": "manual",
                }
            )
    random.Random(seed).shuffle(kept)
    return [*kept, *pairs.values()]
