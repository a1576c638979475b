/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_SYMMETRIC_H
#define TM_SYMMETRIC_H

/* Doubles of workspace that tm_symmetric_eigen needs for an n × n matrix. */
int tm_symmetric_eigen_room(int n);

/* Eigenvalues and eigenvectors of a symmetric matrix.
 *
 * Shapes   a [n * n] row major, its lower triangle is read, destroyed; value [n] in no order; vector [n * n], column c
 * of it (vector[i * n + c]) belongs to value[c]; work [tm_symmetric_eigen_room(n)]. Cost     O(n³); no allocation, so
 * that threads may call it with workspaces of their own.
 */
void tm_symmetric_eigen(double *a, int n, double *value, double *vector, double *work);

#endif
