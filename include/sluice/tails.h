/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The programs of tc that others go on to, by their place in sluice_tails.
 */
#pragma once

#define SLUICE_TAILS(X)                                                                     \
	X(REST, "sluice_rest")                                                             \
	X(FRAGMENT, "sluice_fragment")                                                     \
	X(RELEASE, "sluice_release")

/* Their names, for a list of such. */
#define SLUICE_TAIL_NAME(id, program) program,
#define SLUICE_TAIL_NAMES SLUICE_TAILS(SLUICE_TAIL_NAME)

enum sluice_tail {
#define X(id, program) SLUICE_TAIL_##id,
	SLUICE_TAILS(X)
#undef X
	SLUICE_TAIL_COUNT,
};
