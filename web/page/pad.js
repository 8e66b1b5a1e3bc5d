// The keypad and the bell at the door: what a visitor sees and touches. It knows nothing of the page around it.
//
//   const pad = new Pad(root, { press: async keys => {}, bell: async () => {} }, speak(["de"]));
//   pad.fit({ keys: ["123", ...], enter: "#", clear: "*", digits: 6, ttl_ms: 120000, min_gap_ms: 60000 });
//   pad.status(status); pad.say({ kind: "bad", say: "wrong_code", left: 2 }); pad.text("sent"); pad.lost(true);
//
// A hand that cannot press throws an error: with a say, if the words are here, else its message is shown.

import { clock } from "./clock.js";

const ring = (id, r) => `<svg class="ring" id="${id}" viewBox="0 0 40 40" aria-hidden="true">
  <circle cx="20" cy="20" r="${r}"/><circle class="run" cx="20" cy="20" r="${r}" pathLength="100"/></svg>`;

const shell = words => `
  <div class="lamps"><i class="lamp green"></i><i class="lamp red"></i></div>
  <div class="glass">
    <div class="line">
      <span id="display" role="img" aria-label="${words.nothing}"></span><span id="typed" role="status"></span>
      <span id="code" class="count" role="timer" hidden>${ring("code-ring", 17)}<b></b></span>
      <span id="lockout" class="count" role="timer" hidden>${ring("lockout-ring", 17)}<b></b></span>
    </div>
    <p id="answer" role="status" aria-live="polite" data-kind="idle"></p>
    <p id="text" role="status" aria-live="polite" data-state="" hidden><svg viewBox="0 0 24 24" aria-hidden="true">
      <path class="bubble" d="M4 4h16v12H10l-5 4v-4H4z"/><path class="mark"/></svg><span></span></p>
  </div>
  <div class="ringer">
    <span class="wreath">${ring("bell-ring", 19)}
    <button id="bell" type="button" aria-label="${words.bell}" aria-keyshortcuts="b">
      <svg viewBox="0 0 24 24" aria-hidden="true"><path
        d="M12 2.5a1.7 1.7 0 0 0-1.7 1.7v.5A6.3 6.3 0 0 0 5.7 11v4.4L4 17.8v.9h16v-.9l-1.7-2.4V11a6.3 6.3 0 0 0-4.6-6.3v-.5A1.7 1.7 0 0 0 12 2.5z
          M9.7 19.9a2.4 2.4 0 0 0 4.6 0z"/></svg>
    </button></span>
    <button id="resend" type="button" hidden></button>
  </div>
  <div class="keys" role="group" aria-label="${words.keypad}"></div>`;

/** What is drawn into the bubble of a text's state. */
const marks = { sending: "M8 10h.1M12 10h.1M16 10h.1", sent: "m8 10 3 3 5-6", delivered: "m6 10 3 3 5-6m-2 6 5-6", failed: "M12 7v4m0 2.5v.1" };

/** A countdown whose end was told as milliseconds left. Its face is hidden when none runs. */
class Countdown {
  #spoken = "";
  constructor(face, ring, speak) { Object.assign(this, { face, ring, speak, end: 0, whole: 0 }); }
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
    this.ring.style.setProperty("--part", this.whole ? left / this.whole : 0);
    if (!this.face) return;
    const text = left ? clock(left) : "", spoken = left ? this.speak(left) : "";
    this.face.hidden = !left;
    if (this.face.lastElementChild.textContent !== text) this.face.lastElementChild.textContent = text;
    if (this.#spoken !== spoken) this.face.setAttribute("aria-label", this.#spoken = spoken);
  }
}

export class Pad {
  #queue = ""; #sending = false; #hands; #root; #words; #rules = {}; #state = {}; #said = 0; #failed = 0; #took = false; #lost = false; #counts;

  constructor(root, hands, words) {
    this.#root = root;
    this.#hands = hands;
    this.#words = words;
    root.classList.add("pad");
    root.innerHTML = shell(words); // of words.js alone
    const of = (id, say) => new Countdown(this.#$("#" + id), this.#$(`#${id}-ring`), ms => say(words.span(ms)));
    this.#counts = { code: of("code", words.lives), lockout: of("lockout", words.until),
      resend: new Countdown(null, this.#$("#bell-ring")) };
    this.#$("#bell").onclick = () => this.ring();
    this.#$("#resend").onclick = e => this.ring(e.currentTarget);
    document.addEventListener("keydown", e => this.#type(e));
    document.addEventListener("keypress", e => { if (this.#took) e.preventDefault(); }); // or Enter rings as well
    setInterval(() => this.#tick(), 250);
  }

  #$(query) { return this.#root.querySelector(query); }

  /** Lays out the keys of this door's pad. */
  fit(rules) {
    const { enter, clear, keys } = this.#rules = rules;
    const names = { [enter]: this.#words.enter, [clear]: this.#words.clear };
    this.#$(".keys").dataset.columns = keys[0].length;
    this.#$(".keys").replaceChildren(...[...keys.join("")].map(k => {
      const b = document.createElement("button");
      b.type = "button";
      b.dataset.key = b.textContent = k;
      b.className = { [enter]: "enter", [clear]: "clear" }[k] ?? "";
      b.setAttribute("aria-label", names[k] ?? k);
      b.onclick = () => this.press(k);
      return b;
    }));
  }

  /** Presses keys, after those that are still being pressed. */
  async press(keys) {
    for (const k of keys) this.#flash(this.#$(`[data-key="${CSS.escape(k)}"]`));
    if (this.#lost) return this.#refuse({ say: "lost" });
    this.#queue = (this.#queue + keys).slice(0, 64);
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
      this.#refuse(e);
    } finally {
      this.#sending = false;
    }
  }

  /** Types a whole code and sends it, whatever was typed before. */
  enter(code) { return this.press((this.#state.typed ? this.#rules.clear : "") + code + this.#rules.enter); }

  /** Rings the bell, which texts a new code where one is allowed. */
  async ring(button = this.#$("#bell")) {
    this.#flash(button);
    if (this.#lost) return this.#refuse({ say: "lost" });
    try { await this.#hands.bell(); } catch (e) { this.#refuse(e); }
  }

  #refuse(e) { this.say({ kind: "bad", say: e.say, text: e.message }); }

  /** Shows the door's status: strike, typed, locked_out, lockout_ms, code_ms, resend_ms. */
  status(s) {
    const shut = this.#state.strike === "UNLOCKED" && s.strike === "LOCKED";
    if (shut && this.#$("#answer").dataset.kind === "good") this.#said = 0; // nobody can come in any more
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
      const spoken = s.typed ? this.#words.typed(s.typed, size) : "";
      this.#$("#typed").textContent = spoken;
      display.setAttribute("aria-label", spoken || this.#words.nothing);
    }
    this.#tick();
  }

  /** Says an answer; it makes way for the next thing to do after a while. */
  say(a) {
    const answer = this.#$("#answer");
    Object.assign(answer.dataset, { kind: a.kind, say: a.say ?? "" });
    answer.textContent = a.say ? this.#words.say(a) : a.text;
    this.#said = performance.now() + 8000;
    if (a.say !== "text_failed") this.#failed = 0;
    if (a.kind === "bad") this.#flash(this.#root, "shake", 1200);
  }

  /** Shows what became of the text: "sending", "sent", "delivered", "failed", or "" for none. */
  text(state) {
    const line = this.#$("#text");
    if (line.dataset.state === state) return;
    line.dataset.state = state;
    this.#failed = state === "failed" ? performance.now() + 15000 : 0;
    line.lastElementChild.textContent = this.#words.text[state] ?? "";
    line.querySelector(".mark").setAttribute("d", marks[state] ?? "");
    this.#tick();
  }

  /** Says that what is shown is stale: nothing can be pressed until it is fresh again. */
  lost(is) {
    this.#lost = is;
    this.#root.toggleAttribute("data-lost", is);
    this.#said = 0;
    this.#queue = "";
    this.#tick();
  }

  #tick() {
    const now = performance.now();
    for (const c of Object.values(this.#counts)) c.draw(now);
    const { code } = this.#counts, { state } = this.#$("#text").dataset;
    this.#$("#text").hidden = state === "failed" ? now > this.#failed : !state || !code.left(now);
    this.#resend(now);
    if (now < this.#said) return;
    const answer = this.#$("#answer"), idle = this.#idle(now);
    Object.assign(answer.dataset, { kind: "idle", say: "" });
    if (answer.textContent !== idle) answer.textContent = idle;
  }

  /** There is something to send again while a code lives, or its text is known of. */
  #resend(now) {
    const { code, resend } = this.#counts, button = this.#$("#resend"), wait = resend.left(now);
    button.hidden = !(code.left(now) || wait || this.#$("#text").dataset.state);
    button.disabled = wait > 0 || !!this.#state.locked_out || this.#lost;
    const text = wait ? this.#words.resendIn(clock(wait)) : this.#words.resend;
    if (button.textContent !== text) button.textContent = text;
  }

  #idle(now) {
    const s = this.#state, words = this.#words;
    if (this.#lost) return words.says.lost;
    if (s.strike === "UNLOCKED") return words.open;
    if (s.strike === "JAMMED") return words.jammed;
    if (s.locked_out) return words.locked;
    if (!this.#counts.code.left(now)) return now < this.#failed ? words.failed : words.idle;
    return this.#$("#text").dataset.state === "failed" ? words.failed : words.type(this.#rules.enter);
  }

  #flash(el, name = "down", ms = 140) {
    if (!el) return;
    el.classList.add(name);
    clearTimeout(el[name]);
    el[name] = setTimeout(() => el.classList.remove(name), ms);
  }

  #type(e) {
    this.#took = false;
    if (e.ctrlKey || e.metaKey || e.altKey || e.target.closest("input, textarea, select")) return;
    const { enter, clear, keys } = this.#rules;
    const key = { Enter: enter, Backspace: clear, Escape: clear }[e.key] ?? e.key.toUpperCase();
    const on = e.target.closest("button, a, summary"), sends = on?.closest(".ringer") && (this.#state.typed || this.#sending);
    if (e.key === "Enter" && on && !sends) return; // it works what has the focus
    if (keys?.some(row => row.includes(key)) && key.length === 1) {
      e.preventDefault();
      this.#took = true;
      if (!e.repeat) this.press(key);
    } else if (key === "B" && !e.repeat) {
      this.ring();
    }
  }
}
