/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The addresses of a Service and their families: what may not be said of them (the API server's
 * ValidateServiceClusterIPsRelatedFields, and its rules for externalIPs).
 */
#include <stdio.h>

#include "model/kinds.h"
#include "model/syntax.h"

#define FAMILIES_MAX 2

/* Two of anything need a policy that allows two; not given, it is SingleStack. */
static void single_stack_check(struct refuse *r, const struct service *s)
{
	bool defaults_to_dual = s->headless && !s->has_selector;

	if (s->ip_family_policy != IPFP_SINGLE &&
	    (s->ip_family_policy != IPFP_UNSET || defaults_to_dual))
		return;
	if (s->cluster_ips.n > 1)
		refuse_text(r, "SingleStack", "must be RequireDualStack or PreferDualStack when "
			    "multiple `clusterIPs` are specified", "spec.ipFamilyPolicy");
	if (s->ip_families.n > 1)
		refuse_text(r, "SingleStack", "must be RequireDualStack or PreferDualStack when "
			    "multiple `ipFamilies` are specified", "spec.ipFamilyPolicy");
}

/* clusterIP came first, and those who know of both write both. */
static void cluster_ip_check(struct refuse *r, const struct service *s)
{
	char ips[SERVICE_IPS_TEXT_MAX];

	if (s->cluster_ip == CLUSTER_IP_ABSENT)
		refuse_value(r, service_ips_text(s, ips), "must be empty when `clusterIP` is not "
			     "specified", "spec.clusterIPs");
	if (s->cluster_ip == CLUSTER_IP_DIFFERS)
		refuse_value(r, service_ips_text(s, ips), "first value must match `clusterIP`",
			     "spec.clusterIPs");
}

static void families_check(struct refuse *r, const struct service *s)
{
	bool seen[FAMILY_COUNT] = { false };

	for (size_t i = 0; i < s->ip_families.n; i++) {
		enum family f = s->ip_families.at[i];

		if (seen[f])
			refuse_twice(r, f == FAMILY_V4 ? "\"IPv4\"" : "\"IPv6\"",
				     "spec.ipFamilies[%zu]", i);
		/* All that can follow are more of the same. */
		if (seen[f] && i > FAMILIES_MAX)
			return;
		seen[f] = true;
	}
}

/* The addresses are valid. */
static void cluster_ips_families_check(struct refuse *r, const struct service *s)
{
	for (size_t i = 0; i < s->cluster_ips.n && i < s->ip_families.n; i++) {
		struct addr a;
		char why[80];

		addr_parse(s->cluster_ips.at[i], &a);
		if (addr_family(&a) == s->ip_families.at[i])
			continue;
		snprintf(why, sizeof(why), "expected an %s value as indicated by `ipFamilies[%zu]`",
			 family_name(s->ip_families.at[i]), i);
		refuse_text(r, s->cluster_ips.at[i], why, "spec.clusterIPs[%zu]", i);
	}
}

static bool cluster_ips_are_dual(const struct service *s)
{
	struct addr a, b;

	addr_parse(s->cluster_ips.at[0], &a);
	addr_parse(s->cluster_ips.at[1], &b);
	return addr_family(&a) != addr_family(&b);
}

static void cluster_ips_check(struct refuse *r, const struct service *s)
{
	char ips[SERVICE_IPS_TEXT_MAX];
	size_t before = r->n;

	if (s->headless && s->cluster_ips.n)
		refuse_value(r, service_ips_text(s, ips), "'None' must be the first and only value",
			     "spec.clusterIPs");
	for (size_t i = 0; i < s->cluster_ips.n && i <= FAMILIES_MAX; i++) {
		const char *wrong = addr_wrong(s->cluster_ips.at[i]);

		if (wrong)
			refuse_text(r, s->cluster_ips.at[i], wrong, "spec.clusterIPs[%zu]", i);
	}
	if (s->cluster_ips.n > FAMILIES_MAX)
		refuse_value(r, service_ips_text(s, ips), "may only hold up to 2 values",
			     "spec.clusterIPs");
	if (r->n != before)
		return;
	if (s->cluster_ips.n > 1 && !cluster_ips_are_dual(s))
		refuse_value(r, service_ips_text(s, ips), "may specify no more than one IP for "
			     "each IP family", "spec.clusterIPs");
	else
		cluster_ips_families_check(r, s);
}

void service_addrs_check(struct refuse *r, const struct service *s)
{
	if (s->type != SERVICE_EXTERNAL_NAME) {
		cluster_ip_check(r, s);
		families_check(r, s);
		cluster_ips_check(r, s);
		single_stack_check(r, s);
	}
	for (size_t i = 0; i < s->external_ips.n; i++) {
		const char *wrong = endpoint_addr_wrong(s->external_ips.at[i]);

		if (wrong)
			refuse_text(r, s->external_ips.at[i], wrong, "spec.externalIPs[%zu]", i);
	}
}
