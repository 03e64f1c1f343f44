/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The list of writes that a plan is, and what it owns. */
#include "plan/layout_parts.h"

int layout_push(struct layout *l, struct layout_op op)
{
	if (!vec_push(&l->plan.ops, op))
		return 0;
	if (op.type == LAYOUT_CHOICES)
		free(op.choices.words);
	return err_nomem(l->reterr);
}

void layout_plan_done(struct layout_plan *p)
{
	vec_each(op, &p->ops)
		if (op->type == LAYOUT_CHOICES)
			free(op->choices.words);
	vec_done(&p->ops);
	vec_done(&p->rows);
	free(p->filter);
	p->filter = NULL;
}
