import { generateKeyPairSync, sign } from "node:crypto";
import { environmentOfGateway } from "#tests/support/running-gateway.js";
import { LOGIN, type Scene } from "../support/scene.js";
import { GATEWAY, ratio, type Sample, type Topic } from "../support/topic.js";

const QUERY = "service=wharfinger&scope=repository:alpha/bench:pull";
const CONNECTIONS = 16;
const SIGNING_MILLISECONDS = 500;

/** @returns a token for a login that is remembered */
export async function tokenTopics(scene: Scene): Promise<Topic[]> {
  const { urls, isQuick } = scene;
  const headers = { Authorization: `Basic ${Buffer.from(`oauth2:${LOGIN}`).toString("base64")}` };
  const answer = await fetch(`${urls.gateway}/token?${QUERY}`, { headers });
  const body = await answer.text();
  if (answer.status !== 200) throw new Error(`no token: ${body}`);
  const node = await scene.startBareServer({ headers: { "Content-Type": "application/json" }, body }); // prettier-ignore
  const tokenServer = await tokenServerOf(scene);
  const asked = Object.entries({ gateway: urls.gateway, "token server": tokenServer, node });
  const sides = asked.map(([name, origin]) => ({
    name,
    run: () =>
      scene.wrk({
        url: `${origin}/token?${QUERY}`,
        headers,
        connections: CONNECTIONS,
        seconds: isQuick ? 1 : 2,
      }),
  }));
  const targets = [
    { what: "gateway / ES256 signing alone", wanted: 0.3, reached: ratio(GATEWAY, "ES256 alone") },
    // As a load balancer asks that has the way to it (docs/performance.md).
    { what: "token server / ES256 signing alone", wanted: 0.3, reached: ratio("token server", "ES256 alone") }, // prettier-ignore
    {
      what: "p99, in ms",
      wanted: 10,
      isMost: true,
      reached: ({ gateway }: Readonly<Record<string, Sample>>) => gateway?.p99 ?? NaN,
    },
    {
      what: "p99 of the token server, in ms",
      wanted: 10,
      isMost: true,
      reached: (medians: Readonly<Record<string, Sample>>) => medians["token server"]?.p99 ?? NaN,
    },
  ];
  const signing = { name: "ES256 alone", run: () => Promise.resolve(signAlone()) };
  const title = "token, login remembered, 16 connections";
  return [{ name: "token", title, unit: "/s", sides: [...sides, signing], targets }];
}

async function tokenServerOf({ stack }: Scene): Promise<string> {
  const { TOKEN_SERVER_URL: url } = await environmentOfGateway(stack);
  if (url === undefined) throw new Error("the gateway knows no token server");
  return url;
}

function signAlone(): Sample {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const data = Buffer.alloc(600, 97);
  const begun = performance.now();
  let count = 0;
  for (; performance.now() - begun < SIGNING_MILLISECONDS; count += 1)
    sign("sha256", data, { key: privateKey, dsaEncoding: "ieee-p1363" });
  return { count, value: (count * 1_000) / (performance.now() - begun) };
}
