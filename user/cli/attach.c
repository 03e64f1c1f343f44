/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * sluice attach: programs onto devices, and the maps made to agree with the state.
 */
#include <stdio.h>
#include <string.h>

#include "cli/attachments.h"
#include "cli/cli.h"
#include "cli/devices.h"
#include "cli/forwarding.h"
#include "cli/say.h"
#include "cli/session.h"
#include "model/syntax.h"

static const char *const xdp_choices[] = {
	[XDP_MODE_AUTO] = "auto",	[XDP_MODE_NATIVE] = "native",
	[XDP_MODE_GENERIC] = "generic", [XDP_MODE_OFF] = "off", NULL,
};

struct attach_opts {
	int xdp;
	const char *node;
	bool workload;
};

static enum sluice_device_kind opts_kind(const struct attach_opts *o)
{
	return o->workload ? SLUICE_DEV_WORKLOAD : SLUICE_DEV_UPLINK;
}

/* --- which devices ------------------------------------------------------------ */

/* Devices that serve as the other kind already: no pattern is meant to change that. */
static int other_kind(struct datapath *dp, enum sluice_device_kind kind, text_vec *ret,
		      struct err *reterr)
{
	own(attachments_done) attachment_vec all = { 0 };
	int r = datapath_attachments(dp, &all, reterr);

	if (r)
		return r;
	vec_each(a, &all) {
		if (a->kind != kind && texts_push(ret, a->name))
			return err_nomem(reterr);
	}
	return 0;
}

static int names_collect(struct datapath *dp, const struct attach_opts *o, int argc, char **argv,
			 text_vec *names, struct err *reterr)
{
	own(texts_done) text_vec except = { 0 };
	int r = other_kind(dp, opts_kind(o), &except, reterr);

	for (int i = 0; !r && i < argc; i++) {
		struct err none = { 0 };

		r = devices_match(argv[i], &except, names, &none);
		if (r == -ENOENT) {	/* a node may start before its pods do */
			say_warning("%s", none.text);
			r = 0;
		} else if (r) {
			*reterr = none;
		}
	}
	return r;
}

/* --- what is said ------------------------------------------------------------- */

static void print_attached(const struct attachment *a, const struct err *why)
{
	printf("%s: attached as %s: ", a->name, device_kind_name(a->kind));
	if (a->kind == SLUICE_DEV_UPLINK)
		printf("XDP %s, ", xdp_mode_name(a->xdp));
	printf("tc (%s)\n", attachment_tc_name(a));
	for (const char *line = why->text; *line;) {
		int len = (int)strcspn(line, "\n");

		printf("  %.*s\n", len, line);
		line += len + (line[len] == '\n');
	}
}

/* --- the command -------------------------------------------------------------- */

/* Each on its own: one that fails is said and does not stop the others. */
static int attach_names(struct datapath *dp, const struct attach_opts *o, const text_vec *names,
			text_vec *attached)
{
	int status = EXIT_SUCCESS;

	vec_each(name, names) {
		struct err why = { 0 }, e = { 0 };
		struct attachment a = { 0 };
		int r = datapath_attach(dp, *name, opts_kind(o),
					o->workload ? XDP_MODE_OFF : (enum xdp_mode)o->xdp, &a,
					&why, &e);

		if (!r && texts_push(attached, *name))
			r = err_nomem(&e);
		if (r)
			status = say_failure(&e);
		else
			print_attached(&a, &why);
	}
	return status;
}

/* Maps that were made for nothing go again. */
static int give_up(struct datapath *dp, int status)
{
	own(attachments_done) attachment_vec all = { 0 };

	if (!datapath_attachments(dp, &all, NULL) && !all.n)
		datapath_detach_all(dp, NULL);
	return status;
}

static int attach(const struct cmd_context *ctx, int argc, char **argv)
{
	own(texts_done) text_vec names = { 0 }, attached = { 0 };
	own(session_done) struct session s = { 0 };
	const struct attach_opts *o = ctx->opts;
	struct err e = { 0 };
	int status;

	if (session_begin(&s, ctx, SESSION_NEW_MAPS, &e))
		return say_failure(&e);
	if (names_collect(s.dp, o, argc, argv, &names, &e) ||
	    reconcile_bind(s.store, o->node, &e)) {
		say_failure(&e);
		return give_up(s.dp, EXIT_FAILURE);
	}
	status = attach_names(s.dp, o, &names, &attached);
	if (!attached.n)
		return give_up(s.dp, status);
	forwarding_warn(&attached, s.dp);
	if (session_end(&s, NULL, &e))
		return say_failure(&e);
	return status;
}

static int cmd_attach(const struct cmd_context *ctx, int argc, char **argv)
{
	const struct attach_opts *o = ctx->opts;
	const char *wrong = o->node ? dns_subdomain_wrong(o->node) : NULL;

	if (!argc)
		return say_usage(ctx, "name a device");
	if (o->workload && o->xdp != XDP_MODE_AUTO && o->xdp != XDP_MODE_OFF)
		return say_usage(ctx, "--xdp is for uplinks: workload devices have tc only");
	if (wrong)
		return say_usage(ctx, "--node \"%s\": %s", o->node, wrong);
	return attach(ctx, argc, argv);
}

static const struct option_row attach_options[] = {
	{ .name = "xdp", .arg = "MODE",
	  .help = "native, generic, off, or auto: the best that works (default)",
	  OPTION_CHOICE(struct attach_opts, xdp, xdp_choices) },
	{ .name = "node", .arg = "NAME",
	  .help = "this node's name in manifests (default: as before, else the host's name)",
	  OPTION_TEXT(struct attach_opts, node) },
	{ .name = "workload", .help = "the devices are the host's ends of pods' veths, or overlays",
	  OPTION_FLAG(struct attach_opts, workload) },
	{ 0 },
};

const struct command command_attach = {
	.name = "attach",
	.args = "DEV...",
	.summary = "put the programs onto uplinks or, with --workload, pods' devices",
	.details = "DEV may be a pattern, quoted: sluice attach --workload 'veth*'. It stands for\n"
		   "the devices that are there now, which may be none; attach again for later ones.\n"
		   "Attaching again replaces the programs without a gap. What is attached stays\n"
		   "without a process.\n",
	.options = attach_options,
	.opts_size = sizeof(struct attach_opts),
	.run = cmd_attach,
};
