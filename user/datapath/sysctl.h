/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Kernel settings that the datapath needs. What was changed is kept in
 * /run/sluice/INSTANCE.sysctl* until it is put back: like the setting itself, that does not
 * outlive a reboot. The file names the network namespace, because the setting belongs to one.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "datapath/note.h"

/*
 * net.ipv4.conf.lo.accept_local = 1: replies sent up through lo have a source address of our
 * own. Remembers the value before the first change.
 */
int sysctl_accept_local(const char *instance, struct err *reterr);

/*
 * net.ipv4.conf.lo.route_localnet = 1: replies sent up through lo are for 127.0.0.1. It is lo's own
 * setting, and lo is where such addresses belong: those of other devices and of "all", which would
 * let the neighbours in (CVE-2020-8558), stay as they are. Off: as it was.
 */
int sysctl_route_localnet(const char *instance, bool on, struct err *reterr);

/* Puts back what was remembered, if this is the namespace it came from. */
int sysctl_restore(const char *instance, struct err *reterr);
