/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The objects that everything else speaks: Services, EndpointSlices, Endpoints, Pods and Nodes,
 * with what sluice uses of them. Plain values: no I/O, no allocation policy.
 *
 * Strings are owned by their object and may be NULL where the field is absent. An
 * object that came through object_default() and object_validate() keeps the promises
 * written at its fields.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/own.h"
#include "base/vec.h"

enum tristate {
	TRI_UNSET,
	TRI_TRUE,
	TRI_FALSE,
};

struct label {
	char *key;
	char *value;
};

typedef VEC(struct label) label_vec;
typedef VEC(char *) text_vec;

/* Who is gone takes with it what it owns. */
struct owner {
	char *api_version;
	char *kind;
	char *name;
	char *uid;		/* of another cluster, or absent: never compared */
	enum tristate controller;
	enum tristate block_deletion;
};

typedef VEC(struct owner) owner_vec;

struct meta {
	char *name;		/* never NULL */
	char *namespace;	/* never NULL; "" for Nodes */
	char *uid;		/* given by the store when an object is first seen */
	char *generate_name;	/* only in input; refused */
	label_vec labels;	/* sorted by key after defaulting */
	label_vec annotations;
	owner_vec owners;	/* ownerReferences */
	int64_t created;	/* seconds since 1970, 0 = not yet stored */
	int64_t deleted;	/* deletionTimestamp, 0 = not being deleted */
};

enum protocol {
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_SCTP = 132,
};

const char *protocol_name(enum protocol p);

/* --- Service ------------------------------------------------------------------ */

enum service_type {
	SERVICE_CLUSTER_IP,
	SERVICE_NODE_PORT,
	SERVICE_LOAD_BALANCER,
	SERVICE_EXTERNAL_NAME,
};

const char *service_type_name(enum service_type t);

enum traffic_policy {
	POLICY_UNSET,
	POLICY_CLUSTER,
	POLICY_LOCAL,
};

enum ip_family_policy {
	IPFP_UNSET,
	IPFP_SINGLE,
	IPFP_PREFER_DUAL,
	IPFP_REQUIRE_DUAL,
};

/* targetPort: a number, or the name of a container port. */
struct target_port {
	uint16_t number;	/* 0 if named */
	char *name;		/* NULL if a number */
};

struct service_port {
	char *name;		/* "" if the only port has none; never NULL after defaulting */
	enum protocol protocol;
	uint16_t port;
	uint16_t node_port;	/* 0: none, or to be allocated */
	struct target_port target;
	char *app_protocol;
};

struct lb_ingress {
	char *ip;
	char *hostname;
	bool proxy;		/* ipMode: Proxy */
	bool mode_given;	/* ipMode is there, whatever it says */
};

/* What the field clusterIP of a manifest is to its clusterIPs. */
enum cluster_ip_field {
	CLUSTER_IP_AGREES,	/* it is the first of them, or neither is there */
	CLUSTER_IP_ABSENT,	/* though there are some */
	CLUSTER_IP_DIFFERS,
};

struct service {
	struct meta meta;
	enum service_type type;
	bool type_given;
	bool headless;			/* clusterIP: None */
	enum cluster_ip_field cluster_ip;	/* only in input: else they agree */
	text_vec cluster_ips;		/* canonical text, [0] is clusterIP; "None" never */
	VEC(enum family) ip_families;	/* as long as cluster_ips once allocated */
	enum ip_family_policy ip_family_policy;
	VEC(struct service_port) ports;
	label_vec selector;
	bool has_selector;		/* `selector: {}` counts */
	text_vec external_ips;
	text_vec lb_source_ranges;
	VEC(struct lb_ingress) lb_ingress;	/* status.loadBalancer.ingress */
	char *lb_class;
	char *lb_ip;
	char *external_name;
	enum traffic_policy external_policy;
	enum traffic_policy internal_policy;
	uint16_t health_check_node_port;
	bool affinity_client_ip;
	uint32_t affinity_timeout_sec;
	bool affinity_config_given;	/* sessionAffinityConfig is there, whatever it says */
	bool publish_not_ready;
	bool no_lb_node_ports;		/* allocateLoadBalancerNodePorts: false */
	bool lb_node_ports_given;	/* that field is there, whatever it says */
	char *traffic_distribution;
};

/* Whether it has frontends that are meant for clients outside: node ports, external addresses. */
bool service_is_external(const struct service *s);

/* A deep copy that overwrites *@to. 0 or -ENOMEM, then it is half a one, for its owner to free. */
int lb_ingress_copy(struct lb_ingress *to, const struct lb_ingress *from);

/* The cluster addresses as the API server's messages have them: []string{"10.96.0.9"} */
#define SERVICE_IPS_TEXT_MAX 160
const char *service_ips_text(const struct service *s, char buf[static SERVICE_IPS_TEXT_MAX]);

/* --- EndpointSlice ------------------------------------------------------------ */

struct endpoint {
	text_vec addresses;		/* at least one; only [0] is used */
	enum tristate ready;		/* unset means true */
	enum tristate serving;		/* unset means true */
	enum tristate terminating;	/* unset means false */
	char *hostname;
	char *node_name;
	char *zone;
	char *target_kind;		/* targetRef */
	char *target_namespace;
	char *target_name;
	text_vec zone_hints;
	text_vec node_hints;
};

struct slice_port {
	char *name;		/* NULL: absent, the port is skipped */
	enum protocol protocol;
	uint16_t port;		/* 0: absent, the port is skipped */
	char *app_protocol;
};

typedef VEC(struct slice_port) slice_port_vec;
typedef VEC(struct endpoint) endpoint_vec;

struct slice {
	struct meta meta;	/* label kubernetes.io/service-name joins it to its Service */
	enum family family;	/* addressType */
	bool fqdn;		/* addressType: FQDN, never used for packets */
	slice_port_vec ports;
	endpoint_vec endpoints;
};

#define LABEL_SERVICE_NAME "kubernetes.io/service-name"
#define LABEL_MANAGED_BY "endpointslice.kubernetes.io/managed-by"
#define LABEL_HEADLESS "service.kubernetes.io/headless"
#define LABEL_SERVICE_PROXY "service.kubernetes.io/service-proxy-name"
#define LABEL_ZONE "topology.kubernetes.io/zone"
/* Ours: "reset" or "keep", the default. */
#define ANNOTATION_ON_REMOVAL "sluice/on-endpoint-removal"
#define ANNOTATION_TOPOLOGY_MODE "service.kubernetes.io/topology-mode"
/* What cluster/ makes bears these in LABEL_MANAGED_BY: from selectors, and from Endpoints. */
#define SLUICE_SLICE_MANAGER "endpointslice-controller.sluice"
#define SLUICE_MIRROR_MANAGER "endpointslicemirroring-controller.sluice"
/* And what a cluster's own controllers make, these. */
#define KUBE_SLICE_MANAGER "endpointslice-controller.k8s.io"
#define KUBE_MIRROR_MANAGER "endpointslicemirroring-controller.k8s.io"

/* --- Endpoints ---------------------------------------------------------------- */

/* The older form of slices: all @ports are at all addresses. */
struct endpoints_subset {
	endpoint_vec ready;		/* addresses; of each only addresses[0], names, target */
	endpoint_vec not_ready;		/* notReadyAddresses */
	slice_port_vec ports;		/* none of them without number */
};

struct endpoints {
	struct meta meta;		/* named as its Service */
	VEC(struct endpoints_subset) subsets;
};

/* A deep copy that overwrites *@to. 0 or -ENOMEM, then it is half a one, for its owner to free. */
int endpoint_copy(struct endpoint *to, const struct endpoint *from);
void endpoint_done(struct endpoint *e);

#define LABEL_SKIP_MIRROR "endpointslice.kubernetes.io/skip-mirror"

/* --- Pod ---------------------------------------------------------------------- */

struct container_port {
	char *name;		/* NULL if unnamed */
	enum protocol protocol;
	uint16_t port;
};

enum container_state {
	CONTAINER_UNKNOWN,
	CONTAINER_WAITING,
	CONTAINER_RUNNING,
	CONTAINER_TERMINATED,
};

struct container {
	char *name;		/* NULL if it has none */
	bool sidecar;		/* an init container that is always restarted */
	size_t n_ports;		/* of the pod's ports, behind those of the containers before it */
	/* Of its status: */
	bool reported;		/* there is one */
	bool ready;
	uint32_t restarts;
	enum container_state state;
	char *reason;		/* why it waits, or has terminated */
};

/* One pod may have so many containers. */
#define CONTAINERS_MAX 1000

enum pod_phase {
	PHASE_UNSET,
	PHASE_PENDING,
	PHASE_RUNNING,
	PHASE_SUCCEEDED,
	PHASE_FAILED,
	PHASE_UNKNOWN,
};

struct pod {
	struct meta meta;
	char *node_name;
	char *hostname;
	char *subdomain;
	bool host_network;
	bool ready;		/* condition Ready=True */
	enum pod_phase phase;
	char *reason;		/* why it is in it: "Evicted" */
	text_vec ips;		/* podIP first, then the rest of podIPs */
	VEC(struct container) containers;	/* then sidecars */
	VEC(struct container_port) ports;	/* containers, then sidecars */
};

/* Whether it has come to its end, and is no endpoint any more. */
bool pod_is_finished(const struct pod *p);

/* --- Node --------------------------------------------------------------------- */

struct node {
	struct meta meta;
	text_vec pod_cidrs;
	text_vec internal_ips;	/* status.addresses of type InternalIP */
	text_vec external_ips;
	uint32_t cpu_milli;	/* status.allocatable.cpu in thousandths; 0 if not given */
	enum tristate ready;	/* condition Ready; unset counts as ready */
	bool unschedulable;	/* as `kubectl cordon` makes it */
};

/* --- any of them -------------------------------------------------------------- */

enum kind {
	KIND_SERVICE,
	KIND_SLICE,
	KIND_ENDPOINTS,
	KIND_POD,
	KIND_NODE,
	KIND_COUNT,
};

/* What kubectl prints and accepts, one row a kind. */
struct kind_info {
	const char *kind;		/* "EndpointSlice" */
	const char *api_version;	/* "discovery.k8s.io/v1" */
	const char *singular;		/* "endpointslice" */
	const char *plural;		/* "endpointslices" */
	const char *printed;		/* "endpointslice.discovery.k8s.io" */
	const char *short_name;		/* NULL if none */
	bool namespaced;
};

extern const struct kind_info kind_infos[KIND_COUNT];

struct object {
	enum kind kind;
	unsigned int owners;	/* see object_share() */
	bool defaulted;		/* it is as object_default() left it */
	bool broken;		/* what it lacks could not be read, which is known: not for use */
	/*
	 * Where it was read, for messages; file may be NULL, see base/shared.h, and source is the
	 * file's number in struct faults. Not its value.
	 */
	unsigned int source;
	unsigned int line;
	char *file;
	struct meta *meta;	/* points into the member of u that is in use */
	/* Last: object_new() makes room for the member in use, and no more. */
	union {
		struct service service;
		struct slice slice;
		struct endpoints endpoints;
		struct pod pod;
		struct node node;
	} u;
};

/* NULL when out of memory. */
struct object *object_new(enum kind kind);
void object_free(struct object *o);
DEFINE_OWN(struct object, object_free)

/*
 * One more owner, who frees it too. What has several owners is not changed any more, except that
 * the store gives it its identity. Not for several threads.
 */
static inline struct object *object_share(struct object *o)
{
	o->owners++;
	return o;
}

/* A deep copy, or NULL when out of memory. */
struct object *object_copy(const struct object *o);

/*
 * What the API server fills in before it validates: namespace "default", protocols,
 * target ports, policies. Allocated values (addresses, node ports) are not its job.
 */
int object_default(struct object *o, struct err *reterr);

/*
 * Refuses what the API server would, with its words:
 *	file:line: The Service "web" is invalid: spec.ports[0].port: Invalid value: 0: ...
 */
int object_validate(const struct object *o, struct err *reterr);

/* Order: kind, namespace, name. */
int object_cmp(const struct object *a, const struct object *b);

/* NULL if there is none. */
const char *labels_find(const label_vec *labels, const char *key);

/* Whether every pair of @selector is in @labels. An empty selector matches all. */
bool labels_match(const label_vec *selector, const label_vec *labels);

/* Appends a copy / replaces the value; 0 or -ENOMEM. */
int labels_set(label_vec *labels, const char *key, const char *value);

void labels_done(label_vec *labels);

/* Whether it is a Service, or the Endpoints of one, which bear its name. */
bool owner_is_service(const struct owner *o);

/* Appends a copy: 0 or -ENOMEM, then it may be half a one, for its object to free. */
int owner_add(struct meta *m, const struct owner *from);

/* By key, as those of an object that was defaulted are. */
void meta_sort_labels(struct meta *m);

int texts_push(text_vec *texts, const char *text);	/* copies */
void texts_done(text_vec *texts);

typedef VEC(struct object *) object_vec;

/* Frees the objects of this kind; the others stay in their order. */
void objects_drop(object_vec *objects, enum kind kind);

/* Makes @to, which is empty, own all of @from's objects too: 0 or -ENOMEM. */
int objects_share(object_vec *to, const object_vec *from);

/* Frees those behind the first @n. */
void objects_cut(object_vec *objects, size_t n);

/* Frees the objects too. */
void objects_done(object_vec *objects);
DEFINE_OWN_DONE(object_vec, objects_done)
