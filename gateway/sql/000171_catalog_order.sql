-- The catalog goes by path component, as the registries' own: the separator comes before every other character, so that what
-- belongs to one namespace stands together.
create index repository_by_path on ledger.repository (replace(name, '/', chr(1)));
