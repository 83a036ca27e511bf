/** Asks the ledger for readers, who have an answer without it, too. */
export { asker as ledgerAsker, type Ask as AskLedger } from "#service-kit/db/asker.js";
