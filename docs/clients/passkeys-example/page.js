// What a page does for passkeys: four calls of the browser's, between two of the server's each.
"use strict";

const element = (id) => document.getElementById(id);

async function call(method, body = {}) {
  const response = await fetch(method, {
    method: "POST",
    headers: {"content-type": "application/json"},
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${answer.reason}: ${answer.message}`);
  return answer;
}

// Only one request for a passkey can be open. That of the conditional UI is open all the time, until another one takes its place.
let waiting = null;
function newRequest() {
  if (waiting) waiting.abort();
  waiting = new AbortController();
  return waiting.signal;
}

async function makePasskey() {
  const {options} = await call("start_registration");
  const credential = await navigator.credentials.create({
    publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options),
    signal: newRequest(),
  });
  return call("finish_registration", {passkey: credential.toJSON(), name: navigator.platform});
}

async function ask(options, mediation = "optional") {
  if (mediation === "conditional" && waiting) throw new DOMException("there is another request", "AbortError");
  const credential = await navigator.credentials.get({
    publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options),
    signal: newRequest(),
    mediation,
  });
  return credential.toJSON();
}

async function logInByPasskey(mediation) {
  const {options} = await call("start_login");
  return call("finish_login", {passkey: await ask(options, mediation)});
}

async function logInByPassword() {
  const answer = await call("log_in", {login: element("login").value, password: element("password").value});
  if (!answer.factors) return answer;
  if (!answer.factors.includes("SECOND_FACTOR_PASSKEY")) return answer;
  const {options} = await call("start_second_step");
  return call("finish_second_step", {passkey: await ask(options)});
}

async function show(work) {
  element("status").textContent = "...";
  try {
    element("status").textContent = JSON.stringify(await work());
  } catch (error) {
    element("status").textContent = `${error.name} ${error.message}`;
  }
}

const password = () => element("password").value;
const actions = {
  "log-in-by-passkey": () => logInByPasskey(),
  "answer-by-code": () => call("finish_second_step", {recovery_code: element("code").value}),
  "make-passkey": makePasskey,
  "ask": () => call("ask_for_passkeys", {enabled: true, password: password()}),
  "stop-asking": () => call("ask_for_passkeys", {enabled: false, password: password()}),
  "list": () => call("passkeys"),
  "log-out": () => call("log_out"),
};
for (const [id, action] of Object.entries(actions)) element(id).addEventListener("click", () => show(action));
element("login-form").addEventListener("submit", (event) => {
  event.preventDefault();
  show(logInByPassword);
});

// Where the browser can, it offers passkeys in the field of the name. Who takes one is logged in; that nobody does is no error.
async function offerPasskeys() {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  try {
    element("status").textContent = JSON.stringify(await logInByPasskey("conditional"));
  } catch (error) {
    if (!["AbortError", "NotAllowedError"].includes(error.name)) element("status").textContent = `${error.name} ${error.message}`;
  }
}
offerPasskeys();
