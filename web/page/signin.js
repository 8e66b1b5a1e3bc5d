// Signing in: a phone number, then the code that is texted to it.
import { $, call } from "./page.js";
import { clock } from "./clock.js";

const wait = 60000; // until a new code may be asked for; the door may make one wait longer and not say so
let phone = "", next = 0, entered = () => {};

/** Shows the first step, and why one has to sign in again. Calls in once signed in. */
export function signIn(why, then) {
  entered = then;
  document.body.dataset.view = "signin";
  $("#why").textContent = why;
  step(1);
}

function step(n) {
  $("#first").hidden = n !== 1;
  $("#second").hidden = n !== 2;
  $("#problem").textContent = $("#code").value = "";
  $(n === 1 ? "#phone" : "#code").focus();
}

/** Does what a form asks for, once at a time, and says what went wrong. */
async function tried(field, doing) {
  const buttons = document.querySelectorAll("#signin button");
  $("#problem").textContent = "";
  field.removeAttribute("aria-invalid");
  for (const b of buttons) b.disabled = true;
  try {
    await doing();
  } catch (e) {
    $("#problem").textContent = e.message;
    field.setAttribute("aria-invalid", "true");
    field.select();
    field.focus();
  } finally {
    for (const b of buttons) b.disabled = false;
    tick();
  }
}

/** What is not even a phone number, or a code, is not sent. */
const needs = (ok, why) => { if (!ok) throw new Error(why); };

async function ask() {
  needs(/^\+?\d{7,15}$/.test(phone.replace(/[\s().-]/g, "")), "That is no phone number. Begin with + and the country’s code.");
  await call("POST", "/otp/getcode/", { phone });
  next = performance.now() + wait;
  $("#sent").textContent = `If ${phone} is an owner’s number, a code is on its way.`;
  step(2);
}

function tick() {
  const left = next - performance.now();
  $("#again").disabled = left > 0;
  $("#again").textContent = left > 0 ? `New code in ${clock(left)}` : "New code";
}

$("#first").onsubmit = e => {
  e.preventDefault();
  phone = $("#phone").value.trim();
  $("#why").textContent = "";
  tried($("#phone"), ask);
};
$("#second").onsubmit = e => {
  e.preventDefault();
  tried($("#code"), async () => {
    const code = $("#code").value.replace(/[\s-]/g, "");
    needs(/^\d+$/.test(code), "Type the code from the text.");
    await call("POST", "/console/signin/", { phone, code });
    step(1);
    await entered();
  });
};
$("#again").onclick = () => tried($("#code"), ask);
$("#other").onclick = () => step(1);
setInterval(() => { if (document.body.dataset.view === "signin") tick(); }, 500);
