import { spawn } from "node:child_process";
import { once } from "node:events";
import { findOnPath } from "#local/processes/launch.js";
import { eventually } from "./eventually.js";
import { temporaryFolder } from "./temporary-folder.js";

/** A page in a real browser. */
export interface BrowserPage {
  /**
   * @param expression - JavaScript, which may be a promise
   * @returns its value, as JSON
   * @throws Error with what it threw
   */
  evaluate<T>(expression: string): Promise<T>;
  /** Types into what has the focus, as somebody does. */
  type(text: string): Promise<void>;
  /** What the console says is wrong, what was thrown and what policies refused, so far. */
  readonly complaints: readonly string[];
  /** URLs of all that was asked for, so far. */
  readonly requests: readonly string[];
  /** @returns PNG of what is seen */
  screenshot(): Promise<Buffer>;
}

/** A browser without a window. */
export interface Browser {
  open(url: string): Promise<BrowserPage>;
  stop(): Promise<void>;
}

const CHROMIUM = findOnPath("chromium");

/** Why no browser can be had here; `null`: one can. */
export const NO_BROWSER = CHROMIUM === null ? "chromium is not installed (Debian's package)" : null;

interface Message {
  readonly id?: number;
  readonly sessionId?: string;
  readonly method?: string;
  readonly params?: Readonly<Record<string, never>>;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** @returns Chromium, spoken to by its own protocol (https://chromedevtools.github.io/devtools-protocol/) */
export async function startBrowser(): Promise<Browser> {
  const folder = await temporaryFolder();
  const child = spawn(CHROMIUM ?? "", [
    ...["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
    ...["--disable-component-update", "--disable-background-networking", "--no-first-run"],
    ...[
      "--window-size=1280,2400",
      "--remote-debugging-port=0",
      `--user-data-dir=${folder.path}`,
      "about:blank",
    ],
  ]);
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  child.stdout.resume();
  const address = () => /DevTools listening on (ws:\S+)/.exec(said)?.[1];
  await eventually("the browser listens", () => address() !== undefined);
  const socket = new WebSocket(address() ?? "");
  await once(socket, "open");
  const line = lineOver(socket);
  return {
    open: (url) => openPage(line, url),
    stop: async () => {
      socket.close();
      const closed = once(child, "close");
      child.kill("SIGKILL");
      await closed;
      await folder.remove();
    },
  };
}

interface Line {
  readonly send: <T>(method: string, params?: object, sessionId?: string) => Promise<T>;
  readonly listen: (heard: (message: Message) => void) => void;
}

function lineOver(socket: WebSocket): Line {
  const waiting = new Map<number, (message: Message) => void>();
  const listeners: ((message: Message) => void)[] = [];
  let last = 0;
  socket.addEventListener("message", ({ data }) => {
    const message = JSON.parse(String(data)) as Message;
    if (message.id === undefined) for (const listener of listeners) listener(message);
    else waiting.get(message.id)?.(message);
  });
  return {
    listen: (heard) => {
      listeners.push(heard);
    },
    send: <T>(method: string, params = {}, sessionId?: string) =>
      new Promise<T>((resolve, reject) => {
        last += 1;
        waiting.set(last, ({ result, error }) => {
          if (error === undefined) resolve(result as T);
          else reject(new Error(`${method}: ${error.message}`));
        });
        socket.send(JSON.stringify({ id: last, method, params, sessionId }));
      }),
  };
}

async function openPage({ send, listen }: Line, url: string): Promise<BrowserPage> {
  const { targetId } = await send<{ targetId: string }>("Target.createTarget", {
    url: "about:blank",
  });
  const { sessionId } = await send<{ sessionId: string }>("Target.attachToTarget", {
    ...{ targetId, flatten: true },
  });
  const complaints: string[] = [];
  const requests: string[] = [];
  listen((message) => {
    if (message.sessionId !== sessionId) return;
    complaints.push(...complaintIn(message));
    if (message.method === "Network.requestWillBeSent")
      requests.push((message.params as unknown as { request: { url: string } }).request.url);
  });
  const ask = <T>(method: string, params = {}) => send<T>(method, params, sessionId);
  for (const domain of ["Runtime", "Log", "Network", "Page"]) await ask(`${domain}.enable`);
  await ask("Page.navigate", { url });
  return {
    ...{ complaints, requests },
    evaluate: async <T>(expression: string) => {
      const options = { expression, awaitPromise: true, returnByValue: true };
      const { result, exceptionDetails } = await ask<{
        result: { value: T };
        exceptionDetails?: { exception?: { description?: string } };
      }>("Runtime.evaluate", options);
      if (exceptionDetails === undefined) return result.value;
      throw new Error(exceptionDetails.exception?.description ?? "it threw");
    },
    type: async (text) => {
      await ask("Input.insertText", { text });
    },
    screenshot: async () => {
      const { data } = await ask<{ data: string }>("Page.captureScreenshot", { format: "png" });
      return Buffer.from(data, "base64");
    },
  };
}

function complaintIn({ method, params }: Message): string[] {
  const told = params as unknown as {
    readonly type: string;
    readonly args: readonly { readonly value?: unknown; readonly description?: string }[];
    readonly entry: { readonly level: string; readonly text: string; readonly url?: string };
    readonly exceptionDetails: { readonly text: string };
  };
  if (method === "Runtime.exceptionThrown") return [told.exceptionDetails.text];
  if (method === "Log.entryAdded" && told.entry.level === "error")
    return [`${told.entry.text} ${told.entry.url ?? ""}`];
  if (method === "Runtime.consoleAPICalled" && told.type === "error")
    return [
      told.args.map(({ value, description }) => JSON.stringify(value ?? description)).join(" "),
    ];
  return [];
}
