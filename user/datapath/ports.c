/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "datapath/ports.h"

#include <stdio.h>

#include "base/own.h"

#define LOCAL_PORT_RANGE "/proc/sys/net/ipv4/ip_local_port_range"
#define PORT_MIN 1024u
#define PORT_MAX 65535u
/* Fewer would run out: a port serves one connection to each endpoint. */
#define PORTS_NEEDED 1024u

static void take_larger(uint32_t min, uint32_t end, uint32_t *ret_min, uint32_t *ret_end)
{
	if (end > min && end - min > *ret_end - *ret_min) {
		*ret_min = min;
		*ret_end = end;
	}
}

int ports_choose(struct port_range node_ports, struct port_range ephemeral,
		 struct port_range *ret, struct err *reterr)
{
	struct port_range low = node_ports.min <= ephemeral.min ? node_ports : ephemeral;
	struct port_range high = node_ports.min <= ephemeral.min ? ephemeral : node_ports;
	uint32_t top = low.max > high.max ? low.max : high.max;
	uint32_t min = 0;
	uint32_t end = 0;

	/* Below both, between them, above both. */
	take_larger(PORT_MIN, low.min, &min, &end);
	take_larger(low.max < PORT_MIN ? PORT_MIN : low.max + 1u, high.min, &min, &end);
	take_larger(top < PORT_MIN ? PORT_MIN : top + 1, PORT_MAX + 1, &min, &end);
	if (end - min < PORTS_NEEDED)
		return err_set(reterr, ERANGE,
			       "no %u source ports are left for masquerading beside the node ports "
			       "(%u-%u) and net.ipv4.ip_local_port_range (%u-%u): make one of the "
			       "two smaller", PORTS_NEEDED, node_ports.min, node_ports.max,
			       ephemeral.min, ephemeral.max);
	*ret = (struct port_range){ (uint16_t)min, (uint16_t)(end - 1) };
	return 0;
}

int ports_ephemeral(struct port_range *ret, struct err *reterr)
{
	own(file_close) FILE *f = fopen(LOCAL_PORT_RANGE, "re");
	unsigned int min;
	unsigned int max;

	if (!f)
		return err_sys(reterr, errno, "cannot read " LOCAL_PORT_RANGE);
	if (fscanf(f, "%u %u", &min, &max) != 2 || min > max || max > PORT_MAX)
		return err_set(reterr, EINVAL, "cannot understand " LOCAL_PORT_RANGE);
	*ret = (struct port_range){ (uint16_t)min, (uint16_t)max };
	return 0;
}
