// Offers to sign in with a passkey, where the browser knows them. Without this script the form is the same but for that.
(() => {
  const button = document.getElementById("use-passkey");
  const error = document.getElementById("passkey-error");
  const options = JSON.parse(button.dataset.options);
  const isOurs = ("." + location.hostname).endsWith("." + options.rpId);
  if (!window.PublicKeyCredential || !isOurs) return;

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  button.hidden = false;
  button.addEventListener("click", async () => {
    error.hidden = true;
    button.disabled = true;
    try {
      const publicKey = { ...options, challenge: bytes(options.challenge), allowCredentials: [] };
      const { rawId, type, response } = await navigator.credentials.get({ publicKey });
      const { form } = button;
      form.elements.passkey.value = JSON.stringify({
        rawId: text(rawId),
        type,
        response: {
          clientDataJSON: text(response.clientDataJSON),
          authenticatorData: text(response.authenticatorData),
          signature: text(response.signature),
          userHandle: response.userHandle ? text(response.userHandle) : null,
        },
      });
      form.elements.password.value = "";
      form.submit();
    } catch {
      error.hidden = false;
      button.disabled = false;
    }
  });
})();
