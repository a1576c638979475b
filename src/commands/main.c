/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <temoin/version.h>
#include <stdio.h>

int main(void)
{
    printf("temoin %s\n", temoin_version());
    return 0;
}
