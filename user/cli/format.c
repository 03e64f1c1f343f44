/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/format.h"

#include <time.h>

#define MINUTE 60
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define YEAR (365 * DAY)

/*
 * @n / @base^k with as many decimals as leave three digits. Integer arithmetic and cut off,
 * never rounded up: 999999 is "999k", not "1000k", and a total never looks larger than it is.
 */
static void scale(uint64_t n, uint64_t base, const char *const units[], const char *gap,
		  char buf[static FORMAT_MAX])
{
	uint64_t unit = base, whole, cents;
	unsigned int k = 0;

	while (n / unit >= base) {
		unit *= base;
		k++;
	}
	whole = n / unit;
	cents = (uint64_t)((unsigned __int128)(n % unit) * 100 / unit);

	if (whole >= 100)
		snprintf(buf, FORMAT_MAX, "%llu%s%s", (unsigned long long)whole, gap, units[k]);
	else if (whole >= 10 || cents % 10 == 0)
		snprintf(buf, FORMAT_MAX, "%llu.%llu%s%s", (unsigned long long)whole,
			 (unsigned long long)cents / 10, gap, units[k]);
	else
		snprintf(buf, FORMAT_MAX, "%llu.%02llu%s%s", (unsigned long long)whole,
			 (unsigned long long)cents, gap, units[k]);
}

const char *format_count(uint64_t n, char buf[static FORMAT_MAX])
{
	static const char *const units[] = { "k", "M", "G", "T", "P", "E" };

	if (n < 10000)
		snprintf(buf, FORMAT_MAX, "%llu", (unsigned long long)n);
	else
		scale(n, 1000, units, "", buf);
	return buf;
}

const char *format_bytes(uint64_t n, char buf[static FORMAT_MAX])
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };

	if (n < 1024)
		snprintf(buf, FORMAT_MAX, "%llu B", (unsigned long long)n);
	else
		scale(n, 1024, units, " ", buf);
	return buf;
}

/* "2d4h"; the smaller unit is left out when there is none of it. */
static void two_units(int64_t big, char big_unit, int64_t small, char small_unit,
		      char buf[static FORMAT_MAX])
{
	if (small)
		snprintf(buf, FORMAT_MAX, "%lld%c%lld%c", (long long)big, big_unit,
			 (long long)small, small_unit);
	else
		snprintf(buf, FORMAT_MAX, "%lld%c", (long long)big, big_unit);
}

const char *format_duration(int64_t sec, char buf[static FORMAT_MAX])
{
	if (sec < -1)
		snprintf(buf, FORMAT_MAX, "<invalid>");
	else if (sec < 2 * MINUTE)
		two_units(sec > 0 ? sec : 0, 's', 0, 0, buf);
	else if (sec < 10 * MINUTE)
		two_units(sec / MINUTE, 'm', sec % MINUTE, 's', buf);
	else if (sec < 3 * HOUR)
		two_units(sec / MINUTE, 'm', 0, 0, buf);
	else if (sec < 8 * HOUR)
		two_units(sec / HOUR, 'h', sec % HOUR / MINUTE, 'm', buf);
	else if (sec < 2 * DAY)
		two_units(sec / HOUR, 'h', 0, 0, buf);
	else if (sec < 8 * DAY)
		two_units(sec / DAY, 'd', sec % DAY / HOUR, 'h', buf);
	else if (sec < 2 * (int64_t)YEAR)
		two_units(sec / DAY, 'd', 0, 0, buf);
	else if (sec < 8 * (int64_t)YEAR)
		two_units(sec / YEAR, 'y', sec % YEAR / DAY, 'd', buf);
	else
		two_units(sec / YEAR, 'y', 0, 0, buf);
	return buf;
}

const char *format_age(int64_t created, char buf[static FORMAT_MAX])
{
	if (!created) {
		snprintf(buf, FORMAT_MAX, "<unknown>");
		return buf;
	}
	return format_duration(time(NULL) - created, buf);
}
