import { strict as assert } from "node:assert";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { join } from "node:path";
import { type Run, run } from "pulumi-aws-local";
import { WebSocket } from "ws";
import { createBrowser } from "./support/browser";
import { copyProject } from "./support/project";

/** The parts of the inspector's messages that this test uses. */
interface Message {
  id?: number;
  method?: string;
  params: {
    url: string;
    sourceMapURL: string;
    callFrames: { callFrameId: string; location: { lineNumber: number; columnNumber: number } }[];
  };
  result: { result: { value: unknown } };
}

describe("npm start -- --inspect", () => {
  const folder = copyProject();
  const source = join(folder, "handler.ts");
  let starting: Promise<Run>;
  let socket: WebSocket;
  let lastId = 0;

  before(async () => {
    const text = readFileSync(source, "utf8");
    writeFileSync(source, text.replace("    return await routes[", "    debugger;\n$&"));
    const inspector = new Promise<string>((resolve) => {
      const onInspect = (_: string, url: string) => resolve(url);
      starting = run({ folder, stack: "dev", port: 0, inspectPort: 0, onInspect });
    });
    socket = new WebSocket(await inspector);
    await once(socket, "open");
  });
  after(async () => {
    socket?.close();
    await (await starting).close();
  });

  /** Waits for the next matching message. */
  const nextMessage = (matches: (message: Message) => boolean): Promise<Message> =>
    new Promise((resolve) => {
      socket.on("message", (data) => {
        const found: Message = JSON.parse(`${data}`);
        if (matches(found)) resolve(found);
      });
    });

  function send(method: string, params: object = {}): Promise<Message> {
    const id = ++lastId;
    const response = nextMessage((found) => found.id === id);
    socket.send(JSON.stringify({ id, method, params }));
    return response;
  }

  it("stops in handler.ts, shows the event, and resumes", async () => {
    const parsed = nextMessage(({ params }) => params?.url?.endsWith("/bundle.js") ?? false);
    await send("Debugger.enable");
    const { url, sourceMapURL } = (await parsed).params;
    const map = new SourceMap(JSON.parse(readFileSync(new URL(sourceMapURL, url), "utf8")));

    const paused = nextMessage(({ method }) => method === "Debugger.paused");
    const visit = createBrowser(String((await starting).outputs.url)).visit();
    const [frame] = (await paused).params.callFrames;
    assert.ok(frame);
    const entry = map.findEntry(frame.location.lineNumber, frame.location.columnNumber);
    assert.ok("originalLine" in entry);
    const line = readFileSync(source, "utf8").split("\n")[entry.originalLine];
    assert.deepEqual([entry.originalSource, line?.trim()], [source, "debugger;"]);
    const expression = { callFrameId: frame.callFrameId, expression: "arguments[0].rawPath" };
    assert.equal((await send("Debugger.evaluateOnCallFrame", expression)).result.result.value, "/");

    await send("Debugger.resume");
    assert.match((await visit).body, /counter: 1\b/);
  });
});
