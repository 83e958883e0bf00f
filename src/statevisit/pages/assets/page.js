"use strict";
// A page of several comparisons shows the one that the address asks for; the others are templates.
(() => {
const select = document.getElementById("document");
if (!select) return;
const asked = new URLSearchParams(location.search).get("document");
const templates = [...document.querySelectorAll("template.document")];
const template = templates.find((one) => one.dataset.id === asked);
if (template) {
  document.getElementById("comparison").replaceChildren(template.content.cloneNode(true));
  select.value = asked;
}
select.addEventListener("change", () => {
  location.href = `${location.pathname}?${new URLSearchParams({ document: select.value })}#read`;
});
})();

(() => {
const $ = (id) => document.getElementById(id);
const holder = $("data");
if (!holder) return;
const data = JSON.parse(holder.textContent);
// "constructor" and the like are ids as any others.
for (const part of Object.values(data)) {
  if (part && typeof part === "object" && !Array.isArray(part)) Object.setPrototypeOf(part, null);
}
for (const record of Object.values(data.records)) {
  if (typeof record.chain === "number") record.chain = data.chains[record.chain];
}
const text = $("text");
const card = $("card");
const hint = card.firstElementChild;
let starts = [];
let searched = null; // records and paragraphs in lower case, made at the first search
const still = matchMedia("(prefers-reduced-motion: reduce)");
const framed = location.protocol === "about:"; // in a notebook, where the page has no address
const isLong = text.classList.contains("long");
let chosen = "";

// The pieces of each span, and where each span begins.
const piecesOf = new Map();

function collect() {
  searched = null;
  const pieces = [...text.querySelectorAll(".piece")];
  starts = pieces.filter((piece) => piece.tagName === "A");
  piecesOf.clear();
  for (const piece of pieces) {
    for (const id of piece.dataset.ids.split(" ")) {
      if (!piecesOf.has(id)) piecesOf.set(id, []);
      piecesOf.get(id).push(piece);
    }
  }
}

collect();

function element(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

function isolated(words) {
  return element("bdi", {}, words);
}

function jump(id, words) {
  return element("a", { className: "jump", href: `#${id}`, lang: text.lang }, isolated(words));
}

function remembered(name) {
  try { return localStorage.getItem(`statevisit-${name}`); } catch { return null; }
}

function remember(name, value) {
  try { localStorage.setItem(`statevisit-${name}`, value); } catch { /* not allowed from a file */ }
}

// Layers

const layers = [...document.querySelectorAll("button.layer")];
const hidden = new Set(); // by the filters of a comparison

function isShown(id) {
  const record = data.records[id];
  return record !== undefined && !hidden.has(id) && !text.classList.contains(`no-${record.layer}`);
}

function setLayer(button, on) {
  button.setAttribute("aria-pressed", String(on));
  text.classList.toggle(`no-${button.dataset.layer}`, !on);
}

function switchLayer(button) {
  setLayer(button, button.getAttribute("aria-pressed") !== "true");
  const off = layers.filter((b) => b.getAttribute("aria-pressed") !== "true");
  remember("off", off.map((b) => b.dataset.layer).join(" "));
}

const off = (remembered("off") || "").split(" ");
for (const button of layers) {
  if (off.includes(button.dataset.layer)) setLayer(button, false);
  button.addEventListener("click", () => switchLayer(button));
}

function toggle(button, name, apply) {
  const set = (on) => {
    button.setAttribute("aria-pressed", String(on));
    apply(on);
  };
  set(remembered(name) === "yes");
  button.addEventListener("click", () => {
    const on = button.getAttribute("aria-pressed") !== "true";
    set(on);
    remember(name, on ? "yes" : "no");
  });
}

function label(id) {
  const record = data.records[id];
  if (!record) return "";
  const shown = record.labels || [];
  return shown.length ? shown[0].split(" ").slice(2).join(" ") : "";
}

toggle($("face"), "sans", (on) => text.classList.toggle("sans", on));
// Each span has its label where it ends in each paragraph.
function writeLabels() {
  const ends = new Map();
  for (const piece of text.querySelectorAll("[data-label]")) delete piece.dataset.label;
  for (const [id, of] of piecesOf) {
    const words = isShown(id) && label(id);
    if (!words) continue;
    const lasts = new Map(of.map((piece) => [piece.closest("p, .cell"), piece]));
    for (const last of lasts.values()) {
      ends.set(last, ends.has(last) ? `${words} ${ends.get(last)}` : words);
    }
  }
  for (const [piece, words] of ends) piece.dataset.label = words;
}

toggle($("labels"), "labels", (on) => {
  text.classList.toggle("labels", on);
  if (on) writeLabels();
});

// The card of a record

function labelOf(key) {
  const [title, description] = data.labels[key] || ["", ""];
  const name = key.split(" ").slice(2).join(" ");
  const words = element("b", {}, title || name);
  if (title) words.append(" ", element("small", { className: "soft" }, name));
  return element("p", { className: "label" }, words, element("span", {}, description));
}

function row(fact) {
  let value = isolated(fact.value);
  if (fact.target) value = jump(fact.target, fact.value);
  if (fact.address) {
    value = element("a", { href: fact.address, rel: "noreferrer" }, isolated(fact.value));
  }
  const name = element("dt", {}, fact.name);
  return [name, element("dd", { title: fact.description || "" }, value)];
}

function list(title, facts) {
  const rows = element("dl", {}, ...facts.flatMap(row));
  return title ? [element("h3", {}, title), rows] : [rows];
}

function chainOf(record) {
  const items = record.chain.map((id) => {
    const words = data.records[id] ? data.records[id].title : id;
    return element("li", {}, jump(id, words));
  });
  const title = record.layer === "relations" ? "Stated by" : "The same in the text";
  return [
    element("h3", {}, `${title} (${items.length})`),
    element("ul", { className: "chain" }, ...items),
  ];
}

function copy(button, words) {
  const copied = navigator.clipboard
    ? navigator.clipboard.writeText(words)
    : Promise.reject(new Error("without a secure address"));
  copied.then(
    () => { button.textContent = "Copied"; },
    () => { button.textContent = "The browser does not allow copying"; },
  );
}

// Who annotated a record, on what the independent annotations differed, and by which rules

function annotators(record) {
  const names = (data.annotators && data.annotators[record.layer]) || [];
  if (!names.length) return [];
  const rows = names.map((name) => element("li", {}, isolated(name)));
  return [element("h3", {}, "Annotated by"), element("ul", { className: "names" }, ...rows)];
}

function differences(id, record) {
  const decided = data.decisions && data.decisions[id];
  const count = record.disagreements || (decided ? decided.differences.length : 0);
  if (!count) return [];
  const times = count === 1 ? "once" : `in ${count} properties`;
  const words = `The independent annotations differed ${times} before adjudication.`;
  if (!decided) return [element("p", { className: "disagreements" }, words)];
  const cells = (tag, values) => values.map((value) => element(tag, {}, isolated(value)));
  const rows = decided.differences.map(([name, ...values]) => {
    const head = element("th", { scope: "row" }, name);
    return element("tr", {}, head, ...cells("td", values));
  });
  const head = element("tr", {}, element("td"), ...["a", "b"].map((name) => element("th", { scope: "col" }, name)));
  const table = element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows));
  const outcome = decided.decision === "other" ? "Neither stands" : `${decided.decision} stands`;
  const reason = element("p", {}, `${outcome}. `, isolated(decided.reason));
  const summary = element("summary", {}, words);
  return [element("details", { className: "disagreements" }, summary, table, reason)];
}

// Words in Markdown, of which only emphasis is shown.
function emphasized(words) {
  const parts = words.replaceAll("**", "").split("*");
  return parts.map((part, n) => (n % 2 ? element("em", {}, part) : part));
}

function rules(record) {
  const numbers = (record.labels || []).map((key) => data.rules && data.rules[key]);
  return [...new Set(numbers.filter(Boolean))].map((number) => {
    const summary = element("summary", {}, `Guidelines, ${number}`);
    const words = element("p", { className: "rule" }, ...emphasized(data.paragraphs[number]));
    const parts = [summary, words];
    if (data.guidelines) {
      const href = `${data.guidelines}#s${number}`;
      parts.push(element("p", {}, element("a", { href }, "Read it in the guidelines")));
    }
    return element("details", {}, ...parts);
  });
}

// A link to a new issue with the record filled in, where the corpus has an address for issues.
function report(id, record) {
  const issues = data.issues || text.dataset.issues;
  if (!issues) return [];
  const title = `${data.id} ${id}: ${record.title}`;
  const body = `${location.href}\n\n${JSON.stringify(record.record, null, 2)}\n\nWhat is wrong:\n`;
  const query = new URLSearchParams({ title, [issues.includes("//huggingface.co/") ? "description" : "body"]: body });
  const href = `${issues}${issues.includes("?") ? "&" : "?"}${query}`;
  return [element("a", { href, rel: "noreferrer" }, "Report an error")];
}

function actions(id, record) {
  const json = element("button", { type: "button" }, "Copy as JSON");
  json.onclick = () => copy(json, JSON.stringify(record.record, null, 2));
  const link = element("button", { type: "button" }, "Copy link");
  link.onclick = () => copy(link, `${location.href.split("#")[0]}#${id}`);
  const links = framed ? [] : [link];
  const cited = element("p", { className: "citation", hidden: true });
  const cite = element("button", { type: "button" }, "Cite this");
  cite.onclick = () => {
    const address = framed ? "" : ` ${location.href.split("#")[0]}#${id}`;
    cited.replaceChildren(isolated(`${data.cite || data.id}, ${record.kind.toLowerCase()} ${id} (“${record.title}”).${address}`));
    cited.hidden = false;
    copy(cite, cited.textContent);
  };
  const buttons = element("p", { className: "actions" }, ...links, cite, json, ...report(id, record));
  return [buttons, cited];
}

function others(id) {
  const first = (piecesOf.get(id) || [])[0];
  if (!first) return [];
  const ids = first.dataset.ids.split(" ").filter((other) => other !== id && isShown(other)).slice(0, 24);
  if (!ids.length) return [];
  const links = ids.flatMap((other) => [" ", jump(other, data.records[other].title)]);
  return [element("p", { className: "others" }, "Also here:", ...links)];
}

// Following a link of the card takes the focus from it, which the next card gets back.
let cameFromCard = false;
card.addEventListener("click", (event) => {
  cameFromCard = Boolean(event.target.closest("a.jump"));
});

function fill(id) {
  const record = data.records[id];
  const close = element("button", { type: "button", className: "close" }, "Close");
  close.onclick = () => choose("");
  const parts = [
    close,
    element("p", { className: "kind" }, `${record.kind} ${id}`),
    element("h2", { lang: text.lang }, isolated(record.title)),
    ...comparison(id),
    ...others(id),
    ...(record.labels || []).map(labelOf),
  ];
  if (record.facts) parts.push(...list("", record.facts));
  if (record.links) parts.push(...list("Linked to", record.links));
  if (record.chain && record.chain.length > 1) parts.push(...chainOf(record));
  const sentences = record.sentence === undefined ? record.evidence || [] : [data.sentences[record.sentence]];
  for (const sentence of sentences) {
    parts.push(element("blockquote", { lang: text.lang, dir: "auto" }, sentence));
  }
  parts.push(...differences(id, record), ...rules(record), ...annotators(record), ...actions(id, record));
  const hadFocus = cameFromCard || card.contains(document.activeElement);
  cameFromCard = false;
  card.replaceChildren(...parts);
  card.scrollTop = 0;
  if (hadFocus) card.focus({ preventScroll: true });
}

// Arcs from a span to the spans that it is linked to

const SVG = "http://www.w3.org/2000/svg";

function middle(id) {
  const first = (piecesOf.get(id) || [])[0];
  if (!first) return null;
  const box = first.getBoundingClientRect();
  const origin = text.getBoundingClientRect();
  return { x: box.left - origin.left + box.width / 2, y: box.top - origin.top + 4 };
}

function drawArcs(id) {
  const arcs = $("arcs");
  arcs.replaceChildren();
  const record = data.records[id];
  const from = record && middle(id);
  if (!from) return;
  const labels = [];
  const names = new Map();
  for (const fact of record.links || []) {
    if (!names.has(fact.target)) names.set(fact.target, []);
    names.get(fact.target).push(fact.name);
  }
  for (const [target, of] of names) {
    const to = middle(target);
    if (!to) continue;
    const lift = 16 + Math.min(50, Math.abs(to.x - from.x) / 7 + Math.abs(to.y - from.y) / 9);
    const top = Math.min(from.y, to.y) - lift;
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", `M${from.x} ${from.y}C${from.x} ${top} ${to.x} ${top} ${to.x} ${to.y}`);
    const name = document.createElementNS(SVG, "text");
    name.setAttribute("x", String(to.x));
    name.setAttribute("y", String(to.y - 2));
    name.textContent = of.join(", ");
    arcs.append(path);
    labels.push(name);
  }
  arcs.append(...labels); // above all lines
  for (const name of labels) { // and within the column
    const half = name.getComputedTextLength() / 2;
    const middle = Math.min(Number(name.getAttribute("x")), text.clientWidth - half);
    name.setAttribute("x", String(Math.max(middle, half)));
  }
}

// Choosing a record

function unmark() {
  for (const piece of text.querySelectorAll(".lit, .chosen")) {
    piece.classList.remove("lit", "chosen");
  }
}

function setAddress(address) {
  if (!framed) history.replaceState(null, "", address);
}

function choose(id) {
  unmark();
  const before = chosen;
  chosen = data.records[id] ? id : "";
  card.classList.toggle("open", Boolean(chosen));
  drawArcs(chosen);
  if (!chosen) {
    if (card.contains(document.activeElement)) placeOf(before)?.focus();
    card.replaceChildren(hint);
    if (location.hash) setAddress(location.pathname + location.search);
    return;
  }
  for (const same of data.records[id].chain || []) {
    for (const piece of piecesOf.get(same) || []) piece.classList.add("lit");
  }
  const pair = pairOf(id);
  for (const key of pair ? [id, ...pair.keys] : [id]) {
    for (const piece of piecesOf.get(key) || []) piece.classList.add("chosen");
  }
  fill(id);
}

function placeOf(id) {
  const chain = (data.records[id] && data.records[id].chain) || [];
  const pair = pairOf(id);
  const span = [id, ...(pair ? pair.keys : []), ...chain].find((one) => piecesOf.has(one));
  return span ? piecesOf.get(span)[0] : null;
}

function arrive() {
  const id = decodeURIComponent(location.hash.slice(1));
  if (data.records[id]) go(id);
}

function go(id) {
  choose(id);
  const place = placeOf(id);
  if (place) reveal(place);
}

// Scroll a place to the middle of what the card leaves of the window: on narrow ones it is below.
function reveal(place) {
  const bottom = bottomOfView();
  const { top, height } = place.getBoundingClientRect();
  const by = top + Math.min(height, 40) / 2 - bottom / 2;
  scrollBy({ top: by, behavior: still.matches || isLong ? "instant" : "smooth" });
}

function bottomOfView() {
  const isBelow = getComputedStyle(card).position === "fixed";
  return isBelow ? card.getBoundingClientRect().top : innerHeight;
}

addEventListener("hashchange", arrive);

// In a frame, links within the page would leave it, and many sites do not open.
if (framed) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (!link || event.defaultPrevented) return;
    const address = link.getAttribute("href");
    if (!address.startsWith("#")) {
      link.target = "_blank";
      return;
    }
    event.preventDefault();
    const id = decodeURIComponent(address.slice(1));
    if (data.records[id]) go(id);
    else $(id)?.scrollIntoView();
  });
}
addEventListener("resize", () => drawArcs(chosen));

text.addEventListener("click", (event) => {
  const piece = event.target.closest(".piece");
  if (!piece) return;
  event.preventDefault();
  const ids = piece.dataset.ids.split(" ").filter(isShown);
  if (!ids.length) return;
  const next = ids[(ids.indexOf(chosen) + 1) % ids.length];
  choose(next);
  setAddress(`#${next}`);
  const { top, bottom } = card.getBoundingClientRect();
  const place = piece.getBoundingClientRect();
  if (getComputedStyle(card).position === "fixed" && place.bottom > top && place.top < bottom) reveal(piece);
});

// The keyboard opens the card of the mark that it reaches.
text.addEventListener("focusin", (event) => {
  const piece = event.target.closest(".piece");
  if (!piece || !piece.matches(":focus-visible")) return;
  const ids = piece.dataset.ids.split(" ").filter(isShown);
  if (ids.length && !ids.includes(chosen)) choose(ids[0]);
});

// Quotations show who speaks

for (const [id, record] of Object.entries(data.records)) {
  const last = record.layer === "quotations" && (piecesOf.get(id) || []).at(-1);
  if (!last) continue;
  const by = (record.links || []).filter((fact) => fact.name === "said by").map((fact) => {
    const mention = data.records[fact.target];
    const entity = mention && data.records[mention.record.entity];
    return entity ? entity.title : fact.value;
  });
  if (by.length) last.dataset.speaker = by.join(", ");
}

// Finding words in the text and among the records

const found = $("found");
let hits = [];
let at = -1;

function searchable() {
  const words = ([id, record]) => {
    const keys = record.labels || [];
    const names = keys.map((key) => key.split(" ").slice(2).join(" "));
    const titles = keys.map((key) => (data.labels[key] || [""])[0]);
    return [id, record.title, ...names, ...titles].join("\n").toLocaleLowerCase();
  };
  searched ||= {
    records: Object.entries(data.records).map((each) => [each[0], words(each)]),
    paragraphs: [...text.querySelectorAll("p, .cell")].map((p) => [p, p.textContent.toLocaleLowerCase()]),
  };
  return searched;
}

function recordsWith(words) {
  return searchable().records.filter(([, of]) => of.includes(words)).map(([id]) => id);
}

function matches(words, ids) {
  const places = new Set(ids.map(placeOf).filter(Boolean));
  const within = new Set([...places].map((place) => place.closest("p, .cell")));
  for (const [p, of] of searchable().paragraphs) {
    if (of.includes(words) && !within.has(p)) places.add(p);
  }
  const order = (a, b) => (a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1);
  return [...places].sort(order);
}

// The records that a search finds, as a list, and its words in the text.

const LISTED = 12;

function listed(ids) {
  const list = $("matches");
  if (!list) return;
  const isWhole = (id) => ["entities", "event_chains"].includes(data.records[id].layer);
  const inOrder = [...ids.filter(isWhole), ...ids.filter((id) => !isWhole(id))]; // before their mentions
  const items = inOrder.slice(0, LISTED).map((id) => {
    const record = data.records[id];
    return element("li", {}, jump(id, record.title), " ", element("small", { className: "soft" }, `${record.kind} ${id}`));
  });
  if (ids.length > LISTED) items.push(element("li", { className: "soft" }, `and ${ids.length - LISTED} more records`));
  list.replaceChildren(...items);
  list.hidden = !items.length;
}

function paint(query) {
  if (!CSS.highlights) return;
  CSS.highlights.delete("found");
  if (query.length < 2) return;
  const words = new RegExp(query.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "giu");
  const ranges = [];
  for (const p of text.querySelectorAll("p, .cell")) {
    const hits = [...p.textContent.matchAll(words)];
    if (!hits.length) continue;
    const nodes = [];
    const walker = document.createTreeWalker(p, NodeFilter.SHOW_TEXT);
    let start = 0;
    while (walker.nextNode()) {
      nodes.push([start, walker.currentNode]);
      start += walker.currentNode.length;
    }
    const at = (place) => nodes.findLast(([first]) => first <= place);
    for (const hit of hits) {
      const range = new Range();
      const [first, one] = at(hit.index);
      const [last, other] = at(hit.index + hit[0].length - 1);
      range.setStart(one, hit.index - first);
      range.setEnd(other, hit.index + hit[0].length - last);
      ranges.push(range);
    }
  }
  CSS.highlights.set("found", new Highlight(...ranges));
}

function find() {
  for (const piece of text.querySelectorAll(".hit")) piece.classList.remove("hit");
  const query = $("search").value.trim();
  const words = query.toLocaleLowerCase();
  const ids = words ? recordsWith(words) : [];
  hits = words ? matches(words, ids) : [];
  at = -1;
  listed(ids);
  paint(query);
  for (const hit of hits) if (hit.classList.contains("piece")) hit.classList.add("hit");
  found.textContent = query ? `${hits.length} found` : "";
}

function nextHit(by) {
  if (!hits.length) return;
  at = (at + by + hits.length) % hits.length;
  hits[at].scrollIntoView({ block: "center" });
  found.textContent = `${at + 1} of ${hits.length}`;
}

$("search").addEventListener("input", find);
$("search").addEventListener("keydown", (event) => {
  if (event.key === "Enter") nextHit(event.shiftKey ? -1 : 1);
});

// Events with one actor

const actor = $("actor");
if (actor) {
  actor.addEventListener("change", () => {
    for (const item of document.querySelectorAll("[data-actors]")) {
      const ids = item.dataset.actors.split(" ");
      item.hidden = Boolean(actor.value) && !ids.includes(actor.value);
    }
  });
}

// Two annotations of the text: what differs, filters, and the two side by side

function pairOf(id) {
  const record = data.records[id];
  return record && record.pair !== undefined ? data.pairs[record.pair] : null;
}

// Without a second annotation, every mark is a step of the keyboard.
function differs(id) {
  const pair = pairOf(id);
  return !pair || pair.status !== "agreed";
}

function comparison(id) {
  const pair = pairOf(id);
  if (!pair) return [];
  const [one, other] = data.names;
  const names = {
    agreed: "The same in both", differing: "Differs",
    first: `Only in ${one}`, second: `Only in ${other}`,
  };
  const places = (pair.spans || []).map((span, n) => span && `${span.join("–")} in ${data.names[n]}`);
  const alike = pair.spans && String(pair.spans[0]) === String(pair.spans[1]);
  const where = alike ? `characters ${pair.spans[0].join("–")}` : places.filter(Boolean).join(", ");
  const words = element("p", { className: `status ${pair.status}` }, names[pair.status]);
  if (where) words.append(" ", element("small", { className: "soft" }, where));
  const parts = [words];
  if (pair.differences) {
    const cells = (tag, values) => values.map((value) => element(tag, {}, isolated(value)));
    const rows = pair.differences.map(([name, first, second]) => {
      const head = element("th", { scope: "row" }, name);
      return element("tr", {}, head, ...cells("td", [first, second]));
    });
    const head = element("tr", {}, element("td"), ...cells("th", [one, other]));
    const body = element("tbody", {}, ...rows);
    const table = element("table", { className: "sides" }, element("thead", {}, head), body);
    parts.push(table);
  }
  const partner = pair.keys.find((key) => key !== id && pair.keys.includes(id));
  if (partner) {
    const name = partner === pair.keys[0] ? one : other;
    parts.push(element("p", { className: "others" }, "Its record in ", jump(partner, name)));
  }
  return parts;
}

const SIDES = ["first", "second"];
const statuses = [...document.querySelectorAll("button.status")];
const merged = [...text.querySelectorAll(":scope > p")];
let beside = null;

// One side of a sentence: a copy of it without the marks of the other side.
function cellOf(sentence, side) {
  const cell = element("div", { className: "cell", dir: "auto", lang: text.lang });
  cell.dataset.name = data.names[SIDES.indexOf(side)];
  cell.append(...sentence.cloneNode(true).childNodes);
  const other = SIDES.find((name) => name !== side);
  for (const at of cell.querySelectorAll(".at")) {
    const isHere = side === "first" ? !at.classList.contains("in-second") : at.classList.contains("in-second");
    if (!isHere) at.remove();
  }
  for (const mark of cell.querySelectorAll(`.mark.in-${other}`)) mark.replaceWith(...mark.childNodes);
  for (const piece of cell.querySelectorAll(".piece")) {
    const marks = [...piece.querySelectorAll(".mark")];
    if (!marks.length) {
      piece.replaceWith(...piece.childNodes);
      continue;
    }
    piece.dataset.ids = marks.map((mark) => mark.dataset.key).reverse().join(" ");
    const begins = marks.filter((mark) => mark.classList.contains("begins")).pop();
    if (piece.tagName !== "A") continue;
    if (begins) {
      piece.href = `#${begins.dataset.key}`;
    } else {
      const copy = element("span", { className: "piece" }, ...piece.childNodes);
      copy.dataset.ids = piece.dataset.ids;
      piece.replaceWith(copy);
    }
  }
  return cell;
}

function rowsBeside() {
  const names = data.names.map((name) => element("b", {}, isolated(name)));
  const rows = [element("div", { className: "row head" }, element("span"), ...names)];
  for (const sentence of merged.flatMap((p) => [...p.children])) {
    const number = element("span", { className: "n" }, sentence.dataset.number);
    const cells = SIDES.map((side) => cellOf(sentence, side));
    rows.push(element("div", { className: "row sentence" }, number, ...cells));
  }
  return rows;
}

function arrange(on) {
  if (on) beside ||= rowsBeside();
  text.replaceChildren($("arcs"), ...(on ? beside : merged));
  document.querySelector(".reading").classList.toggle("wide", on);
  collect();
  filter();
  unmark(); // the marks of the other view may be of another record
  if (chosen) choose(chosen);
  find();
}

function filter() {
  const off = statuses.filter((b) => b.getAttribute("aria-pressed") !== "true");
  const without = new Set(off.map((b) => b.dataset.status));
  const kind = $("kind") ? $("kind").value : "";
  const label = $("only-label") ? $("only-label").value : "";
  hidden.clear();
  for (const pair of data.pairs) {
    const isKind = !kind || (pair.kinds || []).includes(kind);
    const isLabel = !label || (pair.labels || []).includes(label);
    if (isKind && isLabel && !without.has(pair.status)) continue;
    for (const key of pair.keys) hidden.add(key);
  }
  for (const mark of text.querySelectorAll(".mark")) {
    mark.classList.toggle("off", hidden.has(mark.dataset.key));
  }
  count();
}

// The counts of the layers that are shown, the labels of their marks, and sentences without any.
function count() {
  const counts = {};
  for (const pair of data.pairs) {
    const isShownLayer = pair.spans && !text.classList.contains(`no-${pair.layer}`);
    if (isShownLayer) counts[pair.status] = (counts[pair.status] || 0) + 1;
  }
  for (const button of statuses) {
    button.querySelector(".count").textContent = counts[button.dataset.status] || 0;
  }
  for (const sentence of text.querySelectorAll(".sentence")) {
    const shown = [...sentence.querySelectorAll(".mark")].some((mark) => isShown(mark.dataset.key));
    sentence.classList.toggle("empty", !shown);
  }
  if (text.classList.contains("labels")) writeLabels();
}

function compare() {
  for (const button of statuses) {
    button.addEventListener("click", () => {
      const on = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(on));
      filter();
    });
  }
  for (const id of ["kind", "only-label"]) if ($(id)) $(id).addEventListener("change", filter);
  toggle($("brief"), "brief", (on) => text.classList.toggle("brief", on));
  if ($("sides")) toggle($("sides"), "sides", arrange);
  let shown = text.className;
  new MutationObserver(() => {
    if (text.className !== shown) count();
    shown = text.className;
  }).observe(text, { attributeFilter: ["class"] });
  filter();
  if ($("sides") && window.requestIdleCallback) {
    requestIdleCallback(() => { beside ||= rowsBeside(); }); // so that the first switch is quick
  }
}

if (data.pairs) compare();

// Keys

function step(by) {
  const isStep = (id) => isShown(id) && differs(id);
  let place = starts.indexOf(document.activeElement);
  if (place < 0 && by < 0) place = 0;
  for (let left = starts.length; left; left -= 1) {
    place = (place + by + starts.length) % starts.length;
    const id = starts[place].dataset.ids.split(" ").find(isStep);
    if (!id) continue;
    starts[place].focus();
    choose(id);
    return;
  }
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") {
    choose("");
    if ($("search").value) {
      $("search").value = "";
      find();
    }
    return;
  }
  if (event.target.closest("input, select")) return;
  const button = layers[Number(event.key) - 1];
  if (button) switchLayer(button);
  if (event.key === "n" || event.key === "p") step(event.key === "n" ? 1 : -1);
  if (event.key === "s" && $("sides")) $("sides").click();
  if (event.key === "/") {
    event.preventDefault();
    $("search").focus();
  }
});

// A long text is laid out where it is seen: a place moves while one goes there.

function settle(tries) {
  const place = chosen && placeOf(chosen);
  if (!place || !tries) return;
  const { top, bottom } = place.getBoundingClientRect();
  if (top < 0 || bottom > bottomOfView()) reveal(place);
  requestAnimationFrame(() => settle(tries - 1));
}

if (isLong) {
  for (const event of ["hashchange", "load"]) addEventListener(event, () => settle(12));
  text.addEventListener("contentvisibilityautostatechange", () => {
    if (chosen) requestAnimationFrame(() => drawArcs(chosen));
  });
}

arrive();
})();

// The index of a corpus
(() => {
const field = document.getElementById("search-documents");
if (!field) return;
const MOST = 200;
const results = document.getElementById("results");
const found = document.getElementById("found-documents");
field.addEventListener("input", () => {
  const words = field.value.trim().toLocaleLowerCase().split(/\s+/).filter(Boolean);
  document.getElementById("listed").hidden = words.length > 0;
  const hits = words.length
    ? documents.filter((d) => words.every((w) => d.join(" ").toLocaleLowerCase().includes(w)))
    : [];
  found.textContent = words.length ? `${hits.length} found` : "";
  const list = document.createElement("ul");
  for (const [id, title, date, split] of hits.slice(0, MOST)) {
    const link = document.createElement("a");
    link.href = `documents/${id}.html`;
    link.dir = "auto";
    link.textContent = title;
    const item = document.createElement("li");
    item.append(link, ` ${date} ${split}`);
    list.append(item);
  }
  results.replaceChildren(list);
});
})();

// The figures of a score
(() => {
const button = document.getElementById("with-labels");
if (!button) return;
button.addEventListener("click", () => {
  const on = document.getElementById("figures").classList.toggle("with-labels");
  button.setAttribute("aria-pressed", String(on));
});
})();
