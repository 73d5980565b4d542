/*
 * The buyer beside a thread: the panel follows the thread that is open, its forms come into a dialog, and words for
 * the buyer go into the composer (`buyer:compose` {text}, from the server or from a [data-compose] button).
 */

import { ask, openDialog } from "./base.js";

const place = document.getElementById("buyer");
const panel = () => place?.querySelector(".buyer-panel");
const desk = document.getElementById("desk");

/* -- following the thread; what stands open stays open, and nothing changes under somebody who works there */

let kept = null;
let wanted = null;
let later = 0;
let pause = 1000;

function loadLater(wait, id = null, options = {}) {
  clearTimeout(later);
  later = setTimeout(() => load(id ?? panel()?.dataset.id, options), wait);
}

async function load(id, { fresh = false } = {}) {
  if (!place || !id) return;
  clearTimeout(later);
  wanted = id;
  let response = null;
  try {
    response = await ask(`/desk/${id}/buyer`);
    if (!response.ok && response.status >= 500) throw new Error(`answered ${response.status}`);
  } catch (error) {
    if (error.message !== "signed out" && wanted === id) loadLater(pause = Math.min(pause * 2, 15000), id, { fresh });
    return;
  }
  pause = 1000;
  if (!response.ok || wanted !== id || (!fresh && busy())) return;
  const box = document.createElement("template");
  box.innerHTML = await response.text();
  if (!fresh) {
    if (box.innerHTML.replaceAll(/name="key" value="[^"]*"/g, "") === kept) return;
    remember();
  }
  kept = box.innerHTML.replaceAll(/name="key" value="[^"]*"/g, "");
  const scroll = place.scrollTop;
  place.replaceChildren(box.content);
  window.htmx.process(place);
  if (fresh) place.scrollTop = 0;
  else { restore(); place.scrollTop = scroll; }
}

function busy() {
  const typing = place.querySelector("textarea")?.value.trim();
  return Boolean(typing || place.querySelector("dialog[open]") || place.contains(document.activeElement));
}

let open = new Map();
function remember() {
  open = new Map([...place.querySelectorAll("details[id]")].map((one) => [one.id, one.open]));
}
function restore() {
  for (const one of place.querySelectorAll("details[id]")) if (open.has(one.id)) one.open = open.get(one.id);
}

document.addEventListener("desk:opened", (event) => load(event.detail.id, { fresh: true }));
document.addEventListener("desk:thread", () => loadLater(400));

/* -- after something was done the panel is a new one */

document.addEventListener("htmx:before:swap", (event) => {
  if (event.detail.ctx?.target === place) remember();
});
document.addEventListener("htmx:after:swap", (event) => {
  if (event.detail.ctx?.target !== place) return;
  restore();
  if (!place.contains(document.activeElement)) document.getElementById("buyer-title")?.focus({ preventScroll: true });
});

/* -- forms */

document.addEventListener("click", async (event) => {
  const link = event.target.closest?.("a[data-buyer-form]");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey || !document.getElementById("buyer-dialog")) return;
  event.preventDefault();
  const response = await ask(link.href).catch(() => null); // that the line is cut stands at the top of the desk
  if (!response?.ok) return;
  const body = document.getElementById("buyer-form");
  body.innerHTML = await response.text();
  window.htmx.process(body);
  openDialog("buyer-dialog", link);
  document.getElementById("buyer-dialog").addEventListener("close", () => link.isConnected && link.focus(), { once: true });
});

/* What the buyer will be told follows what is typed. */
let typing = 0;
document.addEventListener("input", (event) => {
  const form = event.target.closest?.("#buyer-form form");
  const told = form?.querySelector("#buyer-told");
  if (!told || event.target.name === "note") return;
  clearTimeout(typing);
  typing = setTimeout(async () => {
    const response = await ask(`${form.getAttribute("action")}/told`, { method: "POST", body: new URLSearchParams(new FormData(form)) }).catch(() => null);
    if (response?.ok && told.isConnected) told.innerHTML = await response.text();
  }, 250);
});

/* -- words for the buyer */

function compose(text) {
  const composer = document.querySelector("desk-composer");
  if (!composer) return;
  if (desk && desk.dataset.shows === "buyer") desk.dataset.shows = "thread";
  const reply = composer.querySelector("#mode-reply");
  if (reply && !reply.checked) reply.click();
  composer.insert(text, true);
}

document.addEventListener("buyer:compose", (event) => setTimeout(() => compose(event.detail.text)));
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-compose]");
  if (button) compose(button.closest("li").querySelector("[data-tip]").textContent);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || desk?.dataset.shows !== "buyer" || document.querySelector("dialog[open]")) return;
  desk.dataset.shows = "thread";
  document.querySelector("#thread-title")?.focus();
});
