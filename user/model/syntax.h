/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The syntax of names, as Kubernetes has it. Each function returns NULL, or what is
 * wrong in the API server's words.
 */
#pragma once

#include <stdint.h>

const char *dns_label_wrong(const char *s);		/* RFC 1123, up to 63 */
const char *dns_subdomain_wrong(const char *s);		/* RFC 1123, up to 253 */
const char *port_name_wrong(const char *s);		/* IANA_SVC_NAME, up to 15 */
const char *label_key_wrong(const char *s);		/* [prefix/]name */
const char *label_value_wrong(const char *s);
const char *annotation_key_wrong(const char *s);	/* upper case in the prefix too */
const char *addr_wrong(const char *s);
const char *cidr_wrong(const char *s);
/* An address that may not receive a Service's traffic: unspecified, loopback, ... */
const char *endpoint_addr_wrong(const char *s);
const char *port_wrong(unsigned int port);
