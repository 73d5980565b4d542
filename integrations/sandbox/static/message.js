// One message as an <li>. Which look it gets is decided by data (looks.js) and by the stylesheet.

import { avatar, h, icon, newId, pictureUrl, webUrl } from "./dom.js";
import { lookOf } from "./looks.js";
import { mediaView } from "./media.js";
import { isFewEmoji, rich } from "./rich.js";
import { t, timeOf } from "./words.js";

/**
 * `place` tells where it stands: {first, last, newest, quoted, shop}. `act` is what it can do:
 * {tap(message, button), list(message, opener), menu(message, opener), heart(message), jump(id)}.
 */
export function messageView(message, place, act) {
  if (message.from === "system") return h("li", { class: "note" }, h("span", { dir: "auto" }, message.text));
  const look = lookOf(message.channel);
  const side = message.from === "buyer" ? "mine" : "theirs";
  const emoji = message.style === "text" && !message.unsent && !message.reply_to && isFewEmoji(message.text ?? "");
  const buttons = message.unsent ? null : buttonsOf(message, look, act);
  const classes = ["msg", side, `as-${message.style}`];
  if (place.first) classes.push("first");
  if (place.last) classes.push("last");
  if (emoji) classes.push("jumbo");
  if (message.unsent) classes.push("unsent");
  if (buttons) classes.push("with-buttons");
  if (message.reactions?.length) classes.push("reacted");
  const wrap = h("div", { class: "wrap" }, bubbleOf(message, place, look, act), buttons, reactionsOf(message));
  wrap.addEventListener("dblclick", (event) => {
    if (!event.target.closest("button, a")) act.heart(message);
  });
  longPress(wrap, () => act.menu(message, wrap));
  const more = h("button", {
    type: "button", class: "more", "aria-label": t("menu.more"), "aria-haspopup": "dialog",
    onclick: () => act.menu(message, wrap),
  }, icon("more"));
  return h("li", { class: classes.join(" "), dataset: { id: message.id } },
    look.avatars && side === "theirs" ? avatar(place.shop.logo, place.shop.name, place.last ? "small" : "small ghost") : null,
    h("div", { class: "stack" },
      message.from === "owner" && place.first ? h("p", { class: "owner-mark" }, t("owner.mark")) : null,
      h("div", { class: "line" }, wrap, message.unsent ? null : more),
      message.status === "failed" ? failureOf(message) : null));
}

function bubbleOf(message, place, look, act) {
  if (message.unsent) {
    return h("div", { class: "bubble" }, h("p", { class: "text" }, icon("undo"), " ", t(message.from === "buyer" ? "msg.unsentYou" : "msg.unsent"), metaOf(message, look)));
  }
  const parts = [];
  if (message.reply_to) parts.push(quoteOf(message.reply_to, place.quoted, place.shop, act));
  if (message.media || ["location", "sticker"].includes(message.style)) parts.push(mediaView(message));
  const words = message.text || (message.media?.caption ?? "");
  if (message.style === "unsupported" && !words) parts.push(h("p", { class: "text faint" }, t("msg.unsupported"), metaOf(message, look)));
  else if (words || !(parts.length || message.cards?.length)) {
    parts.push(h("p", { class: "text", dir: "auto" }, rich(words, { marks: look.bold }), message.footer ? null : metaOf(message, look)));
  }
  if (message.cards?.length) parts.push(cardsOf(message, act));
  if (message.footer) parts.push(h("p", { class: "footer", dir: "auto" }, message.footer, metaOf(message, look)));
  const worded = Boolean(words || message.footer || message.style === "unsupported");
  const bare = !worded && !message.cards?.length ? metaOf(message, look, "over") : null;
  const classes = ["bubble", worded ? "worded" : "wordless", message.media || ["location", "sticker"].includes(message.style) ? "pictured" : ""];
  return h("div", { class: classes.filter(Boolean).join(" ") }, parts, bare);
}

function metaOf(message, look, extra = "") {
  if (look.stamp !== "inline") {
    return message.edited && !message.unsent ? h("span", { class: `meta ${extra}` }, t("msg.edited")) : null;
  }
  const meta = h("span", { class: `meta ${extra}` });
  if (message.edited && !message.unsent) meta.append(`${t("msg.edited")} `);
  meta.append(h("time", { datetime: message.at }, timeOf(new Date(message.at))));
  if (look.ticks && message.from === "buyer" && !message.unsent) {
    const status = ["sent", "delivered", "read", "failed"].includes(message.status) ? message.status : "sent";
    meta.append(h("span", { class: `tick ${status}`, role: "img", "aria-label": t(`tick.${status}`) }, icon({ sent: "tick", failed: "alert" }[status] ?? "ticks")));
  }
  return meta;
}

function quoteOf(id, quoted, shop, act) {
  const who = quoted ? (quoted.from === "buyer" ? t("msg.you") : shop.name) : "";
  return h("button", { type: "button", class: "quote", onclick: () => act.jump(id) },
    h("span", { class: "quote-who" }, who || t("msg.gone")),
    quoted ? h("span", { class: "quote-text", dir: "auto" }, summary(quoted)) : null);
}

/** One line that stands for a message: in quotes, in the live region. */
export function summary(message) {
  if (message.unsent) return t(message.from === "buyer" ? "msg.unsentYou" : "msg.unsent");
  if (message.text) return message.text;
  const kinds = { image: "photo", video: "video", audio: "audio", voice: "audio", sticker: "sticker", location: "location", ephemeral: "ephemeral", document: "file", file: "file" };
  const kind = kinds[message.media?.type ?? message.style];
  if (message.media?.caption) return message.media.caption;
  if (kind) return t(`msg.${kind}`);
  return message.cards?.[0]?.title ?? t("msg.unsupported");
}

function buttonsOf(message, look, act) {
  const buttons = message.buttons ?? [];
  if (message.style === "list") {
    if (!buttons.length) return null;
    return h("div", { class: "buttons" }, h("button", {
      type: "button", class: "choice opens", "aria-haspopup": "dialog",
      onclick: (event) => act.list(message, event.currentTarget),
    }, icon("list"), h("span", { dir: "auto" }, message.list_label || t("list.choose"))));
  }
  if (!buttons.length || (look.pills && message.style === "quick_replies")) return null;
  const tight = buttons.length > 2 && buttons.every((one) => [...(one.title ?? "")].length <= 4);
  return h("div", { class: `buttons${tight ? " tight" : ""}`, role: "group" }, buttons.map((one) => choice(message, one, act)));
}

/** A button of the bot: a link when it leads somewhere, else something to tap. */
export function choice(message, button, act, extra = "") {
  const title = button.title ?? "";
  const href = button.url ? webUrl(button.url) : null;
  if (href !== null) {
    return h("a", { class: `choice link ${extra}`, href, target: "_blank", rel: "noopener noreferrer", "aria-label": t("msg.opens", { title }), onclick: (event) => act.follow(event, href) },
      h("span", { dir: "auto" }, title), icon("out"));
  }
  const tapped = message.tapped !== null && message.tapped !== undefined && message.tapped === button.payload;
  return h("button", { type: "button", class: `choice ${tapped ? "tapped" : ""} ${extra}`.trim(), "aria-pressed": tapped ? "true" : null, onclick: () => act.tap(message, button) },
    icon("answer", "answer"), h("span", { dir: "auto" }, title), tapped ? icon("check", "tapped-mark") : null);
}

function cardsOf(message, act) {
  const id = newId("cards");
  const row = h("div", { class: "cards", id, tabindex: "0", role: "group", "aria-label": t("msg.cards", { n: message.cards.length }) },
    message.cards.map((card) => h("article", { class: "product" },
      pictureOf(card.image_url, card.title),
      h("div", { class: "product-words" },
        h("h3", { dir: "auto" }, card.title ?? ""),
        card.subtitle ? h("p", { dir: "auto" }, card.subtitle) : null),
      h("div", { class: "product-buttons" }, (card.buttons ?? []).map((one) => choice(message, one, act))))));
  if (message.cards.length < 2) return h("div", { class: "carousel single" }, row);
  const turn = (direction) => row.scrollBy({ left: direction * (row.firstElementChild.offsetWidth + 8) });
  const back = h("button", { type: "button", class: "turn back", "aria-controls": id, "aria-label": t("msg.prev"), onclick: () => turn(-1) }, icon("left"));
  const forth = h("button", { type: "button", class: "turn forth", "aria-controls": id, "aria-label": t("msg.next"), onclick: () => turn(1) }, icon("right"));
  const edges = () => {
    back.disabled = row.scrollLeft < 4;
    forth.disabled = row.scrollLeft + row.clientWidth > row.scrollWidth - 4;
  };
  row.addEventListener("scroll", edges, { passive: true });
  new ResizeObserver(edges).observe(row);
  return h("div", { class: "carousel" }, row, back, forth);
}

function pictureOf(url, alt) {
  const source = pictureUrl(url);
  const frame = h("div", { class: "product-picture" });
  if (source !== null) {
    const image = h("img", { src: source, alt: alt ?? "", loading: "lazy" });
    image.addEventListener("error", () => image.remove());
    frame.append(image);
  }
  return frame;
}

function reactionsOf(message) {
  if (!message.reactions?.length) return null;
  const emoji = [...new Set(message.reactions.map((one) => one.emoji))];
  return h("div", { class: "reactions", role: "img", "aria-label": t("msg.reaction", { emoji: emoji.join(" ") }) },
    emoji.map((one) => h("span", {}, one)), message.reactions.length > 1 ? h("span", { class: "count" }, String(message.reactions.length)) : null);
}

function failureOf(message) {
  const reason = message.error ? `: ${message.error.title ?? ""} (${message.error.code ?? "?"})` : "";
  return h("p", { class: "failure" }, icon("alert"), ` ${t("msg.failed")}${reason}`);
}

/** A long press on touch screens; a mouse uses the button that appears beside the bubble. */
function longPress(node, act) {
  let timer = null;
  const stop = () => clearTimeout(timer);
  node.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse" || event.target.closest("button, a")) return;
    timer = setTimeout(act, 450);
  });
  for (const end of ["pointerup", "pointercancel", "pointermove", "pointerleave"]) node.addEventListener(end, stop, { passive: true });
  node.addEventListener("contextmenu", (event) => {
    if (event.target.closest("button, a, audio, video")) return;
    event.preventDefault();
    act();
  });
}
