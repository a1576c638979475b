/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How an allocation is drawn, with the misfit policy "pivotal"; misfits.h has the other ones, which replace steps 2
 * to 4.
 *
 * 1. Units are taken in the order of the bytes of their ids. A unit's stratum has a canonical text: its values in
 *    the order of `design.strata`, joined by "|", each "\" and "|" inside a value with a "\" before it; "" without
 *    strata. Strata are those that have units, in the order of the bytes of their canonical texts; arms are in the
 *    plan's order.
 * 2. The shares of a stratum are integers w[a]: the plan's decimal shares, multiplied by a power of ten and divided
 *    by their greatest common divisor. W is their sum, and D the least common multiple of the W of all strata (at
 *    most 2^53). In a stratum of n units, arm a surely gets floor(n w[a] / W) units. What is left over is the
 *    remainder ((n w[a]) mod W) (D / W), an integer from 0 to D - 1.
 * 3. The remainders form a table with one row per stratum and one column per arm. One more row at the end holds
 *    (-column sum) mod D, so that all rows and columns sum to multiples of D. A cell that is 0 or D is whole. While
 *    a cell is not whole:
 *    - The walk starts at the first cell, row after row, that is not whole. It steps within the column to the first
 *      other row whose cell is not whole, then within that row to the first other column whose cell is not whole,
 *      and so on in turn, until a step along a column ends in a row, or a step along a row in a column, that holds
 *      an earlier cell of the walk.
 *    - The cycle goes from the last such earlier cell to the new cell. Its cells are in turn "+" (the first) and
 *      "-".
 *    - up is the smallest of D - v over "+" cells and v over "-" cells; down is the smallest of v over "+" cells
 *      and D - v over "-" cells. k = bounded(up + down) from the stream "leftover", label "". If k < down, add up
 *      to each "+" cell and subtract it from each "-" cell; otherwise subtract down from each "+" cell and add it
 *      to each "-" cell.
 * 4. In a stratum, arm a has one unit more where its cell ended as D.
 * 5. The units of a stratum, numbered from 0, are shuffled with the stream "order", label the canonical text: for
 *    i = n - 1, …, 1, swap unit i with unit bounded(i + 1). The shuffled units get, in turn, the sure places of the
 *    first arm, of the second arm, …, then the leftover places in the order of the arms; a policy may give an arm
 *    several of these, or leave units without a place and so without an arm.
 *
 * A stream is PCG64 (XSL-RR 128/64, setseq) seeded by SHA-256("temoin/1" NUL trial id NUL seed NUL purpose NUL
 * label): initstate is the first 16 bytes and initseq the last 16, big-endian. In 128-bit arithmetic inc = 2
 * initseq + 1 and the state starts as (initstate + inc) M + inc, M = 47026247687942121848144207491837523525. To take
 * a number, replace state by state M + inc; the number is the exclusive-or of the new state's two 64-bit halves,
 * rotated right by the state's top six bits. bounded(r) takes numbers x until (x r) mod 2^64 is at least
 * 2^64 mod r, and gives floor(x r / 2^64).
 *
 * Why: each step of 3 keeps the expectation of every cell, so each unit gets arm a with probability w[a] / W
 * exactly. Row and column sums do not move, so an arm's count is within one of its expectation in every stratum,
 * and so is its total.
 */
#include "designs/places.h"

const tm_design tm_design_blocked = {
    .key = "blocked",
    .title = "Stratified: fixed numbers per arm in each stratum, leftovers as `misfits` says",
    .cites = "Cox 1987; Deville & Tillé 1998; Carril 2017",
    .options = "strata misfits",
    .needs = "strata",
    .deals_to = TM_DEALS_TO_UNITS,
    .draw = tm_places_draw,
    .received = tm_places_received,
    .enumerate = tm_places_enumerate,
    .count = tm_places_count,
    .pairwise = tm_places_pairwise,
    .likeliest = tm_places_likeliest,
};
