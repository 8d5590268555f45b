// Two ways to decode a latent: in this browser with onnxruntime-web, or on the server over a WebSocket.
// Both give { where, decode(z: Float32Array) -> Promise<Float32Array of C·H·W values in [0, 1]>, close() }; z is the
// latent, and after it a conditional model's label, one-hot.

/** Calls one after the other: neither a session nor a socket takes a second question before it has answered the first. */
function inTurn(decode) {
  let last = Promise.resolve();
  return (z) => {
    last = last.then(
      () => decode(z),
      () => decode(z),
    );
    return last;
  };
}

/** The browser's decoder where that can be, else the server's, with a sentence why. */
export async function openDecoder(data) {
  const reason = data.decoder.why_server || (typeof WebAssembly === "undefined" ? "this browser has no WebAssembly" : "");
  if (!reason) {
    try {
      return await openInBrowser(data);
    } catch (error) {
      console.warn("latent-pad: decoding on the server, because", error);
      return openOnServer(data, "the browser's decoder could not be loaded");
    }
  }
  return openOnServer(data, reason);
}

let runtime = null; // one a page: the WebAssembly module is compiled once

function loadRuntime({ module, wasm }) {
  runtime ??= import(new URL(module, location.origin).href).then((ort) => {
    ort.env.wasm.numThreads = 1; // more need cross-origin isolation, and a decoder is too small to gain
    ort.env.wasm.wasmPaths = { wasm: new URL(wasm, location.origin).href };
    return ort;
  });
  runtime.catch(() => (runtime = null));
  return runtime;
}

async function openInBrowser(data) {
  const ort = await loadRuntime(data.runtime);
  const session = await ort.InferenceSession.create(new URL(data.decoder.onnx, location.origin).href);
  const shape = [1, data.latents + data.conditions.length];
  return {
    where: "browser",
    why: "",
    decode: inTurn(async (z) => {
      const { reconstruction } = await session.run({ z: new ort.Tensor("float32", z, shape) });
      return reconstruction.data;
    }),
    close: () => session.release(),
  };
}

function openOnServer(data, why) {
  const address = new URL(data.decoder.socket, location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  let socket = null;

  function connect() {
    if (socket && socket.readyState <= WebSocket.OPEN) return socket.opened;
    socket = new WebSocket(address);
    socket.binaryType = "arraybuffer";
    socket.opened = new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve, { once: true });
      socket.addEventListener("close", () => reject(new Error("the server does not answer")), { once: true });
    });
    return socket.opened;
  }

  return {
    where: "server",
    why,
    decode: inTurn(async (z) => {
      await connect();
      return new Promise((resolve, reject) => {
        socket.onmessage = (message) => resolve(new Float32Array(message.data));
        socket.onclose = () => reject(new Error("the connection was lost"));
        socket.send(z);
      });
    }),
    close: () => socket?.close(),
  };
}
