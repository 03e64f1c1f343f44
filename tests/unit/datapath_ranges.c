/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Source ranges as keys of their table, and back. */
#include <criterion/criterion.h>

#include <arpa/inet.h>

#include "datapath/ranges.h"

static struct layout_range range(uint32_t service, const char *text)
{
	struct layout_range r = { .service = service };

	cr_assert_eq(cidr_parse(text, &r.cidr), 0, "%s", text);
	return r;
}

Test(datapath_ranges, a_key_counts_the_bits_of_row_and_address)
{
	struct layout_range r4 = range(7, "198.51.100.0/24"), r6 = range(8, "2001:db8::/32");
	struct sluice_range_key k4 = range_key(&r4), k6 = range_key(&r6);

	cr_assert_eq(k4.prefixlen, 32 + 96 + 24);
	cr_assert_eq(k4.service, 7);
	cr_assert_eq(k4.client.ip6[2], htonl(0xffff));
	cr_assert_eq(k4.client.ip6[3], htonl(0xc6336400));
	cr_assert_eq(k6.prefixlen, 32 + 32);
	cr_assert_eq(k6.service, 8);
	cr_assert_eq(k6.client.ip6[0], htonl(0x20010db8));
}

Test(datapath_ranges, a_key_gives_its_range_back)
{
	static const char *const texts[] = { "10.0.0.0/8", "0.0.0.0/1", "192.0.2.1/32",
					     "2001:db8::/32", "8000::/1", "2001:db8::1/128" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct layout_range r = range(3, texts[i]), back = { 0 };
		struct sluice_range_key k = range_key(&r);

		cr_assert_eq(range_from_key(&k, &back), 0);
		cr_assert_eq(layout_range_cmp(&r, &back), 0, "%s", texts[i]);
	}
}

Test(datapath_ranges, a_key_that_we_never_write_is_refused)
{
	struct layout_range r = range(3, "10.0.0.0/8"), back;
	struct sluice_range_key k = range_key(&r);

	k.prefixlen = 32 + 95;
	cr_assert_eq(range_from_key(&k, &back), -EPROTO);
	k.prefixlen = SLUICE_RANGE_BITS + 1;
	cr_assert_eq(range_from_key(&k, &back), -EPROTO);
}
