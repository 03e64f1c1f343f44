/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The servers of a lab: on every pod port 8080, on every node port 9090 (a host-network
 * backend), each on the host's own addresses, TCP and UDP, both families. They say who they
 * are and whom they see:
 *
 *	TCP  "who\n"		"n1p2 10.244.2.10 45678\n"	again and again
 *	     "echo COUNT\n"	that many bytes, back as they came
 *	     "GET ..."		one line of text over HTTP/1.0
 *	UDP  a datagram		"n1p2 10.244.2.10 45678\n"; whole, back, if it begins "echo "
 */
#pragma once

#include "base/err.h"

#define SERVER_POD_PORT 8080
#define SERVER_NODE_PORT 9090

/*
 * Serves until the process ends; returns only on failure. Once all sockets are open, writes
 * "serving\n" to @ready_fd.
 */
int server_run(const char *lab, int ready_fd, struct err *reterr);
