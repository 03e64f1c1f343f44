/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

#include "store/db.h"

/* RFC 9562, section 5.4. */
int uuid_make(struct uuid_source *from, char buf[static UUID_TEXT_MAX])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t b[16];

	if (from->left < sizeof(b)) {
		/* More than 256 bytes may come in parts, if a signal is handled meanwhile. */
		ssize_t n = getrandom(from->bytes, sizeof(from->bytes), 0);

		if (n < (ssize_t)sizeof(b))
			return -EIO;
		from->left = (size_t)n;
	}
	from->left -= sizeof(b);
	memcpy(b, from->bytes + from->left, sizeof(b));
	b[6] = 0x40 | (b[6] & 0x0f);
	b[8] = 0x80 | (b[8] & 0x3f);
	for (size_t i = 0; i < sizeof(b); i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*buf++ = '-';
		*buf++ = digits[b[i] >> 4];
		*buf++ = digits[b[i] & 0xf];
	}
	*buf = '\0';
	return 0;
}
