/* A small emoji picker: found by German and English words, walked through by arrow keys, the last used first. */

const RECENT = "desk.emoji";
const COLUMNS = 8;

export class Emoji {
  constructor(composer) {
    this.composer = composer;
    this.box = composer.querySelector("#emoji-picker");
    this.search = composer.querySelector("#emoji-search");
    this.grid = composer.querySelector("#emoji-grid");
    this.button = composer.querySelector("[data-tool=emoji]");
    this.name = composer.querySelector("#emoji-name");
    this.search.addEventListener("input", () => this.fill());
    this.box.addEventListener("keydown", (event) => this.key(event));
    this.grid.addEventListener("click", (event) => this.take(event.target.closest("button")));
    for (const kind of ["focusin", "pointerover"]) {
      this.grid.addEventListener(kind, (event) => { this.name.textContent = event.target.closest("button")?.getAttribute("aria-label") ?? ""; });
    }
  }

  get shown() { return !this.box.hidden; }

  async toggle() {
    if (this.shown) return this.close(true);
    try { this.all ??= await (await fetch(this.composer.dataset.emoji)).json(); } catch { return this.composer.wrong(this.composer.words.offline); }
    this.box.hidden = false;
    this.button.setAttribute("aria-expanded", "true");
    this.search.value = "";
    this.fill();
    this.search.focus();
  }

  close(focus = false) {
    if (!this.shown) return;
    this.box.hidden = true;
    this.button.setAttribute("aria-expanded", "false");
    if (focus) this.composer.field.focus();
  }

  recent() {
    try { return JSON.parse(localStorage.getItem(RECENT)) ?? []; } catch { return []; }
  }

  fill() {
    const wanted = this.search.value.trim().toLocaleLowerCase();
    const german = document.documentElement.lang === "de";
    const last = this.recent();
    const found = wanted
      ? this.all.filter(([, de, en]) => `${de} ${en}`.toLocaleLowerCase().split(/[\s,]+/).some((word) => word.startsWith(wanted)))
      : [...last.map((sign) => this.all.find(([one]) => one === sign)).filter(Boolean), ...this.all.filter(([sign]) => !last.includes(sign))];
    this.grid.replaceChildren(...found.map(([sign, de, en], number) => {
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: sign, tabIndex: number ? -1 : 0 });
      button.setAttribute("role", "option");
      button.setAttribute("aria-selected", "false");
      button.setAttribute("aria-label", (german ? de : en).split(",")[0]);
      return button;
    }));
    this.composer.querySelector("#emoji-none").hidden = found.length > 0;
    this.name.textContent = "";
  }

  key(event) {
    const buttons = [...this.grid.children];
    const here = buttons.indexOf(document.activeElement);
    if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); return this.close(true); }
    if (event.target === this.search) {
      if (event.key === "ArrowDown") { event.preventDefault(); buttons[0]?.focus(); }
      if (event.key === "Enter") { event.preventDefault(); this.take(buttons[0]); }
      return;
    }
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS }[event.key];
    if (!step || here < 0) return;
    event.preventDefault();
    if (here + step < 0) return this.search.focus();
    const next = buttons[Math.min(here + step, buttons.length - 1)];
    buttons[here].tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }

  take(button) {
    if (!button) return;
    const sign = button.textContent;
    try { localStorage.setItem(RECENT, JSON.stringify([sign, ...this.recent().filter((one) => one !== sign)].slice(0, 16))); } catch { /* not remembered */ }
    this.close();
    this.composer.insert(sign);
  }
}
