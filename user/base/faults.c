/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "base/faults.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* For "and N more". */
#define TAIL 48

void faults_done(struct faults *f)
{
	for (size_t i = 0; i < f->kept; i++)
		free(f->at[i].text);
	*f = (struct faults){ 0 };
}

int faults_copy(struct faults *to, const struct faults *from)
{
	own(faults_done) struct faults copy = { .n = from->n, .sources = from->sources };

	*to = (struct faults){ 0 };
	for (; copy.kept < from->kept; copy.kept++) {
		struct fault *f = &copy.at[copy.kept];

		*f = from->at[copy.kept];
		f->text = strdup(f->text);
		if (!f->text)
			return -ENOMEM;
	}
	*to = copy;
	copy.kept = 0;
	return 0;
}

static bool is_behind(const struct fault *f, unsigned int source, unsigned int line)
{
	return f->source != source ? f->source > source : f->line > line;
}

bool faults_keeps(const struct faults *f, unsigned int source, unsigned int line)
{
	return f->kept < FAULTS_KEPT || is_behind(&f->at[f->kept - 1], source, line);
}

int faults_add(struct faults *f, unsigned int source, unsigned int line, const char *text)
{
	struct fault new = { .source = source, .line = line };
	size_t i;

	f->n++;
	if (!faults_keeps(f, source, line))
		return 0;
	new.text = strdup(text);
	if (!new.text)
		return -ENOMEM;
	if (f->kept == FAULTS_KEPT)
		free(f->at[--f->kept].text);
	for (i = f->kept++; i && is_behind(&f->at[i - 1], source, line); i--)
		f->at[i] = f->at[i - 1];
	f->at[i] = new;
	return 0;
}

int faults_add_file(struct faults *f, const char *text)
{
	return faults_add(f, f->sources++, 0, text);
}

void faults_count(struct faults *f)
{
	f->n++;
}

int faults_end(const struct faults *f, struct err *reterr)
{
	char text[ERR_TEXT_MAX] = "";
	size_t n = 0, shown = 0;

	if (!f->n)
		return 0;
	/* The first is shown in any case; behind one that does not fit there is no other. */
	for (; shown < f->kept; shown++) {
		size_t room = sizeof(text) - TAIL - n;

		if (shown && strlen(f->at[shown].text) + 1 >= room)
			break;
		n += (size_t)snprintf(text + n, room, "%s%.*s", shown ? "\n" : "", (int)room - 2,
				      f->at[shown].text);
	}
	if (f->n > shown)
		snprintf(text + n, sizeof(text) - n, "\nand %zu more", f->n - shown);
	return err_set(reterr, EINVAL, "%s", text);
}
