import { strict as assert } from "node:assert";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Run, run } from "pulumi-aws-local";
import { WebSocket } from "ws";
import { createBrowser } from "./support/browser";
import { copyProject } from "./support/project";

interface CallFrame {
  location: { lineNumber: number; columnNumber: number };
  scopeChain: { type: string; object: { objectId: string } }[];
}

interface Property {
  name: string;
  value?: { objectId?: string; value?: unknown };
}

/** The parts of the inspector's messages that this test uses. */
interface Message {
  id?: number;
  method?: string;
  params?: { url?: string; sourceMapURL?: string; callFrames?: CallFrame[] };
  result?: { result?: Property[] };
}

describe("npm start -- --inspect", () => {
  const folder = copyProject();
  let running: Run;
  let socket: WebSocket;
  let lastId = 0;

  before(async () => {
    const inspector = new Promise<string>((resolve) => {
      const onInspect = (_: string, url: string) => resolve(url);
      run({ folder, stack: "dev", port: 0, inspectPort: 0, onInspect }).then((started) => {
        running = started;
      });
    });
    socket = new WebSocket(await inspector);
    await once(socket, "open");
  });
  after(async () => {
    socket?.close();
    await running?.close();
  });

  /** Waits for the next matching message. */
  const nextMessage = (matches: (message: Message) => boolean): Promise<Message> =>
    new Promise((resolve) => {
      const listen = (data: Buffer) => {
        const found: Message = JSON.parse(`${data}`);
        if (matches(found)) {
          socket.off("message", listen);
          resolve(found);
        }
      };
      socket.on("message", listen);
    });

  async function send(method: string, params: object = {}) {
    const id = ++lastId;
    const response = nextMessage((found) => found.id === id);
    socket.send(JSON.stringify({ id, method, params }));
    return (await response).result;
  }

  const propertiesOf = async (objectId?: string) =>
    (await send("Runtime.getProperties", { objectId }))?.result ?? [];

  it("stops at a breakpoint in handler.ts, shows the event, and resumes", async () => {
    const parsed = nextMessage(({ params }) => params?.url?.endsWith("/bundle.js") ?? false);
    await send("Debugger.enable");
    const { url = "", sourceMapURL } = (await parsed).params ?? {};
    assert.equal(sourceMapURL, "bundle.js.map");
    const bundle = fileURLToPath(url);
    const map = new SourceMap(JSON.parse(readFileSync(`${bundle}.map`, "utf8")));

    // What a debugger does when you set a breakpoint in the editor.
    const source = join(folder, "handler.ts");
    const line = readFileSync(source, "utf8")
      .split("\n")
      .findIndex((text) => text.includes("return await routes["));
    const [lineNumber, columnNumber] = generatedPosition(readFileSync(bundle, "utf8"), map, source, line);
    await send("Debugger.setBreakpointByUrl", { url, lineNumber, columnNumber });

    const paused = nextMessage(({ method }) => method === "Debugger.paused");
    const visit = createBrowser(String(running.outputs.url)).visit();
    const [frame] = (await paused).params?.callFrames ?? [];
    assert.ok(frame);
    const entry = map.findEntry(frame.location.lineNumber, frame.location.columnNumber);
    assert.ok("originalLine" in entry);
    assert.deepEqual([entry.originalSource, entry.originalLine], [source, line]);
    const scope = frame.scopeChain.find(({ type }) => type === "local");
    const paths: unknown[] = [];
    for (const { value } of await propertiesOf(scope?.object.objectId)) {
      if (!value?.objectId) continue;
      const properties = await propertiesOf(value.objectId);
      paths.push(
        ...properties.flatMap((property) => (property.name === "rawPath" ? property.value?.value : [])),
      );
    }
    assert.deepEqual(paths, ["/"]);

    await send("Debugger.resume");
    assert.match((await visit).body, /counter: 1\b/);
  });

  /** Finds the position in the bundle where a source line starts. */
  function generatedPosition(text: string, map: SourceMap, source: string, wanted: number): [number, number] {
    for (const [line, code] of text.split("\n").entries()) {
      for (let column = 0; column < code.length; column++) {
        const entry = map.findEntry(line, column);
        if (!("originalLine" in entry)) continue;
        if (entry.originalSource === source && entry.originalLine === wanted) return [line, column];
      }
    }
    return assert.fail(`the source map doesn't contain ${source}:${wanted + 1}`);
  }
});
