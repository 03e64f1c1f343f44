/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/report.h"

#include <string.h>

#include "cli/resource.h"
#include "datapath/slots.h"

#define NAME_BYTES 256	/* longer than any name of an object */

const struct reason_info reason_infos[SLUICE_R_COUNT] = {
#define X(id, verdict_, label_, doc_)                                              \
	[SLUICE_R_##id] = { .label = label_, .doc = doc_, .verdict = SLUICE_V_##verdict_ },
	SLUICE_REASONS(X)
#undef X
};

bool reason_is_drop(enum sluice_reason r)
{
	return reason_infos[r].verdict == SLUICE_V_DROP ||
	       reason_infos[r].verdict == SLUICE_V_REJECT;
}

uint64_t report_active(const struct sluice_slot_count *c)
{
	/* Read while it changes: a close may be seen before its open. */
	int64_t active = sluice_active(c);

	return active > 0 ? active : 0;
}

uint64_t report_drops(const struct report_service *s)
{
	uint64_t sum = 0;

	for (enum sluice_reason i = 0; i < SLUICE_R_COUNT; i++)
		sum += reason_is_drop(i) ? s->drops[i] : 0;
	return sum;
}

static void service_done(struct report_service *s)
{
	vec_done(&s->backends);
}
DEFINE_OWN_DONE(struct report_service, service_done)

void report_done(struct report *r)
{
	vec_each(s, &r->services)
		service_done(s);
	vec_done(&r->services);
}

/* --- join --------------------------------------------------------------------- */

static const struct image_backend *image_find(const struct image_service *s,
					      const struct backend_stats *b)
{
	if (!s)
		return NULL;
	vec_each(i, &s->backends) {
		if (i->port == b->port && !addr_cmp(&i->addr, &b->addr))
			return i;
	}
	return NULL;
}

static bool stats_have(const struct service_stats *s, const struct image_backend *b)
{
	if (!s)
		return false;
	vec_each(i, &s->backends) {
		if (i->port == b->port && !addr_cmp(&i->addr, &b->addr))
			return true;
	}
	return false;
}

/* Out of use and out of connections: its row only waits to be used again. */
static bool backend_is_over(const struct backend_stats *b)
{
	return b->retired && !report_active(&b->count);
}

/* Those that the kernel counts, then those that it does not know yet. */
static int backends_join(const struct image_service *named, const struct service_stats *counted,
			 struct report_service *to)
{
	if (counted) {
		vec_each(b, &counted->backends) {
			const struct image_backend *i = image_find(named, b);
			struct report_backend row = {
				.addr = b->addr,
				.port = b->port,
				.node = i ? i->node_name : NULL,
				.retired = b->retired,
				.count = b->count,
			};

			if (!backend_is_over(b) && vec_push(&to->backends, row))
				return -ENOMEM;
		}
	}
	if (named) {
		vec_each(i, &named->backends) {
			struct report_backend row = {
				.addr = i->addr, .port = i->port, .node = i->node_name,
			};

			if (!stats_have(counted, i) && vec_push(&to->backends, row))
				return -ENOMEM;
		}
	}
	return 0;
}

/* Either side may be NULL, not both. */
static int report_add(struct report *to, const struct image_service *named,
		      const struct service_stats *counted)
{
	own(service_done) struct report_service s = { 0 };
	int r;

	s.namespace = named ? named->namespace : "";
	s.name = named ? named->name : REPORT_DELETED;
	s.port_name = named && named->port_name ? named->port_name : "";
	s.protocol = named ? named->protocol : 0;
	s.port = named ? named->port : 0;
	s.affinity = named && named->affinity_sec;
	if (counted) {
		s.count = counted->count;
		memcpy(s.drops, counted->drops, sizeof(s.drops));
	}
	r = backends_join(named, counted, &s);
	if (!r)
		r = vec_push(&to->services, s);
	if (!r)
		s = (struct report_service){ 0 };
	return r;
}

static int id_cmp(const uint64_t a[2], const uint64_t b[2])
{
	if (a[0] != b[0])
		return a[0] < b[0] ? -1 : 1;
	return a[1] < b[1] ? -1 : a[1] > b[1];
}

/* Both are sorted by id. */
static int services_join(const struct image *image, const struct stats *stats, struct report *to)
{
	size_t i = 0, c = 0;
	int r = 0;

	while (!r && (i < image->services.n || c < stats->services.n)) {
		const struct image_service *named =
			i < image->services.n ? &image->services.at[i] : NULL;
		const struct service_stats *counted =
			c < stats->services.n ? &stats->services.at[c] : NULL;
		int side = !counted ? -1 : !named ? 1 : id_cmp(named->id, counted->id);

		if (side <= 0 || report_active(&counted->count))
			r = report_add(to, side <= 0 ? named : NULL, side >= 0 ? counted : NULL);
		i += side <= 0;
		c += side >= 0;
	}
	return r;
}

/* --- order -------------------------------------------------------------------- */

static int service_cmp(const void *va, const void *vb)
{
	const struct report_service *a = va, *b = vb;
	bool a_gone = !a->protocol, b_gone = !b->protocol;
	int c = a_gone - b_gone;	/* the deleted ones last */

	return c ?: strcmp(a->namespace, b->namespace)
		 ?: strcmp(a->name, b->name)
		 ?: (int)a->port - (int)b->port
		 ?: (int)a->protocol - (int)b->protocol
		 ?: strcmp(a->port_name, b->port_name);
}

static int backend_cmp(const void *va, const void *vb)
{
	const struct report_backend *a = va, *b = vb;

	return addr_cmp(&a->addr, &b->addr) ?: (int)a->port - (int)b->port
		?: (int)a->retired - (int)b->retired;
}

/* IPv4 and IPv6 of one service port. Two deleted ones are never known to be the same. */
static bool is_same_port(const struct report_service *a, const struct report_service *b)
{
	return a->protocol && !service_cmp(a, b);
}

static int service_merge(struct report_service *to, const struct report_service *from)
{
	slot_count_add(&to->count, &from->count);
	to->affinity |= from->affinity;
	for (size_t i = 0; i < SLUICE_R_COUNT; i++)
		to->drops[i] += from->drops[i];
	vec_each(b, &from->backends) {
		if (vec_push(&to->backends, *b))
			return -ENOMEM;
	}
	return 0;
}

static int services_merge(struct report *r)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->services.n; i++) {
		struct report_service *s = &r->services.at[i];

		if (kept && is_same_port(&r->services.at[kept - 1], s)) {
			if (service_merge(&r->services.at[kept - 1], s))
				return -ENOMEM;
			service_done(s);
		} else {
			struct report_service moved = *s;

			*s = (struct report_service){ 0 };
			r->services.at[kept++] = moved;
		}
	}
	r->services.n = kept;
	return 0;
}

int report_make(const struct image *image, const struct stats *stats, struct report *ret,
		struct err *reterr)
{
	own(report_done) struct report rep = { 0 };

	if (services_join(image, stats, &rep))
		return err_nomem(reterr);
	if (rep.services.n)
		qsort(rep.services.at, rep.services.n, sizeof(*rep.services.at), service_cmp);
	if (services_merge(&rep))
		return err_nomem(reterr);
	vec_each(s, &rep.services) {
		if (s->backends.n)
			qsort(s->backends.at, s->backends.n, sizeof(*s->backends.at), backend_cmp);
	}
	memcpy(rep.reasons, stats->reasons, sizeof(rep.reasons));
	*ret = rep;
	rep = (struct report){ 0 };
	return 0;
}

/* --- filter ------------------------------------------------------------------- */

/* "web", "default/web" or "svc/web": *@ret_ns is NULL if any namespace will do. */
static const char *name_split(const char *text, char ns[static NAME_BYTES], const char **ret_ns)
{
	const char *slash = strchr(text, '/');
	enum kind kind;

	*ret_ns = NULL;
	if (!slash)
		return text;
	if (!kind_find(text, (size_t)(slash - text), &kind) || kind != KIND_SERVICE) {
		snprintf(ns, NAME_BYTES, "%.*s", (int)(slash - text), text);
		*ret_ns = ns;
	}
	return slash + 1;
}

bool report_name_means(const char *text, const char *namespace, const char *name)
{
	char buf[NAME_BYTES];
	const char *ns;
	const char *wanted = name_split(text, buf, &ns);

	return !strcmp(name, wanted) && (!ns || !strcmp(namespace, ns));
}

static bool service_is(const struct report_service *s, const char *text)
{
	return report_name_means(text, s->namespace, s->name);
}

static bool service_is_wanted(const struct report_service *s, const char *ns,
			      char *const names[], size_t n_names)
{
	if (ns && strcmp(s->namespace, ns))
		return false;
	for (size_t i = 0; i < n_names; i++) {
		if (service_is(s, names[i]))
			return true;
	}
	return !n_names;
}

const char *report_name(const char *text)
{
	char buf[NAME_BYTES];
	const char *ns;

	return name_split(text, buf, &ns);
}

bool report_has(const struct report *r, const char *text)
{
	vec_each(s, &r->services) {
		if (service_is(s, text))
			return true;
	}
	return false;
}

void report_filter(struct report *r, const char *ns, char *const names[], size_t n_names)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->services.n; i++) {
		struct report_service moved = r->services.at[i];

		if (service_is_wanted(&moved, ns, names, n_names))
			r->services.at[kept++] = moved;
		else
			service_done(&moved);
	}
	r->services.n = kept;
}
