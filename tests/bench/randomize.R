# SPDX-License-Identifier: GPL-3.0-or-later
# What bench_randomize.c does, as R does it: a choice of treated clients per stratum and the sum of their outcomes, 1,000,000
# clients in 20 strata, equal shares. A few redraws; the speed is in clients times redraws per second.
n <- 1e6
strata <- split(seq_len(n), rep(1:20, each = n / 20))
y <- ((seq_len(n) * 7919) %% 10007) / 10007 - 0.5
redraw <- function() vapply(strata, function(s) sum(y[s[sample.int(length(s), length(s) / 2)]]), 0)
seconds <- replicate(15, system.time(redraw())[["user.self"]])
cat(sprintf("R, sample.int per stratum: minimum %.1f ms, median %.1f ms a redraw: %.2e unit-draws/s\n", 1e3 * min(seconds),
            1e3 * median(seconds), n / median(seconds)))
