// The rest of the stage: time, windows, who the buyer is, the owner's phone, faults, forgetting.

import { avatar, byId, h, icon } from "./dom.js";
import { labelOf, lookOf } from "./looks.js";
import { dateOf, spanOf, t, timeOf } from "./words.js";
import { ahead, now, on, world } from "./world.js";

const LEAPS = [["1 hour", "clock.hour", {}], ["1 day", "clock.day", {}], ["3 days", "clock.days", { n: 3 }], ["10 days", "clock.days", { n: 10 }]];
const COUNTS = ["status_500", "status_429", "timeout_after_accept", "drop_before_accept", "slow_ms", "status_delay_ms", "webhook_repeat", "webhook_batch"];
const SWITCHES = ["webhook_lose", "webhook_shuffle", "lose_statuses", "pair_rate", "window"];

/** `act`: {travel(span), person(key), hidePhone(on), block(on), own(text), fault(change), order(json), reset()}. */
export function startStage(act) {
  const drawAll = () => {
    drawClock(act);
    drawBuyer(act);
    drawOwner(act);
    drawFaults(act);
    drawReset(act);
    tick();
  };
  on("all", drawAll);
  on("clock thread", tick);
  setInterval(tick, 1000);
  return drawAll;
}

/** What moves with time, written only where the words changed. */
function tick() {
  if (!world.ready) return;
  const at = now();
  const lead = ahead();
  write(byId("status-time"), timeOf(at));
  write(byId("clock-date"), dateOf(at));
  write(byId("clock-time"), timeOf(at));
  write(byId("clock-lead"), Math.abs(lead) < 60_000 ? t("clock.live") : t("clock.ahead", { time: spanOf(lead + 30_000) }));
  drawWindows(at);
}

function write(node, words) {
  if (node && node.textContent !== words) node.textContent = words;
}

function drawClock(act) {
  const place = byId("clock");
  if (place.childElementCount && place.dataset.said === t("clock.title")) return;
  place.dataset.said = t("clock.title");
  const span = h("input", { type: "text", id: "clock-span", placeholder: t("clock.placeholder"), "aria-label": t("clock.free"), autocomplete: "off", maxlength: "40" });
  const form = h("form", { class: "row" }, span, h("button", { type: "submit", class: "plain-button" }, t("clock.go")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (span.value.trim()) void act.travel(span.value.trim()).then((done) => { if (done) span.value = ""; });
  });
  place.replaceChildren(
    h("div", { class: "clock-face" }, h("p", { class: "clock-time", id: "clock-time" }), h("div", {}, h("p", { class: "clock-date", id: "clock-date" }), h("p", { class: "clock-lead", id: "clock-lead" }))),
    h("div", { class: "leaps" }, LEAPS.map(([leap, key, values]) => h("button", { type: "button", class: "plain-button", dataset: { leap }, onclick: () => act.travel(leap) }, t(key, values)))),
    form);
}

function drawWindows(at) {
  const place = byId("windows");
  const rows = world.channels.map((channel) => {
    const until = world.windows[channel.name] ? new Date(world.windows[channel.name]) : null;
    const left = until ? until - at : 0;
    const total = (channel.window_hours ?? 0) * 3_600_000;
    const always = !channel.window_hours;
    const words = always ? t("windows.always") : left > 0 ? t("windows.left", { time: spanOf(left) }) : t(until ? "windows.closed" : "windows.never");
    return { name: channel.name, words, part: always ? 1 : Math.max(0, Math.min(1, left / total)), open: always || left > 0, hint: always ? "" : t("windows.hours", { n: channel.window_hours }) };
  });
  const sign = JSON.stringify(rows.map((row) => [row.name, row.words, row.hint]));
  if (place.dataset.sign === sign) return;
  place.dataset.sign = sign;
  place.replaceChildren(...rows.map((row) => {
    const bar = h("span", { class: "bar", "aria-hidden": "true" }, h("i"));
    bar.firstElementChild.style.setProperty("width", `${row.part * 100}%`);
    return h("li", { class: row.open ? "window open" : "window", title: row.hint, dataset: { window: row.name } },
      icon(lookOf(row.name).tab, "window-face"), h("span", { class: "window-name" }, labelOf(row.name)), h("span", { class: "window-left" }, row.words), bar);
  }));
}

function drawBuyer(act) {
  const place = byId("buyer");
  const focus = place.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
  const people = world.people.map((one) => h("button", {
    type: "button", class: "person", "aria-pressed": String(one.key === world.person.key), dataset: { person: one.key, focus: one.key }, onclick: () => act.person(one.key),
  }, avatar(null, one.name, `tone-${toneOf(one.key)}`), h("span", { class: "person-name", dir: "auto" }, one.name), h("span", { class: "person-language" }, String(one.language ?? "").toUpperCase())));
  place.replaceChildren(h("div", { class: "people", role: "group", "aria-labelledby": "buyer-title" }, people),
    toggle("hide-phone", t("buyer.hidePhone"), t("buyer.hidePhoneHint"), Boolean(world.person.whatsapp?.hide_phone), act.hidePhone),
    world.channel ? toggle("block", t("buyer.block", { channel: labelOf(world.channel) }), null, Boolean(world.blocked?.[world.channel]), act.block) : null);
  if (focus) place.querySelector(`[data-focus="${CSS.escape(focus)}"]`)?.focus({ preventScroll: true });
}

const toneOf = (key) => [...String(key)].reduce((sum, letter) => sum + letter.codePointAt(0), 0) % 4;

function toggle(id, words, hint, checked, change) {
  const input = h("input", { type: "checkbox", role: "switch", id, checked, dataset: { focus: id } });
  input.addEventListener("change", () => {
    void change(input.checked).then((done) => { if (!done) input.checked = !input.checked; });
  });
  return h("label", { class: "toggle" }, h("span", { class: "toggle-words" }, words, hint ? h("small", {}, hint) : null), input);
}

function drawOwner(act) {
  const place = byId("owner");
  if (place.dataset.said === t("owner.title")) return;
  const kept = byId("owner-text")?.value ?? "";
  place.dataset.said = t("owner.title");
  const text = h("textarea", { id: "owner-text", rows: "2", dir: "auto", maxlength: "4096", placeholder: t("owner.placeholder"), "aria-label": t("owner.label"), value: kept });
  const form = h("form", { class: "column" }, text, h("button", { type: "submit", class: "plain-button" }, icon("send"), t("owner.send")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (text.value.trim()) void act.own(text.value.trim()).then((done) => { if (done) text.value = ""; });
  });
  place.replaceChildren(h("p", { class: "faint" }, t("owner.hint")), form);
}

function drawFaults(act) {
  const place = byId("faults");
  const typing = place.contains(document.activeElement);
  const keep = byId("fault-order")?.value ?? "";
  if (typing && place.dataset.said === t("faults.title")) return;
  place.dataset.said = t("faults.title");
  const counts = COUNTS.filter((name) => name in world.faults).map((name) => {
    const input = h("input", { type: "number", min: "0", max: "600000", step: "1", value: String(world.faults[name] ?? 0), dataset: { fault: name } });
    input.addEventListener("change", () => void act.fault({ [name]: Math.max(0, Math.trunc(Number(input.value) || 0)) }));
    return h("label", { class: "count" }, h("span", {}, t(`faults.${name}`)), input);
  });
  const switches = SWITCHES.filter((name) => name in world.faults).map((name) => toggle(`fault-${name}`, t(`faults.${name}`), null, Boolean(world.faults[name]), (value) => act.fault({ [name]: value })));
  const json = h("textarea", { id: "fault-order", rows: "3", spellcheck: "false", class: "code", "aria-label": t("faults.order"), placeholder: t("faults.order"), value: keep });
  const form = h("form", { class: "column" }, json, h("button", { type: "submit", class: "plain-button" }, t("faults.orderSend")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (json.value.trim()) void act.order(json.value);
  });
  place.replaceChildren(h("p", { class: "faint" }, t("faults.hint")), h("div", { class: "counts" }, counts), ...switches, form);
}

function drawReset(act) {
  const place = byId("reset");
  if (place.dataset.said === t("reset.ask")) return;
  place.dataset.said = t("reset.ask");
  let timer = null;
  const button = h("button", { type: "button", class: "quiet-button", onclick: () => {
    clearTimeout(timer);
    if (button.dataset.sure) {
      delete button.dataset.sure;
      button.textContent = t("reset.ask");
      void act.reset();
      return;
    }
    button.dataset.sure = "yes";
    button.textContent = t("reset.sure");
    timer = setTimeout(() => {
      delete button.dataset.sure;
      button.textContent = t("reset.ask");
    }, 4000);
  } }, t("reset.ask"));
  place.replaceChildren(button);
}
