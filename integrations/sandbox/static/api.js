// The sandbox's JSON API: one function to call it, one stream that comes back by itself.

import { t } from "./words.js";

export class ApiError extends Error {}

async function ask(path, options) {
  let response;
  try {
    response = await fetch(`/sandbox${path}`, { cache: "no-store", ...options });
  } catch {
    throw new ApiError(t("error.network"));
  }
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new ApiError(typeof body.error === "string" ? body.error : `${response.status} ${response.statusText}`);
  return body;
}

export const get = (path) => ask(path, {});
export const post = (path, body = {}) =>
  ask(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

/**
 * Server-sent events for as long as the page lives. `onopen` is called at every (re)connection: fetch the world
 * then, for what was missed is not sent again. The browser reconnects by itself after a cut; after an HTTP error it
 * gives up, so that is done here, with growing pauses.
 */
export function stream(path, { onopen, onevent, ondown }) {
  let pause = 500;
  const connect = () => {
    const source = new EventSource(`/sandbox${path}`);
    source.onopen = () => {
      pause = 500;
      onopen();
    };
    source.onmessage = (event) => {
      let data;
      try {
        data = JSON.parse(event.data);
      } catch {
        return; // a line that is no JSON says nothing
      }
      if (data !== null && typeof data === "object") onevent(data);
    };
    source.onerror = () => {
      ondown();
      if (source.readyState !== EventSource.CLOSED) return;
      setTimeout(connect, pause);
      pause = Math.min(pause * 2, 10_000);
    };
    addEventListener("pagehide", () => source.close(), { once: true });
  };
  // Back from the browser's memory the stream is closed and everything is old.
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  connect();
}
