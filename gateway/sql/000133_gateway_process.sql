-- Two living gateways may have the same host name and port: each names itself anew at its start. Which process it is, so that
-- another one on that machine can tell that it has ended; gateways of before say nothing of it.
alter table ledger.gateway add column process text;
comment on column ledger.gateway.process is 'boot, process name space, id and start of the process, on Linux alone; null where that cannot be told';
