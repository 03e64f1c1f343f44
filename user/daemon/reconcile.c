/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "daemon/reconcile.h"

#include <string.h>

#include "base/hash.h"
#include "daemon/settings.h"
#include "datapath/netns.h"
#include "store/term.h"

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

/* Never 0: that is no stamp. */
static uint64_t facts_hash(const struct node_facts *f)
{
	uint64_t h = hash_text(HASH_INIT, f->name);

	vec_each(a, &f->addrs)
		h = hash_bytes(h, a->b, sizeof(a->b));
	h = hash_text(h, "node ports at");
	vec_each(a, &f->node_port_addrs)
		h = hash_bytes(h, a->b, sizeof(a->b));
	h = hash_text(h, f->localhost_node_ports ? "localhost" : "");
	vec_each(c, &f->service_cidrs) {
		h = hash_bytes(h, c->base.b, sizeof(c->base.b));
		h = hash_bytes(h, &c->bits, sizeof(c->bits));
	}
	return hash_mix(h) | 1;
}

/* What the image is made from, apart from the objects. */
static int host_read(struct store *store, struct datapath *dp, struct node_view *v,
		     struct err *reterr)
{
	struct cluster_config cfg;
	int r = settings_load(store, &cfg, reterr)
	     ?: reconcile_node_name(store, &v->node, reterr)
	     ?: datapath_host_facts(dp, &cfg, &v->facts, &v->settings, reterr);

	if (r)
		return r;
	v->facts.name = v->node;
	v->stamp.host = facts_hash(&v->facts);
	return store_generation(store, &v->stamp.objects, reterr);
}

static int view_complete(struct node_view *v, image_warn_fn *warn, void *warn_arg,
			 struct err *reterr)
{
	return facts_add_pod_cidrs(&v->facts, &v->snap, reterr)
	    ?: image_make(&v->snap, &v->facts, warn, warn_arg, &v->image, reterr);
}

int node_view_make(struct store *store, struct datapath *dp, struct snapshot *snap,
		   image_warn_fn *warn, void *warn_arg, struct node_view *ret,
		   struct err *reterr)
{
	own(node_view_done) struct node_view v = { .snap = *snap };
	int r;

	*snap = (struct snapshot){ 0 };
	r = host_read(store, dp, &v, reterr) ?: view_complete(&v, warn, warn_arg, reterr);
	if (r)
		return r;
	*ret = v;
	v = (struct node_view){ 0 };
	return 0;
}

int node_view_load(struct store *store, struct datapath *dp, image_warn_fn *warn, void *warn_arg,
		   struct node_view *ret, struct err *reterr)
{
	own(snapshot_done) struct snapshot snap = { 0 };
	int r = store_load(store, &snap, reterr);

	return r ?: node_view_make(store, dp, &snap, warn, warn_arg, ret, reterr);
}

/* --- maps --------------------------------------------------------------------- */

static struct datapath_target target_of(const struct node_view *v)
{
	return (struct datapath_target){
		.image = &v->image, .settings = v->settings, .stamp = v->stamp,
	};
}

int reconcile(struct store *store, struct datapath *dp, image_warn_fn *warn, void *warn_arg,
	      size_t *ret_writes, struct err *reterr)
{
	own(node_view_done) struct node_view v = { 0 };
	struct datapath_target to;
	size_t writes = 0;
	int r = node_view_load(store, dp, warn, warn_arg, &v, reterr);

	if (r)
		return r;
	to = target_of(&v);
	if (dp)
		r = datapath_write(dp, &to, &writes, reterr);
	if (!r && ret_writes)
		*ret_writes = writes;
	return r;
}

/*
 * Node ports are frontends too, at the node's own addresses. A Service that has one of these as
 * its external address may be the rival of any Service with a node port.
 */
static int node_addrs_are_free(struct store *store, const struct node_facts *facts,
			       struct err *reterr)
{
	own(object_keys_done) object_key_vec keys = { 0 };
	int r = 0;

	vec_each(a, &facts->node_port_addrs) {
		if (!r)
			r = store_find(store, term_external(a), 1, &keys, reterr);
		if (!r)
			r = store_find(store, term_cluster_ip(a), 1, &keys, reterr);
	}
	return !r && keys.n ? -ESTALE : r;
}

/* The view of a change: what it makes of the part of the objects. The snapshot is on loan. */
static int part_write(struct store *store, struct datapath *dp, struct node_view *v,
		      const struct store_change *change, image_warn_fn *warn, void *warn_arg,
		      size_t *ret_writes, struct err *reterr)
{
	own(image_done) struct image before = { 0 };
	struct datapath_change c = { .before = &before, .was = { change->was, v->stamp.host } };
	struct datapath_target to;
	int r = node_addrs_are_free(store, &v->facts, reterr)
	     ?: view_complete(v, warn, warn_arg, reterr)
	     ?: image_make(&change->before, &v->facts, NULL, NULL, &before, reterr);

	if (r || !dp)
		return r;
	to = target_of(v);
	return datapath_write_change(dp, &c, &to, ret_writes, reterr);
}

static int whole_write(struct datapath *dp, struct node_view *v, image_warn_fn *warn,
		       void *warn_arg, size_t *ret_writes, struct err *reterr)
{
	int r = view_complete(v, warn, warn_arg, reterr);
	struct datapath_target to = target_of(v);

	return r || !dp ? r : datapath_write(dp, &to, ret_writes, reterr);
}

int reconcile_change(struct store *store, struct datapath *dp, struct store_change *change,
		     image_warn_fn *warn, void *warn_arg, size_t *ret_writes,
		     struct err *reterr)
{
	own(node_view_done) struct node_view v = { 0 };
	struct err e = { 0 };
	size_t writes = 0;
	int r = host_read(store, dp, &v, reterr);

	if (r)
		return r;
	v.snap = change->after;
	r = change->whole ? whole_write(dp, &v, warn, warn_arg, &writes, &e) :
			    part_write(store, dp, &v, change, warn, warn_arg, &writes, &e);
	v.snap = (struct snapshot){ 0 };
	if (!change->whole && (r == -ESTALE || r == -ENOSPC))
		return reconcile(store, dp, warn, warn_arg, ret_writes, reterr);
	if (r)
		return err_set(reterr, e.code ? e.code : -r, "%s", e.text);
	if (ret_writes)
		*ret_writes = writes;
	return 0;
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

int reconcile_due(struct datapath *dp, const struct node_view *v, size_t *ret, struct err *reterr)
{
	const struct datapath_target to = target_of(v);
	struct err e = { 0 };
	int r = datapath_writes_due(dp, &to, ret, &e);

	if (r == -ENOSPC) {
		/* It does not fit, so they cannot hold it. */
		*ret = 1;
		return 0;
	}
	return r < 0 ? err_set(reterr, -r, "%s", e.text) : 0;
}
