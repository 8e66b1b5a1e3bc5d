// The visitor's page: what the door says comes in as server-sent events, what fingers do goes out by POST.
import { Pad } from "./pad.js";
import { speak } from "./words.js";
import * as tongues from "./tongues.js";

const $ = query => document.querySelector(query);
const words = speak(navigator.languages, tongues);
document.documentElement.lang = words.lang;

/** Sends a press. Where the door would not have it, the error says why, in a word of words.js. */
async function post(path, form) {
  let answer;
  try {
    answer = await fetch(path, { method: "POST", body: new URLSearchParams(form) });
  } catch {
    throw { say: "lost" };
  }
  if (!answer.ok) throw { say: answer.status === 409 ? "busy" : "trouble" };
}

const pad = new Pad($("#pad"),
  { press: keys => post("/panel/press", { keys }), bell: () => post("/panel/bell") }, words);

function show(status) {
  document.body.dataset.lock = status.strike || "LOCKED";
  pad.status(status);
}

// The connection. A beat comes every five seconds; three that are missing mean that it is dead.
let source, alive = 0;
function lost() {
  source?.close();
  source = null;
  document.body.dataset.link = "lost";
  pad.lost(true);
  setTimeout(connect, 1000);
}
function connect() {
  alive = performance.now();
  source = new EventSource("/panel/stream");
  source.onerror = lost;
  const on = (name, f) => source.addEventListener(name, e => { alive = performance.now(); f(JSON.parse(e.data)); });
  on("snapshot", s => {
    $("#door").textContent = document.title = s.door;
    document.body.dataset.link = "live";
    pad.fit(s);
    pad.lost(false);
    pad.text(s.text.state);
    show(s.status);
    if (s.answer) pad.say(s.answer);
  });
  on("status", show);
  on("answer", a => pad.say(a));
  on("text", t => pad.text(t.state));
  on("beat", () => {});
}
setInterval(() => { if (source && performance.now() - alive > 16000) lost(); }, 2000);

// The clock moves once a minute.
const hour = new Intl.DateTimeFormat(navigator.language, { hour: "numeric", minute: "2-digit" });
const day = new Intl.DateTimeFormat(words.locale, { weekday: "long", day: "numeric", month: "long" });
function tell() {
  const now = new Date();
  $("#clock").replaceChildren(...hour.formatToParts(now).map(({ type, value }) => type === "dayPeriod"
    ? Object.assign(document.createElement("small"), { textContent: value }) : value));
  $("#clock").dateTime = now.toTimeString().slice(0, 5);
  $("#date").textContent = day.format(now);
  setTimeout(tell, 60200 - now % 60000);
}

// A finger takes no focus, so that Enter stays the pad's, and brings up no menu.
document.addEventListener("mousedown", e => e.preventDefault());
document.addEventListener("contextmenu", e => e.preventDefault());
tell();
connect();
