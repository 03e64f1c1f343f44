/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "datapath/collector.h"

#include "datapath/program.h"

/* The timer keeps its program; it goes with the last pin of its map. */
int collector_start(const struct bpf_object *obj, struct err *reterr)
{
	uint32_t value = 0;
	int r = program_run(obj, "sluice_gc_start", &value, reterr);

	if (r < 0)
		return r;
	return value ? err_set(reterr, EIO, "the collector of idle flows did not start (%d)",
			       (int)value) : 0;
}
