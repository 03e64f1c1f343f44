/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The control plane's part when there is no cluster: the API server's allocators and the
 * EndpointSlice controller, as functions on a snapshot. No I/O.
 */
#pragma once

#include "base/faults.h"
#include "model/snapshot.h"

#define LB_POOLS_MAX 16
#define NODE_PORT_CIDRS_MAX 16

/* Which packets are whose, beside what Services say. */
struct traffic_config {
	bool echo;			/* echo requests to addresses of Services are answered: true */
	bool node_ports_primary;	/* node ports answer at the node's primary addresses: true; */
	struct cidr node_port_cidrs[NODE_PORT_CIDRS_MAX];	/* else at those of its addresses */
	size_t n_node_port_cidrs;	/* in these. Of a family without one: at all of it */
	bool localhost_node_ports;	/* and at 127.0.0.1, for this host's processes: true */
	bool masquerade_all;		/* also what pods send to cluster addresses: false */
	/* Who is a pod. Who comes by a workload device is: true. And who has such an address. */
	bool pods_by_device;
	struct cidr pod_cidrs[FAMILY_COUNT];
	bool has_pod_cidr[FAMILY_COUNT];
};

struct cluster_config {
	struct cidr service_cidrs[FAMILY_COUNT];	/* 10.96.0.0/12, fd00:10:96::/112 */
	bool service_cidr_given[FAMILY_COUNT];		/* by a person, and not by default */
	uint16_t node_port_min;				/* 30000 */
	uint16_t node_port_max;				/* 32767 */
	/* What LoadBalancers get their addresses from, all addresses of it. By default, nothing. */
	struct cidr lb_pools[LB_POOLS_MAX];
	size_t n_lb_pools;
	struct traffic_config traffic;
	/* Where random bits come from; NULL: getrandom(2). Tests give their own. */
	uint64_t (*random)(void *arg);
	void *random_arg;
};

/* The loadBalancerClass that lb_pools serve, beside none at all. */
#define LB_CLASS "sluice/pool"

/* The defaults above. Commands want settings_load(), which puts over them what was set. */
struct cluster_config cluster_config_builtin(void);

/* What of it a person may set, as text: lists are separated by commas. */
enum cluster_setting {
	SETTING_SERVICE_CIDR,	/* one of a family; the other family's stays */
	SETTING_NODE_PORTS,	/* "30000-32767" */
	SETTING_LB_POOL,	/* "none", or up to LB_POOLS_MAX CIDRs */
	SETTING_ECHO,		/* "on" or "off" */
	SETTING_NODE_PORT_ADDRS, /* "primary", or up to NODE_PORT_CIDRS_MAX CIDRs */
	SETTING_LOCALHOST,	/* "on" or "off" */
	SETTING_MASQUERADE_ALL,	/* "on" or "off" */
	SETTING_CLUSTER_CIDR,	/* "devices", "none", or one CIDR of a family */
	SETTING_COUNT,
};

extern const char *const cluster_setting_names[SETTING_COUNT];

/* -EINVAL if the text, or the configuration that it would make, makes no sense. */
int cluster_config_set(struct cluster_config *cfg, enum cluster_setting which, const char *text,
		       struct err *reterr);
/* The text that sets it to what it is; NULL when out of memory. The caller frees. */
char *cluster_config_text(const struct cluster_config *cfg, enum cluster_setting which);
/* The same without what nobody has set, for who keeps it: "" if that is nothing. */
char *cluster_config_given_text(const struct cluster_config *cfg, enum cluster_setting which);

enum change {
	CHANGE_NONE,		/* "unchanged" */
	CHANGE_CREATED,
	CHANGE_CONFIGURED,
	CHANGE_DELETED,
};

struct cluster_change {
	enum kind kind;
	char *namespace;
	char *name;
	enum change change;
};

typedef VEC(struct cluster_change) cluster_change_vec;
void cluster_changes_done(cluster_change_vec *changes);
DEFINE_OWN_DONE(cluster_change_vec, cluster_changes_done)

/*
 * Applies @objects (copies them, or shares those that need no change) to *@snap as `kubectl apply`
 * and the API server would: defaults, validation, allocated values kept from the stored object,
 * cluster addresses, node
 * ports and load balancer addresses allocated; then brings the generated EndpointSlices up to
 * date. All or nothing: on failure *@snap is as before, and *@reterr names every object that was
 * refused, by what it says itself or for what it cannot get; what one that is refused for itself
 * holds or wants counts as free meanwhile. *@changes lists each of @objects in order. The same object
 * twice in @objects is refused, with both places.
 */
int cluster_apply(struct snapshot *snap, const struct cluster_config *cfg,
		  struct object *const *objects, size_t n, cluster_change_vec *changes,
		  struct err *reterr);

struct cluster_input {
	struct object *const *objects;	/* broken ones are refused, and nothing is said of them */
	size_t n;
	const struct faults *faults;	/* what is known to be wrong: it is refused; may be NULL */
};

/* The same; @reterr has those faults, too, all in the order of the files. */
int cluster_apply_input(struct snapshot *snap, const struct cluster_config *cfg,
			const struct cluster_input *in, cluster_change_vec *changes,
			struct err *reterr);

struct cluster_ref {
	enum kind kind;
	const char *namespace;
	const char *name;
};

/*
 * Removes the named objects, and what Kubernetes would remove with a Service: the Endpoints of its
 * name, the slices that controllers made for it, and those that it, or they, own. Of the generated
 * slices of Services that stay, what is removed is made anew. -ENOENT if one is not there and
 * !@ignore_missing.
 */
int cluster_delete(struct snapshot *snap, const struct cluster_config *cfg,
		   const struct cluster_ref *refs, size_t n, bool ignore_missing,
		   cluster_change_vec *changes, struct err *reterr);

/*
 * Gives LoadBalancers that are to have addresses of the pools those that they lack. Apply and delete
 * do this too.
 */
int cluster_balance(struct snapshot *snap, const struct cluster_config *cfg, struct err *reterr);

/*
 * Puts into @snap, which is to be shown and not to be stored, the Endpoints that Kubernetes would
 * have of the Services with selectors.
 */
int cluster_show_endpoints(struct snapshot *snap, struct err *reterr);

/*
 * What a LoadBalancer of a balanced snapshot still lacks of what the pools were to give, for a person:
 * "no IPv4 address is free in the load balancer pools". NULL if nothing; one of two families is
 * enough if there is no pool of the other. The text is in @buf.
 */
#define CLUSTER_LACK_MAX 128
const char *cluster_lack(const struct cluster_config *cfg, const struct service *s,
			 char buf[static CLUSTER_LACK_MAX]);

/* Selector + Pods (+ Nodes for zones) → slices managed by SLUICE_SLICE_MANAGER. */
int cluster_sync_slices(struct snapshot *snap, struct err *reterr);
