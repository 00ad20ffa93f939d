// What makes the pages more pleasant. Everything here can be missing: the pages work without script, WebAuthn excepted.

const all = (selector, f) => document.querySelectorAll(selector).forEach(f);

// A second press of a button sends nothing. The server would not count it either; this spares the wait. The button is not disabled,
// since its own value would then be missing from the form.
const busy = (form, on) => (on ? form.setAttribute("aria-busy", "true") : form.removeAttribute("aria-busy"));
all("form", (form) =>
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    if (form.getAttribute("aria-busy")) event.preventDefault();
    else busy(form, true);
  }),
);
// A page that comes back from the browser's back-forward cache must work again.
addEventListener("pageshow", (event) => {
  if (event.persisted) all("form[aria-busy]", (form) => busy(form, false));
});

// Show and hide a password.
all(".toggle", (button) => {
  const input = document.getElementById(button.getAttribute("aria-controls"));
  const said = document.createElement("span");
  said.className = "said";
  said.setAttribute("role", "status");
  const set = (shown) => {
    input.type = shown ? "text" : "password";
    button.textContent = shown ? button.dataset.hide : button.dataset.show;
  };
  button.hidden = false;
  button.removeAttribute("aria-pressed");
  button.after(said);
  button.addEventListener("click", () => {
    set(input.type === "password");
    said.textContent = input.type === "password" ? button.dataset.hidden : button.dataset.shown;
    input.focus();
  });
  // Password managers do not offer to keep what was in a text field.
  input.form.addEventListener("submit", () => set(false));
});

// A rough idea of a new password's strength, from its length and variety alone. The server has the last word.
const strength = (value, min) => {
  const length = [...value].length;
  const variety = new Set(value.toLowerCase()).size;
  if (length < min) return 0;
  if (variety < 5) return 1;
  const effective = Math.min(length, variety * 2);
  return effective >= min + 12 ? 4 : effective >= min + 6 ? 3 : effective >= min + 2 ? 2 : 1;
};
all("input[data-strength]", (input) => {
  const box = document.getElementById(input.dataset.strength);
  const words = box.dataset.words.split("|");
  const meter = box.querySelector("meter");
  const text = box.querySelector("b");
  input.addEventListener("input", () => {
    box.hidden = input.value === "";
    const score = strength(input.value, Number(input.dataset.min) || 8);
    meter.value = score;
    if (text.textContent !== words[score]) text.textContent = words[score];
  });
});

// Copy a secret that can be typed.
all("[data-copy]", (button) => {
  if (!navigator.clipboard) return;
  button.hidden = false;
  const label = button.textContent;
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = button.dataset.done;
    setTimeout(() => (button.textContent = label), 4000);
  });
});

// Times in the browser's own zone, and as the browser's owner writes them if that is the page's language.
const lang = document.documentElement.lang;
const region = navigator.languages.find((tag) => tag.split("-")[0] === lang && tag !== lang);
const format = new Intl.DateTimeFormat(region ?? (lang === "en" ? "en-GB" : lang), { dateStyle: "long", timeStyle: "short" });
all("time[data-local]", (time) => {
  time.textContent = format.format(new Date(time.dateTime));
});

// Say when the page's time is over, so that nobody types into a form that nothing will read.
all("#time", (time) => {
  const end = Date.now() + Number(time.dataset.minutes) * 60000;
  const timer = setInterval(() => {
    if (Date.now() < end) return;
    clearInterval(timer);
    time.textContent = time.dataset.over;
    time.className = "error";
  }, 5000);
});

// A waiting page goes on when the login did.
all("[data-wait]", (wait) => {
  // The server holds its answer back until something happened, or for a while. One that comes at once and says nothing new comes from
  // a server that holds too many: then, and while the network is away, look less often.
  let pause = 1500;
  const look = async () => {
    const asked = performance.now();
    try {
      const seen = `${wait.dataset.wait}?seen=${wait.dataset.version}`;
      const answer = await fetch(seen, { headers: { Accept: "application/json" }, cache: "no-store" });
      if (answer.status === 404 || answer.status === 410) return location.reload();
      if (answer.ok) {
        const now = await answer.json();
        if (now.done || String(now.version) !== wait.dataset.version) return location.reload();
      }
      pause = performance.now() - asked > 2000 ? 100 : 1500;
    } catch {
      pause = Math.min(pause * 2, 15000);
    }
    setTimeout(look, pause);
  };
  setTimeout(look, 100);
});
