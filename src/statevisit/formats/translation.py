"""What the labels, relations and attributes of a file are in a scheme: by name, or by a mapping."""

from msgspec import Struct

from statevisit.document.scheme import Scheme
from statevisit.formats.vocabulary import UNDECIDED, layer_and_label, shown_controls
from statevisit.regions.labels import Control
from statevisit.regions.mapping import Mapping, controls_by_property
from statevisit.regions.regions import answer_problem, to_answer
from statevisit.regions.relation_labels import INVERSE, relation_labels


class Answered(Struct, frozen=True):
    """An attribute of a file as the answer to a control, or the problem why it is none."""

    control: Control | None = None
    answer: str = ""
    problem: str = ""


class Translation:
    """Translates the names in files to those of a scheme.

    Without a mapping they are the names that `vocabulary.text_of` gives. With one, a name that it
    lacks has no place, unless it says that a label is undecided.
    """

    def __init__(self, scheme: Scheme, mapping: Mapping | None = None) -> None:
        self.scheme, self.mapping = scheme, mapping

    def label(self, name: str) -> tuple[str, str] | None:
        """Return the layer and the label for a label in a file; None if it has no place."""
        if self.mapping is not None:
            undecided = name if name.endswith(f".{UNDECIDED}") else None
            mapped = self.mapping.labels.get(name, undecided)
            return None if mapped is None else layer_and_label(mapped, self.scheme)
        return layer_and_label(name, self.scheme)

    def relation(self, name: str) -> tuple[str, bool] | None:
        """Return the relation for one in a file, and whether its direction is the other one."""
        mapped: str | None = name
        if self.mapping is not None:
            mapped = self.mapping.relations.get(name)
        if mapped is None or mapped.removeprefix(INVERSE) not in relation_labels(self.scheme):
            return None
        return mapped.removeprefix(INVERSE), mapped.startswith(INVERSE)

    def attribute(self, layer: str, name: str, value: str) -> Answered:
        """Return the answer that an attribute of a span in a layer is."""
        if self.mapping is None:
            controls = shown_controls(layer, self.scheme)
            control = next((c for c in controls if c.prop == name), None)
            answer = value
        else:
            table = self.mapping.choices.get(name, {})
            control = controls_by_property(self.scheme).get(str(table.get("property")))
            answer = to_answer(table.get(value, value))
        if control is None or control.layer != layer:
            return Answered(problem=f"no attribute {name!r} of {layer}")
        if problem := answer_problem(answer, control):
            return Answered(problem=problem)
        return Answered(control, answer)

    def defaults(self, layer: str) -> dict[str, str]:
        """Return the answers, by control, of new spans of a layer that state none themselves."""
        if self.mapping is None:
            return {}
        controls = controls_by_property(self.scheme)
        return {
            controls[prop].name: to_answer(answer)
            for prop, answer in self.mapping.defaults.items()
            if controls[prop].layer == layer
        }


def relation_key(source: str, label: str, target: str, is_inverse: bool = False) -> str:
    """Return a key of a relation between two annotations, in the direction of the scheme."""
    return f"{target} {label} {source}" if is_inverse else f"{source} {label} {target}"
