// The first conversation in five steps, ticked by what really happened.

import { byId, h, icon } from "./dom.js";
import { t } from "./words.js";
import { ahead, on, thread, world } from "./world.js";

const HALF_A_DAY = 12 * 3_600_000;
const MARK = /^\s*(?:[1-5]\b|[★⭐])|[1-5]\s*(?:★|⭐|\u20E3)/u;

/** A question for 1 to 5: at least four of its choices are marks. */
const asksForMarks = (message) => (message.buttons ?? []).filter((one) => MARK.test(one.title ?? "")).length >= 4;
const isTapped = (message) => message.tapped !== null && message.tapped !== undefined;

function answeredByTyping(messages, index) {
  if (!asksForMarks(messages[index])) return false;
  const next = messages.slice(index + 1).find((one) => one.from !== "system");
  return next?.from === "buyer" && /^\s*[1-5]\s*$/.test(next.text ?? "");
}

export function progress() {
  const threads = world.channels.map((one) => thread(one.name));
  const messages = threads.flat();
  const bought = world.orders.length > 0;
  return {
    buy: bought,
    open: bought && messages.some((one) => one.from === "shop"),
    setup: messages.some((one) => isTapped(one) && !asksForMarks(one)),
    travel: world.travelled || ahead() > HALF_A_DAY,
    rate: threads.some((list) => list.some((one, index) => (isTapped(one) && asksForMarks(one)) || answeredByTyping(list, index))),
  };
}

export function startSteps() {
  let shown = "";
  const draw = () => {
    const done = progress();
    const names = Object.keys(done);
    const next = names.find((name) => !done[name]);
    const sign = `${t("steps.buy")} ${names.map((name) => done[name])}`;
    if (sign === shown) return;
    shown = sign;
    byId("steps").replaceChildren(...names.map((name, index) =>
      h("li", { class: `step ${done[name] ? "done" : name === next ? "next" : ""}`.trim(), dataset: { step: name }, "aria-current": name === next ? "step" : null },
        h("span", { class: "step-mark", "aria-hidden": "true" }, done[name] ? icon("check") : String(index + 1)),
        h("div", {}, h("p", { class: "step-name" }, t(`steps.${name}`), done[name] ? h("span", { class: "hidden" }, ` – ${t("steps.done")}`) : null),
          h("p", { class: "step-hint" }, t(`steps.${name}Hint`))))));
  };
  on("all thread orders clock", draw);
  return draw;
}
