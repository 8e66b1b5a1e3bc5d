// The door as it is now, and what an owner may tell it to do.
import { $, el, call, sure, hour } from "./page.js";
import { clock } from "./clock.js";

let now = {}, ends = {}, signed;

/** Shows the door, as the API describes it. */
export function show(d) {
  const at = performance.now();
  now = d;
  ends = { live: at + d.code_ms, lockout: at + d.lockout_ms, pulse: at + d.open_ms };
  document.body.dataset.lock = d.strike;
  const open = d.contact ? d.open : d.strike === "UNLOCKED";
  $("#leaf").dataset.state = open ? "open" : "closed";
  const said = d.contact ? `The door is ${d.open ? "open" : "closed"}.` : "";
  $("#leaf").setAttribute("aria-label", said || "The door");
  $("#closed").replaceChildren(said, d.strike === "JAMMED" ? " The strike’s line cannot be driven: see the fault." : "",
    d.tamper ? el("b", {}, " Someone tampers with it!") : "");
  $("#lock").disabled = d.strike === "LOCKED";
  $("#texts").textContent = `${d.texts_left} of ${d.texts_per_day}`;
  $("#keypad").toggleAttribute("data-lockout", d.locked_out);
  const out = d.locked_out || d.faults.some(f => f.part === "signin" && f.kind === "lockout");
  $("#pardon").hidden = !d.level && !out;
  $("#pardon").textContent = out ? "Lift the lockout" : "Forget a lockout";
  $("#faults").replaceChildren(...d.faults.map(f => el("li", {},
    el("b", {}, f.kind ? `${f.part}, ${f.kind}: ` : `${f.part}: `), `${stop(f.detail)} `, el("span", {}, f.hint && `What to do: ${stop(f.hint)}`))));
  tick();
}

const stop = text => /[.?!]$/.test(text) ? text : `${text}.`;
const say = (query, text) => { if ($(query).textContent !== text) $(query).textContent = text; };
const states = { LOCKED: "Locked", UNLOCKED: "Unlocked", JAMMED: "Jammed" };

function tick() {
  if (!now.strike) return;
  const at = performance.now(), left = name => Math.max(0, ends[name] - at);
  say("#state", states[now.strike] ?? now.strike);
  $("#pulse").classList.toggle("over", now.strike !== "UNLOCKED");
  $("#pulse").value = left("pulse") / (now.pulse_ms || 1);
  say("#pulse-left", now.strike === "UNLOCKED" && left("pulse") ? `for ${Math.ceil(left("pulse") / 1000)} s` : "");
  say("#live", left("live") ? clock(left("live")) : "none");
  const until = now.lockout_until ? `, until ${hour(now.lockout_until)}` : "";
  const level = now.level ? `ready; after ${now.level === 1 ? "a lockout" : `${now.level} lockouts`}, the next is longer` : "ready";
  say("#lockout", now.locked_out ? `locked out for ${clock(left("lockout"))}${until}` : level);
}

/** Says what went wrong. */
export function trouble(e) {
  $("#trouble").textContent = e.message;
  setTimeout(() => $("#trouble").textContent = "", 10000);
}

async function order(button, path) {
  button.disabled = true;
  $("#trouble").textContent = "";
  try {
    const d = await signed(() => call("POST", path));
    if (d) show(d);
  } catch (e) {
    trouble(e);
  } finally {
    button.disabled = button.id === "lock" && now.strike === "LOCKED";
    if (document.activeElement === document.body) (button.disabled || button.hidden ? $("#open") : button).focus();
  }
}

export function begin(guard) {
  signed = guard;
  $("#open").onclick = async () => {
    const s = Math.round(now.pulse_ms / 100) / 10;
    if (await sure(`Open ${now.name}?`, `Anyone can come in for ${s} seconds.`, "Open now")) order($("#open"), "/api/v1/door/unlock");
  };
  $("#lock").onclick = () => order($("#lock"), "/api/v1/door/lock");
  $("#pardon").onclick = () => order($("#pardon"), "/api/v1/door/pardon");
  setInterval(tick, 250);
}
