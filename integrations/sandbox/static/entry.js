// Entry links: where they lead, and what opening one does. A link is read, never trusted: it only ever names a
// channel and a reference or a text.

const HOSTS = { "ig.me": ["instagram", "ref"], "t.me": ["telegram", "start"], "wa.me": ["whatsapp", "text"] };

/** {channel, ref} | {channel, text} | {visit: address of this server} | {away: address elsewhere} | null. */
export function readLink(address) {
  let url;
  try {
    url = new URL(address, location.href);
  } catch {
    return null;
  }
  if (!["http:", "https:"].includes(url.protocol)) return null;
  const known = HOSTS[url.hostname.replace(/^www\./, "")];
  if (known) return entry(known[0], url.searchParams.get(known[1]), known[1]);
  const open = /\/sandbox\/open\/([\w-]+)\/?$/.exec(url.pathname);
  if (open) return entry(open[1], url.searchParams.get("ref"), "ref") ?? entry(open[1], url.searchParams.get("text"), "text");
  if (/\/sandbox\/?$/.test(url.pathname) && url.hash) return readHash(url.hash);
  // The public address in the link may be another than the one this page was opened with; the path is what counts.
  if (/^\/go\//.test(url.pathname)) return { visit: new URL(url.pathname + url.search, location.href).href };
  return { away: url.href };
}

/** `#channel=whatsapp&text=…` as {channel, text}; {channel} alone just shows it. */
export function readHash(hash) {
  const words = new URLSearchParams(hash.replace(/^#/, ""));
  const channel = words.get("channel");
  if (!channel) return null;
  return entry(channel, words.get("ref"), "ref") ?? entry(channel, words.get("text"), "text") ?? { channel };
}

function entry(channel, value, kind) {
  if (value === null || value === "") return null;
  return kind === "text" ? { channel, text: value } : { channel, ref: value };
}
