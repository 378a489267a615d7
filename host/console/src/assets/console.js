// Renews parts of the pages. Each page and each form works without it.
"use strict";

// What the door does now, and its events, as the server sends them.
for (const live of document.querySelectorAll("[data-live]")) {
  const events = document.getElementById("events");
  const source = new EventSource(live.dataset.live);
  source.addEventListener("live", (sent) => { live.innerHTML = sent.data; });
  source.addEventListener("happening", (sent) => {
    events.insertAdjacentHTML("afterbegin", sent.data);
    while (events.children.length > 50) events.lastElementChild.remove();
  });
}

// A page whose board does not answer, or a pairing: its content is asked for again until it is another one.
function retry() {
  const waiting = document.querySelector("[data-retry]");
  if (!waiting) return;
  setTimeout(async () => {
    try {
      const reply = await fetch(location.pathname + location.search);
      const page = new DOMParser().parseFromString(await reply.text(), "text/html");
      const main = page.querySelector("main");
      if (page.querySelector("[data-live]")) return location.reload();
      const now = document.querySelector("main");
      if (main && main.innerHTML !== now.innerHTML) now.replaceWith(main);
    } catch { /* The console itself may be away: ask again. */ }
    retry();
  }, Number(waiting.dataset.retry));
}
retry();

// Buttons of the door do not load the page again: the stream shows what they do.
for (const form of document.querySelectorAll("form[data-quiet]")) {
  form.addEventListener("submit", async (submit) => {
    submit.preventDefault();
    const fields = new URLSearchParams(new FormData(form, submit.submitter));
    form.reset();
    const reply = await fetch(form.action, { method: "POST", body: fields, redirect: "manual" });
    if (reply.type !== "opaqueredirect") {
      const page = new DOMParser().parseFromString(await reply.text(), "text/html");
      const notice = page.querySelector(".notice, main > p");
      if (notice) form.before(notice);
    }
  });
}

// Keys for the PIN.
for (const form of document.querySelectorAll("[data-keypad]")) {
  const input = form.querySelector("input[name=pin]");
  const keys = document.createElement("div");
  keys.className = "keys";
  for (const digit of "1234567890") {
    const key = document.createElement("button");
    key.type = "button";
    key.textContent = digit;
    key.addEventListener("click", () => { input.value += digit; });
    keys.append(key);
  }
  form.querySelector("button.main").before(keys);
}

// A slider shows at once what it means.
for (const form of document.querySelectorAll("form[data-renew]")) {
  const part = document.getElementById(form.dataset.renew);
  let asked = 0;
  form.addEventListener("input", async () => {
    const mine = ++asked;
    const fields = new URLSearchParams(new FormData(form));
    for (const other of document.querySelectorAll("[data-from]")) {
      other.elements[other.dataset.from].value = fields.get(other.dataset.from);
    }
    const reply = await fetch(form.action + "?" + fields);
    const page = new DOMParser().parseFromString(await reply.text(), "text/html");
    const renewed = page.getElementById(form.dataset.renew);
    if (renewed && mine === asked) part.innerHTML = renewed.innerHTML;
  });
}

// Photographs are dropped anywhere on their field, and refused before they are sent if they are too large.
for (const drop of document.querySelectorAll("[data-drop]")) {
  const input = drop.querySelector("input[type=file]");
  const check = () => {
    const bytes = [...input.files].reduce((sum, file) => sum + file.size, 0);
    input.setCustomValidity(bytes > Number(drop.dataset.most) ? drop.dataset.large : "");
    input.reportValidity();
  };
  input.addEventListener("change", check);
  drop.addEventListener("dragover", (over) => { over.preventDefault(); drop.classList.add("over"); });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (dropped) => {
    dropped.preventDefault();
    drop.classList.remove("over");
    input.files = dropped.dataTransfer.files;
    check();
  });
}

// A form that takes long says so, and is sent once.
for (const form of document.querySelectorAll("form[data-busy]")) {
  form.addEventListener("submit", () => {
    const button = form.querySelector("button.main");
    button.disabled = true;
    button.textContent = form.dataset.busy;
  });
}
