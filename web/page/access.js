// Who is signed in, and which programs may be.
import { $, el, call, sure, ago, date } from "./page.js";

let signed, left;

export async function load() {
  const [{ sessions }, { clients }] = await Promise.all([call("GET", "/api/v1/sessions"), call("GET", "/api/v1/clients")]);
  sessions.sort((a, b) => b.current - a.current || b.used.localeCompare(a.used));
  $("#sessions").replaceChildren(...sessions.map(s => line(s.id, s.client || browser(s.agent ?? ""), s.current ? "this browser" : "",
    `${s.owner}, ${s.from ? `from ${s.from}, ` : ""}used ${ago(s.used)}, since ${date(s.created)}`, s.current ? "End" : "Revoke",
    async () => {
      const words = s.current ? "You will have to sign in again." : "Whoever uses it has to sign in again.";
      if (!await sure(`End the session of ${s.owner}?`, words, "End it")) return;
      await call("DELETE", `/api/v1/sessions/${s.id}`);
      if (s.current) return left();
      await load();
      $("#access-title").focus();
    })));
  $("#clients").replaceChildren(...clients.map(c => line(c.id, c.name, "",
    `${c.sessions === 1 ? "1 session" : `${c.sessions} sessions`}, since ${date(c.created)}`, "Revoke", async () => {
      if (!await sure(`Revoke ${c.name}?`, "Its sessions end, and it cannot sign in again.", "Revoke it")) return;
      await call("DELETE", `/api/v1/clients/${c.id}`);
      await load();
      $("#clients-title").focus();
    })));
  if (!clients.length) $("#clients").append(el("li", { className: "none" }, "None. On the door’s machine, latchd client add NAME makes one."));
}

function line(id, title, note, words, verb, doing) {
  const button = el("button", { type: "button" }, verb);
  button.setAttribute("aria-label", `${verb}: ${title}, ${words}`);
  const li = el("li", { data: { id } }, el("div", {}, el("b", {}, title), note && el("em", {}, note), el("small", {}, words)), button);
  button.onclick = () => signed(doing).catch(e => li.querySelector("small").textContent = e.message);
  return li;
}

/** A browser's name out of what it says of itself; the last resort is the beginning of that. */
function browser(agent) {
  const of = (...names) => names.find(name => agent.includes(name));
  const name = of("Edg", "Firefox", "Chrome", "Safari")?.replace("Edg", "Edge") ?? (agent.slice(0, 24) || "Browser");
  const on = of("iPhone", "iPad", "Android", "Mac OS", "Windows", "Linux");
  return on ? `${name} on ${on}` : name;
}

export function begin(guard, gone) {
  signed = guard;
  left = gone;
  setInterval(() => {
    const idle = !document.hidden && !$("#sure").open && !document.activeElement?.closest("#access li");
    if (idle && document.body.dataset.view === "desk") signed(load).catch(() => {});
  }, 60000);
}
