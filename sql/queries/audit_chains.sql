-- Every issuer that has seals, with its name (null: the installation, or a deleted issuer), in the order of their keys.
with recursive keys(issuer_key) as (
    select min(issuer_key) from lastcall.audit_seals
    union all
    select (select min(s.issuer_key) from lastcall.audit_seals s where s.issuer_key > k.issuer_key)
    from keys k where k.issuer_key is not null
)
select k.issuer_key, i.name from keys k left join lastcall.issuers i on i.issuer_key = k.issuer_key
where k.issuer_key is not null order by 1
