/** An event as the server sent it. */
export interface StreamEvent {
  /** Where to go on after it; `null`: the server gave none. */
  readonly id: string | null;
  readonly name: string;
  /** `null`: it is none, and says where one is. */
  readonly data: string | null;
}

/** An event is one push; more is none that a Wharfinger sends. */
const MOST_CHARACTERS = 1_048_576;

/**
 * Reads server-sent events (HTML standard, "Server-sent events").
 *
 * @param chunks - bytes of an answer
 * @returns its events, as they come; comments, which keep a connection open, are passed over
 * @throws Error when one does not end
 */
export async function* readEvents(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<StreamEvent> {
  const decoder = new TextDecoder();
  let rest = "";
  let id: string | null = null;
  let name = "message";
  let data: string[] = [];
  let hasPlace = false;
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true });
    if (rest.length > MOST_CHARACTERS) throw new Error("an event of the stream does not end");
    // A line may end in either way, and a carriage return at the end may be half of one.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "") {
        if (data.length > 0) yield { id, name, data: data.join("\n") };
        else if (hasPlace) yield { id, name, data: null };
        [name, data, hasPlace] = ["message", [], false];
        continue;
      }
      const [, field = "", value = ""] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
      if (field === "data") data.push(value);
      if (field === "event") name = value;
      if (field === "id" && !value.includes("\0")) [id, hasPlace] = [value, true];
    }
  }
}
