/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <criterion/criterion.h>

#include <string.h>

#include "base/own.h"
#include "cli/caveats.h"

struct said {
	char text[2048];
};

static void collect(void *arg, const char *text)
{
	struct said *s = arg;
	size_t len = strlen(s->text);

	snprintf(s->text + len, sizeof(s->text) - len, "%s\n", text);
}

/* All texts are borrowed from here: nothing is freed. */
static struct said told_of_named(struct object *o, const char *name)
{
	object_vec all = { .at = &o, .n = 1 };
	struct said said = { "" };

	o->meta->namespace = (char *)"other";
	o->meta->name = (char *)name;
	caveats_tell(&all, collect, &said);
	return said;
}

static struct said told_of(struct object *o)
{
	return told_of_named(o, "lb");
}

/* They are looked for before objects are checked. */
Test(cli_caveats, not_of_one_without_a_name)
{
	struct object o = { .kind = KIND_SERVICE };

	o.meta = &o.u.service.meta;
	o.u.service.headless = true;
	o.u.service.affinity_client_ip = true;
	cr_expect_str_eq(told_of_named(&o, NULL).text, "");
}

Test(cli_caveats, what_is_done_is_not_told_of)
{
	char *ranges[] = { (char *)"192.0.2.0/24" };
	struct object o = { .kind = KIND_SERVICE };
	struct said said;

	o.meta = &o.u.service.meta;
	o.u.service.type = SERVICE_LOAD_BALANCER;
	o.u.service.affinity_client_ip = true;
	o.u.service.lb_source_ranges = (text_vec){ .at = ranges, .n = 1 };
	said = told_of(&o);
	cr_expect_str_eq(said.text, "");
}

Test(cli_caveats, headless_services_have_no_frontends)
{
	char *external[] = { (char *)"192.0.2.1" };
	struct object o = { .kind = KIND_SERVICE };
	struct said said;

	o.meta = &o.u.service.meta;
	o.u.service.headless = true;
	said = told_of(&o);
	cr_expect_str_eq(said.text, "");
	o.u.service.affinity_client_ip = true;
	o.u.service.external_ips = (text_vec){ .at = external, .n = 1 };
	o.u.service.lb_ip = (char *)"192.0.2.2";
	said = told_of(&o);
	cr_expect_str_eq(said.text,
			 "Service other/lb: spec.loadBalancerIP is ignored when spec.clusterIP is "
			 "\"None\"\n"
			 "Service other/lb: spec.externalIPs is ignored when spec.clusterIP is "
			 "\"None\"\n"
			 "Service other/lb: spec.sessionAffinity is ignored for headless services\n");
}
