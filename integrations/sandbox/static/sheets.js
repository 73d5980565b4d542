// What lies over the chat: the list sheet, the message menu, the scanner. One at a time; Escape closes it and the
// focus goes back to where it was.

import { byId, h, icon, newId, reducedMotion, svgPicture } from "./dom.js";
import { REACTIONS } from "./looks.js";
import { t } from "./words.js";

const overlay = byId("overlay");
let close = () => {};

/** Shows `panel` over the chat until closed. Returns the closing function. */
function cover(panel, { opener, kind }) {
  close();
  const before = opener ?? document.activeElement;
  const onkey = (event) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      close();
    } else if (event.key === "Tab") keepInside(event, panel);
  };
  overlay.dataset.kind = kind;
  overlay.replaceChildren(h("button", { type: "button", class: "veil", tabindex: "-1", "aria-label": t("close"), onclick: () => close() }), panel);
  overlay.hidden = false;
  overlay.addEventListener("keydown", onkey);
  close = () => {
    close = () => {};
    overlay.removeEventListener("keydown", onkey);
    overlay.hidden = true;
    overlay.replaceChildren();
    const target = before?.isConnected ? (before.matches("button, a, input, textarea, [tabindex]") ? before : before.closest("li")?.querySelector(".more")) : null;
    (target ?? byId("composer-text"))?.focus({ preventScroll: true });
  };
  return close;
}

export const closeOverlay = () => close();

function keepInside(event, panel) {
  const stops = [...panel.querySelectorAll("button, input, a")].filter((one) => !one.disabled && (one.type !== "radio" || one.checked || !panel.querySelector("input:checked")));
  if (!stops.length) return;
  const [first, last] = [stops[0], stops.at(-1)];
  if (event.shiftKey && document.activeElement === first) {
    event.preventDefault();
    last.focus();
  } else if (!event.shiftKey && document.activeElement === last) {
    event.preventDefault();
    first.focus();
  }
}

/** The list of a message as a bottom sheet with one row per choice; `send(button)` when one was confirmed. */
export function listSheet(message, opener, send) {
  const title = newId("sheet");
  const name = newId("choice");
  const confirm = h("button", { type: "submit", class: "sheet-send", disabled: true }, t("list.send"));
  const rows = message.buttons.map((button, index) => {
    const input = h("input", { type: "radio", name, value: String(index) });
    return h("label", { class: "sheet-row" },
      h("span", { class: "sheet-words" },
        h("span", { class: "sheet-name", dir: "auto" }, button.title ?? ""),
        button.description ? h("span", { class: "sheet-hint", dir: "auto" }, button.description) : null),
      input, h("span", { class: "radio", "aria-hidden": "true" }));
  });
  const form = h("form", { class: "sheet", role: "dialog", "aria-modal": "true", "aria-labelledby": title },
    h("div", { class: "sheet-head" },
      h("button", { type: "button", class: "icon-button", "aria-label": t("close"), onclick: () => close() }, icon("close")),
      h("h2", { id: title, dir: "auto" }, message.list_label || t("list.title"))),
    h("div", { class: "sheet-rows", role: "radiogroup", "aria-labelledby": title }, rows), confirm);
  form.addEventListener("change", () => { confirm.disabled = false; });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const picked = form.querySelector("input:checked");
    if (picked === null) return;
    close();
    send(message.buttons[Number(picked.value)]);
  });
  cover(form, { opener, kind: "sheet" });
  rows[0]?.querySelector("input").focus({ preventScroll: true });
}

/** Reactions and actions for one message, beside its bubble. `entries` are [icon, words, action]. */
export function messageMenu(message, anchor, { react, entries, details }) {
  const own = message.reactions?.find((one) => one.from === "buyer")?.emoji ?? null;
  const faces = REACTIONS.map((emoji) => h("button", {
    type: "button", class: "face", "aria-label": t(emoji === own ? "menu.unreact" : "menu.react", { emoji }), "aria-pressed": String(emoji === own),
    onclick: () => {
      close();
      react(emoji === own ? null : emoji);
    },
  }, emoji));
  const items = entries.map(([name, words, action]) => h("button", {
    type: "button", class: "menu-item",
    onclick: () => {
      close();
      action();
    },
  }, h("span", {}, words), icon(name)));
  const panel = h("div", { class: "menu", role: "dialog", "aria-modal": "true", "aria-label": t("menu.title") },
    h("div", { class: "faces" }, faces), h("div", { class: "menu-items" }, items), details ? h("p", { class: "menu-details" }, details) : null);
  cover(panel, { opener: anchor, kind: "menu" });
  place(panel, anchor, message.from === "buyer");
  faces[0].focus({ preventScroll: true });
}

function place(panel, anchor, right) {
  const screen = overlay.getBoundingClientRect();
  const bubble = anchor.getBoundingClientRect();
  const [width, height] = [panel.offsetWidth, panel.offsetHeight];
  const below = bubble.bottom - screen.top + 8;
  const above = bubble.top - screen.top - height - 8;
  const top = below + height < screen.height - 12 ? below : above > 48 ? above : (screen.height - height) / 2;
  const left = right ? bubble.right - screen.left - width : bubble.left - screen.left;
  panel.style.setProperty("top", `${Math.max(12, top)}px`);
  panel.style.setProperty("left", `${Math.min(Math.max(12, left), screen.width - width - 12)}px`);
}

/** The camera for a moment, with the code in its frame. Resolves when it has been read. */
export function scanner(qr, label) {
  const panel = h("div", { class: "scanner", role: "status" },
    h("div", { class: "finder" }, svgPicture(qr, label, "finder-code"), h("span", { class: "beam" })),
    h("p", {}, t("scan.busy")));
  const shut = cover(panel, { kind: "scan" });
  return new Promise((resolve) => {
    setTimeout(() => {
      shut();
      resolve();
    }, reducedMotion() ? 150 : 950);
  });
}
