"""The groups that regions belong to: the entities of mentions and the chains of events.

A region names its group with an id that the annotator typed. Names, links and other properties of
groups are not in the editor; they come from the documents.
"""

from collections.abc import Iterable
from typing import Any, ClassVar, Generic, TypeVar

from msgspec.structs import replace

from statevisit.document.model import Document, Entity, EventChain, Relation
from statevisit.document.references import references_of
from statevisit.document.scheme import scheme_of
from statevisit.regions.ids import Ids
from statevisit.regions.regions import Region, Report, SpanRecord

Group = TypeVar("Group", Entity, EventChain)

_MOST_NAMED_REGIONS = 5


class Groups(Generic[Group]):
    """The groups of one annotation: those of the base document and those that regions add.

    `current`, the document as the corpus has it now, provides groups that were added there.
    """

    layer: ClassVar[str]
    """The layer of the groups."""
    members: ClassVar[str]
    """The layer whose records belong to them."""
    prop: ClassVar[str]
    """The property of a member that holds the id of its group."""
    noun: ClassVar[str]
    """The name of a group in messages."""
    to_complete: ClassVar[str] = ""
    """The part of a message that asks for what a new group lacks."""

    def __init__(self, base: Document, current: Document, ids: Ids, report: Report) -> None:
        self._groups: dict[str, Group] = {group.id: group for group in getattr(base, self.layer)}
        self._current: dict[str, Group] = {g.id: g for g in getattr(current, self.layer)}
        self._base, self._ids, self._report = base, ids, report
        self._are_members_done = current.is_done(self.members)
        self._is_done = current.is_done(self.layer)

    def __contains__(self, group_id: object) -> bool:
        return group_id in self._groups

    def values(self) -> tuple[Group, ...]:
        """Return the groups."""
        return tuple(self._groups.values())

    def needs_group(self, region: Region) -> bool:
        """Whether a region must have a group: whether the layer of its members is done."""
        return self._are_members_done

    def id_of(
        self, region: Region, known: SpanRecord | None, added: SpanRecord | None, text: str
    ) -> str | None:
        """Return the group's id for a region: as answered, as it was, or a new one from the text.

        `known` is the region's record in the base, `added` the one that the corpus has since got.
        It is None for a region that has no answer and needs no group.
        """
        answer = region.answers.get(f"{self.members}_{self.prop}", "").strip()
        if answer:
            return answer
        if not self.needs_group(region):
            return None
        previous: str | None = getattr(known or added, self.prop, None)
        if known and previous:
            self._report("L102", f"{region}: {self.prop} is required; it stays {previous!r}")
        return previous or self._ids.slug(text, self.prop)

    def problem(self, group_id: str, region: Region) -> str:
        """Return the reason why a region cannot belong to a group; "" if it can.

        Another record has the id, or the group is new and lacks what its layer requires.
        """
        if group_id in self._groups or group_id in self._current:
            return ""
        if group_id in self._ids.taken:
            return f"`{self.prop}` is {group_id!r}, which is the id of something else"
        created = self._created(group_id, region, "")
        required = scheme_of(self._base).required(self.layer) if self._is_done else ()
        lacks = [f"`{name}`" for name in required if getattr(created, name, None) is None]
        if not lacks:
            return ""
        return (
            f"the new {self.noun} {group_id!r} needs {' and '.join(lacks)}, which the editor does "
            "not show; add it in the document first"
        )

    def add(self, group_id: str, region: Region, text: str) -> None:
        """Add a region to a group, which is created if neither document has it."""
        if group_id not in self._groups:
            self._groups[group_id] = self._new(group_id, region, text)

    def _new(self, group_id: str, region: Region, text: str) -> Group:
        """A group that the base lacks: the one in the corpus, or else a created one."""
        group = self._current.get(group_id)
        if group is None:
            self._ids.taken.add(group_id)
            group = self._created(group_id, region, text)
            message = f"{region} {text!r} creates the {self.noun} {group_id!r}"
            if not region.answers.get(f"{self.members}_{self.prop}"):
                message += f"; it was given no {self.noun} id: does it mean an existing one?"
            self._report("L101", message + self.to_complete)
        return group

    def _created(self, group_id: str, region: Region, text: str) -> Group:
        raise NotImplementedError

    def _new_record(self, **values: str | None) -> Group:
        """A group of the type that the scheme gives its layer."""
        group_type: Any = scheme_of(self._base).record_types[self.layer]
        group: Group = group_type(**values)
        return group

    def report_abandoned(self, members: Iterable[SpanRecord]) -> None:
        """Report the groups that lost their last member; they stay in the document."""
        before = {getattr(record, self.prop) for record in getattr(self._base, self.members)}
        after = {getattr(record, self.prop) for record in members}
        abandoned = sorted((before - after) & self._current.keys())
        users = self._users() if abandoned else {}
        for group_id in abandoned:
            advice = "delete it in the document if it is not needed"
            if group_id in users:
                advice += f", and its id in {', '.join(users[group_id])}"
            message = f"{group_id!r} in {self.layer} has no mention left; {advice}"
            self._report("L106", message)

    def _users(self) -> dict[str, list[str]]:
        """The records that the editor does not show, by the ids of the groups that they name."""
        users: dict[str, list[str]] = {}
        for (layer, number, *_), target, _targets in references_of(self._base):
            if layer in ("entities", "relations"):
                user: Entity | Relation = getattr(self._base, str(layer))[number]
                users.setdefault(target, []).append(user.id)
        return users


class Entities(Groups[Entity]):
    """The entities of one annotation. The label of a mention is the type of its entity."""

    layer, members, prop, noun = "entities", "mentions", "entity", "entity"
    to_complete = "; complete its name, link and reference in the document"

    def __init__(self, base: Document, current: Document, ids: Ids, report: Report) -> None:
        super().__init__(base, current, ids, report)
        self._mentions: dict[str, dict[str, list[Region]]] = {}

    def needs_group(self, region: Region) -> bool:
        """Whether a region must have an entity, which holds its label."""
        return super().needs_group(region) or region.label(self.members) is not None

    def add(self, group_id: str, region: Region, text: str) -> None:
        """Add a mention to an entity, which is created if neither document has it."""
        label = region.label(self.members)
        if label:
            labels = self._mentions.setdefault(group_id, {})
            labels.setdefault(label, []).append(region)
        super().add(group_id, region, text)

    def _created(self, group_id: str, region: Region, text: str) -> Entity:
        label = region.label(self.members)
        return self._new_record(
            id=group_id, type=label, name=text, nil="UNVERIFIED", reference="SPECIFIC"
        )

    def set_types(self) -> None:
        """Set each entity's type to the label of its mentions; it stays where they differ."""
        for entity_id, labels in self._mentions.items():
            entity = self._groups[entity_id]
            if len(labels) == 1:
                self._groups[entity_id] = replace(entity, type=next(iter(labels)))
            else:
                self._report_differing(entity, labels)

    def _report_differing(self, entity: Entity, labels: dict[str, list[Region]]) -> None:
        differing: list[tuple[str, list[Region]]] = []
        for label, regions in labels.items():
            if label != entity.type:
                differing.append((label, sorted(regions, key=lambda region: region.order)))
        differing.sort(key=lambda item: item[1][0].order)
        described = []
        for label, regions in differing:
            names = ", ".join(region.name for region in regions[:_MOST_NAMED_REGIONS])
            more = " …" if len(regions) > _MOST_NAMED_REGIONS else ""
            described.append(f"{label}: {names}{more}")
        kind = entity.type or "undecided"
        self._report(
            "L103",
            f"the mentions of {entity.id!r} ({kind}) have different labels "
            f"({'; '.join(described)}); its type stays {kind}: give all of them one label, "
            "or give the others another entity id",
        )


class EventChains(Groups[EventChain]):
    """The event chains of one annotation."""

    layer, members, prop, noun = "event_chains", "events", "event", "event chain"

    def _created(self, group_id: str, region: Region, text: str) -> EventChain:
        return self._new_record(id=group_id)
