/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <criterion/criterion.h>
#include <errno.h>

#include "base/addr.h"

Test(addr, text_becomes_canonical)
{
	static const struct {
		const char *text;
		const char *want;
		enum family family;
	} rows[] = {
		{ "10.0.0.1", "10.0.0.1", FAMILY_V4 },
		{ "0.0.0.0", "0.0.0.0", FAMILY_V4 },
		{ "255.255.255.255", "255.255.255.255", FAMILY_V4 },
		{ "172.030.000.041", "172.30.0.41", FAMILY_V4 },
		{ "1.2.3.0000000000000000004", "1.2.3.4", FAMILY_V4 },
		{ "::ffff:1.2.3.4", "1.2.3.4", FAMILY_V4 },
		{ "::FFFF:102:304", "1.2.3.4", FAMILY_V4 },
		{ "::", "::", FAMILY_V6 },
		{ "::1", "::1", FAMILY_V6 },
		{ "2001:0DB8:0:0:0:0:0:1", "2001:db8::1", FAMILY_V6 },
		{ "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1", FAMILY_V6 },
		{ "1:0:0:2:0:0:0:3", "1:0:0:2::3", FAMILY_V6 },
		{ "fe80::", "fe80::", FAMILY_V6 },
	};
	char buf[ADDR_TEXT_MAX];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct addr a;

		cr_assert_eq(addr_parse(rows[i].text, &a), 0, "%s", rows[i].text);
		cr_expect_str_eq(addr_text(&a, buf), rows[i].want);
		cr_expect_eq(addr_family(&a), rows[i].family, "%s", rows[i].text);
	}
}

Test(addr, what_is_no_address_is_refused)
{
	static const char *const rows[] = {
		"", " ", "1", "1.2.3", "1.2.3.4.5", "1.2.3.", ".1.2.3", "1..2.3", "256.1.1.1",
		"1.2.3.4 ", " 1.2.3.4", "1.2.3.4/8", "-1.2.3.4", "+1.2.3.4", "0x1.2.3.4",
		"1.2.3.99999999999999999999999999999999", ":", ":::", "1::2::3", "12345::",
		"fe80::1%eth0", "[::1]", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "localhost",
		"1.2.3.00000000000000000000000000000000000000000000004",
	};
	struct addr a = { .b = { 1 } };

	cr_expect_eq(addr_parse(NULL, &a), -EINVAL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_eq(addr_parse(rows[i], &a), -EINVAL, "%s", rows[i]);
	cr_expect_eq(a.b[0], 1, "an error leaves the result alone");
}

Test(addr, kinds_of_addresses)
{
	enum { UNSPEC = 1, LOOP = 2, LINK = 4, MULTI = 8, ZERO = 16 };
	static const struct {
		const char *text;
		unsigned int is;
	} rows[] = {
		{ "0.0.0.0", UNSPEC }, { "::", UNSPEC | ZERO }, { "0.0.0.1", 0 },
		{ "127.0.0.1", LOOP }, { "127.255.0.1", LOOP }, { "128.0.0.1", 0 },
		{ "::1", LOOP }, { "::2", 0 }, { "169.254.0.1", LINK }, { "169.253.0.1", 0 },
		{ "fe80::1", LINK }, { "febf::1", LINK }, { "fec0::1", 0 },
		{ "224.0.0.1", MULTI }, { "239.1.1.1", MULTI }, { "240.0.0.1", 0 },
		{ "ff02::1", MULTI }, { "fe00::1", 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct addr a;
		unsigned int is;

		cr_assert_eq(addr_parse(rows[i].text, &a), 0);
		is = UNSPEC * addr_is_unspecified(&a) | LOOP * addr_is_loopback(&a) |
		     LINK * addr_is_link_local(&a) | MULTI * addr_is_multicast(&a) |
		     ZERO * addr_is_zero(&a);
		cr_expect_eq(is, rows[i].is, "%s", rows[i].text);
	}
}

Test(addr, add_stays_in_its_family)
{
	static const struct {
		const char *from;
		uint64_t n;
		const char *want;
	} rows[] = {
		{ "10.96.0.0", 1, "10.96.0.1" },
		{ "10.96.0.255", 1, "10.96.1.0" },
		{ "10.96.0.0", 1 << 20, "10.112.0.0" },
		{ "255.255.255.255", 1, "0.0.0.0" },
		{ "fd00::ffff:ffff", 1, "fd00::1:0:0" },
		{ "fd00::ffff:ffff:ffff:ffff", 1, "fd00::" },
		{ "fd00::", UINT64_MAX, "fd00::ffff:ffff:ffff:ffff" },
	};
	char buf[ADDR_TEXT_MAX];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct addr a;

		cr_assert_eq(addr_parse(rows[i].from, &a), 0);
		a = addr_add(&a, rows[i].n);
		cr_expect_str_eq(addr_text(&a, buf), rows[i].want);
	}
}

Test(addr, wire_form_and_back)
{
	struct addr a, b;
	struct sluice_addr w;

	addr_parse("10.1.2.3", &a);
	w = addr_wire(&a);
	cr_expect_eq(w.ip6[3], __builtin_bswap32(0x0a010203));
	b = addr_from_wire(&w);
	cr_expect_eq(addr_cmp(&a, &b), 0);
}

Test(cidr, text_becomes_canonical)
{
	static const struct {
		const char *text;
		const char *want;
	} rows[] = {
		{ "10.1.2.3/8", "10.0.0.0/8" },
		{ "10.1.2.3/32", "10.1.2.3/32" },
		{ "10.1.2.3/0", "0.0.0.0/0" },
		{ "203.0.113.000/025", "203.0.113.0/25" },
		{ " 203.0.113.128/25\t\n", "203.0.113.128/25" },
		{ "2001:db8::1/64", "2001:db8::/64" },
		{ "2001:db8::ffff/127", "2001:db8::fffe/127" },
		{ "::/0", "::/0" },
		{ "::ffff/128", "::ffff/128" },
	};
	char buf[CIDR_TEXT_MAX];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cidr c;

		cr_assert_eq(cidr_parse(rows[i].text, &c), 0, "%s", rows[i].text);
		cr_expect_str_eq(cidr_text(&c, buf), rows[i].want);
	}
}

Test(cidr, what_is_no_block_is_refused)
{
	static const char *const rows[] = {
		"", "/", "10.0.0.0", "10.0.0.0/", "/8", "10.0.0.0/33", "10.0.0.0/-1",
		"10.0.0.0/8/8", "10.0.0.0/ 8", "10.0.0.0 /8", "::/129", "::ffff:1.2.3.0/120",
		"10.0.0.0/4294967304", "10.0.0.0/255.0.0.0",
		"                                                                 1.0.0.0.0/8",
	};
	struct cidr c;

	cr_expect_eq(cidr_parse(NULL, &c), -EINVAL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_eq(cidr_parse(rows[i], &c), -EINVAL, "%s", rows[i]);
}

Test(cidr, has_its_own_family_only)
{
	static const struct {
		const char *block;
		const char *addr;
		bool has;
	} rows[] = {
		{ "10.0.0.0/8", "10.255.0.1", true },
		{ "10.0.0.0/8", "11.0.0.0", false },
		{ "10.0.0.0/9", "10.128.0.0", false },
		{ "10.1.2.3/32", "10.1.2.3", true },
		{ "10.1.2.3/32", "10.1.2.2", false },
		{ "0.0.0.0/0", "1.2.3.4", true },
		{ "0.0.0.0/0", "::1", false },
		{ "::/0", "1.2.3.4", false },
		{ "::/0", "ffff::", true },
		{ "2001:db8::/33", "2001:db8:7fff::1", true },
		{ "2001:db8::/33", "2001:db8:8000::1", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cidr c;
		struct addr a;

		cr_assert_eq(cidr_parse(rows[i].block, &c), 0);
		cr_assert_eq(addr_parse(rows[i].addr, &a), 0);
		cr_expect_eq(cidr_has(&c, &a), rows[i].has, "%s %s", rows[i].block,
			     rows[i].addr);
	}
}
