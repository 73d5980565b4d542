// Pictures, voices, places: what a message may carry besides words.

import { h, icon, pictureUrl, webUrl } from "./dom.js";
import { t } from "./words.js";

const WAVE = [5, 9, 14, 8, 17, 22, 12, 19, 24, 15, 10, 20, 26, 14, 8, 12, 21, 16, 9, 6, 13, 18, 11, 7, 5];

/** The picture part of a message. A kind nobody knows becomes a plain file. */
export function mediaView(message) {
  const media = message.media ?? { type: message.style, url: null };
  const kind = ["location", "sticker"].includes(message.style) ? message.style : media.type;
  switch (kind) {
    case "image": return imageView(media.url, t("msg.photo"), "photo");
    case "sticker": return imageView(media.url ?? "/sandbox/static/sample-sticker.png", t("msg.sticker"), "sticker");
    case "location": return imageView("/sandbox/static/sample-map.svg", t("msg.location"), "map");
    case "video": return videoView(media.url);
    case "audio":
    case "voice": return voiceView(media.url);
    case "ephemeral": return h("div", { class: "media once" }, h("span", { class: "once-mark" }, "1"), t("msg.ephemeral"));
    default: return fileView(media.url);
  }
}

function imageView(url, alt, kind) {
  const source = pictureUrl(url);
  const frame = h("div", { class: `media ${kind}` });
  const missing = () => frame.replaceChildren(icon("photo", "missing-picture"), h("span", { class: "hidden" }, alt));
  if (source === null) {
    missing();
    return frame;
  }
  const image = h("img", { src: source, alt, draggable: "false" });
  image.addEventListener("error", missing);
  frame.append(image);
  return frame;
}

function videoView(url) {
  const source = url ? webUrl(url) : null;
  if (source !== null && new URL(source).origin === location.origin) {
    return h("div", { class: "media video" }, h("video", { src: source, controls: true, preload: "metadata", "aria-label": t("msg.video") }));
  }
  const face = [icon("play", "play-mark"), h("span", { class: "hidden" }, t("msg.video"))];
  return source === null
    ? h("div", { class: "media video blank" }, face)
    : h("a", { class: "media video blank", href: source, target: "_blank", rel: "noopener noreferrer" }, face);
}

function voiceView(url) {
  const source = url ? webUrl(url) : null;
  const wave = h("span", { class: "wave", "aria-hidden": "true" }, WAVE.map((height) => {
    const bar = h("i");
    bar.style.setProperty("--h", `${height}px`);
    return bar;
  }));
  const playable = source !== null && new URL(source).origin === location.origin;
  const sound = playable ? new Audio(source) : null;
  const play = h(playable ? "button" : "span", { class: "voice-play", type: playable ? "button" : null, "aria-label": playable ? t("msg.play") : null }, icon("play"));
  if (sound) {
    play.addEventListener("click", () => (sound.paused ? void sound.play().catch(() => {}) : sound.pause()));
    for (const [event, name] of [["play", "pause"], ["pause", "play"], ["ended", "play"]]) {
      sound.addEventListener(event, () => play.replaceChildren(icon(name)));
    }
  }
  return h("div", { class: "media voice", role: playable ? null : "img", "aria-label": playable ? null : t("msg.audio") }, play, wave, h("span", { class: "voice-time" }, "0:04"));
}

function fileView(url) {
  const href = url ? webUrl(url) : null;
  const name = href ? decodeURIComponent(new URL(href).pathname.split("/").pop() || t("msg.file")).slice(0, 80) : t("msg.file");
  const inside = [icon("file"), h("span", { dir: "auto" }, name)];
  return href === null
    ? h("div", { class: "media file" }, inside)
    : h("a", { class: "media file", href, target: "_blank", rel: "noopener noreferrer" }, inside);
}
