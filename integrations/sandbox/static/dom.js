// Small helpers for building the page. Text always goes in as text: nothing here parses markup.

const SVG = "http://www.w3.org/2000/svg";

/** Makes an element. `on…` props become listeners, `dataset` and `class` do what they say, false leaves out. */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else if (name === "dataset") Object.assign(node.dataset, value);
    else if (name === "value") node.value = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** A picture from the sprite in phone.html; decoration only, so give the button around it a name. */
export function icon(name, extra = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", `icon ${extra}`.trim());
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

export function iconButton(name, label, onclick, extra = "") {
  return h("button", { type: "button", class: `icon-button ${extra}`.trim(), "aria-label": label, title: label, onclick }, icon(name));
}

export const byId = (id) => document.getElementById(id);

/** The same file by the name under which this page was opened: localhost and 127.0.0.1 are one server. */
function here(full) {
  const ours = full.protocol === location.protocol && full.port === location.port;
  const file = full.pathname.startsWith("/media/") || full.pathname.startsWith("/sandbox/");
  return ours && file ? new URL(full.pathname + full.search, location.origin) : full;
}

/** Where a picture may come from: this server, https, or a picture inside the address. Anything else is null. */
export function pictureUrl(url) {
  if (typeof url !== "string" || url === "") return null;
  if (/^data:image\//i.test(url)) return url;
  try {
    const full = here(new URL(url, location.href));
    return full.origin === location.origin || full.protocol === "https:" ? full.href : null;
  } catch {
    return null;
  }
}

/** A link that may be followed, or null: no `javascript:` or `data:` ever becomes clickable. */
export function webUrl(url) {
  try {
    const full = here(new URL(url, location.href));
    return ["http:", "https:"].includes(full.protocol) ? full.href : null;
  } catch {
    return null;
  }
}

/** SVG markup (a QR code) as a picture: inside <img> it can run nothing. An address of a picture will do as well. */
export function svgPicture(markup, alt, extra = "") {
  const url = typeof markup === "string" && markup.trimStart().startsWith("<")
    ? `data:image/svg+xml;charset=utf-8,${encodeURIComponent(standalone(markup))}`
    : pictureUrl(markup);
  return url === null ? h("span", { class: `${extra} missing` }) : h("img", { class: extra, src: url, alt });
}

/** Markup made for standing inside a page lacks what a picture of its own needs: the namespace, and a box to scale. */
function standalone(markup) {
  return markup.replace(/<svg\b[^>]*>/i, (tag) => {
    const [, width] = /\swidth="([\d.]+)/.exec(tag) ?? [];
    const [, height] = /\sheight="([\d.]+)/.exec(tag) ?? [];
    const space = /\sxmlns=/.test(tag) ? "" : ` xmlns="${SVG}"`;
    const box = /\sviewBox=/.test(tag) || !width || !height ? "" : ` viewBox="0 0 ${width} ${height}"`;
    return tag.replace(/^<svg/i, `<svg${space}${box}`);
  });
}

/** A round picture, or the first letters of the name when there is none or it does not load. */
export function avatar(url, name, extra = "") {
  const letters = initials(name);
  const frame = h("span", { class: `avatar ${extra}`.trim(), "aria-hidden": "true" }, h("span", { class: "avatar-letters" }, letters));
  const source = pictureUrl(url);
  if (source !== null) {
    const picture = h("img", { src: source, alt: "" });
    picture.addEventListener("error", () => picture.remove());
    frame.append(picture);
  }
  return frame;
}

export function initials(name) {
  const words = String(name ?? "").trim().split(/\s+/).filter(Boolean);
  return words.slice(0, 2).map((word) => [...word][0].toLocaleUpperCase()).join("") || "?";
}

export const reducedMotion = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
export const newId = (() => { let n = 0; return (prefix) => `${prefix}-${(n += 1)}`; })();
