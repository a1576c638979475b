/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All registries side by side, for those who ask what there is. */
#include "adjustments/adjustment.h"
#include "audit/export_kind.h"
#include "checks/check_kind.h"
#include "designs/design_kind.h"
#include "designs/misfits.h"
#include "estimators/estimator.h"
#include "kernels/kernels.h"
#include "renderers/renderer.h"
#include "sections/section.h"
#include "temoin/registry.h"
#include "statistics/statistic.h"
#include "variances/variance.h"

static temoin_entry design(int i)
{
    if (i >= tm_n_designs) return (temoin_entry){0};
    return (temoin_entry){tm_designs[i]->key, tm_designs[i]->title, tm_designs[i]->cites};
}

static temoin_entry misfit(int i)
{
    if (i >= tm_n_misfits) return (temoin_entry){0};
    return (temoin_entry){tm_misfits[i].key, tm_misfits[i].title, tm_misfits[i].cites};
}

static temoin_entry estimator(int i)
{
    if (i >= tm_n_estimators) return (temoin_entry){0};
    return (temoin_entry){tm_estimators[i]->key, tm_estimators[i]->title_en, tm_estimators[i]->cites};
}

static temoin_entry variance(int i)
{
    if (i >= tm_n_variances) return (temoin_entry){0};
    return (temoin_entry){tm_variances[i]->key, tm_variances[i]->title_en, tm_variances[i]->cites};
}

static temoin_entry statistic(int i)
{
    if (i >= tm_n_statistics) return (temoin_entry){0};
    return (temoin_entry){tm_statistics[i]->key, tm_statistics[i]->title_en, tm_statistics[i]->cites};
}

static temoin_entry adjustment(int i)
{
    if (i >= tm_n_adjustments) return (temoin_entry){0};
    return (temoin_entry){tm_adjustments[i]->key, tm_adjustments[i]->title, tm_adjustments[i]->cites};
}

static temoin_entry note(int i)
{
    const tm_note *one = tm_note_at(i);
    return one ? (temoin_entry){one->key, one->sentence.en, ""} : (temoin_entry){0};
}

static temoin_entry check(int i)
{
    if (i >= tm_n_checks) return (temoin_entry){0};
    return (temoin_entry){tm_checks[i]->key, tm_checks[i]->title_en, tm_checks[i]->cites};
}

static temoin_entry section(int i)
{
    if (i >= tm_n_sections) return (temoin_entry){0};
    return (temoin_entry){tm_sections[i]->key, tm_sections[i]->title.en, ""};
}

static temoin_entry renderer(int i)
{
    if (i >= tm_n_renderers) return (temoin_entry){0};
    return (temoin_entry){tm_renderers[i]->key, tm_renderers[i]->title, ""};
}

static temoin_entry export_entry(int i)
{
    if (i >= tm_n_exports) return (temoin_entry){0};
    return (temoin_entry){tm_exports[i].key, tm_exports[i].title, ""};
}

static temoin_entry cpu_level(int i)
{
    const tm_kernels *level = tm_kernels_level(i);
    if (!level) return (temoin_entry){0};
    return (temoin_entry){level->name, "array loops for this processor; all give the same bits", ""};
}

static const struct {
    const char *name;
    temoin_entry (*view)(int index);
} registries[] = {
    {"designs", design},       {"misfits", misfit},         {"estimators", estimator}, {"variances", variance},
    {"statistics", statistic}, {"adjustments", adjustment}, {"notes", note},           {"checks", check},
    {"sections", section},     {"renderers", renderer},     {"exports", export_entry}, {"cpu", cpu_level},
};
enum { N_REGISTRIES = sizeof registries / sizeof *registries };

const char *temoin_registry_name(int registry)
{
    return registry >= 0 && registry < N_REGISTRIES ? registries[registry].name : NULL;
}

temoin_entry temoin_registry_view(int registry, int index)
{
    if (!temoin_registry_name(registry) || index < 0) return (temoin_entry){0};
    return registries[registry].view(index);
}
