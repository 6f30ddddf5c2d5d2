-- Keys by which a request that creates something may be sent again: it gets the answer of the first time (kept for a day).

create table idempotency_key (
    organisation_id int not null references organisation,
    account_id uuid not null,
    key text not null check (length(key) between 1 and 64),
    request_sha256 bytea not null check (octet_length(request_sha256) = 32),
    answer text,
    made_at timestamptz not null default clock_timestamp(),
    primary key (organisation_id, account_id, key),
    foreign key (organisation_id, account_id) references account (organisation_id, id) on delete cascade
);
alter table idempotency_key enable row level security, force row level security;
create policy of_organisation on idempotency_key to mediassist_app, mediassist_owner
    using (organisation_id = nullif(current_setting('mediassist.organisation', true), '')::int);
create policy of_watch on idempotency_key to mediassist_watch using (true);
create index idempotency_key_by_age on idempotency_key (made_at);
grant select, insert, update (answer) on idempotency_key to mediassist_app;
grant select (made_at), delete on idempotency_key to mediassist_watch;
