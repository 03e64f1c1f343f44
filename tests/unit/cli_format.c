/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <criterion/criterion.h>

#include <string.h>

#include "cli/format.h"

Test(cli_format, counts_have_one_decimal_from_10000_on)
{
	static const struct {
		uint64_t n;
		const char *text;
	} rows[] = {
		{ 0, "0" },
		{ 9999, "9999" },
		{ 10000, "10.0k" },
		{ 12345, "12.3k" },
		{ 99949, "99.9k" },
		{ 99999, "100.0k" },
		{ 100000, "100.0k" },
		{ 999949, "999.9k" },
		{ 999950, "1.0M" },
		{ 1000000, "1.0M" },
		{ 1234567, "1.2M" },
		{ 1000000000, "1.0G" },
		{ UINT64_MAX, "18.4E" },
	};
	char buf[FORMAT_MAX];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_str_eq(format_count(rows[i].n, buf), rows[i].text);
}

Test(cli_format, bytes_are_powers_of_1024)
{
	static const struct {
		uint64_t n;
		const char *text;
	} rows[] = {
		{ 0, "0 B" },
		{ 1023, "1023 B" },
		{ 1024, "1.0 KiB" },
		{ 1443, "1.4 KiB" },
		{ 1536, "1.5 KiB" },
		{ 1024 * 1024 - 1, "1.0 MiB" },
		{ 104857600, "100.0 MiB" },
		{ 1ull << 40, "1.0 TiB" },
		{ UINT64_MAX, "16.0 EiB" },
	};
	char buf[FORMAT_MAX];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_str_eq(format_bytes(rows[i].n, buf), rows[i].text);
}

Test(cli_format, durations_read_as_kubectl_prints_them)
{
	static const struct {
		int64_t sec;
		const char *text;
	} rows[] = {
		{ -2, "<invalid>" },
		{ -1, "0s" },
		{ 0, "0s" },
		{ 119, "119s" },
		{ 120, "2m" },
		{ 303, "5m3s" },
		{ 599, "9m59s" },
		{ 600, "10m" },
		{ 10799, "179m" },
		{ 10800, "3h" },
		{ 3 * 3600 + 120, "3h2m" },
		{ 8 * 3600 + 120, "8h" },
		{ 47 * 3600, "47h" },
		{ 48 * 3600, "2d" },
		{ 52 * 3600, "2d4h" },
		{ 8 * 86400 + 3600, "8d" },
		{ 729 * 86400, "729d" },
		{ 731 * 86400, "2y1d" },
		{ 9ll * 365 * 86400 + 86400, "9y" },
	};
	char buf[FORMAT_MAX];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_str_eq(format_duration(rows[i].sec, buf), rows[i].text);
}

Test(cli_format, an_object_that_was_never_stored_has_no_age)
{
	char buf[FORMAT_MAX];

	cr_expect_str_eq(format_age(0, buf), "<unknown>");
}
