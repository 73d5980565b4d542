/*
 * The stream of what has changed. It carries prints, not contents: who holds something compares its print and asks anew.
 *
 *   listen(kind, heard)   kinds: "hello", "queue" {print}, "thread" {id, print}, "alarm" {print},
 *                         "presence" {threads: {id: [[account, name, typing], …]}}
 *   watch(query, thread)  what this page shows now; the stream is opened anew if that is something else
 *
 * On every connection the server tells all prints, so a page that was away misses nothing. Browsers allow six
 * connections to a server, however many tabs: a hidden tab lets go of its stream, unless it is the one of all hidden
 * tabs that stays to notify.
 */

import { ask } from "./base.js";

const listeners = {};
let source = null;
let shown = { query: "", thread: null };
let pause = 1000;
let release = null;

export function listen(kind, heard) {
  (listeners[kind] ??= []).push(heard);
}

export function watch(query, thread) {
  if (shown.query === query && shown.thread === thread && source) return;
  shown = { query, thread };
  connect();
}

function address() {
  const query = new URLSearchParams(shown.query);
  if (shown.thread) query.set("open", shown.thread);
  return `/desk/events?${query}`;
}

function connect() {
  source?.close();
  source = new EventSource(address());
  for (const kind of ["hello", "queue", "thread", "alarm", "presence"]) {
    source.addEventListener(kind, (event) => {
      const told = JSON.parse(event.data);
      for (const heard of listeners[kind] ?? []) heard(told);
    });
  }
  source.addEventListener("open", () => {
    pause = 1000;
    state(true);
  });
  source.addEventListener("error", (event) => {
    if (event.target !== source) return;
    state(false);
    // Refused rather than cut off: the browser gives up, we look whether somebody must sign in, and try again.
    if (source.readyState === EventSource.CLOSED) {
      setTimeout(again, pause);
      pause = Math.min(pause * 2, 15000);
    }
  });
}

async function again() {
  try {
    await ask("/desk/alarms");
    connect();
  } catch {
    setTimeout(again, pause);
  }
}

let away = null;

function state(connected) {
  const place = document.getElementById("desk-state");
  clearTimeout(away);
  if (connected) {
    if (!place.hidden) place.textContent = document.getElementById("desk").dataset.changed;
    away = setTimeout(() => { place.hidden = true; }, place.hidden ? 0 : 2000);
    return;
  }
  away = setTimeout(() => {
    place.textContent = document.getElementById("desk").dataset.offline;
    place.hidden = false;
  }, 4000);
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) {
    release?.();
    release = null;
    if (!source) connect();
    return;
  }
  if (!navigator.locks) return;
  source?.close();
  source = null;
  navigator.locks.request("desk-stream", async () => {
    if (!document.hidden) return;
    connect();
    await new Promise((resolve) => { release = resolve; });
  });
});

addEventListener("pagehide", () => source?.close());
addEventListener("pageshow", (event) => { if (event.persisted) connect(); });
