/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Places that are few: the section `capacity`. */
#include "plan/schema.h"

#define LINE(...) tm_plan_line(plan, __VA_ARGS__)

static void check_capacity(tm_plan_reader *r, const tm_raw_capacity *raw, const temoin_plan *plan)
{
    if (plan->design.assigned)
        tm_trouble_add(
            r, LINE("capacity"),
            "\"capacity\" decides who can be drawn, but \"design.assigned\" says that the trial was drawn elsewhere; "
            "take \"capacity\" out");
    else if (!plan->design.options.arrival)
        tm_trouble_add(r, LINE("capacity"),
                       "\"capacity\" needs \"design.arrival\", the column with the date on which a client came");
    if (!raw->arm == !raw->arm_column)
        tm_trouble_add(
            r, LINE("capacity"),
            "\"capacity\" needs \"arm\", which all workers serve, or \"arm_column\", the column of its file that "
            "holds the arm of each; give one of them");
}

temoin_status tm_plan_resolve_capacity(tm_plan_reader *r, const tm_raw_capacity *raw, temoin_plan *plan)
{
    tm_plan_capacity *c = &plan->capacity;
    c->arm = -1;
    if (!raw->workers.file) return TEMOIN_OK; /* the section is absent */
    TM_TRY(tm_plan_resolve_file(r, &raw->workers, tm_plan_node_at(r->document, "capacity"), &c->workers));
    TM_TRY(tm_raw_text_copy(r->ctx, raw->places, &c->places));
    TM_TRY(tm_raw_text_copy(r->ctx, raw->from, &c->from));
    TM_TRY(tm_raw_text_copy(r->ctx, raw->to, &c->to));
    TM_TRY(tm_raw_text_copy(r->ctx, raw->arm_column, &c->arm_column));
    check_capacity(r, raw, plan);
    if (raw->arm) c->arm = tm_plan_arm_find(r, plan, raw->arm, LINE("capacity.arm"));
    if (!raw->exits.file.file) return TEMOIN_OK;
    TM_TRY(tm_raw_text_copy(r->ctx, raw->exits.date, &c->exit_date));
    return tm_plan_resolve_file(r, &raw->exits.file, tm_plan_node_at(r->document, "capacity.exits"), &c->exits);
}
