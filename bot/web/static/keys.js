/*
 * Keys for all that is done often. Off while somebody writes, in dialogs and menus, with Ctrl, Alt or Meta; and
 * altogether by the switch in the settings beside the search (WCAG 2.2, 2.1.4).
 *
 * A key does what the open thread offers for it, an element in #thread with [data-do="claim|reply|…"], unless a row of
 * the queue has the focus: then it is for that row.
 */

import { openDialog } from "./base.js";
import { choice } from "./alerts.js";
import { leaveSearch, picked, picks } from "./queue.js";

const does = { c: "claim", r: "reply", n: "note", a: "assign", s: "snooze", l: "label", e: "resolve" };
const tabs = { o: "open", m: "mine", w: "waiting", p: "pending", s: "snoozed", r: "resolved", a: "all" };
const menus = { assign: "user-plus", label: "tag", snooze: "snooze" };
let going = 0;

const writes = (one) => one.matches("textarea, select, [contenteditable], input:not([type=checkbox], [type=radio])");

document.addEventListener("keydown", (event) => {
  const at = event.target;
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || !choice("keys")) return;
  if (!(at instanceof Element) || writes(at) || at.closest("dialog, details[open] .menu-items")) return;
  const done = press(event.key.length === 1 ? event.key.toLowerCase() : event.key, at);
  if (done) event.preventDefault();
});

function press(key, at) {
  if (Date.now() - going < 1500) {
    going = 0;
    if (tabs[key]) return follow(document.querySelector(`#queue-tabs [data-tab="${tabs[key]}"]`));
  }
  switch (key) {
    case "g": going = Date.now(); return true;
    case "j": return step(1);
    case "k": return step(-1);
    case "x": return pick(row(at));
    case "/": document.getElementById("queue-text").focus(); return true;
    case "?": openDialog("keys-dialog"); return true;
    case "Escape": return leave(at);
    default: return does[key] ? act(does[key], row(at)) : false;
  }
}

const row = (at) => at.closest("#rows > .q");

/* Look away from where the focus is: along the hits of a search, else along the rows. */
function step(by) {
  const links = [...document.querySelectorAll(document.querySelector(".hit") ? ".hit" : "#rows [data-open-thread]")];
  if (!links.length) return false;
  const focused = document.activeElement.closest(".q, .hits li")?.querySelector("a");
  const here = links.indexOf(focused ?? document.querySelector("#rows [aria-current]"));
  const next = links[Math.min(Math.max(here + by, 0), links.length - 1)];
  next.focus({ preventScroll: true });
  next.closest("li").scrollIntoView({ block: "nearest" });
  return true;
}

function pick(at) {
  const box = at?.querySelector(".q-pick input");
  if (!box) return false;
  box.checked = !box.checked;
  picked();
  return true;
}

function leave(at) {
  if (document.querySelector(".hits-head")) {
    leaveSearch();
    return true;
  }
  const link = document.querySelector("#rows [aria-current]") ?? document.querySelector("#rows [data-open-thread]");
  if (!link || at.closest("#queue")) return false;
  document.getElementById("desk").dataset.shows = "queue";
  link.focus();
  return true;
}

function follow(link) {
  link?.click();
  return Boolean(link);
}

function act(what, at) {
  if (!at && picks().length === 0) return inThread(what);
  if (what === "claim" && at && picks().length === 0) return follow(at.querySelector("[data-claim]"));
  if (what === "reply" || what === "note") return inThread(what);
  if (at && picks().length === 0) pick(at);
  if (what === "claim") return follow(document.querySelector("#bulk [value=claim]"));
  if (what === "resolve") return Boolean(openDialog("resolve-dialog"));
  const menu = document.querySelector(`#bulk details:has(> summary use[href$="#${menus[what]}"])`);
  if (!menu) return false;
  menu.open = true;
  menu.querySelector(".menu-item").focus();
  return true;
}

function inThread(what) {
  const place = document.querySelector(`#thread [data-do="${what}"]`);
  if (!place) return false;
  const menu = place.closest("details:not([open])");
  if (menu) {
    menu.open = true;
    place.focus();
  } else place.click();
  // Where that is chosen already a click changes nothing, and nobody would bring the focus.
  if (what === "reply" || what === "note") document.getElementById("composer-text")?.focus();
  return true;
}
