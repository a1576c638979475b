/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEMOIN_RESULT_H
#define TEMOIN_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include "temoin/checks.h"
#include "temoin/context.h"

#ifdef __cplusplus
extern "C" {
#endif

/** One effect: estimate × measure × wave × subgroup × contrast. A number that is not identified is NaN and `note` says
 * why.
 *
 * Units    value, se and the interval are in units of the measure; p in [0, 1]; counts -1: does not apply.
 */
typedef struct temoin_row {
    const char *estimate;
    const char *measure;
    const char *wave;
    const char *subgroup; /**< "column=level"; "": everybody */
    const char *arm;
    const char *reference;
    const char *estimator;
    const char *variance;
    const char *cluster; /**< "" when not clustered */
    int64_t n;           /**< clients in the regression; of several waves, those at the wave or waves it is about */
    int64_t n_arm;       /**< of them in `arm` (general contrast: with positive weight) */
    int64_t n_reference; /**< of them in `reference` (general contrast: with negative weight) */
    int64_t n_clusters;
    int64_t n_rows;  /**< client × wave in the regression of several waves */
    double mean_arm; /**< plain mean of the measure in the arm, over the clients in the regression, or their rows; of a
                          difference in differences, the rows after */
    double mean_reference;
    double value;
    double se;
    double df;        /**< INFINITY: normal reference */
    double statistic; /**< value / se */
    double p;         /**< two-sided */
    double ci_low;
    double ci_high;
    double level;
    double effect_size;     /**< of a difference in means (dim, dim_precision, ols, lin): Hedges' g, the effect over the
                               standard     deviation within the two arms, with the exact J; of a binary measure Cox's
                               index,     the log odds     ratio over 1.65; NaN with weights and where it does not exist */
    double p_randomization; /**< by redraws of the trial's own design; NaN with all that follows: not asked for */
    double p_randomization_low; /**< Clopper-Pearson band of what more redraws would give; both p where it is exact */
    double p_randomization_high;
    double value_randomization;  /**< of ranks: the shift between the arms that they suggest (Hodges & Lehmann) */
    double ci_randomization_low; /**< constant effects that the test does not reject; NaN: no bound on that side */
    double ci_randomization_high;
    const char *randomization_statistic; /**< key of what the test compares, "" without */
    int64_t n_redraws;                   /**< redraws, or assignments enumerated; 0: exact without either */
    double p_bootstrap;                  /**< wild cluster bootstrap; NaN with all that follows: not asked for */
    double ci_bootstrap_low;             /**< effects that it does not reject; NaN: no bound on that side */
    double ci_bootstrap_high;
    int64_t n_bootstrap;
    double p_simultaneous;      /**< of a path's waves at once, largest |t|; NaN with what follows: not a path */
    double ci_simultaneous_low; /**< band that holds for all waves at once */
    double ci_simultaneous_high;
    double p_bonferroni; /**< this and what follows: within the row's family; NaN outside of one, or not asked for */
    double p_sidak;
    double p_holm;
    double p_holm_sidak;
    double p_hochberg;
    double p_hommel;
    double p_bh;
    double p_by;
    double p_bky;     /**< a sharpened q value */
    double p_dunnett; /**< among the contrasts of the same estimate, measure and wave */
    double p_dunnett_step_down;
    double p_westfall_young; /**< by the redraws, largest statistics, step-down */
    double p_westfall_young_single;
    double p_westfall_young_min_p;
    double p_romano_wolf;
    const char *provider_verdict; /**< how its arms' caseworkers stand, see temoin_provider_structure; "" without */
    int64_t n_providers_arm;      /**< caseworkers of the row's clients */
    int64_t n_providers_reference;
    double icc; /**< share of the measure's variance between caseworkers, within arms; NaN: not identified */
    double icc_low;
    double icc_high;
    double icc_tipping; /**< smallest at which the interval touches zero; NaN: it always or never does */
    const char *family; /**< "" outside of one */
    const char *note;   /**< semicolon-separated notes of the closed set, "" when there is nothing to say */
} temoin_row;

/** How assignment moved receipt, beside each effect of receipt (instrumental variables).
 *
 * `value` is the effect of assignment on receipt, `reduced_form` that on the outcome. `ar_set` says which effects
 * Anderson & Rubin's test does not reject, whatever the strength of the first stage: "interval" (ar_low to ar_high),
 * "outside" (up to ar_low and from ar_high on), "above" (from ar_low on), "below" (up to ar_high), "all"; "" when
 * refused.
 */
typedef struct temoin_first_stage {
    const char *estimate;
    const char *measure;
    const char *wave;
    const char *subgroup;
    const char *arm;
    const char *reference;
    double value;
    double se;
    double df;
    double f; /**< (value / se)², F(1, df); with a robust variance the effective F too; INFINITY: full compliance */
    double p;
    double reduced_form;
    double reduced_form_se;
    double covariance; /**< of the two effects */
    double compliers;  /**< shares of the sample, as they are, whichever arm receives more; the three sum to one */
    double always_takers;
    double never_takers; /**< without always- or never-takers noncompliance is one-sided */
    double ar_f;         /**< Anderson & Rubin's test of no effect, F(1, df) */
    double ar_p;
    const char *ar_set;
    double ar_low;
    double ar_high;
    double exogeneity; /**< coefficient of the first stage's residual: 0 where receipt is as good as random */
    double exogeneity_f;
    double exogeneity_df;
    double exogeneity_p; /**< Durbin, Wu & Hausman's test, F(1, exogeneity_df), with the estimate's variance */
} temoin_first_stage;

/** What a clustered effect rests on (MacKinnon, Nielsen & Webb 2023, "Leverage, influence, and the jackknife in
 * clustered regression models"): how many clusters really count, and how unlike they are.
 *
 * Leverages are shares of what the model fits: those of all clusters add up to the number of its coefficients. Partial
 * leverages are the clusters' shares in the effect alone, and add up to one. A coefficient of variation is the standard
 * deviation over the mean, with divisor n_clusters.
 */
typedef struct temoin_clusters {
    const char *estimate;
    const char *measure;
    const char *wave;
    const char *subgroup;
    const char *arm;
    const char *reference;
    int64_t n_clusters;
    int64_t n_arm;       /**< clusters with somebody in an arm of positive weight */
    int64_t n_reference; /**< of negative weight */
    int64_t smallest;    /**< rows of the smallest and of the largest cluster */
    int64_t largest;
    double effective;            /**< clusters, were rows independent: Carter, Schnepel & Steigerwald 2017, rho 0 */
    double effective_correlated; /**< were rows of a cluster the same, rho 1; NaN: clusters' effects are all absorbed */
    double leverage_low;
    double leverage_high;
    double leverage_cv;
    double partial_low;
    double partial_high; /**< the share of the effect that one cluster alone carries */
    double partial_cv;
    double without_one_low; /**< the effect without the cluster that raises it most; NaN: it needs each of them */
    double without_one_high;
} temoin_clusters;

/** A family of estimates: could none of its effects be there? */
typedef struct temoin_family_summary {
    const char *name;
    int64_t n_rows;    /**< members with a result */
    double p_omnibus;  /**< of the largest statistic, by the redraws of all members at once; NaN: not asked for */
    int64_t n_redraws; /**< -1: none */
    bool exact;        /**< the redraws are all assignments that the design can give */
} temoin_family_summary;

/** Are all contrasts of an estimate zero? Wald's F test with the estimate's variance, of each measure and wave of an
 * estimate that has several. With cr2 it is the approximate Hotelling test (Tipton & Pustejovsky 2015).
 * Or are the effects the same in all subgroups of a column? Welch's F test of their values with their own standard
 * errors and degrees of freedom, as subgroups are different clients; it needs each of them, and clusters within
 * subgroups.
 *
 * Notes    `note` says why there are no numbers; "" when there are.
 */
typedef struct temoin_joint_test {
    const char *estimate;
    const char *measure;
    const char *wave;
    const char *subgroup;
    const char *test; /**< "contrasts", or "subgroups: column" */
    const char *arm;  /**< of the effects that subgroups are compared in; "" of contrasts, with `reference` */
    const char *reference;
    const char *variance;
    int64_t n_contrasts; /**< or subgroups */
    double statistic;
    double df1; /**< contrasts that do not follow from the others; subgroups less one */
    double df2;
    double p;
    const char *note;
} temoin_joint_test;

typedef struct temoin_arm_summary {
    const char *name;
    temoin_label label;
    int64_t n_assigned;
} temoin_arm_summary;

typedef struct temoin_measure_summary {
    const char *name;
    const char *kind; /**< "continuous", "binary", "count" */
    const char *unit; /**< "" when none */
    temoin_label label;
} temoin_measure_summary;

/** Everything that a report may say; every number in a report comes from here. */
typedef struct temoin_results {
    const char *engine; /**< version that computed them */
    const char *trial;
    temoin_label title;
    const char *registry; /**< "" when none */
    const char *design;   /**< key of the design */
    bool drawn;           /**< by temoin; false: the arms came with the data */
    const char *seed;     /**< "" when not drawn by temoin, or from a seed that is kept secret */
    int64_t n_units;
    int32_t n_strata;
    int64_t min_cell; /**< counts below it are not shown in reports */
    const char *const *languages;
    int32_t n_languages;
    const temoin_arm_summary *arms;
    int32_t n_arms;
    const temoin_measure_summary *measures;
    int32_t n_measures;
    const temoin_flow_row *flow;
    int64_t n_flow;
    const temoin_baseline_row *baseline;
    int64_t n_baseline;
    const temoin_omnibus *omnibus; /**< one; none where nothing is known at baseline */
    int32_t n_omnibus;
    const temoin_survival_row *survival; /**< of measures of kind time, in order of measure, wave, arm and time */
    int64_t n_survival;
    const temoin_provider_structure *provider_structure; /**< one; none without caseworkers, with all that follows */
    int32_t n_provider_structure;
    const temoin_provider_arm *provider_arms;
    int32_t n_provider_arms;
    const temoin_caseload *caseloads;
    int64_t n_caseloads;
    const temoin_icc *icc;
    int64_t n_icc;
    const temoin_provider_mean *provider_means;
    int64_t n_provider_means;
    const temoin_row *provider_rows; /**< the same effects by every way that respects caseworkers, or does not */
    int64_t n_provider_rows;
    const temoin_tipping_point *tipping_points;
    int64_t n_tipping_points;
    const temoin_tipping_curve *tipping_curves;
    int64_t n_tipping_curves;
    const temoin_influence *influence;
    int64_t n_influence;
    const temoin_provider_test *provider_tests;
    int64_t n_provider_tests;
    const temoin_provider_selection *provider_selection;
    int64_t n_provider_selection;
    const temoin_row *rows;
    int64_t n_rows;
    const temoin_first_stage *first_stages; /**< in the order of the rows that they belong to */
    int64_t n_first_stages;
    const temoin_clusters *clusters; /**< of clustered estimates, in the order of the rows that they belong to */
    int64_t n_clusters;
    const temoin_family_summary *families; /**< of the plan, in its order */
    int32_t n_families;
    const temoin_joint_test *joint_tests;
    int64_t n_joint_tests;
} temoin_results;

/** Renders `estimates.csv`: UTF-8, comma, point, shortest digits that read back to the same double, empty where a
 * number is refused or does not apply. The text lives as long as the context. */
TEMOIN_MUST_CHECK temoin_status temoin_results_render_csv(temoin_context *context, const temoin_results *results,
                                                          const char **text, size_t *length);

/** Renders `results.json`, schema "temoin-results" version 1. */
TEMOIN_MUST_CHECK temoin_status temoin_results_render_json(temoin_context *context, const temoin_results *results,
                                                           const char **text, size_t *length);

/** A line on `omnibus`, for a terminal; empty where there is none. */
TEMOIN_MUST_CHECK temoin_status temoin_results_render_omnibus(temoin_context *context, const temoin_results *results,
                                                              const char **text, size_t *length);

/** A line for each effect of `tipping_points`, for a terminal: its caseworkers, the verdict on them, and the tipping
 * point; empty where there is none.
 *
 * Errors   TEMOIN_ERR_USAGE when the language is neither "en" nor "fr".
 */
TEMOIN_MUST_CHECK temoin_status temoin_results_render_providers(temoin_context *context, const temoin_results *results,
                                                                const char *language, const char **text,
                                                                size_t *length);

/** Reads what `temoin_results_render_json` wrote, to the same doubles.
 *
 * Errors   TEMOIN_ERR_IO; TEMOIN_ERR_DATA with line and column when it is not such a file.
 */
TEMOIN_MUST_CHECK temoin_status temoin_results_read_json(temoin_context *context, const char *path,
                                                         const temoin_results **out);

#ifdef __cplusplus
}
#endif
#endif
