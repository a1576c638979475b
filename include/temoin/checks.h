/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the checks find: who is in a trial, who stayed, were the arms alike, and what caseworkers may have done. */
#ifndef TEMOIN_CHECKS_H
#define TEMOIN_CHECKS_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A text in the report's languages. */
typedef struct temoin_label {
    const char *en;
    const char *fr;
} temoin_label;

/** Of the clients assigned to an arm, how many have a row and a value of a measure at a wave. */
typedef struct temoin_flow_row {
    const char *measure;
    const char *wave;
    int32_t arm;
    int64_t n_assigned;
    int64_t n_seen;     /**< have a row at the wave */
    int64_t n_observed; /**< have a value */
    double mean;        /**< of the values; NaN without one */
    double sd;          /**< n - 1; NaN with fewer than two */
} temoin_flow_row;

/** One covariate (or one level of a category) at baseline in one arm. */
typedef struct temoin_baseline_row {
    const char *variable;
    const char *level; /**< category: the level; "" otherwise */
    temoin_label label;
    int32_t arm;
    int64_t n;       /**< with a value */
    int64_t missing; /**< without */
    double mean;     /**< share for a flag or a level */
    double sd;       /**< NaN for a share */
    double smd; /**< (mean - reference mean) / sqrt((variance + reference variance) / 2); NaN for the reference arm */
    double variance_ratio; /**< variance / reference variance; NaN for a share and for the reference arm */
    double
        z; /**< difference from the reference arm in the standard deviations that complete randomization within strata
              or pairs gives it, as RItools' balanceTest has it; NaN for the reference arm, and where nothing varies */
    double p; /**< two-sided, normal */
} temoin_baseline_row;

/** Could the draw have left the arms as unlike at baseline as they are? One test over all characteristics: Hansen &
 * Bowers' d², for any number of arms; clusters that got one arm as a whole count as one unit.
 *
 * Notes    `note` says why a number is NaN: too_few_units, too_large, split_clusters; or why there was no redraw:
 * no_redraw, too_slow.
 */
typedef struct temoin_omnibus {
    double statistic;
    double df;
    double p;             /**< by chi-square, as if arms were drawn completely at random within strata (given pairs) */
    double p_redrawn;     /**< share of redraws, this draw among them, that are as unlike */
    int64_t n_redraws;    /**< by the trial's own design; 0: none */
    int64_t n;            /**< units, or clusters, compared */
    int64_t n_covariates; /**< numbers, levels of categories and indicators of missing values */
    const char *note;     /**< "" when there is nothing to say */
} temoin_omnibus;

/** One step of the survival curve of an arm: a time at which something happened to a client of it. */
typedef struct temoin_survival_row {
    const char *measure; /**< of kind time */
    const char *wave;
    int32_t arm;
    double time;
    int64_t at_risk; /**< without the event, and seen, until then */
    int64_t events;  /**< at that time */
    double survival; /**< share without the event just after it (Kaplan & Meier 1958) */
    double se;       /**< Greenwood's; NaN where nobody is left */
} temoin_survival_row;

/** How caseworkers stand to the arms, as the data show it: what can be told apart at all.
 *
 * `verdict` is one of
 *   "not_identifiable"    worker and effect cannot be told apart: an arm with workers has one only, or each worker has
 *                         one client, or, of two to four strata, none has two workers of an arm
 *   "randomized_workers"  workers were drawn for the arms
 *   "crossed"             workers serve several arms: effects within workers exist
 *   "one_arm"             one arm only has workers: partially nested
 *   "weak"                two to four workers in an arm that has any
 *   "adequate"            five or more in each
 * the first that holds. `reason` is a note of the closed set that says what it rests on.
 */
typedef struct temoin_provider_structure {
    const char *verdict;
    const char *reason;
    const char *declared; /**< the plan's: "nested", "crossed", "one_arm" */
    int64_t n_providers;
    int64_t n_clients;    /**< who have a worker */
    int64_t n_blank;      /**< who have none */
    int64_t n_components; /**< parts of the graph worker × arm that no worker connects; 1: all arms can be compared
                             within workers */
    int64_t n_crossed;    /**< workers with clients in more than one arm */
    int64_t n_changed;    /**< clients with more than one worker over time, by the plan's `providers.over_time`; -1:
                                the data do not say */
} temoin_provider_structure;

/** The caseloads of an arm. */
typedef struct temoin_provider_arm {
    int32_t arm;
    int64_t n_providers;
    int64_t n_clients;
    int64_t n_blank;
    int64_t smallest; /**< clients of the worker with fewest and with most; -1: no worker */
    int64_t largest;
    double mean;     /**< clients per worker */
    double cv;       /**< standard deviation over mean, divisor n_providers - 1; NaN with one worker */
    double weighted; /**< Σm²/Σm: the caseload of a client's worker, on average over clients */
} temoin_provider_arm;

/** Clients of a worker in an arm: the graph worker × arm. */
typedef struct temoin_caseload {
    const char *provider;
    int32_t arm;
    int64_t n;
    int64_t places; /**< that the worker has at a time; -1: not told */
    int64_t peak;   /**< clients at the same time at most; -1: the data do not say */
} temoin_caseload;

/** How much of the variance of a measure lies between the workers of an arm; a worker who serves several arms counts as
 * one in each.
 *
 * Notes    `note` says why there is no number, or what is to be known about it: variance_at_zero, few_clusters; "" when
 * there is nothing to say.
 */
typedef struct temoin_icc {
    const char *measure;
    const char *wave;
    const char *arm;    /**< its name; "" within arms, over those that have workers */
    const char *method; /**< "anova", "reml", "latent" (of a binary measure, on the logistic scale) */
    int64_t n;
    int64_t n_providers;
    double between; /**< components of variance, in squared units of the measure; of anova not cut off at zero */
    double within;
    double value;
    double level;
    double ci_low;
    double ci_high;
    const char *interval; /**< "searle", "smith", "bootstrap" (of anova), "profile"; "" without */
    double design_effect; /**< 1 + (Σm²/Σm - 1) value; NaN of latent */
    double p; /**< of no variation between workers: beside "searle" by permuting clients among the workers of an arm, or
                 by F where n_redraws is -1; beside "smith" by F; beside "profile" by the likelihood ratio */
    int64_t n_redraws; /**< of the permutations; -1: another test; 0: all permutations */
    const char *note;
} temoin_icc;

/** The mean of a worker's clients, raw and shrunken towards the arm's by how much chance is in it. Only where the
 * components of variance within arms are identified, and of the measures and waves that the plan's estimates name. */
typedef struct temoin_provider_mean {
    const char *measure;
    const char *wave;
    const char *provider;
    int32_t arm;
    int64_t n;
    double mean;
    double shrunken;
    double level;
    double ci_low; /**< of the shrunken mean */
    double ci_high;
} temoin_provider_mean;

/** How strong caseworkers would have to be to explain an effect away, of the effects that the plan names.
 *
 * SE²(rho) = Σ_arm s²/n [1 + (m~ - 1) rho], with m~ = Σm²/Σm of the arm (1 without workers).
 * Notes    `note` says why there is no tipping point: touches_zero (without any correlation already), holds_everywhere.
 */
typedef struct temoin_tipping_point {
    const char *estimate;
    const char *measure;
    const char *wave;
    const char *arm;
    const char *reference;
    int64_t n_providers_arm;
    int64_t n_providers_reference;
    double weighted_arm; /**< Σm²/Σm */
    double weighted_reference;
    double sd_arm;
    double sd_reference;
    double value;
    double level;
    double icc; /**< what the data say, within arms */
    double icc_low;
    double icc_high;
    double rho;           /**< smallest intraclass correlation at which the interval touches zero; NaN: there is none */
    double df;            /**< that go with it */
    double published_low; /**< range of the plan; NaN: none declared */
    double published_high;
    double worker_shift;      /**< by how much the arm's workers would have to be better on average, in units of the
                                 measure: the whole effect */
    double worker_sd;         /**< standard deviation between workers at `icc`, or at the published range's middle */
    double worker_percentile; /**< of the distribution of the difference of two groups of such workers, in [0, 1] */
    const char *estimator;    /**< the recommended way to estimate the effect, see provider_rows; "" none */
    const char *variance;
    const char *note;
} temoin_tipping_point;

/** The interval of an effect as it would be at an intraclass correlation. */
typedef struct temoin_tipping_curve {
    const char *estimate;
    const char *measure;
    const char *wave;
    const char *arm;
    const char *reference;
    double rho;
    double se;
    double df;
    double ci_low;
    double ci_high;
    double p;
} temoin_tipping_curve;

/** An effect without one worker, or one site; or with the best worker replaced by an average one.
 *
 * Notes    `note` is the one of the effect that says why its number, or its interval, is missing (arm_empty,
 *          cluster_leverage_one, ...); too_many_workers: the value is in closed form, and has no interval.
 */
typedef struct temoin_influence {
    const char *estimate;
    const char *measure;
    const char *wave;
    const char *arm;
    const char *reference;
    const char *kind; /**< "provider", "site", "best_provider" */
    const char *left_out;
    const char *left_out_arm; /**< whom the worker serves; "" of a site, or of several arms */
    int64_t n;                /**< clients left out */
    double value;             /**< of those who remain; NaN: it needs what is left out */
    double se;
    double ci_low;
    double ci_high;
    double change;           /**< value - the effect with everybody */
    double leverage;         /**< of the worker's clients, in the fit; NaN of sites */
    double partial_leverage; /**< the share of the effect that hangs on the worker; NaN of sites */
    const char *note;
} temoin_influence;

/** Worker-level tests of an effect. */
typedef struct temoin_provider_test {
    const char *estimate;
    const char *measure;
    const char *wave;
    const char *arm;
    const char *reference;
    const char *test; /**< "workers_permuted": arms of workers drawn again, within sites; "workers_studentized": the
                         same of the difference over its standard error; "placebo": how often workers who differ with
                         correlation `rho` give an effect as large where the arms do nothing */
    double rho;       /**< NaN: not of this test */
    double statistic;
    double p;
    double p_low; /**< Clopper-Pearson band of what more draws would give; both p where it is exact */
    double p_high;
    double smallest_p; /**< that the test can give; NaN: not of this test */
    int64_t n_redraws; /**< or assignments counted; 0: exact without either; -1: refused */
    bool exact;
    const char *note;
} temoin_provider_test;

/** Are the clients of different workers alike, and do as many stay? */
typedef struct temoin_provider_selection {
    const char *test;    /**< "baseline", "attrition" */
    const char *arm;     /**< within it; "" within all arms at once */
    const char *measure; /**< attrition; "" of the baseline */
    const char *wave;
    int64_t n;
    int64_t n_providers;
    int64_t n_covariates; /**< baseline; -1 of attrition */
    double statistic;
    double df;
    double p;          /**< by chi-square */
    double p_permuted; /**< clients permuted among the workers of an arm, or drawn again where the design drew them */
    int64_t n_redraws; /**< 0: exact, over all ways of dealing the clients; -1: none */
    const char *note;
} temoin_provider_selection;

#ifdef __cplusplus
}
#endif

#endif
