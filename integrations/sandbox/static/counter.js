// The shop's counter: buying, the order with its parcel insert, and what becomes of the parcel.

import { byId, h, icon, iconButton, pictureUrl, svgPicture } from "./dom.js";
import { labelOf, lookOf } from "./looks.js";
import { known, priceOf, t } from "./words.js";
import { on, world } from "./world.js";

const GONE = new Set(["cancelled", "canceled", "refunded"]);
const THERE = new Set(["delivered", "arrived"]);
const UNDERWAY = new Set(["shipped", "fulfilled", "in_transit", ...THERE]);

let sku = null;
const shownOn = new Map(); // order id → the channel whose code is on the insert

/** `act`: {buy(sku), ship(id), arrive(id), cancel(id), scan(channel, link), open(url), copy(url)}. */
export function startCounter(act) {
  const draw = () => {
    drawCounter(act);
    drawOrders(act);
  };
  on("all", draw);
  on("orders", () => drawOrders(act));
  return draw;
}

function drawCounter(act) {
  const place = byId("counter");
  if (!world.products.length) {
    place.replaceChildren(h("p", { class: "faint" }, t("counter.empty")));
    return;
  }
  if (!world.products.some((one) => one.sku === sku)) sku = world.products[0].sku;
  const focused = place.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
  const rows = world.products.map((product) => {
    const input = h("input", { type: "radio", name: "product", value: product.sku, checked: product.sku === sku, dataset: { focus: product.sku } });
    input.addEventListener("change", () => { sku = product.sku; });
    return h("label", { class: "ware" }, input, pictureFrame(product), h("span", { class: "ware-words" },
      h("span", { class: "ware-name", dir: "auto" }, product.title), h("span", { class: "ware-price" }, priceOf(product.price))), icon("check", "ware-mark"));
  });
  const buy = h("button", { type: "button", class: "main-button", id: "buy", dataset: { focus: "buy" }, onclick: () => act.buy(sku) }, icon("bag"), t("counter.buy"));
  place.replaceChildren(h("div", { class: "wares", role: "radiogroup", "aria-label": t("counter.choose") }, rows), buy);
  if (focused !== null) place.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

function pictureFrame(product) {
  const source = pictureUrl(product.image);
  const frame = h("span", { class: "ware-picture", "aria-hidden": "true" }, icon("box"));
  if (source !== null) {
    const image = h("img", { src: source, alt: "", loading: "lazy" });
    image.addEventListener("error", () => image.remove());
    frame.append(image);
  }
  return frame;
}

function drawOrders(act) {
  const place = byId("orders");
  const opened = place.querySelector("details")?.open ?? false;
  const focus = place.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
  const [newest, ...earlier] = world.orders;
  place.replaceChildren();
  if (newest) place.append(orderCard(newest, act));
  if (earlier.length) {
    place.append(h("details", { class: "earlier", open: opened }, h("summary", {}, t("order.earlier", { n: earlier.length })), earlier.map((one) => orderCard(one, act))));
  }
  if (focus) place.querySelector(`[data-focus="${CSS.escape(focus)}"]`)?.focus({ preventScroll: true });
}

function orderCard(order, act) {
  const status = String(order.status ?? "");
  const words = known(`status.${status}`) ? t(`status.${status}`) : status;
  const step = (name, iconName, disabled) => h("button", {
    type: "button", class: "plain-button", disabled, dataset: { act: name, focus: `${order.id} ${name}` }, onclick: () => act[name](order.id),
  }, icon(iconName), t(`order.${name}`));
  return h("article", { class: "order", dataset: { order: order.id } },
    h("div", { class: "order-head" },
      h("div", { class: "order-words" }, h("h3", { class: "order-title", dir: "auto" }, order.title ?? ""), h("p", { class: "order-number" }, order.number ?? order.id)),
      h("span", { class: `chip ${GONE.has(status) ? "gone" : THERE.has(status) ? "there" : UNDERWAY.has(status) ? "underway" : ""}` }, words)),
    insert(order, act),
    h("div", { class: "order-steps" }, step("ship", "truck", UNDERWAY.has(status) || GONE.has(status)), step("arrive", "home", THERE.has(status) || GONE.has(status)), step("cancel", "close", GONE.has(status))));
}

/** The card that lies in the parcel. */
function insert(order, act) {
  const names = world.channels.map((one) => one.name).filter((name) => order.links?.[name]);
  if (!names.length) return null;
  const picked = shownOn.get(order.id) ?? world.channel;
  const channel = names.includes(picked) ? picked : names[0];
  const link = order.links[channel];
  const label = t("order.qr", { channel: labelOf(channel) });
  const tabs = names.map((name) => h("button", {
    type: "button", class: "mini-tab", "aria-pressed": String(name === channel), dataset: { focus: `${order.id} tab ${name}` },
    onclick: () => {
      shownOn.set(order.id, name);
      drawOrders(act);
    },
  }, icon(lookOf(name).tab), labelOf(name)));
  return h("div", { class: "insert" },
    h("div", { class: "insert-top" }, h("p", { class: "insert-kind" }, t("order.insert")),
      iconButton("copy", t("order.copy"), () => act.copy(link.url))),
    h("div", { class: "insert-card" },
      svgPicture(link.qr_svg, label, "qr"),
      h("div", { class: "insert-words" }, h("p", { class: "insert-shop", dir: "auto" }, world.shop.name), h("p", {}, t("order.insertText")))),
    h("div", { class: "mini-tabs", role: "group", "aria-label": t("order.channel") }, tabs),
    h("div", { class: "insert-acts" },
      h("button", { type: "button", class: "main-button small", dataset: { act: "scan", focus: `${order.id} scan` }, onclick: () => act.scan(channel, link) }, icon("scan"), t("order.scan")),
      h("button", { type: "button", class: "plain-button", dataset: { act: "open", focus: `${order.id} open` }, onclick: () => act.open(link.url) }, icon("link"), t("order.link"))));
}
