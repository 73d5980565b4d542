// Where the buyer writes: text, emoji, samples to attach, and the line that says what is answered or edited.

import { byId, h, icon, iconButton } from "./dom.js";
import { EMOJI, lookOf } from "./looks.js";
import { summary } from "./message.js";
import { known, t } from "./words.js";
import { world } from "./world.js";

const SAMPLES = [
  ["photo", "photo", { type: "image", url: "sample-photo.jpg" }],
  ["broken", "broken", { type: "image", url: "sample-broken.jpg" }],
  ["audio", "mic", { type: "audio" }],
  ["video", "play", { type: "video" }],
  ["sticker", "sticker", { type: "sticker", url: "sample-sticker.png" }],
  ["location", "pin", { type: "location" }],
  ["ephemeral", "once", { type: "ephemeral" }],
];

let parts = null;
let about = null; // {kind: "reply" | "edit", message}
let tray = null; // "emoji" | "attach" | null
let owner = ""; // whose composer is shown
const drafts = new Map(); // what was begun on a channel waits there

/** `act`: {say(text, replyTo), edit(message, text), media(sample), unblock()}; each returns a promise of success. */
export function drawComposer(act) {
  const slot = byId("composer-slot");
  if (world.blocked?.[world.channel]) {
    parts = null;
    slot.replaceChildren(h("div", { class: "blocked" }, h("p", {}, t("composer.blocked")),
      h("button", { type: "button", class: "plain-button", id: "unblock", onclick: () => act.unblock() }, t("composer.unblock"))));
    return;
  }
  owner = place();
  const focused = slot.contains(document.activeElement);
  const kept = parts ? parts.text.value : (drafts.get(place()) ?? "");
  const look = `composer.ph.${world.channel}`;
  const text = h("textarea", {
    id: "composer-text", rows: "1", dir: "auto", maxlength: "4096", "aria-label": t("composer.text"), enterkeyhint: "send",
    autocomplete: "off", placeholder: t(known(look) ? look : "composer.text"),
  });
  const send = iconButton("send", t("composer.send"), null, "send");
  send.type = "submit";
  send.append(h("span", { class: "send-word", "aria-hidden": "true" }, t("composer.send")));
  const emoji = iconButton("smile", t("composer.emoji"), () => toggle("emoji", act), "emoji");
  const attach = iconButton("plus", t("composer.attach"), () => toggle("attach", act), "attach");
  const form = h("form", { class: "composer" }, attach, h("div", { class: "field" }, text, emoji), send);
  parts = { form, text, send, emoji, attach, above: h("div", { class: "above" }), tray: h("div", { class: "tray", hidden: true }) };
  text.value = kept;
  slot.replaceChildren(parts.above, form, parts.tray);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void submit(act);
  });
  text.addEventListener("input", fit);
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      void submit(act);
    } else if (event.key === "Escape" && (about || tray)) {
      event.stopPropagation();
      setAbout(null);
      show(null, act);
    }
  });
  tray = null;
  drawAbout();
  fit();
  if (focused) focusComposer();
}

const place = () => `${world.person.key} ${world.channel}`;

/** Call before the channel or the person changes. */
export function leaveComposer() {
  if (parts) drafts.set(owner, about?.kind === "edit" ? "" : parts.text.value);
  parts = null;
  about = null;
  tray = null;
}

export function focusComposer() {
  (parts?.text ?? byId("unblock"))?.focus({ preventScroll: true });
}

export function replyTo(message) {
  setAbout({ kind: "reply", message });
  focusComposer();
}

export function editMessage(message) {
  setAbout({ kind: "edit", message });
  fill(message.text ?? "");
}

/** Puts text there for the buyer to send, as a link does that carries one. */
export function prefill(text) {
  setAbout({ kind: "hint" });
  fill(text);
}

function fill(text) {
  if (!parts) return;
  parts.text.value = text;
  fit();
  focusComposer();
  parts.text.setSelectionRange(text.length, text.length);
}

async function submit(act) {
  const text = parts.text.value.trim();
  if (text === "") return;
  const was = about;
  const field = parts.text;
  field.value = "";
  setAbout(null);
  fit();
  const done = was?.kind === "edit" ? await act.edit(was.message, text) : await act.say(text, was?.kind === "reply" ? was.message.id : null);
  // What could not be sent comes back, unless something new stands there already.
  if (!done && field.value === "" && field.isConnected) {
    field.value = text;
    about = was;
    drawAbout();
    fit();
  }
}

function setAbout(next) {
  const edited = about?.kind === "edit" && next === null;
  about = next;
  if (edited && parts) parts.text.value = "";
  drawAbout();
  fit();
}

function drawAbout() {
  if (!parts) return;
  if (about === null) {
    parts.above.replaceChildren();
    return;
  }
  const title = { reply: t("composer.replying", { name: about.message?.from === "buyer" ? t("msg.you") : world.shop.name }), edit: t("composer.editing"), hint: t("composer.prefilled") }[about.kind];
  parts.above.replaceChildren(h("div", { class: `about ${about.kind}` },
    icon({ reply: "reply", edit: "edit", hint: "link" }[about.kind]),
    h("div", { class: "about-words" }, h("p", { class: "about-title" }, title), about.message ? h("p", { class: "about-text", dir: "auto" }, summary(about.message)) : null),
    iconButton("close", t("composer.cancel"), () => { setAbout(null); focusComposer(); })));
}

function fit() {
  if (!parts) return;
  const { text, form } = parts;
  text.style.setProperty("height", "auto");
  text.style.setProperty("height", `${Math.min(text.scrollHeight, 118)}px`);
  form.classList.toggle("filled", text.value.trim() !== "");
}

function toggle(kind, act) {
  show(tray === kind ? null : kind, act);
}

function show(kind, act) {
  tray = kind;
  parts.tray.hidden = kind === null;
  parts.emoji.setAttribute("aria-expanded", String(kind === "emoji"));
  parts.attach.setAttribute("aria-expanded", String(kind === "attach"));
  if (kind === null) {
    parts.tray.replaceChildren();
    return;
  }
  parts.tray.className = `tray ${kind}-tray`;
  parts.tray.replaceChildren(...(kind === "emoji" ? EMOJI.map(emojiButton) : samples(act)));
  parts.tray.onkeydown = (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    show(null, act);
    focusComposer();
  };
}

function emojiButton(emoji) {
  return h("button", { type: "button", class: "emoji-key", "aria-label": emoji, onclick: () => {
    const { text } = parts;
    text.setRangeText(emoji, text.selectionStart, text.selectionEnd, "end");
    fit();
    text.focus({ preventScroll: true });
  } }, emoji);
}

function samples(act) {
  return SAMPLES.filter(([key]) => key !== "ephemeral" || lookOf(world.channel).extras.includes(key)).map(([key, name, sample]) =>
    h("button", { type: "button", class: "sample", dataset: { sample: key }, onclick: () => {
      show(null, act);
      focusComposer();
      const url = sample.url ? new URL(`/sandbox/static/${sample.url}`, location.href).href : undefined;
      void act.media({ ...sample, url });
    } }, h("span", { class: `sample-face ${key}` }, icon(name)), h("span", {}, t(`attach.${key}`))));
}
