/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Caseworkers to arms, clients to arms, clients to the caseworkers of their arm.
 *
 * 1. Workers are drawn as the units of `blocked` with misfits "pivotal" are (blocked.c), but their streams have the
 * purposes "workers-leftover" and "workers-order". Units are the workers in the order of the bytes of their ids, their
 * strata are made from the columns `design.strata` of the workers' file, and shares are those of the clients' stratum
 * with the same text, or of the plan's arms where no client is.
 * 2. Clients are drawn as the units of `blocked` are, with its purposes.
 * 3. In each stratum and arm that has clients there are K workers, in the order of the bytes of their ids, and n
 * clients, in that of theirs. The stream has the purpose "worker" and the label TEXT|ARM: the stratum's canonical text,
 * "|" and the arm's name with a "\" before each "\" and "|" in it. First the workers are shuffled, for i = K - 1, …, 1,
 * swapping worker i with worker bounded(i + 1); then, from the same stream, the clients likewise. The shuffled client
 * number i, from 0, gets the shuffled worker number i mod K.
 *
 * Why: all orders of workers are equally likely, so each of the K serves a client with probability 1 / K, and floor(n /
 * K) or one more of them. The arms of clients do not depend on those of workers.
 *
 * A trial is refused before it is drawn unless every arm is sure of a worker in every stratum with clients: floor(N
 * w[a] / W) is at least 1 for the N workers of the stratum. Here are the clients' arms; worker_draw.c has the workers.
 */
#include "designs/places.h"

const tm_design tm_design_two_stage = {
    .key = "two_stage",
    .title =
        "Caseworkers (`workers`) to arms and clients to arms within strata, then clients to caseworkers of their arm",
    .cites = "Cox 1987; Deville & Tillé 1998",
    .options = "strata workers",
    .needs = "workers",
    .deals_to = TM_DEALS_TO_UNITS,
    .draw = tm_places_draw,
    .received = tm_places_received,
    .enumerate = tm_places_enumerate,
    .count = tm_places_count,
    .pairwise = tm_places_pairwise,
    .likeliest = tm_places_likeliest,
};
