// SPDX-License-Identifier: MIT
// The `backline` program. Everything it does is in the library beside it.

#include "cli.h"

int main(int argc, char **argv)
{
    return bl_cli_run(argc, argv);
}
