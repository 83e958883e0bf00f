"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const STATUS = {
  matched: "matched",
  bounds: "other bounds",
  label: "wrong label",
  missed: "missed",
  spurious: "spurious",
};
const NO_SPANS = { gold: [], pred: [] };
const state = { document: 0, layer: data.layers[0] || "", label: "", off: new Set(), all: true };
const points = data.documents.map(() => null); // texts as code points, which the offsets count

function element(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

function spansShown() {
  return data.documents[state.document].layers[state.layer] || NO_SPANS;
}

function isShown(span) {
  const hasLabel = !state.label || span.label === state.label || span.other === state.label;
  return hasLabel && !state.off.has(span.status);
}

function sideName(side) {
  return side === "g" ? "gold" : "prediction";
}

function markOf(span, side, text, from, to, content) {
  const mark = element("mark", { className: span.status }, content);
  mark.dataset.key = side + span.number;
  mark.dataset.twin = span.twin === null ? "" : (side === "g" ? "p" : "g") + span.twin;
  if (span.end <= to) mark.dataset.label = span.label;
  if (span.start >= from) {
    const words = text.slice(span.start, span.end).join("");
    const status = STATUS[span.status];
    mark.tabIndex = 0;
    mark.setAttribute("aria-label", `${sideName(side)}, ${status}, ${span.label}: ${words}`);
  }
  mark.span = span;
  mark.side = side;
  return mark;
}

// A sentence of one side, cut at every bound of a span; the longest span is the outermost mark.
function marks(text, language, from, to, spans, side) {
  const inside = spans.filter((s) => s.start < to && s.end > from && isShown(s));
  const bounds = [from, to, ...inside.flatMap((s) => [s.start, s.end])];
  const cuts = [...new Set(bounds)].filter((c) => c >= from && c <= to).sort((a, b) => a - b);
  const cell = element("div", { className: "cell", lang: language, dir: "auto" });
  for (let n = 0; n + 1 < cuts.length; n++) {
    const [start, end] = [cuts[n], cuts[n + 1]];
    let piece = document.createTextNode(text.slice(start, end).join(""));
    const over = inside.filter((s) => s.start < end && s.end > start);
    over.sort((a, b) => b.end - b.start - (a.end - a.start));
    for (const span of over.reverse()) piece = markOf(span, side, text, start, end, piece);
    cell.append(piece);
  }
  return cell;
}

function render() {
  const doc = data.documents[state.document];
  const spans = spansShown();
  const every = [...spans.gold, ...spans.pred];
  const text = (points[state.document] ??= Array.from(doc.text));
  const heads = ["", "gold", "prediction"].map((name) => element("div", {}, name));
  const body = element("div", { className: "text" });
  body.append(element("div", { className: "row head" }, ...heads));
  doc.sentences.forEach(([start, end], number) => {
    const hasSpans = every.some((s) => s.start < end && s.end > start && isShown(s));
    if (!state.all && !hasSpans) return;
    const gold = marks(text, doc.language, start, end, spans.gold, "g");
    const pred = marks(text, doc.language, start, end, spans.pred, "p");
    const head = element("div", {}, String(number));
    body.append(element("div", { className: "row" }, head, gold, pred));
  });
  $("text").replaceChildren(body);
  const counts = {};
  const spurious = spans.pred.filter((p) => p.status === "spurious");
  for (const s of [...spans.gold, ...spurious]) counts[s.status] = (counts[s.status] || 0) + 1;
  for (const button of document.querySelectorAll("button.status")) {
    button.setAttribute("aria-pressed", String(!state.off.has(button.dataset.status)));
    button.lastElementChild.textContent = counts[button.dataset.status] || 0;
  }
  for (const tab of document.querySelectorAll("[role=tab]")) {
    const selected = tab.dataset.layer === state.layer;
    tab.setAttribute("aria-selected", String(selected));
    tab.tabIndex = selected ? 0 : -1;
  }
  $("all").setAttribute("aria-pressed", String(!state.all));
  const key = element("kbd", {}, "n");
  $("detail").replaceChildren("Choose a span, or press ", key, " for the next difference.");
}

function labels() {
  const spans = spansShown();
  const known = [...new Set([...spans.gold, ...spans.pred].map((s) => s.label))].sort();
  const options = known.map((label) => element("option", { value: label }, label));
  $("label").replaceChildren(element("option", { value: "" }, "all labels"), ...options);
  state.label = "";
}

function choose(layer) {
  state.layer = layer;
  labels();
  render();
}

function tell(mark) {
  document.querySelectorAll("mark.twin").forEach((m) => m.classList.remove("twin"));
  if (!mark) return;
  if (mark.dataset.twin) {
    const twins = document.querySelectorAll(`mark[data-key="${mark.dataset.twin}"]`);
    twins.forEach((m) => m.classList.add("twin"));
  }
  const s = mark.span;
  const text = points[state.document].slice(s.start, s.end).join("");
  const words = element("b", {}, element("bdi", {}, text));
  const parts = [words, ` [${s.start}, ${s.end})  ${sideName(mark.side)} `];
  parts.push(element("b", {}, s.label), ` — ${STATUS[s.status]}`);
  if (s.other && s.other !== s.label) {
    parts.push(`: ${mark.side === "g" ? "predicted" : "gold"} ${s.other}`);
  }
  if (s.note) parts.push(" · ", element("bdi", {}, s.note));
  $("detail").replaceChildren(...parts);
}

function step(by) {
  const differences = [...document.querySelectorAll("mark[tabindex]:not(.matched)")];
  const count = differences.length;
  if (!count) return;
  const at = differences.indexOf(document.activeElement);
  const next = differences[(at < 0 && by < 0 ? 0 : at + by + count) % count];
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "center" });
}

if (data.layers.length) {
  for (const layer of data.layers) {
    const tab = element("button", { role: "tab", type: "button" }, layer.replaceAll("_", " "));
    tab.setAttribute("role", "tab");
    tab.dataset.layer = layer;
    tab.onclick = () => choose(layer);
    $("layers").append(tab);
  }
  for (const [status, title] of Object.entries(STATUS)) {
    const properties = { type: "button", className: `status ${status}` };
    const button = element("button", properties, title, " ", element("span"));
    button.dataset.status = status;
    button.onclick = () => {
      if (!state.off.delete(status)) state.off.add(status);
      render();
    };
    $("statuses").append(button);
  }
  data.documents.forEach((d, n) => {
    $("document").append(element("option", { value: String(n) }, d.id));
  });
  $("document").onchange = (e) => {
    state.document = Number(e.target.value);
    labels();
    render();
  };
  $("label").onchange = (e) => {
    state.label = e.target.value;
    render();
  };
  $("all").onclick = () => {
    state.all = !state.all;
    render();
  };
  $("layers").onkeydown = (e) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
    if (!by) return;
    const tabs = [...$("layers").children];
    const next = tabs[(tabs.indexOf(document.activeElement) + by + tabs.length) % tabs.length];
    choose(next.dataset.layer);
    next.focus();
  };
  $("text").addEventListener("focusin", (e) => tell(e.target.closest("mark")));
  $("text").addEventListener("mouseover", (e) => tell(e.target.closest("mark")));
  document.addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.target.closest("select, input")) return;
    if (e.key === "n" || e.key === "p") {
      e.preventDefault();
      step(e.key === "n" ? 1 : -1);
    }
  });
  labels();
  render();
}
const toggle = $("with-labels");
toggle.onclick = () => {
  const on = document.getElementById("figures").classList.toggle("with-labels");
  toggle.setAttribute("aria-pressed", String(on));
};
