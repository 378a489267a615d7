// Renews parts of the pages. Each page and each form works without it.
"use strict";

// Shows a sentence in which commands stand between backticks: each is an element of its own.
function say(place, text) {
  const pieces = text.split("`");
  if (pieces.length % 2 === 0) return place.replaceChildren(text);
  place.replaceChildren(...pieces.map((piece, at) => {
    if (at % 2 === 0) return piece;
    const code = document.createElement("code");
    code.textContent = piece;
    return code;
  }));
}

// What is said when the console does not answer.
function silent() {
  const notice = document.createElement("p");
  notice.className = "notice refused";
  notice.role = "alert";
  say(notice, document.body.dataset.silent);
  return notice;
}

// What the door does now, and its events, as the server sends them. A state that is not renewed is not shown.
for (const live of document.querySelectorAll("[data-live]")) {
  const events = document.getElementById("events");
  const source = new EventSource(live.dataset.live);
  source.addEventListener("live", (sent) => { live.innerHTML = sent.data; });
  source.addEventListener("happening", (sent) => {
    events.insertAdjacentHTML("afterbegin", sent.data);
    while (events.children.length > 50) events.lastElementChild.remove();
  });
  // What was followed has ended: the page says how.
  source.addEventListener("over", () => {
    source.close();
    location.replace(location.pathname);
  });
  source.addEventListener("error", () => {
    live.replaceChildren(silent());
    // The browser asks again by itself, unless it was refused: then the page says why.
    if (source.readyState === EventSource.CLOSED) again(location.href, 2000, () => true);
  });
}

// Asks for a page until there is an answer that `ends` the waiting, and loads it then.
function again(address, wait, ends) {
  setTimeout(async () => {
    try {
      const reply = await fetch(address);
      const page = new DOMParser().parseFromString(await reply.text(), "text/html");
      if (ends(page)) return location.replace(address);
    } catch { /* The console itself may be away: ask again. */ }
    again(address, wait, ends);
  }, wait);
}

// A page that waits for a board or for a pairing: it is loaded again when what it waits for is another one.
const waiting = document.querySelector("[data-retry]");
if (waiting) {
  const before = waiting.outerHTML;
  const changed = (page) => page.querySelector("[data-retry]")?.outerHTML !== before;
  again(location.pathname + location.search, Number(waiting.dataset.retry), changed);
}

// Buttons of the door do not load the page again: the stream shows what they do.
for (const form of document.querySelectorAll("form[data-quiet]")) {
  form.addEventListener("submit", async (submit) => {
    submit.preventDefault();
    const fields = new URLSearchParams(new FormData(form, submit.submitter));
    form.reset();
    let notice;
    try {
      const reply = await fetch(form.action, { method: "POST", body: fields });
      const page = new DOMParser().parseFromString(await reply.text(), "text/html");
      notice = page.querySelector("main > .notice") || (reply.ok ? null : page.querySelector("main > p"));
    } catch {
      notice = silent();
    }
    if (form.previousElementSibling?.matches(".notice")) form.previousElementSibling.remove();
    if (notice) form.before(notice);
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
    fields.delete("form_token");
    try {
      const reply = await fetch(form.action + "?" + fields);
      const page = new DOMParser().parseFromString(await reply.text(), "text/html");
      const renewed = page.getElementById(form.dataset.renew);
      if (mine === asked) part.innerHTML = renewed ? renewed.innerHTML : page.querySelector("main").innerHTML;
    } catch {
      if (mine === asked) part.replaceChildren(silent());
    }
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

// The camera of this computer, or the name of the error that it was not given with.
async function camera(video) {
  try {
    const wanted = { width: { ideal: 640 }, facingMode: "user" };
    const stream = await navigator.mediaDevices.getUserMedia({ video: wanted });
    video.srcObject = stream;
    video.hidden = false;
    return [stream, null];
  } catch (error) {
    return [null, error.name];
  }
}

// The picture of this moment, as a file.
async function picture(video, number) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  canvas.getContext("2d").drawImage(video, 0, 0);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.95));
  return new File([blob], `camera-${number}.jpg`, { type: "image/jpeg" });
}

// Sends a picture, or none, with the token of a form. The reply says what to show and whether to go on.
async function ask(address, form, file) {
  const fields = new FormData();
  fields.append("form_token", form.elements.form_token.value);
  if (file) fields.append("photo", file);
  const reply = await fetch(address, { method: "POST", body: fields });
  return reply.json();
}

const pause = (milliseconds) => new Promise((after) => setTimeout(after, milliseconds));

// Pictures of this computer's camera: the board looks at each, and the good ones go into the form.
for (const area of document.querySelectorAll("[data-webcam]")) {
  if (!navigator.mediaDevices?.getUserMedia) continue;
  const form = area.closest("form");
  const input = form.querySelector("input[type=file]");
  const [button, video, said] = ["button", "video", "p"].map((tag) => area.querySelector(tag));
  let stream = null;
  area.hidden = false;
  const stop = (text) => {
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    video.hidden = true;
    button.textContent = area.dataset.begin;
    say(said, text);
  };
  button.addEventListener("click", async () => {
    if (stream) return stop("");
    const [mine, refused] = await camera(video);
    if (stream) return mine?.getTracks().forEach((track) => track.stop());
    if (refused) return stop(refused === "NotFoundError" ? area.dataset.none : area.dataset.denied);
    stream = mine;
    button.textContent = area.dataset.end;
    const good = new DataTransfer();
    try {
      await video.play();
      const end = Date.now() + 120_000;
      while (good.items.length < Number(area.dataset.webcam)) {
        if (Date.now() > end) return stop(area.dataset.tired);
        const file = await picture(video, good.items.length + 1);
        const seen = await ask(area.dataset.look, form, file);
        if (stream !== mine) return;
        if (seen.over) return stop(seen.said);
        if (seen.good) good.items.add(file);
        else await pause(1000);
        say(said, seen.said || `${good.items.length} / ${area.dataset.webcam}`);
      }
    } catch {
      return stop(document.body.dataset.silent);
    }
    input.files = good.files;
    input.dispatchEvent(new Event("change"));
    stop(area.dataset.done);
  });
}

// A trial: pictures of a camera are compared one after the other, until somebody stops it.
for (const form of document.querySelectorAll("form[data-trial]")) {
  const [video, part, said] = ["video", "[data-part]", "[data-said]"].map((found) => form.querySelector(found));
  const button = (value) => form.querySelector(`button[value=${value}]`);
  let round = 0;
  if (!navigator.mediaDevices?.getUserMedia) button("browser").remove();
  const stop = (stream, text) => {
    round += 1;
    stream?.getTracks().forEach((track) => track.stop());
    video.hidden = true;
    button("stop").disabled = true;
    say(said, text);
  };
  const begin = async (own) => {
    const mine = ++round;
    let stream = null;
    button("stop").disabled = false;
    said.textContent = "";
    if (own) {
      const [given, refused] = await camera(video);
      stream = given;
      if (refused) return stop(null, refused === "NotFoundError" ? form.dataset.none : form.dataset.denied);
    }
    try {
      if (own) await video.play();
      for (let looks = 1; looks <= Number(form.dataset.looks) && mine === round && !document.hidden; looks += 1) {
        const seen = await ask(form.dataset.trial, form, own ? await picture(video, looks) : null);
        if (mine !== round) break;
        part.innerHTML = seen.part;
        said.textContent = `${form.dataset.word} ${looks} / ${form.dataset.looks}`;
        if (seen.over) return stop(stream, "");
        await pause(500);
      }
    } catch {
      part.replaceChildren(silent());
      return stop(stream, "");
    }
    // Another one has begun meanwhile, or this one was stopped.
    if (mine !== round) return stream?.getTracks().forEach((track) => track.stop());
    stop(stream, form.dataset.over);
  };
  button("browser")?.addEventListener("click", () => begin(true));
  button("door").addEventListener("click", () => begin(false));
  button("stop").addEventListener("click", () => stop(video.srcObject, ""));
}

// A form that takes long says so, and is sent once.
for (const form of document.querySelectorAll("form[data-busy]")) {
  form.addEventListener("submit", () => {
    const button = form.querySelector("button.main");
    button.disabled = true;
    button.textContent = form.dataset.busy;
  });
}
