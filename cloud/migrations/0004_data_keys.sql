-- Data keys of organisations: raw windows, waveforms and kept-sealed messages are stored encrypted (cloud/data_keys).
--
-- The new column says under which version of the organisation's key a row lies: null = stored in the clear before this migration,
-- 0 = was in the clear and has been wiped. Numeric readings are searched and stay in the clear.

create table organisation_key (
    organisation_id int not null references organisation,
    version smallint not null check (version > 0),
    wrapped_key bytea,
    made_at timestamptz not null default clock_timestamp(),
    destroyed_at timestamptz,
    primary key (organisation_id, version),
    check ((wrapped_key is null) = (destroyed_at is not null))
);
comment on column organisation_key.wrapped_key is '32 bytes under the key-encryption key, which the database never sees; null once destroyed';

alter table waveform add column key_version smallint;
alter table finding add column key_version smallint;
alter table undecoded add column key_version smallint;
comment on column waveform.bytes is 'AES-256-GCM under the organisation''s key: nonce (12), ciphertext, tag (16); as packed when key_version is null';
comment on column finding.evidence is 'AES-256-GCM, as waveform.bytes, of the CBOR of the sample batch that was judged (protocol/findings.py)';

alter table organisation_key enable row level security, force row level security;
create policy of_organisation on organisation_key to mediassist_app, mediassist_owner
    using (organisation_id = nullif(current_setting('mediassist.organisation', true), '')::int);
create policy of_ingest on organisation_key to mediassist_ingest using (true) with check (true);

grant select on organisation_key to mediassist_app, mediassist_ingest;
grant insert on organisation_key to mediassist_ingest;
grant select (key_version) on waveform to mediassist_app;
