import { sharePostgres } from "../../dist/tests/support/postgres.js";

export default async function startSharedPostgres() {
  globalThis.stopSharedPostgres = await sharePostgres();
}
