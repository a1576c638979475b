/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers to text and back, the same in every locale. */
#ifndef TM_NUMBER_TEXT_H
#define TM_NUMBER_TEXT_H

#include <stdbool.h>
#include <stddef.h>

enum { TM_NUMBER_TEXT_SIZE = 32 };

/* The fewest significant digits that read back to the same double, with a point; "" for NaN, "inf", "-inf".
 * Plain notation for exponents in [-5, 17), "1e-09" style otherwise. Returns `text`. */
const char *tm_number_text(double x, char text[TM_NUMBER_TEXT_SIZE]);

/* With `digits` decimals, point as separator, halves as the C library rounds them; "" for NaN. |x| < 1e15. */
const char *tm_number_fixed(double x, int digits, char text[TM_NUMBER_TEXT_SIZE]);

/* Reads a whole text as a decimal number with the given separator ('.' or ','), optional sign and exponent, surrounding
 * blanks not allowed. "inf", "nan" and hexadecimal are not numbers. False when the text is anything else or overflows.
 */
bool tm_number_read(const char *text, size_t length, char decimal, double *out);

#endif
