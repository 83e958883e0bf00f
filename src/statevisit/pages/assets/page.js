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
const text = $("text");
const card = $("card");
const hint = card.firstElementChild;
let starts = [];
const still = matchMedia("(prefers-reduced-motion: reduce)");
let chosen = "";

// The pieces of each span, and where each span begins.
const piecesOf = new Map();

function collect() {
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
  return element("a", { className: "jump", href: `#${id}` }, isolated(words));
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
  const entity = record.layer === "mentions" && data.records[record.record.entity];
  const shown = (entity || record).labels || [];
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
  return [
    element("h3", {}, `The same in the text (${items.length})`),
    element("ul", { className: "chain" }, ...items),
  ];
}

function copy(button, words) {
  navigator.clipboard.writeText(words).then(
    () => { button.textContent = "Copied"; },
    () => { button.textContent = "The browser does not allow copying"; },
  );
}

// A link to a new issue with the record filled in, where the site names an address for issues.
function report(id, record) {
  const issues = text.dataset.issues;
  if (!issues) return [];
  const title = `${data.id} ${id}: ${record.title}`;
  const body = `${location.href}\n\n${JSON.stringify(record.record, null, 2)}\n\nWhat is wrong:\n`;
  const query = new URLSearchParams({ title, body });
  const href = `${issues}${issues.includes("?") ? "&" : "?"}${query}`;
  return [element("a", { href, rel: "noreferrer" }, "Report an error")];
}

function actions(id, record) {
  const json = element("button", { type: "button" }, "Copy as JSON");
  json.onclick = () => copy(json, JSON.stringify(record.record, null, 2));
  const link = element("button", { type: "button" }, "Copy link");
  link.onclick = () => copy(link, `${location.href.split("#")[0]}#${id}`);
  return element("p", { className: "actions" }, link, json, ...report(id, record));
}

function others(id) {
  const first = (piecesOf.get(id) || [])[0];
  if (!first) return [];
  const ids = first.dataset.ids.split(" ").filter((other) => other !== id && isShown(other));
  if (!ids.length) return [];
  const links = ids.flatMap((other) => [" ", jump(other, data.records[other].title)]);
  return [element("p", { className: "others" }, "Also here:", ...links)];
}

function fill(id) {
  const record = data.records[id];
  const close = element("button", { type: "button", className: "close" }, "Close");
  close.onclick = () => choose("");
  const parts = [
    close,
    element("p", { className: "kind" }, `${record.kind} ${id}`),
    element("h2", {}, isolated(record.title)),
    ...comparison(id),
    ...others(id),
    ...(record.labels || []).map(labelOf),
  ];
  if (record.disagreements) {
    const count = record.disagreements;
    const times = count === 1 ? "once" : `in ${count} properties`;
    const words = `The independent annotations differed ${times} before adjudication.`;
    parts.push(element("p", { className: "disagreements" }, words));
  }
  if (record.facts) parts.push(...list("", record.facts));
  if (record.links) parts.push(...list("Linked to", record.links));
  if (record.chain && record.chain.length > 1) parts.push(...chainOf(record));
  if (record.sentence !== undefined) {
    const sentence = data.sentences[record.sentence];
    const quoted = { lang: text.lang, dir: "auto" };
    parts.push(element("blockquote", quoted, sentence));
  }
  parts.push(actions(id, record));
  card.replaceChildren(...parts);
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
}

// Choosing a record

function unmark() {
  for (const piece of text.querySelectorAll(".lit, .chosen")) {
    piece.classList.remove("lit", "chosen");
  }
}

function choose(id) {
  unmark();
  chosen = data.records[id] ? id : "";
  card.classList.toggle("open", Boolean(chosen));
  drawArcs(chosen);
  if (!chosen) {
    card.replaceChildren(hint);
    if (location.hash) history.replaceState(null, "", location.pathname + location.search);
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
  if (!data.records[id]) return;
  choose(id);
  const place = placeOf(id);
  if (!place) return;
  place.scrollIntoView({ block: "center", behavior: still.matches ? "auto" : "smooth" });
}

addEventListener("hashchange", arrive);
addEventListener("resize", () => drawArcs(chosen));

text.addEventListener("click", (event) => {
  const piece = event.target.closest(".piece");
  if (!piece) return;
  event.preventDefault();
  const ids = piece.dataset.ids.split(" ").filter(isShown);
  if (!ids.length) return;
  const next = ids[(ids.indexOf(chosen) + 1) % ids.length];
  choose(next);
  history.replaceState(null, "", `#${next}`);
});

// Finding words in the text and among the records

const found = $("found");
let hits = [];
let at = -1;

function matches(query) {
  const words = query.toLocaleLowerCase();
  const inRecords = Object.entries(data.records).filter(([id, record]) => {
    const names = (record.labels || []).map((key) => key.split(" ").slice(2).join(" "));
    return [id, record.title, ...names].some((s) => s.toLocaleLowerCase().includes(words));
  });
  const places = new Set();
  for (const [id] of inRecords) {
    const place = placeOf(id);
    if (place) places.add(place);
  }
  for (const p of text.querySelectorAll("p, .cell")) {
    if (!p.textContent.toLocaleLowerCase().includes(words)) continue;
    const inside = [...places].some((place) => p.contains(place));
    if (!inside) places.add(p);
  }
  const order = (a, b) => (a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1);
  return [...places].sort(order);
}

function find() {
  for (const piece of text.querySelectorAll(".hit")) piece.classList.remove("hit");
  const query = $("search").value.trim();
  hits = query ? matches(query) : [];
  at = -1;
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
  const shown = starts.filter((piece) => piece.dataset.ids.split(" ").some(isStep));
  if (!shown.length) return;
  const now = shown.indexOf(document.activeElement);
  const next = shown[(now < 0 && by < 0 ? 0 : now + by + shown.length) % shown.length];
  next.focus();
  choose(next.dataset.ids.split(" ").find(isStep));
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") {
    choose("");
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
