// The journal to search.
import { $, el, call, day, time } from "./page.js";
import { groups, kind, what, more } from "./told.js";

let next = null, turn = 0, late = 0, signed, seen = () => {};
const sought = () => $("#search").value.trim();

/** Calls f with each seq that is read. */
export const onseq = f => seen = f;

/** What is asked for, as the API takes it. */
function asked() {
  const v = new URLSearchParams(), chosen = $("#day").value;
  if ($("#type").value) v.set("type", $("#type").value);
  if (sought()) v.set("q", sought());
  if (chosen) {
    const from = new Date(`${chosen}T00:00`), until = new Date(from);
    until.setDate(until.getDate() + 1);
    v.set("since", from.toISOString());
    v.set("until", until.toISOString());
  }
  return v;
}

/** Reads the newest events of those that are asked for. */
export async function load() {
  const v = asked();
  next = `/api/v1/events?limit=50&${v}`;
  v.set("format", "csv");
  $("#csv").href = `/api/v1/events?${v}`;
  turn++;
  await further(true);
}

async function further(anew) {
  const mine = turn, page = await call("GET", next);
  if (mine !== turn) return; // something else is asked for by now
  next = page.next;
  for (const e of page.events) seen(e.seq);
  if (anew) $("#events tbody").replaceChildren();
  $("#events tbody").append(...page.events.map(row));
  count();
}

/** Shows an event that has just happened, if it is asked for. */
export function add(e) {
  const { type, since, until, q = "" } = Object.fromEntries(asked()), at = new Date(e.at), json = JSON.stringify(e).toLowerCase();
  if (type && !e.type.startsWith(type.slice(0, -1))) return;
  if (since && (at < new Date(since) || at >= new Date(until))) return;
  if (!q.toLowerCase().split(/\s+/).every(word => json.includes(word))) return;
  $("#events tbody").prepend(row(e));
  count();
}

function row(e) {
  const when = el("time", { dateTime: e.at, title: e.at }, el("span", {}, day(e.at)), ` ${time(e.at)}`);
  const role = "cell"; // a narrow page lays rows out as grids, which would cost them their meaning
  return el("tr", { role: "row", data: { seq: e.seq, type: e.type, kind: kind(e) ?? "" } }, el("td", { role }, when),
    el("td", { role, title: e.type }, what(e)), el("td", { role }, more(e)));
}

function count() {
  const n = $("#events tbody").rows.length;
  $("#found").textContent = sought() ? `${n}${next ? " or more" : ""} found` : n ? "" : "Nothing happened.";
  $("#more").hidden = !next;
}

export function begin(guard) {
  signed = guard;
  const tried = doing => signed(doing).catch(e => $("#found").textContent = e.message);
  $("#type").replaceChildren(...groups.map(([value, title]) => el("option", { value }, title)));
  $("#filter").onsubmit = e => e.preventDefault();
  $("#search").oninput = () => {
    clearTimeout(late);
    late = setTimeout(() => tried(load), 300);
  };
  $("#type").onchange = $("#day").onchange = () => tried(load);
  $("#more").onclick = () => tried(() => further());
}
