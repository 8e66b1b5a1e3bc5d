// The keypad and the bell at the door: what a visitor sees and touches. It knows nothing of the page around it.
//
//   const pad = new Pad(root, { press: async keys => {}, bell: async () => {} });
//   pad.fit({ keys: ["123", ...], enter: "#", clear: "*", digits: 6, ttl_ms: 120000, min_gap_ms: 60000 });
//   pad.status(status); pad.say({ kind: "bad", text: "Wrong code." });

const ring = (id, r) => `<svg class="ring" id="${id}" viewBox="0 0 40 40" aria-hidden="true">
  <circle cx="20" cy="20" r="${r}"/><circle class="run" cx="20" cy="20" r="${r}" pathLength="100"/></svg>`;

const shell = `
  <div class="lamps"><i class="lamp green"></i><i class="lamp red"></i></div>
  <div class="glass">
    <div class="line">
      <span id="display" role="img" aria-label="Nothing typed"></span>
      <span id="code" class="count" role="timer" aria-label="The code lives for" hidden>
        ${ring("code-ring", 17)}<b></b></span>
      <span id="lockout" class="count" role="timer" aria-label="Locked out for" hidden>
        ${ring("lockout-ring", 17)}<b></b></span>
    </div>
    <p id="answer" role="status" aria-live="polite" data-kind="idle"></p>
  </div>
  <div class="keys" role="group" aria-label="Keypad"></div>
  <div class="ringer">
    <span class="wreath">${ring("bell-ring", 19)}
    <button id="bell" type="button" aria-label="Ring the bell" title="Ring the bell (B)">
      <svg viewBox="0 0 24 24" aria-hidden="true"><path
        d="M12 2.5a1.7 1.7 0 0 0-1.7 1.7v.5A6.3 6.3 0 0 0 5.7 11v4.4L4 17.8v.9h16v-.9l-1.7-2.4V11a6.3 6.3 0 0 0-4.6-6.3v-.5A1.7 1.7 0 0 0 12 2.5z
          M9.7 19.9a2.4 2.4 0 0 0 4.6 0z"/></svg>
    </button></span>
    <span id="resend" hidden></span>
  </div>`;

/** Minutes and seconds left, rounded up: 0:59. */
export const clock = ms => {
  const s = Math.ceil(ms / 1000), h = Math.floor(s / 3600), two = n => String(n).padStart(2, "0");
  return h ? `${h}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`;
};

/** A countdown whose end was told as milliseconds left. */
class Countdown {
  constructor(face, ring, words) { Object.assign(this, { face, ring, words, end: 0, whole: 0 }); }
  set(left, whole) {
    const now = performance.now();
    this.end = now + left;
    this.whole = Math.max(whole || 0, left, this.left(now) && this.whole);
    if (!left) this.whole = 0;
    this.draw(now);
  }
  left(now) { return Math.max(0, this.end - now); }
  draw(now) {
    const left = this.left(now);
    const text = left ? this.words(left) : "", line = this.face.querySelector("b") ?? this.face;
    this.face.hidden = !left;
    if (line.textContent !== text) line.textContent = text;
    this.ring.style.setProperty("--part", this.whole ? left / this.whole : 0);
  }
}

export class Pad {
  #queue = ""; #sending = false; #hands; #root; #rules = {}; #state = {}; #said = 0; #counts;

  constructor(root, hands) {
    this.#root = root;
    this.#hands = hands;
    root.classList.add("pad");
    root.innerHTML = shell;
    const of = (id, words = clock) => new Countdown(this.#$("#" + id), this.#$(`#${id}-ring`), words);
    this.#counts = { code: of("code"), lockout: of("lockout"),
      resend: new Countdown(this.#$("#resend"), this.#$("#bell-ring"), ms => `New code in ${clock(ms)}`) };
    this.#$("#bell").onclick = () => this.ring();
    document.addEventListener("keydown", e => this.#type(e));
    setInterval(() => this.#tick(), 250);
  }

  #$(query) { return this.#root.querySelector(query); }

  /** Lays out the keys of this door's pad. */
  fit(rules) {
    this.#rules = rules;
    const names = { [rules.enter]: "Enter", [rules.clear]: "Clear" };
    this.#$(".keys").dataset.columns = rules.keys[0].length;
    this.#$(".keys").replaceChildren(...[...rules.keys.join("")].map(k => {
      const b = document.createElement("button");
      b.type = "button";
      b.dataset.key = b.textContent = k;
      b.setAttribute("aria-label", names[k] ?? k);
      b.onclick = () => this.press(k);
      return b;
    }));
  }

  /** Presses keys, after those that are still being pressed. */
  async press(keys) {
    this.#queue = (this.#queue + keys).slice(0, 64);
    for (const k of keys) this.#flash(this.#$(`[data-key="${CSS.escape(k)}"]`));
    if (this.#sending) return;
    this.#sending = true;
    try {
      while (this.#queue) {
        const next = this.#queue.slice(0, 16);
        this.#queue = this.#queue.slice(16);
        await this.#hands.press(next);
      }
    } catch (e) {
      this.#queue = "";
      this.say({ kind: "bad", text: e.message });
    } finally {
      this.#sending = false;
    }
  }

  /** Types a whole code and sends it, whatever was typed before. */
  enter(code) { return this.press((this.#state.typed ? this.#rules.clear : "") + code + this.#rules.enter); }

  async ring() {
    this.#flash(this.#$("#bell"));
    try { await this.#hands.bell(); } catch (e) { this.say({ kind: "bad", text: e.message }); }
  }

  /** Shows the door's status: strike, typed, locked_out, lockout_ms, code_ms, resend_ms. */
  status(s) {
    this.#state = s;
    const { code, lockout, resend } = this.#counts;
    code.set(s.locked_out ? 0 : s.code_ms, this.#rules.ttl_ms);
    lockout.set(s.locked_out ? s.lockout_ms : 0);
    resend.set(s.locked_out ? 0 : s.resend_ms, this.#rules.min_gap_ms);
    this.#root.toggleAttribute("data-lockout", s.locked_out);
    const display = this.#$("#display"), size = this.#rules.digits || 6;
    if (display.dataset.typed !== String(s.typed) || display.childElementCount < size) {
      display.dataset.typed = s.typed;
      display.replaceChildren(...Array.from({ length: Math.min(12, Math.max(size, s.typed)) }, (_, i) => {
        const dot = document.createElement("i");
        dot.className = i < s.typed ? "on" : "";
        return dot;
      }));
      display.setAttribute("aria-label", s.typed ? `${s.typed} typed` : "Nothing typed");
    }
    this.#tick();
  }

  /** Says an answer; it makes way for the next thing to do after a while. */
  say({ kind, text }) {
    const answer = this.#$("#answer");
    Object.assign(answer.dataset, { kind });
    answer.textContent = text;
    this.#said = performance.now() + 8000;
    if (kind === "bad") this.#flash(this.#root, "shake", 1200);
  }

  #tick() {
    const now = performance.now();
    for (const c of Object.values(this.#counts)) c.draw(now);
    if (now < this.#said) return;
    const answer = this.#$("#answer"), idle = this.#idle();
    answer.dataset.kind = "idle";
    if (answer.textContent !== idle) answer.textContent = idle;
  }

  #idle() {
    const s = this.#state;
    if (s.strike === "UNLOCKED") return "Open. Come in.";
    if (s.locked_out) return "Locked out. Codes are refused.";
    if (this.#counts.code.end > performance.now()) return `Type the code, then ${this.#rules.enter}`;
    return "Ring for a code.";
  }

  #flash(el, name = "down", ms = 140) {
    if (!el) return;
    el.classList.add(name);
    clearTimeout(el[name]);
    el[name] = setTimeout(() => el.classList.remove(name), ms);
  }

  #type(e) {
    if (e.ctrlKey || e.metaKey || e.altKey || e.target.closest("input, textarea, select")) return;
    const { enter, clear, keys } = this.#rules;
    const key = { Enter: enter, Backspace: clear, Escape: clear }[e.key] ?? e.key.toUpperCase();
    if (e.key === "Enter" && e.target.closest("button, a, summary")) return; // it works what has the focus
    if (keys?.some(row => row.includes(key)) && key.length === 1) {
      e.preventDefault();
      if (!e.repeat) this.press(key);
    } else if (key === "B" && !e.repeat) {
      this.ring();
    }
  }
}
