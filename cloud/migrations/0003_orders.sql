-- What retires an ingest key: an epoch that will never be whole is declared lost, with its reason, by a person.
create table lost_epoch (
    gateway_id uuid not null references gateway,
    epoch bytea not null check (octet_length(epoch) = 16),
    reason text not null check (length(reason) between 3 and 500),
    declared_at timestamptz not null,
    primary key (gateway_id, epoch)
);
create index epoch_by_ingest_key on epoch (ingest_key_id);
grant select, insert on lost_epoch to mediassist_ingest;
