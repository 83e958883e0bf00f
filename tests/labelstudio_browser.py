"""Label Studio in a real browser, as a person uses it: mouse and keyboard only.

Every action ends when the store of the editor shows its effect, however long that takes. The store
is read, never written.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.conftest import PATIENCE

# The place of a text in the window, once it has stayed the same for some frames.
_FIND = """async ([needle]) => {
    const root = document.querySelector('.lsf-htx-richtext, .lsf-richtext__container');
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (walker.nextNode() && !walker.currentNode.data.includes(needle));
    const node = walker.currentNode;
    const range = document.createRange();
    range.setStart(node, node.data.indexOf(needle));
    range.setEnd(node, node.data.indexOf(needle) + needle.length);
    node.parentElement.scrollIntoView({block: 'center'});
    let place;
    for (let frames = 0; frames < 5; frames++) {
        await new Promise(requestAnimationFrame);
        const box = range.getBoundingClientRect();
        const now = [box.left, box.right, (box.top + box.bottom) / 2];
        if (now.join() !== place?.join()) frames = 0;
        place = now;
    }
    return place;
}"""

# An annotation is loaded twice when its task is opened. The second load begins two frames after
# `DM.loadingData` ends and discards every edit of the first, so the state has to last some frames.
_SETTLED = """([task, isEmpty]) => {
    const editor = window.Htx;
    const annotation = editor?.annotationStore?.selected;
    const text = annotation && [...annotation.names.values()].find(tag => tag?.type === 'text');
    const settled = window.DM?.loadingData === false && annotation
        && !editor.isLoading && !editor.isSubmitting && editor.task?.id === task
        && text?.isLoaded && text.isReady
        && (annotation.regions.length > 0 || isEmpty)
        && annotation.regions.every(region => region._hasSpans);
    const before = window.statevisitSettled;
    const frames = settled && before?.id === annotation.id ? before.frames + 1 : 0;
    window.statevisitSettled = {id: annotation?.id, frames};
    return frames >= 10;
}"""

_STORE = """
    const annotation = Htx.annotationStore.selected;
    const regions = annotation.regions;
    const relations = annotation.relationStore.relations;
    const selected = annotation.regionStore.selection.list;
    const labels = region => region.labeling?.selectedLabels.map(label => label.value) ?? [];
    const tags = annotation.toNames.get('text');
    const chosen = tags.flatMap(tag => tag.selectedLabels ?? []).map(label => label.value);
    const answers = region => region.results.flatMap(result => result.mainValue);
"""


@contextmanager
def page_of(chromium: Any) -> Iterator[Any]:
    """A page of a browser, as large as a person's."""
    page = chromium.new_page(viewport={"width": 1600, "height": 1100})
    page.set_default_timeout(PATIENCE * 1000)
    try:
        yield page
    finally:
        page.close()


class Editor:
    """The editor of a server, signed in."""

    def __init__(self, page: Any, url: str, user: str, password: str) -> None:
        self.page, self.url = page, url
        self.task = 0
        page.goto(f"{url}/user/login/")
        page.fill("input[name=email]", user)
        page.fill("input[name=password]", password)
        page.click("button[type=submit]")
        page.wait_for_url(lambda address: "login" not in address)

    def open(self, project: int, task: int, empty: bool = False) -> None:
        """Open a task and wait until its spans are drawn for good; `empty` is one that has none."""
        self.task = task
        self.page.goto(f"{self.url}/projects/{project}/data?task={task}")
        self._settle(empty)

    def _settle(self, empty: bool = False) -> None:
        self.page.wait_for_function(_SETTLED, arg=[self.task, empty], polling="raf")

    def _read(self, expression: str, *values: Any) -> Any:
        """The value of an expression over the editor's store, with `values` as `value`."""
        return self.page.evaluate(f"value => {{ {_STORE} return {expression}; }}", [*values])

    def _until(self, expression: str, *values: Any) -> None:
        """Wait until an expression over the editor's store is true."""
        self.page.wait_for_function(f"value => {{ {_STORE} return {expression}; }}", arg=[*values])

    def regions(self) -> dict[str, tuple[int, int]]:
        """Start and end, in code points, of the regions by id, as the editor has them."""
        offsets = self._read(
            "regions.map(r => [r.cleanId, r.globalOffsets.start, r.globalOffsets.end])"
        )
        return {name: (start, end) for name, start, end in offsets}

    def spans(self) -> set[tuple[int, int]]:
        """Start and end, in code points, of everything that is drawn."""
        drawn = self.page.locator(".htx-highlight").evaluate_all(
            "spans => spans.map(e => [+e.dataset.start, +e.dataset.end])"
        )
        return {(start, end) for start, end in drawn}

    def region(self, name: str) -> Any:
        """What is drawn for a region."""
        return self.page.locator(f"[class*='htx-highlight-{name}-']").first

    def unselect(self) -> None:
        """Select no region and no label."""
        self.page.keyboard.press("Escape")
        self._until("selected.length === 0")

    def select(self, name: str) -> None:
        """Click a region; it is then the one whose fields are shown."""
        self.unselect()
        region = self.region(name)
        region.scroll_into_view_if_needed()
        region.click()
        self._until("selected.length === 1 && selected[0].cleanId === value[0]", name)
        self.page.locator(
            ".lsf-detailed-region__region-id, [class*='detailed-region'] >> text=" + name
        ).first.wait_for()

    def _click_label(self, label: str) -> None:
        self.page.locator(".lsf-label", has_text=label).locator(
            f"text=/^{re.escape(label)}$/"
        ).first.click()

    def label(self, label: str) -> None:
        """Click a label above the text: the selected region then has it."""
        self._click_label(label)
        self._until("labels(selected[0]).join() === value[0]", label)

    def _point(self, needle: str) -> tuple[float, float, float]:
        left, right, middle = self.page.evaluate(_FIND, [needle])
        return left, right, middle

    def mark(self, label: str, needle: str) -> None:
        """Draw a label over the first occurrence of some text; the new region is then selected."""
        self.unselect()
        self._click_label(label)
        self._until("chosen.includes(value[0])", label)
        before = set(self.regions())
        left, right, middle = self._point(needle)
        mouse = self.page.mouse
        mouse.move(left + 1, middle)
        mouse.down()
        mouse.move((left + right) / 2, middle, steps=4)
        mouse.move(right - 1, middle, steps=4)
        mouse.up()
        drawn = "regions.length === value[0] && regions.every(r => r._hasSpans)"
        self._until(drawn, len(before) + 1)
        [name] = set(self.regions()) - before
        if not self._read("selected.length"):
            self.select(name)

    def stretch(self, name: str, needle: str) -> None:
        """Drag the end of a region to the end of some text."""
        self.select(name)
        _, end = self.regions()[name]
        _, right, middle = self._point(needle)
        self.region(name).locator("area").last.hover()
        mouse = self.page.mouse
        mouse.down()
        mouse.move(right - 8, middle, steps=6)
        mouse.move(right - 1, middle, steps=3)
        mouse.up()
        self._until("selected[0].globalOffsets.end > value[0] && selected[0]._hasSpans", end)

    def delete(self, name: str) -> None:
        """Select a region and delete it with the key for it."""
        self.select(name)
        self.page.keyboard.press("Backspace")
        self._until("!regions.some(region => region.cleanId === value[0])", name)

    def _field(self, prop: str) -> Any:
        """The field of the selected region with a heading."""
        heading = self.page.locator(".fields h4, .fields h5, .fields h6")
        shown = heading.locator(f"text=/^{prop}( |$)/").locator("visible=true")
        return shown.first.locator("xpath=following-sibling::*[1]")

    def answer(self, prop: str, value: str) -> None:
        """Change a text answer of the selected region."""
        field = self._field(prop)
        field.hover()
        edit = field.get_by_test_id("htx-textbox-edit-button")
        if edit.count():  # an answer that is there is shown as text
            edit.click()
        field.locator("input, textarea").last.fill(value)
        self.page.keyboard.press("Enter")
        self._until("answers(selected[0]).includes(value[0])", value)

    def choose(self, prop: str, value: str) -> None:
        """Choose an answer of the selected region."""
        self._field(prop).get_by_text(value).first.click()
        self._until("answers(selected[0]).includes(value[0])", value)

    def unchoose(self, prop: str, value: str) -> None:
        """Take back an answer of the selected region."""
        self._field(prop).get_by_text(value).first.click()
        self._until("!answers(selected[0]).includes(value[0])", value)

    def _relations(self) -> Any:
        self._tab("Relations")
        self.page.locator(".lsf-relations__item").first.wait_for()
        return self.page.locator(".lsf-relations__item")

    def _tab(self, name: str) -> None:
        self.page.get_by_text(name, exact=True).locator("visible=true").first.click()

    def relate(self, source: str, target: str, label: str) -> None:
        """Draw a relation with a label."""
        self.select(source)
        self.page.keyboard.press("Alt+r")
        self._until("annotation.isLinkingMode")
        self.region(target).click()
        ends = "r.node1.cleanId === value[0] && r.node2.cleanId === value[1]"
        self._until(f"relations.some(r => {ends})", source, target)
        item = self._relations().last
        item.scroll_into_view_if_needed()
        item.hover()
        item.get_by_label("Show Relation Labels").click()
        item.get_by_test_id("select-trigger-").click()
        self.page.get_by_role("option", name=label, exact=True).first.click()
        labelled = f"relations.some(r => {ends} && r.labels?.join() === value[2])"
        self._until(labelled, source, target, label)
        self.page.keyboard.press("Escape")
        self._tab("Regions")

    def unrelate(self, number: int) -> None:
        """Delete a relation by its place in the list, from 0."""
        count = self._read("relations.length")
        item = self._relations().nth(number)
        item.scroll_into_view_if_needed()
        item.hover()
        item.get_by_label("Delete Relation").click()
        self._until("relations.length === value[0]", count - 1)
        self._tab("Regions")

    def submit(self) -> None:
        """Submit a new annotation; the server has it, and the editor shows it as saved."""
        with self.page.expect_response(
            lambda r: "/annotations" in r.url and r.request.method == "POST" and r.ok
        ):
            self.page.get_by_test_id("bottombar-submit-button").click()
        self._settle()

    def update(self) -> None:
        """Save the annotation; the server has it, and the editor shows it as saved."""
        with self.page.expect_response(
            lambda r: "/api/annotations/" in r.url and r.request.method == "PATCH" and r.ok
        ):
            self.page.get_by_test_id("bottombar-update-button").click()
        self._settle()
