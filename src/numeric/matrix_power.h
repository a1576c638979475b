/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_MATRIX_POWER_H
#define TM_MATRIX_POWER_H

typedef enum tm_power { TM_POWER_ZERO, TM_POWER_INVERSE_ROOT, TM_POWER_INVERSE } tm_power;

/* Doubles of workspace that tm_complement_power needs for an n × n matrix. */
int tm_complement_power_room(int n);

/* (I - S)^power v for a symmetric S with eigenvalues in [0, 1], power 0, -1/2 or -1.
 *
 * Shapes   s [n * n]; v [n]; out [n]; work [tm_complement_power_room(n)].
 * Returns  the length of v's part along eigenvectors of eigenvalue one, which are left out of the result as the
 *          Moore-Penrose inverse does; 0 when there are none.
 * Cost     a binomial series of O(n²) a term while ‖S‖ <= 1/2, else O(n³).
 */
double tm_complement_power(const double *s, int n, tm_power power, const double *v, double *out, double *work);

#endif
