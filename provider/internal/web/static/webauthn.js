// Passkeys and security keys (WebAuthn). A form with such a ceremony is sent once the browser's own dialogue was answered, and the answer
// travels in the form. On a page that asks for a name the browser offers its passkeys in that field as well, without a dialogue.

const decode = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const encode = (buffer) => {
  let text = "";
  for (const byte of new Uint8Array(buffer)) text += String.fromCharCode(byte);
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
};
const descriptors = (list) => list?.map((item) => ({ ...item, id: decode(item.id) }));

// Browsers of before 2025 cannot read and write the JSON forms themselves.
const creationOptions = (o) =>
  PublicKeyCredential.parseCreationOptionsFromJSON?.(o) ?? {
    ...o,
    challenge: decode(o.challenge),
    user: { ...o.user, id: decode(o.user.id) },
    excludeCredentials: descriptors(o.excludeCredentials),
  };
const requestOptions = (o) =>
  PublicKeyCredential.parseRequestOptionsFromJSON?.(o) ?? {
    ...o,
    challenge: decode(o.challenge),
    allowCredentials: descriptors(o.allowCredentials),
  };
const written = (credential) => {
  try {
    return JSON.stringify(credential.toJSON());
  } catch {
    // An older browser, or a password manager's stand-in for it.
  }
  const { response } = credential;
  const out = { clientDataJSON: encode(response.clientDataJSON) };
  for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[part]) out[part] = encode(response[part]);
  }
  if (response.attestationObject) {
    delete out.authenticatorData;
    out.transports = response.getTransports?.() ?? [];
  }
  return JSON.stringify({
    id: credential.id,
    rawId: encode(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: out,
  });
};

const ceremony = (field) => {
  const { form } = field;
  const box = form.querySelector("[data-webauthn-failed]");
  const supported = Boolean(window.PublicKeyCredential && navigator.credentials);
  const create = field.dataset.create === "true";
  const say = (why) => {
    box.hidden = false;
    box.querySelector("p").textContent = box.dataset[why];
  };
  const ask = (more) => {
    const json = JSON.parse(field.dataset.webauthn);
    return create
      ? navigator.credentials.create({ publicKey: creationOptions(json), ...more })
      : navigator.credentials.get({ publicKey: requestOptions(json), ...more });
  };
  const send = (credential, submitter) => {
    field.value = written(credential);
    form.requestSubmit(submitter);
  };

  // Only one request can be open in a page: the dialogue ends the one that waits in the name's field, which begins anew afterwards.
  let waiting;
  const wait = async () => {
    if (create || !form.matches(".beside") || !(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
    waiting = new AbortController();
    try {
      send(await ask({ mediation: "conditional", signal: waiting.signal }), form.querySelector("button"));
    } catch {
      // Ended by the dialogue, or not to be had; the button is there.
    }
  };

  if (supported) {
    form.hidden = false;
    wait();
  } else if (!form.hidden) {
    say("unsupported");
  }
  addEventListener("pageshow", (event) => {
    if (event.persisted) field.value = ""; // an answer counts once
  });
  form.addEventListener(
    "submit",
    async (event) => {
      if (event.submitter?.formNoValidate || field.value) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (!supported || form.getAttribute("aria-busy")) return;
      box.hidden = true;
      waiting?.abort();
      form.setAttribute("aria-busy", "true"); // the dialogue may need a moment to appear
      try {
        const credential = await ask();
        form.removeAttribute("aria-busy");
        send(credential, event.submitter);
      } catch (error) {
        form.removeAttribute("aria-busy");
        say({ NotAllowedError: "cancelled", AbortError: "cancelled", TimeoutError: "cancelled", InvalidStateError: create ? "exists" : "failed" }[error.name] ?? "failed");
        box.focus();
        wait();
      }
    },
    { capture: true },
  );
};
document.querySelectorAll("input[data-webauthn]").forEach(ceremony);
