"use strict";
(() => {
const $ = (id) => document.getElementById(id);
const holder = $("data");
if (!holder) return;
const data = JSON.parse(holder.textContent);
const text = $("text");
const card = $("card");
const hint = card.firstElementChild;
const pieces = [...text.querySelectorAll(".piece")];
const starts = pieces.filter((piece) => piece.tagName === "A");
const still = matchMedia("(prefers-reduced-motion: reduce)");
let chosen = "";

// The pieces of each span, and where each span begins.
const piecesOf = new Map();
for (const piece of pieces) {
  for (const id of piece.dataset.ids.split(" ")) {
    if (!piecesOf.has(id)) piecesOf.set(id, []);
    piecesOf.get(id).push(piece);
  }
}

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

function isShown(id) {
  const record = data.records[id];
  return record !== undefined && !text.classList.contains(`no-${record.layer}`);
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
toggle($("labels"), "labels", (on) => {
  text.classList.toggle("labels", on);
  if (!on || text.dataset.labelled) return;
  text.dataset.labelled = "yes";
  for (const [id, of] of piecesOf) {
    const last = of[of.length - 1];
    const words = label(id);
    if (words) last.dataset.label = last.dataset.label ? `${words} ${last.dataset.label}` : words;
  }
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
  for (const piece of piecesOf.get(id) || []) piece.classList.add("chosen");
  fill(id);
}

function placeOf(id) {
  const chain = (data.records[id] && data.records[id].chain) || [];
  const span = [id, ...chain].find((one) => piecesOf.has(one));
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

let searched = null; // records and paragraphs in lower case, made at the first search

function searchable() {
  const words = ([id, record]) => {
    const names = (record.labels || []).map((key) => key.split(" ").slice(2).join(" "));
    return [id, record.title, ...names].join("\n").toLocaleLowerCase();
  };
  searched ||= {
    records: Object.entries(data.records).map((each) => [each[0], words(each)]),
    paragraphs: [...text.querySelectorAll("p")].map((p) => [p, p.textContent.toLocaleLowerCase()]),
  };
  return searched;
}

function matches(query) {
  const words = query.toLocaleLowerCase();
  const { records, paragraphs } = searchable();
  const places = new Set();
  for (const [id, of] of records) {
    const place = of.includes(words) && placeOf(id);
    if (place) places.add(place);
  }
  const within = new Set([...places].map((place) => place.closest("p")));
  for (const [p, of] of paragraphs) {
    if (of.includes(words) && !within.has(p)) places.add(p);
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

// Keys

function step(by) {
  let place = starts.indexOf(document.activeElement);
  if (place < 0 && by < 0) place = 0;
  for (let left = starts.length; left; left -= 1) {
    place = (place + by + starts.length) % starts.length;
    const id = starts[place].dataset.ids.split(" ").find(isShown);
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
    return;
  }
  if (event.target.closest("input, select")) return;
  const button = layers[Number(event.key) - 1];
  if (button) switchLayer(button);
  if (event.key === "n" || event.key === "p") step(event.key === "n" ? 1 : -1);
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
  if (top < 0 || bottom > innerHeight) {
    place.scrollIntoView({ block: "center", behavior: "instant" });
  }
  requestAnimationFrame(() => settle(tries - 1));
}

if (text.classList.contains("long")) {
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
