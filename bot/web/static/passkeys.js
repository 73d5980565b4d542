// Passkeys: what the browser makes and what the server reads differ in how bytes are written.

const csrf = () => document.querySelector('meta[name="csrf"]').content;

const bytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));

const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

/** What the server says is wrong, in the page's language. */
class Refused extends Error {}

async function ask(path, body) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf(), "HX-Request": "true" },
    body: JSON.stringify(body),
  });
  if (answer.headers.get("HX-Redirect")) {
    location.assign(answer.headers.get("HX-Redirect"));
    return new Promise(() => {});
  }
  const told = (answer.headers.get("Content-Type") || "").startsWith("application/json") ? await answer.json() : {};
  if (!answer.ok) throw new Refused(told.error || "");
  return told;
}

const listed = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

async function use(place) {
  const { options, ticket } = await ask("/login/passkey/options", {});
  const made = await navigator.credentials.get({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      allowCredentials: listed(options.allowCredentials),
    },
  });
  const credential = {
    id: made.id,
    rawId: text(made.rawId),
    type: made.type,
    response: {
      authenticatorData: text(made.response.authenticatorData),
      clientDataJSON: text(made.response.clientDataJSON),
      signature: text(made.response.signature),
      userHandle: made.response.userHandle ? text(made.response.userHandle) : null,
    },
  };
  return ask("/login/passkey", { ticket, credential, next: place.dataset.next });
}

async function add(form) {
  const { options, ticket } = await ask("/desk/me/passkeys/options", { password: form.elements.password.value });
  const made = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: listed(options.excludeCredentials),
    },
  });
  const credential = {
    id: made.id,
    rawId: text(made.rawId),
    type: made.type,
    response: {
      attestationObject: text(made.response.attestationObject),
      clientDataJSON: text(made.response.clientDataJSON),
    },
  };
  return ask("/desk/me/passkeys", { ticket, credential, name: form.elements.name.value });
}

async function attempt(place, work) {
  const button = place.querySelector("button");
  const error = place.querySelector(".error");
  button.disabled = true;
  error.textContent = "";
  try {
    const { to } = await work(place);
    // Another anchor of the same page would not load it anew, and what was added would not be seen.
    if (to.split("#")[0] === location.pathname + location.search) location.reload();
    else location.assign(to);
  } catch (problem) {
    // The browser's own words (cancelled, timed out) are in its language, not in the page's.
    error.textContent = (problem instanceof Refused && problem.message) || place.dataset.failed;
    button.disabled = false;
  }
}

if (window.PublicKeyCredential) {
  for (const place of document.querySelectorAll("[data-passkey]")) {
    place.hidden = false;
    if (place.dataset.passkey === "use") place.querySelector("button").addEventListener("click", () => attempt(place, use));
    else
      place.addEventListener("submit", (event) => {
        event.preventDefault();
        attempt(place, add);
      });
  }
}
