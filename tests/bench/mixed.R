# SPDX-License-Identifier: GPL-3.0-or-later
# The same fit by lme4, side by side with bench-mixed in one run, times as a ratio. Up to a few thousand rows pbkrtest's
# Kenward-Roger standard error and degrees of freedom are in it, and compared; beyond, they need matrices of rows × rows
# (blocks of a worker's squared number of clients: gigabytes at a million rows), so that lmer stands alone there, against
# ours with Kenward & Roger's, and the model's own standard error is compared. lmer stops some 1e-6 from the optimum in the
# variances: estimates agree to 1e-6.
suppressMessages({library(lme4); library(pbkrtest)})
sizes <- list(c(1000, 20, 2), c(4000, 40, 2), c(1000000, 5000, 2))
cat("mixed: REML with Kenward-Roger beside lme4", as.character(packageVersion("lme4")), "and pbkrtest",
    as.character(packageVersion("pbkrtest")), "\n")
agree <- TRUE
for (size in sizes) {
  file <- tempfile(fileext = ".csv")
  words <- format(size, scientific = FALSE, trim = TRUE)
  run <- function(...) as.numeric(strsplit(system2("build/tests/bench/bench-mixed", c(words, ...), stdout = TRUE), " ")[[1]])
  ours <- run("kenward_roger")
  plain <- run("model_wald_z", file)
  data <- read.csv(file)
  unlink(file)
  formula <- reformulate(c("arm", paste0("x", seq_len(size[3])), "(1 | cluster)"), "y")
  time <- system.time(fit <- lmer(formula, data))[["elapsed"]]
  small <- size[1] <= 4000
  theirs <- c(fixef(fit)[["arm"]], sqrt(vcov(fit)["arm", "arm"]))
  difference <- max(abs(plain[1:2] / theirs - 1))
  if (small) {
    l <- as.numeric(names(fixef(fit)) == "arm")
    time <- time + system.time({
      adjusted <- vcovAdj(fit)
      df <- Lb_ddf(l, vcov(fit), adjusted)
    })[["elapsed"]]
    difference <- max(difference, abs(ours[2:3] / c(sqrt(as.matrix(adjusted)[2, 2]), df) - 1))
  }
  agree <- agree && difference < 1e-6
  line <- paste("  %8d rows %5d workers %2d covariates: temoin %8.3f ms minimum, %8.3f ms median; %s %10.1f ms, ratio",
                "%6.0f; largest relative difference %.1e\n")
  cat(sprintf(line, size[1], size[2], size[3], ours[4] * 1e3, ours[5] * 1e3, if (small) "lmer and pbkrtest" else "lmer",
              time * 1e3, time / ours[5], difference))
}
if (!agree) stop("the two do not agree to 1e-6")
