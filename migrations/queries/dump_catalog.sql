-- The schema as text, one row per thing: (relation or object, what it is, how it is defined, is it part of a partition).
-- Definitions come from Postgres' own deparser, under an empty search_path, so that they do not depend on the session.
-- Not compared: owners, privileges and as whom a function runs (the operator's to choose), comments, the order of columns, statistics.
WITH space AS (
  SELECT oid FROM pg_namespace WHERE nspname = 'gatehouse'
), relation AS (
  SELECT c.* FROM pg_class c JOIN space ON c.relnamespace = space.oid
), described AS (
  SELECT c.relname::text AS object,
         'relation' AS kind,
         format('kind %s, persistence %s, options %s, row security %s, partitioned by %s, partition of %s',
                c.relkind, c.relpersistence, coalesce(c.reloptions::text, '-'), c.relrowsecurity::text,
                coalesce(pg_get_partkeydef(c.oid), '-'),
                coalesce((SELECT format('%s %s', i.inhparent::regclass, pg_get_expr(c.relpartbound, c.oid))
                          FROM pg_inherits i WHERE i.inhrelid = c.oid AND c.relispartition), '-')) AS definition,
         c.relispartition AS is_partition
  FROM relation c WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
  UNION ALL
  SELECT c.relname, 'column ' || a.attname,
         format('%s, collation %s, not null %s, default %s, identity %s, generated %s',
                format_type(a.atttypid, a.atttypmod), coalesce(nullif(a.attcollation, 0)::regcollation::text, '-'), a.attnotnull::text,
                coalesce(pg_get_expr(d.adbin, d.adrelid), '-'), coalesce(nullif(a.attidentity::text, ''), '-'),
                coalesce(nullif(a.attgenerated::text, ''), '-')),
         c.relispartition
  FROM relation c
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
  UNION ALL
  SELECT c.relname, 'constraint ' || k.conname,
         pg_get_constraintdef(k.oid) || CASE WHEN k.convalidated THEN '' ELSE ' (not validated)' END, c.relispartition
  FROM pg_constraint k JOIN relation c ON c.oid = k.conrelid
  UNION ALL
  SELECT t.relname, 'index ' || i.relname,
         pg_get_indexdef(i.oid) || CASE WHEN x.indisvalid THEN '' ELSE ' (invalid)' END, t.relispartition
  FROM pg_index x JOIN relation t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
  -- Made where Postgres has what it takes (migrations/user_search.h).
  WHERE i.relname <> 'user_account_search'
  UNION ALL
  SELECT c.relname, 'trigger ' || t.tgname, pg_get_triggerdef(t.oid) || ', enabled ' || t.tgenabled::text, c.relispartition
  FROM pg_trigger t JOIN relation c ON c.oid = t.tgrelid
  -- There while a tenant moves away.
  WHERE NOT t.tgisinternal AND NOT (t.tgname LIKE 'event\_moved\_%' AND t.tgfoid = to_regproc('gatehouse.refuse_moved_event'))
  UNION ALL
  SELECT c.relname, 'view',
         CASE c.relname
           -- Which partitions it is of changes every day. One that it lacks would take events that nobody finds.
           WHEN 'unsealed_event' THEN (
             SELECT coalesce('without ' || string_agg(i.inhrelid::regclass::text, ', ' ORDER BY i.inhrelid::regclass::text),
                             'of every partition that is not sealed')
             FROM pg_inherits i
             WHERE i.inhparent = to_regclass('gatehouse.event')
               AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = i.inhrelid AND t.tgname = 'event_sealed')
               AND NOT EXISTS (SELECT FROM pg_rewrite r
                               JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
                               WHERE r.ev_class = c.oid AND d.refobjid = i.inhrelid))
           ELSE pg_get_viewdef(c.oid)
         END,
         false
  FROM relation c WHERE c.relkind IN ('v', 'm')
  UNION ALL
  SELECT c.relname, 'policy ' || p.polname,
         format('%s, permissive %s, using %s, check %s', p.polcmd, p.polpermissive::text,
                coalesce(pg_get_expr(p.polqual, p.polrelid), '-'), coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '-')),
         c.relispartition
  FROM pg_policy p JOIN relation c ON c.oid = p.polrelid
  UNION ALL
  SELECT c.relname, 'sequence',
         format('%s, start %s, increment %s, from %s to %s, cache %s, cycle %s', format_type(s.seqtypid, NULL), s.seqstart,
                s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle::text),
         false
  FROM pg_sequence s JOIN relation c ON c.oid = s.seqrelid
  UNION ALL
  SELECT format('%s(%s)', p.proname, pg_get_function_identity_arguments(p.oid)), 'function',
         -- One that runs as its owner has a search path of its own, which nobody else may choose.
         CASE WHEN p.prosecdef
           THEN regexp_replace(pg_get_functiondef(p.oid), '\n SECURITY DEFINER(?=\n)|\n SET search_path TO [^\n]*', '', 'g')
           ELSE pg_get_functiondef(p.oid)
         END,
         false
  FROM pg_proc p JOIN space ON p.pronamespace = space.oid WHERE p.prokind IN ('f', 'p')
  UNION ALL
  SELECT t.typname, 'type',
         CASE t.typtype
           WHEN 'e' THEN 'enum ' || (SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)
                                     FROM pg_enum e WHERE e.enumtypid = t.oid)
           ELSE format('domain of %s, not null %s, default %s, %s', format_type(t.typbasetype, t.typtypmod), t.typnotnull::text,
                       coalesce(t.typdefault, '-'),
                       (SELECT coalesce(string_agg(pg_get_constraintdef(k.oid), ', ' ORDER BY k.conname), 'no checks')
                        FROM pg_constraint k WHERE k.contypid = t.oid))
         END,
         false
  FROM pg_type t JOIN space ON t.typnamespace = space.oid WHERE t.typtype IN ('e', 'd')
)
SELECT object, kind, definition, is_partition FROM described ORDER BY object, kind, definition
