import { describe, expect, test } from "@jest/globals";
import { KNOWN_VARIABLES } from "#service-kit/known-variables.js";
import { read, SERVICES } from "./support/compose.js";

const EXAMPLE = read("deploy/.env.example");
/** Every variable of the example, also those that are commented out. */
const NAMED = [...EXAMPLE.matchAll(/^#?([A-Z][A-Z0-9_]*)=(.*)$/gm)].map(
  ([, name = "", value = ""]) => ({ name, value }),
);
/** Of docker-compose itself, and of AWS's SDKs. */
const OF_OTHERS = ["COMPOSE_PROFILES", "AWS_SHARED_CREDENTIALS_FILE"];
const COMPOSE = read("deploy/docker-compose.yml");

const valuesOf = (name: string) =>
  NAMED.filter((one) => one.name === name).map(({ value }) => value);

describe("docker-compose", () => {
  test("names the version of every image that is not ours, and of the registry 3.1.1", () => {
    const foreign = Object.values(SERVICES)
      .filter(({ build }) => build === undefined)
      .map(({ image = "" }) => image.replace(/\$\{\w+:-(.*)\}/, "$1"));
    expect(foreign.filter((image) => !/:v?\d+\.\d+(\.\d+)?(-\w+)?$/.test(image))).toEqual([]);
    expect(foreign).toContain("registry:3.1.1");
  });

  test("runs what is there for trials, or for monitoring, only when it is asked for", () => {
    const profiles = Object.entries(SERVICES).flatMap(([name, service]) =>
      (service.profiles ?? []).map((profile) => [name, profile]),
    );
    expect(profiles).toEqual([
      ["s3", "s3"],
      ["sns", "sns"],
      ["prometheus", "monitoring"],
      ["grafana", "monitoring"],
    ]);
    // Without the profile nobody waits for it.
    expect(SERVICES["registry"]?.depends_on?.["s3"]).toEqual({
      condition: "service_healthy",
      required: false,
    });
  });

  test("opens what is there for trials or monitoring to this machine alone", () => {
    const ports = ["s3", "sns", "prometheus", "grafana"].flatMap(
      (name) => SERVICES[name]?.ports ?? [],
    );
    expect(ports).toHaveLength(3);
    expect(ports.filter((port) => !port.startsWith("127.0.0.1:"))).toEqual([]);
  });

  test("bounds the memory of everything that stays, and the log of everything", () => {
    const staying = Object.entries(SERVICES).filter(([, { restart }]) => restart !== "no");
    const unbounded = staying.filter(([, { deploy }]) => deploy?.resources === undefined);
    expect(unbounded.map(([name]) => name)).toEqual(["balancer"]);
    expect(Object.values(SERVICES).filter(({ logging }) => logging === undefined)).toEqual([]);
  });
});

describe("the example of its variables", () => {
  test("names only what somebody reads", () => {
    const unknown = NAMED.filter(
      ({ name }) => !KNOWN_VARIABLES.includes(name) && !OF_OTHERS.includes(name),
    );
    expect(unknown).toEqual([]);
    const untold = NAMED.filter(
      ({ name }) => name !== "COMPOSE_PROFILES" && !new RegExp(`\\b${name}\\b`).test(COMPOSE),
    );
    expect(untold).toEqual([]);
  });

  test("says where the services that are there for trials are", () => {
    const init = JSON.parse(read("deploy/compose/sns.json")) as {
      topics: { name: string; region: string }[];
      subscriptions: { topic: string; queue: string }[];
    };
    const [{ name, region } = { name: "", region: "" }] = init.topics;
    expect(valuesOf("API_SNS_TOPIC_ARN")).toContain(`arn:aws:sns:${region}:000000000000:${name}`);
    expect(init.subscriptions).toMatchObject([{ topic: name }]);
    expect(valuesOf("API_SNS_ENDPOINT")).toEqual(["http://sns:4566"]);
    const exposed = /^EXPOSE (\d+)$/m.exec(read("deploy/compose/s3/Dockerfile"))?.[1] ?? "";
    expect(valuesOf("STORAGE_S3_ENDPOINT")).toEqual([`http://s3:${exposed}`]);
    const start = read("deploy/compose/s3/start.sh");
    expect(start).toContain(`port=\${S3_PORT:-${exposed}}`);
    expect(SERVICES["s3"]?.environment?.["S3_BUCKETS"]).toBe("${STORAGE_S3_BUCKET:-images}");
  });

  test("says which registry it is unless another one is named", () => {
    expect(SERVICES["registry"]?.image).toBe(
      `registry:\${REGISTRY_LINE:-${valuesOf("REGISTRY_LINE")[0] ?? ""}}`,
    );
    expect(SERVICES["setup"]?.environment?.["REGISTRY_LINE"]).toBe("${REGISTRY_LINE:-3.1.1}");
  });
});
