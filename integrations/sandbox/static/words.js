// Every word of the page in German and English, and how dates and durations are said.

const KEY = "nachklang.sandbox.language";

const DE = {
  skip: "Zum Eingabefeld", regie: "Regie", channels: "Kanal wählen", thread: "Chatverlauf", close: "Schließen",
  language: "Sprache", tagline: "Sandbox: Spiel deine Käuferinnen und Käufer, ohne dass eine Nachricht das Haus verlässt.",
  toEnd: "Zu den neuesten Nachrichten", quickReplies: "Schnellantworten", unread: "{n} ungelesen",
  "wire.off": "Verbindung unterbrochen – neuer Versuch läuft …", "wire.on": "",
  "steps.title": "So geht’s", "steps.done": "erledigt",
  "steps.buy": "Etwas kaufen", "steps.buyHint": "an der Ladentheke",
  "steps.open": "Chat öffnen", "steps.openHint": "QR-Code scannen oder Link antippen",
  "steps.setup": "Einrichtung antippen", "steps.setupHint": "Schritt für Schritt im Chat",
  "steps.travel": "In der Zeit reisen", "steps.travelHint": "zum Beispiel 10 Tage weiter",
  "steps.rate": "Mit einem Tipp bewerten", "steps.rateHint": "bei 1 oder 2 übernimmt ein Mensch",
  "buyer.title": "Wer bist du?", "buyer.hidePhone": "Telefonnummer verbergen", "buyer.hidePhoneHint": "WhatsApp nennt dann nur die Nutzerkennung",
  "buyer.block": "Shop auf {channel} blockieren",
  "windows.title": "Nachrichtenfenster", "windows.always": "immer offen", "windows.closed": "geschlossen", "windows.never": "noch nie offen",
  "windows.left": "noch {time}", "windows.hours": "{n} Stunden nach deiner letzten Nachricht",
  "clock.title": "Zeitreise", "clock.live": "Echtzeit", "clock.ahead": "{time} voraus", "clock.hour": "+1 Stunde", "clock.day": "+1 Tag",
  "clock.days": "+{n} Tage", "clock.free": "Andere Spanne, zum Beispiel „3 days“ oder „90 minutes“", "clock.go": "Los", "clock.placeholder": "3 days",
  "counter.title": "Ladentheke", "counter.buy": "Etwas kaufen", "counter.choose": "Produkt wählen", "counter.empty": "Der Laden führt noch nichts.",
  "order.insert": "Karton-Beileger", "order.insertText": "Scannen und in 60 Sekunden startklar.", "order.channel": "Kanal des QR-Codes", "order.qr": "QR-Code für {channel}",
  "order.scan": "QR-Code scannen", "order.link": "Link öffnen", "order.copy": "Link kopieren", copied: "Kopiert", "order.noLink": "Für {channel} gibt es keinen Link.",
  "order.ship": "Paket verschickt", "order.arrive": "Paket angekommen", "order.cancel": "Bestellung stornieren", "order.earlier": "Frühere Bestellungen ({n})",
  "status.placed": "bestellt", "status.created": "bestellt", "status.open": "bestellt", "status.pending": "bestellt", "status.paid": "bezahlt",
  "status.shipped": "unterwegs", "status.fulfilled": "unterwegs", "status.in_transit": "unterwegs", "status.delivered": "angekommen", "status.arrived": "angekommen",
  "status.cancelled": "storniert", "status.canceled": "storniert", "status.refunded": "erstattet",
  "owner.title": "Inhaber antwortet vom Handy", "owner.hint": "So übernimmt ein Mensch das Gespräch: Die Nachricht kommt als Echo zum Bot.", "owner.label": "Antwort des Inhabers", "owner.send": "Als Inhaber senden",
  "owner.placeholder": "Hallo, hier ist Jana aus dem Laden …", "owner.mark": "Inhaber am Handy",
  "faults.title": "Störungen", "faults.hint": "Was die Plattformen an schlechten Tagen tun. Wirkt sofort.",
  "faults.status_500": "Fehler 500, so oft", "faults.status_429": "Zu viele Anfragen (429), so oft", "faults.timeout_after_accept": "Angenommen, aber keine Antwort, so oft",
  "faults.drop_before_accept": "Verbindung bricht vorher ab, so oft", "faults.slow_ms": "Langsam, Millisekunden", "faults.webhook_repeat": "Webhooks wiederholen, so oft",
  "faults.webhook_batch": "Webhooks bündeln, je Paket", "faults.status_delay_ms": "Status verzögern, Millisekunden", "faults.webhook_lose": "Webhooks verlieren", "faults.webhook_shuffle": "Webhooks durcheinander",
  "faults.lose_statuses": "Status verlieren", "faults.pair_rate": "Takt pro Person durchsetzen", "faults.window": "Fenster durchsetzen",
  "faults.order": "Eigene Bestellung (JSON)", "faults.orderSend": "An den Bot schicken", "faults.orderSent": "Bestellung übergeben",
  "reset.ask": "Alle Chats vergessen", "reset.sure": "Wirklich alles vergessen?", "reset.done": "Alle Chats sind vergessen",
  "head.typing": "schreibt …", "head.online": "online", "head.bot": "Bot", "head.business": "Unternehmenskonto",
  "intro.instagram": "Unternehmen auf Instagram", "intro.whatsapp": "Das ist ein Unternehmenskonto. In der Sandbox bleibt alles auf diesem Rechner.", "intro.telegram": "Was kann dieser Bot? Er kümmert sich um dich, nachdem du gekauft hast.",
  "intro.empty": "Noch keine Nachrichten. Kauf etwas und öffne den Chat über den QR-Code – oder schreib einfach.",
  "composer.text": "Nachricht schreiben", "composer.ph.instagram": "Nachricht senden …", "composer.ph.whatsapp": "Nachricht", "composer.ph.telegram": "Nachricht",
  "composer.send": "Senden", "composer.emoji": "Emoji einfügen", "composer.attach": "Anhängen", "composer.replying": "Antwort an {name}", "composer.editing": "Nachricht bearbeiten",
  "composer.cancel": "Abbrechen", "composer.blocked": "Du hast diesen Shop blockiert.", "composer.unblock": "Blockierung aufheben", "composer.prefilled": "Der Link hat den Text schon eingetragen: nur noch senden.",
  "attach.photo": "Foto, alles heil", "attach.broken": "Foto, kaputt", "attach.audio": "Sprach­nachricht", "attach.video": "Video", "attach.sticker": "Sticker", "attach.location": "Standort", "attach.ephemeral": "Einmal-Foto",
  "menu.more": "Nachricht: Aktionen", "menu.reply": "Antworten", "menu.edit": "Bearbeiten", "menu.unsend": "Zurückrufen", "menu.copy": "Text kopieren", "menu.react": "Mit {emoji} reagieren", "menu.unreact": "Reaktion {emoji} entfernen", "menu.title": "Aktionen zur Nachricht",
  "msg.you": "Du", "msg.edited": "bearbeitet", "msg.unsentYou": "Du hast diese Nachricht zurückgerufen", "msg.unsent": "Diese Nachricht wurde gelöscht", "msg.unsupported": "Diese Art von Nachricht wird hier nicht angezeigt.",
  "msg.photo": "Foto", "msg.video": "Video", "msg.audio": "Sprachnachricht", "msg.sticker": "Sticker", "msg.location": "Standort", "msg.file": "Datei", "msg.ephemeral": "Einmal-Foto", "msg.play": "Abspielen", "msg.seen": "Gesehen", "msg.failed": "Nicht zugestellt", "msg.template": "Vorlage {name}",
  "msg.new": "Neue Nachricht von {name}: {text}", "msg.list": "Auswahl öffnen", "msg.gone": "Ursprüngliche Nachricht", "msg.cards": "Karussell mit {n} Karten", "msg.prev": "Vorige Karte", "msg.next": "Nächste Karte", "msg.reaction": "Reaktion {emoji}", "msg.opens": "{title} (öffnet einen neuen Tab)",
  "tick.sent": "gesendet", "tick.delivered": "zugestellt", "tick.read": "gelesen", "tick.failed": "fehlgeschlagen",
  "list.title": "Bitte wählen", "list.send": "Senden", "list.choose": "Optionen",
  "day.today": "Heute", "day.yesterday": "Gestern", "scan.busy": "QR-Code wird gescannt …",
  "error.network": "Der Server antwortet nicht. Läuft er noch?", "error.edit": "Die Nachricht ließ sich nicht ändern.", "error.copy": "Kopieren ist hier nicht erlaubt.",
};

const EN = {
  skip: "To the message box", regie: "Stage", channels: "Choose the channel", thread: "Conversation", close: "Close",
  language: "Language", tagline: "Sandbox: play your buyers without a single message leaving the house.",
  toEnd: "To the newest messages", quickReplies: "Quick replies", unread: "{n} unread",
  "wire.off": "Connection lost – trying again …", "wire.on": "",
  "steps.title": "How it goes", "steps.done": "done",
  "steps.buy": "Buy something", "steps.buyHint": "at the shop counter",
  "steps.open": "Open the chat", "steps.openHint": "scan the QR code or tap the link",
  "steps.setup": "Tap through the setup", "steps.setupHint": "step by step in the chat",
  "steps.travel": "Travel in time", "steps.travelHint": "for instance 10 days ahead",
  "steps.rate": "Rate with one tap", "steps.rateHint": "on 1 or 2 a human takes over",
  "buyer.title": "Who are you?", "buyer.hidePhone": "Hide phone number", "buyer.hidePhoneHint": "WhatsApp then only tells the user id",
  "buyer.block": "Block the shop on {channel}",
  "windows.title": "Messaging windows", "windows.always": "always open", "windows.closed": "closed", "windows.never": "never opened",
  "windows.left": "{time} left", "windows.hours": "{n} hours after your last message",
  "clock.title": "Time travel", "clock.live": "real time", "clock.ahead": "{time} ahead", "clock.hour": "+1 hour", "clock.day": "+1 day",
  "clock.days": "+{n} days", "clock.free": "Another span, such as “3 days” or “90 minutes”", "clock.go": "Go", "clock.placeholder": "3 days",
  "counter.title": "Shop counter", "counter.buy": "Buy something", "counter.choose": "Choose a product", "counter.empty": "The shop sells nothing yet.",
  "order.insert": "Parcel insert", "order.insertText": "Scan it and be ready in 60 seconds.", "order.channel": "Channel of the QR code", "order.qr": "QR code for {channel}",
  "order.scan": "Scan QR code", "order.link": "Open link", "order.copy": "Copy link", copied: "Copied", "order.noLink": "There is no link for {channel}.",
  "order.ship": "Parcel shipped", "order.arrive": "Parcel arrived", "order.cancel": "Cancel order", "order.earlier": "Earlier orders ({n})",
  "status.placed": "placed", "status.created": "placed", "status.open": "placed", "status.pending": "placed", "status.paid": "paid",
  "status.shipped": "on its way", "status.fulfilled": "on its way", "status.in_transit": "on its way", "status.delivered": "arrived", "status.arrived": "arrived",
  "status.cancelled": "cancelled", "status.canceled": "cancelled", "status.refunded": "refunded",
  "owner.title": "The owner answers by phone", "owner.hint": "This is how a human takes over: the message reaches the bot as an echo.", "owner.label": "The owner's answer", "owner.send": "Send as owner",
  "owner.placeholder": "Hi, this is Jana from the shop …", "owner.mark": "Owner, by phone",
  "faults.title": "Faults", "faults.hint": "What the platforms do on bad days. Takes effect at once.",
  "faults.status_500": "Error 500, times", "faults.status_429": "Too many requests (429), times", "faults.timeout_after_accept": "Accepted but no answer, times",
  "faults.drop_before_accept": "Connection drops before, times", "faults.slow_ms": "Slow, milliseconds", "faults.webhook_repeat": "Repeat webhooks, times",
  "faults.webhook_batch": "Bundle webhooks, per request", "faults.status_delay_ms": "Delay statuses, milliseconds", "faults.webhook_lose": "Lose webhooks", "faults.webhook_shuffle": "Shuffle webhooks",
  "faults.lose_statuses": "Lose statuses", "faults.pair_rate": "Enforce the rate per person", "faults.window": "Enforce the window",
  "faults.order": "An order of your own (JSON)", "faults.orderSend": "Send it to the bot", "faults.orderSent": "Order handed over",
  "reset.ask": "Forget all chats", "reset.sure": "Really forget everything?", "reset.done": "All chats are forgotten",
  "head.typing": "typing …", "head.online": "online", "head.bot": "bot", "head.business": "Business account",
  "intro.instagram": "Business on Instagram", "intro.whatsapp": "This is a business account. In the sandbox everything stays on this computer.", "intro.telegram": "What can this bot do? It looks after you once you have bought.",
  "intro.empty": "No messages yet. Buy something and open the chat with the QR code – or just write.",
  "composer.text": "Write a message", "composer.ph.instagram": "Message …", "composer.ph.whatsapp": "Message", "composer.ph.telegram": "Message",
  "composer.send": "Send", "composer.emoji": "Insert emoji", "composer.attach": "Attach", "composer.replying": "Reply to {name}", "composer.editing": "Edit message",
  "composer.cancel": "Cancel", "composer.blocked": "You blocked this shop.", "composer.unblock": "Unblock", "composer.prefilled": "The link has filled in the text: just send it.",
  "attach.photo": "Photo, all fine", "attach.broken": "Photo, broken", "attach.audio": "Voice message", "attach.video": "Video", "attach.sticker": "Sticker", "attach.location": "Location", "attach.ephemeral": "View-once photo",
  "menu.more": "Message: actions", "menu.reply": "Reply", "menu.edit": "Edit", "menu.unsend": "Unsend", "menu.copy": "Copy text", "menu.react": "React with {emoji}", "menu.unreact": "Remove reaction {emoji}", "menu.title": "Actions for the message",
  "msg.you": "You", "msg.edited": "edited", "msg.unsentYou": "You unsent this message", "msg.unsent": "This message was deleted", "msg.unsupported": "This kind of message is not shown here.",
  "msg.photo": "Photo", "msg.video": "Video", "msg.audio": "Voice message", "msg.sticker": "Sticker", "msg.location": "Location", "msg.file": "File", "msg.ephemeral": "View-once photo", "msg.play": "Play", "msg.seen": "Seen", "msg.failed": "Not delivered", "msg.template": "Template {name}",
  "msg.new": "New message from {name}: {text}", "msg.list": "Open the choices", "msg.gone": "Original message", "msg.cards": "Carousel of {n} cards", "msg.prev": "Previous card", "msg.next": "Next card", "msg.reaction": "Reaction {emoji}", "msg.opens": "{title} (opens a new tab)",
  "tick.sent": "sent", "tick.delivered": "delivered", "tick.read": "read", "tick.failed": "failed",
  "list.title": "Please choose", "list.send": "Send", "list.choose": "Options",
  "day.today": "Today", "day.yesterday": "Yesterday", "scan.busy": "Scanning the QR code …",
  "error.network": "The server does not answer. Is it still running?", "error.edit": "The message could not be changed.", "error.copy": "Copying is not allowed here.",
};

const WORDS = { de: DE, en: EN };
let language = "de";
try {
  language = localStorage.getItem(KEY) === "en" ? "en" : "de";
} catch { /* storage is switched off: German it is */ }

export const currentLanguage = () => language;

export function setLanguage(wanted) {
  language = wanted === "en" ? "en" : "de";
  try {
    localStorage.setItem(KEY, language);
  } catch { /* it is remembered for this visit only */ }
}

/** The words for `key`, with {name} filled in. A key nobody wrote is shown as it is, so that it is noticed. */
export function t(key, values = {}) {
  const words = WORDS[language][key] ?? DE[key] ?? key;
  return words.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

export const known = (key) => key in DE;

/** Fills all fixed words of the page. */
export function translatePage(root = document) {
  document.documentElement.lang = language;
  for (const node of root.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  for (const node of root.querySelectorAll("[data-t-label]")) node.setAttribute("aria-label", t(node.dataset.tLabel));
}

const locale = () => (language === "de" ? "de-DE" : "en-GB");
export const timeOf = (date) => date.toLocaleTimeString(locale(), { hour: "2-digit", minute: "2-digit" });
export const dateOf = (date) => date.toLocaleDateString(locale(), { weekday: "short", day: "numeric", month: "long", year: "numeric" });

export function dayOf(date, now) {
  const start = (value) => new Date(value.getFullYear(), value.getMonth(), value.getDate()).getTime();
  const days = Math.round((start(now) - start(date)) / 86_400_000);
  if (days === 0) return t("day.today");
  if (days === 1) return t("day.yesterday");
  if (days > 1 && days < 7) return date.toLocaleDateString(locale(), { weekday: "long" });
  return date.toLocaleDateString(locale(), { day: "numeric", month: "long", year: "numeric" });
}

/** "2 Tage 3 Std.", "23 Std. 12 Min.", "4 Min.": two units, never more. */
export function spanOf(ms) {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60];
  const unit = (n, kind) => new Intl.NumberFormat(locale(), { style: "unit", unit: kind, unitDisplay: kind === "day" ? "long" : "short" }).format(n);
  if (days > 0) return hours > 0 ? `${unit(days, "day")} ${unit(hours, "hour")}` : unit(days, "day");
  if (hours > 0) return rest > 0 ? `${unit(hours, "hour")} ${unit(rest, "minute")}` : unit(hours, "hour");
  return unit(rest, "minute");
}

/** A price as the shop wrote it; a bare number is euros. */
export function priceOf(price) {
  if (price === null || price === undefined || price === "") return "";
  const amount = typeof price === "object" ? Number(price.amount) : Number(price);
  if (Number.isNaN(amount)) return typeof price === "string" ? price : "";
  return new Intl.NumberFormat(locale(), { style: "currency", currency: price.currency ?? "EUR" }).format(amount);
}
