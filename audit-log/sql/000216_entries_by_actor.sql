-- Whoever asks what somebody did is not read all that others did. As for refusals (000183): what the index finds is looked at by whoever
-- reads it.
create index entry_by_actor on audit.entry
  (hashtextextended(substring(content from '"uid":("(?:[^"\\]|\\.)*")'), 0), at, chain, position);
