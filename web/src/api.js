// The server's REST API. The page holds no key: the cookie that identifies it cannot be read from here.

export class ApiError extends Error {
  constructor(reply, output) {
    super(output?.error || `HTTP ${reply.status}`);
    // With this header the server's own token is meant; a service that refuses a key has the same status.
    this.signedOut = reply.status === 401 && reply.headers.has("WWW-Authenticate");
    this.advice = reply.headers.get("Modulex-Advice");
  }
}

export async function api(method, path, body, signal) {
  const reply = await fetch(path, {
    method,
    signal,
    body: body === undefined ? undefined : JSON.stringify(body),
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
  });
  const output = await reply.json().catch(() => ({}));
  if (!reply.ok) throw new ApiError(reply, output);
  return output;
}

// Calls an action; `onProgress` receives its reports. Aborting the signal cancels the call on the server.
export async function call(integration, action, input, credential, { signal, onProgress }) {
  const headers = { "Content-Type": "application/json", Accept: "text/event-stream" };
  if (credential) headers["Modulex-Credential"] = credential;
  const path = `/v1/integrations/${encodeURIComponent(integration)}/actions/${encodeURIComponent(action)}`;
  const reply = await fetch(path, { method: "POST", signal, headers, body: JSON.stringify(input) });
  if (!reply.headers.get("Content-Type")?.startsWith("text/event-stream")) {
    const output = await reply.json().catch(() => ({ success: false, error: `HTTP ${reply.status}` }));
    const error = new ApiError(reply, output);
    if (error.signedOut) throw error;
    return result(output, reply.headers.get("Modulex-Error-Code"), reply.headers.get("Modulex-Advice"));
  }
  const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) throw new Error("The connection ended before the result.");
    text += value;
    let end;
    while ((end = text.indexOf("\n\n")) >= 0) {
      const [first, second] = text.slice(0, end).split("\n");
      text = text.slice(end + 2);
      const data = JSON.parse(second.slice("data: ".length));
      if (first === "event: progress") onProgress(data);
      else return result(data.output, data.headers["modulex-error-code"], data.headers["modulex-advice"]);
    }
  }
}

const result = (output, code, advice) => ({ output, code, advice });
