/* What opens above the field while somebody types: canned replies behind "/", names behind "@" in notes. */

const SLASH = /(?:^|\s)\/([\p{L}\p{N}_-]{0,32})$/u;
const AT = /(?:^|\s)@([\p{L}\p{N}_.-]{0,32})$/u;

export class Picks {
  constructor(composer) {
    this.composer = composer;
    this.field = composer.field;
    this.box = composer.querySelector("#composer-picks");
    this.people = [...composer.querySelector("#composer-people").content.querySelectorAll("i")].map((one) => one.textContent);
    this.chosen = -1;
    this.field.addEventListener("input", () => this.look());
    this.box.addEventListener("mousedown", (event) => event.preventDefault());
    this.box.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.take(Number(option.dataset.number));
    });
  }

  /* The button for those who would rather click than type a slash. */
  open() {
    const { field } = this;
    field.focus();
    const before = field.value.slice(0, field.selectionStart);
    if (!SLASH.test(before)) field.setRangeText(/(^|\s)$/.test(before) ? "/" : " /", field.selectionStart, field.selectionEnd, "end");
    this.look();
  }

  look() {
    const before = this.field.value.slice(0, this.field.selectionStart);
    const slash = SLASH.exec(before);
    const at = this.composer.note ? AT.exec(before) : null;
    clearTimeout(this.waiting);
    if (slash) {
      this.token = slash[1].length + 1;
      this.waiting = setTimeout(() => this.fetchCanned(slash[1]), this.box.hidden ? 0 : 110);
    } else if (at) {
      this.token = at[1].length + 1;
      this.showPeople(at[1]);
    } else this.close();
  }

  async fetchCanned(query) {
    this.asking?.abort();
    this.asking = new AbortController();
    try {
      const answer = await fetch(`/desk/${this.composer.dataset.id}/picks?q=${encodeURIComponent(query)}`, { signal: this.asking.signal, headers: { "HX-Request": "true" } });
      if (!answer.ok) return this.close();
      const { replies } = await answer.json();
      if (!replies.length) return this.showNone(query);
      this.show("canned", replies, (reply, option) => {
        const title = part(option, "span", "pick-title", reply.title);
        title.after(part(option, "code", "", `/${reply.shortcut}`));
        part(option, "span", "pick-text", reply.text);
        if (reply.missing.length) part(option, "span", "pick-missing", this.composer.say("canned.missing", { names: reply.missing.join(", ") }));
      });
    } catch (error) {
      if (error.name !== "AbortError") this.close();
    }
  }

  showPeople(query) {
    const wanted = query.toLocaleLowerCase();
    const found = this.people.filter((name) => name.toLocaleLowerCase().split(" ").some((one) => one.startsWith(wanted)));
    if (!found.length) return this.close();
    this.show("people", found.slice(0, 8), (name, option) => part(option, "span", "pick-title", name));
  }

  showNone(query) {
    this.found = [];
    this.chosen = -1;
    this.box.replaceChildren(part(null, "p", "pick-none", this.composer.say("canned.none", { text: query })));
    this.box.hidden = false;
  }

  show(kind, found, fill) {
    this.kind = kind;
    this.found = found;
    this.box.setAttribute("aria-label", this.composer.words[kind === "canned" ? "canned.title" : "mention"]);
    this.box.replaceChildren(...found.map((one, number) => {
      const option = document.createElement("div");
      option.className = "pick";
      option.id = `pick-${number}`;
      option.dataset.number = number;
      option.setAttribute("role", "option");
      fill(one, option);
      return option;
    }));
    this.box.hidden = false;
    this.choose(0);
  }

  choose(number) {
    this.chosen = number;
    for (const option of this.box.children) option.setAttribute("aria-selected", String(Number(option.dataset.number) === number));
    this.field.setAttribute("aria-activedescendant", `pick-${number}`);
    this.box.children[number]?.scrollIntoView({ block: "nearest" });
  }

  /* Returns whether the key was for the list. */
  key(event) {
    if (this.box.hidden) return false;
    const count = this.found?.length ?? 0;
    if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); this.close(); return true; }
    if (!count) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) { event.preventDefault(); this.choose((this.chosen + step + count) % count); return true; }
    if ((event.key === "Enter" && !event.ctrlKey && !event.metaKey) || event.key === "Tab") { event.preventDefault(); this.take(this.chosen); return true; }
    return false;
  }

  take(number) {
    const one = this.found[number];
    const end = this.field.selectionStart;
    const text = this.kind === "people" ? `@${one} ` : one.text;
    this.field.setRangeText(text, end - this.token, end, "end");
    this.close();
    if (this.kind === "canned") {
      const token = document.querySelector("meta[name=csrf]").content;
      fetch(`/desk/canned/${one.id}/used`, { method: "POST", headers: { "HX-Request": "true", "X-CSRF-Token": token } }).catch(() => { /* only counted: the text is in the field */ });
    }
    this.field.dispatchEvent(new Event("input", { bubbles: true }));
    if (!this.composer.toGap()) this.field.focus();
  }

  close() {
    clearTimeout(this.waiting);
    this.asking?.abort();
    this.box.hidden = true;
    this.field.removeAttribute("aria-activedescendant");
  }
}

function part(parent, tag, name, words) {
  const made = Object.assign(document.createElement(tag), { className: name, textContent: words });
  parent?.append(made);
  return made;
}
