-- The scale of each way of cutting batches: `SCALES` in batch_rows.py, by its number.
-- grain: cut_by, scope, window_us
-- reads:
select * from (values
  ('earlier', 'organization', 900000000, 0), ('earlier', 'organization', 86400000000, 1),
  ('earlier', 'all', 900000000, 2), ('earlier', 'all', 86400000000, 3),
  ('earlier', 'organization', 604800000000, 5), ('earlier', 'all', 604800000000, 6),
  ('later', 'organization', 86400000000, 7), ('later', 'all', 86400000000, 8), ('later', 'all', 900000000, 9)
) as scales (cut_by, scope, window_us, scale)
