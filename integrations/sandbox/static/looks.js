// What differs between the three looks, as data. A channel this page has never heard of gets the plain one.

const PLAIN = { label: null, tab: "tab-telegram", stamp: "inline", pills: false, bold: false, avatars: false, ticks: true, sub: "head.bot", intro: "intro.telegram", heart: "👍", extras: [] };

const LOOKS = {
  // `stamp`: times stand in the bubble ("inline") or between groups of bubbles ("gap").
  // `pills`: quick replies stand above the composer and vanish with the next message.
  // `bold`: *bold* and _italic_ are drawn as the app draws them.
  instagram: { ...PLAIN, label: "Instagram", tab: "tab-instagram", stamp: "gap", pills: true, avatars: true, ticks: false, sub: null, intro: "intro.instagram", heart: "❤️", extras: ["ephemeral"] },
  whatsapp: { ...PLAIN, label: "WhatsApp", tab: "tab-whatsapp", bold: true, sub: "head.business", intro: "intro.whatsapp", extras: ["ephemeral"] },
  telegram: { ...PLAIN, label: "Telegram" },
};

export const lookOf = (name) => LOOKS[name] ?? PLAIN;
export const labelOf = (name) => lookOf(name).label ?? name;
export const REACTIONS = ["❤️", "👍", "😂", "😮", "😢", "🙏"];
export const EMOJI = ["😀", "😊", "😉", "😍", "🥰", "😂", "🤣", "😅", "😎", "🤔", "😕", "😢", "😭", "😡", "🙄", "😴", "👍", "👎", "👏", "🙏", "💪", "👋", "👌", "🤞", "❤️", "🧡", "💛", "💚", "💙", "💔", "🎉", "🎁", "📦", "🚚", "☕", "🌱", "🔧", "⭐", "✅", "❌", "❓", "❗"];
