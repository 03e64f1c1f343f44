/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "daemon/reconcile.h"

#include <string.h>

#include "daemon/settings.h"
#include "datapath/netns.h"

#define FACT_NODE "node"
#define FACT_NETNS "netns"
#define NETNS_TEXT_MAX 48

/* --- this node ---------------------------------------------------------------- */

/* *@ret stays NULL if there is no such fact. */
static int fact_find(struct store *store, const char *key, char **ret, struct err *reterr)
{
	struct err e = { 0 };
	int r = store_get_fact(store, key, ret, &e);

	if (r && r != -ENOENT)
		return err_set(reterr, e.code, "%s", e.text);
	return 0;
}

int reconcile_node_name(struct store *store, char **ret, struct err *reterr)
{
	own(free) char *name = NULL;
	char host[256] = "";
	int r = fact_find(store, FACT_NODE, &name, reterr);

	if (r)
		return r;
	if (!name) {
		if (gethostname(host, sizeof(host) - 1))
			return err_sys(reterr, errno, "cannot read the host's name");
		name = strdup(host);
		if (!name)
			return err_nomem(reterr);
	}
	*ret = TAKE(name);
	return 0;
}

/* The pod networks that this node's Node object names. */
static int facts_add_pod_cidrs(struct node_facts *facts, const struct snapshot *snap,
			       struct err *reterr)
{
	const struct object *o = snapshot_find(snap, KIND_NODE, "", facts->name);
	struct cidr c;

	if (!o)
		return 0;
	vec_each(text, &o->u.node.pod_cidrs) {
		if (cidr_parse(*text, &c))
			continue;	/* validated when it was applied */
		if (vec_push(&facts->pod_cidrs, c))
			return err_nomem(reterr);
	}
	return 0;
}

/* --- the view ----------------------------------------------------------------- */

void node_view_done(struct node_view *v)
{
	image_done(&v->image);
	node_facts_done(&v->facts);
	snapshot_done(&v->snap);
	free(v->node);
	*v = (struct node_view){ 0 };
}

int node_view_load(struct store *store, struct datapath *dp, image_warn_fn *warn, void *warn_arg,
		   struct node_view *ret, struct err *reterr)
{
	own(node_view_done) struct node_view v = { 0 };
	struct cluster_config cfg;
	int r;

	r = settings_load(store, &cfg, reterr);
	if (!r)
		r = store_load(store, &v.snap, reterr);
	if (!r)
		r = reconcile_node_name(store, &v.node, reterr);
	if (!r)
		r = datapath_host_facts(dp, &v.facts, &v.settings, cfg.node_port_min,
					cfg.node_port_max, reterr);
	if (r)
		return r;

	v.facts.name = v.node;
	r = facts_add_pod_cidrs(&v.facts, &v.snap, reterr);
	if (!r)
		r = image_make(&v.snap, &v.facts, warn, warn_arg, &v.image, reterr);
	if (r)
		return r;

	*ret = v;
	v = (struct node_view){ 0 };
	return 0;
}

int reconcile(struct store *store, struct datapath *dp, image_warn_fn *warn, void *warn_arg,
	      size_t *ret_writes, struct err *reterr)
{
	own(node_view_done) struct node_view v = { 0 };
	size_t writes = 0;
	int r = node_view_load(store, dp, warn, warn_arg, &v, reterr);

	if (!r && dp)
		r = datapath_write(dp, &v.image, &v.settings, &writes, reterr);
	if (!r && ret_writes)
		*ret_writes = writes;
	return r;
}

/* --- the network namespace ---------------------------------------------------- */

static void netns_text(uint64_t netns, char buf[static NETNS_TEXT_MAX])
{
	snprintf(buf, NETNS_TEXT_MAX, "net:[%llu]", (unsigned long long)netns);
}

/* 0 if it is not such a text. */
static uint64_t netns_number(const char *text)
{
	unsigned long long n = 0;

	return sscanf(text, "net:[%llu]", &n) == 1 ? n : 0;
}

static int netns_here(uint64_t *ret, struct err *reterr)
{
	*ret = netns_self();
	return *ret ? 0 : err_sys(reterr, errno, "cannot read /proc/self/ns/net");
}

int reconcile_bind(struct store *store, const char *node, struct err *reterr)
{
	own(free) char *name = NULL;
	char text[NETNS_TEXT_MAX];
	uint64_t here;
	int r;

	r = netns_here(&here, reterr);
	if (!r && !node)
		r = reconcile_node_name(store, &name, reterr);
	if (!r)
		r = store_set_fact(store, FACT_NODE, node ? node : name, reterr);
	if (r)
		return r;
	netns_text(here, text);
	return store_set_fact(store, FACT_NETNS, text, reterr);
}

int reconcile_check(struct store *store, const char *instance, struct err *reterr)
{
	own(free) char *text = NULL;
	uint64_t here, there;
	int r;

	r = netns_here(&here, reterr);
	if (!r)
		r = fact_find(store, FACT_NETNS, &text, reterr);
	if (r || !text)
		return r;
	there = netns_number(text);
	return there == here ? 0 : netns_refuse(there, false, instance, reterr);
}

int reconcile_release(struct store *store, struct err *reterr)
{
	return store_set_fact(store, FACT_NETNS, NULL, reterr);
}

/* --- drift -------------------------------------------------------------------- */

static bool backend_is_there(const struct image_backend *want, const struct service_stats *have)
{
	vec_each(b, &have->backends) {
		if (!b->retired && b->port == want->port && !addr_cmp(&b->addr, &want->addr))
			return true;
	}
	return false;
}

static bool service_matches(const struct image_service *want, const struct service_stats *have)
{
	size_t n = 0;

	vec_each(b, &have->backends)
		n += !b->retired;
	if (n != want->backends.n)
		return false;
	vec_each(b, &want->backends) {
		if (!backend_is_there(b, have))
			return false;
	}
	return true;
}

/* A service that is in the maps only to let its old flows end. */
static bool service_is_draining(const struct service_stats *have)
{
	vec_each(b, &have->backends) {
		if (!b->retired)
			return false;
	}
	return true;
}

static int id_cmp(const uint64_t a[2], const uint64_t b[2])
{
	if (a[0] != b[0])
		return a[0] < b[0] ? -1 : 1;
	return a[1] < b[1] ? -1 : a[1] > b[1];
}

/* Both are sorted by id: one walk sees what either has alone. */
bool reconcile_matches(const struct image *image, const struct stats *stats)
{
	size_t w = 0, h = 0;

	while (w < image->services.n || h < stats->services.n) {
		const struct image_service *want =
			w < image->services.n ? &image->services.at[w] : NULL;
		const struct service_stats *have =
			h < stats->services.n ? &stats->services.at[h] : NULL;
		int side = !have ? -1 : !want ? 1 : id_cmp(want->id, have->id);

		if (side < 0)
			return false;
		if (side > 0 && !service_is_draining(have))
			return false;
		if (side == 0 && !service_matches(want, have))
			return false;
		w += side <= 0;
		h += side >= 0;
	}
	return true;
}
