/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Who speaks for an address. A cluster address has several ports, and a VIP even several
 * Services; what concerns the address as such (an echo request, a port that nobody has) is asked
 * of one service port.
 */
#pragma once

#include "plan/image.h"

/*
 * Fills addrs of the image's services, whose frontends are settled; without what is among the @n
 * addresses @own of this host, sorted, which speaks for itself. 0 or -ENOMEM.
 */
int addresses_settle(struct image *img, const struct addr *own, size_t n);
