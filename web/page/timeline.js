// The journal to look at: a row for each day, 24 hours wide, a mark for each event.
import { $, el, call, day, weekday, week, time } from "./page.js";
import { drawn, kind, kinds, what, more } from "./told.js";

const ns = "http://www.w3.org/2000/svg", days = 7, lane = 13, most = 5; // pages of 1,000 events
const events = new Map(), shown = new Set(Object.keys(kinds));
let back = 0, turn = 0, current, signed; // back: how many weeks

function tomorrow() { const d = new Date(); d.setHours(24, 0, 0, 0); return d; }
function shift(d, n) { d = new Date(d); d.setDate(d.getDate() + n); return d; }
const end = () => shift(tomorrow(), -back * days);
const svg = (tag, attributes) => {
  const e = document.createElementNS(ns, tag);
  for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
  return e;
};
const part = at => (at.getHours() * 60 + at.getMinutes() + at.getSeconds() / 60) / 1440;

/** Reads the week that is shown. */
export async function load() {
  const from = shift(end(), -days), mine = ++turn, read = [];
  let path = `/api/v1/events?since=${from.toISOString()}&until=${end().toISOString()}&type=${drawn}&limit=1000`;
  for (let i = 0; path && i < most; i++) {
    const page = await call("GET", path);
    if (mine !== turn) return; // another week is shown by now
    read.push(...page.events);
    path = page.next;
  }
  events.clear();
  for (const e of read) events.set(e.seq, e);
  draw();
  if (path) $("#told").textContent = "More happened in this week than is shown; the journal below has all of it.";
}

/** Shows an event that has just happened. */
export function add(e) {
  if (!kind(e)) return;
  if (new Date(e.at) >= end()) return;
  events.set(e.seq, e);
  draw();
}

function draw() {
  const last = shift(end(), -1), rows = [], was = current, focused = was && was === document.activeElement;
  const button = [...document.querySelectorAll(".day")].indexOf(document.activeElement);
  for (let i = 0; i < days; i++) rows.push(row(shift(last, -i)));
  $("#days").replaceChildren(...rows);
  $("#week").textContent = week(shift(last, 1 - days), last);
  $("#later").disabled = !back;
  const marks = [...document.querySelectorAll(".mark")];
  current = marks.find(m => m.dataset.seq === was?.dataset.seq);
  if (was?.classList.contains("on")) current?.classList.add("on");
  current ??= marks[0];
  current?.setAttribute("tabindex", 0);
  if (focused) current?.focus();
  document.querySelectorAll(".day")[button]?.focus();
}

function row(d) {
  const until = shift(d, 1), now = new Date(), today = now >= d && now < until;
  const mine = [...events.values()].filter(e => new Date(e.at) >= d && new Date(e.at) < until && shown.has(kind(e)))
    .sort((a, b) => a.seq - b.seq);
  const field = svg("svg", { height: 4 * lane + 6, role: "group", "aria-label": day(d) });
  if (today) field.append(svg("rect", { class: "ahead", x: `${part(now) * 100}%`, width: `${(1 - part(now)) * 100}%`, height: "100%" }));
  for (const e of mine) {
    const mark = svg("svg", { class: "mark", x: `${part(new Date(e.at)) * 100}%`, y: kinds[kind(e)][1] * lane + lane / 2 + 3,
      overflow: "visible", tabindex: -1, role: "img", "aria-label": words(e) });
    Object.assign(mark.dataset, { kind: kind(e), seq: e.seq });
    mark.append(svg("circle", { class: "halo", r: 9 }), svg("use", { href: `#k-${kind(e)}` }));
    field.append(mark);
  }
  const name = el("button", { type: "button", className: "day" }, today ? "Today" : weekday(d), el("small", {}, mine.length || ""));
  name.setAttribute("aria-label", `${day(d)}, ${mine.length} events: show them in the journal`);
  name.onclick = () => {
    $("#day").value = d.toLocaleDateString("sv"); // as ISO 8601
    $("#day").dispatchEvent(new Event("change"));
    $("#journal-title").focus();
  };
  return el("li", { className: today ? "today" : "" }, name, field);
}

const words = e => `${day(e.at)}, ${time(e.at)}: ${[what(e), more(e)].filter(Boolean).join(" · ")}`;

/** Tells of a mark and of those that it lies on; with focus, it is where the arrow keys go on from. */
function tell(mark, focus) {
  const all = [mark, ...near(mark, ...centre(mark), 11).filter(m => m !== mark)];
  for (const m of document.querySelectorAll(".mark.on")) m.classList.remove("on");
  for (const m of all) m.classList.add("on");
  current?.setAttribute("tabindex", -1);
  current = mark;
  mark.setAttribute("tabindex", 0);
  const told = all.slice(0, 6).map(m => words(events.get(Number(m.dataset.seq))));
  if (all.length > 6) told.push(`and ${all.length - 6} more: the day’s name shows them in the journal`);
  $("#told").dataset.kind = mark.dataset.kind;
  $("#told").textContent = told.join("\n");
  if (focus) mark.focus();
}

function centre(mark) {
  const { x, y, width, height } = mark.lastChild.getBoundingClientRect();
  return [x + width / 2, y + height / 2];
}

/** The marks of a day that are near a place, the nearest first. */
function near(target, x, y, most) {
  const far = new Map([...target.closest("li")?.querySelectorAll(".mark") ?? []].map(m => {
    const [mx, my] = centre(m);
    return [m, Math.hypot(mx - x, my - y)];
  }));
  return [...far.keys()].filter(m => far.get(m) < most).sort((a, b) => far.get(a) - far.get(b));
}
const nearest = e => near(e.target, e.clientX, e.clientY, 22)[0];

const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: "down", ArrowUp: "up", Home: "first", End: "last" };
function step(how) {
  const marks = [...document.querySelectorAll(".mark")], i = marks.indexOf(current);
  if (typeof how === "number") return marks[i + how];
  if (how === "first") return marks[0];
  if (how === "last") return marks.at(-1);
  const rows = [...$("#days").children].filter(r => r.querySelector(".mark"));
  const to = rows[rows.indexOf(current.closest("li")) + (how === "down" ? 1 : -1)];
  const x = m => parseFloat(m.getAttribute("x"));
  return to && [...to.querySelectorAll(".mark")].reduce((a, b) => Math.abs(x(b) - x(current)) < Math.abs(x(a) - x(current)) ? b : a);
}

function legend() {
  return Object.entries(kinds).map(([name, [title]]) => {
    const icon = svg("svg", { viewBox: "-7 -7 14 14", "aria-hidden": true, class: "icon" });
    icon.dataset.kind = name;
    icon.append(svg("use", { href: `#k-${name}` }));
    const chip = el("button", { type: "button" }, icon, title);
    chip.setAttribute("aria-pressed", "true");
    chip.onclick = () => {
      chip.setAttribute("aria-pressed", String(!shown.delete(name) && !!shown.add(name)));
      draw();
    };
    return chip;
  });
}

export function begin(guard) {
  signed = guard;
  $("#legend").replaceChildren(...legend());
  $("#hours").replaceChildren(...[0, 3, 6, 9, 12, 15, 18, 21, 24].map(h => el("span", {}, String(h).padStart(2, "0"))));
  const list = $("#days");
  list.addEventListener("pointermove", e => { const m = nearest(e); if (m && !m.classList.contains("on")) tell(m); });
  list.addEventListener("click", e => { const m = nearest(e); if (m) tell(m, true); });
  list.addEventListener("focusin", e => { const m = e.target.closest(".mark"); if (m) tell(m); });
  list.addEventListener("keydown", e => {
    const to = e.target.closest(".mark") && steps[e.key] && step(steps[e.key]);
    if (steps[e.key] && e.target.closest(".mark")) e.preventDefault();
    if (to) tell(to, true);
  });
  setInterval(draw, 300000); // the hours ahead, and midnight
  const go = n => {
    back = Math.max(0, back + n);
    $("#told").textContent = "";
    current = undefined;
    signed(load).catch(e => $("#told").textContent = e.message);
  };
  $("#earlier").onclick = () => go(1);
  $("#later").onclick = () => go(-1);
}
