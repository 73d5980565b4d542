// The support group: the owner plays the agents. Everything is fetched anew at every change; it is not much.

import * as api from "./api.js";
import { byId, h, pictureUrl, webUrl } from "./dom.js";

const WORDS = {
  de: {
    skip: "Zum Schreiben springen", tagline: "Hier antworten deine Leute. Spiel sie selbst.", agents: "Wer schreibt", phone: "Zum Telefon",
    topics: "Themen", thread: "Nachrichten", write: "Nachricht in dieses Thema", picture: "Bild", send: "Senden", general: "Allgemein",
    closed: "geschlossen", close: "Schließen", reopen: "Wieder öffnen", delete: "Löschen", edited: "bearbeitet", pinned: "angeheftet",
    empty: "Noch nichts da. Ein Thema entsteht, sobald jemand einen Menschen braucht.", lost: "Verbindung unterbrochen, es geht gleich weiter …",
    file: "Datei", reply: "Antworten", replying: "Antwort auf: ", bot: "Bot",
  },
  en: {
    skip: "Skip to writing", tagline: "This is where your people answer. Play them yourself.", agents: "Who writes", phone: "To the phone",
    topics: "Topics", thread: "Messages", write: "Message in this topic", picture: "Picture", send: "Send", general: "General",
    closed: "closed", close: "Close", reopen: "Reopen", delete: "Delete", edited: "edited", pinned: "pinned",
    empty: "Nothing here yet. A topic appears as soon as somebody needs a human.", lost: "Connection lost, going on in a moment …",
    file: "File", reply: "Reply", replying: "Reply to: ", bot: "Bot",
  },
};
const GENERAL = "general";

const state = { world: null, group: 0, topic: GENERAL, agent: "", replyTo: null, language: "de" };
const t = (key) => WORDS[state.language][key] ?? key;

let fetching = Promise.resolve();
let wanted = false;

function refresh() {
  if (wanted) return;
  wanted = true;
  fetching = fetching.catch(() => {}).then(async () => {
    wanted = false;
    state.world = await api.get("/api/group");
    state.language = state.world.language === "en" ? "en" : "de";
    state.agent ||= state.world.agents[0]?.key ?? "";
    draw();
  }).catch((error) => toast(error.message, "bad"));
}

const group = () => state.world.groups[state.group];
const topic = () => group().topics.find((one) => one.id === state.topic);

async function act(path, body) {
  try {
    return await api.post(`/api/group/${path}`, { agent: state.agent, chat_id: group().chat_id, ...body });
  } catch (error) {
    toast(error.message, "bad");
    return null;
  }
}

function draw() {
  document.documentElement.lang = state.language;
  for (const node of document.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  for (const node of document.querySelectorAll("[data-t-label]")) node.setAttribute("aria-label", t(node.dataset.tLabel));
  byId("group-name").textContent = group().title;
  if (state.topic !== GENERAL && !topic()) state.topic = GENERAL;
  drawAgents();
  drawTopics();
  drawHead();
  drawThread();
}

function drawAgents() {
  keepFocus(byId("group-agents"), state.world.agents.map((one) => h("button", {
    type: "button", "aria-pressed": String(one.key === state.agent), dataset: { focus: one.key },
    onclick: () => { state.agent = one.key; draw(); },
  }, one.name)));
}

function drawTopics() {
  const rows = [];
  state.world.groups.forEach((one, index) => {
    const place = (id, name, note) => h("li", {}, h("button", {
      type: "button", dataset: { focus: `${index}-${id}`, topic: id }, "aria-current": String(index === state.group && id === state.topic),
      onclick: () => { state.group = index; state.topic = id; state.replyTo = null; draw(); toEnd(); },
    }, h("span", { dir: "auto" }, name), note ? h("small", {}, note) : null));
    rows.push(place(GENERAL, state.world.groups.length > 1 ? `${one.title} · ${t("general")}` : t("general"), ""));
    for (const it of one.topics.toReversed()) rows.push(place(it.id, it.name, it.closed ? t("closed") : ""));
  });
  keepFocus(byId("group-topics"), rows);
}

function drawHead() {
  const now = topic();
  byId("group-topic").textContent = now ? now.name : t("general");
  const button = (name, doing) => h("button", { type: "button", class: "group-button", dataset: { focus: doing, act: doing }, onclick: () => void act("topic", { act: doing, topic: now.id }) }, t(name));
  keepFocus(byId("group-acts"), now ? [now.closed ? button("reopen", "reopen") : button("close", "close"), button("delete", "delete")] : []);
}

function drawThread() {
  const place = byId("group-thread");
  const atEnd = place.scrollHeight - place.scrollTop - place.clientHeight < 60;
  const messages = (topic() ?? { messages: group().general }).messages;
  keepFocus(place, messages.length ? messages.map(bubble) : [h("li", { class: "group-msg service" }, t("empty"))]);
  if (atEnd) {
    toEnd();
    // A picture that loads later must not push the newest words out of sight.
    for (const picture of place.querySelectorAll("img")) picture.addEventListener("load", toEnd, { once: true });
  }
  byId("group-text").placeholder = state.replyTo ? t("replying") + state.replyTo.text.slice(0, 60) : t("write");
}

function bubble(one) {
  if (one.from === "service") return h("li", { class: "group-msg service" }, one.text);
  const who = one.from === "bot" ? t("bot") : state.world.agents.find((it) => it.key === one.agent)?.name ?? one.agent;
  const marks = [one.edited ? t("edited") : "", one.pinned ? t("pinned") : ""].filter(Boolean).join(", ");
  const time = new Date(one.at).toLocaleTimeString(state.language, { hour: "2-digit", minute: "2-digit" });
  return h("li", { class: `group-msg ${one.from}`, dataset: { message: one.id } },
    h("header", {}, h("b", {}, who), h("time", { datetime: one.at }, time), marks ? h("span", {}, marks) : null),
    one.media ? file(one.media) : null,
    h("div", { dir: "auto", class: "group-words" }, one.text),
    one.buttons.length ? h("div", { class: "group-buttons" }, one.buttons.map((button) => tappable(one, button))) : null,
    one.reactions.length ? h("div", { class: "group-reactions" }, one.reactions.map((it) => it.emoji).join(" ")) : null,
    h("button", { type: "button", class: "hidden", dataset: { focus: `reply-${one.id}` }, onclick: () => { state.replyTo = one; draw(); byId("group-text").focus(); } }, t("reply")));
}

function tappable(one, button) {
  if (button.url) return h("a", { class: "group-button", href: webUrl(button.url) ?? "#", target: "_blank", rel: "noreferrer" }, button.title);
  return h("button", {
    type: "button", class: "group-button", dataset: { focus: `${one.id}-${button.payload}`, payload: button.payload },
    onclick: () => void act("tap", { message_id: one.id, payload: button.payload }),
  }, button.title);
}

function file(media) {
  const url = pictureUrl(media.url);
  if (url && media.type === "image") return h("img", { src: url, alt: media.caption || t("file") });
  if (url && media.type === "video") return h("video", { src: url, controls: true });
  if (url && media.type === "audio") return h("audio", { src: url, controls: true });
  return h("a", { href: webUrl(media.url) ?? "#", target: "_blank", rel: "noreferrer" }, t("file"));
}

/** Puts new children in place of the old ones; the focus stays on what carries the same name. */
function keepFocus(place, children) {
  const focus = place.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
  const top = place.scrollTop;
  place.replaceChildren(...children);
  place.scrollTop = top;
  if (focus) place.querySelector(`[data-focus="${CSS.escape(focus)}"]`)?.focus({ preventScroll: true });
}

function toEnd() {
  const place = byId("group-thread");
  place.scrollTop = place.scrollHeight;
}

function toast(words, kind = "") {
  if (!words) return;
  const node = h("div", { class: `toast ${kind}`.trim() }, words);
  byId("toasts").append(node);
  setTimeout(() => node.remove(), 6000);
}

const here = () => (state.topic === GENERAL ? null : state.topic);

byId("group-composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = byId("group-text");
  if (!text.value.trim()) return;
  void act("say", { topic: here(), text: text.value.trim(), reply_to: state.replyTo?.id ?? null }).then((done) => {
    if (!done) return;
    text.value = "";
    state.replyTo = null;
    toEnd();
  });
});
byId("group-text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    byId("group-composer").requestSubmit();
  }
});
byId("group-file").addEventListener("click", () => {
  const text = byId("group-text");
  void act("file", { topic: here(), type: "image", caption: text.value.trim() }).then((done) => { if (done) text.value = ""; });
});

api.stream("/api/events", {
  onopen: () => { byId("wire").textContent = ""; refresh(); },
  onevent: (event) => {
    if (event.type === "toast") toast(event.text);
    else if (event.type === "group" || event.type === "reset") refresh();
  },
  ondown: () => { byId("wire").textContent = t("lost"); },
});
