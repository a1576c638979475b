/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "numeric/symmetric.h"

#include <gsl/gsl_eigen.h>

int tm_symmetric_eigen_room(int n)
{
    return 4 * n;
}

void tm_symmetric_eigen(double *a, int n, double *value, double *vector, double *work)
{
    size_t size = (size_t)n;
    /* The library's own constructor would call malloc and, on failure, a global handler. */
    gsl_eigen_symmv_workspace room = {size, work, work + n, work + 2 * n, work + 3 * n};
    gsl_matrix_view matrix = gsl_matrix_view_array(a, size, size);
    gsl_matrix_view vectors = gsl_matrix_view_array(vector, size, size);
    gsl_vector_view values = gsl_vector_view_array(value, size);
    gsl_eigen_symmv(&matrix.matrix, &values.vector, &vectors.matrix, &room);
}
