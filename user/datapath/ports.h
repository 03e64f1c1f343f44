/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Which source ports masquerading may take.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"

struct port_range {
	uint16_t min;		/* both inclusive */
	uint16_t max;
};

/*
 * The largest interval of 1024-65535 in which neither a node port nor an ephemeral port of the
 * host lies; the lower one of two equal ones. -ERANGE if it has fewer than 1024 ports.
 */
int ports_choose(struct port_range node_ports, struct port_range ephemeral,
		 struct port_range *ret, struct err *reterr);

/* net.ipv4.ip_local_port_range of this network namespace; it holds for IPv6 too. */
int ports_ephemeral(struct port_range *ret, struct err *reterr);
