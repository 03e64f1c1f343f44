/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/format.h"

#include <time.h>

#define MINUTE 60
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define YEAR (365 * DAY)

/*
 * @n / @base^k with one decimal, rounded: so numbers below each other are as exact as each
 * other. What would round up to a full @base is one of the next unit: "1.0M", not "1000.0k".
 */
static void scale(uint64_t n, uint64_t base, const char *const units[], const char *gap,
		  char buf[static FORMAT_MAX])
{
	unsigned __int128 unit = base;
	unsigned int k = 0;
	uint64_t tenths;

	while (((unsigned __int128)n * 10 + unit / 2) / unit >= base * 10) {
		unit *= base;
		k++;
	}
	tenths = (uint64_t)(((unsigned __int128)n * 10 + unit / 2) / unit);
	snprintf(buf, FORMAT_MAX, "%llu.%llu%s%s", (unsigned long long)tenths / 10,
		 (unsigned long long)tenths % 10, gap, units[k]);
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
