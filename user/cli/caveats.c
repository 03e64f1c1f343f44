/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/caveats.h"

#include <stdarg.h>
#include <stdio.h>

struct teller {
	caveat_fn *tell;
	void *arg;
	const struct service *svc;
};

__attribute__((format(printf, 2, 3)))
static void tell(const struct teller *t, const char *fmt, ...)
{
	char what[256], text[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	snprintf(text, sizeof(text), "Service %s/%s: %s", t->svc->meta.namespace,
		 t->svc->meta.name, what);
	t->tell(t->arg, text);
}

/* What the API server warns of: it is accepted and means nothing. */
static void headless_tell(const struct teller *t)
{
	if (t->svc->lb_ip)
		tell(t, "spec.loadBalancerIP is ignored when spec.clusterIP is \"None\"");
	if (t->svc->external_ips.n)
		tell(t, "spec.externalIPs is ignored when spec.clusterIP is \"None\"");
	if (t->svc->affinity_client_ip)
		tell(t, "spec.sessionAffinity is ignored for headless services");
}

void caveats_tell(const object_vec *objects, caveat_fn *tell_, void *arg)
{
	vec_each(o, objects) {
		struct teller t = { .tell = tell_, .arg = arg, .svc = &(*o)->u.service };

		/* One without a name is refused later, by more than a warning. */
		if ((*o)->kind == KIND_SERVICE && t.svc->headless && (*o)->meta->name)
			headless_tell(&t);
	}
}
