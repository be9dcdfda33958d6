-- Register a worker process. $1 name text. Returns: worker_key.
insert into lastcall.workers (name) values ($1::text) returning worker_key
