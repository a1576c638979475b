# SPDX-License-Identifier: GPL-3.0-or-later
# The same fit by estimatr, side by side with bench-fit in one run: numbers to 1e-9 relative, times as a ratio.
# `Rscript tests/bench/cr2.R full` adds 100,000 rows in 12 clusters, which takes estimatr minutes.
suppressMessages(library(estimatr))
sizes <- list(c(10000, 12, 2, 1), c(10000, 100, 5, 10))
if ("full" %in% commandArgs(TRUE)) sizes <- c(sizes, list(c(100000, 12, 2, 1)))
cat("fit: ols with cr2 beside estimatr", as.character(packageVersion("estimatr")), "\n")
agree <- TRUE
for (size in sizes) {
  file <- tempfile(fileext = ".csv")
  words <- format(size, scientific = FALSE, trim = TRUE)
  ours <- as.numeric(strsplit(system2("build/tests/bench/bench-fit", c(words, file), stdout = TRUE), " ")[[1]])
  data <- read.csv(file)
  unlink(file)
  formula <- reformulate(c("arm", paste0("x", seq_len(size[3])), if (size[4] > 1) "factor(stratum)"), "y")
  time <- system.time(fit <- lm_robust(formula, data, clusters = cluster, se_type = "CR2"))[["elapsed"]]
  theirs <- c(fit$coefficients[["arm"]], fit$std.error[["arm"]], fit$df[["arm"]])
  difference <- max(abs(ours[1:3] / theirs - 1))
  agree <- agree && difference < 1e-9
  line <- paste("  %8d rows %5d clusters %3d covariates %3d strata: temoin %8.3f ms, estimatr %10.1f ms, ratio %7.0f;",
                "largest relative difference of effect, se, df %.1e\n")
  cat(sprintf(line, size[1], size[2], size[3], size[4], ours[5] * 1e3, time * 1e3, time / ours[5], difference))
}
if (!agree) stop("the two do not agree to 1e-9")
