/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "document/document.h"

tm_table_cell tm_cell_text(const char *text)
{
    return (tm_table_cell){.kind = TM_CELL_TEXT, .text = text};
}

tm_table_cell tm_cell_number(double x, int decimals)
{
    return (tm_table_cell){.kind = isnan(x) ? TM_CELL_DASH : TM_CELL_NUMBER, .x = x, .decimals = decimals};
}

tm_table_cell tm_cell_percent(double share, int decimals)
{
    return (tm_table_cell){.kind = isnan(share) ? TM_CELL_DASH : TM_CELL_PERCENT, .x = share, .decimals = decimals};
}

tm_table_cell tm_cell_p(double p)
{
    return (tm_table_cell){.kind = isnan(p) ? TM_CELL_DASH : TM_CELL_P, .x = p};
}

tm_table_cell tm_cell_interval(double low, double high, int decimals)
{
    bool known = !isnan(low) || !isnan(high);
    return (tm_table_cell){.kind = known ? TM_CELL_INTERVAL : TM_CELL_DASH,
                           .x = isnan(low) ? -INFINITY : low,
                           .high = isnan(high) ? INFINITY : high,
                           .decimals = decimals};
}

tm_table_cell tm_cell_mean_sd(double mean, double sd, int decimals)
{
    if (isnan(sd)) return tm_cell_number(mean, decimals);
    return (tm_table_cell){.kind = TM_CELL_MEAN_SD, .x = mean, .high = sd, .decimals = decimals};
}

tm_table_cell tm_cell_count(int64_t n)
{
    return (tm_table_cell){.kind = n < 0 ? TM_CELL_DASH : TM_CELL_COUNT, .x = (double)n};
}

tm_table_cell tm_cell_masked_count(int64_t n, int64_t min_cell)
{
    if (n <= 0 || n >= min_cell) return tm_cell_count(n);
    return (tm_table_cell){.kind = TM_CELL_BELOW, .x = (double)min_cell};
}

const char *tm_cell_write(temoin_context *ctx, tm_language language, const tm_table_cell *cell)
{
    char low[TM_WRITTEN_SIZE], high[TM_WRITTEN_SIZE];
    switch (cell->kind) {
    case TM_CELL_EMPTY:
        return "";
    case TM_CELL_TEXT:
        return tm_language_space(ctx, language, cell->text);
    case TM_CELL_NUMBER:
    case TM_CELL_COUNT:
        return tm_text(ctx, "%s", tm_write_number(language, cell->x, cell->decimals, low));
    case TM_CELL_PERCENT:
        return tm_text(ctx, "%s", tm_write_percent(language, cell->x, cell->decimals, low));
    case TM_CELL_P:
        return tm_text(ctx, "%s", tm_write_p(language, cell->x, low));
    case TM_CELL_INTERVAL:
        tm_write_number(language, cell->x, cell->decimals, low);
        tm_write_number(language, cell->high, cell->decimals, high);
        return tm_text(ctx, tm_say(language, "%s to %s", "%s à %s"), low, high);
    case TM_CELL_MEAN_SD:
        tm_write_number(language, cell->x, cell->decimals, low);
        return tm_text(ctx, "%s (%s)", low, tm_write_number(language, cell->high, cell->decimals, high));
    case TM_CELL_BELOW:
        return tm_text(ctx, "<\u00a0%s", tm_write_number(language, cell->x, 0, low));
    case TM_CELL_DASH:
        break;
    }
    return "–";
}

/* Bijective base 26. */
const char *tm_footnote_mark(int footnote, char mark[TM_FOOTNOTE_MARK_SIZE])
{
    char reversed[TM_FOOTNOTE_MARK_SIZE];
    int n = 0;
    for (int rest = footnote + 1; rest > 0; rest = (rest - 1) / 26) reversed[n++] = (char)('a' + (rest - 1) % 26);
    for (int i = 0; i < n; i++) mark[i] = reversed[n - 1 - i];
    mark[n] = '\0';
    return mark;
}
