/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * TCP as processes see it: a server, and clients that open connections, ask, or stream. run.py
 * puts them into network namespaces; by hand:
 *
 *	tcp serve 8080 &
 *	tcp requests -c 32 -s 5 8080 127.0.0.1
 *
 * A client prints one JSON object. Its exit status says that it measured, not that nothing
 * failed: failures are in the object.
 */
#include <err.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/tcp/ask.h"
#include "bench/tcp/bulk.h"
#include "bench/tcp/serve.h"

static const char usage_text[] =
	"usage: tcp serve PORT\n"
	"       tcp connections|requests|upload|download [options] PORT ADDRESS...\n"
	"  connections  connect, ask, be answered, see it closed; rate in connections/s\n"
	"  requests     ask again and again on connections that last; rate in requests/s\n"
	"  upload       one stream to the server; rate in Gbit/s\n"
	"  download     one stream from the server\n"
	"  -c N         how many side by side (32)\n"
	"  -s SECONDS   measured time (1)\n"
	"  -w SECONDS   warm-up (0.2)\n"
	"  -f ADDRESS   a source address; may be repeated, then they take turns\n"
	"  -p PID       the server: its CPU time is added\n";

static void usage(void)
{
	fputs(usage_text, stderr);
	exit(2);
}

static unsigned long number(const char *text, const char *what, unsigned long min,
			    unsigned long max)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (errno || end == text || *end || n < min || n > max)
		errx(2, "%s must be %lu-%lu, not '%s'", what, min, max, text);
	return n;
}

static double seconds(const char *text)
{
	char *end;
	double n = strtod(text, &end);

	if (end == text || *end || !(n >= 0 && n <= 3600))
		errx(2, "seconds must be 0-3600, not '%s'", text);
	return n;
}

static void end_add(struct end *ends, unsigned *n, const char *address, const char *port)
{
	const struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
		.ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *found;
	int r;

	if (*n == LOAD_ENDS_MAX)
		errx(2, "more than %d addresses", LOAD_ENDS_MAX);
	r = getaddrinfo(address, port, &hints, &found);
	if (r)
		errx(2, "'%s': %s", address, gai_strerror(r));
	memcpy(&ends[*n].ss, found->ai_addr, found->ai_addrlen);
	ends[(*n)++].len = found->ai_addrlen;
	freeaddrinfo(found);
}

static void load_parse(struct load *l, int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "c:s:w:f:p:")) >= 0) {
		switch (c) {
		case 'c':
			l->concurrency = (unsigned)number(optarg, "-c", 1, 100000);
			break;
		case 's':
			l->sec = seconds(optarg);
			break;
		case 'w':
			l->warm_sec = seconds(optarg);
			break;
		case 'f':
			end_add(l->sources, &l->n_sources, optarg, "0");
			break;
		case 'p':
			l->server = (pid_t)number(optarg, "-p", 1, 1u << 30);
			break;
		default:
			usage();
		}
	}
	if (optind + 2 > argc)
		usage();
	number(argv[optind], "PORT", 1, 65535);
	for (int i = optind + 1; i < argc; i++)
		end_add(l->targets, &l->n_targets, argv[i], argv[optind]);
}

static int client(const char *what, int argc, char **argv)
{
	struct load l = { .concurrency = 32, .warm_sec = 0.2, .sec = 1 };
	bool connections = !strcmp(what, "connections"), upload = !strcmp(what, "upload");
	json_t *r;

	load_parse(&l, argc, argv);
	if (connections || !strcmp(what, "requests"))
		r = ask(&l, connections);
	else if (upload || !strcmp(what, "download"))
		r = bulk(&l, upload);
	else
		usage();
	if (!r || json_dumpf(r, stdout, JSON_INDENT(2)) || puts("") < 0)
		errx(1, "cannot print the result");
	json_decref(r);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 3)
		usage();
	if (!strcmp(argv[1], "serve"))
		serve((uint16_t)number(argv[2], "PORT", 1, 65535));
	return client(argv[1], argc - 1, argv + 1);
}
