"""Finds the gold document that a prediction is of: by its id, by its text, or by its order."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from statevisit.document import codec
from statevisit.document.model import Document
from statevisit.document.scheme import Scheme
from statevisit.document.strict_json import Json, JsonObject
from statevisit.errors import FormatError, together
from statevisit.printable import counted
from statevisit.scoring.answers import Answer, answer_of
from statevisit.scoring.drafts import read_draft
from statevisit.scoring.prediction import (
    ALL,
    Note,
    Prediction,
    common_length,
    difference,
    refuse_other_text,
    whole,
)
from statevisit.scoring.routing import Routing


class _Waiting(NamedTuple):
    """An answer that names no document, with the name of its source, and notes on it."""

    name: str
    answer: Answer
    notes: "Notes"


Notes = Sequence[tuple[str, str]]
"""The kind and the message of what there is to note about an answer."""


class Matcher:
    """Reads the JSON of predictions, each as a prediction of a document of the gold.

    `orders` are the ids of the gold documents in the orders that answers without a name can be in.
    """

    def __init__(
        self, gold: Mapping[str, Document], routing: Routing, orders: Sequence[Sequence[str]]
    ) -> None:
        self.gold, self.routing, self._orders = gold, routing, orders
        self._waiting: list[_Waiting] = []
        self._by_text = self._by_order = 0

    @property
    def scheme(self) -> Scheme:
        """The scheme of the gold documents, under which predictions are read."""
        return self.routing.scheme

    def read(
        self, value: Json, file: str, data: bytes | None = None, notes: Notes = ()
    ) -> Iterator[tuple[str, Prediction]]:
        """Yield a prediction from JSON: a document in whole or part, or what a system answered.

        One that names no document is kept for `in_order`. `data` are the bytes that were parsed;
        with them an error in a whole document names its line. The prediction gets the `notes`.
        """
        answer = answer_of(value, file)
        document = self._gold_of(answer.value)
        if document is not None:
            text = answer.value.get("text", document.text)
            if text != document.text:
                refuse_other_text(document, replace(document, text=str(text)), file)
        if self._is_whole(answer.value):
            try:
                prediction = whole(codec.convert(answer.value, file, self.scheme, data))
                yield file, _noted(prediction, notes)
            except codec.Mismatch:
                if document is None:
                    raise
            else:
                return
        if document is not None:
            yield file, _noted(self._draft(answer, document, file), notes)
        elif "id" in answer.value:
            raise FormatError(f"{file}: {self._no_gold(answer.value)}")
        elif isinstance(answer.value.get("text"), str) and self.gold:
            raise FormatError(f"{file}: {self._other_text(answer.value['text'])}")
        else:
            self._waiting.append(_Waiting(file, answer, notes))

    def in_order(self) -> Iterator[tuple[str, Prediction]]:
        """Yield the predictions that named no document, as those of the gold documents in order.

        Raises FormatError if they are not as many as the documents.
        """
        if not self._waiting:
            return
        order = next((ids for ids in self._orders if len(ids) == len(self._waiting)), None)
        if order is None:
            errors = {}
            for number, (name, answer, _) in enumerate(self._waiting):
                error = FormatError(f"{name}: {self._no_gold(answer.value)}")
                errors[name if name not in errors else f"{name}, document {number + 1}"] = error
            raise together(errors)
        self._by_order = len(order) if len(order) > 1 else 0
        for document_id, (name, answer, notes) in zip(order, self._waiting, strict=True):
            yield name, _noted(self._draft(answer, self.gold[document_id], name), notes)

    def notes(self, count: int) -> list[Note]:
        """Return a note on how many of some predictions were not matched by their id."""
        ways = (
            (self._by_text, "by its text", "by their texts"),
            (self._by_order, "by its place", "by their order"),
        )
        return [
            Note(
                "text",
                ALL,
                f"{counted(number, 'prediction')} of {count:,}"
                f" {'is' if number == 1 else 'are'} matched to the gold"
                f" {one if number == 1 else many}, not by id",
            )
            for number, one, many in ways
            if number
        ]

    def _draft(self, answer: Answer, document: Document, file: str) -> Prediction:
        return read_draft(self.routing.routed(answer), document, file)

    def _is_whole(self, value: JsonObject) -> bool:
        """Whether a JSON object has all of a document: its text and every layer."""
        return "text" in value and all(name in value for name in self.scheme.layers)

    def _gold_of(self, value: JsonObject) -> Document | None:
        """The gold document that a prediction is of: that with its id, or else with its text.

        Without an `id` it is the only one.
        """
        document_id = value.get("id")
        if isinstance(document_id, str) and document_id in self.gold:
            return self.gold[document_id]
        if isinstance(value.get("text"), str):
            text = value["text"]
            same_text = [document for document in self.gold.values() if document.text == text]
            if len(same_text) == 1 and not self._is_whole(value):
                self._by_text += len(self.gold) > 1
                return same_text[0]
        return next(iter(self.gold.values())) if not document_id and len(self.gold) == 1 else None

    def _no_gold(self, value: JsonObject) -> str:
        """Why a prediction is of no gold document."""
        shown = ", ".join([*list(self.gold)[:3], *(["…"] if len(self.gold) > 3 else [])])
        if "id" not in value:
            return (
                "names no document; give each document an object with its id, such as"
                f' {{"id": "{next(iter(self.gold), "a")}", "mentions": [...]}}, or give one answer'
                f" for each of them, in order (gold documents: {shown})"
            )
        return f"`id` is {value['id']!r}, which is not a gold document ({shown})"

    def _other_text(self, text: str) -> str:
        """Why a text is of no gold document: the first difference from the nearest one."""
        same = [document.id for document in self.gold.values() if document.text == text]
        if same:
            return f"the documents {', '.join(same[:3])} have the same text; give the `id`"
        near = max(self.gold.values(), key=lambda gold: common_length(gold.text, text))
        return f"no gold document has this text; that of {near.id!r} {difference(near.text, text)}"


def _noted(prediction: Prediction, notes: Notes) -> Prediction:
    """A prediction with more notes, before its own."""
    more = [Note(kind, prediction.document.id, message) for kind, message in notes]
    return replace(prediction, notes=(*more, *prediction.notes))
