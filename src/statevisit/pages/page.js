"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const STATUS = { matched: "matched", bounds: "other bounds", label: "wrong label", missed: "missed", spurious: "spurious" };
const state = { document: 0, layer: data.layers[0] || "", label: "", off: new Set(), all: true };
const points = data.documents.map(() => null); // texts as code points, which the offsets count

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function shown(span) {
  return !state.off.has(span.status) && (!state.label || span.label === state.label || span.other === state.label);
}

function marks(text, from, to, spans, side) {
  const inside = spans.filter((s) => s.start < to && s.end > from && shown(s));
  const cuts = [...new Set([from, to, ...inside.flatMap((s) => [s.start, s.end])])].filter((c) => c >= from && c <= to).sort((a, b) => a - b);
  const cell = element("div", { className: "cell" });
  for (let n = 0; n + 1 < cuts.length; n++) {
    let piece = document.createTextNode(text.slice(cuts[n], cuts[n + 1]).join(""));
    const over = inside.filter((s) => s.start < cuts[n + 1] && s.end > cuts[n]).sort((a, b) => b.end - b.start - (a.end - a.start));
    for (const span of over.reverse()) {
      const mark = element("mark", { className: span.status });
      mark.append(piece);
      mark.dataset.key = side + span.number;
      mark.dataset.twin = span.twin === null ? "" : (side === "g" ? "p" : "g") + span.twin;
      if (span.end <= cuts[n + 1]) mark.dataset.label = span.label;
      if (span.start >= cuts[n]) {
        mark.tabIndex = 0;
        mark.setAttribute("aria-label", `${side === "g" ? "gold" : "prediction"}, ${STATUS[span.status]}, ${span.label}: ${text.slice(span.start, span.end).join("")}`);
      }
      mark.span = span;
      mark.side = side;
      piece = mark;
    }
    cell.append(piece);
  }
  return cell;
}

function render() {
  const doc = data.documents[state.document];
  const spans = doc.layers[state.layer] || { gold: [], pred: [] };
  const text = (points[state.document] ??= Array.from(doc.text));
  const body = element("div", { className: "text" });
  body.append(element("div", { className: "row head" }, element("div", {}, ""), element("div", {}, "gold"), element("div", {}, "prediction")));
  doc.sentences.forEach(([start, end], number) => {
    const busy = [...spans.gold, ...spans.pred].some((s) => s.start < end && s.end > start && shown(s));
    if (state.all || busy) body.append(element("div", { className: "row" }, element("div", {}, String(number)), marks(text, start, end, spans.gold, "g"), marks(text, start, end, spans.pred, "p")));
  });
  $("text").replaceChildren(body);
  const counts = {};
  for (const s of [...spans.gold, ...spans.pred.filter((p) => p.status === "spurious")]) counts[s.status] = (counts[s.status] || 0) + 1;
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
  $("detail").replaceChildren("Choose a span, or press ", element("kbd", {}, "n"), " for the next difference.");
}

function labels() {
  const doc = data.documents[state.document];
  const spans = doc.layers[state.layer] || { gold: [], pred: [] };
  const known = [...new Set([...spans.gold, ...spans.pred].map((s) => s.label))].sort();
  $("label").replaceChildren(element("option", { value: "" }, "all labels"), ...known.map((l) => element("option", { value: l }, l)));
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
  if (mark.dataset.twin) document.querySelectorAll(`mark[data-key="${mark.dataset.twin}"]`).forEach((m) => m.classList.add("twin"));
  const s = mark.span;
  const text = points[state.document].slice(s.start, s.end).join("");
  const parts = [element("b", {}, text), ` [${s.start}, ${s.end})  ${mark.side === "g" ? "gold" : "prediction"} `, element("b", {}, s.label), ` — ${STATUS[s.status]}`];
  if (s.other && s.other !== s.label) parts.push(`: ${mark.side === "g" ? "predicted" : "gold"} ${s.other}`);
  if (s.note) parts.push(` · ${s.note}`);
  $("detail").replaceChildren(...parts);
}

function step(by) {
  const found = [...document.querySelectorAll("mark[tabindex]:not(.matched)")];
  if (!found.length) return;
  const at = found.indexOf(document.activeElement);
  const next = found[(at < 0 && by < 0 ? 0 : at + by + found.length) % found.length];
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
    const button = element("button", { type: "button", className: `status ${status}` }, title, " ", element("span"));
    button.dataset.status = status;
    button.onclick = () => { state.off.has(status) ? state.off.delete(status) : state.off.add(status); render(); };
    $("statuses").append(button);
  }
  data.documents.forEach((d, n) => $("document").append(element("option", { value: String(n) }, d.id)));
  $("document").onchange = (e) => { state.document = Number(e.target.value); labels(); render(); };
  $("label").onchange = (e) => { state.label = e.target.value; render(); };
  $("all").onclick = () => { state.all = !state.all; render(); };
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
    if (e.key === "n" || e.key === "p") { e.preventDefault(); step(e.key === "n" ? 1 : -1); }
  });
  labels();
  render();
}
const toggle = $("with-labels");
toggle.onclick = () => {
  const on = document.getElementById("figures").classList.toggle("with-labels");
  toggle.setAttribute("aria-pressed", String(on));
};
