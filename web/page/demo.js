// The demo's page: what the daemon says comes in as server-sent events, what hands do goes out by POST.
import { Pad } from "./pad.js";
import { speak } from "./words.js";

const $ = query => document.querySelector(query);
const el = (tag, props = {}, ...children) => {
  const e = Object.assign(document.createElement(tag), props);
  e.append(...children);
  return e;
};
const two = "2-digit";
const time = (at, second) => new Date(at).toLocaleTimeString([], { hour: two, minute: two, second, hour12: false });

async function post(path, form = {}) {
  let answer;
  try {
    answer = await fetch(path, { method: "POST", body: new URLSearchParams(form) });
  } catch {
    throw new Error("The daemon does not answer.");
  }
  if (!answer.ok) throw new Error((await answer.text()).trim());
}

const pad = new Pad($("#pad"), { press: keys => post("/panel/press", { keys }), bell: () => post("/panel/bell") },
  speak(["en"]));
const tried = promise => promise.catch(e => pad.say({ kind: "bad", text: e.message }));

// The door.
let status = {};
function show(s) {
  status = s;
  pad.status(s);
  document.body.dataset.lock = s.strike || "LOCKED";
  const open = s.contact ? s.open : s.strike === "UNLOCKED";
  $("#door").dataset.state = open ? "open" : "closed";
  const how = open ? "open" : s.strike === "UNLOCKED" ? "unlocked" : "closed";
  $("#door").setAttribute("aria-label", `The door is ${how}`);
  if (open) $("#toast").hidden = true;
  $("#push").hidden = !s.contact;
  $("#force").hidden = !s.contact || s.open || s.strike === "UNLOCKED";
  $("#push").textContent = !s.open ? "Push the door" : s.held ? "Let it close" : "Hold it open";
  $("#left").textContent = `${s.texts_left} texts left today`;
  link();
}
$("#twilio").onchange = e => tried(post("/twilio", { mood: e.target.value }));
$("#exit").onclick = () => tried(post("/exit"));
$("#force").onclick = () => tried(post("/door", { open: true, force: true }));
$("#push").onclick = () => {
  if (!status.open && status.strike !== "UNLOCKED") {
    $("#door").classList.add("rattle");
    setTimeout(() => $("#door").classList.remove("rattle"), 400);
  }
  tried(post("/door", { open: !(status.open && status.held) }));
};

// The phone.
let digits = 6, fresh = 0;
/** The text before a code, the code, the text behind it, what to do with it, and what that is called. */
function read(body) {
  const signs = body.includes("signs you in"), size = signs ? "6,10" : digits;
  const [, before, code, after] = body.match(`^([^]*?)(?<!\\d)(\\d{${size}})(?!\\d)([^]*)$`) ?? [, body];
  return { before, code, after, signs, use: () => signs ? fill(code) : pad.enter(code), verb: signs ? "Fill it in" : "Type it" };
}
/** Puts a sign-in code into the console, where that waits for one. */
function fill(code) {
  const field = $("#console").contentDocument?.querySelector('[data-view="signin"] #second:not([hidden]) #code');
  if (!field) return;
  field.value = code;
  field.focus();
}
function bubble(t) {
  const { before, code, after, signs, use, verb } = read(t.body), words = el("p", {}, before);
  if (code) {
    const link = el("button", { type: "button", className: "code", title: verb, onclick: use }, code);
    link.dataset.code = code;
    link.setAttribute("aria-label", `${code}: ${verb.toLowerCase()}`);
    words.append(link, after);
  }
  const li = el("li", { className: "bubble" }, words, el("small", {}, `to ${t.to}, ${time(t.at, two)}`));
  if (code) li.append(el("button", { type: "button", className: signs ? "type fill" : "type", textContent: verb, onclick: use }));
  return li;
}
function text(t) {
  $("#texts").append(bubble(t));
  while ($("#texts").childElementCount > 20) $("#texts").firstChild.remove();
  $("#texts").scrollTop = $("#texts").scrollHeight;
}
function buzz(t) {
  const { code, use, verb } = read(t.body), toast = $("#toast");
  $("#phone").classList.remove("buzz");
  void $("#phone").offsetWidth; // so that the animation starts anew
  $("#phone").classList.add("buzz");
  const offer = code ? `Tap to ${verb.toLowerCase()}` : "";
  toast.replaceChildren(el("b", {}, `Text to ${t.to}`), el("span", {}, t.body), el("em", {}, offer));
  toast.onclick = () => { toast.hidden = true; if (code) use(); };
  toast.hidden = false;
  clearTimeout(fresh);
  fresh = setTimeout(() => toast.hidden = true, 12000);
}
const tell = () => $("#clock").textContent = time(Date.now());
setInterval(tell, 5000);
tell();

// The stream of messages.
const list = $("#messages");
let held = null;
function wanted(m) {
  const words = m.dataset.topic + " " + m.querySelector(".payload").textContent;
  return words.toLowerCase().includes($("#filter").value.trim().toLowerCase());
}
function payload(text) {
  const code = el("code", { className: "payload" });
  if (!/^[{[]/.test(text)) return code.append(text), code;
  for (const part of text.split(/("(?:[^"\\]|\\.)*"\s*:?)/)) {
    const kind = /^"/.test(part) && (/:$/.test(part) ? "key" : "str");
    code.append(kind ? el("span", { className: kind }, part) : part);
  }
  return code;
}
/** What an event is about: its type and reason. */
function gist(text) {
  try {
    const e = JSON.parse(text);
    return [e.event_type ?? e.type, e.reason].filter(w => typeof w === "string").join(" ");
  } catch {
    return "";
  }
}
function message(m, live) {
  if (held) {
    held.push(m);
    if (held.length > 200) held.shift();
    $("#pause").textContent = `Resume (${held.length})`;
    return;
  }
  const end = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  const cut = m.topic.match(/[^/]*(\/(state|attributes|set|result))?$/).index; // the part that tells topics apart
  const kind = gist(m.payload);
  const li = el("li", { className: live ? "message new" : "message" },
    el("span", { className: "topic" }, m.topic.slice(0, cut), el("b", {}, m.topic.slice(cut))),
    el("time", {}, ...m.retained ? [el("abbr", { title: "retained" }, "R"), " "] : [], time(m.at, two)),
    el("div", { className: "body" }, ...kind ? [el("em", {}, kind), " "] : [], payload(m.payload)));
  Object.assign(li.dataset, { topic: m.topic, retained: m.retained });
  li.onclick = () => li.classList.toggle("whole");
  li.hidden = !wanted(li);
  list.append(li);
  while (list.childElementCount > 200) list.firstChild.remove();
  if (end) list.scrollTop = list.scrollHeight;
}
$("#filter").oninput = () => {
  for (const m of list.children) m.hidden = !wanted(m);
  list.scrollTop = list.scrollHeight;
};
$("#filter").onkeydown = e => { if (e.key === "Escape") e.target.blur(); };
$("#pause").onclick = () => {
  const waiting = held;
  held = waiting ? null : [];
  $("#pause").setAttribute("aria-pressed", String(!waiting));
  $("#pause").textContent = waiting ? "Pause" : "Resume";
  waiting?.forEach(m => message(m, false));
};
$("#copy").onclick = async () => {
  try {
    await navigator.clipboard.writeText($("#watch").textContent);
    $("#copy").textContent = "Copied";
    setTimeout(() => $("#copy").textContent = "Copy", 1500);
  } catch {
    getSelection().selectAllChildren($("#watch")); // no clipboard on plain http from afar
  }
};

// The tabs.
const tabs = [...$("#tabs").children];
for (const tab of tabs) {
  tab.onclick = () => {
    const console = tab.dataset.tab === "console";
    $("#mqtt").dataset.tab = tab.dataset.tab;
    $("#console").hidden = !console;
    if (console && !$("#console").src) $("#console").src = "/console/";
    for (const t of tabs) {
      t.setAttribute("aria-selected", String(t === tab));
      t.tabIndex = t === tab ? 0 : -1;
    }
  };
  tab.onkeydown = e => {
    if (!e.key.match(/^Arrow(Left|Right)$/)) return;
    const other = tabs.find(t => t !== tab);
    other.click();
    other.focus();
  };
}

// The connection. A beat comes every five seconds; three that are missing mean that the link is dead.
let source, alive = 0;
function link(words) {
  const faults = (status.faults ?? []).map(f => `${f.part}: ${f.detail}`).join("; ");
  $("#link").dataset.faults = faults ? "yes" : "";
  $("#link span").textContent = words ?? (faults || "Live");
}
function lost() {
  source?.close();
  source = null;
  document.body.dataset.link = "lost";
  pad.lost(true);
  link("The daemon does not answer. Trying again…");
  setTimeout(connect, 1000);
}
function connect() {
  alive = performance.now();
  source = new EventSource("/panel/stream");
  source.onerror = lost;
  const on = (name, f) => source.addEventListener(name, e => { alive = performance.now(); f(JSON.parse(e.data)); });
  on("snapshot", s => {
    digits = s.digits;
    document.title = `${s.door} · latchd demo`;
    document.body.dataset.link = "live";
    $("#name").textContent = s.door;
    $("#watch").textContent = s.watch;
    $(".join").hidden = !s.watch;
    pad.fit(s);
    pad.lost(false);
    pad.text(s.text.state);
    show(s.status);
    if (s.answer) pad.say(s.answer);
    $("#texts").replaceChildren();
    s.texts?.forEach(text);
    list.replaceChildren();
    held = held && [];
    s.messages?.forEach(m => message(m, false));
    list.scrollTop = list.scrollHeight;
  });
  on("status", show);
  on("answer", a => pad.say(a));
  on("phone", t => { text(t); buzz(t); });
  on("message", m => message(m, true));
  on("beat", () => {});
}
setInterval(() => { if (source && performance.now() - alive > 16000) lost(); }, 2000);
document.addEventListener("mousedown", e => {
  if (e.target.closest("button")) e.preventDefault(); // it takes no focus, so that Enter stays the pad's
});
connect();
