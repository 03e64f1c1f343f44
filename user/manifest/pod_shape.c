/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "manifest/conditions.h"
#include "manifest/container_shape.h"
#include "manifest/encode.h"
#include "manifest/first_text.h"

static int pod_ip_decode(struct decoder *d, const struct doc_node *n, void *at)
{
	struct pod *p = at;

	return first_text_decode(d, n, &p->ips);
}

static void pod_ip_encode(const void *at, struct json_out *j)
{
	const struct pod *p = at;

	encode_text(j, "podIP", p->ips.n ? p->ips.at[0] : NULL);
}

static const struct choice phase_choices[] = {
	{ "Failed", PHASE_FAILED }, { "Pending", PHASE_PENDING }, { "Running", PHASE_RUNNING },
	{ "Succeeded", PHASE_SUCCEEDED }, { "Unknown", PHASE_UNKNOWN }, { NULL, 0 },
};

static int conditions_decode(struct decoder *d, const struct doc_node *n, void *at)
{
	struct pod *p = at;
	enum tristate ready = TRI_UNSET;
	int err = conditions_decode_ready(d, n, &ready);

	p->ready = ready == TRI_TRUE;
	return err;
}

static void conditions_encode(const void *at, struct json_out *j)
{
	const struct pod *p = at;

	conditions_encode_ready(j, p->ready);
}

/* --- the tables ------------------------------------------------------------------- */

#define AT(member) .off = offsetof(struct pod, member)

static const struct field spec_fields[] = {
	{ "nodeName", FIELD_TEXT, AT(node_name) },
	{ "hostname", FIELD_TEXT, AT(hostname) },
	{ "subdomain", FIELD_TEXT, AT(subdomain) },
	{ "hostNetwork", FIELD_BOOL, AT(host_network) },
	{ "containers", FIELD_OTHER, .decode = containers_decode, .encode = containers_encode },
	{ "initContainers", FIELD_OTHER,
	  .decode = sidecars_decode, .encode = sidecars_encode },
};
/* As of Kubernetes 1.32 to 1.35. */
static const struct other_field spec_others[] = {
	OTHER("activeDeadlineSeconds"), OTHER("affinity"),
	OTHER("automountServiceAccountToken"), OTHER("dnsConfig"), OTHER("dnsPolicy"),
	OTHER("enableServiceLinks"), OTHER("ephemeralContainers"), OTHER("hostAliases"),
	OTHER("hostIPC"), OTHER("hostPID"), OTHER("hostUsers"), OTHER("hostnameOverride"),
	OTHER("imagePullSecrets"), OTHER("nodeSelector"), OTHER("os"), OTHER("overhead"),
	OTHER("preemptionPolicy"), OTHER("priority"), OTHER("priorityClassName"),
	OTHER("readinessGates"), OTHER("resourceClaims"), OTHER("resources"),
	OTHER("restartPolicy"), OTHER("runtimeClassName"), OTHER("schedulerName"),
	OTHER("schedulingGates"), OTHER("schedulingGroup"), OTHER("securityContext"),
	OTHER("serviceAccount"), OTHER("serviceAccountName"), OTHER("setHostnameAsFQDN"),
	OTHER("shareProcessNamespace"), OTHER("terminationGracePeriodSeconds"),
	OTHER("tolerations"), OTHER("topologySpreadConstraints"), OTHER("volumes"),
	OTHER("workloadRef"),
};
static const struct shape spec_shape = SHAPE(spec_fields, OTHERS(spec_others));

static const struct field status_fields[] = {
	{ "phase", FIELD_CHOICE, AT(phase), .choices = phase_choices },
	{ "reason", FIELD_TEXT, AT(reason) },
	{ "conditions", FIELD_OTHER, .decode = conditions_decode, .encode = conditions_encode },
	{ "containerStatuses", FIELD_OTHER,
	  .decode = container_statuses_decode, .encode = container_statuses_encode },
	{ "initContainerStatuses", FIELD_OTHER,
	  .decode = sidecar_statuses_decode, .encode = sidecar_statuses_encode },
	{ "podIPs", FIELD_NAMES, AT(ips), .sub = "ip" },
	{ "podIP", FIELD_OTHER, .decode = pod_ip_decode, .encode = pod_ip_encode },
};
static const struct other_field status_others[] = {
	OTHER("allocatedResources"), OTHER("ephemeralContainerStatuses"),
	OTHER("extendedResourceClaimStatus"), OTHER("hostIP"), OTHER("hostIPs"),
	OTHER("message"), OTHER("nodeAllocatableResourceClaimStatuses"),
	OTHER("nominatedNodeName"), OTHER("observedGeneration"), OTHER("qosClass"),
	OTHER("resize"), OTHER("resourceClaimStatuses"), OTHER("resources"), OTHER("startTime"),
};
static const struct shape status_shape = SHAPE(status_fields, OTHERS(status_others));

static const struct field pod_fields[] = {
	{ "metadata", FIELD_GROUP, AT(meta), .shape = &meta_shape },
	{ "spec", FIELD_GROUP, .shape = &spec_shape },
	{ "status", FIELD_GROUP, .shape = &status_shape },
};
const struct shape pod_shape = SHAPE(pod_fields, OTHERS(type_others));
