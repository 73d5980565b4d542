/*
 * Writing: replies and notes that are never lost.
 *
 * What somebody types is kept in the browser at once and on the server a moment later, and leaves the field only
 * when the server has said yes. Every message has a key: however often it is sent, it goes out once.
 */

import { openDialog, toast } from "./base.js";
import { Picks } from "./picks.js";
import { Emoji } from "./emoji.js";
import { Files } from "./files.js";

const GAP = /⟦[^⟦⟧]*⟧/;

export async function post(url, body, options = {}) {
  const json = !(body instanceof FormData);
  return fetch(url, {
    method: "POST",
    body: json ? JSON.stringify(body) : body,
    headers: {
      "HX-Request": "true",
      "X-CSRF-Token": document.querySelector("meta[name=csrf]").content,
      ...(json ? { "Content-Type": "application/json" } : {}),
    },
    ...options,
  });
}

class DeskComposer extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.field = this.querySelector("#composer-text");
    this.words = {};
    for (const one of this.querySelector("#composer-words").content.querySelectorAll("i")) this.words[one.dataset.key] = one.textContent;
    this.name = this.closest("desk-thread")?.dataset.name ?? "";
    this.store = `desk.draft.${this.dataset.me}.${this.dataset.id}`;
    this.gone = new AbortController();
    const { signal } = this.gone;
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.send(); }, { signal });
    this.field.addEventListener("input", () => this.typed(), { signal });
    this.field.addEventListener("keydown", (event) => this.key(event), { signal });
    this.addEventListener("change", (event) => this.changed(event), { signal });
    this.addEventListener("click", (event) => this.clicked(event), { signal });
    document.addEventListener("click", (event) => this.clickedOutside(event), { signal });
    document.addEventListener("desk:presence", (event) => this.others(event.detail.threads[this.dataset.id] ?? []), { signal });
    document.addEventListener("desk:signed-out", (event) => {
      if (!this.field.value.trim()) return;
      event.preventDefault();
      this.keepHere();
      this.signedOut();
    }, { signal });
    window.addEventListener("pagehide", () => this.keepNow(true), { signal });
    this.files = new Files(this);
    this.picks = new Picks(this);
    this.emoji = new Emoji(this);
    this.restore();
    this.count();
  }

  disconnectedCallback() {
    this.keepNow(true);
    this.gone?.abort();
    clearTimeout(this.saving);
  }

  say(key, values = {}) {
    let words = this.words[key] ?? "";
    for (const [name, value] of Object.entries(values)) words = words.replaceAll(`{${name}}`, () => value);
    return words;
  }

  get note() { return this.dataset.mode === "note"; }
  get window() { return this.querySelector("#composer-now")?.dataset.window ?? "always"; }

  /* Two who answer at once answer twice: whoever writes here too is named beside the field. */
  others(here) {
    const typing = here.filter(([account, , types]) => types && String(account) !== this.dataset.me).map(([, name]) => name);
    const words = typing.length ? this.say("typing_other", { name: typing.join(", ") }) : "";
    const place = this.querySelector("#composer-others");
    if (place.textContent !== words) place.textContent = words;
  }

  /* -- what is typed is kept */

  restore() {
    let kept = null;
    try { kept = JSON.parse(localStorage.getItem(this.store)); } catch { /* nothing that could be read */ }
    this.newKey(kept?.key);
    if (kept?.text) this.field.value = kept.text;
    if (kept?.text && kept.mode === "note") this.mode("note", false);
    if (this.field.value.trim()) {
      this.hint(this.say("restored"));
      this.field.setSelectionRange(this.field.value.length, this.field.value.length);
    }
  }

  newKey(key) {
    this.messageKey = key || (crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint8Array(16)), (one) => one.toString(16)).join(""));
  }

  typed() {
    this.wrong("");
    this.keepHere();
    this.count();
    clearTimeout(this.saving);
    this.saving = setTimeout(() => this.keepNow(), 900);
  }

  keepHere() {
    try {
      if (this.field.value.trim()) localStorage.setItem(this.store, JSON.stringify({ text: this.field.value, mode: this.dataset.mode, key: this.messageKey }));
      else this.forgetHere();
    } catch { /* a full or forbidden store: the server keeps it a moment later */ }
  }

  /* The server's copy is for replies alone: a note that turns up elsewhere as a reply could go to the buyer. */
  async keepNow(leaving = false) {
    clearTimeout(this.saving);
    const text = this.note ? "" : this.field.value;
    if (text === this.kept || (this.kept === undefined && text === this.field.defaultValue)) return;
    this.kept = text;
    try {
      const answer = await post(`/desk/${this.dataset.id}/draft`, { text }, { keepalive: leaving && text.length < 15000 });
      if (!answer.ok) { this.kept = undefined; return; }
      // From here on the server's copy counts, which this agent may go on with elsewhere.
      if (!this.note && !this.sending && this.field.value === text) this.forgetHere();
      if (text.trim() && !leaving) this.hint(this.words.saved);
    } catch { this.kept = undefined; }
  }

  forgetHere() {
    try { localStorage.removeItem(this.store); } catch { /* nothing was kept */ }
  }

  hint(words) {
    const place = this.querySelector("#composer-saved");
    place.textContent = words;
    place.classList.add("shown");
    clearTimeout(this.hinting);
    this.hinting = setTimeout(() => place.classList.remove("shown"), 2500);
  }

  /* -- how it looks */

  mode(mode, focus = true) {
    this.dataset.mode = mode;
    this.querySelector(`#mode-${mode}`).checked = true;
    const name = this.name;
    this.querySelector("#composer-label").textContent = this.say(`text.${mode}`, { name });
    this.field.placeholder = this.say(`placeholder.${mode}`, { name });
    this.showSend();
    this.keepHere();
    if (focus) this.keepNow();
    this.count();
    this.picks.close();
    if (focus) this.field.focus();
  }

  showSend() {
    const later = ["template", "closed"].includes(this.window);
    const key = this.note ? "send.note" : later ? "send.when_buyer_writes" : "send.reply";
    this.querySelector("#composer-send span").textContent = this.words[key];
  }

  count() {
    const place = this.querySelector("#composer-counter");
    const limit = Number(this.dataset.limit);
    const used = this.dataset.unit === "bytes" ? new TextEncoder().encode(this.field.value.trim()).length : this.field.value.trim().length;
    const split = this.querySelector("#composer-split");
    const over = !this.note && used > limit;
    place.hidden = this.note || used < limit * 0.7;
    place.classList.toggle("over", over);
    place.textContent = place.hidden ? "" : this.say(`counter.${this.dataset.unit}`, { n: used.toLocaleString(document.documentElement.lang), limit: limit.toLocaleString(document.documentElement.lang) });
    clearTimeout(this.splitting);
    if (!over) { split.hidden = true; return; }
    this.splitting = setTimeout(() => this.showSplit(split), 350);
  }

  async showSplit(split) {
    try {
      const answer = await post(`/desk/${this.dataset.id}/split`, { text: this.field.value });
      const { parts } = await answer.json();
      split.querySelector("ol").replaceChildren(...parts.map((part) => Object.assign(document.createElement("li"), { textContent: part })));
      split.querySelector("summary").textContent = parts.length === 1 ? this.words["counter.parts.one"] : this.say("counter.parts.other", { n: parts.length });
      split.hidden = false;
    } catch { split.hidden = true; }
  }

  wrong(words, action) {
    const place = this.querySelector("#composer-wrong");
    place.hidden = !words;
    place.textContent = words;
    this.field.toggleAttribute("aria-invalid", Boolean(words));
    if (!action) return;
    const button = Object.assign(document.createElement(action.href ? "a" : "button"), { className: "button small", textContent: action.words });
    if (action.href) Object.assign(button, { href: action.href, target: "_blank" });
    else { button.type = "button"; button.addEventListener("click", action.act); }
    place.append(button);
  }

  /* -- keys and buttons */

  key(event) {
    if (event.isComposing || this.picks.key(event)) return;
    if (event.key === "Escape" && !this.emoji.shown) this.field.blur();
    if (event.key !== "Enter" || event.shiftKey || event.altKey) return;
    const strong = event.ctrlKey || event.metaKey;
    if (strong || this.dataset.enter) {
      event.preventDefault();
      this.send();
    }
  }

  changed(event) {
    if (event.target.name === "mode") this.mode(event.target.value);
    if (event.target.id === "composer-enter") {
      const enter = event.target.checked;
      this.dataset.enter = enter ? "yes" : "";
      this.querySelector("#composer-keys").textContent = this.words[enter ? "keys.enter" : "keys.ctrl"];
      post("/desk/composer/enter", { enter }).catch(() => { /* it holds for this page; the next choice is sent again */ });
    }
  }

  clicked(event) {
    const tool = event.target.closest("[data-tool]")?.dataset.tool;
    if (tool === "canned") this.picks.open();
    if (tool === "emoji") this.emoji.toggle();
    if (tool === "file") this.querySelector("#composer-file").click();
    if (tool === "template") this.fragment("templates", "template", event.target);
    if (tool === "draft") this.fragment("suggestions", "draft", event.target);
  }

  clickedOutside(event) {
    if (!this.isConnected) return;
    if (!event.target.closest("#composer-picks, #composer-text, [data-tool=canned]")) this.picks.close();
    if (!event.target.closest("#emoji-picker, [data-tool=emoji]")) this.emoji.close();
    const dialog = event.target.closest("#template-dialog, #draft-dialog");
    if (event.target.closest("[data-take]") && dialog) {
      dialog.close();
      this.insert(event.target.closest(".suggestion").querySelector("[data-text]").textContent, true);
    }
    if (event.target.closest("[data-send-template]")) this.sendTemplate(event.target.closest("[data-template]"), dialog);
  }

  async fragment(path, name, opener) {
    const body = document.getElementById(`${name}-body`);
    let answer = null;
    try { answer = await fetch(`/desk/${this.dataset.id}/${path}`, { headers: { "HX-Request": "true" } }); } catch { return this.wrong(this.words.offline); }
    if (answer.status === 401) return this.signedOut();
    if (!answer.ok) return this.wrong(this.words.fetch_failed);
    body.innerHTML = await answer.text();
    body.oninput = (event) => fillPreview(event.target);
    openDialog(`${name}-dialog`, opener);
  }

  insert(text, alone = false) {
    const empty = !this.field.value.trim();
    if (alone && empty) { this.field.value = text; this.field.setSelectionRange(text.length, text.length); }
    else this.field.setRangeText(alone ? `\n${text}` : text, this.field.selectionStart, this.field.selectionEnd, "end");
    if (!this.toGap()) this.field.focus();
    this.typed();
  }

  toGap() {
    const gap = GAP.exec(this.field.value);
    if (!gap) return false;
    this.field.focus();
    this.field.setSelectionRange(gap.index, gap.index + gap[0].length);
    return true;
  }

  /* -- sending */

  async send({ over = false, template = null } = {}) {
    if (this.sending) return;
    const text = this.field.value.trim();
    const media = this.note || template ? [] : this.files.ready();
    if (media === null) return;
    if (!text && !media.length && !template) { this.field.focus(); return this.wrong(this.words.empty); }
    if (!this.note && !template && GAP.test(text)) return this.gap(text);
    const path = this.note ? "note" : "say";
    const sent = this.field.value;
    const body = { key: template?.key ?? this.messageKey, text: template ? "" : text, media, over, template };
    this.busy(true);
    this.keepHere();
    try {
      const answer = await post(`/desk/${this.dataset.id}/${path}`, body);
      if (answer.ok) this.confirmed(await answer.json(), sent, template);
      else await this.failed(answer, { template });
    } catch {
      this.wrong(this.say("failed", { what: this.words.offline }));
    } finally {
      this.busy(false);
    }
  }

  busy(busy) {
    this.sending = busy;
    const button = this.querySelector("#composer-send");
    button.setAttribute("aria-busy", busy);
    if (busy) button.querySelector("span").textContent = this.words.sending;
    else this.showSend();
  }

  gap(text) {
    const names = [...text.matchAll(/⟦([^⟦⟧]*)⟧/g)].map((one) => one[1]).join(", ");
    this.wrong(this.say("gaps", { names }), { words: this.words.gaps_go, act: () => this.toGap() });
    this.toGap();
  }

  confirmed(told, sent, template) {
    const note = this.note && !template;
    if (!template) {
      this.newKey();
      this.files.clear();
      this.field.value = this.field.value.startsWith(sent) ? this.field.value.slice(sent.length).trimStart() : this.field.value === sent ? "" : this.field.value;
      this.kept = "";
      this.keepHere();
      this.count();
      this.field.defaultValue = "";
    }
    this.wrong("");
    if (note) this.mode("reply");
    const undo = told.event && told.seconds > 0.5 ? { action: this.words.undo, act: () => this.unsay(told.event), seconds: told.seconds } : {};
    toast(told.words, { kind: "good", ...undo });
    if (!template) this.field.focus();
    document.dispatchEvent(new CustomEvent("desk:thread", { detail: { id: this.dataset.id } }));
  }

  async unsay(event) {
    let text = null;
    try {
      const answer = await post(`/desk/${this.dataset.id}/unsay`, { event });
      if (answer.status === 401) return this.signedOut();
      if (!answer.ok) throw new Error(`answered ${answer.status}`);
      ({ text } = await answer.json());
    } catch { return toast(this.words.unsay_failed, { kind: "bad" }); }
    document.dispatchEvent(new CustomEvent("desk:thread", { detail: { id: this.dataset.id } }));
    if (text === null) return toast(this.words.too_late, { kind: "bad" });
    this.mode("reply");
    this.field.value = [text, this.field.value].filter((one) => one.trim()).join("\n\n");
    this.typed();
    this.field.focus();
    toast(this.words.undone);
  }

  async failed(answer, again = {}) {
    if (answer.status === 401) return this.signedOut();
    let told = {};
    try { told = await answer.json(); } catch { /* no words of its own */ }
    if (told.why === "taken") return this.askOver(told, again);
    if (told.why === "gaps" && !again.template) this.toGap();
    this.wrong(this.say("failed", { what: told.words ?? "" }));
  }

  signedOut() {
    this.wrong(this.words.signed_out, { words: this.words.sign_in, href: `/login?next=${encodeURIComponent(location.pathname)}` });
  }

  askOver(told, again) {
    const dialog = openDialog("over-dialog", this.querySelector("#composer-send"));
    for (const one of dialog.querySelectorAll("[data-words]")) one.textContent = one.dataset.words.replace("%", () => told.holder);
    dialog.querySelector("#over-send").onclick = () => {
      dialog.close();
      this.send({ ...again, over: true });
    };
    dialog.onclose = () => this.field.focus();
  }

  sendTemplate(chosen, dialog) {
    const fields = [...chosen.querySelectorAll("[data-parameter]")];
    const missing = fields.find((one) => !one.value.trim());
    if (missing) { missing.setAttribute("aria-invalid", "true"); missing.focus(); return; }
    dialog.close();
    chosen.dataset.key ||= crypto.randomUUID?.() ?? String(Math.random());
    const template = { name: chosen.dataset.template, parameters: fields.map((one) => one.value.trim()), key: chosen.dataset.key };
    this.send({ template });
  }
}

function fillPreview(field) {
  if (!field.matches("[data-parameter]")) return;
  const shown = field.closest("[data-template]").querySelector(`[data-for="${field.dataset.parameter}"]`);
  if (shown) shown.textContent = field.value || "…";
  field.toggleAttribute("aria-invalid", !field.value.trim());
}

customElements.define("desk-composer", DeskComposer);

/* The window opens and closes while somebody writes: the button says what it does now. */
document.addEventListener("htmx:after:swap", () => document.querySelector("desk-composer")?.showSend?.());
