// What the console's parts have in common. All that the server says goes in as text, never as markup.

export const $ = query => document.querySelector(query);

export function el(tag, props = {}, ...children) {
  const { data, ...rest } = props, e = Object.assign(document.createElement(tag), rest);
  Object.assign(e.dataset, data);
  e.append(...children);
  return e;
}

/** Calls the API. An error's message is a sentence for people; its status is 0 when the door does not answer. */
export async function call(method, path, form) {
  let answer, body;
  try {
    answer = await fetch(path, { method, body: form && new URLSearchParams(form) });
    if (answer.status !== 204) body = await answer.json();
  } catch {
    throw Object.assign(new Error("The door does not answer. Try again."), { status: answer?.ok === false ? answer.status : 0 });
  }
  if (answer.ok) return body;
  throw Object.assign(new Error(body.error_description ?? body.error), { status: answer.status, word: body.error });
}

/** Asks whether one is sure. The way to say yes opens half a second later, so that a second tap does not hit it. */
export function sure(title, words, verb) {
  const dialog = $("#sure"), yes = $("#yes");
  $("#sure-title").textContent = title;
  $("#sure-words").textContent = words;
  yes.textContent = verb;
  yes.disabled = true;
  dialog.returnValue = "";
  dialog.showModal();
  $("#no").focus();
  const ready = setTimeout(() => yes.disabled = false, 500);
  return new Promise(done => {
    yes.onclick = () => dialog.close("yes");
    $("#no").onclick = () => dialog.close();
    dialog.onclose = () => {
      if (dialog.open) return; // the one before tells late
      clearTimeout(ready);
      done(dialog.returnValue === "yes");
    };
  });
}

const locale = navigator.languages.find(l => l.startsWith("en")) ?? "en-GB"; // the words are English
const format = options => { const f = new Intl.DateTimeFormat(locale, options); return t => f.format(new Date(t)); };
export const hour = format({ hour: "2-digit", minute: "2-digit" });
export const time = format({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
export const day = format({ weekday: "short", day: "numeric", month: "short" });
export const weekday = format({ weekday: "short", day: "numeric" });
export const date = format({ day: "numeric", month: "short", year: "numeric" });
const range = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short" });
export const week = (from, until) => range.formatRange(from, until);

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
/** How long ago, or how soon: "5 minutes ago". */
export function ago(t) {
  const s = (new Date(t) - Date.now()) / 1000;
  for (const [unit, length] of [["day", 86400], ["hour", 3600], ["minute", 60]])
    if (Math.abs(s) >= length) return relative.format(Math.round(s / length), unit);
  return "just now";
}
