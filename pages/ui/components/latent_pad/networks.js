// The two halves of a model, each in this browser with onnxruntime-web or on the server over a WebSocket.
// All give { where: "browser" | "server", why, close() } and
//   decoder  decode(z) -> values of the reconstruction, C·H·W in [0, 1]; z is the latent, after it a conditional model's
//            label, one-hot
//   encoder  encode(x) -> { mean, std } of q(z | x); x is C·H·W values in [0, 1], after them the label likewise

import { tr } from "../words.js";

/** Calls one after the other: neither a session nor a socket takes a second question before it has answered the first. */
function inTurn(ask) {
  let last = Promise.resolve();
  return (values) => {
    last = last.then(
      () => ask(values),
      () => ask(values),
    );
    return last;
  };
}

export async function openDecoder(data) {
  const size = data.latents + data.conditions.length;
  const { ask, ...rest } = await open(data, data.decoder, "decoder", (ort, z) => ({ z: new ort.Tensor("float32", z, [1, size]) }));
  return { ...rest, decode: async (z) => (await ask(z))[0] };
}

export async function openEncoder(data) {
  const size = data.shape.reduce((a, b) => a * b, 1);
  const inputs = (ort, x) => {
    const given = { x: new ort.Tensor("float32", x.slice(0, size), [1, ...data.shape]) };
    if (data.conditions.length) given.labels = new ort.Tensor("float32", x.slice(size), [1, data.conditions.length]);
    return given;
  };
  const { ask, ...rest } = await open(data, data.encoder, "encoder", inputs);
  const encode = async (x) => {
    const parts = await ask(x);
    if (parts.length === 2) return { mean: parts[0], std: parts[1] };
    return { mean: parts[0].slice(0, data.latents), std: parts[0].slice(data.latents) };
  };
  return { ...rest, encode };
}

/** A half in the browser where that can be, else on the server, with a sentence why. */
async function open(data, half, name, inputs) {
  const reason = half.why_server || (typeof WebAssembly === "undefined" ? tr("this browser has no WebAssembly") : "");
  if (!reason) {
    try {
      return await openInBrowser(data, half, inputs);
    } catch (error) {
      console.warn(`latent-pad: ${name} on the server, because`, error);
      if (!half.socket) throw error;
      return openOnServer(half, name === "decoder" ? tr("the browser's decoder could not be loaded") : tr("the browser's encoder could not be loaded"));
    }
  }
  if (!half.socket) throw new Error(reason);
  return openOnServer(half, reason);
}

let runtime = null; // one a page: the WebAssembly module is compiled once
const IDENTITY = "CAg6NwoQCgFhEgFiIghJZGVudGl0eRIBZ1oPCgFhEgoKCAgBEgQKAggBYg8KAWISCgoICAESBAoCCAFCBAoAEBQ="; // b = a, in ONNX

/** With its WebAssembly compiled and started, which takes half a second and which only a first session brings about. */
export function loadRuntime({ module, wasm }) {
  runtime ??= import(new URL(module, document.baseURI).href).then(async (ort) => {
    ort.env.wasm.numThreads = 1; // more need cross-origin isolation, and a decoder is too small to gain
    ort.env.wasm.wasmPaths = { wasm: new URL(wasm, document.baseURI).href };
    const first = await ort.InferenceSession.create(Uint8Array.from(atob(IDENTITY), (letter) => letter.charCodeAt(0)));
    first.release();
    return ort;
  });
  runtime.catch(() => (runtime = null));
  return runtime;
}

async function openInBrowser(data, half, inputs) {
  const [ort, model] = await Promise.all([loadRuntime(data.runtime), download(half.onnx)]);
  const session = await ort.InferenceSession.create(model);
  const ask = async (values) => {
    const outputs = await session.run(inputs(ort, values));
    return session.outputNames.map((name) => outputs[name].data);
  };
  return { where: "browser", why: "", ask: inTurn(ask), close: () => session.release() };
}

/** Asked for at once: the server may have to write the file first. */
async function download(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(await answer.text());
  return new Uint8Array(await answer.arrayBuffer());
}

function openOnServer(half, why) {
  const address = new URL(half.socket, location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  let socket = null;
  let isClosed = false;

  function connect() {
    if (socket && socket.readyState <= WebSocket.OPEN) return socket.opened;
    socket = new WebSocket(address);
    socket.binaryType = "arraybuffer";
    socket.opened = new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve, { once: true });
      socket.addEventListener("close", () => reject(new Error(tr("the server does not answer"))), { once: true });
    });
    return socket.opened;
  }

  const ask = async (values) => {
    if (isClosed) throw new Error(tr("the explorer was closed"));
    await connect();
    return new Promise((resolve, reject) => {
      socket.onmessage = (message) => resolve([new Float32Array(message.data)]);
      socket.onclose = () => reject(new Error(tr("the connection was lost")));
      socket.send(values);
    });
  };
  const close = () => {
    isClosed = true;
    socket?.close();
  };
  return { where: "server", why, ask: inTurn(ask), close };
}
