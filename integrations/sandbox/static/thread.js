// The conversation: keeps the <ol> in step with the messages, touching only what changed, and stays at the end
// unless the buyer has scrolled up.

import { avatar, byId, h, reducedMotion } from "./dom.js";
import { labelOf, lookOf } from "./looks.js";
import { choice, messageView, summary } from "./message.js";
import { currentLanguage, dayOf, t, timeOf } from "./words.js";
import { channelOf, find, now, on, thread, world } from "./world.js";

const GAP_MS = 30 * 60_000; // so long a silence gets a time of its own where times are not in the bubbles
const GROUP_MS = 5 * 60_000;
const TALKER = (message) => (message.from === "buyer" ? "mine" : message.from === "system" ? "none" : "theirs");

const chat = byId("chat");
const list = byId("thread");
const drawn = new Map(); // key → {node, message, sign}
let atEnd = true;
let act = {};

export function startThread(actions) {
  act = { ...actions, jump };
  on("thread", ({ channel, fresh } = {}) => {
    if (channel && channel !== world.channel) return;
    draw();
    if (fresh && fresh.from === "buyer") toEnd();
  });
  on("typing", draw);
  on("all", () => { draw(); });
  // Only going up leaves the end: a message that grows the list between a scroll and its event does not.
  let before = 0;
  chat.addEventListener("scroll", () => {
    const there = chat.scrollHeight - chat.scrollTop - chat.clientHeight < 40;
    if (there || chat.scrollTop < before) atEnd = there;
    before = chat.scrollTop;
    byId("to-end").hidden = atEnd;
  }, { passive: true });
  // Pictures arrive late and bubbles grow: whoever was at the end stays there.
  const keep = new ResizeObserver(() => { if (atEnd) toEnd(); });
  keep.observe(list);
  keep.observe(chat);
  byId("to-end").addEventListener("click", () => toEnd(true));
}

/** Draws another channel (or another person) from nothing. */
export function redraw() {
  drawn.clear();
  list.replaceChildren();
  drawIntro();
  draw();
  toEnd();
}

export function toEnd(smooth = false) {
  chat.scrollTo({ top: chat.scrollHeight, behavior: smooth && !reducedMotion() ? "smooth" : "instant" });
  atEnd = true;
  byId("to-end").hidden = true;
}

function jump(id) {
  const node = [...list.children].find((one) => one.dataset.id === id);
  if (!node) return;
  node.scrollIntoView({ block: "center", behavior: reducedMotion() ? "instant" : "smooth" });
  node.classList.add("flash");
  setTimeout(() => node.classList.remove("flash"), 1200);
}

function drawIntro() {
  const look = lookOf(world.channel);
  const intro = byId("intro");
  intro.replaceChildren(
    avatar(world.shop.logo, world.shop.name, "large ring"),
    h("p", { class: "intro-name", dir: "auto" }, world.shop.name),
    h("p", { class: "intro-handle" }, channelOf()?.handle ?? labelOf(world.channel)),
    h("p", { class: "intro-text" }, t(look.intro)));
}

function draw() {
  const look = lookOf(world.channel);
  const messages = thread();
  const plan = [];
  messages.forEach((message, index) => planOne(plan, messages, message, index, look));
  if (!messages.length && world.ready) plan.push({ key: "empty", sign: currentLanguage(), make: () => h("li", { class: "note empty" }, h("span", {}, t("intro.empty"))) });
  const last = messages.at(-1);
  if (!look.ticks && last?.from === "buyer" && last.status === "read") {
    plan.push({ key: "seen", sign: currentLanguage(), make: () => h("li", { class: "seen" }, t("msg.seen")) });
  }
  if (world.typing[world.channel]) plan.push({ key: "typing", sign: world.shop.logo, make: typingView });
  reconcile(plan);
  drawPills(look, messages);
}

function planOne(plan, messages, message, index, look) {
  const before = messages[index - 1];
  const after = messages[index + 1];
  const at = new Date(message.at);
  const newDay = !before || dayKey(before) !== dayKey(message);
  const gap = !before || at - new Date(before.at) > GAP_MS;
  if (newDay || (look.stamp === "gap" && gap)) {
    const words = look.stamp === "gap" ? `${dayOf(at, now())}, ${timeOf(at)}` : dayOf(at, now());
    plan.push({ key: `day ${message.id}`, sign: words, make: () => h("li", { class: "day" }, h("span", {}, words)) });
  }
  const joins = (a, b) => a && b && TALKER(a) === TALKER(b) && a.from === b.from && dayKey(a) === dayKey(b) && new Date(b.at) - new Date(a.at) < GROUP_MS;
  const quoted = message.reply_to ? find(message.reply_to) : undefined;
  const place = { first: !joins(before, message), last: !joins(message, after), quoted, shop: world.shop };
  plan.push({
    key: `msg ${message.id}`, message, quoted,
    sign: `${place.first} ${place.last} ${currentLanguage()} ${world.shop.logo}`,
    make: () => messageView(message, place, act),
  });
}

const dayKey = (message) => new Date(message.at).toDateString();

/** Puts the planned nodes into the list in order; a node whose message and place are the same is left alone. */
function reconcile(plan) {
  const wanted = new Set(plan.map((one) => one.key));
  for (const [key, one] of drawn) {
    if (!wanted.has(key)) {
      one.node.remove();
      drawn.delete(key);
    }
  }
  let cursor = list.firstElementChild;
  const quiet = drawn.size === 0;
  for (const one of plan) {
    const old = drawn.get(one.key);
    if (old && old.message === one.message && old.quoted === one.quoted && old.sign === one.sign) {
      if (old.node === cursor) cursor = cursor.nextElementSibling;
      else list.insertBefore(old.node, cursor);
      continue;
    }
    const node = one.make();
    if (old) {
      if (old.node === cursor) cursor = cursor.nextElementSibling;
      carryFocus(old.node, node, () => old.node.replaceWith(node));
    } else {
      if (!quiet) node.classList.add("arrives");
      list.insertBefore(node, cursor);
    }
    drawn.set(one.key, { node, message: one.message, quoted: one.quoted, sign: one.sign });
  }
}

/** Redrawing the message that has the focus must not throw a keyboard user out of it. */
function carryFocus(before, after, swap) {
  const places = (root) => [...root.querySelectorAll("button, a, [tabindex]")];
  const index = places(before).indexOf(document.activeElement);
  swap();
  if (index >= 0) (places(after)[index] ?? chat).focus({ preventScroll: true });
}

function typingView() {
  const look = lookOf(world.channel);
  return h("li", { class: "msg theirs first last typing" },
    look.avatars ? avatar(world.shop.logo, world.shop.name, "small") : null,
    h("div", { class: "stack" }, h("div", { class: "bubble dots", role: "img", "aria-label": t("head.typing") }, h("i"), h("i"), h("i"))));
}

/** Quick replies belong to the newest message alone. */
function drawPills(look, messages) {
  const pills = byId("pills");
  const last = messages.at(-1);
  const show = look.pills && last?.style === "quick_replies" && last.from !== "buyer" && !last.unsent && last.buttons?.length > 0;
  const sign = show ? `${last.id} ${last.tapped}` : "";
  if (pills.dataset.sign === sign) return;
  pills.dataset.sign = sign;
  pills.hidden = !show;
  pills.replaceChildren(...(show ? last.buttons.map((one) => choice(last, one, act, "pill")) : []));
}

/** Says a new message to those who cannot see it. */
export function announce(message) {
  if (message.from === "buyer" || message.from === "system") return;
  const options = (message.buttons ?? []).map((one) => one.title).join(", ");
  byId("live").textContent = t("msg.new", { name: world.shop.name, text: `${summary(message)}${options ? ` – ${options}` : ""}` });
}

