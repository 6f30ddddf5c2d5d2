-- How complete what is stored is: what gateways gave up, with the time it covered; and what the application may ask of the ledger.

create table given_up (
    gateway_id uuid not null,
    organisation_id int not null,
    epoch bytea not null check (octet_length(epoch) = 16),
    first bigint not null check (first >= 0),
    last bigint not null check (last >= first),
    of_class smallint,
    since timestamptz,
    until timestamptz,
    reason text not null,
    primary key (gateway_id, epoch, first, last),
    foreign key (organisation_id, gateway_id) references gateway (organisation_id, id)
);
comment on column given_up.since is 'the time that it covered, until `until`; null where the gateway no longer knew';
create index given_up_by_time on given_up (gateway_id, until);

alter table given_up enable row level security, force row level security;
create policy of_organisation on given_up to mediassist_app, mediassist_owner
    using (organisation_id = nullif(current_setting('mediassist.organisation', true), '')::int);
create policy of_ingest on given_up to mediassist_ingest using (true) with check (true);
grant select on given_up to mediassist_app;
grant insert on given_up to mediassist_ingest;
grant select (gateway_id, epoch, first, last) on given_up to mediassist_ingest;  -- for `on conflict do nothing`

-- What there is to say of each epoch of one gateway of the transaction's organisation, oldest first; of any other gateway: nothing.
create function epoch_facts(gateway uuid)
returns table (epoch bytea, made_at timestamptz, done_upto bigint, broken_at bigint, ends bigint[], counters bigint[], gaps bigint[], lost text)
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select e.epoch, e.made_at, e.done_upto, e.broken_at,
        array(select s.count from epoch_end s where s.gateway_id = e.gateway_id and s.epoch = e.epoch order by s.count),
        array(select l.counter from ledger l
              where l.gateway_id = e.gateway_id and l.epoch = e.epoch and l.status <> 'gap' and l.counter > e.done_upto order by l.counter),
        array(select l.counter from ledger l where l.gateway_id = e.gateway_id and l.epoch = e.epoch and l.status = 'gap' order by l.counter),
        (select l.reason from lost_epoch l where l.gateway_id = e.gateway_id and l.epoch = e.epoch)
    from epoch e
    where e.gateway_id = epoch_facts.gateway
        and e.organisation_id = nullif(current_setting('mediassist.organisation', true), '')::int
    order by e.made_at, e.epoch;
end;
revoke execute on function epoch_facts(uuid) from public;
grant execute on function epoch_facts(uuid) to mediassist_app;
