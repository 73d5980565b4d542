/* The editor of canned replies: a placeholder goes in where somebody was writing last. */

const form = document.getElementById("canned-form");
let last = form.querySelector("[data-text]");

form.addEventListener("focusin", (event) => {
  if (event.target.matches("[data-text]")) last = event.target;
});
for (const button of form.querySelectorAll("[data-insert]")) {
  button.addEventListener("click", () => {
    last.setRangeText(button.dataset.insert, last.selectionStart, last.selectionEnd, "end");
    last.focus();
    last.dispatchEvent(new Event("input", { bubbles: true }));
  });
}
document.getElementById("sum")?.focus();
