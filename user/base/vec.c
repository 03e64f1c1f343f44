/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "base/vec.h"

#include <errno.h>
#include <stdint.h>

int vec_grow(void **at, size_t *cap, size_t need, size_t size)
{
	size_t want = *cap ? *cap : need;
	void *grown;

	if (need <= *cap)
		return 0;
	while (want < need) {
		if (want > SIZE_MAX / 2)
			return -ENOMEM;
		want *= 2;
	}
	grown = reallocarray(*at, want, size);
	if (!grown)
		return -ENOMEM;
	*at = grown;
	*cap = want;
	return 0;
}
