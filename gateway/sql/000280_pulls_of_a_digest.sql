-- Who has an image is asked for by its digest, wherever it was pulled from.
create index pull_of_digest on ledger.pull (digest);
create index pull_day_of_digest on ledger.pull_day (digest);
