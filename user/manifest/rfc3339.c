/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "manifest/rfc3339.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define YEAR_10000 253402300800ll

/* Exactly two digits, up to @max. */
static const char *two(const char *p, int max, int *ret)
{
	if (!p || !isdigit((unsigned char)p[0]) || !isdigit((unsigned char)p[1]))
		return NULL;
	*ret = (p[0] - '0') * 10 + (p[1] - '0');
	return *ret <= max ? p + 2 : NULL;
}

static const char *one_of(const char *p, const char *set)
{
	return p && *p && strchr(set, *p) ? p + 1 : NULL;
}

static int month_days(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month] + (leap && month == 1);
}

/* "Z" or "+hh:mm": the seconds to subtract. */
static int zone_parse(const char *p, int64_t *ret)
{
	int hours = 0, minutes = 0;
	int sign = *p == '-' ? -1 : 1;

	*ret = 0;
	if (*p == 'Z' || *p == 'z')
		return p[1] ? -EINVAL : 0;
	p = two(one_of(p, "+-"), 23, &hours);
	p = two(one_of(p, ":"), 59, &minutes);
	if (!p || *p)
		return -EINVAL;
	*ret = sign * (hours * 3600 + minutes * 60);
	return 0;
}

int rfc3339_parse(const char *text, int64_t *ret)
{
	struct tm tm = { 0 };
	int century = 0, year = 0;
	int64_t zone, t;
	const char *p = two(two(text, 99, &century), 99, &year);

	p = two(one_of(p, "-"), 12, &tm.tm_mon);
	p = two(one_of(p, "-"), 31, &tm.tm_mday);
	p = two(one_of(p, "Tt"), 23, &tm.tm_hour);
	p = two(one_of(p, ":"), 59, &tm.tm_min);
	p = two(one_of(p, ":"), 60, &tm.tm_sec);
	year += century * 100;
	tm.tm_mon--;
	if (!p || tm.tm_mon < 0 || !tm.tm_mday || tm.tm_mday > month_days(year, tm.tm_mon))
		return -EINVAL;
	if (*p == '.') {
		if (!isdigit((unsigned char)*++p))
			return -EINVAL;
		while (isdigit((unsigned char)*p))
			p++;
	}
	if (zone_parse(p, &zone) < 0)
		return -EINVAL;
	tm.tm_year = year - 1900;
	t = timegm(&tm) - zone;
	if (t < 0 || t >= YEAR_10000)
		return -EINVAL;
	*ret = t;
	return 0;
}

const char *rfc3339_text(int64_t t, char buf[static RFC3339_MAX])
{
	time_t at = t;
	struct tm tm;

	if (!gmtime_r(&at, &tm) || !strftime(buf, RFC3339_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm))
		snprintf(buf, RFC3339_MAX, "1970-01-01T00:00:00Z");
	return buf;
}
