// The panel's words in English; tongues.js has the others. A sentence is a string, or a function of what it tells of.
//
//   const words = speak(navigator.languages, tongues);
//   words.locale: the visitor's own way with dates, of that language
//   words.say({ say: "wrong_code", left: 2 }) -> "Wrong code. 2 tries left."

const en = {
  name: "en",
  says: {
    rings: "It rings.",
    texted: "A code is on its way to the owner’s phone.",
    text_failed: "The code could not be texted.",
    no_text: "It rings. No code was sent.",
    min_gap: "A code went out just now. Please wait.",
    per_hour: "No more codes this hour.",
    per_day: "No more codes today.",
    quiet: "No codes are sent at this hour.",
    rings_locked_out: "It rings. No codes during a lockout.",
    opened: "Welcome. Come in.",
    exit: "Opened from inside.",
    opened_for_you: "Opened for you. Come in.",
    wrong_code: a => `Wrong code. ${a.tries}`,
    expired: "Expired. Ring for a new code.",
    used: "Already used. Ring for a new code.",
    no_code: a => `No code is live. Ring first. ${a.tries}`,
    malformed: a => a.digits ? `Not a code: a code has ${a.digits} digits.` : "Not a code.",
    locked_out: "Locked out. Not looked at.",
    jammed: "The lock is stuck.",
    refused: "Refused.",
    lockout: a => `Too many wrong codes. ${a.wait && `Locked out for ${a.wait}.`}`,
    lockout_over: "You may try again.",
    forced: "The door was forced.",
    held: "Please close the door.",
    busy: "One moment, please.",
    trouble: "That did not work. Try again.",
    lost: "Not connected. Please wait.",
  },
  tries: { one: "1 try left.", other: n => `${n} tries left.` },
  idle: "Ring for a code.", failed: "The code could not be texted. Ring again.", open: "Unlocked. Come in.", locked: "Locked out. Codes are refused.", jammed: "The lock is stuck.",
  type: key => `Type the code, then ${key}`,
  text: { sending: "Texting the code…", sent: "Code texted", delivered: "Code delivered", failed: "Text failed" },
  bell: "Ring the bell", resend: "New code", resendIn: t => `New code in ${t}`, keypad: "Keypad", enter: "Enter", clear: "Clear",
  nothing: "Nothing typed", typed: (n, of) => `${n} of ${of}`, lives: t => `The code is good for ${t}`, until: t => `Locked out for ${t}`,
};

/** The words in the first of the languages that there are words for, else in English. */
export function speak(languages, tongues = {}) {
  const known = { ...tongues, en };
  const locale = languages.find(l => known[l.slice(0, 2).toLowerCase()]) ?? "en", lang = locale.slice(0, 2).toLowerCase();
  const words = known[lang], plural = new Intl.PluralRules(lang);
  const count = (n, unit) => new Intl.NumberFormat(lang, { style: "unit", unit, unitDisplay: "long" }).format(n);
  /** A length of time in words, rounded up: seconds below two minutes, else minutes, from two hours on hours. */
  const span = ms => {
    const s = Math.ceil(ms / 1000);
    if (s < 120) return count(s, "second");
    return s < 7200 ? count(Math.ceil(s / 60), "minute") : count(Math.ceil(s / 3600), "hour");
  };
  const tries = n => {
    const said = words.tries[plural.select(n)] ?? words.tries.other;
    return typeof said === "string" ? said : said(n);
  };
  const say = a => {
    const said = words.says[a.say] ?? words.says.refused;
    const facts = { digits: a.digits, wait: a.wait_ms ? span(a.wait_ms) : "", tries: a.left ? tries(a.left) : "" };
    return typeof said === "string" ? said : said(facts).trim();
  };
  return { ...words, lang, locale, span, say };
}
