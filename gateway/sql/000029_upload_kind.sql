-- Alice of an issuer is not alice of the directory, though both have one realm. Null: an upload that was started before
-- this was noted; it goes by realm and subject, and ends within the cap.
alter table ledger.upload_session add column kind text;
