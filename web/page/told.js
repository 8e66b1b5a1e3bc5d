// An event in words.

const how = { code: "with a code", exit: "by the exit button", mqtt: "over MQTT", console: "from the console" };

const why = {
  expired: "the code had expired", used: "the code was used already", no_code: "no code was live",
  malformed: "not a code", min_gap: "a code had just been sent", per_hour: "the hour’s texts are spent",
  per_day: "the day’s texts are spent", quiet: "quiet hours", retained: "it had waited at the broker", stale: "more than 10 s old",
  future: "from the future", replayed: "not newer than the last one", not_json: "not JSON",
  commands_off: "commands are off",
};

const orders = { UNLOCK: "unlock", OPEN: "open", LOCK: "lock", PARDON: "forget a lockout" };

/** What each type is called, and as what kind the timeline shows it; those without a kind stand in the journal alone. */
const types = {
  "access.granted": [e => `Opened ${how[e.method] ?? ""}`, "granted"],
  "access.denied": ["Refused", "denied"],
  "bell.rung": ["Bell rung", "ring"],
  "bell.limited": ["No code sent", "ring"],
  "code.sent": ["Code texted"],
  "code.delivered": ["Text delivered"],
  "code.failed": ["Text failed", "fault"],
  "lockout.started": ["Keypad locked out", "lockout"],
  "lockout.ended": ["Lockout over"],
  "lock.unlocked": ["Strike unlocked"],
  "lock.locked": ["Strike locked"],
  "door.opened": ["Door opened", "door"],
  "door.closed": ["Door closed", "door"],
  "door.forced": ["Door forced", "fault"],
  "door.held": ["Door left open", "fault"],
  "exit.pressed": ["Exit button pressed"],
  "tamper.on": ["Tampering", "fault"],
  "tamper.off": ["Tampering over"],
  "command.done": [e => `Told to ${orders[e.action] ?? e.action}`],
  "command.refused": ["Command refused", "denied"],
  "fault.raised": [e => `Fault: ${e.part}`, "fault"],
  "fault.cleared": [e => `Fault over: ${e.part}`],
  "daemon.started": ["Daemon started"],
  "daemon.stopped": ["Daemon stopped"],
};

/** The kinds, in the legend's order: their names, and in which lane of a day they lie. */
export const kinds = {
  granted: ["Opened", 0], denied: ["Refused", 1], ring: ["Bell", 2], lockout: ["Lockout", 2], door: ["Door", 3], fault: ["Fault", 3],
};

export const kind = e => types[e.type]?.[1];

/** The types that have one, as a pattern for the API. */
export const drawn = Object.keys(types).filter(type => kind({ type })).join();

/** Groups of types for the journal's filter: a pattern and its name. */
export const groups = [["", "Everything"], ...Object.entries({ access: "Opened and refused", bell: "Bell", code: "Texts",
  lockout: "Lockouts", lock: "Strike", door: "Door", exit: "Exit button", tamper: "Tampering", command: "Commands",
  fault: "Faults", daemon: "Daemon" }).map(([part, title]) => [`${part}.*`, title])];

/** What happened. */
export function what(e) {
  const said = types[e.type]?.[0] ?? e.type;
  return (typeof said === "string" ? said : said(e)).trim();
}

/** Who, how, why, and what to do about it. */
export function more(e) {
  const told = [];
  if (e.owner) told.push(e.phone ? `${e.owner}, ${e.phone}` : e.owner);
  if (e.method && e.type !== "access.granted") told.push(how[e.method] ?? e.method);
  if (e.reason && !e.type.startsWith("fault.")) told.push(why[e.reason] ?? e.reason.replaceAll("_", " "));
  if (e.detail) told.push(e.detail);
  if (e.twilio_code) told.push(`Twilio ${e.twilio_code}`);
  if (e.wait_s) told.push(`for ${e.wait_s < 120 ? `${e.wait_s} s` : `${Math.ceil(e.wait_s / 60)} min`}`);
  if (e.hint) told.push(e.hint);
  if (e.count) told.push(`${e.count} folded`);
  if (e.clock === "unset") told.push("the clock was not set");
  return told.join(" · ");
}
