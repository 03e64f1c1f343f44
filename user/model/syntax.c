/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "model/syntax.h"

#include <stdbool.h>
#include <string.h>

#include "base/addr.h"

#define LABEL_MAX 63
#define SUBDOMAIN_MAX 253
#define PORT_NAME_MAX 15

#define TOO_LONG(n) "must be no more than " #n " characters"

static const char label_text[] =
	"a lowercase RFC 1123 label must consist of lower case alphanumeric characters or "
	"'-', and must start and end with an alphanumeric character (e.g. 'my-name',  or "
	"'123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

static const char subdomain_text[] =
	"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, "
	"'-' or '.', and must start and end with an alphanumeric character (e.g. "
	"'example.com', regex used for validation is "
	"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

static const char key_text[] =
	"name part must consist of alphanumeric characters, '-', '_' or '.', and must start "
	"and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or "
	"'123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

static const char value_text[] =
	"a valid label must be an empty string or consist of alphanumeric characters, '-', "
	"'_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue', "
	" or 'my_value',  or '12345', regex used for validation is "
	"'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

/* [a-z0-9]([-a-z0-9]*[a-z0-9])?, upper case too if @upper */
static bool is_label(const char *s, size_t n, bool upper)
{
	if (!n || s[0] == '-' || s[n - 1] == '-')
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!is_lower(s[i]) && !is_digit(s[i]) && s[i] != '-' &&
		    !(upper && is_upper(s[i])))
			return false;
	}
	return true;
}

static bool is_subdomain(const char *s, size_t n, bool upper)
{
	for (const char *end = s + n;;) {
		const char *dot = memchr(s, '.', (size_t)(end - s));

		if (!is_label(s, (size_t)((dot ? dot : end) - s), upper))
			return false;
		if (!dot)
			return true;
		s = dot + 1;
	}
}

/* ([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9] */
static bool is_qualified(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool edge = i == 0 || i == n - 1;

		if (is_lower(s[i]) || is_upper(s[i]) || is_digit(s[i]))
			continue;
		if (edge || !strchr("-_.", s[i]))
			return false;
	}
	return n > 0;
}

const char *dns_label_wrong(const char *s)
{
	size_t n = strlen(s);

	if (n > LABEL_MAX)
		return TOO_LONG(63);
	return is_label(s, n, false) ? NULL : label_text;
}

const char *dns_subdomain_wrong(const char *s)
{
	size_t n = strlen(s);

	if (n > SUBDOMAIN_MAX)
		return TOO_LONG(253);
	return is_subdomain(s, n, false) ? NULL : subdomain_text;
}

const char *port_name_wrong(const char *s)
{
	size_t n = strlen(s);
	bool letter = false;

	if (n > PORT_NAME_MAX)
		return TOO_LONG(15);
	for (size_t i = 0; i < n; i++) {
		letter |= is_lower(s[i]);
		if (!is_lower(s[i]) && !is_digit(s[i]) && s[i] != '-')
			return "must contain only alpha-numeric characters (a-z, 0-9), "
			       "and hyphens (-)";
	}
	if (!letter)
		return "must contain at least one letter (a-z)";
	if (strstr(s, "--"))
		return "must not contain consecutive hyphens";
	if (s[0] == '-' || s[n - 1] == '-')
		return "must not begin or end with a hyphen";
	return NULL;
}

static const char *key_wrong(const char *s, bool upper)
{
	const char *slash = strchr(s, '/');
	const char *name = slash ? slash + 1 : s;
	size_t prefix = slash ? (size_t)(slash - s) : 0;

	if (slash && !prefix)
		return "prefix part must be non-empty";
	if (prefix > SUBDOMAIN_MAX)
		return "prefix part must be no more than 253 characters";
	if (prefix && !is_subdomain(s, prefix, upper))
		return "prefix part must be a lowercase RFC 1123 subdomain";
	if (!*name)
		return "name part must be non-empty";
	if (strchr(name, '/'))
		return "a qualified name must be 'name' or 'prefix/name'";
	if (strlen(name) > LABEL_MAX)
		return "name part must be no more than 63 characters";
	return is_qualified(name, strlen(name)) ? NULL : key_text;
}

const char *label_key_wrong(const char *s)
{
	return key_wrong(s, false);
}

const char *annotation_key_wrong(const char *s)
{
	return key_wrong(s, true);
}

const char *label_value_wrong(const char *s)
{
	size_t n = strlen(s);

	if (n > LABEL_MAX)
		return TOO_LONG(63);
	return !n || is_qualified(s, n) ? NULL : value_text;
}

const char *addr_wrong(const char *s)
{
	struct addr a;

	return addr_parse(s, &a) < 0 ?
	       "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)" : NULL;
}

const char *cidr_wrong(const char *s)
{
	struct cidr c;

	return cidr_parse(s, &c) < 0 ?
	       "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)" : NULL;
}

/* 224.0.0.0/24, ff02::/16 and their likes of other flags. */
static bool is_link_local_multicast(const struct addr *a)
{
	if (addr_family(a) == FAMILY_V4)
		return a->b[12] == 224 && !a->b[13] && !a->b[14];
	return a->b[0] == 0xff && (a->b[1] & 0x0f) == 0x02;
}

const char *endpoint_addr_wrong(const char *s)
{
	struct addr a;

	if (addr_parse(s, &a) < 0)
		return addr_wrong(s);
	if (addr_is_unspecified(&a))
		return addr_family(&a) == FAMILY_V4 ? "may not be unspecified (0.0.0.0)" :
						      "may not be unspecified (::)";
	if (addr_is_loopback(&a))
		return "may not be in the loopback range (127.0.0.0/8, ::1/128)";
	if (addr_is_link_local(&a))
		return "may not be in the link-local range (169.254.0.0/16, fe80::/10)";
	if (is_link_local_multicast(&a))
		return "may not be in the link-local multicast range "
		       "(224.0.0.0/24, ff02::/10)";
	return NULL;
}

const char *port_wrong(unsigned int port)
{
	return port >= 1 && port <= UINT16_MAX ?
	       NULL : "must be between 1 and 65535, inclusive";
}
