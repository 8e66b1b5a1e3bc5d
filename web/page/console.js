// The owner's page: who is not signed in does so first; then all of it is live.
import { $, call } from "./page.js";
import { signIn } from "./signin.js";
import * as door from "./door.js";
import * as timeline from "./timeline.js";
import * as journal from "./journal.js";
import * as access from "./access.js";

let source, alive = 0, last = 0, owner = "";

/** Does what needs a session; when that is over, leads back to signing in. */
async function signed(doing) {
  try {
    return await doing();
  } catch (e) {
    if (e.status !== 401) throw e;
    leave(owner && "Your session is over. Sign in again.");
  }
}

function leave(why) {
  source?.close();
  source = null;
  owner = "";
  if ($("#sure").open) $("#sure").close();
  signIn(why, enter);
}

async function enter() {
  let d;
  try {
    d = await signed(() => call("GET", "/api/v1/door"));
  } catch {
    setTimeout(enter, 2000);
  }
  if (!d) return;
  owner = d.owner;
  document.title = `${d.name} · latchd`;
  $("#name").textContent = d.name;
  $("#owner").textContent = owner;
  const came = document.body.dataset.view === "signin";
  document.body.dataset.view = "desk";
  door.show(d);
  if (came) $("#state").focus();
  await signed(() => Promise.all([load(), access.load()])).catch(door.trouble);
  if (owner) listen();
}

const load = () => Promise.all([timeline.load(), journal.load()]);

// The stream. A beat comes every 15 seconds; two that are missing mean that it is dead.
function listen() {
  source?.close();
  alive = performance.now();
  source = new EventSource("/api/v1/events");
  source.onerror = lost;
  const on = (name, f) => source.addEventListener(name, e => { alive = performance.now(); f(JSON.parse(e.data)); });
  on("door", d => {
    link("live", "Live");
    door.show(d);
  });
  on("event", heard);
  on("beat", () => {});
  signed(last ? missed : load).catch(lost);
}

function heard(e) {
  if (e.seq && e.seq <= last) return;
  last = e.seq || last;
  timeline.add(e);
  journal.add(e);
}

/** What happened while nobody listened. */
async function missed() {
  let path = `/api/v1/events?after=${last}&limit=1000`;
  while (path) {
    const page = await call("GET", path);
    page.events.forEach(heard);
    path = page.next;
  }
}

function link(state, words) {
  document.body.dataset.link = state;
  $("#link").textContent = words;
}

function lost() {
  if (!source) return;
  source.close();
  source = null;
  link("lost", "The door does not answer. Trying again…");
  setTimeout(again, 1500);
}

/** Listens again once the door answers, or signs in anew when the session is over. */
async function again() {
  if (source || !owner) return;
  try {
    await signed(() => call("GET", "/api/v1/door"));
    if (owner) listen();
  } catch {
    setTimeout(again, 2000);
  }
}
setInterval(() => { if (source && performance.now() - alive > 32000) lost(); }, 4000);

// A phone that was asleep may have missed that the connection is dead, or that the session is over.
document.addEventListener("visibilitychange", () => {
  if (document.hidden || !source) return;
  signed(async () => door.show(await call("GET", "/api/v1/door"))).catch(lost);
});

$("#signout").onclick = async () => {
  try { await call("POST", "/console/signout/"); } catch (e) { return door.trouble(e); }
  leave("You have signed out.");
};

journal.onseq(seq => last = Math.max(last, seq));
door.begin(signed);
timeline.begin(signed);
journal.begin(signed);
access.begin(signed, () => leave("You have ended this session."));
enter();
