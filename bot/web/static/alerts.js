/*
 * Being told although one looks elsewhere: desktop notifications and a short sound, each only if switched on; and what
 * each browser remembers of such choices. A thing is told once per browser, in whichever tab hears of it first.
 */

import { ask, toast } from "./base.js";
import { listen } from "./stream.js";

const usual = { notify: "no", sound: "no", keys: "yes" };

export function choice(name) {
  return (localStorage.getItem(`desk-${name}`) ?? usual[name]) === "yes";
}

function choose(name, on) {
  localStorage.setItem(`desk-${name}`, on ? "yes" : "no");
}

function showChoices() {
  for (const box of document.querySelectorAll("[data-choice]")) {
    box.checked = choice(box.dataset.choice) && (box.dataset.choice !== "notify" || window.Notification?.permission === "granted");
  }
}

document.addEventListener("change", async (event) => {
  const name = event.target.dataset?.choice;
  if (!name) return;
  let on = event.target.checked;
  if (name === "notify" && on) {
    on = (await window.Notification?.requestPermission()) === "granted";
    if (!on) toast(event.target.closest(".choices").dataset.blocked, { kind: "bad", seconds: 9 });
  }
  choose(name, on);
  showChoices();
  if (name === "sound" && on) ring(false);
});

/* -- the sound: two soft tones, made here */

let context = null;

function ring(grave) {
  context ??= new AudioContext();
  const begin = context.currentTime + 0.02;
  const tones = grave ? [660, 495, 660] : [587, 784];
  tones.forEach((height, place) => {
    const tone = context.createOscillator();
    const loud = context.createGain();
    const at = begin + place * 0.16;
    tone.frequency.value = height;
    loud.gain.setValueAtTime(0, at);
    loud.gain.linearRampToValueAtTime(0.12, at + 0.02);
    loud.gain.exponentialRampToValueAtTime(0.001, at + 0.4);
    tone.connect(loud).connect(context.destination);
    tone.start(at);
    tone.stop(at + 0.45);
  });
}

/* -- what is new */

const place = () => document.getElementById("desk-alarms");
const all = () => [...place().querySelectorAll("[data-alarm], [data-news]")];
const name = (one) => (one.dataset.alarm ? `alarm ${one.dataset.alarm}` : `news ${one.dataset.news}`);
const keep = 200;
const told = () => JSON.parse(localStorage.getItem("desk-told") ?? "[]");
const note = (names) => localStorage.setItem("desk-told", JSON.stringify([...told(), ...names].slice(-keep)));

function tell() {
  const before = new Set(told());
  const fresh = all().filter((one) => !before.has(name(one)));
  if (!fresh.length) return;
  note(fresh.map(name));
  const mine = Number(document.querySelector("#thread [data-id]")?.dataset.id);
  const elsewhere = fresh.filter((one) => document.hidden || Number(one.dataset.thread) !== mine);
  if (!elsewhere.length) return;
  if (choice("sound")) ring(elsewhere.some((one) => one.dataset.kind === "broken"));
  if (!choice("notify") || window.Notification?.permission !== "granted") return;
  for (const one of elsewhere.slice(0, 3)) {
    const card = new Notification(one.dataset.title, { body: one.dataset.text, tag: name(one), lang: document.documentElement.lang });
    card.addEventListener("click", () => {
      window.focus();
      if (one.dataset.thread) openThread(one.dataset.thread);
      card.close();
    });
  }
}

function openThread(id) {
  const link = document.querySelector(`[data-open-thread="${id}"]`);
  if (link) link.click();
  else location.assign(`/desk/${id}`);
}

listen("alarm", async ({ print }) => {
  if (place().querySelector("[data-print]")?.dataset.print === print) return;
  try {
    const response = await ask("/desk/alarms");
    if (!response.ok) return;
    const newer = new DOMParser().parseFromString(await response.text(), "text/html").body;
    const shown = [...place().querySelectorAll("[data-alarm]")].map(name).join();
    const now = [...newer.querySelectorAll("[data-alarm]")].map(name).join();
    // What stands there already is left alone: a reader would say it again, and a focus in it would be lost.
    if (shown === now) {
      for (const old of place().querySelectorAll("[data-news], [data-print]")) old.remove();
      place().append(...newer.querySelectorAll("[data-news], [data-print]"));
    } else {
      place().replaceChildren(...newer.childNodes);
      htmx.process(place());
    }
    tell();
  } catch {
    // The print stays another one: the next event asks again.
  }
});

document.addEventListener("htmx:after:swap", showChoices);
// What stood there when the page came is no news to its reader, unless nobody has seen it before.
tell();
showChoices();
