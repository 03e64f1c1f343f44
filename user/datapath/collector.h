/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The collector of idle flows: a kernel timer, see bpf/gc.h.
 */
#pragma once

#include <bpf/libbpf.h>

#include "base/err.h"

/*
 * Arms the timer with the collector of @obj, in which sluice_gc_start is loaded. If it runs
 * already, it goes on with this version of the program: so each attach of an uplink does it.
 */
int collector_start(const struct bpf_object *obj, struct err *reterr);
