/*
 * What every page can do: menus, dialogs, toasts, and going to the sign-in when the session is over.
 *
 *   <details data-menu>          closes by Escape, by a click elsewhere and after a choice; data-menu="keep" stays
 *                                open after a choice (menus that hold a form). Arrow keys walk through its items.
 *   <button data-dialog="id">    opens that <dialog>; [data-close] inside closes it; a click on its backdrop as well
 *   <form data-closes>           in a dialog: closes it once htmx has sent it and the server said yes
 *   toast(words, options)        a short word at the bottom; options: kind ("bad" | "good"), action, act, seconds
 *   say(words)                   a word for screen readers alone
 */

const open = "details[data-menu][open]";

document.addEventListener("click", (event) => {
  const menu = event.target.closest("details[data-menu]");
  for (const other of document.querySelectorAll(open)) {
    if (!other.contains(event.target)) other.open = false;
  }
  const item = event.target.closest(".menu-item");
  if (menu && item && menu.dataset.menu !== "keep") setTimeout(() => shut(menu, false));
  const opener = event.target.closest("[data-dialog]");
  if (opener) openDialog(opener.dataset.dialog, opener);
  if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
  if (event.target instanceof HTMLDialogElement) event.target.close();
});

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.(open);
  if (!menu) return;
  if (event.key === "Escape") {
    event.stopPropagation();
    shut(menu, true);
  }
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || event.target.matches("select, textarea, input")) return;
  const items = [...menu.querySelectorAll(".menu-item")].filter((one) => one.checkVisibility());
  if (!items.length) return;
  event.preventDefault();
  const here = items.indexOf(document.activeElement);
  items.at(here < 0 ? (step > 0 ? 0 : -1) : (here + step) % items.length).focus();
}, true);

function shut(menu, focus) {
  menu.open = false;
  if (focus) menu.querySelector("summary").focus();
}

export function openDialog(id, opener) {
  const dialog = document.getElementById(id);
  if (!dialog || dialog.open) return null;
  opener?.closest(open)?.removeAttribute("open");
  dialog.dispatchEvent(new CustomEvent("desk:opens", { detail: { opener }, bubbles: true }));
  dialog.showModal();
  return dialog;
}

document.addEventListener("htmx:after:request", (event) => {
  const form = event.target.closest?.("form[data-closes]");
  if (form && event.detail.ctx.response?.raw?.ok) form.closest("dialog")?.close();
});

export function toast(words, { kind = "", action = "", act = null, seconds = 6 } = {}) {
  const box = document.getElementById("toasts");
  const one = document.createElement("div");
  one.className = `toast ${kind}`;
  const text = document.createElement("span");
  text.className = "grow";
  text.textContent = words;
  one.append(text);
  if (action) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button";
    button.textContent = action;
    button.addEventListener("click", () => {
      one.remove();
      act();
    });
    one.append(button);
  }
  box.append(one);
  leaveLater(one, seconds);
  return one;
}

/* A toast goes by itself, but never under somebody's pointer or focus. */
function leaveLater(one, seconds) {
  setTimeout(() => {
    if (one.matches(":hover, :focus-within")) leaveLater(one, 2);
    else one.remove();
  }, seconds * 1000);
}

new MutationObserver((changes) => {
  for (const change of changes) {
    for (const node of change.addedNodes) {
      if (node.nodeType === 1 && node.dataset.seconds) leaveLater(node, Number(node.dataset.seconds));
    }
  }
}).observe(document.getElementById("toasts"), { childList: true });

export function say(words) {
  const place = document.getElementById("desk-said") ?? document.getElementById("notices");
  place.textContent = "";
  setTimeout(() => { place.textContent = words; }, 60);
}

/* Fetches of our own: what htmx does by itself, they do as well. */
export async function ask(url, options = {}) {
  const response = await fetch(url, {
    ...options,
    headers: {
      "HX-Request": "true",
      "X-CSRF-Token": document.querySelector("meta[name=csrf]").content,
      ...options.headers,
    },
  });
  const elsewhere = response.headers.get("HX-Redirect");
  if (response.status === 401 && elsewhere) {
    const here = encodeURIComponent(location.pathname + location.search);
    // Whoever has unsent words on the page may keep it: by preventDefault().
    const leave = document.dispatchEvent(new CustomEvent("desk:signed-out", { cancelable: true }));
    if (leave) location.assign(`${elsewhere}?next=${here}`);
    throw new Error("signed out");
  }
  return response;
}
