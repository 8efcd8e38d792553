-- The scales on which mail comes again, from seconds to two months; half-open, in microseconds. An
-- hour has a minute of grace: clocks that are put back repeat after just that. What is usual in each before
-- anything has been learned stands in `priors.PRIORS`.
-- grain: lag_bin
-- reads:
select * from (values
  (1, 0, 2000000), (2, 2000000, 10000000), (3, 10000000, 60000000), (4, 60000000, 600000000),
  (5, 600000000, 3660000000), (6, 3660000000, 21600000000), (7, 21600000000, 72000000000),
  (8, 72000000000, 100800000000), (9, 100800000000, 259200000000), (10, 259200000000, 691200000000),
  (11, 691200000000, 5184000000000)
) as bins (lag_bin, from_us, until_us)
