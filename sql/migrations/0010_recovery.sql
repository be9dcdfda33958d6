-- How a client that was down is sent what waits for it: at the rate at which that came, beside what comes now. What was due between
-- breaker_opened_at and breaker_closed_at is spread over the time until breaker_recovered_at.
alter table lastcall.clients
    add column breaker_opened_at timestamptz not null default '-infinity',
    add column breaker_recovered_at timestamptz not null default '-infinity';
grant select (breaker_opened_at, breaker_recovered_at) on lastcall.clients to lastcall_tenant;
