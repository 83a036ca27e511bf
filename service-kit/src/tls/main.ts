import { parseArgs } from "node:util";
import { understood, UsageError, wantsHelp } from "../command.js";
import { numberOption } from "../number-option.js";
import { usageOf } from "../usage.js";
import { keptSelfSigned } from "./self-signed.js";

const USAGE = usageOf({
  about: "A self-signed certificate for a trial (docs/tls.md)",
  call: "npm run self-signed --",
  program: "service-kit/src/tls/main.js",
  forms: `  --name NAME [--name NAME]... [--dir FOLDER] [--days NUMBER]
            makes FOLDER/tls.crt and FOLDER/tls.key (tls), for host names and addresses, good for --days (90). What is
            there stays, as long as it is for these names and good for a week yet. Clients have to trust tls.crt.`,
  examples: [
    "--name registry.example.org --dir /etc/wharfinger/tls",
    "--name localhost --name 127.0.0.1 --days 7",
  ],
  ends: "0 when it is done, 1 when it failed, 2 when the command line is wrong",
  environment: "none",
});

const DAY_SECONDS = 86_400;
const LEFT_SECONDS = 7 * DAY_SECONDS;
/** A host name, or an address without a zone. */
const NAME = /^(?:\*\.)?[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$|^[0-9A-Fa-f:.]+$/;

async function main(argv: readonly string[]): Promise<void> {
  const { values } = understood(() =>
    parseArgs({
      args: [...argv],
      options: {
        name: { type: "string", multiple: true, default: [] },
        dir: { type: "string", default: "tls" },
        days: { type: "string", default: "90" },
      },
    }),
  );
  if (values.name.length === 0)
    throw new UsageError("--name: absent, wanted a host name or address");
  const wrong = values.name.find((name) => !NAME.test(name));
  if (wrong !== undefined)
    throw new UsageError(`--name: given ${JSON.stringify(wrong)}, wanted a host name or address`);
  const days = numberOption("--days", values.days, { min: 1, max: 825 });
  const now = Math.floor(Date.now() / 1_000);
  const asked = { names: values.name, now, endsAt: now + days * DAY_SECONDS };
  const made = await keptSelfSigned(values.dir, asked, Math.min(LEFT_SECONDS, days * DAY_SECONDS));
  console.log(made.isNew ? `made ${made.certificateFile}` : `kept ${made.certificateFile}`);
  console.log(`TLS_CERTIFICATE_FILE=${made.certificateFile} TLS_KEY_FILE=${made.keyFile}`);
}

try {
  const argv = process.argv.slice(2);
  if (wantsHelp(argv)) console.log(USAGE);
  else await main(argv);
} catch (error) {
  const usage = error instanceof UsageError;
  console.error(usage ? `${error.message}\n\n${USAGE}` : error);
  process.exit(usage ? 2 : 1);
}
