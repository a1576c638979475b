/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_TEST_KERNEL_BENCH_H
#define TM_TEST_KERNEL_BENCH_H

/* Prints, per kernel and level, minimum and median nanoseconds per element in cache and from memory, beside what
 * reading and copying memory cost. Returns an exit status. */
int bench_kernels(void);

#endif
