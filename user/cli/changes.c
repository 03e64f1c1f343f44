/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/changes.h"

static const char *const change_words[] = {
	[CHANGE_NONE] = "unchanged",
	[CHANGE_CREATED] = "created",
	[CHANGE_CONFIGURED] = "configured",
	[CHANGE_DELETED] = "deleted",
};

void changes_print_applied(FILE *out, const cluster_change_vec *changes, bool dry_run)
{
	vec_each(c, changes)
		fprintf(out, "%s/%s %s%s\n", kind_infos[c->kind].printed, c->name,
			change_words[c->change], dry_run ? " (dry run)" : "");
}

void changes_print_pruned(FILE *out, const cluster_change_vec *changes, bool dry_run)
{
	vec_each(c, changes)
		fprintf(out, "%s/%s pruned%s\n", kind_infos[c->kind].printed, c->name,
			dry_run ? " (dry run)" : "");
}

void changes_print_deleted(FILE *out, const cluster_change_vec *changes, bool dry_run)
{
	vec_each(c, changes) {
		if (c->change == CHANGE_DELETED)
			fprintf(out, "%s \"%s\" deleted%s\n", kind_infos[c->kind].printed, c->name,
				dry_run ? " (dry run)" : "");
	}
}
