import { createHash, createHmac } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join, relative } from "node:path";
import { listening } from "./test-server.js";

/** A bucket that serves the files of a folder, read only, to whoever signs their requests (Amazon S3 API Reference). */
export interface TestBucket {
  /** Variables by which programs find it. */
  readonly env: Readonly<Record<string, string>>;
  /** `s3://bucket/prefix`. */
  readonly place: string;
  /** Requests so far, `GET /bucket/key`. */
  readonly asked: readonly string[];
  /** Status of every answer from now on; `null`: the right one. */
  status: number | null;
  stop(): Promise<void>;
}

const BUCKET = "images";
const PREFIX = "below/a+b";
const REGION = "eu-central-1";
const KEY_ID = "AKIDTEST";
const SECRET = "a secret of tests";
const PAGE = 3;

/**
 * @param folder - whose files are its objects, below a prefix
 * @returns it, listening, with three keys on a page of its lists
 */
export async function startBucket(folder: string): Promise<TestBucket> {
  const asked: string[] = [];
  const server = createServer((req, res) => {
    const url = new URL(req.url ?? "", "http://bucket");
    asked.push(`${req.method ?? ""} ${url.pathname}`);
    answer(req, res, url).catch((error: unknown) => {
      res.writeHead(500).end(String(error));
    });
  });
  const answer = async (req: IncomingMessage, res: ServerResponse, url: URL) => {
    const status = bucket.status ?? (isSigned(req, url) ? null : 403);
    if (status !== null) res.writeHead(status).end("<Error/>");
    else if (url.pathname === `/${BUCKET}/`) res.end(await listed(folder, url.searchParams));
    else await sendFile(folder, req, res, decodeURIComponent(url.pathname));
  };
  const { url: endpoint, stop } = await listening(server);
  const bucket: TestBucket = {
    env: {
      AWS_ENDPOINT_URL_S3: endpoint,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: KEY_ID,
      AWS_SECRET_ACCESS_KEY: SECRET,
    },
    place: `s3://${BUCKET}/${PREFIX}`,
    asked,
    status: null,
    stop,
  };
  return bucket;
}

async function listed(folder: string, query: URLSearchParams): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const keys = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => `${PREFIX}/${relative(folder, join(parentPath, name))}`)
    .filter((key) => key.startsWith(query.get("prefix") ?? ""))
    .sort((a, b) => (Buffer.from(a) < Buffer.from(b) ? -1 : 1));
  const from = Number(query.get("continuation-token")?.replace("after/&", "") ?? 0);
  const page = keys.slice(from, from + PAGE);
  const goesOn = keys.length > from + PAGE;
  const contents = page.map((key) => `<Contents><Key>${encodeURIComponent(key)}</Key></Contents>`);
  const next = `<NextContinuationToken>after/&amp;${from + PAGE}</NextContinuationToken>`;
  return (
    `<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">` +
    `<EncodingType>url</EncodingType><IsTruncated>${String(goesOn)}</IsTruncated>${goesOn ? next : ""}${contents.join("")}</ListBucketResult>`
  );
}

async function sendFile(
  folder: string,
  req: IncomingMessage,
  res: ServerResponse,
  path: string,
): Promise<void> {
  const file = join(folder, path.slice(`/${BUCKET}/${PREFIX}/`.length));
  const found = await stat(file).catch(() => null);
  if (found?.isFile() !== true) {
    res.writeHead(404).end();
    return;
  }
  res.writeHead(200, { "Content-Length": found.size });
  if (req.method === "HEAD") res.end();
  else createReadStream(file).pipe(res);
}

/** AWS Signature Version 4, as the manual describes it; of a request without a body. */
function isSigned({ method = "", headers }: IncomingMessage, url: URL): boolean {
  const [, day = "", names = "", signature = ""] =
    /^AWS4-HMAC-SHA256 Credential=AKIDTEST\/(\d{8})\/eu-central-1\/s3\/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? "",
    ) ?? [];
  const query = [...url.searchParams]
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort()
    .join("&");
  const signed = names.split(";").map((name) => `${name}:${String(headers[name])}\n`);
  const payload = String(headers["x-amz-content-sha256"]);
  const canonical = [method, url.pathname, query, signed.join(""), names, payload].join("\n");
  const scope = `${day}/${REGION}/s3/aws4_request`;
  const hash = createHash("sha256").update(canonical).digest("hex");
  const text = ["AWS4-HMAC-SHA256", String(headers["x-amz-date"]), scope, hash].join("\n");
  const key = [day, REGION, "s3", "aws4_request"].reduce<string | Buffer>(
    (before, part) => createHmac("sha256", before).update(part).digest(),
    `AWS4${SECRET}`,
  );
  return createHmac("sha256", key).update(text).digest("hex") === signature;
}

function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
