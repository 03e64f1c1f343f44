/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * sluice: Kubernetes Services for one Linux host. Everything is a command: see cli/.
 */
#include <locale.h>

#include "cli/cli.h"

int main(int argc, char **argv)
{
	/* Lines of trees as the terminal can show them; numbers stay "1.5" everywhere. */
	setlocale(LC_CTYPE, "");
	return cli_main(argc, argv);
}
