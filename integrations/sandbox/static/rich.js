// Text as the apps draw it: links, and on some channels *bold*, _italic_, ~struck~ and ```code```. Only text nodes.

import { h, webUrl } from "./dom.js";

const LINK = /\bhttps?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]}'’“”]/gi;
const MARKS = [
  [/```([^`]+)```/, "code"],
  [/(?<![\p{L}\p{N}*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\p{L}\p{N}*])/u, "strong"],
  [/(?<![\p{L}\p{N}_])_(?=\S)([^_\n]+?)(?<=\S)_(?![\p{L}\p{N}_])/u, "em"],
  [/(?<![\p{L}\p{N}~])~(?=\S)([^~\n]+?)(?<=\S)~(?![\p{L}\p{N}~])/u, "s"],
];
const FEW_EMOJI = /^(?:\p{Extended_Pictographic}(?:\uFE0F|\p{Emoji_Modifier}|\u200D\p{Extended_Pictographic})*\s*){1,3}$/u;

export const isFewEmoji = (text) => text.length < 40 && FEW_EMOJI.test(text);

/** Nodes for `text`. */
export function rich(text, { marks = false } = {}) {
  const nodes = [];
  let from = 0;
  for (const match of text.matchAll(LINK)) {
    nodes.push(...marked(text.slice(from, match.index), marks));
    const url = webUrl(match[0]);
    nodes.push(url === null ? match[0] : h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, match[0]));
    from = match.index + match[0].length;
  }
  nodes.push(...marked(text.slice(from), marks));
  return nodes;
}

function marked(text, marks) {
  if (text === "") return [];
  if (marks) {
    for (const [pattern, tag] of MARKS) {
      const match = pattern.exec(text);
      if (match !== null) {
        const inner = tag === "code" ? [match[1]] : marked(match[1], true);
        return [...marked(text.slice(0, match.index), true), h(tag, {}, inner), ...marked(text.slice(match.index + match[0].length), true)];
      }
    }
  }
  return [document.createTextNode(text)];
}
