/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * struct datapath, for the files of this directory only.
 */
#pragma once

#include "datapath/datapath.h"
#include "datapath/maps.h"
#include "datapath/pins.h"
#include "datapath/program.h"

struct datapath {
	char instance[INSTANCE_MAX + 1];
	struct pins pins;
	struct maps maps;
	int lock_fd;			/* -1: not locked */
	bool tails_are_ours;		/* sluice_tails has the programs of this very binary */
	struct bpf_object *workload;	/* loaded once, attached to many; NULL at first */
};

/* Takes the instance lock if this handle does not have it; kept until it is closed. */
int handle_lock(struct datapath *dp, struct err *reterr);
