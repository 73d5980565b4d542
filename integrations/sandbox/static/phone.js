// The phone page: puts the parts together and turns what the player does into calls of the sandbox's API.

import * as api from "./api.js";
import { drawComposer, editMessage, focusComposer, leaveComposer, prefill, replyTo } from "./composer.js";
import { startCounter } from "./counter.js";
import { avatar, byId, h, icon } from "./dom.js";
import { readHash, readLink } from "./entry.js";
import { labelOf, lookOf } from "./looks.js";
import { closeOverlay, listSheet, messageMenu, scanner } from "./sheets.js";
import { startStage } from "./stage.js";
import { startSteps } from "./steps.js";
import { announce, redraw, startThread, toEnd } from "./thread.js";
import { currentLanguage, setLanguage, t, translatePage } from "./words.js";
import { apply, channelOf, clockIs, find, look, on, putOrder, refresh, thread, unread, world } from "./world.js";

const CHANNEL = "nachklang.sandbox.channel";
const SECONDS_OF_A_TOAST = 5;

/** Runs one call; a failure is told in the server's own sentence. Resolves to the answer, or to null. */
async function attempt(work) {
  try {
    return (await work()) ?? {};
  } catch (error) {
    toast(error instanceof api.ApiError ? error.message : String(error), "bad");
    return null;
  }
}

const here = (more = {}) => ({ channel: world.channel, ...more });
const done = (answer) => answer !== null;

/** An answer may carry what it made; showing it does not wait for the stream. */
function take(answer) {
  if (answer?.message?.id) apply({ type: "message", message: answer.message });
  if (answer?.order?.id) putOrder(answer.order);
  return done(answer);
}

const act = {
  say: async (text, reply) => take(await attempt(() => api.post("/api/say", here({ text, ...(reply ? { reply_to: reply } : {}) })))),
  edit: async (message, text) => take(await attempt(() => api.post("/api/edit", here({ message_id: message.id, text })))),
  media: async (sample) => take(await attempt(() => api.post("/api/media", here(sample)))),
  unblock: () => act.block(false),

  tap: async (message, button) => {
    const answer = await attempt(() => api.post("/api/tap", here({ message_id: message.id, payload: button.payload ?? "", title: button.title ?? "" })));
    if (!take(answer)) return;
    const current = find(message.id, message.channel);
    if (current && (current.tapped ?? null) === null) apply({ type: "update", message: { ...current, tapped: button.payload ?? "" } });
    focusComposer();
  },
  list: (message, opener) => listSheet(message, opener, (button) => void act.tap(message, button)),
  react: (message, emoji) => attempt(() => api.post("/api/react", here({ message_id: message.id, emoji }))).then(take),
  heart: (message) => {
    if (message.unsent) return;
    const heart = lookOf(message.channel).heart;
    const own = message.reactions?.find((one) => one.from === "buyer")?.emoji;
    void act.react(message, own === heart ? null : heart);
  },
  menu: (message, anchor) => {
    if (message.unsent) return;
    const mine = message.from === "buyer";
    const entries = [["reply", t("menu.reply"), () => replyTo(message)]];
    if (message.text) entries.push(["copy", t("menu.copy"), () => void act.copy(message.text)]);
    if (mine && message.style === "text") entries.push(["edit", t("menu.edit"), () => editMessage(message)]);
    if (mine) entries.push(["undo", t("menu.unsend"), () => void act.unsend(message)]);
    const status = message.status ? t(`tick.${message.status}`) : "";
    const details = [message.template ? t("msg.template", { name: message.template }) : "", status, message.id].filter(Boolean).join(" · ");
    messageMenu(message, anchor, { react: (emoji) => void act.react(message, emoji), entries, details });
  },
  unsend: async (message) => take(await attempt(() => api.post("/api/unsend", here({ message_id: message.id })))),
  follow: (event, href) => {
    const link = readLink(href);
    if (!link?.channel) return; // an ordinary link: the browser opens it in a new tab
    event.preventDefault();
    void openEntry(link);
  },

  buy: async (sku) => {
    const answer = await attempt(() => api.post("/api/buy", { sku }));
    if (take(answer)) byId("orders").scrollIntoView({ block: "nearest", behavior: "instant" });
  },
  ship: (id) => attempt(() => api.post("/api/ship", { order_id: id })).then(take),
  arrive: (id) => attempt(() => api.post("/api/arrive", { order_id: id })).then(take),
  cancel: (id) => attempt(() => api.post("/api/cancel", { order_id: id })).then(take),
  scan: async (channel, link) => {
    drawer(false);
    const target = readLink(link.url);
    show(channel);
    await scanner(link.qr_svg, t("order.qr", { channel: labelOf(channel) }));
    await follow(target);
  },
  open: (url) => {
    drawer(false);
    return follow(readLink(url));
  },
  copy: async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      toast(t("copied"), "good");
    } catch {
      toast(t("error.copy"), "bad");
    }
  },

  travel: async (span) => {
    const answer = await attempt(() => api.post("/clock", { advance: span }));
    if (!done(answer)) return false;
    world.travelled = true;
    clockIs(answer.now);
    return true;
  },
  person: async (key) => {
    const answer = await attempt(() => api.post("/api/person", { key }));
    if (done(answer)) await reload();
  },
  hidePhone: async (hide) => {
    const answer = await attempt(() => api.post("/api/person", { hide_phone: hide }));
    if (done(answer)) await reload();
    return done(answer);
  },
  block: async (blocked) => {
    const answer = await attempt(() => api.post("/api/block", here({ blocked })));
    if (done(answer)) await reload();
    focusComposer();
    return done(answer);
  },
  own: async (text) => take(await attempt(() => api.post("/api/own", here({ text })))),
  fault: async (change) => {
    const answer = await attempt(() => api.post("/faults", change));
    if (done(answer)) world.faults = { ...world.faults, ...change };
    return done(answer);
  },
  order: async (json) => {
    let body;
    try {
      body = JSON.parse(json);
    } catch (error) {
      toast(String(error.message), "bad");
      return;
    }
    if (done(await attempt(() => api.post("/orders", body)))) toast(t("faults.orderSent"), "good");
  },
  reset: async () => {
    if (done(await attempt(() => api.post("/api/reset")))) toast(t("reset.done"), "good");
  },
};

// --- entry links ---------------------------------------------------------------------------------------------------

async function follow(link) {
  if (link === null) return;
  if (link.visit) location.assign(link.visit);
  else if (link.away) open(link.away, "_blank", "noopener,noreferrer");
  else await openEntry(link);
}

/** A reference goes to the bot at once; a text waits in the composer for the buyer to send it, as on WhatsApp. */
async function openEntry(link) {
  if (!channelOf(link.channel)) {
    toast(t("order.noLink", { channel: link.channel }), "bad");
    return;
  }
  show(link.channel);
  if (link.text) prefill(link.text);
  else if (link.ref) {
    const answer = await attempt(() => api.post("/api/open", { channel: link.channel, ref: link.ref }));
    take(answer);
    // Opening a link may open the messaging window without any message.
    if (done(answer)) await attempt(refresh);
    focusComposer();
  }
}

function openHash() {
  const link = readHash(location.hash);
  if (link === null) return;
  // Gone at once, so that a reload does not open a single-use link a second time.
  history.replaceState(null, "", location.pathname + location.search);
  void openEntry(link);
}

// --- channels --------------------------------------------------------------------------------------------------------

function show(channel, { focus = false } = {}) {
  closeOverlay();
  if (world.channel !== channel) {
    leaveComposer();
    world.channel = channel;
    try {
      localStorage.setItem(CHANNEL, channel);
    } catch { /* remembered for this visit only */ }
    drawChannel();
    stage();
  }
  looked();
  if (focus) byId("channels").querySelector("[aria-selected=true]")?.focus();
}

function drawChannel() {
  byId("device").dataset.look = world.channel;
  byId("device").setAttribute("aria-labelledby", `tab-${world.channel}`);
  drawTabs();
  drawHead();
  drawComposer(act);
  redraw();
  counter();
}

function drawTabs() {
  const place = byId("channels");
  place.replaceChildren(...world.channels.map(({ name }) => {
    const selected = name === world.channel;
    const fresh = unread(name);
    return h("button", {
      type: "button", role: "tab", class: "tab", id: `tab-${name}`, "aria-selected": String(selected), "aria-controls": "device", tabindex: selected ? "0" : "-1",
      dataset: { channel: name }, onclick: () => show(name),
    }, icon(lookOf(name).tab, "tab-face"), h("span", { class: "tab-name" }, labelOf(name)),
    fresh ? h("span", { class: "badge" }, h("span", { "aria-hidden": "true" }, fresh > 99 ? "99+" : String(fresh)), h("span", { class: "hidden" }, t("unread", { n: fresh }))) : null);
  }));
}

function drawHead() {
  const channel = channelOf();
  const typing = world.typing[world.channel];
  const sub = lookOf(world.channel).sub;
  byId("chat-head").replaceChildren(
    icon("left", "head-back"), avatar(world.shop.logo, world.shop.name, "head-avatar ring"),
    h("div", { class: "head-words" }, h("p", { class: "head-name", dir: "auto" }, world.shop.name),
      h("p", { class: typing ? "head-sub typing-now" : "head-sub", dir: "auto" }, typing ? t("head.typing") : sub ? t(sub) : (channel?.handle ?? ""))),
    icon("call", "head-icon"), icon("camera", "head-icon"), icon("more", "head-icon head-more"));
}

function tabKeys(event) {
  const names = world.channels.map((one) => one.name);
  const index = names.indexOf(world.channel);
  const to = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: names.length - 1 }[event.key];
  if (to === undefined || !names.length) return;
  event.preventDefault();
  show(names[(to + names.length) % names.length], { focus: true });
}

let reading = null;

/** The chat is in front of somebody's eyes: badge off, and the platform is told, once per batch of messages. */
function looked() {
  if (!world.ready || document.visibilityState === "hidden") return;
  const last = thread().findLast((one) => one.from !== "buyer" && one.from !== "system");
  const fresh = look();
  if (!last || (!fresh && last.status === "read")) return;
  const mark = `${world.person.key} ${world.channel} ${last.id}`;
  if (reading === mark) return;
  reading = mark;
  api.post("/api/read", here()).catch(() => { reading = null; });
}

// --- all at once -------------------------------------------------------------------------------------------------------

async function reload() {
  const before = world.person.key;
  await refresh();
  if (world.person.key !== before) leaveComposer();
  drawChannel();
  looked();
}

function drawer(open) {
  const regie = byId("regie");
  const narrow = matchMedia("(max-width: 859px)").matches;
  document.body.classList.toggle("drawer-on", open && narrow);
  byId("backdrop").hidden = !(open && narrow);
  byId("play").inert = open && narrow;
  regie.inert = narrow && !open;
  byId("drawer-open").setAttribute("aria-expanded", String(open && narrow));
  if (open && narrow) byId("drawer-close").focus();
}

function startDrawer() {
  byId("drawer-open").addEventListener("click", () => drawer(true));
  const shut = () => {
    if (!document.body.classList.contains("drawer-on")) return;
    drawer(false);
    byId("drawer-open").focus();
  };
  byId("drawer-close").addEventListener("click", shut);
  byId("backdrop").addEventListener("click", shut);
  byId("regie").addEventListener("keydown", (event) => { if (event.key === "Escape") shut(); });
  matchMedia("(max-width: 859px)").addEventListener("change", () => drawer(false));
  drawer(false);
}

function toast(words, kind) {
  const note = h("p", { class: `toast ${kind}`, dir: "auto" }, words);
  byId("toasts").append(note);
  setTimeout(() => note.remove(), SECONDS_OF_A_TOAST * 1000);
}

function drawLanguages() {
  for (const button of byId("languages").children) button.setAttribute("aria-pressed", String(button.dataset.lang === currentLanguage()));
}

const counter = startCounter(act);
const stage = startStage(act);
const steps = startSteps();

function start() {
  translatePage();
  drawLanguages();
  startDrawer();
  startThread(act);
  byId("channels").addEventListener("keydown", tabKeys);
  byId("languages").addEventListener("click", (event) => {
    const wanted = event.target.closest("button")?.dataset.lang;
    if (!wanted) return;
    setLanguage(wanted);
    translatePage();
    drawLanguages();
    drawChannel();
    stage();
    steps();
  });
  on("tabs all", drawTabs);
  on("reset", () => void attempt(reload));
  on("typing", drawHead);
  on("thread", ({ channel, fresh }) => {
    if (!fresh) return;
    announce(fresh);
    if (channel === world.channel) looked();
  });
  document.addEventListener("visibilitychange", looked);
  addEventListener("hashchange", openHash);
  try {
    world.channel = localStorage.getItem(CHANNEL) ?? "";
  } catch { /* the first channel, then */ }
  let first = true;
  api.stream("/api/events", {
    onevent: apply,
    ondown: () => { wire(false); },
    onopen: () => void attempt(async () => {
      await reload();
      wire(true);
      if (first) {
        first = false;
        openHash();
        toEnd();
      }
    }),
  });
}

function wire(up) {
  document.body.classList.toggle("offline", !up);
  byId("wire").textContent = t(up ? "wire.on" : "wire.off");
}

start();
