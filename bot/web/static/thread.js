/*
 * An open thread: endless history, what is new, and the small things that agents do in it.
 *
 * Nothing jumps: what is put in above keeps the messages under the eye where they are, what is put in below only
 * scrolls somebody who was at the end. What has not changed is not touched. Told of news by the event `desk:thread`
 * on the document (desk.js); `desk:told` from the server is a word about what was done.
 */

import { ask, openDialog, toast } from "./base.js";

const MOST = 400;
const NEAR_END = 90;

/* What tells one state of a line from another. Whether its speaker is named again only depends on where a stretch begins. */
const printOf = (line) => line.outerHTML.replace(" joins", "").replace('bubble-head hidden-words"', 'bubble-head"');

class DeskThread extends HTMLElement {
  connectedCallback() {
    this.scroller = this.querySelector("#thread-scroll");
    this.list = this.querySelector("#thread-items");
    this.newest = this.querySelector("#to-newest");
    this.unseen = 0;
    this.prints = new Map();
    for (const line of this.list.querySelectorAll("[data-key]")) this.prints.set(line.dataset.key, printOf(line));
    this.newestWords = this.newest.querySelector("[data-count]").textContent;
    this.gone = new AbortController();
    const { signal } = this.gone;
    this.addEventListener("click", (event) => this.clicked(event), { signal });
    this.addEventListener("submit", (event) => this.submitted(event), { signal });
    this.scroller.addEventListener("scroll", () => this.scrolled(), { signal, passive: true });
    document.addEventListener("desk:thread", (event) => {
      const { id, print } = event.detail ?? {};
      if ((id && String(id) !== this.dataset.id) || (print && print === this.print)) return;
      this.told = print ?? this.told;
      this.refresh();
    }, { signal });
    this.watcher = new IntersectionObserver((seen) => {
      for (const one of seen) if (one.isIntersecting) this.load(one.target.dataset.edge);
    }, { root: this.scroller, rootMargin: "500px 0px" });
    this.sizes = new ResizeObserver(() => this.sized());
    this.sizes.observe(this.scroller);
    const composer = this.querySelector(".composer, .composer-closed");
    if (composer) this.sizes.observe(composer);
    this.start();
  }

  disconnectedCallback() {
    this.gone?.abort();
    clearTimeout(this.trying);
    this.watcher?.disconnect();
    this.sizes?.disconnect();
  }

  start() {
    // On a phone the messages need the room more than the reason does.
    if (matchMedia("(max-width: 599px)").matches) document.getElementById("thread-case")?.removeAttribute("open");
    const at = this.dataset.around && document.getElementById(this.dataset.around);
    if (at) this.show(at);
    else this.toEnd();
    this.hold();
    requestAnimationFrame(() => {
      for (const edge of this.querySelectorAll("[data-edge]")) this.watcher.observe(edge);
    });
  }

  /* -- where it stands */

  more(side) { return !this.querySelector(`[data-edge=${side}]`).hidden; }
  setMore(side, more) {
    this.querySelector(`[data-edge=${side}]`).hidden = !more;
    if (side === "before") this.querySelector(".begin").hidden = more || !this.list.children.length;
  }
  lines() { return [...this.list.querySelectorAll("[data-key]")]; }
  atEnd() {
    const { scrollTop, clientHeight, scrollHeight } = this.scroller;
    return !this.more("after") && scrollHeight - scrollTop - clientHeight < NEAR_END;
  }
  toEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.heldAt = this.scroller.scrollTop;
  }

  hold() {
    this.held = this.atEnd();
    this.heldAt = this.scroller.scrollTop;
  }

  /* Whoever has just scrolled up is let go, though the browser tells of it only with its next frame. */
  get holding() { return this.held && (this.scroller.scrollTop >= this.heldAt - 1 || this.atEnd()); }

  scrolled() {
    this.hold();
    if (this.held) this.unseen = 0;
    this.showNewest();
  }

  sized() {
    const composer = this.querySelector(".composer, .composer-closed");
    this.style.setProperty("--composer-height", `${composer?.offsetHeight ?? 0}px`);
    if (this.holding) this.toEnd();
  }

  showNewest() {
    this.newest.hidden = this.held;
    this.newest.classList.toggle("fresh", this.unseen > 0);
    const words = this.unseen === 1 ? this.dataset.wordsNewOne : this.dataset.wordsNewOther.replace("%", this.unseen);
    this.newest.querySelector("[data-count]").textContent = this.unseen ? words : this.newestWords;
  }

  show(line) {
    for (const other of this.list.querySelectorAll(".found")) other.classList.remove("found");
    line.scrollIntoView({ block: "center" });
    line.classList.add("found");
    line.tabIndex = -1;
    this.hold();
    this.showNewest();
  }

  /* -- more of it */

  async load(side) {
    if (this.loading || !this.more(side)) return;
    const edge = side === "before" ? this.lines()[0] : this.lines().at(-1);
    if (!edge) return;
    this.loading = true;
    try {
      const found = await this.fetch(`items?${side}=${edge.dataset.key}`);
      if (!edge.isConnected) return; // by now the list shows another stretch
      if (side === "before") this.putBefore(found);
      else this.putAfter(found);
      this.setMore(side, Boolean(found.dataset[side]));
      this.prune(side);
    } catch (error) {
      if (error.message !== "signed out") toast(this.dataset.wordsStale, { kind: "bad" });
    } finally {
      this.loading = false;
      const target = this.querySelector(`[data-edge=${side}]`);
      this.watcher.unobserve(target);
      this.watcher.observe(target);
    }
  }

  async fetch(path) {
    const response = await ask(`/desk/${this.dataset.id}/${path}`);
    if (!response.ok) throw new Error(`answered ${response.status}`);
    const box = document.createElement("template");
    box.innerHTML = await response.text();
    return box.content.querySelector("ol");
  }

  putBefore(found) {
    const coming = new Set([...found.querySelectorAll("[data-key]")].map((line) => line.dataset.key));
    const anchor = this.lines().find((line) => !coming.has(line.dataset.key));
    const was = anchor?.getBoundingClientRect().top;
    this.note(found);
    this.list.prepend(...found.children);
    this.tidy();
    if (anchor) this.scroller.scrollTop += anchor.getBoundingClientRect().top - was;
  }

  putAfter(found) {
    this.note(found);
    this.list.append(...found.children);
    this.tidy();
  }

  note(found) {
    for (const line of found.querySelectorAll("[data-key]")) {
      this.prints.set(line.dataset.key, printOf(line));
      document.getElementById(line.id)?.remove();
    }
  }

  /* A day is named once, above its first message. */
  tidy() {
    let day = "";
    for (const line of [...this.list.children]) {
      if (line.matches(".day")) {
        if (line.dataset.day === day || line.nextElementSibling?.matches(".day")) line.remove();
      }
      day = line.dataset.day;
    }
  }

  /* However far somebody scrolls, the page stays small. */
  prune(side) {
    const lines = this.lines();
    const extra = lines.length - MOST;
    if (extra <= 0) return;
    const drop = side === "before" ? lines.slice(-extra) : lines.slice(0, extra);
    const anchor = side === "before" ? null : lines[extra];
    const was = anchor?.getBoundingClientRect().top;
    for (const line of drop) {
      this.prints.delete(line.dataset.key);
      if (line.previousElementSibling?.matches(".begins, .day") && side === "after") line.previousElementSibling.remove();
      line.remove();
    }
    if (anchor) this.scroller.scrollTop += anchor.getBoundingClientRect().top - was;
    this.setMore(side === "before" ? "after" : "before", true);
  }

  async around(key) {
    if (!document.getElementById(key)) {
      const found = await this.fetch(`items?around=${encodeURIComponent(key)}`);
      if (!document.getElementById(key)) this.replace(found);
    }
    const line = document.getElementById(key);
    if (!line) return;
    this.show(line);
    line.focus({ preventScroll: true });
  }

  replace(found) {
    this.prints.clear();
    this.list.replaceChildren();
    this.putAfter(found);
    this.setMore("before", Boolean(found.dataset.before));
    this.setMore("after", Boolean(found.dataset.after));
  }

  /* -- what is new: a print counts as seen only once everything behind it has been fetched */

  async refresh() {
    if (this.busy) { this.again = true; return; }
    clearTimeout(this.trying);
    this.busy = true;
    const { told } = this;
    try {
      await this.refreshTail(); // says whether anybody is still signed in
      await this.refreshHead();
      this.print = told;
      this.failed = 0;
    } catch (error) {
      if (error.message !== "signed out") this.tryAgain();
    } finally {
      this.busy = false;
      if (this.again) {
        this.again = false;
        setTimeout(() => this.isConnected && this.refresh(), 120);
      }
    }
  }

  tryAgain() {
    this.failed = (this.failed ?? 0) + 1;
    if (this.failed === 3) toast(this.dataset.wordsStale, { kind: "bad" });
    this.trying = setTimeout(() => this.isConnected && this.refresh(), Math.min(500 * 2 ** this.failed, 15000));
  }

  async refreshTail() {
    // Receipts and reactions mostly fall on the newest; further back is looked at now and then.
    const deep = Date.now() - (this.looked ?? 0) > 30000;
    if (deep) this.looked = Date.now();
    const shown = Math.min(Math.max(this.lines().length + 5, 30), deep ? 200 : 80);
    const found = await this.fetch(`tail?shown=${shown}`);
    if (this.more("after")) {
      const last = found.querySelector("[data-key]:last-child");
      if (last && last.dataset.key !== this.lastSeen) { this.unseen ||= 1; this.showNewest(); }
      return;
    }
    this.merge(found);
  }

  merge(found) {
    const held = this.holding;
    const fresh = [...found.querySelectorAll("[data-key]")];
    const known = fresh.filter((line) => this.prints.has(line.dataset.key));
    if (fresh.length && !known.length) {
      this.replace(found);
      this.toEnd();
      return;
    }
    // What is older than everything shown comes when somebody scrolls up to it.
    if (this.more("before")) fresh.splice(0, fresh.indexOf(known[0]));
    const said = [];
    const anchor = this.lines().find((line) => line.getBoundingClientRect().bottom > this.scroller.getBoundingClientRect().top);
    const was = anchor?.getBoundingClientRect().top;
    this.dropUnknown(fresh, known);
    let after = null;
    for (const line of fresh) {
      const key = line.dataset.key;
      const html = printOf(line);
      const here = this.list.querySelector(`[id="${CSS.escape(key)}"]`);
      if (here && this.prints.get(key) === html) { after = here; continue; }
      const lead = [];
      for (let one = line.previousElementSibling; one && !one.dataset.key; one = one.previousElementSibling) lead.unshift(one.cloneNode(true));
      this.prints.set(key, html);
      if (here) this.swap(here, line);
      else {
        const all = [...lead, line.cloneNode(true)];
        if (after) after.after(...all);
        else this.list.prepend(...all);
        if (line.dataset.buyer !== undefined) said.push(line);
      }
      after = this.list.querySelector(`[id="${CSS.escape(key)}"]`);
    }
    this.tidy();
    this.querySelector(".empty")?.remove();
    if (held) this.toEnd();
    else this.keep(anchor, was);
    if (said.length) this.tell(said, held);
  }

  keep(anchor, was) {
    const here = anchor && (anchor.isConnected ? anchor : document.getElementById(anchor.id));
    if (here) this.scroller.scrollTop += here.getBoundingClientRect().top - was;
  }

  /* What stands between those that are known and is no longer there was taken back. */
  dropUnknown(fresh, known) {
    const keys = new Set(fresh.map((line) => line.dataset.key));
    const lines = this.lines();
    const from = lines.findIndex((line) => line.dataset.key === known[0]?.dataset.key);
    if (from < 0) return;
    for (const line of lines.slice(from)) {
      if (keys.has(line.dataset.key)) continue;
      this.prints.delete(line.dataset.key);
      line.remove();
    }
  }

  swap(here, line) {
    const inside = here.contains(document.activeElement) ? document.activeElement : null;
    const open = here.querySelector("details.folded[open]") !== null;
    const copy = line.cloneNode(true);
    here.replaceWith(copy);
    if (open) copy.querySelector("details.folded")?.setAttribute("open", "");
    if (inside) {
      copy.tabIndex = -1;
      (copy.querySelector("button, a, summary") ?? copy).focus({ preventScroll: true });
    }
  }

  tell(said, held) {
    const words = said.at(-1).querySelector(".words, .kind")?.textContent.trim().slice(0, 160) ?? "";
    this.querySelector("#thread-news").textContent = this.dataset.wordsSaid.replace("%", () => words);
    if (!held) this.unseen += said.length;
    this.showNewest();
  }

  async refreshHead() {
    const head = this.querySelector("#thread-head");
    if (head.querySelector("details.menu[open]")) { this.headLater = true; return; }
    const response = await ask(`/desk/${this.dataset.id}/head`);
    if (!response.ok) throw new Error(`answered ${response.status}`);
    const text = await response.text();
    if (this.isConnected) await window.htmx.swap({ text, sourceElement: document.body, target: "#thread-head", swap: "outerMorph" });
  }

  /* -- what agents do */

  clicked(event) {
    const on = (selector) => event.target.closest(selector);
    let found;
    if ((found = on("[data-load]"))) this.load(found.dataset.load);
    else if (on("#to-newest")) this.attempt(this.jumpToEnd());
    else if ((found = on("[data-jump]"))) { event.preventDefault(); this.attempt(this.around(found.dataset.jump)); }
    else if ((found = on("[data-correct]"))) this.attempt(this.correct(found));
    else if ((found = on("[data-retry]"))) this.attempt(this.retry(found));
    else if ((found = on("button[data-ask]")) && found !== this.asked) { event.preventDefault(); this.confirm(found); }
  }

  /* Whoever presses something learns that it did not work. */
  async attempt(doing) {
    try { await doing; } catch (error) {
      if (error.message !== "signed out") toast(this.dataset.wordsFailed, { kind: "bad" });
    }
  }

  async jumpToEnd() {
    if (this.more("after")) this.replace(await this.fetch("tail?shown=50"));
    this.unseen = 0;
    this.toEnd();
    this.scrolled();
    this.scroller.focus({ preventScroll: true });
  }

  confirm(button) {
    const dialog = openDialog("ask-dialog", button);
    dialog.querySelector("#ask-words").textContent = button.dataset.ask;
    dialog.querySelector("#ask-yes").onclick = () => {
      dialog.close();
      this.asked = button;
      button.form.requestSubmit(button);
      this.asked = null;
    };
  }

  async correct(button) {
    const path = `/desk/${this.dataset.id}/correct/${button.dataset.correct}`;
    if (button.dataset.quick) return this.teach(path, new FormData());
    const response = await ask(path);
    if (!response.ok) throw new Error(`answered ${response.status}`);
    document.getElementById("correct-body").innerHTML = await response.text();
    openDialog("correct-dialog", button);
  }

  submitted(event) {
    const form = event.target.closest("form[data-correction]");
    if (!form) return;
    event.preventDefault();
    form.closest("dialog").close();
    this.attempt(this.teach(form.getAttribute("action"), new FormData(form)));
  }

  async teach(path, form) {
    const send = async (body) => {
      const response = await ask(path, { method: "POST", body: new URLSearchParams(body) });
      if (!response.ok) throw new Error(`answered ${response.status}`);
      return response.json();
    };
    const told = await send(form);
    const act = () => this.attempt(send(told.before).then(() => this.refresh()));
    toast(told.words, told.kept ? { kind: "good", action: this.dataset.wordsUndo, act } : { kind: "bad" });
    this.refresh();
  }

  async retry(button) {
    button.disabled = true;
    try {
      const body = JSON.stringify({ outbox: Number(button.dataset.retry) });
      const response = await ask(`/desk/${this.dataset.id}/retry`, { method: "POST", body, headers: { "Content-Type": "application/json" } });
      if (!response.ok) throw new Error(`answered ${response.status}`);
      const told = await response.json();
      toast(told.words, { kind: told.done ? "good" : "bad" });
      this.refresh();
    } finally {
      button.disabled = false;
    }
  }
}

customElements.define("desk-thread", DeskThread);

const thread = () => document.querySelector("desk-thread");

document.addEventListener("desk:told", (event) => {
  toast(event.detail.words, { kind: event.detail.kind });
  thread()?.refresh();
});

/* What stands open in the head stays open when the head is renewed, and shut what was shut. */
let caseOpen = null;
document.addEventListener("htmx:before:swap", () => {
  const about = document.getElementById("thread-case");
  caseOpen = about ? about.open : null;
});
document.addEventListener("htmx:after:swap", () => {
  const about = document.getElementById("thread-case");
  if (about && caseOpen !== null) about.open = caseOpen;
  tick();
});
document.addEventListener("toggle", (event) => {
  const open = thread();
  if (open?.headLater && event.target.matches?.("#thread-head details.menu") && !event.target.open) {
    open.headLater = false;
    open.refresh();
  }
}, true);

/* Countdowns, in the server's time: `data-now` in the head tells how far the two clocks are apart. */
const german = document.documentElement.lang === "de";
const [days, hours, minutes, seconds] = german ? ["Tg.", "Std.", "Min.", "Sek."] : ["d", "h", "min", "s"];
let told = "";
let apart = 0;

function span(total) {
  const [d, h, m, s] = [Math.floor(total / 86400), Math.floor(total / 3600) % 24, Math.floor(total / 60) % 60, total % 60];
  if (d) return `${d} ${days} ${h} ${hours}`;
  if (h) return `${h} ${hours} ${m} ${minutes}`;
  if (m >= 10) return `${m} ${minutes}`;
  return m ? `${m} ${minutes} ${s} ${seconds}` : `${s} ${seconds}`;
}

function tick() {
  const head = document.getElementById("thread-head");
  if (head && head.dataset.now !== told) {
    told = head.dataset.now;
    apart = Number(told) - Date.now();
  }
  const now = Date.now() + apart;
  for (const time of document.querySelectorAll("time[data-span]")) {
    const left = Math.trunc((Date.parse(time.dateTime) - now) / 1000);
    const words = (left >= 0 ? time.dataset.left : time.dataset.over).replace("%", span(Math.abs(left)));
    if (time.textContent !== words) time.textContent = words;
    if (time.dataset.ends === "window") {
      time.parentElement.classList.toggle("near", left < 3600);
      if (left === -1) thread()?.refresh();
    } else {
      time.classList.toggle("bad", left < 0);
      time.classList.toggle("warn", left >= 0 && left < 3600);
    }
  }
}
setInterval(tick, 1000);
tick();
