/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "manifest/faults.h"

#include <stdio.h>
#include <string.h>

bool faults_full(const struct faults *f)
{
	return f->shown == FAULTS_SHOWN || f->shown < f->n;
}

void faults_count(struct faults *f)
{
	f->n++;
}

static void insert(struct faults *f, struct fault fault)
{
	size_t i = f->shown++;

	for (; i && f->at[i - 1].line > fault.line; i--)
		f->at[i] = f->at[i - 1];
	f->at[i] = fault;
}

void faults_add(struct faults *f, unsigned int line, const char *text)
{
	size_t len = strlen(text), room = sizeof(f->text) - f->len - 1;
	char *at = f->text + f->len;

	/* The first is shown in any case. */
	if (!f->n && len > room)
		len = room;
	/* After one that does not fit no other is kept, so none is left out between two. */
	if (!faults_full(f) && f->len < sizeof(f->text) && len <= room) {
		memcpy(at, text, len);
		at[len] = '\0';
		f->len += len + 1;
		insert(f, (struct fault){ line, at });
	}
	f->n++;
}

int faults_end(const struct faults *f, struct err *reterr)
{
	char text[ERR_TEXT_MAX];
	size_t n = 0;

	if (!f->n)
		return 0;
	for (size_t i = 0; i < f->shown; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", i ? "\n" : "",
				      f->at[i].text);
	if (f->n > f->shown)
		snprintf(text + n, sizeof(text) - n, "\nand %zu more", f->n - f->shown);
	return err_set(reterr, EINVAL, "%s", text);
}
