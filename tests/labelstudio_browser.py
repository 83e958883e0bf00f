"""Label Studio in a real browser, as a person uses it: mouse and keyboard only."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_FIND = """([needle]) => {
    const root = document.querySelector('.lsf-htx-richtext, .lsf-richtext__container');
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let node; node = walker.nextNode();) {
        const at = node.data.indexOf(needle);
        if (at >= 0) {
            const range = document.createRange();
            range.setStart(node, at);
            range.setEnd(node, at + needle.length);
            node.parentElement.scrollIntoView({block: 'center'});
            const box = range.getBoundingClientRect();
            return [box.left, box.right, (box.top + box.bottom) / 2];
        }
    }
}"""


@contextmanager
def page_of(chromium: Any) -> Iterator[Any]:
    """A page of a browser, as large as a person's."""
    page = chromium.new_page(viewport={"width": 1600, "height": 1100})
    page.set_default_timeout(30_000)
    try:
        yield page
    finally:
        page.close()


class Editor:
    """The editor of a server, signed in."""

    def __init__(self, page: Any, url: str, user: str, password: str) -> None:
        self.page, self.url = page, url
        page.goto(f"{url}/user/login/")
        page.fill("input[name=email]", user)
        page.fill("input[name=password]", password)
        page.click("button[type=submit]")
        page.wait_for_url(lambda address: "login" not in address)

    def open(self, project: int, task: int) -> None:
        """Open a task and wait until its spans are drawn."""
        self.page.goto(f"{self.url}/projects/{project}/data?task={task}")
        self.page.wait_for_selector(".htx-highlight", timeout=120_000)
        self.page.wait_for_timeout(1500)

    def regions(self) -> dict[str, tuple[int, int]]:
        """Start and end, in code points, of the regions by id, as the editor has them."""
        found = self.page.evaluate(
            "Htx.annotationStore.selected.regions.map(r => [r.cleanId, r.globalOffsets.start, r.globalOffsets.end])"
        )
        return {name: (start, end) for name, start, end in found}

    def spans(self) -> set[tuple[int, int]]:
        """Start and end, in code points, of everything that is drawn."""
        return {
            tuple(s)
            for s in self.page.evaluate(
                "[...document.querySelectorAll('.htx-highlight')].map(e => [+e.dataset.start, +e.dataset.end])"
            )
        }

    def region(self, name: str) -> Any:
        """What is drawn for a region."""
        return self.page.locator(f"[class*='htx-highlight-{name}-']").first

    def select(self, name: str) -> None:
        """Click a region; it is then the one whose fields are shown."""
        self.page.keyboard.press("Escape")
        region = self.region(name)
        region.scroll_into_view_if_needed()
        region.click(force=True)
        self.page.locator(
            ".lsf-detailed-region__region-id, [class*='detailed-region'] >> text=" + name
        ).first.wait_for()

    def label(self, label: str) -> None:
        """Click a label above the text."""
        self.page.locator(".lsf-label", has_text=label).locator(f"text=/^{label}$/").first.click()

    def _point(self, needle: str) -> tuple[float, float, float]:
        left, right, middle = self.page.evaluate(_FIND, [needle])
        return left, right, middle

    def mark(self, label: str, needle: str) -> None:
        """Choose a label and draw it over the first occurrence of some text."""
        self.page.keyboard.press("Escape")
        self.label(label)
        left, right, middle = self._point(needle)
        mouse = self.page.mouse
        mouse.move(left + 1, middle)
        mouse.down()
        mouse.move((left + right) / 2, middle, steps=4)
        mouse.move(right - 1, middle, steps=4)
        mouse.up()
        self.page.wait_for_timeout(500)
        if (
            not self.page.locator(".fields h6").locator("visible=true").count()
        ):  # drawn and not selected: a click selects
            mouse.click((left + right) / 2, middle)
            self.page.wait_for_timeout(500)

    def stretch(self, name: str, needle: str) -> None:
        """Drag the end of a region to the end of some text."""
        self.select(name)
        box = self.region(name).bounding_box()
        _, right, middle = self._point(needle)
        mouse = self.page.mouse
        mouse.move(box["x"] + box["width"] - 1, box["y"] + box["height"] / 2)
        mouse.down()
        mouse.move(right - 8, middle, steps=6)
        mouse.move(right - 1, middle, steps=3)
        mouse.up()
        self.page.wait_for_timeout(500)

    def delete(self, name: str) -> None:
        """Select a region and delete it with the key for it."""
        self.select(name)
        self.page.keyboard.press("Backspace")
        self.page.wait_for_timeout(300)

    def answer(self, prop: str, value: str) -> None:
        """Change a text answer of the selected region."""
        field = (
            self.page.locator(".fields h4, .fields h5, .fields h6")
            .locator(f"text=/^{prop}( |$)/")
            .locator("visible=true")
            .first.locator("xpath=following-sibling::*[1]")
        )
        field.hover()
        field.get_by_test_id("htx-textbox-edit-button").click()
        field.locator("input, textarea").last.fill(value)
        self.page.keyboard.press("Enter")
        self.page.wait_for_timeout(300)

    def choose(self, prop: str, value: str) -> None:
        """Choose an answer of the selected region."""
        field = (
            self.page.locator(".fields h4, .fields h5, .fields h6")
            .locator(f"text=/^{prop}( |$)/")
            .locator("visible=true")
            .first.locator("xpath=following-sibling::*[1]")
        )
        field.get_by_text(value).first.click()
        self.page.wait_for_timeout(300)

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
        self.region(target).click(force=True)
        item = self._relations().last
        item.scroll_into_view_if_needed()
        item.hover()
        item.get_by_label("Show Relation Labels").click()
        item.get_by_test_id("select-trigger-").click()
        self.page.get_by_role("option", name=label, exact=True).first.click()
        self.page.keyboard.press("Escape")
        self._tab("Regions")

    def unrelate(self, number: int) -> None:
        """Delete a relation by its place in the list, from 0."""
        item = self._relations().nth(number)
        item.scroll_into_view_if_needed()
        item.hover()
        item.get_by_label("Delete Relation").click()
        self._tab("Regions")

    def update(self) -> None:
        """Save the annotation."""
        with self.page.expect_response(
            lambda r: "/api/annotations/" in r.url and r.request.method == "PATCH" and r.ok
        ):
            self.page.get_by_test_id("bottombar-update-button").click()
