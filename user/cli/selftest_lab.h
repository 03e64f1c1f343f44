/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The lab: a little cluster out of network namespaces, for selftest, demo and tests.
 *
 *	client ── router ─┬─ n1 ── n1p1, n1p2
 *	                  └─ n2 ── n2p1, n2p2
 *
 * A host's namespace is LAB-HOST. The nodes' NIC is eth0, a neighbour of the other node's on
 * the router's bridge; the pods' host ends are veth-p1 and veth-p2, without addresses, as
 * Calico does it. Nodes have strict rp_filter. Wire-side devices compute checksums in
 * software, and the router's ports take what XDP transmits. The client has no route to pods.
 */
#pragma once

#include "base/addr.h"
#include "base/err.h"

/* Longest name of a lab: namespaces are files, interfaces do not bear it. */
#define LAB_NAME_MAX 64

struct lab_host {
	const char *name;		/* "n1p2" */
	const char *addr[FAMILY_COUNT];
	int node;			/* 1 or 2 for nodes and their pods, else 0 */
	bool pod;
};

/* Ends with a row without name. */
extern const struct lab_host lab_hosts[];

const struct lab_host *lab_host_find(const char *name);	/* NULL if there is none */

/* Letters, digits, '-' and '.', and short enough. */
int lab_name_check(const char *lab, struct err *reterr);

/* Builds it. On failure nothing is left of it. */
int lab_up(const char *lab, struct err *reterr);

/* Takes away what is there of it; what is not there is no failure. */
int lab_down(const char *lab, struct err *reterr);

/* Moves the calling thread into the host's network namespace. */
int lab_enter(const char *lab, const char *host, struct err *reterr);

/*
 * A socket that lives in the host's network namespace, close-on-exec; the caller stays where
 * it is. The descriptor, or -errno.
 */
int lab_socket(const char *lab, const char *host, int domain, int type, struct err *reterr);
