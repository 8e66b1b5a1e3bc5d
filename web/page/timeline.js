// The journal to look at: a row for each day, 24 hours wide, a mark for each event.
import { $, el, call, day, weekday, week, time } from "./page.js";
import { kind, kinds, what, more } from "./told.js";

const ns = "http://www.w3.org/2000/svg", days = 7, lane = 14, most = 5; // pages of 1,000 events
const events = new Map(), shown = new Set(Object.keys(kinds));
let back = 0, current, signed; // back: how many weeks

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
  const from = shift(end(), -days);
  let path = `/api/v1/events?since=${from.toISOString()}&until=${end().toISOString()}&limit=1000`, page;
  events.clear();
  for (let i = 0; path && i < most; i++) {
    page = await call("GET", path);
    for (const e of page.events) if (kind(e)) events.set(e.seq, e);
    path = page.next;
  }
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
}

function row(d) {
  const until = shift(d, 1), now = new Date(), today = now >= d && now < until;
  const mine = [...events.values()].filter(e => new Date(e.at) >= d && new Date(e.at) < until && shown.has(kind(e)))
    .sort((a, b) => a.seq - b.seq);
  const field = svg("svg", { height: 3 * lane + 6, role: "group", "aria-label": `${day(d)}: ${mine.length} events` });
  if (today) field.append(svg("rect", { class: "ahead", x: `${part(now) * 100}%`, width: `${(1 - part(now)) * 100}%`, height: "100%" }));
  for (const e of mine) {
    const mark = svg("svg", { class: "mark", x: `${part(new Date(e.at)) * 100}%`, y: kinds[kind(e)][1] * lane + lane / 2 + 3,
      overflow: "visible", tabindex: -1, role: "img", "aria-label": words(e) });
    Object.assign(mark.dataset, { kind: kind(e), seq: e.seq });
    mark.append(svg("circle", { class: "halo", r: 9 }), svg("use", { href: `#k-${kind(e)}` }));
    field.append(mark);
  }
  return el("li", { className: today ? "today" : "" }, el("b", {}, today ? "Today" : weekday(d)), field);
}

const words = e => `${day(e.at)}, ${time(e.at)}: ${[what(e), more(e)].filter(Boolean).join(" · ")}`;

/** Tells of a mark; with focus, it is where the arrow keys go on from. */
function tell(mark, focus) {
  current?.classList.remove("on");
  current?.setAttribute("tabindex", -1);
  current = mark;
  mark.classList.add("on");
  mark.setAttribute("tabindex", 0);
  const e = events.get(Number(mark.dataset.seq));
  $("#told").dataset.kind = kind(e);
  $("#told").textContent = words(e);
  if (focus) mark.focus();
}

/** The mark under a finger, or the nearest one within its width. */
function nearest({ clientX, clientY }) {
  let best, least = 22;
  for (const m of document.querySelectorAll(".mark")) {
    const { x, y, width, height } = m.lastChild.getBoundingClientRect();
    const far = Math.hypot(x + width / 2 - clientX, y + height / 2 - clientY);
    if (far < least) [best, least] = [m, far];
  }
  return best;
}

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
  list.addEventListener("pointermove", e => { const m = nearest(e); if (m && m !== current) tell(m); });
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
    signed(load).catch(e => $("#told").textContent = e.message);
  };
  $("#earlier").onclick = () => go(1);
  $("#later").onclick = () => go(-1);
}
