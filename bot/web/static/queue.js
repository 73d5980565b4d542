/*
 * The queue that stays true without moving under anybody: rows are brought up to date where they stand. The row under
 * the pointer, or the one with the focus, keeps its place on the screen while others come, go and change places.
 */

import { ask, say, toast } from "./base.js";
import { watch } from "./stream.js";

const MOST = 250;
const desk = document.getElementById("desk");
const known = new Map();

export const queue = () => document.getElementById("queue");
const list = () => document.getElementById("queue-list");
const rows = () => document.getElementById("rows");
const end = () => document.getElementById("queue-end");
const fresh = () => document.getElementById("queue-fresh");
export const opened = () => Number(document.querySelector("#thread [data-id]")?.dataset.id) || null;

const part = (html) => new DOMParser().parseFromString(html, "text/html");
const words = (name, n) => (n === 1 ? desk.dataset[`${name}One`] : desk.dataset[`${name}Other`].replace("{n}", n));
/* What ticks by itself is no change. */
const plain = (row) => row.outerHTML.replace(/(<time[^>]*>|class="q-when">)[^<]*/g, "$1").replace(/ data-open=""| aria-current="true"| data-urgency="\w*"/g, "");

/* -- up to date */

const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 15000;
let asking = false;
let stale = false;
let pause = FIRST_PAUSE;

export async function refresh() {
  if (asking) {
    stale = true;
    return;
  }
  asking = true;
  const query = queue().dataset.query;
  try {
    const most = Math.min(Math.max(rows().children.length, 50), MOST);
    const response = await ask(`/desk/queue${query}${query ? "&" : "?"}most=${most}`);
    if (!response.ok) throw new Error(String(response.status));
    if (query === queue().dataset.query) bring(part(await response.text()).getElementById("queue"));
    pause = FIRST_PAUSE;
  } catch {
    // The stream may have been alive all the time, and tells of nothing until the next change: so it is asked again.
    setTimeout(refresh, pause);
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  } finally {
    asking = false;
    if (stale) {
      stale = false;
      setTimeout(refresh, 150);
    }
  }
}

function bring(newer) {
  queue().dataset.print = newer.dataset.print;
  desk.dataset.now = newer.dataset.now;
  desk.dispatchEvent(new CustomEvent("desk:clock"));
  for (const tab of newer.querySelectorAll("#queue-tabs [data-tab]")) {
    const count = document.querySelector(`#queue-tabs [data-tab="${tab.dataset.tab}"] .count`);
    const said = tab.querySelector(".count")?.textContent;
    if (count && said && count.textContent !== said) count.textContent = said;
  }
  arrange([...newer.querySelectorAll("#rows > .q")]);
  const shown = rows().children.length;
  if (shown <= MOST && !end().contains(document.activeElement)) {
    end().replaceChildren(...newer.querySelector("#queue-end").childNodes);
    adopt(end());
  }
  picked();
}

/* The row that must not move: the one with the focus, else the one under the pointer. */
function anchor() {
  const focused = document.activeElement?.closest?.("#rows > .q");
  return focused ?? [...rows().children].find((row) => row.matches(":hover")) ?? null;
}

function arrange(newer) {
  const held = anchor();
  const stood = held?.getBoundingClientRect().top;
  const wanted = new Map(newer.map((row) => [row.id, row]));
  const tail = rows().children.length > MOST ? [...rows().children].slice(MOST) : [];
  const arrived = [];
  for (const row of newer) {
    const here = document.getElementById(row.id);
    if (here) update(here, row);
    else {
      arrived.push(row.id);
      known.set(row.id, plain(row));
    }
  }
  for (const row of [...rows().children]) {
    if (wanted.has(row.id) || tail.includes(row)) continue;
    if (row === held) row.classList.add("gone");
    else row.remove();
  }
  order(newer.map((row) => document.getElementById(row.id) ?? document.adoptNode(row)), held);
  for (const id of arrived) {
    const row = document.getElementById(id);
    row.classList.add("new");
    setTimeout(() => row.classList.remove("new"), 1000);
    htmx.process(row);
  }
  if (held) steady(held, stood);
  announce(arrived);
}

/* Put rows in order without ever taking out the one that is held: moving it would cost it focus and pointer. */
function order(wanted, held) {
  const at = held ? wanted.indexOf(held) : -1;
  put(wanted.slice(0, Math.max(at, 0)), rows().firstElementChild);
  put(wanted.slice(at + 1), at < 0 ? rows().firstElementChild : held.nextElementSibling);
}

function put(some, before) {
  for (const row of some) {
    while (before?.classList.contains("gone")) before = before.nextElementSibling;
    if (row === before) before = before.nextElementSibling;
    else rows().insertBefore(row, before);
  }
}

/* Scroll, and where there is nothing to scroll leave room, so that a row stays where it stood. */
function steady(row, stood) {
  const box = list();
  const off = () => row.getBoundingClientRect().top - stood;
  box.scrollTop += off();
  const rest = off();
  if (rest < -0.5) room("paddingTop", -rest);
  else if (rest > 0.5) {
    room("paddingBottom", rest);
    box.scrollTop += rest;
  }
}

function room(side, more) {
  rows().style[side] = `${(parseFloat(rows().style[side]) || 0) + more}px`;
}

function letGo() {
  if (anchor()) return;
  rows().style.paddingTop = rows().style.paddingBottom = "";
  for (const row of rows().querySelectorAll(".gone")) row.remove();
}

function update(here, row) {
  const after = plain(row);
  here.classList.remove("gone");
  if (known.get(here.id) === after || (!known.has(here.id) && plain(here) === after)) {
    known.set(here.id, after);
    return;
  }
  known.set(here.id, after);
  const ticked = here.querySelector(".q-pick input")?.checked;
  const focus = here.contains(document.activeElement) ? mark(document.activeElement) : null;
  for (const name of here.getAttributeNames()) {
    if (name !== "data-open" && !row.hasAttribute(name)) here.removeAttribute(name);
  }
  for (const name of row.getAttributeNames()) {
    if (name !== "data-open") here.setAttribute(name, row.getAttribute(name));
  }
  here.replaceChildren(...row.childNodes);
  if (ticked) here.querySelector(".q-pick input").checked = true;
  if (here.hasAttribute("data-open")) here.querySelector("[data-open-thread]").setAttribute("aria-current", "true");
  htmx.process(here);
  if (focus) (here.querySelector(focus) ?? here.querySelector("[data-open-thread]")).focus({ preventScroll: true });
}

const mark = (one) => (one.matches("input") ? ".q-pick input" : one.matches("[data-claim]") ? "[data-claim]" : "[data-open-thread]");

/* Tell of rows that came in above what is to be seen, and say it to those who do not see. */
function announce(arrived) {
  if (!arrived.length) return;
  const top = list().getBoundingClientRect().top;
  const above = arrived.filter((id) => document.getElementById(id).getBoundingClientRect().bottom <= top + 8);
  if (above.length) {
    const button = fresh();
    button.dataset.n = Number(button.dataset.n ?? 0) + above.length;
    button.textContent = `↑ ${words("fresh", Number(button.dataset.n))}`;
    button.hidden = false;
  }
  say(words("fresh", arrived.length));
}

function seenTop() {
  if (list().scrollTop > 40) return;
  fresh().hidden = true;
  fresh().dataset.n = 0;
}

/* -- more rows */

const reached = new IntersectionObserver((entries) => {
  for (const entry of entries) if (entry.isIntersecting) more(entry.target);
}, { rootMargin: "600px" });

async function more(link) {
  reached.unobserve(link);
  try {
    const response = await ask(link.href);
    if (!response.ok || !link.isConnected) return;
    const page = part(await response.text());
    for (const row of page.querySelectorAll("ol > .q")) {
      if (document.getElementById(row.id)) continue;
      known.set(row.id, plain(row));
      rows().append(document.adoptNode(row));
      htmx.process(rows().lastElementChild);
    }
    end().replaceChildren(...page.querySelector("div").childNodes);
    adopt(end());
  } catch {
    toast(desk.dataset.lost, { kind: "bad" });
  }
}

function adopt(place) {
  htmx.process(place);
  const link = place.querySelector(".queue-more");
  if (link) reached.observe(link);
}

/* -- choosing several */

export const picks = () => [...document.querySelectorAll(".q-pick input:checked")];
let last = null;

export function picked() {
  const bar = document.getElementById("bulk");
  if (!bar) return;
  const n = picks().length;
  bar.hidden = n === 0;
  document.getElementById("bulk-count").textContent = n;
  document.getElementById("bulk-words").textContent = n ? words("picked", n) : "";
  const all = document.getElementById("bulk-all");
  const boxes = document.querySelectorAll(".q-pick input").length;
  all.checked = n > 0 && n === boxes;
  all.indeterminate = n > 0 && n < boxes;
  rows().classList.toggle("picking", n > 0 || document.getElementById("pick-mode")?.getAttribute("aria-pressed") === "true");
}

function pickNone() {
  for (const one of picks()) one.checked = false;
  document.getElementById("pick-mode")?.setAttribute("aria-pressed", "false");
  picked();
}

document.addEventListener("change", (event) => {
  if (event.target.id === "bulk-all") {
    for (const box of document.querySelectorAll(".q-pick input")) box.checked = event.target.checked;
  }
  if (event.target.closest(".q-pick, #bulk")) picked();
});

document.addEventListener("click", (event) => {
  const box = event.target.closest(".q-pick input");
  if (box) {
    if (event.shiftKey && last?.isConnected) {
      const all = [...document.querySelectorAll(".q-pick input")];
      const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((one, two) => one - two);
      for (const one of all.slice(from, to + 1)) one.checked = box.checked;
      picked();
    }
    last = box;
  }
  if (event.target.closest("#bulk-none")) pickNone();
  const mode = event.target.closest("#pick-mode");
  if (mode) {
    mode.setAttribute("aria-pressed", mode.getAttribute("aria-pressed") !== "true");
    picked();
  }
  if (event.target.closest("#queue-fresh")) {
    rows().style.paddingTop = rows().style.paddingBottom = "";
    list().scrollTo({ top: 0, behavior: "smooth" });
    rows().querySelector("[data-open-thread]")?.focus({ preventScroll: true });
  }
  if (event.target.closest("#search-close")) leaveSearch();
});

document.addEventListener("desk:opens", (event) => {
  const place = event.target.querySelector("[data-ids]");
  if (!place) return;
  const only = event.detail.opener?.dataset.only;
  const ids = only ? [only] : picks().map((box) => box.value);
  place.replaceChildren(...ids.map((id) => {
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name: "id", value: id });
    return field;
  }));
});

document.addEventListener("desk:done", () => {
  pickNone();
  refresh();
});

/* -- searching */

export function leaveSearch() {
  const field = document.getElementById("queue-text");
  field.value = "";
  document.getElementById("queue-hits").replaceChildren();
  field.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && event.target.closest?.("#queue-search, #queue-hits")) {
    event.preventDefault();
    leaveSearch();
  }
  if (event.key === "ArrowDown" && event.target.id === "queue-text") {
    event.preventDefault();
    document.querySelector(".hit, #rows [data-open-thread]")?.focus();
  }
});

/* -- another tab or filter */

function begin() {
  known.clear();
  for (const row of rows().children) known.set(row.id, plain(row));
  list().addEventListener("scroll", seenTop, { passive: true });
  list().addEventListener("pointerleave", letGo);
  list().addEventListener("focusout", () => setTimeout(letGo));
  adopt(end());
  picked();
  showOpen(opened());
  watch(queue().dataset.query, opened());
}

export function showOpen(id) {
  for (const row of rows().children) {
    const open = row.dataset.id === String(id);
    row.toggleAttribute("data-open", open);
    if (open) row.removeAttribute("data-unread");
    const link = row.querySelector("[data-open-thread]");
    if (open) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

document.addEventListener("htmx:after:swap", () => {
  if (queue().dataset.begun) return;
  queue().dataset.begun = "yes";
  const query = queue().dataset.query;
  history.replaceState(history.state, "", location.pathname + query);
  begin();
});

queue().dataset.begun = "yes";
begin();
