// What the page knows, kept in step with the server; views listen to the topics they show.
// Topics: "all" (everything may have changed), "thread", "typing", "clock", "orders", "tabs",
// "reset" (the server forgot: fetch it anew).

import * as api from "./api.js";

const SEEN = "nachklang.sandbox.seen";
const TYPING_MS = 25_000; // the platforms' own limit: a typing sign without an end goes out by itself

const state = {
  ready: false, shop: { name: "", logo: null }, channels: [], person: { key: "" }, people: [], threads: {}, windows: {},
  products: [], orders: [], faults: {}, blocked: {}, typing: {}, offset: 0, realOffset: 0, channel: "", travelled: false,
};
const listeners = new Map();
const timers = new Map();
let waiting = null; // events that came while the world was being fetched
let fetching = Promise.resolve();
const seen = remembered();

export const world = state;

export function on(topics, listener) {
  for (const topic of topics.split(" ")) listeners.set(topic, [...(listeners.get(topic) ?? []), listener]);
}

export function tell(topic, detail) {
  for (const listener of listeners.get(topic) ?? []) listener(detail);
}

export const now = () => new Date(Date.now() + state.offset);
export const ahead = () => state.offset - state.realOffset;
export const thread = (channel = state.channel) => state.threads[channel] ?? [];
export const channelOf = (name = state.channel) => state.channels.find((one) => one.name === name);
export const find = (id, channel = state.channel) => thread(channel).find((one) => one.id === id);

/** Fetches everything anew. What arrives meanwhile is kept and applied on top, so nothing falls between. */
export function refresh() {
  // One after the other: an older answer must never overwrite a newer one.
  fetching = fetching.catch(() => {}).then(fetchWorld);
  return fetching;
}

async function fetchWorld() {
  waiting = [];
  try {
    const fresh = await api.get("/api/world");
    setClock(fresh.now, fresh.real_now);
    for (const key of ["shop", "channels", "person", "people", "threads", "windows", "products", "orders", "faults", "blocked"]) {
      if (fresh[key] !== undefined && fresh[key] !== null) state[key] = fresh[key];
    }
    state.orders = state.orders.toReversed(); // the server tells the oldest first
    for (const key of Object.keys(seen)) seen[key] = Math.min(seen[key], now().getTime()); // time may have been put back
    for (const [name, messages] of Object.entries(state.threads)) state.threads[name] = sorted(messages);
    if (!channelOf()) state.channel = state.channels[0]?.name ?? "";
    state.ready = true;
  } finally {
    const held = waiting;
    waiting = null;
    for (const event of held) apply(event, true);
  }
  tell("all");
}

/** One event of the stream. */
export function apply(event, quiet = false) {
  if (waiting !== null) {
    waiting.push(event);
    return;
  }
  const emit = quiet ? () => {} : tell;
  switch (event.type) {
    case "message":
    case "update":
      if (event.message?.person === state.person.key) putMessage(event.message, emit);
      break;
    case "typing":
      if (event.person === state.person.key) setTyping(event.channel, Boolean(event.on));
      break;
    case "clock":
      setClock(event.now);
      emit("clock");
      emit("thread", {});
      break;
    case "order":
      if (event.order && [null, undefined, state.person.key].includes(event.order.person)) putOrder(event.order, emit);
      break;
    case "reset":
      tell("reset");
      break;
    default: // a newer server may say more than this page knows
  }
}

function putMessage(message, emit) {
  const list = state.threads[message.channel] ?? [];
  const index = list.findIndex((one) => one.id === message.id);
  const fresh = index < 0;
  state.threads[message.channel] = fresh ? sorted([...list, message]) : list.with(index, message);
  if (fresh && message.from === "buyer") openWindow(message);
  if (fresh && message.from !== "buyer") setTyping(message.channel, false);
  emit("thread", { channel: message.channel, fresh: fresh ? message : null });
  emit("tabs");
}

/** The buyer's word opens the window; the server says so too, at the next fetch. */
function openWindow(message) {
  const hours = channelOf(message.channel)?.window_hours;
  if (!hours) return;
  const until = new Date(new Date(message.at).getTime() + hours * 3_600_000);
  const before = state.windows[message.channel];
  if (!before || new Date(before) < until) state.windows = { ...state.windows, [message.channel]: until.toISOString() };
}

export function putOrder(order, emit = tell) {
  const index = state.orders.findIndex((one) => one.id === order.id);
  // An event may carry less than the world does: keep the links that are already known.
  if (index < 0) state.orders = [order, ...state.orders];
  else state.orders = state.orders.with(index, { ...state.orders[index], ...order });
  emit("orders");
}

function setTyping(channel, typing) {
  clearTimeout(timers.get(channel));
  if (Boolean(state.typing[channel]) === typing && !typing) return;
  state.typing = { ...state.typing, [channel]: typing };
  if (typing) timers.set(channel, setTimeout(() => setTyping(channel, false), TYPING_MS));
  tell("typing");
}

function setClock(text, realText) {
  const at = new Date(text).getTime();
  if (Number.isNaN(at)) return;
  state.offset = at - Date.now();
  if (realText) state.realOffset = new Date(realText).getTime() - Date.now();
}

export function clockIs(text) {
  setClock(text);
  tell("clock");
  tell("thread", {});
}

/** By the platform's time; equal times keep the order in which they came. */
function sorted(messages) {
  return messages.map((message, index) => [message, index])
    .sort(([a, i], [b, j]) => new Date(a.at) - new Date(b.at) || i - j)
    .map(([message]) => message);
}

// What has been looked at, per person and channel, so that badges survive a reload.

const place = (channel) => `${state.person.key} ${channel}`;

export function unread(channel) {
  const until = seen[place(channel)] ?? 0;
  return thread(channel).filter((one) => one.from !== "buyer" && one.from !== "system" && new Date(one.at).getTime() > until).length;
}

/** Marks the chat as looked at. Returns whether there was anything new. */
export function look(channel = state.channel) {
  const fresh = unread(channel) > 0;
  const last = thread(channel).at(-1);
  if (fresh && last) {
    seen[place(channel)] = new Date(last.at).getTime();
    remember();
    tell("tabs");
  }
  return fresh;
}

function remembered() {
  try {
    return JSON.parse(sessionStorage.getItem(SEEN) ?? "{}") ?? {};
  } catch {
    return {};
  }
}

function remember() {
  try {
    sessionStorage.setItem(SEEN, JSON.stringify(seen));
  } catch { /* storage is switched off: badges count from this visit */ }
}
