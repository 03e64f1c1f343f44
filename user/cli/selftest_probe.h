/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * One question from a host of the lab to an address and port, as a client would ask it: who
 * answers, and whom does it see.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/addr.h"
#include "base/err.h"

struct probe {
	const char *lab;
	const char *from;	/* host */
	const char *to;		/* address */
	uint16_t port;
	bool udp;
	int timeout_ms;
};

struct probe_answer {
	char who[16];		/* host that answered */
	char peer[ADDR_TEXT_MAX];	/* source address that it saw */
};

/* Fills *@ret from an address in text, which is well-formed; its length. */
socklen_t probe_sockaddr(const char *text, uint16_t port, struct sockaddr_storage *ret);

/* 0; -ETIMEDOUT; -ECONNREFUSED; another -errno. One packet or connection, no second try. */
int probe_ask(const struct probe *p, struct probe_answer *ret, struct err *reterr);

/* Sends @n bytes over TCP and wants them back as they were: 0, -EBADMSG or another -errno. */
int probe_echo(const struct probe *p, size_t n, struct err *reterr);
