"""Pages that are written in Markdown, as part of a site."""

import posixpath
import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from statevisit import layout

_SCROLLED = '<div class="scroll" tabindex="0" role="region" aria-label="Table or listing">'
"""What a table or listing stands in, which may be wider than the page."""

_PAGES = {
    layout.CARD: "index.html",
    layout.CORPUS_PAGE: "index.html",
    layout.SCHEMA_PAGE: "scheme.html",
    layout.GUIDELINES: "guidelines.html",
}
"""The pages of a site that have the content of a file of the corpus."""

_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)
_NOT_IN_ID = re.compile(r"[^\w\- ]")
_NUMBERED = re.compile(r"\d+(?:\.\d+)+")


def page_of(text: str, name: str, address: Callable[[str], str]) -> Markup:
    """Return Markdown as HTML, in which HTML of its own is text.

    Headings have ids as on GitHub, and paragraphs that begin with a number such as **2.3** the id
    `s2.3`.

    Args:
        text: The Markdown.
        name: The path of the file in the corpus, from which its relative links lead on.
        address: Returns the public address of another file of the corpus, "" if it has none; a link
            to a file without one becomes plain text.
    """
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(text)
    for token, following in pairwise(tokens):
        if token.type == "heading_open":
            token.attrSet("id", _slug(following.content))
        if token.type == "paragraph_open" and (number := _number(following)):
            token.attrSet("id", f"s{number}")
        if token.type == "inline":
            token.children = list(_with_links(token.children or [], name, address))
    page: str = parser.renderer.render(tokens, parser.options, {})
    for tag in ("table", "pre"):
        page = page.replace(f"<{tag}>", f"{_SCROLLED}<{tag}>")
        page = page.replace(f"</{tag}>", f"</{tag}></div>")
    return Markup(page)


def _slug(heading: str) -> str:
    return _NOT_IN_ID.sub("", heading.lower()).replace(" ", "-")


def _number(inline: Token) -> str:
    """The number in bold with which a paragraph begins; "" for none."""
    words = [token.content for token in (inline.children or [])[:3]]
    is_bold = inline.content.startswith("**")
    return next((word for word in words if is_bold and _NUMBERED.fullmatch(word)), "")


def _with_links(tokens: list[Token], name: str, address: Callable[[str], str]) -> Iterator[Token]:
    """Yield the tokens of a line, with links to where their targets are in a site."""
    is_dropped = False
    for token in tokens:
        if token.type == "link_open":
            target = _target(str(token.attrGet("href") or ""), name, address)
            is_dropped = not target
            token.attrSet("href", target)
        if token.type == "image":
            token = Token("text", "", 0, content=token.content)
        if not is_dropped or token.type not in ("link_open", "link_close"):
            yield token


def _target(link: str, name: str, address: Callable[[str], str]) -> str:
    if _ELSEWHERE.match(link):
        return link
    path, mark, fragment = link.partition("#")
    if not path:
        return link
    file = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
    if file == name:
        return mark + fragment
    page = _PAGES.get(file)
    if page is not None:
        return page
    public = "" if file.startswith("..") else address(file)
    return public and public + mark + fragment
