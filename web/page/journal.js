// The journal to search: by type and day at the door, by words here.
import { $, el, call, day, time } from "./page.js";
import { groups, kind, what, more } from "./told.js";

let next = null, signed, seen = () => {};

/** Calls f with each seq that is read. */
export const onseq = f => seen = f;

/** What is asked for, as the API takes it. */
function asked() {
  const v = new URLSearchParams(), chosen = $("#day").value;
  if ($("#type").value) v.set("type", $("#type").value);
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
  $("#events tbody").replaceChildren();
  await further();
}

async function further() {
  const page = await call("GET", next);
  next = page.next;
  for (const e of page.events) seen(e.seq);
  $("#events tbody").append(...page.events.map(row));
  sift();
}

/** Shows an event that has just happened, if it is asked for. */
export function add(e) {
  const { type, since, until } = Object.fromEntries(asked()), at = new Date(e.at);
  if (type && !e.type.startsWith(type.slice(0, -1))) return;
  if (since && (at < new Date(since) || at >= new Date(until))) return;
  $("#events tbody").prepend(row(e));
  sift();
}

function row(e) {
  const when = el("time", { dateTime: e.at, title: e.at }, el("span", {}, day(e.at)), ` ${time(e.at)}`);
  const role = "cell"; // a narrow page lays rows out as grids, which would cost them their meaning
  return el("tr", { role: "row", data: { seq: e.seq, type: e.type, kind: kind(e) ?? "" } }, el("td", { role }, when),
    el("td", { role, title: e.type }, what(e)), el("td", { role }, more(e)));
}

/** Hides what the words searched for are not in. */
function sift() {
  const words = $("#search").value.trim().toLowerCase().split(/\s+/), rows = [...$("#events tbody").rows];
  for (const r of rows) {
    const text = `${r.textContent} ${r.dataset.type}`.toLowerCase();
    r.hidden = !words.every(w => text.includes(w));
  }
  const found = rows.filter(r => !r.hidden).length, searched = $("#search").value.trim() && rows.length;
  $("#found").textContent = searched ? `${found} of the ${rows.length} events read${next ? " so far" : ""}`
    : rows.length ? "" : "Nothing happened.";
  $("#more").hidden = !next;
}

export function begin(guard) {
  signed = guard;
  const tried = doing => signed(doing).catch(e => $("#found").textContent = e.message);
  $("#type").replaceChildren(...groups.map(([value, title]) => el("option", { value }, title)));
  $("#filter").onsubmit = e => e.preventDefault();
  $("#search").oninput = sift;
  $("#type").onchange = $("#day").onchange = () => tried(load);
  $("#more").onclick = () => tried(further);
}
