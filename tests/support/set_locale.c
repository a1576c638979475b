/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Preloaded into every program of the locale run: sets the locale from the environment before main, as a program that
 * embeds the library may have done. */
#include <locale.h>

__attribute__((constructor)) static void set_locale(void)
{
    setlocale(LC_ALL, "");
}
