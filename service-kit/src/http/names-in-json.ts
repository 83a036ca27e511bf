/** Blanks, a whole string, punctuation, or a word such as `null`. */
const TOKEN = /\s+|"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+/y;
/** No repository and no tag has a longer name; what goes on without an end is no name. */
const LONGEST_TOKEN = 8 * 1024;

/**
 * Reads the strings of one list in a JSON object while it arrives, however long the list is: a registry of
 * the 2.8 line sends all tags of a repository at once.
 *
 * @param body - the object's bytes
 * @param key - of the list, at the top of the object; `null` counts as empty
 * @returns the strings, as many at a time as arrived together
 * @throws Error when the object is not whole, is no object, or has no such list
 */
export async function* namesInJson(
  body: AsyncIterable<Uint8Array>,
  key: string,
): AsyncGenerator<string[]> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const scanner = nameScanner(key);
  for await (const chunk of body) {
    const names = scanner.take(decoder.decode(chunk, { stream: true }));
    if (names.length > 0) yield names;
  }
  scanner.end();
}

interface NameScanner {
  take(text: string): string[];
  end(): void;
}

function nameScanner(wanted: string): NameScanner {
  const open: string[] = [];
  let [rest, key, seen, whole] = ["", "", false, false];
  let isKey = true;
  const take = (token: string, names: string[]): void => {
    if (whole) throw new Error("the answer goes on after its end");
    if (open.length === 0 && token !== "{") throw new Error("the answer is no JSON object");
    const isTop = open.length === 1;
    const isWanted = key === wanted && !isKey;
    if (token === "{" || token === "[") {
      seen ||= isTop && isWanted && token === "[";
      open.push(token);
    } else if (token === "}" || token === "]") {
      open.pop();
      whole = open.length === 0;
    } else if (isTop && token === ",") isKey = true;
    else if (isTop && token === ":") isKey = false;
    else if (isTop && isKey) key = JSON.parse(token) as string;
    else if (isTop && isWanted && token === "null") seen = true;
    else if (open.length === 2 && open[1] === "[" && isWanted && token.startsWith('"'))
      names.push(JSON.parse(token) as string);
  };
  return {
    take: (text) => {
      rest += text;
      const names: string[] = [];
      let end = 0;
      for (const token of tokensOf(rest)) {
        end += token.length;
        if (token.trim() !== "") take(token, names);
      }
      rest = rest.slice(end);
      if (rest.length > LONGEST_TOKEN) throw new Error("the answer is no list of names");
      return names;
    },
    end: () => {
      if (!whole) throw new Error("the answer ended before its end");
      if (!seen) throw new Error(`the answer has no list "${wanted}"`);
    },
  };
}

/** Tokens that are certainly whole; a word at the very end may go on in the next chunk. */
function* tokensOf(text: string): Generator<string> {
  TOKEN.lastIndex = 0;
  const isWord = /^[^\s"{}[\],:]/;
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    const end = TOKEN.lastIndex;
    if (end === text.length && isWord.test(match[0])) return;
    yield match[0];
    TOKEN.lastIndex = end;
  }
}
