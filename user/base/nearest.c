/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "base/nearest.h"

#include <ctype.h>
#include <string.h>

#define LETTERS_MAX 48		/* of a word that is offered */
#define DISTANCE_MAX 2		/* further off it is another word */

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

static int letter(char c)
{
	return tolower((unsigned char)c);
}

/* @b is no longer than LETTERS_MAX. */
static size_t distance(const char *a, const char *b)
{
	size_t n = strlen(b), row[LETTERS_MAX + 1];

	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			size_t above = row[j];

			row[j] = min(min(above, row[j - 1]) + 1,
				     diagonal + (letter(a[i - 1]) != letter(b[j - 1])));
			diagonal = above;
		}
	}
	return row[n];
}

struct nearest nearest_to(const char *word)
{
	return (struct nearest){ .word = word, .distance = DISTANCE_MAX + 1 };
}

void nearest_offer(struct nearest *n, const char *word)
{
	size_t len = strlen(word), has = strlen(n->word), d;

	/* Of a short word all letters could be others. */
	if (len > LETTERS_MAX || has > len + DISTANCE_MAX || len > has + DISTANCE_MAX)
		return;
	d = distance(n->word, word);
	if (d < n->distance && d < len && (d < 2 || len > 3)) {
		n->best = word;
		n->distance = d;
	}
}
