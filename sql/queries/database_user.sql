-- The user that Lastcall is in this database, as SQL spells it. Returns text.
select quote_ident(current_user)
