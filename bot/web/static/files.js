/* Pictures and files for a reply: by button, by paste, by dropping them; each with words for those who cannot see it. */

import { post } from "./composer.js";

export class Files {
  constructor(composer) {
    this.composer = composer;
    this.list = composer.querySelector("#composer-files");
    this.all = [];
    const input = composer.querySelector("#composer-file");
    input.addEventListener("change", () => { this.add([...input.files]); input.value = ""; });
    composer.field.addEventListener("paste", (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length) { event.preventDefault(); this.add(files); }
    });
    composer.addEventListener("dragover", (event) => {
      if (![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
      event.preventDefault();
      composer.classList.add("dropping");
    });
    composer.addEventListener("dragleave", (event) => { if (!composer.contains(event.relatedTarget)) composer.classList.remove("dropping"); });
    composer.addEventListener("drop", (event) => {
      composer.classList.remove("dropping");
      const files = [...(event.dataTransfer?.files ?? [])];
      if (files.length) { event.preventDefault(); this.add(files); }
    });
  }

  async add(files) {
    const most = Number(this.composer.dataset.mostFiles);
    if (this.composer.note) this.composer.mode("reply", false);
    if (this.all.length + files.length > most) return this.composer.wrong(this.composer.say("file.wrong.many", { n: most }));
    this.composer.wrong("");
    await Promise.all(files.map((file) => this.upload(file)));
  }

  async upload(file) {
    const { composer } = this;
    const item = document.createElement("li");
    const entry = { item, id: null };
    this.all.push(entry);
    item.append(make("span", "loading", composer.say("file.uploading", { name: file.name })));
    this.list.append(item);
    this.list.hidden = false;
    const form = new FormData();
    form.append("file", file, file.name || "bild.png");
    try {
      const answer = await post(`/desk/media?conversation=${composer.dataset.id}`, form);
      if (answer.status === 401) { this.remove(entry); return await composer.failed(answer); }
      const told = await answer.json();
      if (!answer.ok) throw new Error(told.error);
      if (!composer.dataset.kinds.split(",").includes(told.kind)) throw new Error("channel");
      Object.assign(entry, told);
      this.show(entry);
    } catch (error) {
      this.remove(entry);
      const kinds = [...new Set(composer.querySelector("#composer-file").accept.split(",").map((one) => one.split("/")[1]?.toUpperCase()))].join(", ");
      const key = `file.wrong.${error.message}`;
      composer.wrong(composer.say(composer.words[key] ? key : "file.wrong.other", { name: file.name, channel: "", kinds }));
    }
  }

  show(entry) {
    const { composer } = this;
    const thumb = entry.kind === "image" ? Object.assign(document.createElement("img"), { src: entry.src, alt: "" }) : make("span", "thumb", entry.mime.split("/")[1].slice(0, 4).toUpperCase());
    const field = make("div", "field", "");
    if (entry.kind === "image") {
      const id = `alt-${entry.id}`;
      const label = Object.assign(make("label", "", composer.words["file.alt"]), { htmlFor: id });
      entry.alt = Object.assign(document.createElement("input"), { id, type: "text", maxLength: 500, autocomplete: "off", title: composer.words["file.alt_hint"] });
      field.append(label, entry.alt);
    } else field.append(make("span", "cut", entry.name));
    const off = make("button", "button quiet square small", "");
    off.type = "button";
    off.setAttribute("aria-label", composer.say("file.remove", { name: entry.name }));
    off.append(composer.querySelector("#icon-x").content.cloneNode(true));
    off.addEventListener("click", () => { this.remove(entry); composer.field.focus(); });
    entry.item.replaceChildren(thumb, field, off);
    (entry.alt ?? composer.field).focus();
  }

  remove(entry) {
    this.all = this.all.filter((one) => one !== entry);
    entry.item.remove();
    this.list.hidden = !this.all.length;
  }

  clear() { for (const entry of [...this.all]) this.remove(entry); }

  /* What is to be sent along; null while something is still on its way up. */
  ready() {
    if (this.all.some((one) => one.id === null)) return null;
    return this.all.map((one) => ({ id: one.id, alt: one.alt?.value.trim() ?? "" }));
  }
}

function make(tag, name, words) {
  return Object.assign(document.createElement(tag), { className: name, textContent: words });
}
