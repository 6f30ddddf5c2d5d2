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

-- Orders to gateways (protocol/orders.py). A gateway does them in the order of their numbers, each once.
create table gateway_order (
    gateway_id uuid not null references gateway,
    number bigint not null check (number > 0),
    body bytea not null,
    made_at timestamptz not null,
    sent_at timestamptz,
    answered_at timestamptz,
    refused boolean not null default false,
    primary key (gateway_id, number)
);
comment on column gateway_order.refused is 'the gateway did not understand it';
create index gateway_order_unanswered on gateway_order (gateway_id, number) where answered_at is null;

-- What each gateway said of itself last, signed by its device key: the key to which its orders are sealed.
create table gateway_standing (
    gateway_id uuid primary key references gateway,
    number bigint not null,
    receiving_key bytea not null,
    heard_at timestamptz not null
);
grant select, insert, update (sent_at, answered_at, refused) on gateway_order to mediassist_ingest;
grant select, insert, update (number, receiving_key, heard_at) on gateway_standing to mediassist_ingest;
