/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Which of the words there are is meant by one that is misspelt:
 *	struct nearest n = nearest_to("selektor");
 *	nearest_offer(&n, "selector");		for each word
 *	n.best					or NULL: none is near enough
 */
#pragma once

#include <stddef.h>

struct nearest {
	const char *word;
	const char *best;	/* one of those that were offered; the first of equals */
	size_t distance;	/* letters, capital or not, that must be put in, taken out or changed */
};

struct nearest nearest_to(const char *word);
void nearest_offer(struct nearest *n, const char *word);
