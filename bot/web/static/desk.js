/*
 * The frame of the desk: which column a narrow screen shows, the thread that is open, countdowns, who is looking.
 *
 * For those who write other columns; all of these are events on `document`:
 *   desk:thread    {id, print}   the open thread may have changed: ask anew if the print is not yours
 *   desk:presence  {threads}     who is where: {id: [[account, name, typing], …]}
 *   desk:opened    {id}          another thread has been put into #thread
 * [data-shows="queue|thread|buyer"] on a link or button shows that column. A <time class="countdown"
 * data-until="milliseconds"> counts by itself. Who types into a field of #thread is seen typing by the others.
 */

import { listen, watch } from "./stream.js";
import { opened, queue, refresh, showOpen } from "./queue.js";
import { ask } from "./base.js";

const desk = document.getElementById("desk");
const near = 30 * 60 * 1000;

/* -- countdowns, by the server's clock */

let skew = 0;
const clock = () => { skew = Number(desk.dataset.now) - Date.now(); };
clock();
desk.addEventListener("desk:clock", clock);

function span(length) {
  const seconds = Math.floor(Math.abs(length) / 1000);
  const two = (number) => String(number).padStart(2, "0");
  if (seconds < 3600) return `${Math.floor(seconds / 60)}:${two(seconds % 60)} min`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)}:${two(Math.floor((seconds % 3600) / 60))} h`;
  return desk.dataset.days.replace("{n}", Math.floor(seconds / 86400));
}

function tick() {
  const now = Date.now() + skew;
  for (const one of document.querySelectorAll(".countdown[data-until]")) {
    const left = Number(one.dataset.until) - now;
    const words = desk.dataset[left > 0 ? "left" : "over"].replace("{time}", span(left));
    if (one.textContent !== words) one.textContent = words;
    one.dataset.urgency = left <= 0 ? "over" : left <= near ? "near" : "calm";
  }
}
setInterval(tick, 1000);
tick();

/* -- columns and threads */

export function show(column) {
  desk.dataset.shows = column;
}

document.addEventListener("click", (event) => {
  const shows = event.target.closest("[data-shows]");
  if (shows && shows !== desk) {
    event.preventDefault();
    const column = shows.dataset.shows;
    show(column);
    if (column === "queue") document.querySelector("#rows [aria-current]")?.focus();
    else document.getElementById(column)?.focus();
    return;
  }
  const link = event.target.closest("[data-open-thread]");
  if (link && !event.metaKey && !event.ctrlKey && !event.shiftKey) {
    showOpen(link.dataset.openThread);
    show("thread");
  }
});

document.addEventListener("htmx:after:swap", (event) => {
  const target = event.detail.ctx?.target;
  if (target?.id !== "thread") return;
  const id = opened();
  showOpen(id);
  if (matchMedia("(max-width: 859px)").matches) target.focus({ preventScroll: true });
  watch(queue().dataset.query, id);
  seen();
  document.dispatchEvent(new CustomEvent("desk:opened", { detail: { id } }));
});

/* -- what the stream says */

listen("queue", ({ print }) => { if (print !== queue().dataset.print) refresh(); });
listen("thread", (told) => document.dispatchEvent(new CustomEvent("desk:thread", { detail: told })));
listen("presence", ({ threads }) => {
  for (const place of document.querySelectorAll("[data-viewers]")) {
    const others = (threads[place.dataset.viewers] ?? []).filter(([account]) => String(account) !== desk.dataset.me);
    const words = others.sort((one, two) => two[2] - one[2] || one[1].localeCompare(two[1])).map(([, name, typing]) => (typing ? desk.dataset.typing : desk.dataset.looking).replace("{name}", name)).join(", ");
    if (place.textContent !== words) place.textContent = words;
  }
  document.dispatchEvent(new CustomEvent("desk:presence", { detail: { threads } }));
});

/* -- who is looking and typing */

let typed = 0;
let told = 0;

let here = null;

/* Whoever closes a thread is shown there no longer. Best effort: without it they are gone half a minute later. */
function left() {
  if (here) ask("/desk/presence", { method: "POST", keepalive: true, body: new URLSearchParams({ thread: here, left: "1" }) }).catch(() => {});
  here = null;
}

async function seen() {
  const thread = opened();
  if (here !== thread) left();
  if (!thread || document.hidden) return;
  here = thread;
  const typing = Date.now() - typed < 6000;
  told = Date.now();
  try {
    await ask("/desk/presence", { method: "POST", body: new URLSearchParams({ thread, typing: typing ? "1" : "" }) });
  } catch {
    // The next sign follows in ten seconds.
  }
}

document.addEventListener("input", (event) => {
  if (!event.target.closest("#thread textarea")) return;
  const began = Date.now() - typed > 6000;
  typed = Date.now();
  if (began || typed - told > 4000) seen();
});
setInterval(seen, 10000);
document.addEventListener("visibilitychange", seen);
addEventListener("pagehide", left);
seen();
